"""The Gradio page. It only wires: what is shown comes from steps.py and view.py.

The slider is the one owner of the current step. Buttons, arrow keys and clicks in the text move it in the browser as a
person would, so a single handler (`_step`) answers all of them, the last move wins, and nothing moves the slider back.
The card of the current state carries the deep link; when it arrives, the script marks the text and updates the address.
"""

from __future__ import annotations

import socket
from typing import Any

import gradio as gr

from tail_lite.app.steps import LINK_KEYS, Choice, Session, choice_of, open_session
from tail_lite.app.view import CSS, message_html, question_html, state_html, tape_html, text_html
from tail_lite.errors import UsageError
from tail_lite.render import ABLATIONS, STYLES
from tail_lite.tasks import get_task, task_names
from tail_lite.tasks.base import RANGES

_NOTHING_LEFT_OUT = "nothing"

# gr.HTML runs no <script> in its value, so the page's script stands in the head and the components call it.
SCRIPT = """
window.tail = {
  slider: () => document.querySelector('#tail-step input[type=range]'),
  go(step) {  // an 'input' event, as if the thumb had been dragged
    const slider = tail.slider();
    const to = Math.min(Math.max(step, +slider.min), +slider.max);
    if (to === +slider.value) return;
    slider.value = to;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
  },
  move: (by) => tail.go(+tail.slider().value + by),
  sync() {  // the state card has changed, or the text: mark that state in the text, and put it into the address
    const card = document.querySelector('#tail-state [data-step]');
    if (!card) return;
    const query = new URLSearchParams(location.search);
    LINK_KEYS.forEach((key) => query.delete(key));
    const others = query.toString();
    history.replaceState(history.state, '', '?' + card.dataset.link + (others ? '&' + others : '') + location.hash);
    document.querySelectorAll('#tail-text .now').forEach((old) => old.classList.remove('now'));
    const now = document.querySelector(`#tail-text [data-step="${card.dataset.step}"]`);
    if (!now) return;
    now.classList.add('now');
    now.parentElement.classList.add('now');
    tail.reveal(now);
    requestAnimationFrame(() => tail.reveal(now));  // once more: lines out of sight had only an estimated height
  },
  reveal(now) {  // scrolls the text's own box, never the page
    const box = now.closest('.t-scroll');
    const top = now.getBoundingClientRect().top - box.getBoundingClientRect().top;
    // The box may reach below the window: what is out of sight there counts as out of the box.
    const height = Math.min(box.clientHeight, window.innerHeight - box.getBoundingClientRect().top);
    if (top < 40 || top > height - 80) box.scrollTop += top - Math.max(height, 200) / 3;
  },
};
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest('input, textarea, select, [contenteditable=true], [role=listbox]')) return;
  const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!by || !tail.slider()) return;
  event.preventDefault();
  tail.move(event.shiftKey ? 10 * by : by);
});
document.addEventListener('click', (event) => {
  const state = event.target.closest('#tail-text [data-step]');
  if (state) tail.go(+state.dataset.step);
});
""".replace("LINK_KEYS", repr(list(LINK_KEYS)))
_SYNC = "watch('value', () => window.tail.sync());"


def _where_choices(task: str) -> list[tuple[str, str]]:
    return [(f"{name}  {lo}–{hi}", name) for name, (lo, hi) in get_task(task).ranges.items()]


def _shown(session: Session, step: int) -> list[Any]:
    """Values for everything that a new sample changes, in the order of `outputs` in build()."""
    choice, k = session.choice, session.state_of(step)
    exact = choice.where not in RANGES
    return [
        choice,
        message_html(""),
        choice.task,
        gr.update(choices=_where_choices(choice.task), value=None if exact else choice.where),
        int(choice.where) if exact else None,
        choice.seed,
        choice.style,
        choice.without or _NOTHING_LEFT_OUT,
        question_html(session),
        # A slider needs two ends; a single state still steps to itself.
        gr.update(maximum=max(len(session), 2), value=k + 1, interactive=len(session) > 1),
        state_html(session, k),
        tape_html(session, k),
        text_html(session),
    ]


def _only_message(message: str) -> list[Any]:
    return [gr.skip(), message_html(message)] + [gr.skip()] * 11


def _from_link(request: gr.Request) -> list[Any]:
    """What the page's address asks for; where that is impossible, the usual sample and a line that says why."""
    try:
        choice, step = choice_of(dict(request.query_params))
        return _shown(open_session(choice), step)
    except UsageError as error:
        shown = _shown(open_session(Choice()), 1)
        shown[1] = message_html(str(error))
        return shown


def _plain(number: float | None) -> str:
    return "" if number is None else str(int(number)) if number == int(number) else str(number)


def _draw(
    now: Choice, task: str, where: str | None, length: float | None, seed: float | None, style: str, without: str
) -> list[Any]:
    """What the controls ask for. An impossible wish leaves the sample as it is and says why."""
    asked = {"task": task, "range": where, "length": _plain(length), "seed": _plain(seed), "style": style}
    try:
        wanted, _ = choice_of(asked | {"without": without if without != _NOTHING_LEFT_OUT else None})
        return _only_message("") if wanted == now else _shown(open_session(wanted), 1)
    except UsageError as error:
        return _only_message(str(error))


