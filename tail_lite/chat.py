"""Messages to text to tokens and labels: the only place that knows a model's prompt form.

A *base* model (no chat template in its tokenizer, or Qwen2.5's base, whose ``<|im_end|>`` embedding was never trained:
QwenLM/Qwen3 #1064) gets plain text, ended by the model's own end-of-text token. An *instruct* model gets its chat form.
Training, evaluation and the app all come through here, and the hash of the form is stored with every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IGNORE = -100
Messages = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Template:
    """How a conversation becomes text for one model: what stands around the query, and what ends the answer."""

    kind: str  # "plain" or "chat"
    before: str
    between: str
    stop_id: int

    @property
    def hash(self) -> str:
        return hashlib.sha256(repr((self.kind, self.before, self.between, self.stop_id)).encode()).hexdigest()


def template_of(tokenizer: Any) -> Template:
    """The prompt form of a tokenizer: chat where its end-of-sequence token is the chat one, plain text otherwise."""
    im_end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    if tokenizer.chat_template and im_end is not None and tokenizer.eos_token_id == im_end:
        # Written out, not taken from the stock template, which adds a default system prompt and has no
        # {% generation %} marks: masks derived from it can be silently wrong.
        return Template("chat", "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", im_end)
    return Template("plain", "", "\n", int(tokenizer.eos_token_id))


def _content(messages: Messages, role: str) -> str:
    if len(messages) != 1 or messages[0]["role"] != role:
        raise ValueError(f"expected one {role} message, got {[m.get('role') for m in messages]}")
    return messages[0]["content"]


def prompt_ids(tokenizer: Any, prompt: Messages) -> list[int]:
    """Token ids of the prompt, up to where the model begins to write."""
    form = template_of(tokenizer)
    text = form.before + _content(prompt, "user") + form.between
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def sample_ids(tokenizer: Any, prompt: Messages, completion: Messages) -> tuple[list[int], list[int]]:
    """``(input_ids, labels)`` of one sample; labels are -100 on the prompt, and the last one is the stop token.

    Prompt and completion are tokenised apart, so the boundary is the same in training and in generation.
    """
    head = prompt_ids(tokenizer, prompt)
    answer = tokenizer(_content(completion, "assistant"), add_special_tokens=False)["input_ids"]
    tail = [*answer, template_of(tokenizer).stop_id]
    return head + tail, [IGNORE] * len(head) + tail


def decode(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text of generated tokens, without special tokens and with spaces as they are."""
    return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
