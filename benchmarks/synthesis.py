"""How fast traces are written, against two peers measured in the same run, in turns, each in a single process.

CLRS-Text (package dm-clrs, https://arxiv.org/abs/2406.04229) writes algorithm traces too. Both sides draw a problem,
its length uniform over the same range, run the algorithm, and write question and trace: ours in the minimal form,
theirs through its own generator with hints. Imports and the first samples are not timed. Seconds are those of a
processor, so that what else the machine does counts less.

The second peer is a generator of addition traces written by hand with f-strings (`addition_by_hand` below). Its texts
are compared with ours first, character by character; problems are drawn beforehand. What remains is what the tape, its
record and the rendering cost.

    python benchmarks/synthesis.py --clrs-python clrs-env/bin/python

CLRS-Text needs an environment of its own. All of it wants TensorFlow and more, gigabytes; its generator only this:

    python -m venv clrs-env
    clrs-env/bin/pip install --no-deps dm-clrs
    clrs-env/bin/pip install chex attrs absl-py

Without --clrs-python only addition is measured. Prints, and writes to --out, synthesis-<date>.md and .json.
"""

import argparse
import datetime
import inspect
import json
import math
import random
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tail_lite.provenance import git_commit, hardware, versions
from tail_lite.render import Form, render_text
from tail_lite.tasks import get_task, task_names
from tail_lite.tasks.base import ANSWER_MARK, Problem, Task

MINIMAL = Form()
# Our task, its name there, lengths, least share of CLRS-Text's samples a second that we want.
# (For two strings the lengths there are of both together, which are then halved, so ours are drawn equal as well.)
PAIRS = (
    ("bubble_sort", "bubble_sort", range(2, 9), 1.0),
    ("dijkstra", "dijkstra", range(3, 21), 0.5),
    ("binary_search", "binary_search", range(5, 71), 1.0),
    ("lcs", "lcs_length", range(2, 13), 1.0),
)
LEAST_MEGABYTES = 2.0  # times CLRS-Text's megabytes of trace a second
MOST_TIME = 2.0  # times the hand-written generator's time
BLOCK = 100  # problems of addition that one side writes before it is the other's turn

Sample = Callable[[], tuple[str, str]]


def clrs_worker() -> None:
    """Runs in the other environment, which knows nothing of this file: this function's source is handed to it."""
    import importlib.metadata
    import importlib.util
    import json
    import sys
    import time
    import types

    # The packages' own __init__ files import everything for training; bare packages stand in for them. TensorFlow
    # serves the generator only to recognise a tensor among strings.
    folder = importlib.util.find_spec("clrs").submodule_search_locations[0]  # type: ignore[union-attr,index]
    for name in ("clrs", "clrs._src", "clrs._src.clrs_text"):
        package = types.ModuleType(name)
        package.__path__ = ["/".join([folder, *name.split(".")[1:]])]
        sys.modules[name] = package
    if importlib.util.find_spec("tensorflow") is None:
        sys.modules["tensorflow"] = types.ModuleType("tensorflow")
        sys.modules["tensorflow"].Tensor = type("Tensor", (), {})  # type: ignore[attr-defined]
    from absl import logging
    from clrs._src.clrs_text.huggingface_generators import clrs_generator

    logging.set_verbosity(logging.ERROR)
    packages = ("dm-clrs", "numpy", "jax")
    about = {name: importlib.metadata.version(name) for name in packages} | {"python": sys.version.split()[0]}
    print(json.dumps(about), flush=True)
    generators = {}
    for line in sys.stdin:
        algorithm, lengths, seconds = json.loads(line)
        if algorithm not in generators:
            generators[algorithm] = clrs_generator({algorithm: lengths}, use_hints=True)
            for _ in range(20):
                next(generators[algorithm])
        generator = generators[algorithm]
        samples = trace = text = 0
        start = now = time.process_time()
        while now - start < seconds:
            sample = next(generator)
            samples += 1
            trace += len(sample["answer"])
            text += len(sample["text"])
            now = time.process_time()
        print(json.dumps([samples, trace, text, now - start]), flush=True)


