"""A longest common subsequence by dynamic programming: the table cell by cell, then the way back.

Along a row or a column lengths grow by one at most, so a cell of ``d`` keeps no length but whether it is one more than
its left neighbour's: the table of bits of Hyyrö's and Crochemore's algorithms, here bit by bit. What a cell exceeds the
one above by goes along the row as a carry does in an addition; so a step fetches two letters and one bit, and no length
is ever counted or compared.

Rows and columns go by capitals, round the alphabet from the first letter of their string on: ``dQT`` stands in row
``Q`` and column ``T``. So a short problem uses every name that a long one does, and no two names have a part in common
but a row or a column. Blanks end the strings both ways, so nothing is counted. At the end of each row the head fetches
the blank before the second string, where the next row begins, and the one behind the first, where the table ends, so
that their names are near; only the blank before the first string is left far away.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from itertools import product
from string import ascii_lowercase

from tail_lite.tape import BLANK, HALT, Tape, Trace, capitals
from tail_lite.tasks._strings import length, pair
from tail_lite.tasks._strings import validate as validate_strings
from tail_lite.tasks.base import Problem, Task

_LONGEST = len(ascii_lowercase) - 2  # letters of a string: a border stands before them, a blank behind
_SHORT = 6  # letters of strings that would have little in common
_BEFORE = f"qkz{BLANK}"  # what the first windows show before the first letter
_WINDOW = len(_BEFORE) + 1  # symbols of a window


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Related strings. Of short ones most are yet shorter or have but a letter or two in common, so the best of eight
    pairs is taken."""
    a, b = max((pair(rng, lo, hi) for _ in range(8 if hi <= _SHORT else 1)), key=_much)
    if set(a).isdisjoint(b):
        k = rng.randrange(len(b))
        b = b[:k] + rng.choice(a) + b[k + 1 :]
    return {"a": a, "b": b}


def _much(strings: tuple[str, str]) -> int:
    """How much there is to do: letters to read, and twice those to find."""
    a, b = strings
    return 0 if set(a).isdisjoint(b) else len(a) + len(b) + 2 * len(oracle({"a": a, "b": b}))


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every problem of at most two letters a string; more are drawn."""
    if hi > 2:
        return None
    words = ["".join(letters) for n in range(lo, hi + 1) for letters in product(ascii_lowercase, repeat=n)]
    return [{"a": a, "b": b} for a, b in product(words, words) if a[0] in b or a[-1] in b]


def validate(problem: Problem) -> None:
    validate_strings(problem, _LONGEST)
    if set(problem["a"]).isdisjoint(problem["b"]):
        raise ValueError(f"'a' and 'b' must have a letter in common, unlike {problem['a']!r} and {problem['b']!r}")


def oracle(problem: Problem) -> str:
    """Hunt and Szymanski: a longest increasing chain of matching positions, by patience sorting."""
    places: dict[str, list[int]] = {}
    for j, letter in enumerate(problem["b"]):
        places.setdefault(letter, []).insert(0, j)
    ends: list[int] = []  # ends[k]: where the best chain of k + 1 letters ends in b
    chains: list[str] = []
    for letter in problem["a"]:
        for j in places.get(letter, ()):
            k = bisect_left(ends, j)
            chain = (chains[k - 1] if k else "") + letter
            if k == len(ends):
                ends.append(j)
                chains.append(chain)
            else:
                ends[k], chains[k] = j, chain
    return chains[-1]


def _is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(letter in rest for letter in part)


def grade(problem: Problem, answer: str, given: str) -> bool:
    """Any common subsequence of the right length is right."""
    return len(given) == len(answer) and all(_is_subsequence(given, problem[key]) for key in "ab")


def program(problem: Problem) -> Trace:
    rows, columns = (capitals(ascii_lowercase.index(text[0])) for text in problem.values())
    n, m = length(problem)
    tape = Tape({})
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    def cell(i: int, j: int) -> str:
        return f"d{rows[i]}{columns[j]}"

    # A raw text has no addresses: a window shows the letters read last and then the next one, which gets its address.
    # It goes over both strings as over one text, as if another string had been read before: so all have one length and
    # are as full of letters as those of a long string.
    # The row ``h`` is the first string's border, the column ``f`` the second's, and ``e`` the row behind all letters.
    shown = _BEFORE
    with tape.loop():
        for name, path, text, then in (("a", rows, problem["a"], "b"), ("b", columns, problem["b"], "k0")):
            for k, letter in enumerate(f"{text}{BLANK}", 1):
                enter(name)
                if name == "b":
                    read("h")
                shown += letter
                write("w", shown[-_WINDOW:])
                if k == 1:
                    write(f"{name}{path[0]}", BLANK)
                    if name == "a":
                        write("h", path[0])
                write(f"{name}{path[k]}", letter)
                if name == "a" and letter == BLANK:
                    write("e", path[k])
                if name == "b" and k == 1:
                    write("f", path[0])
                if name == "b" and letter != BLANK:
                    write(cell(0, k), 0)
                goto(name if letter != BLANK else then)

    # The table, row by row. The carry is what the cell to the left exceeds the one above that by.
    with tape.loop():
        for i in range(1, n + 1):
            row, carry = f"a{rows[i]}", 0
            with tape.loop():
                for j in range(1, m + 1):
                    enter(f"k{carry}")
                    here, other, above = read(row), read(f"b{columns[j]}"), int(read(cell(i - 1, j)))
                    most = 1 if here == other else max(above, carry)
                    solve(f"{here} compared with {other}", "=" if here == other else "/")
                    write(cell(i, j), most - carry)
                    carry = most - above
                    goto(f"k{carry}")
                enter(f"k{carry}")
                read(row)
                read(f"b{columns[m + 1]}")
                read(f"b{read('f')}")
                read(f"a{read('e')}")
                goto("k0")
        enter("k0")
        read(f"a{rows[n + 1]}")
        read(f"b{columns[m + 1]}")

    # The way back: on both strings where the letters are equal, else where the length stays what it is. Each row whose
    # letter belongs to the result points to the next such row, and ``p`` to the first one.
    write("p", BLANK)
    goto("t")
    i, j = n, m
    with tape.loop():
        while True:
            enter("t")
            found = read("p")
            here, other = read(f"a{rows[i]}"), read(f"b{columns[j]}")
            if BLANK in (here, other):
                break
            solve(f"{here} compared with {other}", "=" if here == other else "/")
            if here == other:
                goto("both")
                enter("both")
                write(f"c{rows[i]}", found)
                write("p", rows[i])
                i, j = i - 1, j - 1
            else:
                goto("one")
                enter("one")
                if read(cell(i, j)):
                    i -= 1
                else:
                    j -= 1
            goto("t")
    follows = found
    goto("out")

    # From row to row. What the window shows overlaps, and the last line puts it together.
    output, shown = "", _BEFORE
    with tape.loop():
        while follows != BLANK:
            enter("out")
            letter = str(read(f"a{follows}"))
            output, shown = output + letter, shown[1:] + letter
            follows = read(f"c{follows}")
            write("o", shown)
            write("p", follows)
            goto("out" if follows != BLANK else HALT)
    return tape.halt(output)


def plain_cot(problem: Problem) -> str:
    """The finished rows of the table, and the oracle's answer, as several are right and the last line states that."""
    a, b = problem["a"], problem["b"]
    rows = [[0] * (len(b) + 1)]
    for letter in a:
        above, row = rows[-1], [0]
        for j, other in enumerate(b):
            row.append(above[j] + 1 if other == letter else max(above[j + 1], row[j]))
        rows.append(row)
    lines = [f"Let each row hold the lengths for one more letter of {a} and ever longer beginnings of {b}."]
    lines += [f"{letter}: {' '.join(map(str, row[1:]))}" for letter, row in zip(a, rows[1:], strict=True)]
    found = oracle(problem)
    count = "one letter" if len(found) == 1 else f"{len(found)} letters"
    lines.append(f"The longest has {count}. A way back through the table from the last entry gives {found}.")
    return "\n".join(lines)


