"""Ways of answering without a trace: those that every task has, and those that a task brings itself."""

from __future__ import annotations

from tail_lite.errors import UsageError
from tail_lite.tasks.base import ANSWER_MARK, Baseline, Task

_COMMON = {"answer-only": Baseline(lambda problem, query: query, lambda problem, answer: f"{ANSWER_MARK}{answer}")}


def baselines_of(task: Task) -> dict[str, Baseline]:
    """All baselines of a task by name."""
    solution = task.plain_cot
    if solution is None:
        return _COMMON | task.baselines
    plain = Baseline(
        lambda problem, query: query, lambda problem, answer: f"{solution(problem)}\n{ANSWER_MARK}{answer}"
    )
    return _COMMON | {"plain-cot": plain} | task.baselines


def get_baseline(task: Task, name: str) -> Baseline:
    """The baseline `name` of `task`; an unknown one raises UsageError with the names it has."""
    known = baselines_of(task)
    if name not in known:
        raise UsageError(f"{task.name} has no baseline {name!r}: choose one of {', '.join(known)}")
    return known[name]
