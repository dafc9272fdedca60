"""What the tasks on two strings share: drawing related strings, validating them, and their table.

The table has a row for each letter of the first string, a column for each of the second, and a border row and column
before them. :func:`table` numbers them round a ring of a hundred from wherever their string's first letter says, so
that short strings use every number that long ones do: ``a08`` is the border's row, ``a09`` the first letter's.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import NamedTuple

from tail_lite.tape import BLANK, Tape, ring
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks.base import Problem

LONGEST = 97
"""With a border before the letters and a blank behind them, a string fits on a ring of two digits."""

_WORD = re.compile("[a-z]+")
_SIZES = (2, 2, 3, 3, 3, 4, 4, 5)  # letters of the alphabet of one problem


def pair(rng: random.Random, lo: int, hi: int) -> tuple[str, str]:
    """Two strings over two to five letters, each of a length drawn from lo…hi.

    One is unrelated to the other in one problem of six; else it is a copy of it, rotated, with a part reversed, or with
    a prefix or suffix kept and the rest new, then edited here and there until its length is right. Some strings
    consist of runs of equal letters, some are periodic.
    """
    letters = rng.sample(ascii_lowercase, rng.choice(_SIZES))
    n, m = rng.randint(lo, hi), rng.randint(lo, hi)
    kind = rng.randrange(12)
    if kind == 0:  # runs of equal letters
        a = "".join(letter * rng.randint(1, 3) for letter in rng.choices(letters, k=n))[:n]
    elif kind == 1:  # periodic
        a = ("".join(rng.choices(letters, k=rng.randint(2, 3))) * n)[:n]
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


def around(track: str, text: str) -> tuple[str, ...]:
    """A ring of addresses that begins where the first letter of `text` says; the border's comes first."""
    return ring(track, 4 * ascii_lowercase.index(text[0]) % 100, len(text) + 2)


class Table(NamedTuple):
    """The tape, and the names of the rows and columns, the border's first, which may be apart in a cell's address."""

    tape: Tape
    rows: Sequence[str]
    columns: Sequence[str]
    apart: str = ","

    def cell(self, i: int, j: int) -> str:
        """The address of a cell of the table."""
        return f"d{self.rows[i]}{self.apart}{self.columns[j]}"


def table(problem: Problem, border: Callable[[int], int | str]) -> Table:
    """Lay both strings on a tape and scan them, writing beside each letter the border cell of its row or column.

    The end of the first string closes the border's column with a blank, that of the second becomes ``nb``. The last
    state has announced the first row's cell in the border, where the head stands before it moves along that row.
    """
    rows, columns = (around("", text) for text in problem.values())
    tape = Tape(
        {
            f"{track}{index}": symbol
            for (track, text), indices in zip(problem.items(), (rows, columns), strict=True)
            for index, symbol in zip(indices[1:], text + BLANK, strict=False)
        }
    )
    enter, read, write, goto = tape.enter, tape.read, tape.write, tape.goto
    enter("start")
    write(f"a{rows[0]}", BLANK)
    write(f"b{columns[0]}", BLANK)
    write(f"d{rows[0]},{columns[0]}", border(0))
    goto(f"a{rows[1]}")
    with tape.loop():
        k = 1
        while True:
            enter(f"a{rows[k]}")
            if read(f"a{rows[k]}") == BLANK:
                write(f"d{rows[k]},{columns[0]}", BLANK)
                goto(f"b{columns[1]}")
                break
            write(f"d{rows[k]},{columns[0]}", border(k))
            k += 1
            goto(f"a{rows[k]}")
    with tape.loop():
        k = 1
        while True:
            enter(f"b{columns[k]}")
            if read(f"b{columns[k]}") == BLANK:
                write("nb", columns[k - 1])
                goto(f"d{rows[1]},{columns[0]}")
                break
            write(f"d{rows[0]},{columns[k]}", border(k))
            k += 1
            goto(f"b{columns[k]}")
    return Table(tape, rows, columns)


Entry = Callable[[str, bool, str, str, str], None]
"""Fills a cell, whose address comes last: of its left neighbour's value, whether the letters of its column and row are
equal, and the addresses of its diagonal and upper neighbours."""


def fill(laid: Table, problem: Problem, entry: Entry) -> str:
    """Fill the table row by row and return its last cell's value, fetched in a state that is left open.

    A state is named by the left neighbour, and begins with that and the two letters; `entry` does the rest but for
    announcing the next state. The blank behind the second string ends a row, that below the border's column the table.
    """
    tape, rows, columns, cell = laid.tape, laid.rows, laid.columns, laid.cell
    enter, read, goto = tape.enter, tape.read, tape.goto
    n, m = length(problem)
    above = [cell(0, j) for j in range(m + 1)]
    with tape.loop():
        for i in range(1, n + 1):
            row = f"a{rows[i]}"
            cells = [cell(i, j) for j in range(m + 1)]
            with tape.loop():
                for j in range(m):
                    here, filled = cells[j], cells[j + 1]
                    enter(here)
                    left = str(read(here))
                    equal = read(f"b{columns[j + 1]}") == read(row)
                    entry(left, equal, above[j], above[j + 1], filled)
                    goto(filled)
                enter(cells[m])
                read(cells[m])
                read(f"b{columns[m + 1]}")
                goto(cell(i + 1, 0))
            above = cells
    below = cell(n + 1, 0)
    enter(below)
    read(below)
    read("nb")
    return str(read(cell(n, m)))


PHRASES = {
    "start": "Set the corner of the table",
    "a": "Open the row of letter {i} of the first string",
    "b": "Open the column of letter {i} of the second string",
}
"""Phrases of the states of :func:`table`."""
