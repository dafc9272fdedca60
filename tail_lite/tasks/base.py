"""What a task is. Everything about one task stands in one file beside this one, which ends in ``TASK = Task(...)``."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tail_lite.tape import Trace

RANGES = ("S", "M", "L")
ANSWER_MARK = "Answer: "
"""The last line of every chain of thought is this marker and the canonical answer."""

Problem = dict[str, Any]


class Baseline(NamedTuple):
    """A way of answering without a trace. `prompt` and `completion` are texts; `restore` maps an extracted answer
    back to the canonical form (the Reversed Format turns its digits round)."""

    prompt: Callable[[Problem, str], str]  # (problem, the query in ordinary form) -> prompt
    completion: Callable[[Problem, str], str]  # (problem, canonical answer) -> completion
    restore: Callable[[str], str] = lambda answer: answer


@dataclass(frozen=True)
class Task:
    """One problem family: how to draw it, ask it, solve it step by step, and check it by other means.

    ``program`` runs the algorithm on a :class:`~tail_lite.tape.Tape` and returns its record; ``oracle`` is a
    *different* algorithm or a library. ``phrases`` gives each state label (a name up to its first digit) the short
    phrase that the styled form uses; ``{i}`` stands for the rest of the name, its index. ``fields`` is what fills the
    placeholders of ``templates``. ``plain_cot`` writes an ordinary solution, as in a textbook: large steps, results
    stated at sight, without the answer line.
    """

    name: str
    paradigm: str
    description: str
    length_is: str
    ranges: dict[str, tuple[int, int]]
    sample: Callable[[random.Random, int, int], Problem]
    length: Callable[[Problem], list[int]]
    templates: tuple[str, ...]
    program: Callable[[Problem], Trace]
    oracle: Callable[[Problem], str]
    phrases: dict[str, str]
    validate: Callable[[Problem], None] = lambda problem: None  # raises ValueError on a malformed problem
    fields: Callable[[Problem], dict[str, str]] = lambda problem: {k: str(v) for k, v in problem.items()}
    enumerate: Callable[[int, int], Iterable[Problem] | None] = lambda lo, hi: None  # all problems, where few exist
    grade: Callable[[Problem, str, str], bool] = lambda problem, answer, given: given == answer
    plain_cot: Callable[[Problem], str] | None = None
    baselines: dict[str, Baseline] = field(default_factory=dict)
    example_length: int | None = None  # for the docs, where the shortest of S shows too little or too much
    min_length: int = 1
    max_length: int = 1_000
    token_p95: int = 8_192  # budget of the minimal form at L, in Qwen2.5 tokens
    token_max: int = 16_384

    def query(self, problem: Problem, template: str) -> str:
        """The question in words."""
        return template.format(**self.fields(problem))

    def template_of(self, key: bytes) -> str:
        """The template of a problem: a function of its hash, so that a row needs no further randomness."""
        return self.templates[int.from_bytes(key[8:12], "big") % len(self.templates)]


def problem_json(problem: Problem) -> str:
    """The one spelling of a problem, as stored in rows and hashed."""
    return json.dumps(problem)


def problem_key(task: str, problem_text: str) -> bytes:
    """16 bytes that identify a problem of a task; they decide its split, its virtual shard and its template."""
    return hashlib.blake2b(f"{task}\n{problem_text}".encode(), digest_size=16).digest()


def rng_of(*parts: object) -> random.Random:
    """A generator seeded by a *hash* of its coordinates: neighbouring seeds or indices share nothing."""
    seed = hashlib.blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(seed, "big"))
