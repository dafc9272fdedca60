"""Fine-tuning through TRL's SFTTrainer, on tokens and labels that we make ourselves.

Both libraries that could tokenise for us cut samples or mask labels differently (unsloth #2658, #3399, #4486; trl
#3449), so they get ``input_ids`` and ``labels`` and are told to leave them alone. Three backends share this path:
``unsloth`` and ``peft`` train an adapter (over 4-bit weights: QLoRA), ``--full`` trains all weights.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tail_lite import nano
from tail_lite.chat import IGNORE, decode, prompt_ids, sample_ids, template_of
from tail_lite.config import RunConfig
from tail_lite.errors import RunError, UsageError
from tail_lite.merge import TRAINED_OVER, is_disk_full, save_model
from tail_lite.models import LINEAR_LAYERS, NANO, context_length, has_cuda, load_model, load_tokenizer, locate, require
from tail_lite.verify import first_divergence

Row = dict[str, Any]
LOG = "train_log.jsonl"
_GENERATED = "train_samples.jsonl"
_MOST_TOKENS, _MOST_NEW = 2048, 128  # of a training sample that is looked at, and generated from the first wrong one on


@dataclass(frozen=True)
class Encoded:
    """Rows as tokens: ``ids[k]`` and ``labels[k]`` (-100 on the prompt), each at most the model's context long."""

    ids: list[list[int]]
    labels: list[list[int]]

    @property
    def lengths(self) -> list[int]:
        return [len(ids) for ids in self.ids]


def encode(tokenizer: Any, rows: Iterable[Row], context: int) -> Encoded:
    """Tokens and labels of every row; UsageError where one has nothing to learn from or does not fit."""
    ids, labels = [], []
    stop = template_of(tokenizer).stop_id
    for row in rows:
        tokens, targets = sample_ids(tokenizer, row["prompt"], row["completion"])
        supervised = sum(t != IGNORE for t in targets)
        if supervised < 2 or targets[-1] != stop:
            raise UsageError(f"row {row['id']} has no completion to learn from, or does not end in the stop token")
        ids.append(tokens)
        labels.append(targets)
    if not ids:
        raise UsageError("there is no training row")
    longest = sorted(map(len, ids), reverse=True)[:3]
    if longest[0] > context:
        # Cutting would teach answers that stop in the middle.
        raise UsageError(
            f"the longest samples have {', '.join(map(str, longest))} tokens, the model's context {context}: "
            "leave out longer ranges (--mix), or choose a model with a longer context"
        )
    return Encoded(ids, labels)


