"""Engines: a row's continuation depends on that row alone, and on nothing but its most likely tokens."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from tail_lite.chat import decode, prompt_ids
from tail_lite.engines import choose_engine, open_engine
from tail_lite.engines.transformers import TransformersEngine
from tail_lite.errors import UsageError
from tail_lite.models import load_model, load_tokenizer, locate
from tail_lite.tasks import get_task

NANO = locate("nano")
QUERIES = [
    get_task("addition").templates[k % 20].format(a="3" * (1 + 5 * k), b="4.75")
    for k in (0, 7, 2, 9, 4, 1, 3, 8)  # of unequal lengths, not in order
]


def prompts() -> list[list[int]]:
    tokenizer = load_tokenizer(NANO)
    return [prompt_ids(tokenizer, [{"role": "user", "content": query}]) for query in QUERIES]


def random_model(folder: Path, **options: object) -> Path:
    """A tiny model with grouped key heads whose choices are clear (large initial weights), and nano's tokenizer."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=1024,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.4,
        eos_token_id=0,
        pad_token_id=0,
        **options,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(NANO / name, folder)
    return folder


def alone(folder: Path, prompt: list[int], budget: int) -> list[int]:
    """What transformers itself generates for one prompt."""
    model = load_model(folder, torch.float32, device="cpu").eval()
    ids = torch.tensor([prompt])
    made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=budget, do_sample=False)
    return made[0, len(prompt) :].tolist()


@pytest.mark.parametrize("kind", ["nano", "grouped", "window"])
def test_a_batch_continues_each_row_as_if_it_were_alone(kind: str, tmp_path: Path) -> None:
    if kind == "nano":
        folder = NANO
    elif kind == "grouped":
        folder = random_model(tmp_path)
    else:
        folder = random_model(tmp_path, use_sliding_window=True, sliding_window=16, max_window_layers=1)
    engine = TransformersEngine(folder, 400)
    assert engine._plain == (kind != "window")
    rows = prompts()
    budgets = [12, 40, 5, 33, 21, 40, 1, 27]  # so that rows leave the batch at different times
    got = dict(engine.generate(rows, budgets))
    assert sorted(got) == list(range(len(rows)))
    tokenizer = load_tokenizer(folder)
    for k, (row, budget) in enumerate(zip(rows, budgets, strict=True)):
        truth = alone(folder, row, budget)
        stopped = truth[-1] == 0
        assert got[k].tokens == len(truth)
        assert got[k].finish == ("stop" if stopped else "length")
        assert got[k].text == decode(tokenizer, truth[:-1] if stopped else truth)


def test_rows_stop_at_the_stop_token_which_counts_but_does_not_show(tmp_path: Path) -> None:
    engine = TransformersEngine(random_model(tmp_path), 400)
    rows = prompts()
    first = alone(tmp_path, rows[0], 20)
    engine._stop = first[7]
    at = first.index(first[7])
    generation = dict(engine.generate(rows, [20] * len(rows)))[0]
    assert generation == (decode(load_tokenizer(tmp_path), first[:at]), at + 1, "stop")


@pytest.mark.parametrize("kind", ["nano", "grouped", "window"])
def test_drafts_change_no_text(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right drafts, ones that leave the model's own way at some place, begin wrong, are empty, or end too early."""
    options = {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1} if kind == "window" else {}
    folder = NANO if kind == "nano" else random_model(tmp_path, **options)
    engine = TransformersEngine(folder, 400)
    rows, budgets = prompts(), [12, 40, 5, 33, 21, 40, 1, 27]
    own = [alone(folder, row, 40) for row in rows]
    engine._stop = own[4][9]  # so that some stop
    plain = dict(engine.generate(rows, budgets))
    assert {generation.finish for generation in plain.values()} == {"stop", "length"}
    stopped = [ids[: ids.index(engine._stop)] if engine._stop in ids else ids for ids in own]
    for drafts in (
        stopped,
        [[*ids[:7], (ids[7] + 1) % 1024, *ids[8:]] for ids in own],
        [[(ids[0] + 1) % 1024] for ids in own],
        [[] for _ in own],
        [ids[: 3 * k] for k, ids in enumerate(own)],
    ):
        assert dict(engine.generate(rows, budgets, drafts)) == plain
        # In small batches too, and with a second look at the rest of a draft.
        monkeypatch.setattr("tail_lite.engines.transformers._MOST_CHECKED", 100)
        monkeypatch.setattr("tail_lite.engines.transformers._WORTH_A_PASS", 2)


def test_a_right_draft_takes_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(NANO, 400)
    rows = prompts()
    own = [alone(NANO, row, 20) for row in rows]
    monkeypatch.setattr(engine, "_generate", lambda *_: pytest.fail("a step for each token"))
    assert [k for k, _ in engine.generate(rows, [20] * len(rows), own)] == sorted(
        range(len(rows)), key=lambda k: len(rows[k])
    )


def test_small_batches_change_nothing_and_short_rows_come_first(tmp_path: Path) -> None:
    engine = TransformersEngine(random_model(tmp_path), 400)
    rows, budgets = prompts(), [9, 3, 9, 30, 4, 9, 2, 9]
    whole = dict(engine.generate(rows, budgets))
    engine._most_rows = 3
    assert [len(batch) for batch in engine._batches(rows, budgets)] == [3, 3, 2]
    parts = list(engine.generate(rows, budgets))
    assert dict(parts) == whole
    assert parts[0][0] == 6
    assert parts[-1][0] == 3
    engine._most_tokens = 1  # never less than a row
    assert [len(batch) for batch in engine._batches(rows, budgets)] == [1] * 8
    assert dict(engine.generate([], [])) == {}


def test_an_engine_that_cannot_run_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="unknown engine"):
        choose_engine("llama.cpp")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "vllm" else found(name, *a))
    assert choose_engine("auto") == "transformers"
    with pytest.raises(UsageError, match=r'pip install "tail_lite\[vllm\]"'):
        open_engine("vllm", NANO, 512)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed")
def test_vllm_and_transformers_agree(tmp_path: Path) -> None:
    rows = prompts()
    script = (
        "import json, sys\n"
        "from tail_lite.engines import open_engine\n"
        "rows, out = json.load(open(sys.argv[1])), open(sys.argv[2], 'w')\n"
        f"engine = open_engine('vllm', {str(NANO)!r}, 512)\n"
        "json.dump(dict(engine.generate(rows, [32] * len(rows))), out)\n"
        "engine.close()\n"
    )
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    # In a process of its own: vLLM sets up threads and torch.distributed for the whole process.
    subprocess.run(
        [sys.executable, "-c", script, tmp_path / "rows.json", tmp_path / "out.json"],
        check=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    theirs = {int(k): tuple(v) for k, v in json.loads((tmp_path / "out.json").read_text()).items()}
    ours = dict(TransformersEngine(NANO, 512).generate(rows, [32] * len(rows)))
    assert sorted(theirs) == sorted(ours)
    # Not bit for bit (vllm #5898, #7779): a near tie may fall either way.
    assert sum(theirs[k] == ours[k] for k in ours) >= len(rows) - 1
