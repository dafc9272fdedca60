"""A model's text against the truth: its answer, and the first step at which its chain of thought leaves the true one.

The true text is rendered from the program's trace, whose spans say which module of which state every character
belongs to; the first differing character is therefore enough to name the step that went wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tail_lite.baselines import get_baseline
from tail_lite.errors import UsageError
from tail_lite.render import Form, Span, label_and_index, render
from tail_lite.tasks import get_task
from tail_lite.tasks.base import ANSWER_MARK, Problem, Task

OUTCOMES = ("right", "right_answer_wrong_trace", "wrong_step", "no_answer", "out_of_budget")
CLASSES = (
    "wrong_operand",
    "wrong_solution",
    "wrong_write",
    "wrong_transition",
    "stopped_early",
    "never_halted",
    "looped",
    "malformed",
    "wrong_answer",
)
_CLASS_OF = {
    "fetch": "wrong_operand",
    "solve": "wrong_solution",
    "write": "wrong_write",
    "control": "wrong_transition",
    "answer": "wrong_answer",
}
_LOOP = 64  # characters that a repeating tail has at least: a long answer may well be 9999999999

FirstWrong = dict[str, Any]  # {"state", "char", "module", "class"}


class Grade(NamedTuple):
    extracted: str | None
    correct: bool
    outcome: str
    first_wrong: FirstWrong | None


# The answer

_VALUE = re.compile(r"[-+]?\d+(\.\d+)?|\[.*\]|[<>=]")
_STATED = re.compile(r"\banswer\b\W{0,4}(?:is|:|=)\W{0,4}?\s+(.+)", re.IGNORECASE)
_IS = re.compile(r"(?:\b(?:is|are|equals)\s*:?|[-+*/×÷]\s*[\w.]+\s*=)\s+(\S.*)", re.IGNORECASE)
_UNIT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s+[a-z]+", re.IGNORECASE)


def extract(text: str) -> str | None:
    """The final answer of a text, or None; never raises.

    That is what stands on the last line that begins with the marker; else in the last ``\\boxed{...}``; else what the
    last line states: "The answer is X", "The sum is X", or nothing but a number, a list or a sign of comparison.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]  # not splitlines: it breaks at odd signs
    marker = ANSWER_MARK.strip()
    for line in reversed(lines):
        if line.startswith(marker) and "\\boxed{" not in line:
            # Exactly what was written: a chain of thought answers in canonical form.
            return line[len(marker) :].strip() or None
    boxed = _boxed(text)
    if boxed is not None:
        return _tidied(boxed)
    if not lines:
        return None
    last = lines[-1].replace("**", "")
    stated = _STATED.search(last)
    if stated:
        return _tidied(stated[1])
    following = _IS.search(last)
    value = _tidied(following[1] if following else last)
    return value if value is not None and _VALUE.fullmatch(value) else None


def _boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    start += len("\\boxed{")
    depth = 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start:at]
    return None


def _tidied(answer: str) -> str | None:
    """Free text's answer without its trimmings; a list as json.dumps writes it."""
    answer = answer.strip().strip("`$*").strip()
    wrapped = re.fullmatch(r"\\text\{(.*)\}", answer)
    answer = wrapped[1] if wrapped else answer
    answer = answer.removesuffix(".").strip("`$*").strip()
    measured = _UNIT.fullmatch(answer)
    answer = measured[1] if measured else answer
    if answer.startswith("["):
        try:
            return json.dumps(json.loads(answer))
        except (ValueError, RecursionError):
            return answer  # no list after all: graded as it stands
    return answer or None


def grade(task: Task, problem: Problem, answer: str, extracted: str | None) -> bool:
    """Whether the extracted answer is right; exact, by the task's own rule where several answers are."""
    return extracted is not None and task.grade(problem, answer, extracted)


# The trace


def first_divergence(task: Task, problem: Problem, form: Form, generation: str) -> FirstWrong | None:
    """Where the text first differs from the true one: state, character, module and class; None if nowhere.

    A baseline has no trace to differ from. A little blank space at the end of the text does not count.
    """
    if form.baseline is not None:
        return None
    truth, spans = render(task.program(problem), task.phrases, form)
    given = generation.rstrip()
    if len(generation) - len(given) >= _LOOP:
        given = generation  # blank lines without end are a loop
    if given == truth:
        return None
    at = _common_prefix(given, truth)
    span = _span_at(spans, at, given)
    return {"state": span.state, "char": at, **_judge(task, form, truth, given, at, span)}


