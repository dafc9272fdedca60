"""Fine-tuning throughput of this kit against `trl sft`: the same model, rows, adapter, batch and machine.

    python benchmarks/training.py                                  # nano on addition, a few minutes
    python benchmarks/training.py --out benchmarks/results/training-DATE.json

Each program trains in a process of its own, once on a few rows and once on more, one pass each; tokens/s are the
further tokens by the further seconds, so that starting up does not count. `trl sft` runs with its defaults, and once
more without gradient checkpointing, which costs it time where memory is plenty. Programs take turns; the best round
counts.
"""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tail_lite.chat import prompt_ids, template_of
from tail_lite.config import RunConfig, parse_config
from tail_lite.models import LINEAR_LAYERS, has_cuda, load_tokenizer, locate
from tail_lite.provenance import hardware, versions
from tail_lite.synthesis import read_rows, synthesise

ROOT = Path(__file__).parent.parent
OURS = (
    "import sys; from tail_lite.config import parse_config; from tail_lite.train import train\n"
    "from tail_lite.synthesis import read_rows; from pathlib import Path\n"
    "c = parse_config(sys.argv[2:], ''); c.run_dir.mkdir()\n"
    "train(c, read_rows(Path(sys.argv[1]), 'train')[: c.samples])"
)


def trl(data: Path, config: RunConfig, out: Path, *more: str) -> list[str]:
    """`trl sft` with an adapter of the same shape; its own defaults where the comparison leaves it free."""
    return [
        *(str(Path(sys.executable).with_name("trl")), "sft", "--model_name_or_path", str(locate(config.model))),
        *("--dataset_name", str(data), "--output_dir", str(out), "--use_peft", "--lora_task_type", "CAUSAL_LM"),
        *("--lora_r", str(config.rank), "--lora_alpha", str(2 * config.rank), "--lora_dropout", "0"),
        *("--lora_target_modules", *LINEAR_LAYERS),
        *("--learning_rate", str(config.lr), "--num_train_epochs", "1", "--max_length", "16384"),
        *("--per_device_train_batch_size", str(config.batch), "--gradient_accumulation_steps", "1"),
        *("--report_to", "none", "--save_strategy", "no", "--seed", "0"),
        *(() if has_cuda() else ("--use_cpu", "True")),
        *more,
    ]


def timed(command: list[str]) -> float:
    """Seconds that a process takes."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - began


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--task", default="addition")
    words.add_argument("--model", default="nano")
    words.add_argument("--rows", type=int, nargs=2, default=(80, 320), metavar=("FEW", "MORE"))
    words.add_argument("--rounds", type=int, default=2)
    words.add_argument("--out", type=Path, help="write the figures here, as JSON")
    args = words.parse_args()

    flags = [args.task, "--model", args.model, "--epochs", "1", "--save-every", "1000000", "--backend", "peft"]
    config = parse_config([*flags, "--samples", str(args.rows[1]), "--eval-n", "1", "--out", "unused"], "")
    tokenizer = load_tokenizer(locate(config.model))
    form = template_of(tokenizer)
    stop = tokenizer.convert_ids_to_tokens(form.stop_id)
    names = ("tail_lite", "trl sft", "trl sft, no gradient checkpointing")
    best: dict[str, dict[int, float]] = {name: {} for name in names}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        synthesise(config.synthesis(args.task), work)
        tokens = {}
        for n in args.rows:
            rows = read_rows(work / args.task, "train")[:n]
            plain = [
                {
                    "prompt": form.before + row["prompt"][0]["content"] + form.between,
                    "completion": row["completion"][0]["content"] + stop,
                }
                for row in rows
            ]
            (work / str(n)).mkdir()
            (work / str(n) / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in plain))
            tokens[n] = sum(
                len(prompt_ids(tokenizer, row["prompt"])) + len(tokenizer(text["completion"])["input_ids"])
                for row, text in zip(rows, plain, strict=True)
            )
        for turn in range(args.rounds):
            for n in args.rows:
                for k, name in enumerate(names):
                    out = work / f"run-{turn}-{n}-{k}"
                    ours = [sys.executable, "-c", OURS, str(work / args.task), *flags]
                    command = [
                        [*ours, "--samples", str(n), "--eval-n", "1", "--out", str(out)],
                        trl(work / str(n), config, out),
                        trl(work / str(n), config, out, "--gradient_checkpointing", "False"),
                    ][k]
                    seconds = timed(command)
                    best[name][n] = min(seconds, best[name].get(n, seconds))
                    print(f"round {turn + 1}: {name}, {n} rows: {seconds:.1f} s", flush=True)
    few, more = args.rows
    speed = {name: (tokens[more] - tokens[few]) / (t[more] - t[few]) for name, t in best.items()}
    for name, value in speed.items():
        print(f"{name}: {value:,.0f} tokens/s, {speed['tail_lite'] / value:.2f} times as many here")
    if args.out:
        figures = {
            "date": datetime.date.today().isoformat(),
            "command": " ".join(["python", "benchmarks/training.py", *sys.argv[1:]]),
            "hardware": hardware(),
            "versions": versions(),
            "tokens": {str(n): count for n, count in tokens.items()},
            "seconds": {name: {str(n): round(s, 2) for n, s in t.items()} for name, t in best.items()},
            "tokens_per_second": {name: round(value, 1) for name, value in speed.items()},
        }
        args.out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
