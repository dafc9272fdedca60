"""pass@1 by input length: generate, grade, save every sample as it finishes, sum up.

``samples.jsonl`` grows by one line a finished sample, so a killed evaluation goes on where it stopped; a fingerprint of
model, form, rows and engine beside it keeps the samples of different evaluations apart.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tail_lite.chat import prompt_ids
from tail_lite.engines import Engine, Generation, choose_engine, open_engine
from tail_lite.errors import RunError, UsageError
from tail_lite.files import read_json, replace_file
from tail_lite.models import context_length, load_tokenizer, locate
from tail_lite.render import Form
from tail_lite.stats import wilson
from tail_lite.synthesis import Row, Synthesis, parse_lengths, read_rows, synthesise
from tail_lite.tasks import get_task, parse_tasks
from tail_lite.tasks.base import RANGES
from tail_lite.verify import CLASSES, OUTCOMES, grade_generation

SAMPLES, RESULTS, FINGERPRINT = "samples.jsonl", "results.json", "fingerprint.json"
_SLACK, _SPARE = 1.25, 64  # token budget: a quarter more than the true completion takes, and a little
_EDGE = 1 << 20

Say = Callable[[str], None]
Key = tuple[str, str]


def _say(line: str) -> None:
    print(line, flush=True)


def row_key(row: dict[str, Any]) -> Key:
    """What tells samples apart: one problem may be evaluated in two ranges."""
    return row["id"], row["range"]


def evaluate(
    model: str | Path,
    rows: Sequence[Row],
    out: str | Path,
    form: Form,
    engine: str = "auto",
    *,
    resume: bool = False,
    model_name: str | None = None,
    config: dict[str, Any] | None = None,
    say: Say = _say,
) -> dict[str, Any]:
    """Evaluate a model folder on `rows`, writing ``samples.jsonl`` and ``results.json`` into `out`; the results.

    With `resume`, what is saved in `out` is not done again; without, `out` must be new or empty.
    """
    model, out = Path(model), Path(out)
    kind = choose_engine(engine)
    unique = list({row_key(row): row for row in rows}.values())
    if not unique:
        raise UsageError("there is no row to evaluate")
    mark = _fingerprint(model, unique, form, kind)
    done = _claim(out, mark, resume)
    todo = [k for k, row in enumerate(unique) if row_key(row) not in done]
    if not todo and (stored := read_json(out / RESULTS)) is not None:
        say(f"evaluation: all {len(unique)} samples are already in {out}")
        return stored

    if todo:
        prompts, truths, budgets, longest = _plan(model, unique)
        _make(out)
        with closing(open_engine(kind, model, longest)) as running:
            mark |= {"engine_version": running.version, "engine_flags": running.flags}
            _save(out, lambda: replace_file(out / FINGERPRINT, json.dumps(mark, indent=2) + "\n"), len(done))
            wanted = [prompts[k] for k in todo], [budgets[k] for k in todo], [truths[k] for k in todo]
            finished = running.generate(*wanted)
            _grade(running, unique, todo, finished, form, out, done, say)
    else:  # killed between the last sample and the results
        mark = read_json(out / FINGERPRINT) or mark

    samples = [done[row_key(row)] for row in unique]
    results = {
        "model": model_name or str(model),
        "engine": kind,
        "config": {**(config or {}), "form": asdict(form), **_about(mark)},
        "tasks": summarise(samples),
    }
    lines = "".join(json.dumps(sample) + "\n" for sample in samples)
    _save(out, lambda: replace_file(out / SAMPLES, lines), len(done))
    _save(out, lambda: replace_file(out / RESULTS, json.dumps(results, indent=2) + "\n"), len(done))
    return results


def _plan(model: Path, rows: Sequence[Row]) -> tuple[list[list[int]], list[list[int]], list[int], int]:
    """Tokens of prompts and true completions, token budgets, and the longest sequence that prompts and budgets make;
    UsageError on a row that cannot fit."""
    tokenizer, context = load_tokenizer(model), context_length(model)
    prompts, truths, budgets = [], [], []
    for row in rows:
        prompt = prompt_ids(tokenizer, row["prompt"])
        truth = tokenizer(row["completion"][0]["content"], add_special_tokens=False)["input_ids"]
        size = len(truth) + 1  # with the stop token
        if len(prompt) + size > context:
            raise UsageError(
                f"{row['task']} {row['range']} {row['id']} (length {row['length']}) takes {len(prompt)} + {size} "
                f"tokens, more than the model's context of {context}: leave out that range or length"
            )
        prompts.append(prompt)
        truths.append(truth)
        budgets.append(min(math.ceil(_SLACK * size) + _SPARE, context - len(prompt)))
    return prompts, truths, budgets, max(len(p) + b for p, b in zip(prompts, budgets, strict=True))


def _grade(
    engine: Engine,
    rows: Sequence[Row],
    todo: list[int],
    generations: Iterator[tuple[int, Generation]],
    form: Form,
    out: Path,
    done: dict[Key, dict[str, Any]],
    say: Say,
) -> None:
    """Grade what is generated, appending each sample to the file as it finishes."""
    started, tokens, shown = time.perf_counter(), 0, time.perf_counter()
    say(f"evaluation: {len(todo)} samples to generate with {engine.name} {engine.version}")
    # Unbuffered: a line is on its way to the disk when its sample is done, and an error is not met again on closing.
    with (out / SAMPLES).open("ab", buffering=0) as file:
        finished = _or_out_of_memory(generations, out, done)
        for count, (place, generation) in enumerate(finished, 1):
            row = rows[todo[place]]
            sample = _sample(row, form, generation.text, generation.tokens, generation.finish)
            line = (json.dumps(sample) + "\n").encode()
            _save(out, lambda line=line: _append(file, line), len(done))  # type: ignore[misc]
            done[row_key(row)] = sample
            tokens += generation.tokens
            now = time.perf_counter()
            if now - shown > 15 or count == len(todo):
                shown = now
                say(f"evaluation: {count}/{len(todo)} samples, {tokens / (now - started):,.0f} tokens/s")


def _or_out_of_memory(
    finished: Iterator[tuple[int, Generation]], out: Path, done: dict[Key, dict[str, Any]]
) -> Iterator[tuple[int, Generation]]:
    try:
        yield from finished
    except (RuntimeError, MemoryError) as error:  # torch says it in words, differently on each device
        if isinstance(error, MemoryError) or re.search("out of memory|allocate memory", str(error)):
            raise RunError(f"out of memory: {_saved(out, len(done))}") from error
        raise


def _sample(row: Row, form: Form, generation: str, tokens: int, finish: str) -> dict[str, Any]:
    graded = grade_generation(
        get_task(row["task"]), json.loads(row["problem"]), form, generation, finish, row["answer"]
    )
    return {
        **{name: row[name] for name in ("id", "task", "range", "length", "problem")},
        "form": asdict(form),
        "prompt": row["prompt"],
        "generation": generation,
        "tokens": tokens,
        "finish": finish,
        "extracted": graded.extracted,
        "answer": row["answer"],
        "correct": graded.correct,
        "outcome": graded.outcome,
        "first_wrong": graded.first_wrong,
    }


def summarise(samples: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Samples to ``{task: {range: counts, accuracy, interval}}``, ranges in the order S, M, L, then exact lengths."""
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for sample in samples:
        groups.setdefault(sample["task"], {}).setdefault(sample["range"], []).append(sample)
    return {
        task: {where: _summary(ranges[where]) for where in sorted(ranges, key=range_order)}
        for task, ranges in groups.items()
    }


