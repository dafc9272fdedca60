"""Counting tokens as Qwen2.5 does, without a download: its tokenizer travels with the package (Apache-2.0)."""

from __future__ import annotations

import lzma
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

DATA_DIR = Path(__file__).parent / "data"


@cache
def qwen_tokenizer() -> Any:
    """Qwen2.5's own byte-level BPE (151,643 tokens, digits one by one), as a ``tokenizers.Tokenizer``."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from tokenizers import Tokenizer

    return Tokenizer.from_str(lzma.decompress((DATA_DIR / "qwen2.5-tokenizer.json.xz").read_bytes()).decode())


def count_tokens(texts: Sequence[str]) -> list[int]:
    """The number of Qwen2.5 tokens of each text."""
    return [len(e.ids) for e in qwen_tokenizer().encode_batch_fast(list(texts), add_special_tokens=False)]


def quantiles(counts: Sequence[int]) -> dict[str, float]:
    """Mean, median, 95th percentile (the smallest count that 95% do not exceed) and maximum."""
    if not counts:
        return {}
    ordered = sorted(counts)
    p50, p95 = (ordered[-(-len(ordered) * percent // 100) - 1] for percent in (50, 95))
    return {"mean": round(sum(ordered) / len(ordered), 1), "p50": p50, "p95": p95, "max": ordered[-1]}
