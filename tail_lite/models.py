"""From a name to a model and its tokenizer: ``nano`` (embedded), a local folder, or a hub name.

Every name is first turned into a local folder, so that the rest of the kit reads and copies files in one way.
"""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tail_lite.errors import UsageError
from tail_lite.files import read_json
from tail_lite.tokens import DATA_DIR

# Read by OpenMP when torch is loaded: threads that spin while they wait for each other make two of them up to fifty
# times slower than one on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

NANO = "nano"
QWEN = "Qwen/Qwen2.5-7B"
LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_FILES = ("*.json", "*.safetensors", "*.txt", "*.jinja")


@dataclass(frozen=True)
class Profile:
    """Defaults of a model's size. `batch` is rows an optimizer step, `micro_batch` rows a forward pass."""

    samples: int
    epochs: float
    lr: float
    full_lr: float  # of full fine-tuning
    batch: int
    micro_batch: int
    rank: int
    eval_n: int


NANO_PROFILE = Profile(samples=5500, epochs=1.0, lr=1.5e-3, full_lr=2e-3, batch=4, micro_batch=4, rank=64, eval_n=100)
LARGE_PROFILE = Profile(samples=20_000, epochs=2.0, lr=1e-4, full_lr=1e-5, batch=64, micro_batch=4, rank=32, eval_n=500)


def has_cuda() -> bool:
    """Whether torch is installed and sees a CUDA GPU."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def default_model() -> str:
    return QWEN if has_cuda() else NANO


def profile_of(name: str) -> Profile:
    return NANO_PROFILE if name == NANO else LARGE_PROFILE


def require(extra: str, *packages: str) -> None:
    """UsageError naming the ``pip install`` to run if one of an extra's packages is missing."""
    missing = [p for p in packages if importlib.util.find_spec(p) is None]
    if missing:
        raise UsageError(f'{missing[0]} is not installed: pip install "tail_lite[{extra}]"')


def locate(name: str, weights: bool = True) -> Path:
    """The local folder of a model; hub names are downloaded (or found in its cache), on request without weights."""
    if name == NANO:
        return DATA_DIR / "nano"
    folder = Path(name).expanduser()
    if (folder / "merged" / "config.json").is_file():
        folder = folder / "merged"  # a run folder
    if folder.is_dir():
        _check_folder(folder)
        return folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise UsageError(f"no model folder {name}: give an existing folder, a hub name like {QWEN}, or {NANO}")
    require("train", "huggingface_hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )
    from requests.exceptions import RequestException

    try:
        return Path(snapshot_download(name, allow_patterns=[f for f in _FILES if weights or f != "*.safetensors"]))
    except RepositoryNotFoundError:
        raise UsageError(f"the hub has no model {name!r} (or it is private: log in with `hf auth login`)") from None
    except HFValidationError:
        raise UsageError(f"{name!r} is neither a folder nor a hub name like {QWEN}") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, RequestException, OSError):
        raise UsageError(
            f"cannot reach the model hub for {name!r}: check the network, or pass a local folder or --model {NANO}"
        ) from None


def _check_folder(folder: Path) -> None:
    if read_json(folder / "config.json") is None:
        if (folder / "adapter_config.json").is_file():
            raise UsageError(f"{folder} is an adapter: merge it first with `tail-lite merge {folder} --out DIR`")
        raise UsageError(f"{folder} has no config.json: it is not a model folder")
    if not any(folder.glob("*.safetensors")):
        raise UsageError(f"{folder} has no weights (*.safetensors): it is not a whole model folder")
    if not (folder / "tokenizer.json").is_file() and not (folder / "tokenizer_config.json").is_file():
        raise UsageError(f"{folder} has no tokenizer files: copy them from its base model")


def context_length(folder: str | Path) -> int:
    """How many positions the model was made for."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return int(config["max_position_embeddings"])


def _quiet() -> None:
    """Silence progress bars and notes of the libraries, which drown a run's own lines; warnings still come through."""
    import logging

    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # a kernel that it would rather have downloaded


def load_tokenizer(folder: str | Path) -> Any:
    """The fast tokenizer of a model folder."""
    require("train", "transformers")
    from transformers import AutoTokenizer

    _quiet()

    return AutoTokenizer.from_pretrained(str(folder))


def nf4_config() -> Any:
    """QLoRA's 4-bit NormalFloat, doubly quantised, computing in bfloat16."""
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def load_model(folder: str | Path, dtype: Any = None, quantize: str = "none", device: str | None = None) -> Any:
    """The model of a folder on `device` (the GPU where there is one), in `dtype` (its own) or 4-bit (``nf4``)."""
    require("train", "torch", "transformers")
    import torch
    from transformers import AutoModelForCausalLM

    _quiet()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options: dict[str, Any] = {"dtype": dtype or "auto", "device_map": {"": device}}
    if quantize == "nf4":
        require("cuda", "bitsandbytes")
        options["quantization_config"] = nf4_config()
    model = AutoModelForCausalLM.from_pretrained(str(folder), **options)
    if quantize == "nf4" and device == "cpu":
        _keep_packed(model)
    return model


def _keep_packed(model: Any) -> None:
    # bitsandbytes 0.50.2 on CPUs with AVX512-BF16: the first forward without gradients repacks the 4-bit weights in
    # place, after which training loses gradients and dequantize() is wrong. Can go once that is mended upstream.
    import bitsandbytes as bnb

    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False
