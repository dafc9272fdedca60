"""Answers out of texts, and the first wrong step of a chain of thought."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tail_lite.errors import UsageError
from tail_lite.render import ABLATIONS, MODULES, Form, render, render_text
from tail_lite.tasks import get_task, task_names
from tail_lite.verify import CLASSES, OUTCOMES, extract, first_divergence, grade, grade_generation, verify_file

ADDITION = get_task("addition")
PROBLEM = {"a": "58", "b": "7.25"}
FORMS = [Form(style, without) for style in ("minimal", "styled") for without in (None, *ABLATIONS)]
TRUTH = render_text(ADDITION.program(PROBLEM), ADDITION.phrases, Form())


def wrong(old: str, new: str, form: Form = Form()) -> tuple[int, str, str]:  # noqa: B008
    """State, module and class after one change to the true text."""
    truth = render_text(ADDITION.program(PROBLEM), ADDITION.phrases, form)
    assert truth.count(old) == 1, truth
    found = first_divergence(ADDITION, PROBLEM, form, truth.replace(old, new))
    assert found is not None
    return found["state"], found["module"], found["class"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a1=5\nAnswer: 65.25", "65.25"),
        ("a1=5\nAnswer: 65.25\n", "65.25"),
        ("Answer: 1\nno: \nAnswer: 2", "2"),
        ("Answer: [1, 2]", "[1, 2]"),
        ("Answer: dlrow olleh", "dlrow olleh"),
        ("Answer: ", None),
        (r"so it is \boxed{12} or rather \boxed{13}.", "13"),
        (r"\boxed{\text{abc}}", "abc"),
        (r"Answer: $\boxed{7}$", "7"),
        (r"\boxed{[1,2]}", "[1, 2]"),
        (r"\boxed{12", None),
        ("First 2.\nThe final answer is: **42**.", "42"),
        ("**Answer:** 42", "42"),
        ("Therefore the answer is `abc`.", "abc"),
        ("So the sum is 191.34.", "191.34"),
        ("The primes are [2,3]", "[2, 3]"),
        ("thinking\n\n191.34", "191.34"),
        ("<", "<"),
        ("add0 a30=4 b2=1", None),
        ("Copy. Read a1 = 6 and a2 = 5. Write w = 65.", None),
        ("I do not know.", None),
        ("", None),
    ],
)
def test_extract(text: str, answer: str | None) -> None:
    assert extract(text) == answer


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text("Answer: \\boxed{}[]$*.is1\n", max_size=60)))
@example("The answer is " + "[" * 100_000)
@example("[" + "9" * 5000 + "]")
@example("\\boxed{" * 50)
def test_junk_never_raises_and_is_never_right(text: str) -> None:
    found = extract(text)
    assert found is None or (isinstance(found, str) and found)
    for name in task_names():
        task = get_task(name)
        problem = json.loads(_PROBLEMS[name])
        answer = task.oracle(problem)
        graded = grade_generation(task, problem, Form(), text)
        assert graded.outcome in OUTCOMES
        if answer not in text and task.grade is type(task).grade:
            assert not graded.correct


def _one_problem(name: str) -> str:
    import random

    task = get_task(name)
    return json.dumps(task.sample(random.Random(1), *task.ranges["S"]))


_PROBLEMS = {name: _one_problem(name) for name in task_names()}


def test_grading_is_exact() -> None:
    assert grade(ADDITION, PROBLEM, "65.25", "65.25")
    for close in ("65.250", "65.2", "065.25", " 65.25", "65,25", "165.25", None):
        assert not grade(ADDITION, PROBLEM, "65.25", close)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("name", task_names())
def test_the_true_text_is_right_in_every_form(name: str, form: Form) -> None:
    task, problem = get_task(name), json.loads(_PROBLEMS[name])
    text = render_text(task.program(problem), task.phrases, form)
    for ending in ("", "\n"):
        graded = grade_generation(task, problem, form, text + ending)
        assert graded == (task.program(problem).answer, True, "right", None)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("add0 u52=8 v71=7", "add0 u52=8 v71=4", (3, "fetch", "wrong_operand")),
        ("add0 u52=8 v71=7", "add0 u52=88 v71=7", (3, "fetch", "wrong_operand")),
        ("w=_7.25_ hv", "w=_7.255_ hv", (1, "write", "wrong_write")),
        (":15", ":14", (3, "solve", "wrong_solution")),
        (":15", ":155", (3, "solve", "wrong_solution")),
        (":6 u51=6", ":6 u51=7", (5, "write", "wrong_write")),
        (":6 u51=6", ":6 u61=6", (5, "write", "wrong_write")),
        ("carry u51", "add0 u51", (4, "control", "wrong_transition")),
        ("trim y74=5\ntop", "trim y74=5\ntrim", (7, "control", "wrong_transition")),
        ("trim y74=5\ntop", "trim y74=5\nAnswer: 65.25\ntop", (7, "control", "stopped_early")),
        ("trim y74=5\ntop", "trim y74=5\n@@@", (7, "control", "malformed")),
        ("Answer: 65.25", "Answer: 65.26", (11, "answer", "wrong_answer")),
        ("Answer: 65.25", "Answer: 65.251", (11, "answer", "wrong_answer")),
        ("Answer: 65.25", "Answer: 65.2", (11, "answer", "wrong_answer")),
        ("Answer: 65.25", "Answer: 65.25\ntail y73=2", (11, "control", "never_halted")),
        ("Answer: 65.25", "tail y73=2 y74=5\nAnswer: 65.25", (11, "control", "never_halted")),
        ("Answer: 65.25", "hm\n" * 30, (11, "answer", "looped")),
        ("Answer: 65.25", "\n" * 90, (11, "answer", "looped")),
    ],
)
def test_first_wrong_step(old: str, new: str, where: tuple[int, str, str]) -> None:
    assert wrong(old, new) == where


def test_first_wrong_step_in_other_forms() -> None:
    styled = Form("styled")
    assert wrong("8+7+0 gives 15.", "8+7+0 gives 14.", styled) == (3, "solve", "wrong_solution")
    assert wrong("Go to carry.", "Go to add0.", styled) == (4, "control", "wrong_transition")
    assert wrong("Carry the one.", "Bury the one.", styled)[1:] == ("control", "malformed")
    bare = Form(without="linear-transition")
    assert wrong(" u51=5 :6", " u51=4 :6", bare) == (5, "fetch", "wrong_operand")
    assert wrong(" u51=5 :6", "oh dear", bare)[2] == "malformed"


def test_a_text_that_ends_early_names_where() -> None:
    for form in FORMS:
        truth, spans = render(ADDITION.program(PROBLEM), ADDITION.phrases, form)
        for end in range(0, truth.rfind("\n"), 7):
            # Blank space at the end does not count, so the cut may lie a little before.
            found = first_divergence(ADDITION, PROBLEM, form, truth[:end])
            assert found is not None
            at = len(truth[:end].rstrip())
            assert found["class"] == "stopped_early"
            assert found["char"] == at
            assert any(s.start <= at < s.end and s.state == found["state"] for s in spans)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_is_found_where_it_is(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(FORMS))
    truth = render_text(ADDITION.program(PROBLEM), ADDITION.phrases, form)
    start = data.draw(st.integers(0, len(truth) - 1))
    text = truth[:start] + data.draw(st.text(min_size=1, max_size=30))
    found = first_divergence(ADDITION, PROBLEM, form, text)
    if found is None:
        assert text.rstrip() == truth
        return
    assert text[: found["char"]] == truth[: found["char"]]
    assert found["module"] in MODULES
    assert found["class"] in CLASSES


def test_outcomes() -> None:
    def judge(text: str, finish: str = "stop", form: Form = Form()) -> str:  # noqa: B008
        return grade_generation(ADDITION, PROBLEM, form, text, finish).outcome

    assert judge(TRUTH) == "right"
    assert judge("Answer: 65.25") == "right_answer_wrong_trace"
    assert judge("Answer: 65") == "wrong_step"
    assert judge(TRUTH[:50]) == "no_answer"
    assert judge(TRUTH + "\nAnswer: 65.25" * 9, "length") == "out_of_budget"
    assert not grade_generation(ADDITION, PROBLEM, Form(), TRUTH, "length").correct


def test_baselines_have_no_first_wrong_and_reversed_is_turned_back() -> None:
    for name in ("answer-only", "index-hint", "reversed"):
        form = Form(baseline=name)
        given = "52.56" if name == "reversed" else "65.25"
        graded = grade_generation(ADDITION, PROBLEM, form, f"so\nAnswer: {given}")
        assert graded == ("65.25", True, "right", None)
        assert grade_generation(ADDITION, PROBLEM, form, "Answer: 9").outcome == "wrong_step"


def test_verify_file(tmp_path) -> None:
    rows = [
        {"task": "addition", "problem": PROBLEM, "generation": TRUTH},
        {"task": "addition", "problem": json.dumps(PROBLEM), "generation": TRUTH[:50], "form": "minimal"},
        {
            "task": "addition",
            "problem": PROBLEM,
            "generation": "Answer: 52.56",
            "form": {"style": "minimal", "without": None, "baseline": "reversed"},
        },
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n")
    graded = list(verify_file(file))
    assert [list(row) for row in graded] == [["extracted", "correct", "outcome", "first_wrong"]] * 3
    assert [row["outcome"] for row in graded] == ["right", "no_answer", "right"]
    assert graded[1]["first_wrong"]["class"] == "stopped_early"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        '{"task": "additoin", "problem": {"a": "1", "b": "2"}, "generation": ""}',
        '{"task": "addition", "problem": {"a": "1"}, "generation": ""}',
        '{"task": "addition", "problem": "[1]", "generation": ""}',
        '{"task": "addition", "problem": {"a": "1", "b": "2"}, "generation": 3}',
        '{"task": "addition", "problem": {"a": "1", "b": "2"}, "generation": "", "form": "fancy"}',
        '{"task": "addition", "problem": {"a": "1", "b": "2"}, "generation": "", "form": {"baseline": "none"}}',
        '{"task": "addition", "problem": {"a": "1", "b": "2"}, "generation": "", "finish": "crash"}',
    ],
)
def test_a_bad_row_is_named_by_its_line_and_yields_nothing(tmp_path, line: str) -> None:
    file = tmp_path / "rows.jsonl"
    good = json.dumps({"task": "addition", "problem": PROBLEM, "generation": TRUTH})
    file.write_text(f"{good}\n{line}\n")
    with pytest.raises(UsageError, match="line 2"):
        next(verify_file(file))
    with pytest.raises(UsageError, match="cannot read"):
        next(verify_file(tmp_path / "missing.jsonl"))
