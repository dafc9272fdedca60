"""The list of tasks: every module in this folder that defines ``TASK``. Adding a task adds one file."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache

from tail_lite.errors import UsageError
from tail_lite.tasks.base import Task

_NAMES = tuple(
    sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base" and not m.name.startswith("_"))
)


def task_names() -> tuple[str, ...]:
    """The names of all tasks, in alphabetical order; imports none of them."""
    return _NAMES


@cache
def get_task(name: str) -> Task:
    """The task called `name`; an unknown name raises UsageError with the nearest one."""
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"known tasks: {', '.join(_NAMES)}"
        raise UsageError(f"unknown task {name!r}: {hint}")
    return importlib.import_module(f"{__name__}.{name}").TASK


def parse_tasks(names: list[str]) -> list[Task]:
    """Tasks from the command line: names, comma-separated lists of names, or ``all``."""
    flat = [part.strip() for name in names for part in name.split(",") if part.strip()]
    if not flat:
        raise UsageError("no task named; `tail-lite tasks` lists them")
    chosen = list(_NAMES) if "all" in flat else list(dict.fromkeys(flat))
    return [get_task(name) for name in chosen]