def range_order(where: str) -> tuple[int, int]:
    """S, M, L, then exact lengths, ascending."""
    return (RANGES.index(where), 0) if where in RANGES else (len(RANGES), int(where))


def _summary(group: list[dict[str, Any]]) -> dict[str, Any]:
    n, correct = len(group), sum(sample["correct"] for sample in group)
    outcomes = Counter(sample["outcome"] for sample in group)
    wrong = [sample["first_wrong"] for sample in group if sample["first_wrong"] is not None]
    classes = Counter(w["class"] for w in wrong)
    return {
        "n": n,
        "correct": correct,
        "accuracy": correct / n,
        "ci95": list(wilson(correct, n)),
        "outcomes": {name: outcomes[name] for name in OUTCOMES if outcomes[name]},
        "first_wrong_class": {name: classes[name] for name in CLASSES if classes[name]},
        "first_wrong_module": dict(Counter(w["module"] for w in wrong).most_common()),
        "mean_tokens": sum(sample["tokens"] for sample in group) / n,
    }


# Saving and resuming


def _fingerprint(model: Path, rows: Sequence[Row], form: Form, engine: str) -> dict[str, Any]:
    """What must be the same for samples to belong together."""
    weights = hashlib.sha256()
    for file in [model / "config.json", model / "tokenizer.json", *sorted(model.glob("*.safetensors"))]:
        if file.is_file():
            size = file.stat().st_size
            weights.update(f"{file.name} {size}\n".encode())
            with file.open("rb") as data:  # both ends: whole weights may take minutes to read
                weights.update(data.read(_EDGE))
                data.seek(max(0, size - _EDGE))
                weights.update(data.read(_EDGE))
    content = hashlib.sha256()
    for row in rows:
        content.update(json.dumps([row["id"], row["range"], row["prompt"], row["answer"]]).encode())
    return {
        "model": weights.hexdigest(),
        "rows": content.hexdigest(),
        "form": json.dumps(asdict(form)),
        "engine": engine,
    }


def _about(mark: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mark.items() if name in ("engine_version", "engine_flags")}


