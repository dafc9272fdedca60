"""A trace as text, in any form, with the span of every module of every state.

A rendered state is four pieces in a fixed order: what it *fetches*, its *solution*, what it *writes*, and its
*control* decision, which is the name of the next state and so the heading under which that state stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from tail_lite.errors import UsageError
from tail_lite.tape import HALT, Cell, Record, Run, State, Sweep, Trace
from tail_lite.tasks.base import ANSWER_MARK

_INDEX = re.compile("[0-9]|(?<=.)[A-Z]+$")
STYLES = ("minimal", "styled")
ABLATIONS = ("memory-fetcher", "atomic-state", "linear-transition")
MODULES = ("fetch", "solve", "write", "control", "answer")


@dataclass(frozen=True)
class Form:
    """How a sample is written down: its style, the module left out if any, or a baseline instead of a trace."""

    style: str = "minimal"
    without: str | None = None
    baseline: str | None = None

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise UsageError(f"unknown style {self.style!r}: choose one of {', '.join(STYLES)}")
        if self.without is not None and self.without not in ABLATIONS:
            raise UsageError(f"cannot leave out {self.without!r}: choose one of {', '.join(ABLATIONS)}")
        if self.baseline is not None and (self.without or self.style != "minimal"):
            raise UsageError("a baseline has no trace: --baseline excludes --style and --without")


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) belong to `module` of state number `state`."""

    start: int
    end: int
    state: int
    module: str


class Text(NamedTuple):
    text: str
    spans: list[Span]


def without_module(trace: Trace, module: str | None) -> Trace:
    """The record with one of TAIL's modules removed; the ablations are transformations of the record, not of tasks."""
    if module == "memory-fetcher":
        states = [s._replace(fetch=[]) for s in trace.states]
    elif module == "atomic-state":
        states = _fused(trace)
    elif module == "linear-transition":
        states = [s for s in trace.states if s.write or s.solve]
    else:
        return trace
    return Trace(trace.tape, _chained(states), trace.answer, trace.loop_parent)


def _chained(states: list[State]) -> list[State]:
    names = [s.name for s in states[1:]] + [HALT]
    return [s if s.goto == name else s._replace(goto=name) for s, name in zip(states, names, strict=True)]


def _fused(trace: Trace) -> list[State]:
    """Each run of an innermost loop as one oversized step: what it fetched from outside, and only its outcome."""
    parents = set(trace.loop_parent[1:])
    fused: list[State] = []
    k = 0
    while k < len(trace.states):
        first = trace.states[k]
        end = k + 1
        if first.loop and first.loop not in parents:
            while end < len(trace.states) and trace.states[end].loop == first.loop:
                end += 1
        if end == k + 1:
            fused.append(first)
        else:
            inside: dict[str, str | int] = {}
            fetched: dict[str, str | int] = {}
            for state in trace.states[k:end]:
                for address, value in state.fetch:
                    if address not in inside:
                        fetched.setdefault(address, value)
                inside.update(state.write)
            fused.append(State(first.name, list(fetched.items()), None, list(inside.items()), "", first.loop))
        k = end
    return fused


def _minimal_pieces(trace: Trace, names: bool) -> list[str]:
    """Heading, then four pieces a state. Cells read ``address=value``; a state named by the cell that it reads first
    (a head that moves over the tape) does not print that address twice."""
    pieces: list[str] = []
    add = pieces.append
    states = trace.states
    add(states[0].name if names and states else "")
    name = ""
    inline = False  # the last state ended by moving the head on within the line
    for here, fetch, solve, write, goto, _ in states:
        moves = False
        if fetch:
            address, value = fetch[0]
            moves = address == here
            text = f"={value}" if moves and names else f" {address}={value}"
            for address, value in fetch[1:]:
                text += f" {address}={value}"
            add(text)
        else:
            add("")
        add(f" :{solve[1]}" if solve is not None else "")
        text = ""
        for address, value in write:
            text += f" {address}={value}"
        add(text)
        inline = moves and not write
        name = goto
        if not names:
            add("" if name == HALT else "\n")
        elif name == HALT:
            add("")
        else:
            add((" " if inline and name[:1] == here[:1] else "\n") + name)
    return pieces


