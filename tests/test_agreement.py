"""The merged folder in both engines: vLLM (its CPU wheel, where there is no GPU) and transformers write the same."""

import json
from importlib.util import find_spec

import pytest

from tail_lite.models import load_tokenizer

PROMPTS, TOKENS = 100, 64


@pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed")
def test_vllm_and_transformers_agree_on_a_trained_model(recipe, cli, tmp_path):
    words = ["--samples", 200, "--batch", 1, "--micro-batch", 1, "--epochs", 1, "--eval-n", 1, "--save-every", 200]
    trained = recipe("train_task.py", "addition", "--out", "run", *words)
    assert trained.returncode == 0, trained.stderr
    assert "200 steps" in trained.stdout
    merged = tmp_path / "run" / "merged"
    found = {}
    for engine in ("transformers", "vllm"):
        # Sums of eight digits, some 330 tokens each: both engines write all hundred to the end in a test's time.
        words = ["--ranges", "", "--lengths", 8, "--n", PROMPTS, "--out", engine]
        done = cli("eval", merged, "addition", "--engine", engine, *words)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / engine / "results.json").read_text())["engine"] == engine
        lines = (tmp_path / engine / "samples.jsonl").read_text().splitlines()
        found[engine] = [json.loads(line) for line in lines]
    assert [s["id"] for s in found["vllm"]] == [s["id"] for s in found["transformers"]]
    assert len(found["vllm"]) == PROMPTS
    tokenizer = load_tokenizer(merged)

    def head(sample):
        return tokenizer(sample["generation"], add_special_tokens=False)["input_ids"][:TOKENS]

    pairs = list(zip(found["vllm"], found["transformers"], strict=True))
    # Not exact equality: engines differ in the order of their sums, and so at near ties.
    assert sum(head(p) == head(q) for p, q in pairs) >= 95
    assert sum(p["outcome"] == q["outcome"] for p, q in pairs) >= 99
