"""The ``tail-lite`` command: one typed function a command, each a few lines over the library.

Nothing here imports torch or transformers; a command loads what it needs when it runs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tail_lite.errors import UsageError
from tail_lite.errors import main as run_and_exit

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Tasks = Annotated[list[str], typer.Argument(metavar="TASK…", help="Task names, or all.", show_default=False)]
Style = Annotated[str, typer.Option(help="Wording of the chain of thought: minimal or styled.")]
Without = Annotated[
    str | None, typer.Option(help="Leave a module out: memory-fetcher, atomic-state or linear-transition.")
]
BaselineName = Annotated[
    str | None,
    typer.Option("--baseline", help="No trace: answer-only, plain-cot; for addition also index-hint, reversed."),
]
Seed = Annotated[int, typer.Option(help="Decides every random choice.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output on one line.")]
Engine = Annotated[str, typer.Option(help="auto, vllm or transformers.")]
Lengths = Annotated[str | None, typer.Option(help="More exact lengths to evaluate, e.g. 55,60.")]


@app.command()
def tasks(as_json: AsJson = False) -> None:
    """List the tasks: name, paradigm, ranges, description."""
    from tail_lite.tasks import get_task, task_names

    found = [get_task(name) for name in task_names()]
    if as_json:
        rows = [
            {
                "name": t.name,
                "paradigm": t.paradigm,
                "ranges": {k: list(v) for k, v in t.ranges.items()},
                "length_is": t.length_is,
                "description": t.description,
            }
            for t in found
        ]
        print(json.dumps(rows))
        return
    for t in found:
        ranges = "  ".join(f"{k} {lo}-{hi}" for k, (lo, hi) in t.ranges.items())
        print(f"{t.name:24} {t.paradigm:20} {ranges:28} {t.description}")


@app.command()
def show(
    task: Annotated[str, typer.Argument(metavar="TASK|FILE.py", help="Task, or a task's file.", show_default=False)],
    where: Annotated[str, typer.Option("--range", help="S, M or L.")] = "S",
    length: Annotated[int | None, typer.Option(help="An exact length instead of a range.")] = None,
    seed: Seed = 0,
    style: Style = "minimal",
    without: Without = None,
    baseline: BaselineName = None,
    as_json: AsJson = False,
) -> None:
    """Print one sample: its query, chain of thought and answer."""
    from tail_lite.check import load_task
    from tail_lite.render import Form
    from tail_lite.synthesis import show_row

    chosen = load_task(task)
    if length is not None and length < chosen.min_length:
        raise UsageError(f"{task} has no problems of length {length}: choose {chosen.min_length} or more")
    if length is None and where not in chosen.ranges:
        raise UsageError(f"unknown range {where!r}: choose one of {', '.join(chosen.ranges)}")
    row = show_row(chosen, where if length is None else str(length), seed, Form(style, without, baseline))
    if as_json:
        print(json.dumps(row))
    else:
        print(row["prompt"][0]["content"] + "\n\n" + row["completion"][0]["content"])


@app.command()
def synth(
    tasks: Tasks,
    out: Annotated[Path, typer.Option(help="Folder for TASK/train, TASK/eval and TASK/manifest.json.")],
    train: Annotated[int, typer.Option(help="Training rows a task, divided by --mix.")] = 1000,
    evaluation: Annotated[int, typer.Option("--eval", help="Evaluation rows for each of S, M and L.")] = 100,
    mix: Annotated[str, typer.Option(help="Training rows by range, S:M:L.")] = "1:0:0",
    lengths: Lengths = None,
    style: Style = "minimal",
    without: Without = None,
    baseline: BaselineName = None,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(help="Processes; the bytes do not depend on it.")] = 0,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Make only part I of N.")] = None,
    format: Annotated[str, typer.Option(help="parquet or jsonl.")] = "parquet",
    strict: Annotated[bool, typer.Option("--strict", help="A shortfall of distinct problems is an error.")] = False,
) -> None:
    """Write data sets of chains of thought, made by running programs."""
    from tail_lite.render import Form
    from tail_lite.synthesis import Synthesis, parse_lengths, parse_mix, parse_shard, shortfalls, synthesise_all
    from tail_lite.tasks import parse_tasks

    form, part = Form(style, without, baseline), parse_shard(shard)
    chosen = parse_tasks(tasks)
    specs = [
        Synthesis(t.name, train, evaluation, parse_mix(mix), parse_lengths(lengths), form, seed, format) for t in chosen
    ]
    if workers < 0:
        raise UsageError("--workers must be at least 1")
    workers = workers or os.cpu_count() or 1
    with _progress() as progress:
        made = synthesise_all(specs, out, workers, part, strict, progress)
        for spec, manifest in zip(specs, made, strict=True):
            for phrase in shortfalls(manifest):
                print(f"warning: {spec.task}: {phrase}", file=sys.stderr)
            print(out / spec.task, flush=True)


class _progress:
    """A progress bar on standard error, where a person watches it."""

    def __enter__(self) -> Any:
        if not sys.stderr.isatty():
            return None
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(stderr=True), transient=True)
        self.bar.start()
        ids: dict[str, Any] = {}

        def update(name: str, done: int, total: int) -> None:
            if name not in ids:
                ids[name] = self.bar.add_task(name, total=total)
            self.bar.update(ids[name], completed=done)

        return update

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "bar"):
            self.bar.stop()


@app.command()
def check(
    tasks: Annotated[list[str], typer.Argument(metavar="TASK…|FILE.py", help="Tasks, all, or a task's file.")],
    n: Annotated[int, typer.Option(help="Problems a task, spread over S, M and L.")] = 300,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(help="Processes.", show_default="all cores")] = 0,
) -> None:
    """Check tasks without a model: answers against an oracle, and that traces keep their promises."""
    from tail_lite.check import check_all, load_task
    from tail_lite.tasks import parse_tasks

    if n < 3:
        raise UsageError("--n must be at least 3: one problem for each of S, M and L")
    files = [name for name in tasks if name.endswith(".py")]
    named = [name for name in tasks if name not in files]
    for name in files:
        load_task(name)
    found = files + ([task.name for task in parse_tasks(named)] if named or not files else [])
    failed = False
    for report in check_all(found, n, seed, workers or os.cpu_count() or 1):
        failed |= not report.passed
        tokens = ", ".join(f"{w} {t['mean']:.0f}/{t['max']}" for w, t in report.tokens.items() if t)
        verdict = "ok" if report.passed else "FAILED"
        print(f"{verdict} {report.task}: {report.problems} problems, {report.states} states, tokens mean/max {tokens}")
        for fault in report.faults:
            print(f"  {fault}")
        sys.stdout.flush()
    if failed:
        raise typer.Exit(1)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Rows with task, problem, generation.")],
) -> None:
    """Grade generated chains of thought: answer, outcome, first wrong step and its module."""
    from tail_lite.verify import verify_file

    for graded in verify_file(file):
        print(json.dumps(graded))


@app.command()
def merge(
    adapter: Annotated[Path, typer.Argument(metavar="ADAPTER", help="Folder of the PEFT adapter.")],
    out: Annotated[Path, typer.Option(help="Folder for the merged model.")],
) -> None:
    """Merge an adapter into its base model."""
    from tail_lite.merge import merge_adapter

    print(json.dumps(merge_adapter(adapter, out)))


@app.command("eval")
def evaluation(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model folder, run folder, hub name, or nano.")],
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="TASK…", help="Tasks (a run folder knows its own).")
    ] = None,
    engine: Engine = "auto",
    n: Annotated[int | None, typer.Option(help="Rows for each range (default: as the run did, else 100).")] = None,
    ranges: Annotated[str, typer.Option(help="Ranges to evaluate.")] = "S,M,L",
    lengths: Lengths = None,
    style: Style = "minimal",
    without: Without = None,
    baseline: BaselineName = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for results.json and samples.jsonl.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the evaluation in --out.")] = False,
) -> None:
    """Evaluate pass@1 by length."""
    from tail_lite.evaluate import evaluate_command

    evaluate_command(model, tasks or [], engine, n, ranges, lengths, (style, without, baseline), seed, out, resume)


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Run or evaluation folders.")],
    out: Annotated[Path, typer.Option(help="Folder for tables and plots.")],
) -> None:
    """Tables and plots over several runs."""
    from tail_lite.report import report_runs

    report_runs(runs, out)


@app.command()
def doctor() -> None:
    """What this machine can run: GPU, memory, versions, which backends and engines work and why not."""
    from tail_lite.doctor import print_diagnosis

    print_diagnosis()


@app.command("app")
def gradio_app(
    port: Annotated[int | None, typer.Option(help="Port (default: the first free one from 7860).")] = None,
) -> None:
    """Step through traces in the browser."""
    from tail_lite.app import launch

    launch(port=port)


def _command() -> None:
    try:
        code = app(standalone_mode=False)
    except Exception as error:
        # Usage errors take several lines by default; ours take one. Recognised by method, not class: newer versions of
        # typer carry their own copy of click.
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        if not hasattr(error, "format_message"):
            raise
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "tail-lite"
        raise UsageError(f"{str(error.format_message()).rstrip('.')}. See `{path} --help`.") from None
    if isinstance(code, int) and code:
        sys.exit(code)


def main() -> None:
    """Entry point of ``tail-lite``."""
    run_and_exit(_command)


if __name__ == "__main__":
    main()