class Collator:
    """Pads a batch on the right, by *position*: where padding and stop token are the same id (as in Qwen2.5), masking
    by id would teach the model never to stop (transformers #23530, trl #976)."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: list[Row]) -> dict[str, Any]:
        import torch

        width = max(len(row["input_ids"]) for row in rows)

        def padded(name: str, fill: int) -> Any:
            return torch.tensor([row[name] + [fill] * (width - len(row[name])) for row in rows])

        mask = torch.tensor([[1] * len(r["input_ids"]) + [0] * (width - len(r["input_ids"])) for r in rows])
        return {
            "input_ids": padded("input_ids", self.pad_id),
            "labels": padded("labels", IGNORE),
            "attention_mask": mask,
        }


def choose_backend(config: RunConfig) -> str:
    """The backend that will run: what was asked for, or the best that can."""
    if config.full:
        return "full"
    if config.backend == "auto":
        return "unsloth" if has_cuda() and _unsloth_error() is None else "peft"
    if config.backend == "unsloth" and (error := _unsloth_error()):
        raise UsageError(f"the unsloth backend cannot run here ({error}): use --backend peft")
    return config.backend


def _unsloth_error() -> str | None:
    """Why Unsloth cannot be used, or None. It must be imported before trl, transformers and peft, which it rewrites
    (unsloth #2797), and raises NotImplementedError without a GPU before 2026.10.9."""
    os.environ.setdefault("UNSLOTH_DISABLE_AUTO_PADDING_FREE", "1")  # contamination across samples: trl #3067, #3526
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")
    try:
        import unsloth  # noqa: F401
    except (ImportError, NotImplementedError) as error:
        return str(error).splitlines()[0]
    return None


def _load(config: RunConfig, base: Path, backend: str, longest: int) -> Any:
    """The model to train, with its adapter if it gets one."""
    quantize, gradient_checkpointing = config.quantize, "unsloth" if has_cuda() else False
    common = {"r": config.rank, "lora_alpha": 2 * config.rank, "target_modules": list(LINEAR_LAYERS)}
    if backend == "unsloth":
        from unsloth import FastLanguageModel

        model, _ = FastLanguageModel.from_pretrained(
            str(base), max_seq_length=longest, load_in_4bit=quantize == "nf4", dtype=None, local_files_only=True
        )
        return FastLanguageModel.get_peft_model(
            model,
            **common,
            lora_dropout=0.0,
            bias="none",
            use_gradient_checkpointing=gradient_checkpointing,
            random_state=config.seed,
        )
    import torch

    # Weights that train stay in 32 bits on the CPU; autocast computes in bfloat16 where the machine can.
    dtype = torch.bfloat16 if has_cuda() else torch.float32
    model = load_model(base, dtype=dtype, quantize=quantize)
    model.config.use_cache = False
    if config.model == NANO and not has_cuda() and fast_bf16():
        model.set_attn_implementation(nano.attention())
    if backend == "full":
        return model
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if quantize == "nf4":
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=has_cuda())
    return get_peft_model(model, LoraConfig(**common, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM"))


def fast_bf16() -> bool:
    """Whether bfloat16 is faster than float32 here: any recent GPU, and CPUs with AVX512-BF16 or AMX."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    flags = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _optimizer(config: RunConfig) -> str:
    if not has_cuda():
        return "adamw_torch"
    return "adamw_8bit" if not config.full and find_spec("bitsandbytes") else "adamw_torch_fused"


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; a half-written one (trainer_state.json is written last) is removed."""
    whole: list[Path] = []
    for path in folder.glob("checkpoint-*"):
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            whole.append(path)
        except (OSError, ValueError):
            shutil.rmtree(path)
    return max(whole, key=lambda p: int(p.name.rpartition("-")[2]), default=None)


def _memory_mib() -> float:
    """Peak memory so far: the GPU's where there is one, else this process's."""
    import torch

    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_reserved() / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _trim_log(path: Path, steps: int) -> None:
    """Forget what was logged after the checkpoint that training goes on from: those steps are run again."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= steps:
                kept.append(line)
        except ValueError:  # the line that a kill tore
            break
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def train(config: RunConfig, rows: list[Row], say: Callable[[str], None] = print) -> None:
    """Fine-tune: writes ``adapter/`` (``merged/`` if all weights train) and ``train_log.jsonl`` into the run folder.

    With ``config.resume`` it goes on from the newest whole checkpoint, and does nothing if training was finished.
    """
    run = config.run_dir
    target = run / ("merged" if config.full else "adapter")
    if target.is_dir():
        say(f"training: already done ({target})")
        return
    require("train", "torch", "transformers", "trl", "peft", "datasets", "accelerate")
    backend = choose_backend(config)  # imports unsloth, if it is to be used, before trl
    base = locate(config.model)
    tokenizer = load_tokenizer(base)
    encoded = encode(tokenizer, rows, context_length(base))

    import torch
    from datasets import Dataset
    from transformers import TrainerCallback, set_seed
    from trl import SFTConfig, SFTTrainer

    set_seed(config.seed)
    steps = config.steps(len(rows))
    checkpoints = run / "checkpoints"
    start = last_checkpoint(checkpoints) if config.resume else None
    log = run / LOG
    _trim_log(log, int(start.name.rpartition("-")[2]) if start else 0)
    model = _load(config, base, backend, max(encoded.lengths))
    micro = min(config.micro_batch, config.batch)
    arguments = SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=config.batch // micro,
        num_train_epochs=config.epochs,
        learning_rate=config.lr,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr_rate": 0.07},  # the paper decays 1e-5 to 7e-7
        warmup_steps=int(min(0.03 * steps, 100)),  # below 1, a float would be a share
        weight_decay=0.1 if config.full else 0.0,
        train_sampling_strategy="group_by_length",
        bf16=fast_bf16(),
        use_cpu=not has_cuda(),
        gradient_checkpointing=has_cuda() and backend != "unsloth",
        optim=_optimizer(config),
        logging_steps=1,
        save_steps=config.save_every,
        save_total_limit=2,
        report_to="none",
        seed=config.seed,
        data_seed=config.seed,
        max_length=None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        disable_tqdm=not sys.stderr.isatty(),
        dataloader_num_workers=0,
    )

    class Trainer(SFTTrainer):
        """TRL's trainer without the entropy and accuracy that it computes from the logits at every step."""

        tokens = 0

        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            return super(SFTTrainer, self).compute_loss(*args, **kwargs)

        def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Any:
            self.tokens += int(inputs["attention_mask"].sum())
            if pool is None or num_items_in_batch is None:
                return super().training_step(model, inputs, num_items_in_batch)
            return self.step_in_threads(pool, model.train(), inputs, num_items_in_batch)

        def step_in_threads(self, pool: ThreadPoolExecutor, model: Any, inputs: dict[str, Any], labels: Any) -> Any:
            """The loss and the gradients of a batch whose rows are divided among threads; so many labels count."""
            weights = [p for p in model.parameters() if p.requires_grad]

            def share(k: int) -> tuple[Any, tuple[Any, ...]]:
                mine = {name: part[k::shares] for name, part in inputs.items()}
                width = int(mine["attention_mask"].sum(1).max())
                with self.compute_loss_context_manager():
                    mine = {name: part[:, :width] for name, part in mine.items()}
                    loss = self.compute_loss(model, mine, num_items_in_batch=labels)
                # Not backward(), which would add to the same .grad from several threads at once.
                return loss.detach(), torch.autograd.grad(loss, weights)

            rows = len(inputs["input_ids"])
            losses, gradients = zip(*pool.map(share, range(min(shares, rows))), strict=True)
            for weight, *parts in zip(weights, *gradients, strict=True):
                weight.grad = sum(parts) if weight.grad is None else weight.grad + sum(parts)
            return sum(losses)

    class Log(TrainerCallback):
        """``train_log.jsonl``: a line a step, flushed, so that a killed run keeps what it did."""

        def __init__(self) -> None:
            self.tokens, self.time = 0, time.perf_counter()

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
            if not logs or "loss" not in logs:
                return
            tokens, now = trainer.tokens, time.perf_counter()
            speed = (tokens - self.tokens) / (now - self.time)
            self.tokens, self.time = tokens, now
            line = {
                "step": state.global_step,
                "loss": logs["loss"],
                "learning_rate": logs["learning_rate"],
                "grad_norm": logs.get("grad_norm"),
                "tokens_per_second": round(speed, 1),
                "memory": _memory_mib(),
            }
            with log.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
            every = max(1, state.max_steps // 20)
            if state.global_step % every == 0 or state.global_step == state.max_steps:
                left = (state.max_steps - state.global_step) * (now - began) / max(1, state.global_step - first)
                say(
                    f"training: step {state.global_step}/{state.max_steps}  loss {logs['loss']:.4f}  "
                    f"{speed:,.0f} tokens/s  {left / 60:.1f} min left"
                )

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            _generate(trainer.model, tokenizer, config, rows[:2], run / _GENERATED, state.global_step, say)
            self.time = time.perf_counter()  # not training time

    columns = {"input_ids": encoded.ids, "labels": encoded.labels, "length": encoded.lengths}
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(columns),
        data_collator=Collator(tokenizer.pad_token_id),
        processing_class=tokenizer,
        callbacks=[Log()],
    )
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    # Small matrices leave most of two cores idle, so on a CPU every thread takes rows of its own.
    shares = 1 if has_cuda() else min(torch.get_num_threads(), micro)
    pool = ThreadPoolExecutor(shares, initializer=torch.set_num_threads, initargs=(1,)) if shares > 1 else None
    first = int(start.name.rpartition("-")[2]) if start else 0
    say(f"training: {backend}, {len(rows)} rows, {steps} steps" + (f", from step {first}" if start else ""))
    began = time.perf_counter()
    try:
        trainer.train(resume_from_checkpoint=str(start) if start else None)
        _save(trainer.model, tokenizer, config, base, target)
    except KeyboardInterrupt:
        raise RunError(_how_to_resume("interrupted", config)) from None
    except (torch.cuda.OutOfMemoryError, MemoryError):
        raise RunError(f"out of memory: lower --micro-batch (now {micro}); {_how_to_resume('', config)}") from None
    except Exception as error:
        if "can't allocate memory" in str(error):  # torch's CPU allocator raises RuntimeError
            raise RunError(f"out of memory: lower --micro-batch (now {micro}); {_how_to_resume('', config)}") from None
        if is_disk_full(error):
            last_checkpoint(checkpoints)  # removes what was half-written
            raise RunError(_how_to_resume("the disk is full", config)) from error
        raise
    if pool:
        pool.shutdown()
    shutil.rmtree(checkpoints, ignore_errors=True)
    # The callbacks refer to the trainer, which would keep the model on the GPU while the next stages run.
    trainer.accelerator.free_memory()
    trainer.model = trainer.model_wrapped = trainer.optimizer = None
    del model
    gc.collect()
    if has_cuda():
        torch.cuda.empty_cache()


def _how_to_resume(cause: str, config: RunConfig) -> str:
    last = last_checkpoint(config.run_dir / "checkpoints")
    saved = f"{last.name} is saved" if last else "no checkpoint was reached"
    return f"{cause + '; ' if cause else ''}{saved} in {config.run_dir}: go on with --resume --out {config.run_dir}"


def _save(model: Any, tokenizer: Any, config: RunConfig, base: Path, target: Path) -> None:
    if config.full:
        save_model(model, base, target)
        return
    temporary = target.with_name(f".{target.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        model.save_pretrained(str(temporary), safe_serialization=True)
        stored = temporary / "adapter_config.json"
        adapter = json.loads(stored.read_text(encoding="utf-8"))
        # The name that was asked for, not the path where the hub or the package keeps it on this machine.
        name = config.model
        adapter["base_model_name_or_path"] = str(base.resolve()) if Path(name).is_dir() else name
        stored.write_text(json.dumps(adapter, indent=2) + "\n", encoding="utf-8")
        note = {"quantize": config.quantize, "template": template_of(tokenizer).hash, "tasks": list(config.tasks)}
        (temporary / TRAINED_OVER).write_text(json.dumps(note) + "\n", encoding="utf-8")
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _generate(
    model: Any, tokenizer: Any, config: RunConfig, rows: list[Row], path: Path, step: int, say: Callable[[str], None]
) -> None:
    """A few training rows written by the model as it stands, verified against the true traces.

    One pass over the true text finds how far the model would write just that; from there it goes on by itself.
    """
    import torch

    from tail_lite.tasks import get_task

    was_training = model.training
    model.eval()
    checkpointing = getattr(model, "is_gradient_checkpointing", False)
    if checkpointing:
        model.gradient_checkpointing_disable()
    for row in rows:
        head = prompt_ids(tokenizer, row["prompt"])
        truth = tokenizer(row["completion"][0]["content"], add_special_tokens=False)["input_ids"]
        truth = [*truth, template_of(tokenizer).stop_id][:_MOST_TOKENS]
        with torch.no_grad():
            ids = torch.tensor([head + truth], device=model.device)
            own = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, len(head) - 1 : -1].argmax(-1)
            wrong = (own != ids[0, len(head) :]).nonzero().flatten().tolist()
            right = wrong[0] if wrong else len(truth)
            if wrong:
                start = ids[:, : len(head) + right]
                ids = model.generate(
                    input_ids=start,
                    attention_mask=torch.ones_like(start),
                    max_new_tokens=_MOST_NEW,
                    do_sample=False,
                    repetition_penalty=1.0,
                    pad_token_id=tokenizer.pad_token_id,
                    use_cache=True,
                )
        text = decode(tokenizer, ids[0, len(head) :].tolist())
        first = None
        if wrong and config.baseline is None:
            first = first_divergence(get_task(row["task"]), json.loads(row["problem"]), config.form, text)
        line = {"step": step, "id": row["id"], "right_tokens": right, "of": len(truth)}
        with path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line | {"first_wrong": first, "generation": text}) + "\n")
        where = f", first wrong: state {first['state']}, {first['module']}" if first else ""
        say(f"training: sample {row['id'][:8]} at step {step}: {right} of {len(truth)} tokens right{where}")
    if checkpointing:
        model.gradient_checkpointing_enable()
    model.train(was_training)
