"""Full TAIL against each of its modules removed: one model a variant, equal rows, steps and seed.

python recipes/ablation.py addition --out runs/ablation                              # four models, one page
python recipes/ablation.py addition compare_numbers --out runs/ablation --eval-n 200 --lengths 55,60,70,80
Flags that are not listed here go to every run: see recipes/train_task.py --help.
"""

import sys

from train_task import run

from tail_lite.errors import main
from tail_lite.render import ABLATIONS
from tail_lite.study import study

VARIANTS = {"tail": [], **{f"without-{module}": ["--without", module] for module in ABLATIONS}}

if __name__ == "__main__":
    main(lambda: study(sys.argv[1:], __doc__ or "", lambda task: VARIANTS, run))
