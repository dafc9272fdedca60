"""One test over all tasks for each promise that a task makes."""

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tail_lite.check import check_task, load_task
from tail_lite.errors import UsageError
from tail_lite.render import ABLATIONS, STYLES, Form, render, render_text
from tail_lite.synthesis import draw_problem, show_row
from tail_lite.tape import replay
from tail_lite.tasks import get_task, parse_tasks, task_names
from tail_lite.tasks.base import ANSWER_MARK, RANGES, problem_json

TASKS = [get_task(name) for name in task_names()]
ALL = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
FORMS = [Form(s) for s in STYLES] + [Form(s, w) for s in STYLES for w in ABLATIONS]


@ALL
def test_check_passes(task):
    report = check_task(task, n=150)
    assert report.faults == []
    assert report.problems == 150


@ALL
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_length_answers_as_the_oracle_and_replays(task, data):
    lengths = st.integers(task.min_length, min(task.max_length, 2 * task.ranges["L"][1]))
    n, seed = data.draw(lengths), data.draw(st.integers(0, 2**32))
    problem = draw_problem(task, str(n), seed)
    task.validate(json.loads(problem_json(problem)))
    sizes = task.length(problem)
    assert sizes[-1] == n  # of an interval of primes, its upper end
    assert set(sizes) == {n} or task.name == "prime_search"
    trace = task.program(problem)
    assert task.grade(problem, task.oracle(problem), trace.answer)
    assert replay(trace) is None


@ALL
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_spans_cover_the_text(task, form):
    for where in RANGES:
        problem = draw_problem(task, where, 1)
        trace = task.program(problem)
        text, spans = render(trace, task.phrases, form)
        assert text == render_text(trace, task.phrases, form)
        assert "".join(text[s.start : s.end] for s in spans) == text
        assert text.endswith(f"\n{ANSWER_MARK}{trace.answer}")


@ALL
def test_each_ablation_removes_its_module(task):
    trace = task.program(draw_problem(task, "M", 3))
    modules = {
        form.without: {s.module for s in render(trace, task.phrases, form).spans if s.module != "answer"}
        for form in FORMS
        if form.style == "styled"
    }
    # Turning a text round is all copying: it has nothing to solve.
    assert modules[None] == {"control", "fetch", "write"} | ({"solve"} if task.name != "word_flip" else set())
    assert "fetch" not in modules["memory-fetcher"]
    whole = render(trace, task.phrases, Form()).text
    unnamed = render(trace, task.phrases, Form(without="linear-transition"))
    assert not any(unnamed.text[s.start : s.end].strip() for s in unnamed.spans if s.module == "control")
    fused = show_row(task, "M", 3, Form(without="atomic-state"))["states"]
    assert len(fused) < len(trace.states)
    assert len({render(trace, task.phrases, form).text for form in FORMS}) == len(FORMS)
    assert len(render(trace, task.phrases, Form("styled")).text) > len(whole)


@ALL
@pytest.mark.parametrize("without", [None, *ABLATIONS])
def test_shown_states_chain_and_fetch_what_was_written(task, without):
    """What `show --json` prints can be replayed by a program that knows nothing of us."""
    row = show_row(task, "S", 5, Form(without=without))
    cells = dict(row["tape"])
    for state, after in zip(row["states"], [*row["states"][1:], {"name": "halt"}], strict=True):
        for address, value in state["fetch"]:
            assert cells[address] == value
        cells.update(state["write"])
        assert state["goto"] == after["name"]
    assert json.loads(json.dumps(row)) == row


@ALL
def test_junk_is_refused(task):
    """A problem may come from anywhere (`verify`): what is malformed is a ValueError with words, and nothing else."""
    good = draw_problem(task, "S", 0)
    task.validate(good)
    junk = [good | {key: value} for key in good for value in (None, {}, "§", 3.5, [[]], True)]
    junk += [{k: v for k, v in good.items() if k != key} for key in good] + [{}, good | {"more": 1}]
    for problem in junk:
        with pytest.raises(ValueError, match=r"\w+ \w+"):
            task.validate(problem)


@ALL
def test_the_bounds_of_a_range_are_reached(task):
    for where in RANGES:
        seen = {n for k in range(400) for n in task.length(draw_problem(task, where, k))}
        lo, hi = task.ranges[where]
        assert seen <= set(range(lo, hi + 1))
        assert {lo, hi} <= seen or task.name == "population_growth"


@ALL
def test_templates_are_many_and_complete(task):
    assert len(set(task.templates)) >= 20
    problem = draw_problem(task, "S", 0)
    for template in task.templates:
        query = task.query(problem, template)
        assert "{" not in re.sub(r"\{[^{}]*\}", "", query) or "{" in template
        assert all(value in query for value in task.fields(problem).values())


def test_unknown_task_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'addition'"):
        get_task("adition")
    assert [t.name for t in parse_tasks(["all"])] == list(task_names())


def test_a_wrong_task_fails_its_check(tmp_path):
    """The checker itself is checked: a task whose oracle or tape program is off by one must fail."""
    source = (get_task("addition").program.__code__.co_filename, "total % 10], total // 10", "total % 10], total // 11")
    text = Path(source[0]).read_text(encoding="utf-8")
    assert source[1] in text
    broken = tmp_path / "broken.py"
    broken.write_text(text.replace(source[1], source[2]), encoding="utf-8")
    report = check_task(load_task(str(broken)), n=30)
    assert any("the oracle" in fault or "Error" in fault for fault in report.faults)


def test_addition_edges():
    task = get_task("addition")
    cases = {
        ("0", "0"): "0",
        ("0.5", "0.5"): "1",
        ("9.9", "0.1"): "10",
        ("99999999999", "1"): "100000000000",
        ("0.10", "0.20"): "0.3",
        ("7.50", "2.5"): "10",
        ("0.001", "5"): "5.001",
        ("123.45", "67.8915"): "191.3415",
        ("1", "99999.99999"): "100000.99999",
    }
    for (a, b), total in cases.items():
        for problem in ({"a": a, "b": b}, {"a": b, "b": a}):
            assert task.oracle(problem) == total
            trace = task.program(problem)
            assert trace.answer == total
            assert replay(trace) is None


@pytest.mark.parametrize(("name", "most"), [("addition", 2_600), ("compare_numbers", 1_400)])
def test_mean_tokens_at_l(name, most):
    assert check_task(get_task(name), n=300).tokens["L"]["mean"] <= most


def test_addition_baselines_follow_their_papers():
    task = get_task("addition")
    hint, turned = task.baselines["index-hint"], task.baselines["reversed"]
    assert hint.completion({"a": "361", "b": "576"}, "937").startswith("3a6b1c+5a7b6c=9a3b7c\n")
    shown = hint.completion({"a": "123.45", "b": "67.89"}, "191.34")
    assert shown.startswith("1(-c)2(-b)3(-a).4(a)5(b)+6(-b)7(-a).8(a)9(b)=1(-c)9(-b)1(-a).3(a)4(b)\n")
    assert turned.completion({"a": "123.45", "b": "67.89"}, "191.34").startswith("54.321+98.76=43.191\n")
    assert turned.restore("43.191") == "191.34"


def test_samplers_do_not_touch_the_global_generator():
    random.seed(7)
    before = random.getstate()
    for task in TASKS:
        draw_problem(task, "S", 1)
    assert random.getstate() == before
