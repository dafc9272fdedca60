"""What only a CUDA GPU can show; skipped, with the reason, elsewhere."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.gpu
def test_both_qlora_backends_train(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "qlora.py"), "--shape", "0.5b", "--steps", "10"]
    subprocess.run([*command, "--out", str(tmp_path / "out.json")], check=True, cwd=tmp_path)
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    for backend in ("peft", "unsloth"):
        assert results[backend]["steps"] == 10
        assert results[backend]["last_loss"] < results[backend]["first_loss"]


@pytest.mark.gpu
def test_the_main_job_on_a_gpu(recipe, tmp_path):
    done = recipe("train_task.py", "addition", "--quick", "--model", "nano", "--engine", "vllm", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "eval" / "results.json").read_text())["engine"] == "vllm"