_FORM = (
    " A subsequence keeps the order of the letters, but they need not be adjacent. If several are longest, any one will"
    " do. Write it without spaces."
)

TASK = Task(
    name="lcs",
    paradigm="dynamic programming",
    description="a longest common subsequence of two strings",
    length_is="characters of each string, drawn independently",
    ranges={"S": (2, 6), "M": (7, 9), "L": (10, 12)},
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    example_length=3,
    oracle=oracle,
    grade=grade,
    plain_cot=plain_cot,
    max_length=_LONGEST,
    templates=tuple(
        text + _FORM
        for text in (
            "What is a longest common subsequence of {a} and {b}?",
            "Find a longest common subsequence of the strings {a} and {b}.",
            "Give a longest string that is a subsequence of both {a} and {b}.",
            "Compute an LCS of {a} and {b}.",
            "Determine a longest common subsequence of x = {a} and y = {b}.",
            "Let s = {a} and t = {b}. Which is a longest subsequence that s and t share?",
            "Cross out letters of {a} and {b}, as few as possible, until the same string is left of both. Which one?",
            "Which longest subsequence do {a} and {b} have in common?",
            "LCS({a}, {b}) = ?",
            "Two strands read {a} and {b}. Name a longest common subsequence of the two.",
            "Two versions of a file have the lines {a} and {b}, one letter a line. A diff keeps a longest common"
            " subsequence of lines. Which lines can it keep?",
            "One bird sings {a}, another {b}. What is a longest subsequence of notes that both songs contain?",
            "Ann visited the stations {a} in this order, Ben {b}. Write a longest common subsequence of their stops.",
            "The beads on two strings are {a} and {b}. Take beads off both so that equal strings remain, as long as"
            " possible. What remains?",
            "Two conveyor belts carry the parts {a} and {b}. Give a longest common subsequence of the two belts.",
            "The keys pressed on two evenings were {a} and {b}. Find a longest subsequence common to both evenings.",
            "Compare {a} with {b} and write a longest common subsequence of the two.",
            "A teacher has two lists of marks, {a} and {b}. What is a longest common subsequence of the lists?",
            "I have the words {a} and {b}. Please tell me one of their longest common subsequences.",
            "Using dynamic programming, find a longest common subsequence of {a} and {b}.",
            "Two dancers follow the step sequences {a} and {b}. Which longest subsequence of steps do they share?",
            "Sequence one: {a}. Sequence two: {b}. Output a longest common subsequence.",
            "Delete letters from {a} and {b} so that both become the same string of greatest length. Which string?",
            "Align {a} with {b} so that as many letters as possible match in order. Write the matched letters, which"
            " are a longest common subsequence.",
        )
    ),
    phrases={
        "a": "Take the next letter of the first string",
        "b": "Take the next letter of the second string and open a column",
        "k": "Fill the next cell with carry {i}, or go to the next row",
        "t": "Are these letters equal?",
        "both": "They are: let this row point to the one found last",
        "one": "They are not: in which string is the way back?",
        "out": "Put the next letter behind the result",
    },
)
