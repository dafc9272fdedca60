"""Results for people: tables, plots, and a page that says how they were made."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tail_lite.errors import RunError, UsageError
from tail_lite.evaluate import RESULTS, range_order
from tail_lite.files import read_json, replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

REPORT, ACCURACY, LOSS = "report.md", "accuracy.png", "loss.png"
TRAIN_LOG = "train_log.jsonl"
_COLOURS = ("#2a6fbb", "#d1602b", "#3c9450", "#8a4fb0", "#b08a1e", "#1b9aa0", "#c2417c", "#6b6b6b")


class Run(NamedTuple):
    """What a run or evaluation folder holds; `config` and `log` are empty for an evaluation alone."""

    name: str
    results: dict[str, Any]
    config: dict[str, Any]
    log: list[dict[str, Any]]


def read_run(folder: str | Path) -> Run:
    """A run folder (results in its ``eval/``) or an evaluation folder."""
    folder = Path(folder)
    for place in (folder / "eval", folder):
        results = read_json(place / RESULTS)
        if results is not None:
            if not isinstance(results.get("tasks"), dict):
                raise UsageError(f"{place / RESULTS} has no 'tasks': it is not a results file of this kit")
            name = folder.resolve().parent.name if folder.name == "eval" else folder.resolve().name
            config = read_json(folder / "config.json") or {}
            return Run(name, results, config, read_log(folder / TRAIN_LOG))
    raise UsageError(f"{folder} has no {RESULTS} and no eval/{RESULTS}: give run or evaluation folders")


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a training log; none where there is no log, and no last line that is still being written."""
    if not path.is_file():
        return []
    content = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in content[: content.rfind("\n") + 1].splitlines()]


# Tables

_HEAD = ("task", "range", "n", "correct", "accuracy", "95% interval", "mean tokens")


def table_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row of text for each task and range."""
    rows: list[tuple[str, ...]] = []
    for task, ranges in results["tasks"].items():
        for where in sorted(ranges, key=range_order):
            r = ranges[where]
            low, high = r["ci95"]
            rows.append(
                (
                    task,
                    where,
                    str(r["n"]),
                    str(r["correct"]),
                    f"{r['accuracy']:.1%}",
                    f"{low:.1%} – {high:.1%}",
                    f"{r['mean_tokens']:,.0f}",
                )
            )
    return rows


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table whose first `texts` columns are words and whose others are numbers."""
    rule = ["---" if k < texts else "---:" for k in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)) + "\n"


