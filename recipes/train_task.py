"""The main job: synthesise data by running programs, fine-tune, merge, evaluate on S, M and L, report.

python recipes/train_task.py addition                    # embedded model on a CPU, Qwen2.5-7B with CUDA
python recipes/train_task.py addition --dry-run          # the plan, and a sample with its label mask
python recipes/train_task.py addition --without memory-fetcher --seed 1
"""

import json
import sys

from tail_lite.chat import template_of
from tail_lite.config import claim, parse_config
from tail_lite.errors import main
from tail_lite.evaluate import evaluate
from tail_lite.merge import merge_adapter
from tail_lite.models import load_tokenizer, locate
from tail_lite.plan import dry_run
from tail_lite.provenance import write_config
from tail_lite.report import print_report, write_report
from tail_lite.synthesis import read_rows, synthesise
from tail_lite.train import choose_backend, train


def run(argv: list[str]) -> None:
    config = parse_config(argv, __doc__ or "")
    if config.dry_run:
        dry_run(config)
        return
    choose_backend(config)  # a backend that cannot run, or a model that is not there, before anything is written
    model = locate(config.model)
    claim(config)
    out = config.run_dir

    data = out / "data"
    for task in config.tasks:
        if not (data / task / "manifest.json").is_file():
            print(f"data: synthesising {config.samples:,} rows of {task}", flush=True)
            synthesise(config.synthesis(task), data, config.workers)
    manifests = {task: json.loads((data / task / "manifest.json").read_text()) for task in config.tasks}
    (data / "manifest.json").write_text(json.dumps({"tasks": manifests}, indent=2) + "\n")
    hashes = {task: manifest["sha256"] for task, manifest in manifests.items()}
    write_config(out, config.to_json(), hashes, template_of(load_tokenizer(model)).hash)

    train(config, [row for task in config.tasks for row in read_rows(data / task, "train")])

    if not (out / "merged").is_dir():
        report = merge_adapter(out / "adapter", out / "merged")
        print(f"merge: logits of adapter and merged model differ by at most {report['logit_difference']['max']:.2g}")

    rows = [row for task in config.tasks for row in read_rows(data / task, "eval")]
    evaluate(out / "merged", rows, out / "eval", config.form, config.engine, resume=True, config=config.to_json())
    write_report(out)
    print_report(out)


if __name__ == "__main__":
    main(lambda: run(sys.argv[1:]))
