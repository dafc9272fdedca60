"""The stepper: its pure logic over random samples, its pictures, its server, and the page in a real browser."""

from __future__ import annotations

import html
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tail_lite.app import launch
from tail_lite.app.steps import Choice, Session, choice_of, open_session, tracks
from tail_lite.app.view import escape, message_html, question_html, state_html, tape_html, text_html
from tail_lite.errors import UsageError
from tail_lite.render import ABLATIONS, STYLES
from tail_lite.tape import replay
from tail_lite.tasks import task_names
from tail_lite.tasks.base import RANGES

choices = st.builds(
    Choice,
    task=st.sampled_from(task_names()),
    where=st.sampled_from(RANGES),
    seed=st.integers(0, 10**6),
    style=st.sampled_from(STYLES),
    without=st.sampled_from((None, *ABLATIONS)),
)


# Steps


@settings(max_examples=40, deadline=None)
@given(choices)
def test_the_tape_around_each_state_follows_the_record(choice: Choice) -> None:
    session = open_session(choice)
    assert replay(session.trace) is None
    cells = dict(session.trace.tape)
    for k, state in enumerate(session.trace.states):
        before, after = session.tape_at(k)
        assert before == cells
        assert session.reads(k).items() <= before.items()
        cells.update(state.write)
        assert after == cells == before | session.writes(k)
        assert set(after) <= set(session.addresses)


@settings(max_examples=40, deadline=None)
@given(choices)
def test_states_partition_the_text_and_begin_with_their_heading(choice: Choice) -> None:
    session = open_session(choice)
    text, at = session.text.text, 0
    for k in range(len(session)):
        start, end = session.char_range(k)
        assert start == at <= end
        at = end
        if choice.style == "minimal" and choice.without != "linear-transition":
            assert text[start:end].startswith(session.state(k).name)
    assert text[at:] == f"\nAnswer: {session.trace.answer}"
    assert "".join(text[p.start : p.end] for p in session.pieces) == text


@given(choices, st.integers(1, 10**6))
def test_a_link_names_the_choice_and_the_step(choice: Choice, step: int) -> None:
    assert choice_of(dict(parse_qsl(choice.link(step)))) == (choice, step)


def test_links_leave_out_and_exact_lengths() -> None:
    assert choice_of({}) == (Choice(), 1)
    assert choice_of({"length": "12", "step": "7"}) == (Choice(where="12"), 7)
    assert "length=12" in Choice(where="12").link(1)
    session = open_session(Choice())
    assert [session.state_of(step) for step in (0, 1, len(session), 10**9)] == [
        0,
        0,
        len(session) - 1,
        len(session) - 1,
    ]


