"""What the tasks on two strings share: drawing related strings and validating them."""

from __future__ import annotations

import random
import re

from tail_lite.tasks._checks import check_keys
from tail_lite.tasks.base import Problem

LONGEST = 97
"""With a border before the letters and a blank behind them, a string fits on a ring of two digits."""

_WORD = re.compile("[a-z]+")
_UNLIKE = 3
"""No stretch of so many letters stands twice within a string: who reads through windows could not tell what follows."""
_LETTERS = "bfgjkmnqvwxz"
"""Of these alphabets are drawn. Hardly two of them meet in English words, and nano's tokenizer joins none: of strings
over all letters it writes two in five with tokens that hide letters, and how well a model spells is not in question."""


def pair(rng: random.Random, lo: int, hi: int) -> tuple[str, str]:
    """Two strings over a small alphabet, each of a length drawn from lo…hi.

    The alphabet grows with the length: over one of fixed size, all parts of a long string would stand in it again, and
    hardly one of a short string. One is unrelated to the other in about one problem of six; else it is a copy of it,
    rotated, with a part reversed, or with a prefix or suffix kept and the rest new, then edited here and there until
    its length is right. Some strings consist of runs of equal letters, some begin with two letters twice.
    """
    while True:
        strings = _drawn(rng, lo, hi)
        if not any(_repeats(text) for text in strings):
            return strings


def _repeats(text: str) -> bool:
    parts = [text[k : k + _UNLIKE] for k in range(len(text) - _UNLIKE + 1)]
    return len(set(parts)) < len(parts)


def _drawn(rng: random.Random, lo: int, hi: int) -> tuple[str, str]:
    # Of lcs: four to six letters in strings of at most six, six to nine in strings of at most twelve.
    letters = rng.sample(_LETTERS, min(len(_LETTERS), rng.randint(2 + hi // 3, 3 + hi // 2)))
    n, m = rng.randint(lo, hi), rng.randint(lo, hi)
    kind = rng.randrange(12)
    if kind == 0:  # runs of equal letters
        a = "".join(letter * rng.randint(1, 2) for letter in rng.choices(letters, k=n))[:n]
    elif kind == 1:  # periodic; where three letters would stand twice, both strings are drawn again
        a = ("".join(rng.choices(letters, k=rng.randint(2, 3))) * 2)[:n]
        a += "".join(rng.choices(letters, k=n - len(a)))
    else:
        a = "".join(rng.choices(letters, k=n))
    kind = rng.randrange(12)
    cut = rng.randint(0, n)
    if kind < 2:
        return _either_way(rng, a, "".join(rng.choices(letters, k=m)))
    if kind < 4:
        b = a[cut:] + a[:cut]
    elif kind == 4:
        b = a[:cut] + a[cut:][::-1]
    elif kind == 5:
        b = a[:cut][::-1] + a[cut:]
    elif kind < 8:  # a shared prefix, then something else
        b = a[:cut] + "".join(rng.choices(letters, k=max(0, m - cut)))
    elif kind == 8:  # a shared suffix
        b = "".join(rng.choices(letters, k=max(0, m - cut))) + a[n - cut :]
    else:
        b = a
    return _either_way(rng, a, _fitted(rng, b, m, rng.choice((0, 0, 1, 1, 2, 2, 3, 4)) * m // 6, letters))


def _either_way(rng: random.Random, a: str, b: str) -> tuple[str, str]:
    """Neither string is always the original."""
    return (a, b) if rng.random() < 0.5 else (b, a)


def _fitted(rng: random.Random, text: str, length: int, edits: int, letters: list[str]) -> str:
    """`text` with so many letters replaced, and letters inserted or left out anywhere until its length is right."""
    symbols = list(text)
    while len(symbols) > length:
        del symbols[rng.randrange(len(symbols))]
    while len(symbols) < length:
        symbols.insert(rng.randint(0, len(symbols)), rng.choice(letters))
    for _ in range(edits):
        symbols[rng.randrange(length)] = rng.choice(letters)
    return "".join(symbols)


def length(problem: Problem) -> list[int]:
    return [len(problem["a"]), len(problem["b"])]


def validate(problem: Problem, longest: int = LONGEST) -> None:
    check_keys("a problem on two strings", problem, "a", "b")
    for key, text in problem.items():
        if not isinstance(text, str) or not _WORD.fullmatch(text):
            raise ValueError(f"{key!r} must be a string of lower-case letters from a to z, not {text!r}")
        if len(text) > longest:
            raise ValueError(f"{key!r} has {len(text)} letters; at most {longest} are possible")
