"""The promises that a task makes, tested without a model.

Gold answers equal an independent algorithm's; every trace replays (a fetched value is the latest of its address, the
transitions chain); states stay atomic however long the input; every form is well-formed; token budgets hold; and the
graders notice a wrong answer and a damaged trace.
"""

from __future__ import annotations

import importlib.util
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from tail_lite.baselines import baselines_of
from tail_lite.errors import UsageError
from tail_lite.render import ABLATIONS, STYLES, Form, label_and_index, pieces_of, render, render_text
from tail_lite.stats import wilson
from tail_lite.synthesis import make_row
from tail_lite.tape import Trace, replay
from tail_lite.tasks import get_task
from tail_lite.tasks.base import ANSWER_MARK, RANGES, Problem, Task, problem_json, rng_of
from tail_lite.tokens import count_tokens, quantiles

TOKENS_GROW = 1.3  # a state at M or L may have this many times the tokens of one at S
COMMONEST = 0.4  # share of the commonest answer in a range
_FORMS = [Form(style) for style in STYLES] + [Form(without=w) for w in ABLATIONS]
_FORMS += [Form("styled", without=w) for w in ABLATIONS]


@dataclass
class Report:
    """What was checked of one task, and what was found wrong with it (nothing, if it is right)."""

    task: str
    problems: int = 0
    states: int = 0
    tokens: dict[str, dict[str, float]] = field(default_factory=dict)  # minimal form, by range
    faults: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.faults


def load_task(name: str) -> Task:
    """A task by name, or from a Python file that ends in ``TASK = Task(...)``."""
    if not name.endswith(".py"):
        return get_task(name)
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"no such file: {name}")
    spec = importlib.util.spec_from_file_location(f"tail_lite_task_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{name} does not load: {type(error).__name__}: {error}") from error
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise UsageError(f"{name} defines no TASK = Task(...)")
    return task


def _problems(task: Task, n: int, seed: int) -> Iterator[tuple[str, Problem]]:
    for k in range(n):
        where = RANGES[k % len(RANGES)]
        yield where, task.sample(rng_of(task.name, "check", where, seed, k), *task.ranges[where])


def check_all(names: list[str], n: int, seed: int = 0, workers: int = 1) -> Iterator[Report]:
    """Reports on tasks or task files, in order, each as soon as it is there."""
    if workers == 1 or len(names) == 1:
        yield from (check_task(load_task(name), n, seed) for name in names)
        return
    with ProcessPoolExecutor(min(workers, len(names)), get_context("spawn")) as pool:
        yield from pool.map(_check_named, names, repeat(n), repeat(seed))


def _check_named(name: str, n: int, seed: int) -> Report:
    return check_task(load_task(name), n, seed)


