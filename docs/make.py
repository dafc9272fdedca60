"""Writes the pages that show what the code makes: `python docs/make.py` (tasks.md), `--tokens 200` (tokens.md,
minutes).

A test holds tasks.md equal to what this script writes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tail_lite.render import Form, render_text
from tail_lite.synthesis import show_row
from tail_lite.tasks import get_task, task_names
from tail_lite.tasks.base import RANGES, Task, rng_of
from tail_lite.tokens import count_tokens, quantiles

HERE = Path(__file__).parent
SEED = 1


def example(task: Task) -> str:
    n = task.example_length or max(task.min_length, task.ranges["S"][0])
    row = show_row(task, str(n), SEED, Form())
    ranges = ", ".join(f"{w} {lo}–{hi}" for w, (lo, hi) in task.ranges.items())
    return f"""## {task.name}

{task.paradigm}: {task.description}. Length is {task.length_is}: {ranges}.

`tail-lite show {task.name} --length {n} --seed {SEED}`

> {row["prompt"][0]["content"]}

```
{row["completion"][0]["content"]}
```
"""


def tasks_page() -> str:
    found = [get_task(name) for name in task_names()]
    links = "\n".join(f"- [{t.name}](#{t.name}): {t.description}" for t in found)
    examples = "\n".join(map(example, found))
    return f"""# The tasks

One short example of each, in the minimal form, written by `python docs/make.py`. A line is a state, or several where
a head moves along. In `name address=value… :solution address=value…` stand the cells that it fetches, its elementary
solution and the cells that it writes; the name of the next state begins the next line. How many tokens traces take:
[tokens.md](tokens.md).

{links}

{examples}"""


def tokens_page(n: int) -> str:
    rows = []
    for task in map(get_task, task_names()):
        for where in RANGES:
            problems = [task.sample(rng_of(task.name, "tokens", where, k), *task.ranges[where]) for k in range(n)]
            cells = []
            for style in ("minimal", "styled"):
                counts = quantiles(count_tokens([text_of(task, p, style) for p in problems]))
                cells += [f"{counts['mean']:,.0f}", f"{counts['p95']:,.0f}", f"{counts['max']:,.0f}"]
            rows.append(f"| {task.name if where == 'S' else ''} | {where} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    body = "\n".join(rows)
    others = [f"{t.name} {t.token_p95:,}" for t in map(get_task, task_names()) if t.token_p95 != Task.token_p95]
    budgets = f"95th percentile {Task.token_p95:,} ({', '.join(others)})"
    return f"""# Tokens

Length of the chain of thought in Qwen2.5 tokens, {n} problems a range: `python docs/make.py --tokens {n}`.
Budgets at L, minimal form: {budgets}, maximum {Task.token_max:,}; `tail-lite check` tests them.

| task | range | minimal: mean | p95 | max | styled: mean | p95 | max |
|---|---|---|---|---|---|---|---|
{body}
"""


def text_of(task: Task, problem: dict, style: str) -> str:
    return render_text(task.program(problem), task.phrases, Form(style))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, metavar="N", help="write tokens.md from N problems a range")
    many = parser.parse_args().tokens
    if many:
        (HERE / "tokens.md").write_text(tokens_page(many), encoding="utf-8")
    else:
        (HERE / "tasks.md").write_text(tasks_page(), encoding="utf-8")
