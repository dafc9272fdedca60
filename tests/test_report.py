"""Reports for people: tables that say n and interval, plots that can be opened, a page that says how it was made."""

import errno
import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tail_lite.errors import RunError, UsageError
from tail_lite.report import accuracy_table, markdown_table, print_report, read_log, report_runs, write_report
from tail_lite.stats import wilson


def group(correct: int, n: int) -> dict[str, Any]:
    return {
        "n": n,
        "correct": correct,
        "accuracy": correct / n,
        "ci95": list(wilson(correct, n)),
        "outcomes": {"right": correct, "wrong_step": n - correct},
        "first_wrong_class": {"wrong_operand": n - correct},
        "first_wrong_module": {"fetch": n - correct},
        "mean_tokens": 1234.5,
    }


def make_run(folder: Path, accuracies: list[int], tasks: tuple[str, ...] = ("addition",), log: bool = True) -> Path:
    ranges = ("S", "M", "L", "55", "60")
    results = {
        "model": "merged",
        "engine": "transformers",
        "config": {"seed": 0, "engine_version": "5"},
        "tasks": {task: {w: group(c, 100) for w, c in zip(ranges, accuracies, strict=False)} for task in tasks},
    }
    (folder / "eval").mkdir(parents=True)
    (folder / "eval" / "results.json").write_text(json.dumps(results))
    (folder / "config.json").write_text(json.dumps({"command": "python x.py addition", "run": {"lr": 0.001}}))
    if log:
        lines = [{"step": k, "loss": 4 / k, "learning_rate": 0.1, "tokens_per_second": 9.0} for k in range(1, 80)]
        (folder / "train_log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 80, "lo')
    return folder


def size_of(png: Path) -> tuple[int, int]:
    content = png.read_bytes()
    assert content.startswith(b"\x89PNG")
    return struct.unpack(">II", content[16:24])  # type: ignore[return-value]


def test_the_table_says_n_and_interval() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(accuracy_table({"tasks": {"addition": {"L": group(3, 100), "S": group(90, 100)}}}))
    lines = [line.split() for line in console.export_text().splitlines() if "%" in line and "95" not in line]
    assert lines == [
        ["addition", "S", "100", "90.0%", "82.6%", "–", "94.5%", "1,234"],
        ["L", "100", "3.0%", "1.0%", "–", "8.5%", "1,234"],
    ]


def test_markdown_table() -> None:
    assert markdown_table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_a_run_folder_gets_a_page_and_two_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run", [90, 40, 0])
    page = write_report(run).read_text()
    for text in (
        "python x.py addition",
        "| addition | S | 100 | 90 | 90.0% | 82.6% – 94.5% |",
        "| addition | M | 60 |",
        "| task | range | fetch |",
        "| run.lr | `0.001` |",
        "79 steps, last loss 0.05063",
        "(accuracy.png)",
        "(loss.png)",
    ):
        assert text in page
    assert min(size_of(run / "accuracy.png") + size_of(run / "loss.png")) > 300
    print_report(run)
    assert str(run / "accuracy.png") in capsys.readouterr().out.replace("\n", "")


def test_no_log_no_loss_plot(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [0], log=False)
    assert "loss.png" not in write_report(run).read_text()
    assert not (run / "loss.png").exists()


def test_a_log_that_is_being_written_is_read_to_its_last_whole_line(tmp_path: Path) -> None:
    assert len(read_log(make_run(tmp_path / "run", [1]) / "train_log.jsonl")) == 79
    assert read_log(tmp_path / "none") == []


def test_several_runs_and_evaluation_folders_side_by_side(tmp_path: Path) -> None:
    tasks = ("addition", "division", "lcs")
    runs = [
        make_run(tmp_path / "tail", [97, 92, 86, 70], tasks),
        make_run(tmp_path / "a" / "same", [50, 10, 5], tasks[:1]) / "eval",
        make_run(tmp_path / "b" / "same", [60, 20, 5], tasks[1:], log=False),
    ]
    page = report_runs(runs, tmp_path / "out").read_text()
    assert "| task | run | S | M | L | 55 |" in page
    assert "| addition | tail | 97.0 (91.5–99.0; 100) |" in page
    assert f"| division | {runs[2]} | 60.0" in page
    assert size_of(tmp_path / "out" / "accuracy.png")[0] > 600
    before = (tmp_path / "out" / "accuracy.png").read_bytes()
    report_runs(runs, tmp_path / "out")
    assert (tmp_path / "out" / "accuracy.png").read_bytes() == before


def test_bad_folders_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [1])
    with pytest.raises(UsageError, match=r"no results\.json"):
        report_runs([tmp_path], tmp_path / "out")
    with pytest.raises(UsageError, match="no run"):
        report_runs([], tmp_path / "out")
    with pytest.raises(UsageError, match="not of a report"):
        report_runs([run], run)
    with pytest.raises(UsageError, match="cannot write"):
        report_runs([run], run / "config.json" / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_no_half_written_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = make_run(tmp_path / "run", [1])
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="all results are saved"):
        write_report(run)
    assert not {"report.md", "accuracy.png", "loss.png"} & {file.name for file in run.iterdir()}