def check_task(task: Task, n: int = 300, seed: int = 0) -> Report:
    """Check `n` problems spread evenly over S, M and L; up to a hundred of them in every form."""
    report = Report(task.name)
    fault = _Faults(report)
    shapes: dict[str, dict[str, list[tuple[int, int, int, str]]]] = {w: defaultdict(list) for w in RANGES}
    texts: dict[str, list[str]] = {w: [] for w in RANGES}
    answers: dict[str, Counter[str]] = {w: Counter() for w in RANGES}
    forms_every = max(1, n // 100)
    _check_templates(task, fault)
    for k, (where, problem) in enumerate(_problems(task, n, seed)):
        text = problem_json(problem)
        try:
            task.validate(json.loads(text))
            trace, truth = task.program(problem), task.oracle(problem)
        except Exception as error:
            fault(f"{type(error).__name__}: {error}", text)
            continue
        report.problems += 1
        report.states += len(trace.states)
        lo, hi = task.ranges[where]
        if not all(lo <= size <= hi for size in task.length(problem)):
            fault(f"length {task.length(problem)} outside of {where}", text)
        answers[where][truth] += 1
        if not task.grade(problem, truth, trace.answer):
            fault(f"the trace answers {trace.answer!r}, the oracle {truth!r}", text)
        wrong = replay(trace)
        if wrong:
            fault(f"the trace does not replay: {wrong}", text)
        if len(texts[where]) < 300:
            texts[where].append(render_text(trace, task.phrases, Form()))
        _shape(task, trace, shapes[where])
        if k % forms_every == 0:
            _check_forms(task, where, problem, trace, fault)
            _check_mutants(task, problem, trace, random.Random(k), fault)
    for k in range(report.problems // len(RANGES), 300):  # what S allows is not to depend on a small n
        _shape(task, task.program(task.sample(rng_of(task.name, "shape", seed, k), *task.ranges["S"])), shapes["S"])
    _check_atomicity(shapes, fault)
    _check_answers(answers, fault)
    for where in RANGES:
        report.tokens[where] = quantiles(count_tokens(texts[where]))
    if texts["L"]:
        for what, most in (("p95", task.token_p95), ("max", task.token_max)):
            if report.tokens["L"][what] > most:
                fault(f"{what} of the tokens at L is {report.tokens['L'][what]}, above {most}")
    return report


class _Faults:
    """Collects faults; the first problem that shows a kind of fault stands for all of its kind."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def __call__(self, what: str, problem: str = "") -> None:
        if len(self.report.faults) < 20:
            self.report.faults.append(f"{what} [{problem}]" if problem else what)


def _check_templates(task: Task, fault: _Faults) -> None:
    if len(set(task.templates)) < 20:
        fault(f"only {len(set(task.templates))} distinct query templates; at least 20 are due")
    problem = next(_problems(task, 1, 0))[1]
    for template in task.templates:
        query = task.query(problem, template)
        for value in task.fields(problem).values():
            if value not in query:
                fault(f"the template {template!r} leaves out {value!r}")


def _shape(task: Task, trace: Trace, shapes: dict[str, list[tuple[int, int, int, str]]]) -> None:
    """Per state label, the largest states: cells fetched, cells written, solutions, and the text that must not grow.

    Left out of that text are the digits of indices and string values, as the rule on atomic states says.
    """
    pieces = pieces_of(trace, task.phrases, Form())[1]
    for k, state in enumerate(trace.states):
        text = "".join(pieces[4 * k + 1 : 4 * k + 5])
        for _, value in (*state.fetch, *state.write):
            if isinstance(value, str) and len(value) > 1:
                text = text.replace(f"={value}", "=", 1)
        text = re.sub(r"(?<=[a-zA-Z\[,])\d+", "", text)
        shape = (len(state.fetch), len(state.write), int(state.solve is not None), text)
        kept = shapes[label_and_index(state.name)[0]]
        if len(kept) < 2000:
            kept.append(shape)


def _check_atomicity(shapes: dict[str, dict[str, list[tuple[int, int, int, str]]]], fault: _Faults) -> None:
    tokens: dict[str, dict[str, int]] = {}
    for where in RANGES:
        tokens[where] = {
            label: max(count_tokens(sorted({s[3] for s in states}, key=len)[-50:]))
            for label, states in shapes[where].items()
        }
    for label in shapes["S"]:
        for where in ("M", "L"):
            here, there = shapes["S"][label], shapes[where].get(label)
            if not there:
                continue
            for index, what in enumerate(("fetched cells", "written cells", "solutions")):
                most, allowed = (max(int(s[index]) for s in states) for states in (there, here))
                if most > allowed:
                    fault(f"states {label!r} have {most} {what} at {where}, but {allowed} at S")
            if tokens[where][label] > TOKENS_GROW * tokens["S"][label]:
                fault(f"states {label!r} have {tokens[where][label]} tokens at {where}, {tokens['S'][label]} at S")


def _check_answers(answers: dict[str, Counter[str]], fault: _Faults) -> None:
    """No answer may be so common that guessing it looks like skill."""
    for where, counted in answers.items():
        total = sum(counted.values())
        if len(counted) > 2:  # where only two answers exist, one of them has half
            answer, most = counted.most_common(1)[0]
            if wilson(most, total)[0] > COMMONEST:
                fault(f"{most} of {total} answers at {where} are {answer!r}; at most {COMMONEST:.0%} should be")


def _check_forms(task: Task, where: str, problem: Problem, trace: Trace, fault: _Faults) -> None:
    text = problem_json(problem)
    for form in _FORMS:
        rendered = render(trace, task.phrases, form)
        at = 0
        for span in rendered.spans:
            if span.start != at:
                fault(f"the spans of {form} leave out or repeat character {at}", text)
                break
            at = span.end
        if at != len(rendered.text) or rendered.text != render_text(trace, task.phrases, form):
            fault(f"the spans of {form} do not cover its text", text)
        if rendered.text.rsplit("\n", 1)[-1] != ANSWER_MARK + trace.answer:
            fault(f"the last line of {form} is not the answer", text)
    for name, baseline in baselines_of(task).items():
        last = make_row(task, where, text, Form(baseline=name))["completion"][0]["content"].rsplit("\n", 1)[-1]
        if not last.startswith(ANSWER_MARK):
            fault(f"the last line of baseline {name} is not the answer", text)
        elif not task.grade(problem, trace.answer, baseline.restore(last.removeprefix(ANSWER_MARK))):
            fault(f"baseline {name} ends in {last!r}, not in {trace.answer!r}", text)


def _check_mutants(task: Task, problem: Problem, trace: Trace, rng: random.Random, fault: _Faults) -> None:
    """A grader that passes everything would pass a task that is wrong: damage must be noticed."""
    for wrong in (trace.answer + "0" if trace.answer else "0", trace.answer[:-1], "", "junk"):
        if wrong != trace.answer and task.grade(problem, trace.answer, wrong):
            fault(f"the wrong answer {wrong!r} is graded right", problem_json(problem))
    k = rng.randrange(len(trace.states))
    damaged = list(trace.states)
    state = damaged[k]
    damaged[k] = state._replace(goto=state.goto + "?")
    if replay(Trace(trace.tape, damaged, trace.answer)) is None:
        fault(f"a wrong transition in state {k} goes unnoticed", problem_json(problem))
    fetching = [i for i, s in enumerate(trace.states) if s.fetch]
    if fetching:
        k = rng.choice(fetching)
        damaged = list(trace.states)
        (address, value), *rest = damaged[k].fetch
        damaged[k] = damaged[k]._replace(fetch=[(address, f"{value}?"), *rest])
        if replay(Trace(trace.tape, damaged, trace.answer)) is None:
            fault(f"a wrong operand in state {k} goes unnoticed", problem_json(problem))