class Clrs:
    """The worker, asked through its pipes."""

    def __init__(self, python: str) -> None:
        code = inspect.getsource(clrs_worker) + "\nclrs_worker()\n"
        self._process = subprocess.Popen(
            [python, "-W", "ignore", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.versions: dict[str, str] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("CLRS-Text did not answer; see above, and this file's first lines on how to install it")
        return json.loads(line)

    def measure(self, algorithm: str, lengths: list[int], seconds: float) -> list[float]:
        assert self._process.stdin is not None
        print(json.dumps([algorithm, lengths, seconds]), file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        self._process.communicate()


def measure_ours(task: Task, lengths: range, rng: random.Random, seconds: float) -> list[float]:
    """Samples, characters of their traces and of questions and traces, and the seconds that they took."""
    samples = trace = text = 0
    start = now = time.process_time()
    while now - start < seconds:
        n = rng.choice(lengths)
        problem = task.sample(rng, n, n)
        query = task.query(problem, task.templates[samples % len(task.templates)])
        answer = render_text(task.program(problem), task.phrases, MINIMAL)
        samples += 1
        trace += len(answer)
        text += len(query) + len(answer)
        now = time.process_time()
    return [samples, trace, text, now - start]


def rates(rounds: list[list[float]]) -> dict[str, float]:
    """Medians over the rounds. All texts are ASCII, so characters are bytes."""
    return {
        "samples_per_second": round(statistics.median(r[0] / r[3] for r in rounds), 1),
        "trace_megabytes_per_second": round(statistics.median(r[1] / r[3] for r in rounds) / 1e6, 3),
        "text_megabytes_per_second": round(statistics.median(r[2] / r[3] for r in rounds) / 1e6, 3),
        "trace_bytes_per_sample": round(sum(r[1] for r in rounds) / sum(r[0] for r in rounds)),
        "samples": sum(int(r[0]) for r in rounds),
    }


def against_clrs(python: str, rounds: int, seconds: float) -> tuple[list[dict[str, Any]], dict[str, str]]:
    clrs = Clrs(python)
    results = []
    for name, algorithm, lengths, least_samples in PAIRS:
        if name not in task_names():
            print(f"{name}: no such task yet, left out", flush=True)
            continue
        task, rng = get_task(name), random.Random(0)
        theirs_lengths = [2 * n for n in lengths] if algorithm == "lcs_length" else list(lengths)
        measure_ours(task, lengths, rng, seconds / 10)
        clrs.measure(algorithm, theirs_lengths, seconds / 10)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(measure_ours(task, lengths, rng, seconds))
            theirs.append(clrs.measure(algorithm, theirs_lengths, seconds))
        ours_rates, theirs_rates = rates(ours), rates(theirs)
        ratio = {key: round(ours_rates[key] / theirs_rates[key], 2) for key in ours_rates if key.endswith("second")}
        results.append(
            {
                "task": name,
                "lengths": [lengths[0], lengths[-1]],
                "ours": ours_rates,
                "clrs_text": theirs_rates,
                "ratio": ratio,
                "goal": {"samples_per_second": least_samples, "trace_megabytes_per_second": LEAST_MEGABYTES},
                "met": ratio["samples_per_second"] >= least_samples
                and ratio["trace_megabytes_per_second"] >= LEAST_MEGABYTES,
            }
        )
        print(name, json.dumps(results[-1]["ratio"]), flush=True)
    clrs.close()
    return results, clrs.versions


# Addition, written by hand


def _cells_by_hand(
    add: Callable[[str], None], text: str, tracks: str, names: str, skip: int
) -> tuple[list[list[str]], int, int]:
    """The windows of a number between blanks; its addresses on either track, the places of its point and its end."""
    start, end = 10 * int(text[1]), len(text) - 1
    point = text.index(".") if "." in text else end
    track = tracks[0]
    path, other = ([f"{t}{(start + k + k // 5 * skip) % 100:02}" for k in range(end + 1)] for t in tracks)
    name = names[0]
    for at in (0, *range(6, end + 1, 5)):
        stop = at + (5 if at else 6)
        whole = zip(path[at : point + 1], text[at : min(stop, point + 1)], strict=False)
        cells = " ".join([f"{c}={s}" for c, s in whole])
        if stop > point < end:
            begin = max(at, point)
            fraction = " ".join([f"{c}={s}" for c, s in zip(other[begin:], text[begin:stop], strict=False)])
            cells = f"{cells} {fraction}" if cells else fraction
        line = f"{name} w={text[max(0, at - 6) : stop]} {'' if at else f'h{track}={path[0][1:]} '}{cells}"
        if at <= point < stop:
            line += f" p{track}={path[point][1:]}"
            if point < end:
                line += f" p{tracks[1]}={path[point][1:]}"
            name = names[1]
        add(line if stop <= end else f"{line} e{tracks[point < end]}={path[end][1:]}")
    return [path, other], point, end


def _copy_by_hand(
    add: Callable[[str], None], name: str, path: list[str], symbols: list[str], k: int, words: list[str]
) -> None:
    """The symbols from place `k` up to a blank or a point, behind the words of the output."""
    first = k
    while True:
        at = max(first, k - 2)
        group = symbols[at : k + 1 + -k % 5]
        for n, symbol in enumerate(group, 1):
            if symbol in "._":
                del group[n:]
        line = f"{name} " + " ".join([f"{c}={s}" for c, s in zip(path[at:], group, strict=False)])
        read = "".join(group).rstrip("._")
        new = read[k - at :]
        k = at + len(group)
        if new:
            words.append(f".{new}" if name == "mid" else new)
            line += f" :{read} o={''.join(words[-3:])}"
        add(line)
        if group[-1] in "._":
            return
        if name == "mid":
            name = "tail"


def addition_by_hand(problem: Problem) -> str:
    """The text of addition's program in the minimal form, without any record of states."""
    a, b = f"_{problem['a']}_", f"_{problem['b']}_"
    lines: list[str] = []
    add = lines.append
    (u, s), i, end_u = _cells_by_hand(add, a, "ux", "ac", 0)
    (v, t), j, end_v = _cells_by_hand(add, b, "vy", "bf", 10)
    point_u, point_v = i, j

    head = f"rest pu={u[i][1:]} pv={v[j][1:]} {u[i]}={a[i]} {v[j]}={b[j]}"
    if a[i] == b[j] == ".":
        add(head)
        while True:
            i, j = i + 1, j + 1
            head = f"walk {s[i]}={a[i]} {t[j]}={b[j]}"
            if "_" in (a[i], b[j]):
                break
            add(head)
    longer = "_" if "." not in a + b else "x" if b[j] == "_" else "y"
    add(f"{head} F={longer}")

    x, y, carry = list(a), list(b), 0
    while True:
        i, j = i - 1, j - 1
        p, q = x[i], y[j]
        if "_" in (p, q):
            break
        c, d = (s[i], t[j]) if i >= point_u < end_u else (u[i], v[j])
        if p == ".":
            add(f"add{carry} {c}=. {d}=.")
            continue
        total = int(p) + int(q) + carry
        x[i] = y[j] = digit = str(total % 10)
        add(f"add{carry} {c}={p} {d}={q} :{total} {c}={digit} {d}={digit}")
        carry = total // 10
    lead, path, symbols, k = ("u", u, x, i) if q == "_" else ("v", v, y, j)
    add(f"add{carry} {u[i]}={p} {v[j]}={q} I={lead}")
    while carry:
        total = 1 if symbols[k] == "_" else int(symbols[k]) + 1
        add(f"carry {path[k]}={symbols[k]} :{total} {path[k]}={total % 10}")
        symbols[k] = str(total % 10)
        carry, k = total // 10, k - 1

    track, others, place, end = (s, x, point_u, end_u) if longer == "x" else (t, y, point_v, end_v)
    if longer == "_":
        add("end F=_")
    else:
        add(f"end F={longer} e{longer}={track[end][1:]}")
        k = end - 1
        while others[k] == "0":
            add(f"trim {track[k]}=0 {track[k]}=_")
            others[k] = "_"
            k -= 1
        add(f"trim {track[k]}={others[k]}")
    add(f"top I={lead} h{lead}={path[0][1:]} {path[0]}={symbols[0]}")
    words: list[str] = []
    _copy_by_hand(add, "copy", path, symbols, 1 if symbols[0] == "_" else 0, words)
    if longer == "_":
        add("point F=_")
    else:
        add(f"point F={longer} p{longer}={track[place][1:]} {track[place + 1]}={others[place + 1]}")
        if others[place + 1] != "_":
            _copy_by_hand(add, "mid", track, others, place + 1, words)
    add(f"{ANSWER_MARK}{''.join(words)}")
    return "\n".join(lines)


def against_hand(rounds: int, n: int) -> list[dict[str, Any]]:
    task = get_task("addition")
    results = []
    for where, (lo, hi) in task.ranges.items():
        rng = random.Random(0)
        problems = [task.sample(rng, lo, hi) for _ in range(n)]

        def ours(problem: Problem) -> str:
            return render_text(task.program(problem), task.phrases, MINIMAL)

        for problem in problems:
            assert ours(problem) == addition_by_hand(problem), problem
        # In turns, a few milliseconds each, and of each turn the least of all rounds: the processor is shared.
        blocks = range(0, n, BLOCK)
        least = {"ours": [math.inf] * len(blocks), "by_hand": [math.inf] * len(blocks)}
        for _ in range(rounds):
            for k, first in enumerate(blocks):
                for side, write in (("ours", ours), ("by_hand", addition_by_hand)):
                    start = time.process_time()
                    for problem in problems[first : first + BLOCK]:
                        write(problem)
                    least[side][k] = min(least[side][k], time.process_time() - start)
        micros = {side: round(sum(times) / n * 1e6, 1) for side, times in least.items()}
        ratio = round(sum(least["ours"]) / sum(least["by_hand"]), 2)
        results.append(
            {"range": where, "microseconds": micros, "ratio": ratio, "goal": MOST_TIME, "met": ratio <= MOST_TIME}
        )
        print("addition", where, json.dumps(results[-1]), flush=True)
    return results


# The report


def as_markdown(found: dict[str, Any]) -> str:
    """The same figures for readers."""
    hard, soft = found["hardware"], found["versions"]
    clrs = f"; {', '.join(f'{k} {v}' for k, v in found['clrs_versions'].items())}" if found["clrs_versions"] else ""
    lines = [
        f"# Speed of synthesis, {found['date']}",
        "",
        f"{hard['cpu']}, {hard['cores']} cores; python {soft['python']}, tail_lite {soft['tail_lite']}{clrs}",
        "",
        f"`{found['command']}`",
        "",
        f"{found['rounds']} rounds in turns, seconds of processor time: against CLRS-Text medians, one process a side; "
        f"of addition the least, by blocks of {BLOCK} problems.",
    ]
    if found["clrs_text"]:
        lines += [
            "",
            "| against CLRS-Text | lengths | samples/s | theirs | ratio | trace MB/s | theirs | ratio | goal |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
    for row in found["clrs_text"]:
        cells = [row["task"], "–".join(map(str, row["lengths"]))]
        for key in ("samples_per_second", "trace_megabytes_per_second"):
            cells += [str(row["ours"][key]), str(row["clrs_text"][key]), f"**{row['ratio'][key]}**"]
        goal = f"≥ {row['goal']['samples_per_second']:g} and ≥ {row['goal']['trace_megabytes_per_second']:g}"
        lines.append(f"| {' | '.join(cells)} | {goal}: {'met' if row['met'] else 'missed'} |")
    lines += [
        "",
        "| addition against f-strings | µs a text | by hand | ratio | goal |",
        "|---|---|---|---|---|",
    ]
    for row in found["addition"]:
        micros = row["microseconds"]
        goal = f"≤ {row['goal']:g}: {'met' if row['met'] else 'missed'}"
        lines.append(f"| {row['range']} | {micros['ours']} | {micros['by_hand']} | **{row['ratio']}** | {goal} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--clrs-python", help="interpreter of an environment with dm-clrs")
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument("--seconds", type=float, default=1.0, help="per side, task and round")
    words.add_argument("--problems", type=int, default=1000, help="of addition, per range")
    words.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    args = words.parse_args()
    results, clrs_versions = against_clrs(args.clrs_python, args.rounds, args.seconds) if args.clrs_python else ([], {})
    command = f"python benchmarks/synthesis.py --rounds {args.rounds} --seconds {args.seconds:g}"
    command += f" --problems {args.problems}" + (" --clrs-python clrs-env/bin/python" if args.clrs_python else "")
    found = {
        "date": datetime.date.today().isoformat(),
        "command": command,
        "hardware": hardware(),
        "versions": versions(),
        "git_commit": git_commit(),
        "clrs_versions": clrs_versions,
        "rounds": args.rounds,
        "clrs_text": results,
        "addition": against_hand(args.rounds, args.problems),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / f"synthesis-{found['date']}"
    path.with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(as_markdown(found), encoding="utf-8")
    print(as_markdown(found))


if __name__ == "__main__":
    main()