@pytest.mark.parametrize(
    "link",
    [
        {"task": "adition"},
        {"range": "XL"},
        {"length": "0"},
        {"length": "x"},
        {"length": "9" * 5000},
        {"seed": "-1"},
        {"seed": "9" * 5000},
        {"style": "bold"},
        {"without": "everything"},
        {"step": "two"},
        {"step": "²"},
    ],
)
def test_an_impossible_link_is_one_line(link: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        open_session(choice_of(link)[0])
    assert "\n" not in str(caught.value)


def test_addresses_are_grouped_by_track_in_order_of_index() -> None:
    assert tracks(["a10", "a2", "F", "x1", "na"]) == ({"a": ["a2", "a10"], "x": ["x1"]}, ["F", "na"])
    backwards = tracks(["bZ", "bA", "dBA", "dBZ", "x", "dAA", "dAZ", "e1"])[0]  # a table that is filled from its end
    assert list(backwards.items()) == [
        ("b", ["bZ", "bA"]),
        ("dA", ["dAZ", "dAA"]),
        ("dB", ["dBZ", "dBA"]),
        ("e", ["e1"]),
    ]


# Pictures


def _visible(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


@settings(max_examples=20, deadline=None)
@given(choices)
def test_the_pictures_show_the_text_and_the_marks(choice: Choice) -> None:
    session = open_session(choice)
    shown = text_html(session).partition('aria-label="chain of thought">')[2]
    assert _visible(shown) == session.text.text
    for k in (0, len(session) // 2, len(session) - 1):
        tape = tape_html(session, k)
        assert len(re.findall(r'class="t-cell[^"]* written', tape)) == len(session.writes(k))
        assert len(re.findall(r'class="t-cell[^"]* read', tape)) == len(session.reads(k))
        assert f'data-step="{k + 1}"' in state_html(session, k)


def test_every_text_from_outside_is_escaped() -> None:
    nasty = "<img src=x onerror=alert(1)> {{value}} ${1+1} `\"'&"
    session: Session = replace(open_session(Choice()), query=nasty)
    for markup in (question_html(session), message_html(nasty)):
        assert nasty in _visible(markup)
        assert not re.search(r"<img|[{$`]", markup)
    assert html.unescape(escape(nasty)) == nasty


def test_a_step_is_instant() -> None:
    session = open_session(Choice(where="L", seed=1))
    start = time.perf_counter()
    for k in range(len(session)):
        state_html(session, k), tape_html(session, k)
    assert (time.perf_counter() - start) / len(session) < 0.1


# The server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("gradio", reason='the page needs gradio: pip install "tail_lite[app]"')
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from tail_lite.app import page

    served = page.launch(prevent_thread_lock=True, quiet=True)
    yield served.local_url
    served.close()


def test_the_server_draws_steps_and_refuses(url: str) -> None:
    from gradio_client import Client

    client = Client(url, verbose=False)
    form = {"style": "minimal", "without": "nothing"}

    def draw(length: float | None, seed: int) -> tuple[Any, ...]:
        return client.predict("addition", "M", length, seed, *form.values(), api_name="/draw")

    message, *_, state, tape, text = draw(None, 3)
    session = open_session(Choice(where="M", seed=3))
    assert message == ""
    assert (state, tape, text) == (state_html(session, 0), tape_html(session, 0), text_html(session))
    assert client.predict(20, api_name="/step") == (state_html(session, 19), tape_html(session, 19))

    for length in (0, -3, 2.5, 10**12):
        message, *_, text = draw(length, 3)
        assert 'role="alert"' in message
        assert not isinstance(text, str)  # untouched
    assert client.predict(20, api_name="/step")[0] == state_html(session, 19)


def test_an_address_that_cannot_be_had_is_one_line() -> None:
    pytest.importorskip("gradio")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for host, port in (("127.0.0.1", taken.getsockname()[1]), ("127.0.0.1", 99999), ("host.invalid", None)):
            with pytest.raises(UsageError, match="--port"):
                launch(host, port)


def test_a_missing_gradio_names_the_extra() -> None:
    program = "import sys; sys.modules['gradio'] = None; from tail_lite.app import main; main(['--port', '7999'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert 'pip install "tail_lite[app]"' in done.stderr


# The page in a browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
QUIET += ("--disable-sync", "--no-first-run")


@pytest.fixture
def tab(url: str) -> Iterator[Any]:
    """A page of a headless browser, which fails the test on a script error."""
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser_path is None:
        pytest.skip(f"no browser found: one of {', '.join(BROWSERS)}")
    api = pytest.importorskip("playwright.sync_api", reason="the browser test needs playwright")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(QUIET))
        tab = browser.new_page(viewport={"width": 1360, "height": 900})
        tab.set_default_timeout(15_000)
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        yield tab
        browser.close()
    assert errors == []


def _expect_step(tab: Any, step: int) -> None:
    """The state, the text, the slider and the address all stand at this step."""
    tab.wait_for_selector(f'#tail-state [data-step="{step}"]')
    tab.wait_for_selector(f'#tail-text .now[data-step="{step}"]')
    assert tab.input_value("#tail-step input[type=range]") == str(step)
    assert dict(parse_qsl(urlsplit(tab.url).query))["step"] == str(step)


def test_stepping_in_a_browser(tab: Any, url: str) -> None:
    tab.goto(url)
    _expect_step(tab, 1)
    before = tab.inner_text("#tail-state")
    tab.click("#tail-forward")
    _expect_step(tab, 2)
    assert tab.inner_text("#tail-state") != before
    tab.keyboard.press("ArrowRight")
    _expect_step(tab, 3)
    tab.keyboard.press("Shift+ArrowRight")
    _expect_step(tab, 13)
    tab.keyboard.press("ArrowLeft")
    _expect_step(tab, 12)
    for _ in range(5):  # faster than the server answers: none is lost
        tab.keyboard.press("ArrowRight")
    _expect_step(tab, 17)
    tab.click("#tail-back")
    _expect_step(tab, 16)
    tab.click('#tail-text [data-step="5"]')
    _expect_step(tab, 5)
    tab.locator("#tail-step input[type=range]").fill("15")
    _expect_step(tab, 15)


def test_a_deep_link_opens_its_step_and_errors_show_in_the_page(tab: Any, url: str) -> None:
    link = Choice(where="L", seed=7, style="styled").link(30)
    tab.goto(f"{url}?{link}&__theme=dark")
    _expect_step(tab, 30)
    assert urlsplit(tab.url).query == f"{link}&__theme=dark"
    marked, box = tab.locator("#tail-text .t-s.now").bounding_box(), tab.locator("#tail-text .t-scroll").bounding_box()
    assert box["y"] <= marked["y"]
    assert marked["y"] + marked["height"] <= box["y"] + box["height"]

    tab.get_by_label("or length").fill("0")
    tab.keyboard.press("Enter")
    tab.wait_for_selector('#tail-message [role="alert"]')
    tab.get_by_label("or length").fill("5")
    tab.keyboard.press("Enter")
    tab.wait_for_selector('#tail-message [role="alert"]', state="detached")
    _expect_step(tab, 1)
    assert "length=5" in tab.url
    tab.get_by_text("M 31–40").click()
    tab.wait_for_function("location.search.includes('range=M')")
    assert tab.get_by_label("or length").input_value() == ""
    tab.goto(f"{url}?length=x")
    assert "length" in tab.inner_text('#tail-message [role="alert"]')