def _minimal_text(record: Record) -> str:
    """What the pieces of :func:`_minimal_pieces` with names make together, in one go: synthesis wants nothing else."""
    lines: list[str] = []
    add = lines.append
    for step in record:
        if len(step) != 6:
            add(_text_of_many(step))
            continue
        here, fetch, solve, write, goto, _ = step
        end = f" :{solve[1]}" if solve is not None else ""
        if len(write) == 1:
            ((address, value),) = write
            end += f" {address}={value}"
        elif write:
            end += " " + " ".join([f"{address}={value}" for address, value in write])
        if len(fetch) == 1:  # the commonest ones without a loop
            ((address, value),) = fetch
            text = f"{address}={value}"
        elif len(fetch) == 2:
            (address, value), (second, other) = fetch
            text = f"{address}={value} {second}={other}"
        else:
            text = " ".join([f"{address}={value}" for address, value in fetch])
        if not fetch:
            add(f"{here}{end}\n")
        elif fetch[0][0] != here:
            add(f"{here} {text}{end}\n")
        else:
            add(f"{text}{end} " if not write and goto[:1] == here[:1] else f"{text}{end}\n")
    return "".join(lines)[:-1]


def _text_of_many(step: Run | Sweep) -> str:
    if isinstance(step, Run):
        return " ".join([f"{address}={value}" for address, value in zip(step.path, step.values, strict=False)]) + " "
    return "".join(
        [
            f"{name} {x}={p} {y}={q} :{solution[1]} {x}={value} {y}={value}\n"
            for name, x, p, y, q, solution, value in step.rows
        ]
    )


def _said(cells: list[Cell]) -> str:
    parts = [f"{address} = {value if str(value).isalnum() else repr(value)}" for address, value in cells]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def label_and_index(name: str) -> tuple[str, str]:
    """``c12`` → ``c``, ``12``; ``d3,4`` → ``d``, ``3,4``; ``dQT`` → ``d``, ``QT``. Phrases belong to labels."""
    index = _INDEX.search(name)
    at = index.start() if index else len(name)
    return name[:at], name[at:]


def _styled_pieces(trace: Trace, phrases: dict[str, str], names: bool, fetched: bool) -> list[str]:
    def heading(name: str) -> str:
        label, index = label_and_index(name)
        if not names:
            return ""
        phrase = phrases[label].format(i=index)
        return f"{name}: {phrase}" if phrase.endswith("?") else f"{name}: {phrase}."

    pieces = [heading(trace.states[0].name) if trace.states else ""]
    for state in trace.states:
        pieces.append(f" Read {_said(state.fetch)}." if state.fetch else "")
        if state.solve is None:
            pieces.append("")
        else:
            expression, result = state.solve
            pieces.append(f" {expression} gives {result}." if fetched else f" This gives {result}.")
        pieces.append(f" Write {_said(state.write)}." if state.write else "")
        if state.goto == HALT:
            pieces.append(" Halt." if names else "")
        else:
            pieces.append(f" Go to {heading(state.goto).replace(': ', '.' + chr(10), 1)}" if names else "\n")
    return pieces


def pieces_of(trace: Trace, phrases: dict[str, str], form: Form) -> tuple[Trace, list[str]]:
    """The trace of the rendered form, and its text in pieces: a heading, then fetch, solve, write, control a state."""
    trace = without_module(trace, form.without)
    names = form.without != "linear-transition"
    if form.style == "minimal":
        return trace, _minimal_pieces(trace, names)
    return trace, _styled_pieces(trace, phrases, names, form.without != "memory-fetcher")


def render_text(trace: Trace, phrases: dict[str, str], form: Form) -> str:
    """The whole chain of thought, ending in the answer line."""
    if form.style == "minimal" and form.without != "linear-transition":
        text = _minimal_text(without_module(trace, form.without).record)
    else:
        text = "".join(pieces_of(trace, phrases, form)[1])
    return f"{text}\n{ANSWER_MARK}{trace.answer}"


def render(trace: Trace, phrases: dict[str, str], form: Form) -> Text:
    """The same text with its spans, which cover every character in order."""
    trace, pieces = pieces_of(trace, phrases, form)
    spans: list[Span] = []
    at = 0
    for k, piece in enumerate(pieces):
        if piece:
            # Piece 0 is the first heading; it belongs to the control of state 0.
            state, module = ((k - 1) // 4, MODULES[(k - 1) % 4]) if k else (0, "control")
            spans.append(Span(at, at + len(piece), state, module))
            at += len(piece)
    tail = f"\n{ANSWER_MARK}{trace.answer}"
    spans.append(Span(at, at + len(tail), max(len(trace.states) - 1, 0), "answer"))
    return Text("".join(pieces) + tail, spans)
