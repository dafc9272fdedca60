"""Studies: several runs that differ in one thing, through the recipes, and bad words."""

import json

import pytest

from tail_lite.errors import UsageError
from tail_lite.study import study


def test_a_study_trains_each_variant_and_compares_them(recipe, tmp_path) -> None:
    words = ["compare_numbers", "--out", "study", "--only", "tail,answer-only", "--samples", "8", "--eval-n", "1"]
    done = recipe("baselines.py", *words)
    assert done.returncode == 0, done.stderr
    study_dir = tmp_path / "study" / "compare_numbers"
    page = (study_dir / "report" / "report.md").read_text()
    assert "| compare_numbers | tail | " in page
    assert "| compare_numbers | answer-only | " in page
    runs = [json.loads((study_dir / name / "config.json").read_text())["run"] for name in ("tail", "answer-only")]
    assert [run["baseline"] for run in runs] == [None, "answer-only"]
    for name in ("samples", "epochs", "batch", "seed", "lr"):
        assert runs[0][name] == runs[1][name]

    again = recipe("baselines.py", *words)
    assert again.returncode == 0
    assert again.stdout.count("training: already done") == 2
    assert "choose another --out" in recipe("baselines.py", *words, "--seed", "1").stderr


def test_every_variant_gets_the_words_and_every_task_its_own_models(tmp_path, monkeypatch) -> None:
    ran: list[list[str]] = []
    reports = []
    monkeypatch.setattr("tail_lite.study.report_runs", lambda folders, out: reports.append((folders, out)))
    argv = ["addition", "division", "--out", str(tmp_path), "--eval-n", "3", "--lengths", "55"]
    study(argv, "", lambda task: {"a": [], "b": ["--baseline", "answer-only"]}, ran.append)
    common = ["--eval-n", "3", "--lengths", "55", "--out"]
    assert ran == [
        [task, *flags, *common, str(tmp_path / task / name), "--resume"]
        for task in ("addition", "division")
        for name, flags in (("a", []), ("b", ["--baseline", "answer-only"]))
    ]
    assert [out for _, out in reports] == [tmp_path / task / "report" for task in ("addition", "division")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["addition"], "required: --out"),
        (["adition", "--out", "d"], "did you mean 'addition'"),
        (["addition", "--out", "d", "--only", "c"], "unknown variant 'c'"),
        (["--out", "d"], "no task"),
    ],
)
def test_bad_words(words, says) -> None:
    def run(argv: list[str]) -> None:
        raise AssertionError(argv)

    with pytest.raises(UsageError, match=says):
        study(words, "", lambda task: {"a": [], task.name: []}, run)