def _draw_range(now: Choice, task: str, where: str, length: None, *rest: Any) -> list[Any]:
    """A range was picked: it replaces an exact length."""
    return _draw(now, task, where, None, *rest)


def _draw_next(
    now: Choice, task: str, where: str | None, length: float | None, seed: float | None, *rest: Any
) -> list[Any]:
    """Another problem of the same kind: seeds are hashed, so the next one shares nothing with this one."""
    return _draw(now, task, where, length, (seed or 0) + 1, *rest)


def _step(choice: Choice, step: float) -> tuple[str, str]:
    session = open_session(choice)
    k = session.state_of(int(step))
    return state_html(session, k), tape_html(session, k)


def _html(elem_id: str, value: str = "", js: str | None = None) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, js_on_load=js, apply_default_css=False)


def build() -> gr.Blocks:
    """The page, not yet served; css, theme and script go to `launch` (Gradio 6)."""
    with gr.Blocks(title="tail_lite stepper", analytics_enabled=False) as page:
        choice = gr.State(Choice())
        _html("tail-title", "<h1>tail_lite</h1><p>One program, one tape, one chain of thought: step through it.</p>")
        with gr.Row(elem_id="tail-choose"):
            task = gr.Dropdown(list(task_names()), value="addition", label="Task", min_width=225, scale=2)
            where = gr.Radio(_where_choices("addition"), value="S", label="Range", min_width=350, scale=3)
            length = gr.Number(None, label="or length", min_width=105)
            seed = gr.Number(0, label="Seed", min_width=90)
            style = gr.Dropdown(list(STYLES), value="minimal", label="Style", filterable=False, min_width=130)
            without = gr.Dropdown(
                [_NOTHING_LEFT_OUT, *ABLATIONS],
                value=_NOTHING_LEFT_OUT,
                label="Without",
                filterable=False,
                min_width=185,
            )
            another = gr.Button("Next problem", elem_id="tail-another", min_width=100, scale=0)
        message = _html("tail-message")
        question = _html("tail-question")
        with gr.Row(elem_id="tail-bar"):
            back = gr.Button("◀ Back", elem_id="tail-back", min_width=125, scale=0)
            slider = gr.Slider(
                1,
                2,
                value=1,
                step=1,
                label="Step (← → keys, with Shift ten at once)",
                elem_id="tail-step",
                scale=8,
                buttons=[],
            )
            forward = gr.Button("Forward ▶", elem_id="tail-forward", variant="primary", min_width=125, scale=0)
        with gr.Row(elem_id="tail-show"):
            with gr.Column(min_width=340, scale=5):
                state = _html("tail-state", js=_SYNC)
                tape = _html("tail-tape")
            with gr.Column(min_width=340, scale=4):
                text = _html("tail-text", js=_SYNC)

        inputs = [choice, task, where, length, seed, style, without]
        outputs = [choice, message, task, where, length, seed, style, without, question, slider, state, tape, text]
        quick: dict[str, Any] = {"queue": False, "show_progress": "hidden"}
        page.load(_from_link, None, outputs, api_name="open", **quick)
        # Numbers are read when done, not while typed; the other controls at once, but only when a person moves them.
        typed = [length.submit, length.blur, seed.submit, seed.blur]
        gr.on([task.input, style.input, without.input, *typed], _draw, inputs, outputs, api_name="draw", **quick)
        where.input(_draw_range, inputs, outputs, api_visibility="private", **quick)
        another.click(_draw_next, inputs, outputs, api_visibility="private", **quick)
        slider.input(_step, [choice, slider], [state, tape], api_name="step", trigger_mode="always_last", **quick)
        back.click(None, js="() => window.tail.move(-1)", api_visibility="private")
        forward.click(None, js="() => window.tail.move(1)", api_visibility="private")
    return page


def theme() -> gr.themes.Base:
    """System fonts only: the page must look the same without a network."""
    return gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="slate",
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )


def _check_address(host: str, port: int | None) -> None:
    """Gradio answers a host that is not ours by waiting for it; a taken port by a traceback."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port or 0), family=family).close()
    except (OSError, OverflowError) as error:
        where = f"{host}:{port}" if port else host
        raise UsageError(f"cannot listen on {where} ({error}); choose another --port or --host") from error


def launch(host: str = "127.0.0.1", port: int | None = None, share: bool = False, **options: Any) -> gr.Blocks:
    """Serve the page; `options` go to gradio's own launch (the tests pass ``prevent_thread_lock=True``)."""
    _check_address(host, port)
    page = build()
    page.launch(
        server_name=host,
        server_port=port or None,
        share=share,
        theme=theme(),
        css=CSS,
        head=f"<script>{SCRIPT}</script>",
        footer_links=[],
        ssr_mode=False,
        **options,
    )
    return page
