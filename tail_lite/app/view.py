"""Pictures of a session as HTML strings: pure functions, every text from outside escaped.

One colour per module runs through the state, the tape and the text; no meaning hangs on colour alone (marked cells say
``read`` or ``write``, the modules of the text differ in weight, slant and underline).
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import groupby

from tail_lite.app.steps import Change, Session, tracks
from tail_lite.tape import HALT, Cell, Value

_TEMPLATE_SIGNS = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;", "\\": "&#92;"})
_SHORT = 4  # characters of an overwritten value that still fit beside the new one
_MANY = 500  # states, from which on the browser lays out only the lines in sight


def escape(text: object) -> str:
    """Text as HTML; also the signs that gr.HTML's own templates (Handlebars and JS) give a meaning."""
    return html.escape(str(text)).translate(_TEMPLATE_SIGNS)


def message_html(message: str) -> str:
    """One line that says what is wrong, or nothing."""
    return f'<p class="t-error" role="alert">{escape(message)}</p>' if message else ""


def question_html(session: Session) -> str:
    """The question and the final answer, and what kind of problem this is."""
    task = session.task
    about = f"{task.description} · {task.paradigm} · length: {task.length_is}"
    return (
        f'<dl class="t-question"><dt>Question</dt><dd>{escape(session.query)}</dd>'
        f'<dt>Answer</dt><dd class="t-answer">{escape(session.trace.answer)}</dd>'
        f'<dt>Task</dt><dd class="t-about">{escape(about)}</dd></dl>'
    )


# The current state


def _cells(cells: Iterable[Cell], kind: str) -> str:
    return " ".join(f'<span class="t-pair {kind}">{escape(a)} = <b>{escape(v)}</b></span>' for a, v in cells)


def _row(module: str, title: str, content: str, missing: str = "nothing") -> str:
    said = content or f'<span class="t-none">{missing}</span>'
    return f'<tr><th class="m-{module}" scope="row">{title}</th><td>{said}</td></tr>'


def _target(session: Session, name: str) -> str:
    if name == HALT:
        return "<b>halt</b> and answer"
    phrase = session.phrase(name)
    return f"<b>{escape(name)}</b>" + (f' <span class="t-phrase">{escape(phrase)}</span>' if phrase else "")


def state_html(session: Session, k: int) -> str:
    """State `k`: its name and phrase, what it fetches, solves and writes, and where it goes."""
    name, fetch, solve, write, goto, _ = session.state(k)
    without = session.choice.without
    left_out = f"left out in this form (without {escape(without)})"
    solved = f'<span class="t-pair solve">{escape(solve[0])} → <b>{escape(solve[1])}</b></span>' if solve else ""
    going = "" if without == "linear-transition" else _target(session, goto)
    rows = (
        _row("fetch", "fetch", _cells(fetch, "fetch"), left_out if without == "memory-fetcher" else "nothing"),
        _row("solve", "solve", solved),
        _row("write", "write", _cells(write, "write")),
        _row("control", "go to", going, left_out),
    )
    return (
        f'<section class="t-state" aria-live="polite" data-step="{k + 1}" '
        f'data-link="{escape(session.choice.link(k + 1))}">'
        f'<header><span class="t-name">{escape(name)}</span>'
        f'<span class="t-phrase">{escape(session.phrase(name))}</span>'
        f'<span class="t-count">step {k + 1} of {len(session)}</span></header>'
        f"<table>{''.join(rows)}</table></section>"
    )


# The tape


def _story(address: str, change: Change, read: bool, written: bool) -> str:
    """What happens to a cell in this state, in words, for the tooltip and for screen readers."""
    if address not in change.after:
        return f"{address}: not written yet"
    story = f"{address} = {change.after[address]}"
    if read:
        story = f"{address}: {change.before.get(address, '')} read" + (", then " if written else "")
    if written:
        old = "" if read or address not in change.before else f" over {change.before[address]}"
        story = (story if read else f"{address}: ") + f"{change.after[address]} written{old}"
    return story


