"""Rows of chain-of-thought data: a pure function of (task, split, range, seed), whatever the number of workers.

Problems are drawn as a stream of candidates, each from a generator seeded by the hash of its coordinates. The hash of
a *problem* then decides everything else about it: one tenth of the hash space belongs to evaluation, so that splits are
disjoint by construction; the virtual shard (one of 64) inside which it must be unique, so that workers and machines
need no common memory; and the wording of its query. Files list virtual shard after virtual shard, so the parts that
``--shard I/N`` makes are runs of the whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version as package_version
from multiprocessing import get_context
from pathlib import Path
from platform import python_version
from typing import Any

from tail_lite import __version__
from tail_lite.baselines import get_baseline
from tail_lite.errors import RunError, UsageError
from tail_lite.files import write_json
from tail_lite.render import Form, render, render_text, without_module
from tail_lite.tasks import get_task
from tail_lite.tasks.base import RANGES, Problem, Task, problem_json, problem_key, rng_of
from tail_lite.tokens import count_tokens, quantiles

SPLITS = ("train", "eval")
SHARDS = 64
EVAL_SHARE = 10  # one hash in ten is evaluation's
COMMONEST = 0.39  # the commonest answer's share of a small space's rows, where there are others enough
FULL = 100_000  # rows of a whole training set
_BLOCK = 2_000  # candidates a work unit
_STALE = 400  # a virtual shard gives up after about so many candidates of its own without a new problem,
_MOST = 40  # and at last where so many times the candidates that its rows need have been drawn

Progress = Callable[[str, int, int], None]
Row = dict[str, Any]


@dataclass(frozen=True)
class Synthesis:
    """One task's data set: what decides its bytes."""

    task: str
    train: int = 1000
    eval: int = 100
    mix: tuple[int, int, int] = (1, 0, 0)
    lengths: tuple[int, ...] = ()
    form: Form = field(default_factory=Form)
    seed: int = 0
    format: str = "parquet"

    def __post_init__(self) -> None:
        task = get_task(self.task)
        if self.train < 0 or self.eval < 0 or self.train + self.eval == 0:
            raise UsageError("--train and --eval count rows: none below 0, and not both 0")
        if self.format not in ("parquet", "jsonl"):
            raise UsageError(f"unknown format {self.format!r}: choose parquet or jsonl")
        if self.form.baseline is not None:
            get_baseline(task, self.form.baseline)
        for n in self.lengths:
            bounds(task, str(n))

    @property
    def command(self) -> str:
        """The command that makes these bytes; workers, shards and the output folder do not change them."""
        flags = [f"--train {self.train} --eval {self.eval} --mix {':'.join(map(str, self.mix))} --seed {self.seed}"]
        flags += [f"--lengths {','.join(map(str, self.lengths))}"] if self.lengths else []
        flags += [f"--baseline {self.form.baseline}"] if self.form.baseline else [f"--style {self.form.style}"]
        flags += [f"--without {self.form.without}"] if self.form.without else []
        return f"tail-lite synth {self.task} {' '.join(flags)} --format {self.format}"

    def wanted(self) -> dict[tuple[str, str], int]:
        """Rows asked for, by (split, range); training rows are divided by the mix, largest remainders first."""
        total = sum(self.mix)
        shares = [self.train * part // total for part in self.mix]
        by_remainder = sorted(range(3), key=lambda k: -(self.train * self.mix[k] % total))
        for k in by_remainder[: self.train - sum(shares)]:
            shares[k] += 1
        plan = {("train", where): n for where, n in zip(RANGES, shares, strict=True) if n}
        evaluated = [*RANGES, *map(str, self.lengths)]
        return plan | ({("eval", where): self.eval for where in evaluated} if self.eval else {})


def parse_mix(text: str) -> tuple[int, int, int]:
    """``"8:1:1"`` → (8, 1, 1)."""
    parts = text.split(":")
    if len(parts) != 3 or not all(p.isdecimal() for p in parts) or not any(map(int, parts)):
        raise UsageError(f"impossible mix {text!r}: write S:M:L as three whole numbers, e.g. 8:1:1")
    s, m, length = map(int, parts)
    return s, m, length


def parse_lengths(text: str | None) -> tuple[int, ...]:
    """``"55,60"`` → (55, 60)."""
    parts = [p.strip() for p in (text or "").split(",") if p.strip()]
    if not all(p.isdecimal() for p in parts):
        raise UsageError(f"impossible lengths {text!r}: write whole numbers with commas between, e.g. 55,60")
    return tuple(dict.fromkeys(map(int, parts)))


def bounds(task: Task, where: str) -> tuple[int, int]:
    """The bounds of a range name, or of an exact length written as a number."""
    if where in task.ranges:
        return task.ranges[where]
    if not where.isdecimal():
        raise UsageError(f"unknown range {where!r}: choose one of {', '.join(task.ranges)} or an exact length")
    n = int(where[:9])
    if len(where) > 9 or not task.min_length <= n <= task.max_length:
        raise UsageError(
            f"{task.name} has no problems of length {where}: choose {task.min_length} to {task.max_length}"
        )
    return n, n


def draw_problem(task: Task, where: str, seed: int) -> Problem:
    """One problem for showing, of a range (``"S"``) or an exact length (``"55"``)."""
    lo, hi = bounds(task, where)
    return task.sample(rng_of(task.name, "show", where, seed), lo, hi)


def split_of(key: bytes) -> str:
    """Which split a problem belongs to, in every data set of every seed."""
    return "eval" if int.from_bytes(key[:4], "big") % EVAL_SHARE == 0 else "train"


def shard_of(key: bytes) -> int:
    """The virtual shard of a problem."""
    return int.from_bytes(key[4:8], "big") % SHARDS


def make_row(task: Task, where: str, problem_text: str, form: Form) -> Row:
    """The row of one problem, as it stands in the files."""
    problem = json.loads(problem_text)
    key = problem_key(task.name, problem_text)
    query = task.query(problem, task.template_of(key))
    if form.baseline is None:
        trace = task.program(problem)
        answer, completion = trace.answer, render_text(trace, task.phrases, form)
    else:
        baseline, answer = get_baseline(task, form.baseline), task.oracle(problem)
        query, completion = baseline.prompt(problem, query), baseline.completion(problem, answer)
    return {
        "id": key.hex(),
        "task": task.name,
        "range": where,
        "length": task.length(problem),
        "problem": problem_text,
        "prompt": [{"role": "user", "content": query}],
        "completion": [{"role": "assistant", "content": completion}],
        "answer": answer,
    }


def show_row(task: Task, where: str, seed: int, form: Form) -> Row:
    """A row with its tape, states and spans, so that any program can replay the trace."""
    problem = draw_problem(task, where, seed)
    row = make_row(task, where, problem_json(problem), form)
    if form.baseline is not None:
        return row | {"tape": {}, "states": [], "spans": []}
    trace = task.program(problem)
    states = [
        {
            "name": s.name,
            "fetch": [[a, str(v)] for a, v in s.fetch],
            "solve": "" if s.solve is None else f"{s.solve[0]}={s.solve[1]}",
            "write": [[a, str(v)] for a, v in s.write],
            "goto": s.goto,
        }
        for s in without_module(trace, form.without).states
    ]
    spans = [list(span) for span in render(trace, task.phrases, form).spans]
    return row | {"tape": {a: str(v) for a, v in trace.tape.items()}, "states": states, "spans": spans}


# Choosing the problems


def _candidates(
    name: str, split: str, where: str, seed: int, first: int, mine: range
) -> list[tuple[int, int, bytes, str]]:
    """One block of the candidate stream: (index, virtual shard, key, problem) of those of this split and part."""
    task = get_task(name)
    lo, hi = bounds(task, where)
    kept = []
    for index in range(first, first + _BLOCK):
        text = problem_json(task.sample(rng_of(name, split, where, seed, index), lo, hi))
        key = problem_key(name, text)
        if split_of(key) == split and shard_of(key) in mine:
            kept.append((index, shard_of(key), key, text))
    return kept


def _quota(rows: int, shard: int) -> int:
    return rows // SHARDS + (shard < rows % SHARDS)


def _of_small_space(task: Task, space: Iterable[str], split: str, rows: int, seed: int) -> list[str]:
    """Problems of a small space in an order that depends on the seed, none with an answer that has had its share of the
    rows already. Where that leaves fewer than `rows`, a space that could fill a whole training set gives the others
    too; a smaller one stays balanced, unless nearly all of its problems have one answer anyway."""
    texts = list(dict.fromkeys(space))
    keyed = [(key, text) for text in texts if split_of(key := problem_key(task.name, text)) == split]
    keyed.sort(key=lambda pair: hashlib.blake2b(pair[0] + str(seed).encode()).digest())
    answers = [task.oracle(json.loads(text)) for _, text in keyed]
    others = len(keyed) - max(Counter(answers).values(), default=0)
    full = len(texts) >= FULL or others < len(keyed) / 5
    most = int(COMMONEST * (rows if full else min(rows, others / (1 - COMMONEST))))
    had = Counter[str]()
    first: list[str] = []
    rest: list[str] = []
    for (_, text), answer in zip(keyed, answers, strict=True):
        had[answer] += 1
        (first if had[answer] <= most else rest).append(text)
    return (first + rest if full else first)[:rows]


def choose(
    spec: Synthesis, split: str, where: str, rows: int, mine: range, run: Callable[..., Any]
) -> dict[int, list[str]]:
    """The problems of one split and range by virtual shard; fewer than asked for where no more exist.

    `run` maps a function over work units in order (the built-in map, or a pool's).
    """
    task = get_task(spec.task)
    chosen: dict[int, list[str]] = {shard: [] for shard in mine}
    space = task.enumerate(*bounds(task, where))
    if space is not None:
        # A shard that runs out is made up from its neighbours, so that all that exist are used whatever their hashes.
        for index, text in enumerate(_of_small_space(task, map(problem_json, space), split, rows, spec.seed)):
            if index % SHARDS in mine:
                chosen[index % SHARDS].append(text)
        return chosen

    # Whether a shard gives up depends on its own candidates alone, not on who draws the others'.
    share = SHARDS * (EVAL_SHARE if split == "eval" else 1)  # one candidate in so many belongs to a shard
    patience, most = _STALE * share, _MOST * rows * share // SHARDS + _STALE * share
    seen: set[bytes] = set()
    last = dict.fromkeys(mine, 0)  # index of a shard's last new problem
    wanting = {shard for shard in mine if _quota(rows, shard)}
    block = 0
    while wanting:
        # The expected number of candidates for what is missing, a little more, in whole blocks.
        missing = max(_quota(rows, shard) - len(chosen[shard]) for shard in wanting)
        blocks = min(missing * share * 5 // 4 // _BLOCK + 1, 64)
        work = partial(_candidates, spec.task, split, where, spec.seed, mine=mine)
        for found in run(work, [(block + k) * _BLOCK for k in range(blocks)]):
            for index, shard, key, text in found:
                if shard in wanting and key not in seen and index <= min(last[shard] + patience, most):
                    seen.add(key)
                    last[shard] = index
                    chosen[shard].append(text)
                    if len(chosen[shard]) == _quota(rows, shard):
                        wanting.discard(shard)
        block += blocks
        wanting = {shard for shard in wanting if block * _BLOCK <= min(last[shard] + patience, most)}
    return chosen


# Making and writing the rows


def _make_group(name: str, form: Form, format: str, groups: list[tuple[str, list[str]]]) -> tuple[int, Any]:
    """The rows of one virtual shard, as a Parquet row group (an Arrow table) or as JSON lines."""
    task = get_task(name)
    rows = [make_row(task, where, text, form) for where, texts in groups for text in texts]
    if format == "jsonl":
        return len(rows), "".join(json.dumps(row) + "\n" for row in rows).encode()
    return len(rows), _table(rows)


def _schema() -> Any:
    import pyarrow as pa

    message = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    text = [(c, pa.string()) for c in ("id", "task", "range")]
    rest = [("problem", pa.string()), ("prompt", message), ("completion", message), ("answer", pa.string())]
    return pa.schema([*text, ("length", pa.list_(pa.int64())), *rest])


def _table(rows: list[Row]) -> Any:
    import pyarrow as pa

    schema = _schema()

    def column(name: str, kind: Any) -> Any:
        values = [row[name] for row in rows]
        if name not in ("prompt", "completion"):
            return pa.array(values, kind)
        flat = [messages[0] for messages in values]  # one message a row: built flat, which is many times faster
        fields = [pa.array([m[f] for m in flat], pa.string()) for f in ("role", "content")]
        offsets = pa.array(range(len(rows) + 1), pa.int32())
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(fields, ["role", "content"]))

    return pa.Table.from_arrays([column(f.name, f.type) for f in schema], schema=schema)


@contextmanager
def _writer(path: Path, format: str) -> Iterator[Callable[[Any], object]]:
    if format == "jsonl":
        with path.open("wb") as lines:
            write: Callable[[Any], object] = lines.write
            yield write
        return
    import pyarrow.parquet as pq

    options: dict[str, Any] = {"compression": "zstd", "use_dictionary": ["task", "range"], "write_statistics": False}
    with pq.ParquetWriter(path, _schema(), **options) as parquet:
        yield lambda table: parquet.write_table(table, row_group_size=max(len(table), 1))


def read_groups(path: Path) -> Iterator[list[Row]]:
    """The rows of a data file, a bounded number at a time."""
    if path.suffix == ".jsonl":
        batch: list[Row] = []
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                batch.append(json.loads(line))
                if len(batch) == _BLOCK:
                    yield batch
                    batch = []
        yield batch
        return
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as parquet:
        for records in parquet.iter_batches(batch_size=_BLOCK):
            yield records.to_pylist()


def data_file(folder: Path, split: str) -> Path:
    """The data file of a split in a task's folder, whichever its format; UsageError if there is none."""
    for suffix in (".parquet", ".jsonl"):
        if (folder / f"{split}{suffix}").is_file():
            return folder / f"{split}{suffix}"
    raise UsageError(f"no {split}.parquet or {split}.jsonl in {folder}: make it with `tail-lite synth`")


def read_rows(folder: Path, split: str) -> list[Row]:
    """All rows of one split of a task's folder."""
    return [row for group in read_groups(data_file(folder, split)) for row in group]


def _digest(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _describe(spec: Synthesis, folder: Path) -> dict[str, Any]:
    """The manifest, from the finished files alone."""
    splits: dict[str, dict[str, Any]] = {}
    misplaced = 0
    ids: dict[str, set[str]] = {split: set() for split in SPLITS}
    wanted = spec.wanted()
    for split in SPLITS:
        ranges = {where: n for (s, where), n in wanted.items() if s == split}
        if not ranges:
            continue
        answers: dict[str, Counter[str]] = {where: Counter() for where in ranges}
        own: dict[str, set[str]] = {where: set() for where in ranges}
        texts: dict[str, list[tuple[str, str]]] = {where: [] for where in ranges}
        for group in _columns(data_file(folder, split)):
            for key, where, answer, prompt, completion in group:
                misplaced += split_of(bytes.fromhex(key)) != split
                index = len(own[where])
                own[where].add(key)
                answers[where][answer] += 1
                # A thousand rows, evenly by index.
                if index * 1000 // ranges[where] != (index - 1) * 1000 // ranges[where] or ranges[where] <= 1000:
                    texts[where].append((prompt, completion))
        ids[split] = set().union(*own.values())
        task = get_task(spec.task)
        splits[split] = {}
        for where, n in ranges.items():
            rows = sum(answers[where].values())
            space = task.enumerate(*bounds(task, where))
            common = sorted(answers[where].items(), key=lambda pair: (-pair[1], pair[0]))[:5]
            splits[split][where] = {
                "rows": rows,
                "requested": n,
                "shortfall": n - rows,
                "distinct_problems": len(own[where]),
                "problems_that_exist": None if space is None else len(list(space)),
                "prompt_tokens": quantiles(count_tokens([prompt for prompt, _ in texts[where]])),
                "completion_tokens": quantiles(count_tokens([completion for _, completion in texts[where]])),
                "commonest_answers": {answer: round(count / rows, 4) for answer, count in common} if rows else {},
            }
    return {
        "command": spec.command,
        "versions": {"tail_lite": __version__, "python": python_version(), "pyarrow": package_version("pyarrow")},
        "seed": spec.seed,
        "form": {"style": spec.form.style, "without": spec.form.without, "baseline": spec.form.baseline},
        "splits": splits,
        "disjoint": {
            "rule": f"a problem is evaluation's if the first 4 bytes of its id, a hash, are 0 modulo {EVAL_SHARE}",
            "rows_in_the_wrong_split": misplaced,
            "problems_in_both_splits": len(ids["train"] & ids["eval"]),
        },
        "sha256": {path.name: _digest(path) for path in (data_file(folder, split) for split in splits)},
    }


def _columns(path: Path) -> Iterator[list[tuple[str, str, str, str, str]]]:
    if path.suffix == ".jsonl":
        for rows in read_groups(path):
            yield [
                (r["id"], r["range"], r["answer"], r["prompt"][0]["content"], r["completion"][0]["content"])
                for r in rows
            ]
        return
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as parquet:
        for batch in parquet.iter_batches(batch_size=_BLOCK, columns=["id", "range", "answer", "prompt", "completion"]):
            text = [batch[c].to_pylist() for c in ("id", "range", "answer")]
            # One message a row, so a column's flat messages are its rows.
            flat: list[Any] = [batch[c] for c in ("prompt", "completion")]
            prompt, completion = (messages.flatten().field("content").to_pylist() for messages in flat)
            yield list(zip(*text, prompt, completion, strict=True))


def _merge_parts(spec: Synthesis, folder: Path, parts: int) -> None:
    """All parts are there: join them, in order, into the very files that one run would have written."""
    for split in SPLITS:
        files = [folder / f"{split}-{k:05d}-of-{parts:05d}.{spec.format}" for k in range(parts)]
        if not all(file.exists() for file in files):
            continue
        whole = folder / f".{split}.{spec.format}.tmp"
        with _writer(whole, spec.format) as write:
            for file in files:
                if spec.format == "jsonl":
                    with file.open("rb") as lines:
                        while chunk := lines.read(1 << 20):
                            write(chunk)
                else:
                    import pyarrow.parquet as pq

                    with pq.ParquetFile(file) as parquet:
                        for k in range(parquet.num_row_groups):
                            write(parquet.read_row_group(k))
        whole.rename(folder / f"{split}.{spec.format}")
    write_json(folder / "manifest.json", _describe(spec, folder))
    for file in folder.glob(f"*-of-{parts:05d}.*"):
        file.unlink(missing_ok=True)


def parse_shard(text: str | None) -> tuple[int, int]:
    """``"0/2"`` → (0, 2): the first of two parts."""
    if text is None:
        return 0, 1
    part, slash, parts = text.partition("/")
    if not slash or not part.isdecimal() or not parts.isdecimal() or not int(part) < int(parts) <= SHARDS:
        raise UsageError(f"impossible shard {text!r}: write I/N with 0 <= I < N <= {SHARDS}, e.g. 0/2")
    return int(part), int(parts)


def _shards_of(shard: tuple[int, int]) -> range:
    part, parts = shard
    return range(part * SHARDS // parts, (part + 1) * SHARDS // parts)


def refuse_foreign(spec: Synthesis, out: Path, shard: tuple[int, int] = (0, 1)) -> None:
    """The task's folder may hold other parts of the same command, and nothing else: otherwise a UsageError."""
    folder = out / spec.task
    part, parts = shard
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file: choose another --out")
    suffix = f"-of-{parts:05d}"
    names = [p.name for p in folder.iterdir()]
    foreign = [n for n in names if suffix not in n] if parts > 1 else names
    if foreign:
        raise UsageError(f"{folder} already holds {min(foreign)}: remove it or choose another --out")
    for other in folder.glob(f"manifest-*{suffix}.json"):
        if json.loads(other.read_text(encoding="utf-8"))["command"] != spec.command:
            raise UsageError(f"{other} belongs to another command: remove it or choose another --out")
    if any(f"-{part:05d}{suffix}" in n for n in names):
        raise UsageError(f"{folder} already holds part {part}/{parts}: remove it or choose another --out")


def synthesise(
    spec: Synthesis,
    out: Path,
    workers: int = 1,
    shard: tuple[int, int] = (0, 1),
    strict: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write ``out/TASK/{train,eval}.*`` and ``manifest.json`` and return the manifest (of a part: its summary).

    Everything is made under a temporary name beside the target and renamed at the end, so a run that is killed leaves
    no file that later reads as whole. With ``strict`` a shortfall of distinct problems is a UsageError, and nothing is
    written; otherwise it is recorded.
    """
    (summary,) = synthesise_all([spec], out, workers, shard, strict, progress)
    return summary


def synthesise_all(
    specs: list[Synthesis],
    out: Path,
    workers: int = 1,
    shard: tuple[int, int] = (0, 1),
    strict: bool = False,
    progress: Progress | None = None,
) -> Iterator[dict[str, Any]]:
    """:func:`synthesise` for several tasks; what would refuse one of them is found before the first is written."""
    for spec in specs:
        refuse_foreign(spec, out, shard)
    # Spawned, not forked: the parent may hold threads (Arrow's, torch's) that a fork would tear.
    pool = ProcessPoolExecutor(workers, get_context("spawn")) if workers > 1 else None
    with pool or nullcontext():
        run: Callable[..., Any] = map if pool is None else pool.map
        if strict and len(specs) > 1:
            for spec in specs:
                _choose_all(spec, _shards_of(shard), run, strict)
        for spec in specs:
            yield _synthesise_one(spec, out, shard, run, strict, progress)


def _synthesise_one(
    spec: Synthesis,
    out: Path,
    shard: tuple[int, int],
    run: Callable[..., Any],
    strict: bool,
    progress: Progress | None,
) -> dict[str, Any]:
    part, parts = shard
    folder = out / spec.task
    temporary = out / f".{spec.task}.{part}-of-{parts}.partial"
    made = [p for p in (out, *out.parents) if not p.exists()]
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"cannot write to {out} ({error.strerror}): choose another --out") from None

    done = False
    try:
        chosen, counts = _choose_all(spec, _shards_of(shard), run, strict)
        _write_part(spec, temporary, chosen, _shards_of(shard), run, progress)
        if parts == 1:
            write_json(temporary / "manifest.json", summary := _describe(spec, temporary))
            if folder.exists():
                folder.rmdir()
            temporary.rename(folder)
        else:
            summary = {"command": spec.command, "part": f"{part}/{parts}", "rows": counts}
            folder.mkdir(exist_ok=True)
            for file in sorted(temporary.iterdir()):
                file.rename(folder / f"{file.stem}-{part:05d}-of-{parts:05d}{file.suffix}")
            write_json(folder / f"manifest-{part:05d}-of-{parts:05d}.json", summary)
            temporary.rmdir()
            if len(list(folder.glob(f"manifest-*-of-{parts:05d}.json"))) == parts:
                _merge_parts(spec, folder, parts)
                summary = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        done = True
        return summary
    except OSError as error:
        raise RunError(f"writing {folder} failed ({error.strerror}); nothing of it was kept: run it again") from error
    finally:
        if not done:
            shutil.rmtree(temporary, ignore_errors=True)
            for empty in made:
                if empty.is_dir() and not os.listdir(empty):
                    empty.rmdir()


_Chosen = dict[tuple[str, str], dict[int, list[str]]]  # problems by (split, range) and virtual shard


def _choose_all(spec: Synthesis, mine: range, run: Callable[..., Any], strict: bool) -> tuple[_Chosen, dict[str, int]]:
    """The problems of every split and range, and how many they are."""
    chosen: _Chosen = {}
    counts: dict[str, int] = {}
    due = 0  # a small data set leaves some parts without rows
    for (split, where), rows in spec.wanted().items():
        chosen[split, where] = choose(spec, split, where, rows, mine, run)
        have = counts[f"{split} {where}"] = sum(map(len, chosen[split, where].values()))
        want = sum(_quota(rows, shard) for shard in mine)
        due += want
        if strict and have < want:
            raise UsageError(f"{spec.task}: only {have} of {want} distinct {split} problems exist for {where}")
    if due and not any(counts.values()):
        raise UsageError(f"{spec.task}: no problem exists for what was asked; choose other ranges or lengths")
    return chosen, counts


def _write_part(
    spec: Synthesis, folder: Path, chosen: _Chosen, mine: range, run: Callable[..., Any], progress: Progress | None
) -> None:
    total = sum(len(texts) for by_shard in chosen.values() for texts in by_shard.values())
    written = 0
    for split in SPLITS:
        wheres = [where for s, where in chosen if s == split]
        if not wheres:
            continue
        groups = [[(where, chosen[split, where][shard]) for where in wheres] for shard in mine]
        with _writer(folder / f"{split}.{spec.format}", spec.format) as write:
            for rows, group in run(partial(_make_group, spec.task, spec.form, spec.format), groups):
                write(group)
                written += rows
                if progress:
                    progress(spec.task, written, total)


def shortfalls(manifest: dict[str, Any]) -> list[str]:
    """One phrase for each split and range that holds fewer rows than asked for."""
    return [
        f"{split} {where}: {info['rows']} of {info['requested']} distinct problems"
        for split, ranges in manifest.get("splits", {}).items()
        for where, info in ranges.items()
        if info["shortfall"]
    ]
