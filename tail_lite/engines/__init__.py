"""Prompts to texts, greedily: the engines that evaluation runs on, behind one small interface.

Engines take token ids, so that a prompt has the same tokens as in training, and pin temperature 0 and repetition
penalty 1.0: Qwen2.5-Instruct's own generation_config carries 1.05, which is fatal for repetitive traces.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tail_lite.errors import UsageError
from tail_lite.models import has_cuda, require

ENGINES = ("auto", "vllm", "transformers")


class Generation(NamedTuple):
    """What a model wrote: `tokens` counts the stop token; `finish` is "stop", or "length" if the budget ran out."""

    text: str
    tokens: int
    finish: str


class Engine(Protocol):
    """`version` and `flags` are recorded with the results: engines are not bit-deterministic (vllm #5898, #7779)."""

    name: str
    version: str
    flags: dict[str, Any]

    def generate(
        self, prompts: list[list[int]], budgets: list[int], drafts: list[list[int]] | None = None
    ) -> Iterator[tuple[int, Generation]]:
        """Continue each prompt by at most its budget of tokens; yields ``(index, generation)`` as they finish.

        `drafts` are guesses at the continuations, without the stop token. They may save time, and change no text: an
        engine may also do without them."""
        ...

    def close(self) -> None:
        """Free the model's memory."""
        ...


def choose_engine(kind: str) -> str:
    """``vllm`` or ``transformers``; UsageError where what was asked for cannot run. Loads neither."""
    if kind not in ENGINES:
        raise UsageError(f"unknown engine {kind!r}: choose one of {', '.join(ENGINES)}")
    if kind == "auto":
        kind = "vllm" if importlib.util.find_spec("vllm") is not None and has_cuda() else "transformers"
    if kind == "vllm":
        require("vllm", "vllm")
    require("train", "torch", "transformers")
    return kind


def open_engine(kind: str, model: str | Path, max_length: int) -> Engine:
    """The engine `kind` with the model of a folder, for sequences of at most `max_length` tokens."""
    if choose_engine(kind) == "vllm":
        from tail_lite.engines.vllm import VllmEngine

        return VllmEngine(model, max_length)
    from tail_lite.engines.transformers import TransformersEngine

    return TransformersEngine(model, max_length)