def _value(value: Value) -> str:
    return "␣" if value == " " else escape(value)


def _cell(label: str, address: str, change: Change, reads: dict[str, Value], writes: dict[str, Value]) -> str:
    read, written = address in reads, address in writes
    if address not in change.after:
        return f'<span class="t-cell empty"><i>{escape(label)}</i><b>·</b><em></em></span>'
    old = ""
    if written and address in change.before and len(str(change.before[address])) <= _SHORT:
        old = f"<s>{_value(change.before[address])}</s>"
    kind = " read" * read + " written" * written
    note = "read·write" if read and written else "read" if read else "write" if written else ""
    title = f' title="{escape(_story(address, change, read, written))}"' if note else ""
    value = _value(change.after[address])
    return f'<span class="t-cell{kind}"{title}><i>{escape(label)}</i><b>{old}{value}</b><em>{note}</em></span>'


LEGEND = (
    '<p class="t-legend"><span><span class="t-key read">read</span> fetched now</span> '
    '<span><span class="t-key written">write</span> written now, <s>old</s> value struck out</span> '
    '<span><span class="t-key empty">·</span> not yet written</span></p>'
)


def tape_html(session: Session, k: int) -> str:
    """The tape after state `k`, a row per track; every cell of the whole run has its place from the start, so that
    nothing moves while one steps."""
    change, reads, writes = session.tape_at(k), session.reads(k), session.writes(k)
    grouped, single = tracks(session.addresses)
    rows = [
        f'<div class="t-track"><h4>{escape(label)}</h4><div>'
        + "".join(_cell(address[len(label) :], address, change, reads, writes) for address in members)
        + "</div></div>"
        for label, members in grouped.items()
    ]
    if single:
        cells = "".join(_cell(address, address, change, reads, writes) for address in single)
        rows.append(f'<div class="t-track named"><h4 aria-label="named cells">⋯</h4><div>{cells}</div></div>')
    return f'<section class="t-tape"><h3>Tape after this step</h3>{LEGEND}{"".join(rows)}</section>'


# The text

MODULE_LEGEND = (
    '<p class="t-legend">'
    + " ".join(
        f'<span class="m-{module}">{module}</span>' for module in ("control", "fetch", "solve", "write", "answer")
    )
    + " <span>pale: to come</span> <span>click: go there</span></p>"
)


def _piece(module: str, said: str) -> str:
    """One module's words; the blanks around them stay bare, so that no colour or line spills over."""
    words = said.strip()
    before, _, after = said.partition(words) if words else (said, "", "")
    return f'{before}<span class="m-{module}">{escape(words)}</span>{after}' if words else before


def text_html(session: Session) -> str:
    """The chain of thought, coloured by module, one element per state; the page marks the current one in place, so
    that a step neither sends nor rebuilds the text."""
    lines = [""]
    for (state, answers), group in groupby(session.pieces, key=lambda p: (p.state, p.module == "answer")):
        content = "".join(_piece(p.module, session.text.text[p.start : p.end]) for p in group)
        if answers:
            lines[-1] += "\n"
            lines.append(content.removeprefix("\n"))
            continue
        inner = content.rstrip()
        blank = content[len(inner) :]
        lines[-1] += f'<span class="t-s" data-step="{state + 1}">{inner}</span>{blank}'
        if "\n" in blank:
            lines.append("")
    many = " many" * (len(session) > _MANY)
    shown = "".join(f'<div class="t-l">{line}</div>' for line in lines)
    return (
        f'<section class="t-text"><h3>Chain of thought</h3>{MODULE_LEGEND}'
        f'<div class="t-scroll{many}" tabindex="0" aria-label="chain of thought">{shown}</div></section>'
    )


