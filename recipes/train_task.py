"""The main job: synthesise data by running programs, fine-tune, merge, evaluate on S, M and L, report.

python recipes/train_task.py addition                    # embedded model on a CPU, Qwen2.5-7B with CUDA
python recipes/train_task.py addition --dry-run          # the plan, and a sample with its label mask
python recipes/train_task.py addition --without memory-fetcher --seed 1
"""

import sys

from tail_lite.chat import template_of
from tail_lite.config import claim, parse_config
from tail_lite.errors import main
from tail_lite.evaluate import evaluate
from tail_lite.files import read_json, write_json
from tail_lite.merge import merge_adapter
from tail_lite.models import context_length, load_tokenizer, locate
from tail_lite.plan import dry_run, preflight
from tail_lite.provenance import write_config
from tail_lite.report import print_report, write_report
from tail_lite.synthesis import read_rows, synthesise
from tail_lite.train import encode, train


def run(argv: list[str]) -> None:
    config = preflight(parse_config(argv, __doc__ or ""))
    if config.dry_run:
        dry_run(config)
        return
    model = locate(config.model)

    with claim(config) as out:
        data = out / "data"
        for task in config.tasks:
            if not (data / task / "manifest.json").is_file():
                print(f"data: synthesising {config.samples:,} rows of {task}", flush=True)
                synthesise(config.synthesis(task), data, config.workers)
        manifests = {task: read_json(data / task / "manifest.json") or {} for task in config.tasks}
        write_json(data / "manifest.json", {"tasks": manifests})
        tokenizer = load_tokenizer(model)
        hashes = {task: manifest["sha256"] for task, manifest in manifests.items()}
        write_config(out, config.to_json(), data_sha256=hashes, template_sha256=template_of(tokenizer).hash)

        evaluated = [row for task in config.tasks for row in read_rows(data / task, "eval")]
        encode(tokenizer, evaluated, context_length(model))  # too long for the model? better known before training
        train(config, [row for task in config.tasks for row in read_rows(data / task, "train")])

    if not (out / "merged").is_dir():
        report = merge_adapter(out / "adapter", out / "merged")
        print(f"merge: logits of adapter and merged model differ by at most {report['logit_difference']['max']:.2g}")

    evaluate(out / "merged", evaluated, out / "eval", config.form, config.engine, resume=True, config=config.to_json())
    write_report(out)
    print_report(out)


if __name__ == "__main__":
    main(lambda: run(sys.argv[1:]))
