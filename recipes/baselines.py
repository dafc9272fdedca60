"""Full TAIL against answers without a trace: one model a variant, equal rows, steps and seed.

python recipes/baselines.py addition --out runs/baselines        # answer-only, plain-cot, index-hint, reversed, tail
python recipes/baselines.py compare_numbers --out runs/baselines --eval-n 200
Flags that are not listed here go to every run: see recipes/train_task.py --help.
"""

import sys

from train_task import run

from tail_lite.baselines import baselines_of
from tail_lite.errors import main
from tail_lite.study import study
from tail_lite.tasks.base import Task


def variants(task: Task) -> dict[str, list[str]]:
    return {"tail": [], **{name: ["--baseline", name] for name in baselines_of(task)}}


if __name__ == "__main__":
    main(lambda: study(sys.argv[1:], __doc__ or "", variants, run))