CSS = """
.gradio-container {
  --control: #8a2a9e; --fetch: #0b5cb8; --solve: #0a7358; --write: #a63f08; --answer: #16181d;
  --fetch-soft: #dcebfc; --write-soft: #fde9d9; --now: #fff1b8; --now-edge: #c99700;
  --quiet: #596174; --paper: #f8f9fb; --bad: #a8123e;
  --ink: var(--body-text-color); --line: var(--border-color-primary); --card: var(--block-background-fill);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", Consolas, monospace;
}
.dark .gradio-container, .gradio-container.dark {
  --control: #e5a3f3; --fetch: #8cc4ff; --solve: #6fdcb9; --write: #ffb688; --answer: #f2f4f8;
  --fetch-soft: #173e6b; --write-soft: #5b3013; --now: #4d4414; --now-edge: #e3bd3f;
  --quiet: #a9b3c6; --paper: #16202f; --bad: #ff9db5;
}
.gradio-container > .fillable { max-width: 1480px !important; padding: 12px clamp(10px, 1.6vw, 22px) 24px !important; }
.gradio-container button { white-space: nowrap; }
.gradio-container #tail-another { white-space: normal; }
.gradio-container .html-container { padding: 0 !important; }
.gradio-container main .column, .gradio-container main > .wrap { gap: 10px; }
.dark #tail-step { --neutral-200: var(--neutral-700); }
footer { display: none !important; }
#tail-title { display: flex; }
#tail-title h1 { display: inline; font-size: 1.3rem; font-weight: 700; margin: 0 10px 0 0; color: var(--ink); }
#tail-title p { display: inline; margin: 0; color: var(--quiet); }
#tail-message:not(:has(p)) { display: none; }
#tail-choose fieldset .wrap label { padding: 7px 8px; }
#tail-choose fieldset .wrap { gap: 6px; }
#tail-another { align-self: stretch; }
#tail-bar, #tail-show { gap: 12px; }
#tail-bar { align-items: stretch; }
.t-error { margin: 0; padding: 8px 12px; border: 1px solid var(--bad); border-left-width: 5px; border-radius: 6px;
  color: var(--bad); background: var(--card); font-weight: 600; }
.t-question, .t-state, .t-tape, .t-text { color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 10px 14px; }
.t-question { display: grid; grid-template-columns: auto 1fr; gap: 4px 14px; margin: 0; font-size: 1.02rem;
  align-items: baseline; }
.t-question dt { color: var(--quiet); font-size: .85rem; }
.t-question dd { margin: 0; overflow-wrap: anywhere; }
.t-question .t-about { color: var(--quiet); font-size: .88rem; }
.t-question .t-answer { font-family: var(--mono); font-weight: 700; }
.t-state header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; margin-bottom: 4px; }
.t-name { font: 700 1.25rem var(--mono); color: var(--control); }
.t-phrase { color: var(--ink); }
td .t-phrase { color: var(--quiet); }
.t-count { margin-left: auto; color: var(--quiet); font-size: .85rem; }
.t-state table { border-collapse: collapse; width: 100%; }
.t-state th { width: 4.5em; padding: 2px 10px 2px 0; text-align: left; vertical-align: top; font-weight: 600; }
.t-state td { padding: 2px 0; line-height: 1.6; overflow-wrap: anywhere; height: 1.9em; vertical-align: top; }
.t-state td > b { font-family: var(--mono); color: var(--control); }
.t-none { color: var(--quiet); font-style: italic; }
.t-pair { font-family: var(--mono); padding: 1px 7px; border-radius: 5px; border: 1px solid var(--line);
  box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.t-pair.fetch { background: var(--fetch-soft); border-color: var(--fetch); }
.t-pair.solve { border-color: var(--solve); }
.t-pair.write { background: var(--write-soft); border-color: var(--write); }
.t-tape h3, .t-text h3 { font-size: .95rem; font-weight: 650; margin: 0; color: var(--ink); }
.t-legend { margin: 2px 0 6px; color: var(--quiet); font-size: .82rem; line-height: 1.8; }
.t-legend > span:not(:first-child) { margin-left: 8px; }
.t-key { font: 600 .75rem var(--mono); padding: 1px 6px; border-radius: 4px; border: 2px solid var(--line);
  color: var(--ink); }
.t-track { display: flex; gap: 10px; padding: 2px 0; }
.t-track + .t-track { border-top: 1px dashed var(--line); }
.t-track h4 { flex: 0 0 1.2em; margin: 0; padding-top: 14px; font: 700 1rem var(--mono); color: var(--quiet);
  white-space: nowrap; }
.t-track > div { display: flex; flex-wrap: wrap; gap: 0 3px; min-width: 0; }
.t-cell { display: flex; flex-direction: column; align-items: center; min-width: 32px; max-width: 100%;
  font-family: var(--mono); color: var(--ink); }
.t-cell i, .t-cell em { font-style: normal; font-size: 9.5px; line-height: 11px; height: 11px; color: var(--quiet);
  white-space: nowrap; }
.t-cell em { width: 0; display: flex; justify-content: center; }
.t-cell b { font-weight: 500; font-size: 15px; line-height: 20px; min-height: 20px; width: 100%; text-align: center;
  border: 2px solid var(--line); border-radius: 5px; padding: 0 3px; background: var(--paper);
  overflow-wrap: anywhere; }
.t-cell s, .t-legend s { opacity: .65; margin-right: 2px; }
.t-cell.empty b { border-style: dotted; background: none; color: var(--quiet); }
.t-cell.read b { border-color: var(--fetch); background: var(--fetch-soft); font-weight: 700; }
.t-cell.written b { border-color: var(--write); background: var(--write-soft); font-weight: 700; }
.t-cell.read.written b { background: linear-gradient(135deg, var(--fetch-soft) 50%, var(--write-soft) 50%);
  border-color: var(--fetch) var(--write) var(--write) var(--fetch); }
.t-cell.read em { color: var(--fetch); font-weight: 700; }
.t-cell.written em { color: var(--write); font-weight: 700; }
.t-key.read { border-color: var(--fetch); background: var(--fetch-soft); }
.t-key.written { border-color: var(--write); background: var(--write-soft); }
.t-key.empty { border-style: dotted; }
.t-track.named i { font-size: 11px; }
.t-scroll { font: 14px/1.75 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; overflow-y: auto;
  max-height: max(360px, calc(100vh - 90px)); padding: 2px 0; scrollbar-width: thin; }
.t-l { padding: 0 4px; }
.t-scroll.many .t-l { content-visibility: auto; contain-intrinsic-size: auto 1.75em; }
.t-s { cursor: pointer; border-radius: 3px; }
.t-s:hover { background: var(--paper); }
.t-s.now { background: var(--now); box-shadow: 0 0 0 2px var(--now), 0 0 0 3px var(--now-edge);
  box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.t-s.now ~ .t-s, .t-l.now ~ .t-l { opacity: .62; }
.m-control { color: var(--control); font-weight: 700; }
.m-fetch { color: var(--fetch); }
.m-solve { color: var(--solve); font-style: italic; font-weight: 600; }
.m-write { color: var(--write); background: var(--write-soft); border-radius: 3px;
  box-shadow: 0 0 0 2px var(--write-soft); }
.m-answer { color: var(--answer); font-weight: 700; text-decoration: underline double; text-underline-offset: 3px; }
.t-state th { background: none; box-shadow: none; }
@media (min-width: 900px) { #tail-show > .column:last-child { position: sticky; top: 10px; align-self: flex-start; } }
@media (max-width: 640px) {
  .t-scroll { max-height: 60vh; }
  #tail-bar > :not(button) { order: -1; flex-basis: 100%; }
  #tail-back, #tail-forward, #tail-another { flex: 1 1 40% !important; }
}
"""