def _common_prefix(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _span_at(spans: list[Span], at: int, given: str) -> Span:
    for place, span in enumerate(spans):
        if span.start <= at < span.end:
            # Every piece begins with a separator. Where the text has none, it makes the piece before too long
            # (`=12` for `=1`), and that is the piece that is wrong.
            longer = at == span.start and at < len(given) and given[at] not in " \n="
            return spans[place - 1] if longer and place else span
    return spans[-1]


def _judge(task: Task, form: Form, truth: str, given: str, at: int, span: Span) -> dict[str, str]:
    module = span.module
    line_start = given.rfind("\n", 0, at + 1) + 1
    line = given[line_start:].partition("\n")[0]
    answers = line.startswith(ANSWER_MARK.rstrip())
    if at == len(truth):
        ended = given[at] == "\n"
        return {"module": "control", "class": "never_halted"} if ended else _wrong("answer")
    if module == "answer" and answers:
        return _wrong("answer")
    if at == len(given) or answers:
        return {"module": module, "class": "stopped_early"}
    if _repeats(given[at:]):
        return {"module": module, "class": "looped"}
    if not _is_state(task, form, line):
        return {"module": module, "class": "malformed"}
    if module == "answer":
        return {"module": "control", "class": "never_halted"}
    return _wrong(module)


def _wrong(module: str) -> dict[str, str]:
    return {"module": module, "class": _CLASS_OF[module]}


def _repeats(tail: str) -> bool:
    """Whether the text says one thing over and over from here to its end, at least three times."""
    if len(tail) < _LOOP:
        return False
    period = tail.find(tail[:16], 1)
    while 0 < period <= len(tail) // 3:
        if tail.startswith(tail[period:]):
            return True
        period = tail.find(tail[:16], period + 1)
    return False


def _is_state(task: Task, form: Form, line: str) -> bool:
    """Whether a line begins as states of this form do: by a known name or phrase, or, without those, by a module."""
    if form.without == "linear-transition":
        begins = r" (\S+=|:\S)" if form.style == "minimal" else r" (Read |Write |This gives |\S+ gives )"
        return re.match(begins, line) is not None
    name = re.split(r"[ =:]", line, maxsplit=1)[0]
    if form.style == "minimal":
        return label_and_index(name)[0] in task.phrases
    words = line.removeprefix(f"{name}: ")  # the first line has both
    return any(words.startswith(phrase.partition("{")[0]) for phrase in task.phrases.values())


# Both together


def grade_generation(
    task: Task, problem: Problem, form: Form, generation: str, finish: str = "stop", answer: str | None = None
) -> Grade:
    """Everything that is to be said about one generation; `answer` is the canonical one, if it is at hand."""
    answer = task.oracle(problem) if answer is None else answer
    extracted = extract(generation)
    if form.baseline is not None and extracted is not None:
        extracted = get_baseline(task, form.baseline).restore(extracted)
    first_wrong = first_divergence(task, problem, form, generation)
    right = grade(task, problem, answer, extracted)
    result = outcome(right, extracted, finish, first_wrong)
    return Grade(extracted, result in ("right", "right_answer_wrong_trace"), result, first_wrong)


def outcome(right: bool, extracted: str | None, finish: str, first_wrong: FirstWrong | None) -> str:
    """One of OUTCOMES. A text that ran into its budget never came to an end, so no answer in it counts."""
    if finish == "length":
        return "out_of_budget"
    if extracted is None:
        return "no_answer"
    if right:
        return "right" if first_wrong is None else "right_answer_wrong_trace"
    return "wrong_step"


# Files


class _Row(NamedTuple):
    task: Task
    problem: Problem
    form: Form
    generation: str
    finish: str


def verify_file(path: str | Path) -> Iterator[dict[str, Any]]:
    """Grade each row (``task``, ``problem``, ``generation``; if given ``form``, ``finish``) of a JSON-lines file.

    All rows are read before the first is graded: bad input yields nothing.
    """
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(_read_row(json.loads(line)))
            except (UsageError, ValueError, RecursionError) as error:
                raise UsageError(f"{path}, line {number}: {error}") from None
    for row in rows:
        yield grade_generation(*row)._asdict()


def _read_row(row: Any) -> _Row:
    if not isinstance(row, dict):
        raise UsageError("a row is a JSON object")
    for key, kinds in (("task", str), ("problem", (str, dict)), ("generation", str)):
        if not isinstance(row.get(key), kinds):
            raise UsageError(f"{key!r} is missing or not of its type: a row has 'task', 'problem' and 'generation'")
    task = get_task(row["task"])
    problem = json.loads(row["problem"]) if isinstance(row["problem"], str) else row["problem"]
    if not isinstance(problem, dict):
        raise UsageError("'problem' must be a JSON object")
    task.validate(problem)
    if max(task.length(problem)) > task.max_length:
        raise UsageError(f"{task.name} has no problems longer than {task.max_length}")
    finish = row.get("finish") or "stop"
    if finish not in ("stop", "length"):
        raise UsageError('\'finish\' is "stop" or "length"')
    return _Row(task, problem, _form_of(task, row), row["generation"], finish)


def _form_of(task: Task, row: dict[str, Any]) -> Form:
    given = row.get("form") or "minimal"
    if isinstance(given, str):
        given = {"style": given}
    if not isinstance(given, dict) or not set(given) <= {"style", "without", "baseline"}:
        raise UsageError("'form' is a style, or an object with 'style', 'without' and 'baseline'")
    if not all(value is None or isinstance(value, str) for value in given.values()):
        raise UsageError("the 'style', 'without' and 'baseline' of a 'form' are texts")
    form = Form(given.get("style") or "minimal", given.get("without"), given.get("baseline"))
    if form.baseline is not None:
        get_baseline(task, form.baseline)
    return form
