"""``tail-lite doctor``: what this machine can run, and why not the rest."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator

from tail_lite.provenance import hardware, versions

# What a part of the kit needs, and the extra that brings it.
_PARTS = {
    "synthesis, checks": ((), ""),
    "training, backend peft": (("torch", "transformers", "trl", "peft", "datasets", "accelerate"), "train"),
    "4-bit weights (nf4)": (("torch", "transformers", "bitsandbytes"), "cuda"),
    "training, backend unsloth": (("unsloth",), "cuda"),
    "engine transformers": (("torch", "transformers"), "train"),
    "engine vllm": (("vllm",), "vllm"),
    "app": (("gradio",), "app"),
}


def diagnose() -> Iterator[tuple[str, bool, str]]:
    """(part, whether it works here, why not), trying each part's imports for real."""
    for part, (packages, extra) in _PARTS.items():
        missing = [p for p in packages if importlib.util.find_spec(p) is None]
        if missing:
            yield part, False, f'{missing[0]} is not installed: pip install "tail_lite[{extra}]"'
            continue
        try:
            for package in packages:
                importlib.import_module(package)
        except Exception as error:  # whatever a package raises at import is the answer to the question
            yield part, False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            continue
        yield part, True, ""


def print_diagnosis() -> None:
    """The machine, the versions, and each part with its state."""
    parts = list(diagnose())
    machine = hardware()
    print(f"machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB")
    gpu = machine["gpu"]
    print(f"gpu: {gpu['name']}, {gpu['memory_gib']} GiB" if gpu else "gpu: none (default model: nano)")
    print("versions: " + ", ".join(f"{name} {version}" for name, version in versions().items()))
    for part, works, why in parts:
        print(f"{'ok ' if works else 'no '} {part}{': ' + why if why else ''}")