def accuracy_table(results: dict[str, Any]) -> Table:
    """Accuracy by task and range with n and 95% interval, for a terminal."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for k, name in enumerate(_HEAD):
        if name != "correct":  # follows from n and accuracy; without it the longest task name fits 80 columns
            table.add_column(name, justify="left" if k < 2 else "right", no_wrap=True)
    before = ""
    for task, where, n, _, *row in table_rows(results):
        table.add_row(task if task != before else "", where, n, *row)
        before = task
    return table


def print_results(results: dict[str, Any]) -> None:
    """The accuracy table on standard output."""
    from rich.console import Console

    Console().print(accuracy_table(results))


def print_report(run: str | Path) -> None:
    """The table of a run folder, and where its report and plot are."""
    print_results(read_run(run).results)
    for name in (REPORT, ACCURACY):
        print(f"{Path(name).stem}: {Path(run) / name}")


def _counts(results: dict[str, Any], name: str) -> str:
    """One of the counters of all ranges as a table: a row a task and range, a column a name that was counted."""
    groups = [(task, where, r[name]) for task, ranges in results["tasks"].items() for where, r in ranges.items()]
    total: Counter[str] = Counter()
    for _, _, counts in groups:
        total.update(counts)
    columns = [key for key, _ in total.most_common()]
    if not columns:
        return "None.\n"
    rows = [(task, where, *(str(counts.get(c, 0)) for c in columns)) for task, where, counts in groups]
    return markdown_table(("task", "range", *columns), rows, 2)


# Plots


def plot_accuracy(runs: Sequence[tuple[str, dict[str, Any]]], path: str | Path) -> None:
    """Accuracy by range with 95% intervals: a panel for each task, a colour for each run."""
    from matplotlib.figure import Figure

    tasks = list(dict.fromkeys(task for _, results in runs for task in results["tasks"]))
    columns = min(4, math.ceil(math.sqrt(len(tasks)))) if len(tasks) != 3 else 3
    lines = math.ceil(len(tasks) / columns)
    legend = 0.3 * len(runs) if len(runs) > 1 else 0.0
    width, height = max(5.6, 3.4 * columns), (4.0 if lines == 1 else 2.8 * lines) + legend
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for place, panel in enumerate(panels.flat):
        if place >= len(tasks):
            panel.set_axis_off()
            continue
        _accuracy_panel(panel, tasks[place], runs)
        if place % columns == 0:
            panel.set_ylabel("pass@1 accuracy (%)")
        if place + columns >= len(tasks):
            panel.set_xlabel("input length (range or exact)")
    if len(runs) > 1:
        handles = [
            panels.flat[0].plot([], [], "o-", color=_colour(k), label=name)[0] for k, (name, _) in enumerate(runs)
        ]
        figure.legend(handles=handles, loc="outside lower center", frameon=False, fontsize=9)
    _write_figure(figure, Path(path))


def _write_figure(figure: Figure, path: Path) -> None:
    image = io.BytesIO()
    figure.savefig(image, dpi=130, format="png")
    replace_file(path, image.getvalue())


def _accuracy_panel(panel: Any, task: str, runs: Sequence[tuple[str, dict[str, Any]]]) -> None:
    found = {where for _, results in runs for where in results["tasks"].get(task, {})}
    ranges = sorted(found, key=range_order)
    for k, (_, results) in enumerate(runs):
        here = results["tasks"].get(task, {})
        shift = (k - (len(runs) - 1) / 2) * min(0.12, 0.6 / len(runs))
        places = [ranges.index(where) + shift for where in ranges if where in here]
        measured = [here[where] for where in ranges if where in here]
        heights = [100 * r["accuracy"] for r in measured]
        below = [max(0.0, 100 * (r["accuracy"] - r["ci95"][0])) for r in measured]
        above = [max(0.0, 100 * (r["ci95"][1] - r["accuracy"])) for r in measured]
        panel.errorbar(
            places, heights, [below, above], fmt="o-", color=_colour(k), capsize=4, markersize=5, linewidth=1.4
        )
        if len(runs) == 1:
            behind = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
            for x, y, up, r in zip(places, heights, above, measured, strict=True):
                panel.annotate(
                    f"{r['accuracy']:.0%}\nn={r['n']}",
                    (x, y + up),
                    (0, 4),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                    bbox=behind,
                )
    panel.set_title(task, fontsize=11)
    panel.set_xticks(range(len(ranges)), ranges)
    panel.set_xlim(-0.5, len(ranges) - 0.5)
    panel.set_ylim(-3, 121 if len(runs) == 1 else 104)
    panel.set_yticks(range(0, 101, 20))
    panel.grid(axis="y", color="#dddddd", linewidth=0.7)
    panel.spines[["top", "right"]].set_visible(False)


def _colour(k: int) -> str:
    return _COLOURS[k % len(_COLOURS)]


def plot_loss(logs: Sequence[tuple[str, list[dict[str, Any]]]], path: str | Path) -> None:
    """Training loss by step, each run's running mean over its own values."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure = Figure(figsize=(6.4, 3.8 + 0.25 * (len(logs) - 1)), layout="constrained")
    panel = figure.subplots()
    for k, (name, log) in enumerate(logs):
        steps, losses = [line["step"] for line in log], [line["loss"] for line in log]
        panel.plot(steps, losses, color=_colour(k), alpha=0.3, linewidth=0.9)
        panel.plot(steps, _smooth(losses), color=_colour(k), linewidth=1.8, label=name)
    values = [line["loss"] for _, log in logs for line in log if line["loss"] > 0]
    if values and max(values) > 20 * min(values):
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.yaxis.set_minor_formatter(NullFormatter())
    panel.set_xlabel("optimizer step")
    panel.set_ylabel("training loss (nats a token)")
    panel.grid(color="#dddddd", linewidth=0.7)
    panel.spines[["top", "right"]].set_visible(False)
    if len(logs) > 1:
        figure.legend(loc="outside lower center", frameon=False, fontsize=9)
    _write_figure(figure, Path(path))


def _smooth(values: Sequence[float]) -> list[float]:
    """An exponential mean over about a fortieth of the run, corrected for its start."""
    keep = 1 - 1 / max(1.0, len(values) / 40)
    mean, weight, smoothed = 0.0, 0.0, []
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + 1 - keep
        smoothed.append(mean / weight)
    return smoothed


# Reports


def write_report(run: str | Path) -> Path:
    """``report.md``, ``accuracy.png`` and, where there is a training log, ``loss.png`` in a run folder."""
    folder, found = Path(run), read_run(run)
    with _one_line_if_it_fails(folder):
        plot_accuracy([(found.name, found.results)], folder / ACCURACY)
        if found.log:
            plot_loss([(found.name, found.log)], folder / LOSS)
        replace_file(folder / REPORT, _page(found))
    return folder / REPORT


@contextmanager
def _one_line_if_it_fails(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"cannot write the report into {folder} ({error.strerror}); all results are saved: make room, then use "
            "`tail-lite report RUN --out DIR`"
        ) from None


