import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, so each has one core
# Two OpenMP threads that spin for each other are slower than one on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_collection_modifyitems(items):
    if any(item.get_closest_marker("gpu") for item in items):
        import torch

        if not torch.cuda.is_available():
            for item in items:
                if item.get_closest_marker("gpu"):
                    item.add_marker(pytest.mark.skip(reason="needs a CUDA GPU; this machine has none"))


@pytest.fixture
def cli(tmp_path):
    """Run `tail-lite` as a user does, in a folder of its own; returns the finished process."""

    def run(*words, cwd=tmp_path, **options):
        command = [sys.executable, "-m", "tail_lite", *map(str, words)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, **options)

    return run


@pytest.fixture
def recipe(tmp_path):
    """Run a recipe as a user does."""

    def run(name, *words, cwd=tmp_path, **options):
        command = [sys.executable, str(ROOT / "recipes" / name), *map(str, words)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900, **options)

    return run
