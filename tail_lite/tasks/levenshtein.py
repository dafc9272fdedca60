"""The edit distance of two strings by dynamic programming, the table cell by cell.

Cell ``d12,47`` is the distance between the letters up to ``a12`` and up to ``b47``. Rows and columns are numbered round
a ring of a hundred from wherever their string's first letter says, so that short strings use every number that long
ones do: ``a08`` is the border's row, ``a09`` the first letter's.

A state is named by the cell under the head, which is the *left neighbour* of the cell that it fills: so that neighbour
is fetched without printing its address again, and the letters of column and row and the diagonal neighbour follow.
Equal letters cost nothing and copy the diagonal, which is then never above the other ways. Otherwise the least of three
neighbours counts up by one: a running minimum, of left and diagonal here (``m``), and of that and the upper one in the
next state (``u``, named by the cell to fill). Blanks end the rows and the table, so no bound needs to be fetched.
"""

from __future__ import annotations

import random
from itertools import product
from string import ascii_lowercase

from tail_lite.tape import BLANK, HALT, Tape, Trace, ring
from tail_lite.tasks._strings import LONGEST, length, pair, validate
from tail_lite.tasks.base import Problem, Task


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Related strings. Of short ones too many are two edits apart, so some of those are drawn again."""
    a, b = pair(rng, lo, hi)
    if hi < 5 and rng.random() < 0.4 and oracle({"a": a, "b": b}) == "2":
        a, b = pair(rng, lo, hi)
    return {"a": a, "b": b}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every problem on single letters; longer strings are drawn."""
    return [{"a": a, "b": b} for a, b in product(ascii_lowercase, repeat=2)] if hi == 1 else None


def oracle(problem: Problem) -> str:
    """Ukkonen: how far down each diagonal do 0, 1, 2 … edits reach?"""
    a, b = problem["a"], problem["b"]
    n, m = len(a), len(b)
    reach: dict[int, int] = {}  # diagonal j - i → the furthest i
    edits = 0
    while True:
        after: dict[int, int] = {}
        for k in range(-edits, edits + 1):
            i = 0 if not edits else max(reach.get(k, -1) + 1, reach.get(k - 1, -1), reach.get(k + 1, -2) + 1)
            i = min(i, n, m - k)
            while 0 <= i < n and 0 <= i + k < m and a[i] == b[i + k]:
                i += 1
            if i >= 0 and i + k >= 0:
                after[k] = i
        if after.get(m - n) == n:
            return str(edits)
        reach = after
        edits += 1


def _around(text: str) -> tuple[str, ...]:
    """A ring of numbers that begins where the first letter of `text` says; the border's comes first."""
    return ring("", 4 * ascii_lowercase.index(text[0]) % 100, len(text) + 2)


def program(problem: Problem) -> Trace:
    rows, columns = (_around(text) for text in problem.values())
    n, m = length(problem)
    tape = Tape(
        {
            f"{track}{index}": symbol
            for (track, text), indices in zip(problem.items(), (rows, columns), strict=True)
            for index, symbol in zip(indices[1:], text + BLANK, strict=False)
        }
    )
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    def cell(i: int, j: int) -> str:
        return f"d{rows[i]},{columns[j]}"

    # The border: beside each letter the cell of its row or column. The end of the first string closes the border's
    # column with a blank, that of the second becomes ``nb``.
    enter("start")
    write(f"a{rows[0]}", BLANK)
    write(f"b{columns[0]}", BLANK)
    write(cell(0, 0), 0)
    goto(f"a{rows[1]}")
    with tape.loop():
        for i in range(1, n + 2):
            enter(f"a{rows[i]}")
            ended = read(f"a{rows[i]}") == BLANK
            write(cell(i, 0), BLANK if ended else i)
            goto(f"b{columns[1]}" if ended else f"a{rows[i + 1]}")
    with tape.loop():
        for j in range(1, m + 2):
            enter(f"b{columns[j]}")
            if read(f"b{columns[j]}") == BLANK:
                write("nb", columns[j - 1])
                goto(cell(1, 0))
            else:
                write(cell(0, j), j)
                goto(f"b{columns[j + 1]}")

    # Row by row. The blank behind the second string ends a row, that below the border's column the table.
    above = [cell(0, j) for j in range(m + 1)]
    with tape.loop():
        for i in range(1, n + 1):
            row = f"a{rows[i]}"
            cells = [cell(i, j) for j in range(m + 1)]
            with tape.loop():
                for j in range(m):
                    here, filled = cells[j], cells[j + 1]
                    enter(here)
                    left = int(read(here))
                    equal = read(f"b{columns[j + 1]}") == read(row)
                    value = int(read(above[j]))
                    if not equal:
                        least = left if left < value else value
                        solve(f"min({left}, {value})", least)
                        write("m", least)
                        then = f"u{filled[1:]}"
                        goto(then)
                        enter(then)
                        least, value = int(read("m")), int(read(above[j + 1]))
                        both = value if value < least else least
                        solve(f"min({least}, {value})", both)
                        value = both + 1
                    write(filled, value)
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
    distance = str(read(cell(n, m)))
    goto(HALT)
    return tape.halt(distance)


