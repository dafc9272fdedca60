"""The configuration of a run: the one source of its flags, their help and their defaults."""

from __future__ import annotations

import argparse
import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tail_lite.baselines import get_baseline
from tail_lite.errors import UsageError
from tail_lite.files import read_json
from tail_lite.models import NANO, default_model, has_cuda, profile_of
from tail_lite.provenance import write_config
from tail_lite.render import ABLATIONS, STYLES, Form
from tail_lite.synthesis import Synthesis, parse_lengths, parse_mix
from tail_lite.tasks import parse_tasks

# What may differ when a run is resumed: it changes no result.
_FREE = ("resume", "dry_run", "out", "workers", "micro_batch")


def _flag(default: Any, help: str, choices: tuple[str, ...] | None = None) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices})


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run. Defaults that depend on the model or the machine are None until `resolve`."""

    tasks: tuple[str, ...]
    model: str = _flag(None, "nano, a hub name or a folder (default: Qwen/Qwen2.5-7B with CUDA, else nano)")
    backend: str = _flag(
        "auto", "unsloth where CUDA and the package are present, else peft", ("auto", "unsloth", "peft")
    )
    quantize: str = _flag(None, "4-bit base weights (default: nf4 with CUDA, none for nano)", ("none", "nf4"))
    full: bool = _flag(False, "full fine-tuning instead of an adapter")
    samples: int = _flag(None, "training rows a task (default: by model)")
    mix: str = _flag("1:0:0", "how training rows divide over S:M:L")
    style: str = _flag("minimal", "wording of the chain of thought", STYLES)
    without: str | None = _flag(None, "leave one of TAIL's modules out", ABLATIONS)
    baseline: str | None = _flag(
        None, "answer without a trace: answer-only, plain-cot; of addition also index-hint, reversed"
    )
    epochs: float = _flag(None, "passes over the training rows (default: by model)")
    lr: float = _flag(None, "peak learning rate (default: by model); high forgets, low does not learn the format")
    batch: int = _flag(None, "rows an optimizer step (default: by model)")
    micro_batch: int = _flag(None, "rows a forward pass: more is faster, until memory is full (default: by model)")
    rank: int = _flag(None, "rank of the adapter (default: by model)")
    save_every: int = _flag(100, "steps between checkpoints")
    engine: str = _flag(
        "auto", "vllm where CUDA and the package are present, else transformers", ("auto", "vllm", "transformers")
    )
    eval_n: int = _flag(None, "evaluation rows for each range (default: by model)")
    lengths: str | None = _flag(None, "more exact lengths to evaluate, e.g. 55,60")
    seed: int = _flag(0, "decides data, initial adapter and order")
    workers: int = _flag(2, "processes that synthesise the data")
    out: str = _flag(None, "run folder (default: runs/TASK-MODEL-seedN)")
    resume: bool = _flag(False, "go on with the run in --out; what is done is not done again")
    dry_run: bool = _flag(False, "print the plan and a sample with its label mask; load no model")
    quick: bool = _flag(False, "a tiny run of the same path, for trying it out: 32 rows, 8 steps, 2 evaluation rows")

    @property
    def form(self) -> Form:
        return Form(self.style, self.without, self.baseline)

    @property
    def run_dir(self) -> Path:
        return Path(self.out)

    def steps(self, rows: int) -> int:
        """Optimizer steps over so many rows."""
        return max(1, math.ceil(math.ceil(rows / self.batch) * self.epochs))

    def synthesis(self, task: str) -> Synthesis:
        """The data set of one of the run's tasks."""
        lengths = parse_lengths(self.lengths)
        return Synthesis(task, self.samples, self.eval_n, parse_mix(self.mix), lengths, self.form, self.seed)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"tasks": list(self.tasks)}


