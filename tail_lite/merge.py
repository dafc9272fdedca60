"""An adapter into its base: one model folder that transformers and vLLM load unchanged.

An adapter trained over 4-bit weights corrects *those* weights. It is merged onto the dequantised 4-bit base (merging
onto the original 16-bit one moved logits about twenty times as far: peft #2105, #2321, unsloth-zoo #810), with PEFT on
the CPU (Unsloth's own merge has silently written nothing, #3882), and the difference is measured and written down.
"""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

from tail_lite.errors import RunError, UsageError
from tail_lite.files import read_json
from tail_lite.models import load_model, load_tokenizer, locate, require

TRAINED_OVER = "tail_lite.json"  # beside the adapter: what it was trained over
MERGE_REPORT = "merge.json"
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
)
# How a full disk shows through safetensors and torch.save.
_FULL = ("No space left", "PytorchStreamWriter", "inline_container")
_PROBES = ("a1=4 a2=8 a3=", "What is 12 + 30?\n", "\nc1 a3=7 b2=7 :15 a3=5\nc1")


def merge_adapter(adapter: Path, out: Path) -> dict[str, Any]:
    """Merge `adapter` into its base as `out`; returns (and stores beside the weights) what was measured."""
    require("train", "torch", "transformers", "peft")
    config = read_json(adapter / "adapter_config.json")
    if config is None:
        raise UsageError(f"{adapter} is no adapter folder: it has no adapter_config.json")
    if config.get("peft_type") != "LORA":
        raise UsageError(f"{adapter} is no LoRA adapter (peft_type is {config.get('peft_type')!r})")
    if not (adapter / "adapter_model.safetensors").is_file():
        raise UsageError(f"{adapter} has no weights (adapter_model.safetensors): it is not a whole adapter")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty: choose another --out")
    name = str(config.get("base_model_name_or_path") or "")
    targets = set(config.get("target_modules") or []) | set(config.get("modules_to_save") or [])
    if targets & {"embed_tokens", "lm_head"}:
        # A trained tied head is lost on merging: unsloth #9331, peft #2018, transformers #45127.
        raise UsageError(f"{adapter} trains {sorted(targets & {'embed_tokens', 'lm_head'})}, which merging may lose")
    try:
        base = locate(name)
    except UsageError as error:
        raise UsageError(f"the base model of {adapter} is not to be had: {error}") from None
    quantize = (read_json(adapter / TRAINED_OVER) or {}).get("quantize", "none")
    partial = _partial(out)
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {out} ({error.strerror}): choose another --out") from None

    import torch
    from peft import PeftModel

    tokenizer = load_tokenizer(base)
    model = PeftModel.from_pretrained(load_model(base, quantize=quantize, device="cpu"), str(adapter)).eval()
    before = probe_logits(model, tokenizer)
    if quantize == "nf4":
        del model
        plain = load_model(base, quantize=quantize, device="cpu").dequantize()
        plain = plain.to(torch.float32 if base_dtype(base) == "float32" else torch.bfloat16)
        model = PeftModel.from_pretrained(plain, str(adapter)).eval()
    merged = model.merge_and_unload()
    report: dict[str, Any] = {"adapter": adapter.name, "base": name, "trained_over": quantize}

    def finish(temporary: Path) -> None:
        reloaded = load_model(temporary, device="cpu").eval()
        after = probe_logits(reloaded, tokenizer)
        gaps = torch.cat([(p - q).abs().flatten() for p, q in zip(before, after, strict=True)])
        same = [bool(p[-1].argmax() == q[-1].argmax()) for p, q in zip(before, after, strict=True)]
        report["logit_difference"] = {"max": round(float(gaps.max()), 6), "mean": round(float(gaps.mean()), 6)}
        report["same_next_token"] = f"{sum(same)}/{len(same)} prompts"
        report["changed_tensors"] = _changed(base, temporary)
        if not report["changed_tensors"]:
            raise RunError(f"merging {adapter} changed no weight: the adapter is empty or was never trained")
        (temporary / MERGE_REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")

    save_model(merged, base, out, finish)
    return report


def save_model(model: Any, base: Path, out: Path, finish: Any = None) -> None:
    """Write a whole model folder with the base's own tokenizer files, under a temporary name until it is whole.

    Files are copied, not serialised again (vllm #38099); no token is added and no embedding resized.
    """
    temporary = _partial(out)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        model.generation_config = _greedy(model, base)
        model.save_pretrained(str(temporary), safe_serialization=True)
        for file in _TOKENIZER_FILES:
            if (base / file).is_file():
                shutil.copyfile(base / file, temporary / file)
        config = json.loads((temporary / "config.json").read_text(encoding="utf-8"))
        if config.pop("quantization_config", None):
            (temporary / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        if finish:
            finish(temporary)
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    except Exception as error:
        if is_disk_full(error):
            raise RunError(f"the disk is full: {out} was not written; free space and run the command again") from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _partial(out: Path) -> Path:
    return out.with_name(f".{out.name}.partial")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of saving means that the disk is full; safetensors and torch hide the system's error."""
    text = str(error)
    return getattr(error, "errno", None) == errno.ENOSPC or any(s in text for s in _FULL)


def _greedy(model: Any, base: Path) -> Any:
    """The base's stop and padding tokens with greedy decoding: Qwen2.5-Instruct's repetition penalty of 1.05 is fatal
    for traces, which repeat themselves."""
    from transformers import GenerationConfig

    kept = model.generation_config
    stop = load_tokenizer(base).eos_token_id
    return GenerationConfig(bos_token_id=kept.bos_token_id, eos_token_id=stop, pad_token_id=kept.pad_token_id)


def base_dtype(folder: Path) -> str:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return str(config.get("dtype") or config.get("torch_dtype") or "float32")


def probe_logits(model: Any, tokenizer: Any) -> list[Any]:
    """Logits on a few prompts, shape (tokens, vocabulary) each, in float32."""
    import torch

    found = []
    with torch.no_grad():
        for text in _PROBES:
            ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
            found.append(model(input_ids=ids.to(model.device)).logits[0].float().cpu())
    return found


def _changed(base: Path, merged: Path) -> int:
    """How many tensors of the merged folder differ from the base's."""
    import torch

    old, new = _tensors(base), _tensors(merged)
    return sum(1 for k, t in new.items() if k not in old or not torch.equal(old[k].to(t.dtype), t))


def _tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for file in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(file).items()}
