"""Evaluation: what is saved, what a kill or a full disk leaves behind, and what the numbers are."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tail_lite import evaluate as module
from tail_lite.engines import Generation
from tail_lite.errors import RunError, UsageError
from tail_lite.evaluate import evaluate, evaluate_command
from tail_lite.models import locate
from tail_lite.render import Form
from tail_lite.stats import wilson
from tail_lite.synthesis import make_row
from tail_lite.tasks import get_task
from tail_lite.tasks.base import problem_json, rng_of

NANO = locate("nano")
ADDITION = get_task("addition")
SHORT = Form(baseline="answer-only")
SAMPLE = ["id", "task", "range", "length", "problem", "form", "prompt", "generation", "tokens", "finish", "extracted"]
SAMPLE += ["answer", "correct", "outcome", "first_wrong"]
RANGE = ["n", "correct", "accuracy", "ci95", "outcomes", "first_wrong_class", "first_wrong_module", "mean_tokens"]


def make_rows(form: Form, n: int, ranges: tuple[str, ...] = ("S", "M", "L")) -> list[dict[str, Any]]:
    return [
        make_row(
            ADDITION, where, problem_json(ADDITION.sample(rng_of("test", where, k), *ADDITION.ranges[where])), form
        )
        for where in ranges
        for k in range(n)
    ]


class Oracle:
    """An engine that answers as told, in an order of its own: the last row first."""

    name, version, flags = "transformers", "0", {"told": True}

    def __init__(self, texts: list[str], finish: str = "stop", stop_after: int | None = None) -> None:
        self.texts, self.finish, self.stop_after, self.asked = texts, finish, stop_after, 0

    def generate(self, prompts: list[list[int]], *_: object) -> Iterator[tuple[int, Generation]]:
        self.asked = len(prompts)
        for count, k in enumerate(reversed(range(len(prompts)))):
            if count == self.stop_after:
                raise KeyboardInterrupt
            yield k, Generation(self.texts[k], 7, self.finish)

    def close(self) -> None: ...


def told(monkeypatch: pytest.MonkeyPatch, engine: Oracle) -> Oracle:
    monkeypatch.setattr(module, "open_engine", lambda *_: engine)
    return engine


def truths(rows: list[dict[str, Any]]) -> list[str]:
    return [row["completion"][0]["content"] for row in rows]


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def test_wilson() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)  # Wikipedia's and R's figures
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    for n in (1, 7, 500):
        for correct in range(0, n + 1, max(1, n // 7)):
            low, high = wilson(correct, n)
            assert 0 <= low <= correct / n <= high <= 1


def test_files_are_as_the_contract_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_rows(Form(), 4)
    texts = truths(rows)
    texts[0] = texts[0][:40]
    texts[1] = "Answer: " + rows[1]["answer"]
    texts[2] += "1"
    told(monkeypatch, Oracle(texts))
    results = evaluate(NANO, rows, tmp_path / "eval", Form(), "transformers", model_name="m", config={"seed": 3})
    assert results == json.loads((tmp_path / "eval" / "results.json").read_text())
    assert list(results) == ["model", "engine", "config", "tasks"]
    assert (results["model"], results["engine"], results["config"]["seed"]) == ("m", "transformers", 3)
    assert results["config"]["engine_flags"] == {"told": True}
    assert list(results["tasks"]["addition"]) == ["S", "M", "L"]
    short = results["tasks"]["addition"]["S"]
    assert list(short) == RANGE
    assert (short["n"], short["correct"], short["accuracy"], short["mean_tokens"]) == (4, 2, 0.5, 7)
    assert short["outcomes"] == {"right": 1, "right_answer_wrong_trace": 1, "wrong_step": 1, "no_answer": 1}
    assert short["first_wrong_class"] == {"stopped_early": 2, "wrong_answer": 1}
    assert sum(short["first_wrong_module"].values()) == 3
    assert results["tasks"]["addition"]["L"]["ci95"] == list(wilson(4, 4))
    samples = read(tmp_path / "eval")
    assert [list(s) for s in samples] == [SAMPLE] * len(rows)
    assert [(s["id"], s["range"]) for s in samples] == [(r["id"], r["range"]) for r in rows]
    for sample, row in zip(samples, rows, strict=True):
        assert all(sample[key] == row[key] for key in ("task", "length", "problem", "prompt", "answer"))
        assert sample["form"] == {"style": "minimal", "without": None, "baseline": None}


def test_a_budget_that_runs_out_is_counted_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_rows(Form(), 2, ("S",))
    told(monkeypatch, Oracle(truths(rows), "length"))
    results = evaluate(NANO, rows, tmp_path / "eval", Form(), "transformers")
    assert results["tasks"]["addition"]["S"]["outcomes"] == {"out_of_budget": 2}
    assert results["tasks"]["addition"]["S"]["correct"] == 0


def test_real_generation_keeps_to_its_budgets(tmp_path: Path) -> None:
    rows = make_rows(SHORT, 3)
    evaluate(NANO, rows, tmp_path / "eval", SHORT, "transformers")
    prompts, _, budgets, longest = module._plan(NANO, rows)
    for sample, budget in zip(read(tmp_path / "eval"), budgets, strict=True):
        assert sample["tokens"] == budget if sample["finish"] == "length" else sample["tokens"] <= budget
        assert (sample["outcome"] == "out_of_budget") == (sample["finish"] == "length")
        assert sample["first_wrong"] is None
    assert longest == max(len(p) + b for p, b in zip(prompts, budgets, strict=True))


def test_what_is_saved_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, out = make_rows(Form(), 3), tmp_path / "eval"
    told(monkeypatch, Oracle(truths(rows), stop_after=4))
    with pytest.raises(KeyboardInterrupt):
        evaluate(NANO, rows, out, Form(), "transformers")
    assert [(s["id"], s["range"]) for s in read(out)] == [(r["id"], r["range"]) for r in rows[:-5:-1]]
    assert not (out / "results.json").exists()
    with (out / "samples.jsonl").open("a") as file:
        file.write('{"id": "torn')
    engine = told(monkeypatch, Oracle(truths(rows)))
    evaluate(NANO, rows, out, Form(), "transformers", resume=True)
    assert engine.asked == 5
    samples = read(out)
    assert [s["id"] for s in samples] == [r["id"] for r in rows]
    assert {s["outcome"] for s in samples} == {"right"}
    told(monkeypatch, Oracle([]))  # which has no text for anyone
    again = evaluate(NANO, rows, out, Form(), "transformers", resume=True)
    (out / "results.json").unlink()  # killed between the last sample and the results
    assert evaluate(NANO, rows, out, Form(), "transformers", resume=True) == again


def test_a_folder_of_another_evaluation_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, out = make_rows(Form(), 2, ("S",)), tmp_path / "eval"
    told(monkeypatch, Oracle(truths(rows)))
    evaluate(NANO, rows, out, Form(), "transformers")
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    other = shutil.copytree(NANO, tmp_path / "model")
    (other / "config.json").write_text((other / "config.json").read_text() + "\n")
    with pytest.raises(UsageError, match="not empty"):
        evaluate(NANO, rows, out, Form(), "transformers")
    with pytest.raises(UsageError, match="another form"):
        evaluate(NANO, rows, out, Form("styled"), "transformers", resume=True)
    with pytest.raises(UsageError, match="another rows"):
        evaluate(NANO, rows[:1], out, Form(), "transformers", resume=True)
    with pytest.raises(UsageError, match="another model"):
        evaluate(other, rows, out, Form(), "transformers", resume=True)
    with pytest.raises(UsageError, match="no evaluation"):
        evaluate(NANO, rows, other, Form(), "transformers", resume=True)
    with pytest.raises(UsageError, match="cannot write"):
        evaluate(NANO, rows, NANO / "config.json" / "eval", Form(), "transformers")
    with pytest.raises(UsageError, match="no row"):
        evaluate(NANO, [], tmp_path / "none", Form(), "transformers")
    assert before == {file.name: file.read_bytes() for file in out.iterdir()}


def test_a_sample_longer_than_the_context_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    small = shutil.copytree(NANO, tmp_path / "model")
    config = json.loads((small / "config.json").read_text()) | {"max_position_embeddings": 700}
    (small / "config.json").write_text(json.dumps(config))
    rows = make_rows(Form(), 2)
    with pytest.raises(UsageError, match=r"addition \w \w+ .* context of 700") as raised:
        evaluate(small, rows, tmp_path / "eval", Form(), "transformers")
    assert any(row["id"] in str(raised.value) for row in rows)
    assert not (tmp_path / "eval").exists()


def test_a_full_disk_is_one_line_and_leaves_whole_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, out = make_rows(Form(), 3, ("S",)), tmp_path / "eval"
    told(monkeypatch, Oracle(truths(rows)))
    append = module._append

    class Full:
        """A file on a disk with room for ten more bytes."""

        def __init__(self, file: Any) -> None:
            self.seek, self.truncate, self.room = file.seek, file.truncate, [file.write]

        def write(self, line: bytes) -> int:
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.room.pop()(line[:10])

    def full(file: Any, line: bytes) -> None:
        append(Full(file) if file.seek(0, os.SEEK_END) else file, line)

    monkeypatch.setattr(module, "_append", full)
    with pytest.raises(RunError, match=r"disk is full: 1 samples are saved in .*--resume"):
        evaluate(NANO, rows, out, Form(), "transformers")
    assert (out / "samples.jsonl").read_text().count("\n") == len(read(out)) == 1
    monkeypatch.setattr(module, "_append", append)
    evaluate(NANO, rows, out, Form(), "transformers", resume=True)
    assert len(read(out)) == 3


def test_out_of_memory_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Greedy(Oracle):
        def generate(self, prompts: list[list[int]], *_: object) -> Iterator[tuple[int, Generation]]:
            yield 0, Generation("x", 1, "stop")
            raise RuntimeError("CUDA out of memory. Tried to allocate 3 EiB")

    rows = make_rows(Form(), 2, ("S",))
    told(monkeypatch, Greedy([]))
    with pytest.raises(RunError, match="out of memory: 1 samples are saved"):
        evaluate(NANO, rows, tmp_path / "eval", Form(), "transformers")


def test_killed_in_the_middle_then_resumed(tmp_path: Path) -> None:
    rows, out = make_rows(SHORT, 10), tmp_path / "eval"
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    script = (
        "import json, sys\n"
        "from tail_lite.engines import transformers\n"
        "from tail_lite.evaluate import evaluate\n"
        "from tail_lite.render import Form\n"
        "transformers._MOST_ROWS = {'cpu': 3}\n"  # many batches, so that there is a middle
        "rows, (model, out) = json.load(open(sys.argv[1])), sys.argv[2:]\n"
        "evaluate(model, rows, out, Form(baseline='answer-only'), 'transformers', resume=True)\n"
    )
    command = [sys.executable, "-c", script, tmp_path / "rows.json", NANO, out]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    samples, patience = out / "samples.jsonl", time.monotonic() + 120
    while not (samples.is_file() and samples.read_bytes().count(b"\n") >= 6):
        assert running.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < patience
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()
    saved = samples.read_bytes()
    whole = saved[: saved.rfind(b"\n") + 1].splitlines()
    assert 6 <= len(whole) < len(rows)
    assert not (out / "results.json").exists()
    evaluate(NANO, rows, out, SHORT, "transformers", resume=True)
    finished = samples.read_bytes().splitlines()
    assert Counter(json.loads(line)["id"] for line in finished) == Counter(row["id"] for row in rows)
    assert set(whole) <= set(finished)
    assert json.loads((out / "results.json").read_text())["tasks"]["addition"]["M"]["n"] == 10
    assert sorted(file.name for file in out.iterdir()) == ["fingerprint.json", "results.json", "samples.jsonl"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = ("minimal", None, "answer-only")
    results = evaluate_command(
        "nano", ["addition"], "transformers", 2, "S", "55", form, 0, tmp_path / "eval", resume=False
    )
    assert {where: r["n"] for where, r in results["tasks"]["addition"].items()} == {"S": 2, "55": 2}
    assert {s["range"]: s["length"] for s in read(tmp_path / "eval")}["55"] == [55, 55]
    assert "95% interval" in capsys.readouterr().out
    for wrong in (
        {"n": 0},
        {"ranges": "XL"},
        {"ranges": ""},
        {"tasks": []},
        {"tasks": ["additoin"]},
        {"engine": "gguf"},
        {"model": "/nowhere"},
    ):
        given = {"model": "nano", "tasks": ["addition"], "engine": "transformers", "n": 1, "ranges": "S"} | wrong
        with pytest.raises(UsageError):
            evaluate_command(**given, lengths=None, form=form, seed=0, out=tmp_path / "no", resume=False)  # type: ignore[arg-type]
    assert not (tmp_path / "no").exists()


def test_the_command_on_a_run_folder_uses_its_rows(tmp_path: Path) -> None:
    rows, run = make_rows(SHORT, 3), tmp_path / "run"
    (run / "data" / "addition").mkdir(parents=True)
    (run / "data" / "addition" / "eval.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copytree(NANO, run / "merged")
    stored = {"tasks": ["addition"], "eval_n": 3, "seed": 5, "style": "minimal", "without": None}
    (run / "config.json").write_text(json.dumps({"run": stored | {"baseline": "answer-only"}}))
    plain = ("minimal", None, None)
    given = {"engine": "transformers", "ranges": "S,L", "lengths": None, "seed": 0, "resume": False}
    evaluate_command(str(run), [], n=None, form=plain, out=tmp_path / "a", **given)  # type: ignore[arg-type]
    assert [s["id"] for s in read(tmp_path / "a")] == [r["id"] for r in rows if r["range"] != "M"]
    evaluate_command(str(run), [], n=1, form=plain, out=tmp_path / "b", **given)  # type: ignore[arg-type]
    assert [s["id"] for s in read(tmp_path / "b")] == [rows[0]["id"], rows[6]["id"]]
    with pytest.raises(UsageError, match="another form"):
        evaluate_command(str(run), [], n=1, form=("styled", None, None), out=tmp_path / "c", **given)  # type: ignore[arg-type]


def test_importing_evaluation_loads_no_torch() -> None:
    check = "import sys, tail_lite.evaluate, tail_lite.report; assert not {'torch', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=Path(__file__).parents[1])