def resolve(config: RunConfig) -> RunConfig:
    """The same configuration with every default filled in; UsageError on what cannot be."""
    tasks = parse_tasks(list(config.tasks))
    model = config.model or default_model()
    profile = profile_of(model)
    if config.baseline is not None:
        for task in tasks:
            get_baseline(task, config.baseline)
    filled: dict[str, Any] = {"tasks": tuple(t.name for t in tasks), "model": model}
    small = {"samples": 32, "eval_n": 2, "epochs": 1.0, "batch": 4, "micro_batch": 4} if config.quick else {}
    for name in ("samples", "epochs", "lr", "batch", "micro_batch", "rank", "eval_n"):
        if getattr(config, name) is None:
            filled[name] = small.get(name, getattr(profile, name))
    if config.lr is None and config.full:
        filled["lr"] = profile.full_lr
    if config.quantize is None:
        filled["quantize"] = "nf4" if has_cuda() and model != NANO and not config.full else "none"
    if config.out is None:
        name = "all" if len(tasks) > 3 else "+".join(t.name for t in tasks)
        variant = config.baseline or config.without or ("" if config.style == "minimal" else config.style)
        parts = [name, Path(model).name, variant, f"seed{config.seed}"]
        filled["out"] = str(Path("runs") / "-".join(p for p in parts if p))
    done = replace(config, **filled)
    if done.full and done.quantize == "nf4":
        raise UsageError("--full trains all weights, which 4-bit weights do not allow: drop --full or --quantize nf4")
    if done.full and done.backend == "unsloth":
        raise UsageError("--full runs without Unsloth: drop --full or --backend unsloth")
    for name in ("samples", "batch", "micro_batch", "rank", "eval_n", "save_every", "workers"):
        if getattr(done, name) < 1:
            raise UsageError(f"--{name.replace('_', '-')} must be at least 1, not {getattr(done, name)}")
    for name in ("epochs", "lr"):
        if not 0 < getattr(done, name) < math.inf:
            raise UsageError(f"--{name} must be a number above 0, not {getattr(done, name)}")
    if done.batch % min(done.micro_batch, done.batch):
        raise UsageError(f"--batch {done.batch} is no multiple of --micro-batch {done.micro_batch}")
    for name in done.tasks:
        done.synthesis(name)
    return done


@contextmanager
def claim(config: RunConfig) -> Iterator[Path]:
    """Take the run folder: new, or an earlier state of the very same run when resuming.

    A folder that this call made is removed again where the input turns out to be bad (UsageError).
    """
    folder = config.run_dir
    fresh = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not fresh:
        if not config.resume:
            raise UsageError(f"{folder} is not empty: choose another --out, or --resume to go on with the run in it")
        stored = read_json(folder / "config.json") if folder.is_dir() else None
        if stored is None:
            raise UsageError(f"{folder} holds no run (no config.json): choose another --out")
        before, now = stored["run"], json.loads(json.dumps(config.to_json()))
        for name, value in now.items():
            if name not in _FREE and before.get(name) != value:
                raise UsageError(f"{folder} was run with {name}={before.get(name)}, not {value}: choose another --out")
    try:
        write_config(folder, config.to_json())
    except OSError as error:
        raise UsageError(f"cannot write to {folder} ({error.strerror}): choose another --out") from None
    try:
        yield folder
    except UsageError:
        if fresh:
            shutil.rmtree(folder)
        raise


def parser(description: str) -> argparse.ArgumentParser:
    """Flags derived from RunConfig."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("tasks", nargs="+", metavar="TASK", help="a task, several (comma-separated), or all")
    kinds = {"int": int, "float": float}
    for spec in fields(RunConfig):
        if spec.default is MISSING:
            continue
        flag, text = f"--{spec.name.replace('_', '-')}", spec.metadata["help"]
        if spec.type == "bool":
            made.add_argument(flag, action="store_true", help=text)
            continue
        shown = "" if spec.default is None else f" (default: {spec.default})"
        kind = kinds.get(str(spec.type).removesuffix(" | None"), str)
        made.add_argument(flag, type=kind, default=spec.default, choices=spec.metadata["choices"], help=text + shown)
    return made


def parse_config(argv: list[str], description: str) -> RunConfig:
    """A resolved configuration from command-line words; UsageError in one line on bad ones."""
    words = parser(description)

    def error(message: str) -> Any:
        raise UsageError(f"{message}; see --help")

    words.error = error  # type: ignore[method-assign]
    given = vars(words.parse_args(argv))
    return resolve(RunConfig(**given | {"tasks": tuple(given["tasks"])}))