def _make(out: Path) -> None:
    """The folder, found writable before a model is loaded."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        replace_file(out / ".write-test", "")
        (out / ".write-test").unlink()
    except OSError as error:
        raise UsageError(f"cannot write to {out} ({error.strerror}): choose another --out") from None


def _claim(out: Path, mark: dict[str, Any], resume: bool) -> dict[Key, dict[str, Any]]:
    """Take the folder: new, or an earlier state of the same evaluation, whose samples are returned."""
    done: dict[Key, dict[str, Any]] = {}
    # Names with a dot are temporary files of a run that was killed before it saved anything.
    if out.exists() and not (out.is_dir() and all(file.name.startswith(".") for file in out.iterdir())):
        if not resume:
            raise UsageError(f"{out} is not empty: choose another --out, or --resume to go on with what is in it")
        before = read_json(out / FINGERPRINT)
        if before is None:
            raise UsageError(f"{out} holds no evaluation to go on with: choose another --out")
        other = [name for name, value in mark.items() if before.get(name) != value]
        if other:
            raise UsageError(f"{out} holds the evaluation of another {' and '.join(other)}: choose another --out")
        done = _read_samples(out / SAMPLES)
    return done


def _read_samples(path: Path) -> dict[Key, dict[str, Any]]:
    """The samples of a file that may have been cut off: a last line without its end is dropped, from the file too."""
    if not path.is_file():
        return {}
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
    samples = [json.loads(line) for line in content[:whole].splitlines()]
    return {row_key(sample): sample for sample in samples}


def _append(file: Any, line: bytes) -> None:
    """Write all of `line` or, where the disk is full, nothing of it."""
    start = file.seek(0, os.SEEK_END)
    try:
        while line:
            line = line[file.write(line) :]
    except OSError:
        with suppress(OSError):  # if even this fails, resuming drops the torn line
            file.truncate(start)
        raise


def _save(out: Path, write: Callable[[], None], done: int) -> None:
    try:
        write()
    except OSError as error:
        why = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
        raise RunError(f"{why}: {_saved(out, done)}") from None


def _saved(out: Path, done: int) -> str:
    return f"{done} samples are saved in {out / SAMPLES}; make room, then run the same command with --resume"


# The command


def evaluate_command(
    model: str,
    tasks: Sequence[str],
    engine: str,
    n: int | None,
    ranges: str,
    lengths: str | None,
    form: tuple[str, str | None, str | None],
    seed: int,
    out: Path | None,
    resume: bool,
) -> dict[str, Any]:
    """``tail-lite eval``: a model folder, a run folder (on the rows in its ``data/``), a hub name or ``nano``."""
    from tail_lite.report import print_results

    if n is not None and n < 1:
        raise UsageError(f"--n must be at least 1, not {n}")
    wanted = [part.strip() for part in ranges.split(",") if part.strip()]
    unknown = [where for where in wanted if where not in RANGES]
    if unknown:
        raise UsageError(f"unknown range {unknown[0]!r}: --ranges takes {', '.join(RANGES)}")
    exact = parse_lengths(lengths)
    wanted += [str(length) for length in exact]
    if not wanted:
        raise UsageError("no range to evaluate: name some with --ranges or --lengths")
    choose_engine(engine)
    run = Path(model).expanduser()
    stored = (read_json(run / "config.json") or {}).get("run") if run.is_dir() else None
    written = Form(*form)
    if stored is not None:
        trained = Form(stored["style"], stored["without"], stored["baseline"])
        if written not in (Form(), trained):
            raise UsageError(f"{run} was trained on another form ({trained}): leave out --style, --without, --baseline")
        written, seed = trained, stored["seed"]
    chosen = parse_tasks(list(tasks) or (stored["tasks"] if stored else []))
    count = n or (stored["eval_n"] if stored else 100)
    folder = locate(model)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="tail-lite-") as fresh:
        for task in chosen:
            found: list[Row] = []
            if stored and (run / "data" / task.name).is_dir():
                found = _first(read_rows(run / "data" / task.name, "eval"), wanted, count)
                have = Counter(row["range"] for row in found)
                if n and any(have[where] < n for where in have):
                    fewest = min(have.values())
                    print(f"warning: {task.name}: the run's data hold {fewest} of {n} rows a range", file=sys.stderr)
            missing = [where for where in wanted if where not in {row["range"] for row in found}]
            if missing:
                synthesise(Synthesis(task.name, 0, count, (1, 0, 0), exact, written, seed), Path(fresh))
                found += _first(read_rows(Path(fresh) / task.name, "eval"), missing, count)
            rows += found
    tasks_name = "+".join(task.name for task in chosen) if len(chosen) < 4 else f"{len(chosen)}-tasks"
    target = out or Path("runs") / f"eval-{run.resolve().name}-{tasks_name}-seed{seed}"
    config = {"model": model, "tasks": [t.name for t in chosen], "n": count, "ranges": wanted, "seed": seed}
    results = evaluate(folder, rows, target, written, engine, resume=resume, model_name=model, config=config)
    print_results(results)
    print(f"results: {target / RESULTS}")
    return results


def _first(rows: Iterable[Row], ranges: Sequence[str], n: int) -> list[Row]:
    """The first `n` rows of each of some ranges."""
    taken: Counter[str] = Counter()
    chosen = []
    for row in rows:
        if row["range"] in ranges and taken[row["range"]] < n:
            taken[row["range"]] += 1
            chosen.append(row)
    return chosen
