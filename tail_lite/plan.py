"""``--dry-run``: what a run would do, before any model is loaded."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from tail_lite.chat import IGNORE, sample_ids, template_of
from tail_lite.config import RunConfig
from tail_lite.engines import choose_engine
from tail_lite.errors import UsageError
from tail_lite.models import LINEAR_LAYERS, context_length, has_cuda, load_tokenizer, locate, require
from tail_lite.synthesis import Synthesis, choose, make_row
from tail_lite.tasks import get_task
from tail_lite.tokens import quantiles
from tail_lite.train import choose_backend

# Rough sustained speeds for the estimate of time only: matrix operations a second on a current GPU and a CPU core.
_GPU_FLOPS, _CORE_FLOPS = 1.5e14, 3e10
_PREVIEW = 192  # rows that stand for the whole in the estimate


def preflight(config: RunConfig) -> RunConfig:
    """Everything that can be found missing before anything is written; backend and engine as they will run."""
    require("train", "torch", "transformers", "trl", "peft", "datasets", "accelerate", "matplotlib")
    if config.quantize == "nf4":
        require("cuda", "bitsandbytes")
    backend = config.backend if config.full else choose_backend(config)
    return replace(config, backend=backend, engine=choose_engine(config.engine))


def count_parameters(folder: Path, rank: int) -> tuple[int, int]:
    """(all parameters, adapter parameters of rank `rank` on every linear layer), from config.json alone."""
    c = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    width, inner, layers = c["hidden_size"], c["intermediate_size"], c["num_hidden_layers"]
    kv = width * c.get("num_key_value_heads", c["num_attention_heads"]) // c["num_attention_heads"]
    shapes = dict(zip(LINEAR_LAYERS, [(width, width), (width, kv), (width, kv), (width, width)], strict=False))
    shapes |= {"gate_proj": (width, inner), "up_proj": (width, inner), "down_proj": (inner, width)}
    embeddings = c["vocab_size"] * width * (1 if c.get("tie_word_embeddings") else 2)
    linear = layers * sum(p * q for p, q in shapes.values())
    return embeddings + linear, layers * rank * sum(p + q for p, q in shapes.values())


def dry_run(config: RunConfig) -> dict[str, Any]:
    """Print the plan and one coloured sample with its label mask; returns the plan's figures."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    folder = locate(config.model, weights=False)
    tokenizer = load_tokenizer(folder)
    rows = []
    for name in config.tasks:
        spec = config.synthesis(name)
        preview = Synthesis(name, min(spec.train, _PREVIEW), 0, spec.mix, (), spec.form, spec.seed)
        for (split, where), n in preview.wanted().items():
            chosen = choose(preview, split, where, n, range(64), map)
            rows += [make_row(get_task(name), where, text, spec.form) for texts in chosen.values() for text in texts]
    encoded = [sample_ids(tokenizer, row["prompt"], row["completion"]) for row in rows]
    lengths = quantiles([len(ids) for ids, _ in encoded])
    context = context_length(folder)
    if lengths["max"] > context:
        raise UsageError(f"samples of {lengths['max']} tokens do not fit the model's context of {context}")
    in_all = config.samples * len(config.tasks)
    tokens = int(lengths["mean"] * in_all * config.epochs)
    parameters, adapter = count_parameters(folder, config.rank)
    cuda = has_cuda()
    trained = parameters if config.full else adapter
    weights = parameters * (0.6 if config.quantize == "nf4" else 2 if cuda else 4) + trained * 16
    activations = config.micro_batch * lengths["max"] * math.sqrt(parameters) * (30 if cuda else 60)
    seconds = 6 * parameters * tokens / (_GPU_FLOPS if cuda else _CORE_FLOPS)
    figures: dict[str, Any] = {
        "rows": in_all,
        "tokens of a sample": f"mean {lengths['mean']}, p95 {lengths['p95']}, max {lengths['max']}",
        "tokens in all": f"{tokens:,}",
        "steps": config.steps(in_all),
        "parameters": f"{parameters:,}, of which trained: {trained:,}",
        "memory, roughly": f"{(weights + activations) / 2**30:.1f} GiB",
        "time of training, roughly": f"{seconds / 60:.0f} min on {'one GPU' if cuda else 'a CPU'}",
        "run folder": config.out,
    }
    console = Console(highlight=False)
    table = Table(title="plan", show_header=False, title_justify="left")
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)
    ids, labels = encoded[0]
    text = Text()
    for token, label in zip(ids, labels, strict=True):
        text.append(tokenizer.decode([token]), style="dim" if label == IGNORE else "bold green")
    template = template_of(tokenizer)
    console.print(
        f"one sample ({template.kind} form, {template.hash}): [dim]prompt, masked[/] and [bold green]learned[/]"
    )
    console.print(text, soft_wrap=True)
    return figures
