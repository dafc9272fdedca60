"""QLoRA through Unsloth and through plain TRL+PEFT on the same model, rows and machine: tokens/s and peak memory.

    python benchmarks/qlora.py --shape 7b --steps 50      # Qwen2.5-7B's shape with random weights, on a CUDA GPU
    python benchmarks/qlora.py --shape tiny --steps 8     # the same path on any machine, to see that it runs

Prints one line a backend and their ratio, and with --out writes them, with date, machine and versions, as JSON.
"""

import argparse
import datetime
import json
import lzma
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tail_lite.provenance import hardware, versions
from tail_lite.tokens import DATA_DIR

ROOT = Path(__file__).parent.parent
_KEYS = [
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "vocab_size",
]
SHAPES = {
    "7b": dict(zip(_KEYS, (3584, 18944, 28, 28, 4, 152064), strict=True)),
    "0.5b": dict(zip(_KEYS, (896, 4864, 24, 14, 2, 151936), strict=True)),
    "tiny": dict(zip(_KEYS, (128, 384, 2, 4, 2, 151936), strict=True)),
}


def make_model(folder: Path, shape: str) -> None:
    """A Qwen2 model of the shape with random weights, and Qwen2.5's real tokenizer."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(**SHAPES[shape], max_position_embeddings=32768, eos_token_id=151643, pad_token_id=151643)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.device(device):
        model = Qwen2ForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(lzma.decompress((DATA_DIR / "qwen2.5-tokenizer.json.xz").read_bytes()))
    names = {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names))


def measure(model: Path, backend: str, out: Path, args: argparse.Namespace) -> dict[str, float]:
    """One training run in its own process; figures from its log, the first steps (compilation) left out."""
    rows = args.steps * args.batch
    code = (
        "import sys; from tail_lite.config import *; from tail_lite.train import *; from tail_lite.synthesis import *\n"
        "c = parse_config(sys.argv[1:], ''); claim(c); d = c.run_dir / 'data'\n"
        "synthesise(c.synthesis('addition'), d); train(c, read_rows(d / 'addition', 'train'))"
    )
    flags = f"addition --model {model} --backend {backend} --quantize nf4 --samples {rows} --eval-n 1 --epochs 1"
    flags += f" --batch {args.batch} --micro-batch {args.batch} --rank 32 --save-every 100000 --out {out}"
    subprocess.run([sys.executable, "-c", code, *flags.split()], cwd=ROOT, check=True)
    log = [json.loads(line) for line in (out / "train_log.jsonl").read_text().splitlines()]
    settled = log[len(log) // 5 :]
    return {
        "tokens_per_second": round(statistics.median(line["tokens_per_second"] for line in settled), 1),
        "peak_memory_mib": max(line["memory"] for line in log),
        "steps": len(log),
        "first_loss": log[0]["loss"],
        "last_loss": log[-1]["loss"],
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--shape", choices=SHAPES, default="7b")
    words.add_argument("--steps", type=int, default=50)
    words.add_argument("--batch", type=int, default=4)
    words.add_argument("--backends", default="peft,unsloth")
    words.add_argument("--out", type=Path)
    args = words.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder / "model", args.shape)
        for backend in args.backends.split(","):
            found[backend] = measure(folder / "model", backend, folder / backend, args)
            print(backend, found[backend], flush=True)
    if {"peft", "unsloth"} <= set(found):
        speed = found["unsloth"]["tokens_per_second"] / found["peft"]["tokens_per_second"]
        memory = found["unsloth"]["peak_memory_mib"] / found["peft"]["peak_memory_mib"]
        print(f"unsloth / peft: {speed:.2f} times the tokens a second, {memory:.2f} times the peak memory")
    if args.out:
        about = {"date": datetime.date.today().isoformat(), "command": " ".join(sys.argv), "versions": versions()}
        args.out.write_text(json.dumps(about | {"hardware": hardware(), "results": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
