"""Several runs that differ in one thing, and the page that compares them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tail_lite.errors import UsageError
from tail_lite.report import report_runs
from tail_lite.tasks import parse_tasks
from tail_lite.tasks.base import Task

Variants = Mapping[str, Sequence[str]]
"""The words that each variant adds to the command line of a run."""


def study(
    argv: list[str], description: str, variants: Callable[[Task], Variants], run: Callable[[list[str]], None]
) -> None:
    """For each task: `run` every variant, with equal rows, steps and seed, into ``OUT/TASK/VARIANT``, then write
    ``OUT/TASK/report``. What is finished is not done again; other flags go to every run as they are."""
    words = argparse.ArgumentParser(
        usage="%(prog)s TASK [TASK ...] --out DIR [--only VARIANT,...] [flags of train_task.py]",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    words.add_argument("--out", type=Path, required=True, help="folder of all runs; the same command goes on in it")
    words.add_argument("--only", help="these variants alone, comma-separated")

    def error(message: str) -> Any:
        raise UsageError(f"{message}; see --help")

    words.error = error  # type: ignore[method-assign]
    flags = next((k for k, word in enumerate(argv) if word.startswith("-")), len(argv))
    given, others = words.parse_known_args(argv[flags:])
    tasks = parse_tasks(argv[:flags])
    chosen = {task.name: _chosen(variants(task), given.only) for task in tasks}
    for task, some in chosen.items():
        folders = [given.out / task / name for name in some]
        for (name, flag), folder in zip(some.items(), folders, strict=True):
            print(f"{task}: {name}", flush=True)
            run([task, *flag, *others, "--out", str(folder), "--resume"])
        report_runs(folders, given.out / task / "report")


def _chosen(known: Variants, only: str | None) -> Variants:
    names = only.split(",") if only else list(known)
    for name in names:
        if name not in known:
            raise UsageError(f"unknown variant {name!r}: choose of {', '.join(known)}")
    return {name: known[name] for name in names}
