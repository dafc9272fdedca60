"""Which settings fine-tune nano best: one model a setting, equal rows and seed.

python recipes/settings.py addition --out runs/settings --samples 1500
Flags that are not listed here go to every run: see recipes/train_task.py --help.
"""

import sys

from train_task import run

from tail_lite.errors import main
from tail_lite.study import study

VARIANTS = {
    "default": [],
    "half-the-rate": ["--lr", "7.5e-4"],
    "twice-the-rate": ["--lr", "3e-3"],
    "rank-16": ["--rank", "16"],
    "batch-8": ["--batch", "8", "--micro-batch", "8"],
    "all-weights": ["--full"],
}

if __name__ == "__main__":
    main(lambda: study(sys.argv[1:], __doc__ or "", lambda task: VARIANTS, run))