def _page(run: Run) -> str:
    results = run.results
    command = run.config.get("command")
    parts = [f"# {run.name}\n"]
    if command:
        parts.append(f"Made by\n\n```\n{command}\n```\n")
    engine = f"{results['engine']} {results['config'].get('engine_version', '')}".strip()
    parts += [
        "## Accuracy by input length\n",
        f"pass@1, greedy, engine {engine}, graded exactly; 95% Wilson intervals.\n",
        markdown_table(_HEAD, table_rows(results), 2),
        f"![accuracy by range]({ACCURACY})\n",
        "## Outcomes\n",
        _counts(results, "outcomes"),
        "## First wrong step\n",
        "Where a text first leaves the true trace: which of TAIL's modules was to be written there, and what went "
        "wrong. Texts that never leave it are not counted, nor are baselines, which have no trace.\n",
        _counts(results, "first_wrong_module"),
        _counts(results, "first_wrong_class"),
    ]
    if run.log:
        last = run.log[-1]
        speeds = [line["tokens_per_second"] for line in run.log if line.get("tokens_per_second")]
        speed = f", {sum(speeds) / len(speeds):,.0f} tokens/s on average" if speeds else ""
        parts += [
            "## Training\n",
            f"{last['step']:,} steps, last loss {last['loss']:.4g}{speed}.\n",
            f"![training loss]({LOSS})\n",
        ]
    settings = _settings(run.config or results["config"])
    parts += ["## Configuration\n", markdown_table(("setting", "value"), settings, 2)]
    return "\n".join(parts)


def _settings(config: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """A nested configuration as rows; the command has a place of its own."""
    rows: list[tuple[str, str]] = []
    for name, value in config.items():
        if isinstance(value, dict) and value:
            rows += _settings(value, f"{prefix}{name}.")
        elif prefix or name != "command":
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            rows.append((f"{prefix}{name}", f"`{shown}`"))
    return rows


def report_runs(runs: Sequence[str | Path], out: str | Path) -> Path:
    """Tables and plots over several run or evaluation folders: ``report.md``, ``accuracy.png``, ``loss.png``."""
    found = _distinct([read_run(run) for run in runs], runs)
    if not found:
        raise UsageError("no run to report on: name run or evaluation folders")
    out = Path(out)
    foreign = [f for f in out.iterdir() if f.name not in (REPORT, ACCURACY, LOSS)] if out.is_dir() else []
    if foreign:
        raise UsageError(f"{out} holds {foreign[0].name}, which is not of a report: choose another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {out} ({error.strerror}): choose another --out") from None
    logs = [(run.name, run.log) for run in found if run.log]
    with _one_line_if_it_fails(out):
        plot_accuracy([(run.name, run.results) for run in found], out / ACCURACY)
        if logs:
            plot_loss(logs, out / LOSS)
        replace_file(out / REPORT, _runs_page(found, runs, bool(logs)))
    print(f"report: {out / REPORT}")
    return out / REPORT


def _runs_page(found: Sequence[Run], folders: Sequence[str | Path], loss: bool) -> str:
    parts = ["# Accuracy by input length\n", "pass@1 in %, with its 95% Wilson interval and n.\n", _comparison(found)]
    parts.append(f"![accuracy by range]({ACCURACY})\n")
    if loss:
        parts.append(f"## Training loss\n\n![training loss]({LOSS})\n")
    parts.append("## Runs\n")
    for run, folder in zip(found, folders, strict=True):
        parts.append(f"### {run.name}\n")
        parts.append(f"Folder `{folder}`, model `{run.results['model']}`, engine {run.results['engine']}.\n")
        if run.config.get("command"):
            parts.append(f"```\n{run.config['command']}\n```\n")
        parts += ["Outcomes\n", _counts(run.results, "outcomes")]
        parts += ["Module of the first wrong step\n", _counts(run.results, "first_wrong_module")]
    return "\n".join(parts)


def _distinct(found: list[Run], folders: Sequence[str | Path]) -> list[Run]:
    """Runs of one name are told apart by their folders."""
    names = Counter(run.name for run in found)
    return [r if names[r.name] == 1 else r._replace(name=str(f)) for r, f in zip(found, folders, strict=True)]


def _comparison(runs: Sequence[Run]) -> str:
    """A row for each run and task, a column for each range."""
    ranges = sorted({w for run in runs for task in run.results["tasks"].values() for w in task}, key=range_order)
    tasks = list(dict.fromkeys(task for run in runs for task in run.results["tasks"]))
    rows = []
    for task in tasks:
        for run in runs:
            if task in run.results["tasks"]:
                here = run.results["tasks"][task]
                rows.append((task, run.name, *(_cell(here.get(where)) for where in ranges)))
    return markdown_table(("task", "run", *ranges), rows, 2)


def _cell(r: dict[str, Any] | None) -> str:
    if r is None:
        return "–"
    return f"{100 * r['accuracy']:.1f} ({100 * r['ci95'][0]:.1f}–{100 * r['ci95'][1]:.1f}; {r['n']})"
