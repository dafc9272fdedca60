"""Tokens and labels, on Qwen2.5's real tokenizer."""

import json
import lzma

import pytest

from tail_lite.chat import IGNORE, decode, prompt_ids, sample_ids, template_of
from tail_lite.errors import UsageError
from tail_lite.render import Form
from tail_lite.synthesis import make_row
from tail_lite.tasks import get_task
from tail_lite.tasks.base import problem_json, rng_of
from tail_lite.tokens import DATA_DIR, count_tokens
from tail_lite.train import Collator, encode


def qwen_folder(tmp_path, eos, chat_template=None):
    folder = tmp_path / eos.strip("<|>")
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes(lzma.decompress((DATA_DIR / "qwen2.5-tokenizer.json.xz").read_bytes()))
    config = {"tokenizer_class": "Qwen2Tokenizer", "eos_token": eos, "pad_token": "<|endoftext|>"}
    if chat_template:
        config["chat_template"] = chat_template
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(params=["base", "instruct"])
def tokenizer(request, tmp_path):
    from transformers import AutoTokenizer

    base = request.param == "base"
    # Qwen2.5's base model carries a chat template too, but its <|im_end|> was never trained.
    return AutoTokenizer.from_pretrained(
        qwen_folder(tmp_path, "<|endoftext|>" if base else "<|im_end|>", "{{ messages }}")
    )


def rows(n, where="S"):
    task = get_task("addition")
    problems = [task.sample(rng_of("chat", k), *task.ranges[where]) for k in range(n)]
    return [make_row(task, where, problem_json(p), Form()) for p in problems]


def test_labels_are_the_completion_and_the_stop_token(tokenizer):
    form = template_of(tokenizer)
    for row in rows(20):
        ids, labels = sample_ids(tokenizer, row["prompt"], row["completion"])
        head = prompt_ids(tokenizer, row["prompt"])
        assert ids[: len(head)] == head
        assert labels[: len(head)] == [IGNORE] * len(head)
        assert labels[len(head) :] == ids[len(head) :]
        assert ids[-1] == form.stop_id == tokenizer.eos_token_id
        assert decode(tokenizer, ids[len(head) :]) == row["completion"][0]["content"]
        assert len(ids) - len(head) - 1 == count_tokens([row["completion"][0]["content"]])[0]


def test_prompt_forms(tokenizer):
    text = tokenizer.decode(prompt_ids(tokenizer, [{"role": "user", "content": "1 + 1?"}]))
    if tokenizer.eos_token == "<|im_end|>":
        assert text == "<|im_start|>user\n1 + 1?<|im_end|>\n<|im_start|>assistant\n"
    else:
        assert text == "1 + 1?\n"


def test_padding_is_masked_by_position(tokenizer):
    """pad == eos in Qwen2.5's base: a collator that masks by id teaches the model never to stop."""
    encoded = encode(tokenizer, rows(3), 4096)
    features = [{"input_ids": i, "labels": t} for i, t in zip(encoded.ids, encoded.labels, strict=True)]
    batch = Collator(tokenizer.pad_token_id)(features)
    for k, ids in enumerate(encoded.ids):
        n = len(ids)
        assert batch["labels"][k, n - 1] == tokenizer.eos_token_id
        assert (batch["labels"][k, n:] == IGNORE).all()
        assert batch["attention_mask"][k].sum() == n
        assert (batch["input_ids"][k, n:] == tokenizer.pad_token_id).all()


def test_a_sample_longer_than_the_context_is_refused(tokenizer):
    with pytest.raises(UsageError, match=r"the longest samples have \d+, \d+, \d+ tokens, the model's context 300"):
        encode(tokenizer, rows(5), 300)


def test_one_message_each(tokenizer):
    with pytest.raises(ValueError, match="expected one user message"):
        prompt_ids(tokenizer, [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}])