def plain_cot(problem: Problem) -> str:
    """The finished rows of the table."""
    a, b = problem["a"], problem["b"]
    row = list(range(len(b) + 1))
    lines = [
        f"Let each row hold the distances from one more letter of {a} to ever longer beginnings of {b}.",
        f"Nothing of {a} yet: {' '.join(map(str, row))}",
    ]
    for i, letter in enumerate(a, 1):
        above, row = row, [i]
        for j, other in enumerate(b):
            row.append(above[j] if other == letter else 1 + min(above[j], above[j + 1], row[j]))
        lines.append(f"{letter}: {' '.join(map(str, row))}")
    lines.append(f"The last entry of the last row is {row[-1]}.")
    return "\n".join(lines)


_STEP = " A step inserts, deletes or substitutes one letter. Write the number only."

TASK = Task(
    name="levenshtein",
    paradigm="dynamic programming",
    description="the edit distance of two strings",
    length_is="characters of each string, drawn independently",
    ranges={"S": (2, 4), "M": (5, 7), "L": (8, 9)},
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    example_length=3,
    oracle=oracle,
    plain_cot=plain_cot,
    max_length=LONGEST,
    templates=tuple(
        text + _STEP
        for text in (
            "What is the least number of steps that turn {a} into {b}?",
            "What is the Levenshtein distance between {a} and {b}?",
            "Compute the edit distance of {a} and {b}, the least number of steps from one to the other.",
            "How many steps does it take at least to change {a} into {b}?",
            "Find the smallest number of steps that make {b} out of {a}.",
            "Let s = {a} and t = {b}. What is the least number of steps from s to t?",
            "Levenshtein({a}, {b}) = ?",
            "In how few steps can {a} become {b}?",
            "Someone typed {a} but meant {b}. How many steps are needed at least to correct it?",
            "A spell checker compares {a} with {b} by the least number of steps from one to the other. What is it?",
            "A gene read {a} and now reads {b}. If a mutation is one step, what is the least number of mutations?",
            "A sign says {a}. It should say {b}. What is the smallest number of steps to mend it?",
            "Transform {a} into {b} with as few steps as possible. How many are needed?",
            "Determine the minimum number of steps between the strings {a} and {b}.",
            "Two scribes copied the same word as {a} and as {b}. By how many steps do the copies differ at least?",
            "The beads {a} on a thread must become {b}, a bead for a letter. What is the least number of steps?",
            "A scanner read {a} where the page says {b}. How many steps apart are they at least?",
            "A melody was noted as {a} and later as {b}. What is the least number of steps from one to the other?",
            "Each step costs one coin. What is the least number of coins that buys the change from {a} to {b}?",
            "Please give the edit distance from {a} to {b}, that is the least number of steps.",
            "Using dynamic programming, find the least number of steps that rewrite {a} as {b}.",
            "First string: {a}. Second string: {b}. Output their Levenshtein distance, the least number of steps.",
            "Passwords {a} and {b} look alike. How many steps lie between them at the very least?",
            "A robot edits the label {a} until it reads {b}. What is the least number of steps it needs?",
        )
    ),
    phrases={
        "start": "Set the corner of the table",
        "a": "Open the row of letter {i} of the first string",
        "b": "Open the column of letter {i} of the second string",
        "d": "Fill the cell to the right of {i}",
        "u": "The letters differ, so cell {i} is one more than its least neighbour",
    },
)
