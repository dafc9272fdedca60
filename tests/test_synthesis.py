"""Data sets: contents, determinism whatever the workers and shards, disjoint splits, and nothing half-written."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tail_lite.errors import RunError, UsageError
from tail_lite.render import Form
from tail_lite.synthesis import SHARDS, Synthesis, _of_small_space, parse_mix, read_rows, split_of, synthesise
from tail_lite.tasks import get_task
from tail_lite.tasks.base import problem_key
from tail_lite.tokens import count_tokens, quantiles


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_same_bytes_whatever_workers_and_shards(tmp_path, format):
    spec = Synthesis("addition", train=300, eval=20, mix=(2, 1, 1), lengths=(55,), seed=3, format=format)
    one = synthesise(spec, tmp_path / "one", workers=1)
    synthesise(spec, tmp_path / "two", workers=2)
    for part in (1, 0):
        synthesise(spec, tmp_path / "parts", workers=1, shard=(part, 2))
    whole = digests(tmp_path / "one" / "addition")
    assert set(whole) == {f"train.{format}", f"eval.{format}", "manifest.json"}
    assert digests(tmp_path / "two" / "addition") == whole
    assert digests(tmp_path / "parts" / "addition") == whole
    assert one["sha256"] == {k: v for k, v in whole.items() if k != "manifest.json"}


def test_parts_are_runs_of_the_whole(tmp_path):
    spec = Synthesis("addition", train=100, eval=10, mix=(1, 1, 0), format="jsonl")
    synthesise(spec, tmp_path / "whole")
    synthesise(spec, tmp_path / "parts", shard=(0, 3))
    folder = tmp_path / "parts" / "addition"
    first = (folder / "train-00000-of-00003.jsonl").read_bytes()
    whole = (tmp_path / "whole" / "addition" / "train.jsonl").read_bytes()
    assert whole.startswith(first)
    assert 0 < len(first) < len(whole)
    with pytest.raises(UsageError, match="another command"):
        synthesise(Synthesis("addition", train=99, eval=10, format="jsonl"), tmp_path / "parts", shard=(1, 3))


def test_parts_without_rows_complete_the_set_too(tmp_path):
    spec = Synthesis("addition", train=10, eval=3)  # fewer rows than virtual shards
    synthesise(spec, tmp_path / "whole")
    for part in range(4):
        synthesise(spec, tmp_path / "parts", shard=(part, 4))
    assert digests(tmp_path / "parts" / "addition") == digests(tmp_path / "whole" / "addition")


def test_rows_are_as_the_contract_says(tmp_path):
    spec = Synthesis("addition", train=60, eval=12, mix=(8, 1, 1), lengths=(52,))
    manifest = synthesise(spec, tmp_path)
    rows = {split: read_rows(tmp_path / "addition", split) for split in ("train", "eval")}
    task = get_task("addition")
    ids = {split: {r["id"] for r in found} for split, found in rows.items()}
    assert len(ids["train"]) == len(rows["train"]) == 60
    assert len(ids["eval"]) == len(rows["eval"]) == 48
    assert not ids["train"] & ids["eval"]
    counts = {w: sum(r["range"] == w for r in rows["train"]) for w in "SML"}
    assert counts == {"S": 48, "M": 6, "L": 6}
    for split, found in rows.items():
        for row in found:
            assert list(row) == ["id", "task", "range", "length", "problem", "prompt", "completion", "answer"]
            problem = json.loads(row["problem"])
            key = problem_key("addition", row["problem"])
            assert row["id"] == key.hex()
            assert split_of(key) == split
            assert row["length"] == task.length(problem)
            lo, hi = task.ranges.get(row["range"], (52, 52))
            assert all(lo <= n <= hi for n in row["length"])
            assert row["answer"] == task.oracle(problem)
            assert row["prompt"][0]["role"] == "user"
            assert problem["a"] in row["prompt"][0]["content"]
            assert row["completion"][0]["content"].endswith(f"\nAnswer: {row['answer']}")
    assert manifest["disjoint"]["problems_in_both_splits"] == 0
    assert manifest["disjoint"]["rows_in_the_wrong_split"] == 0
    for where in "SML":
        counted = count_tokens([r["completion"][0]["content"] for r in rows["eval"] if r["range"] == where])
        assert manifest["splits"]["eval"][where]["completion_tokens"] == quantiles(counted)
    assert len({r["prompt"][0]["content"].split()[0] for r in rows["train"]}) > 8  # many wordings


def test_datasets_reads_it_unchanged(tmp_path):
    from datasets import load_dataset

    synthesise(Synthesis("addition", train=5, eval=2), tmp_path)
    path = str(tmp_path / "addition" / "train.parquet")
    loaded = load_dataset("parquet", data_files=path, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded[0]["prompt"][0]["role"] == "user"
    assert loaded.column_names[:3] == ["id", "task", "range"]


def test_seeds_share_next_to_nothing_and_never_cross_splits(tmp_path):
    ids = []
    for seed in (0, 1):
        synthesise(Synthesis("addition", train=200, eval=50, seed=seed), tmp_path / str(seed))
        ids.append({s: {r["id"] for r in read_rows(tmp_path / str(seed) / "addition", s)} for s in ("train", "eval")})
    assert not ids[0]["train"] & ids[1]["train"]
    assert not ids[0]["train"] & ids[1]["eval"]
    assert not ids[0]["eval"] & ids[1]["train"]


def test_small_spaces_are_enumerated_and_a_shortfall_is_named(tmp_path, cli):
    spec = Synthesis("addition", train=0, eval=50, lengths=(1,))
    info = synthesise(spec, tmp_path / "a")["splits"]["eval"]["1"]
    assert info["problems_that_exist"] == 100
    assert 0 < info["rows"] < 30  # a tenth of the hash space of 100 problems
    assert info["shortfall"] == 50 - info["rows"]
    words = ["synth", "addition", "--train", 0, "--eval", 50, "--lengths", 1, "--out", "b"]
    done = cli(*words)
    assert done.returncode == 0
    assert "warning: addition: eval 1:" in done.stderr
    strict = cli(*words[:-1], "c", "--strict")
    assert strict.returncode == 2
    assert not (tmp_path / "c").exists()


def test_a_small_space_gives_varied_answers_first_and_all_of_it_at_last(tmp_path):
    few = synthesise(Synthesis("palindrome_combination", train=1000, eval=0), tmp_path / "few")["splits"]["train"]["S"]
    assert max(few["commonest_answers"].values()) <= 0.39  # 69% of these texts have one answer
    task = get_task("palindrome_combination")
    texts = [json.dumps(problem) for problem in task.enumerate(2, 2)]
    assert len(texts) == len(set(texts)) == 26 * 26
    own = {split: _of_small_space(task, texts, split, 1000, 0) for split in ("train", "eval")}
    assert sorted(own["train"] + own["eval"]) == sorted(texts)


def test_baselines_and_ablations_are_written(tmp_path):
    for name, form in {"r": Form(baseline="reversed"), "o": Form(baseline="answer-only")}.items():
        synthesise(Synthesis("addition", train=5, eval=0, form=form), tmp_path / name)
        row = read_rows(tmp_path / name / "addition", "train")[0]
        last = row["completion"][0]["content"].rsplit("\n", 1)[-1].removeprefix("Answer: ")
        assert row["answer"] == (last[::-1] if name == "r" else last)


@pytest.mark.parametrize("text", ["1:1", "0:0:0", "a:b:c", "1:-1:2", ""])
def test_impossible_mixes(text):
    with pytest.raises(UsageError, match="impossible mix"):
        parse_mix(text)


def test_mix_hands_out_every_row():
    for train in (1, 7, 64, 1001):
        assert (
            sum(n for (s, _), n in Synthesis("addition", train=train, mix=(5, 3, 2)).wanted().items() if s == "train")
            == train
        )


def test_a_killed_run_leaves_no_file_that_reads_as_whole(tmp_path):
    out = tmp_path / "d"
    command = [
        sys.executable,
        "-m",
        "tail_lite",
        "synth",
        "addition",
        "--train",
        "30000",
        "--eval",
        "1",
        "--workers",
        "1",
    ]
    process = subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    partial = out / ".addition.0-of-1.partial" / "train.parquet"
    deadline = time.time() + 60
    while not (partial.exists() and partial.stat().st_size > 100_000):
        assert process.poll() is None
        assert time.time() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "addition").exists()
    synthesise(Synthesis("addition", train=10, eval=2), out)  # and the leftovers do not stand in the way
    assert sorted(os.listdir(out)) == ["addition"]


def test_foreign_and_unwritable_folders_are_refused(tmp_path):
    spec = Synthesis("addition", train=2, eval=0)
    (tmp_path / "addition").mkdir()
    (tmp_path / "addition" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"already holds thesis\.txt"):
        synthesise(spec, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        synthesise(spec, tmp_path / "file" / "below")
    assert sorted(os.listdir(tmp_path)) == ["addition", "file"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    small = tmp_path / "disk"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        with pytest.raises(RunError, match="nothing of it was kept"):
            synthesise(Synthesis("addition", train=5000, eval=0), small)
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_virtual_shards_are_fixed():
    assert SHARDS == 64  # a change would change every data set
