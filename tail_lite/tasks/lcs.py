"""A longest common subsequence by dynamic programming: the table cell by cell, then the way back.

Rows, columns and lengths go by capitals, round the alphabet from the first letter of their string on: ``dQT`` is the
length for the first string up to row ``Q`` and the second up to column ``T``. So a short problem uses every name that a
long one does, and no two names have a part in common but a row or a column.

A state is named by the cell under the head, which is the *left neighbour* of the cell that it fills: so that neighbour
is fetched without printing its address again, the letters of column and row follow, and one more look-up decides, the
diagonal neighbour where the letters are equal (a diagonal step is then always among the best) and the upper one where
they are not. Blanks end the rows and the table, so no bound needs to be fetched.

The way back (``t``) gives every letter that it finds the number that its length says, so the cells of ``c`` stand in
reading order, and it is over at the border. The letters are copied out in groups of three.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from itertools import product
from string import ascii_lowercase

from tail_lite.tape import BLANK, HALT, Tape, Trace, capitals
from tail_lite.tasks._strings import Table, fill, length, pair
from tail_lite.tasks._strings import validate as validate_strings
from tail_lite.tasks.base import Problem, Task

_END = frozenset((BLANK,))
_LONGEST = len(ascii_lowercase) - 2  # letters of a string: a border stands before them, a blank behind
_NEW, _QUOTED = 2, 6  # letters that a window takes from a string, and shows again before them
_GROUP = 3  # letters that are copied out by a state: so few that short results take more than one as well


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    a, b = pair(rng, lo, hi)
    if set(a).isdisjoint(b):
        k = rng.randrange(len(b))
        b = b[:k] + rng.choice(a) + b[k + 1 :]
    return {"a": a, "b": b}


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
    laid = Table(Tape({}), rows, columns, apart="")
    tape, d = laid.tape, laid.cell
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto
    # Lengths go by letters as well: none at all is the row of the border.
    lengths = rows
    follows = dict(zip(lengths, lengths[1:] + lengths[:1], strict=True))

    # A raw text has no addresses: a window shows what was read last and then the new letters, which get theirs beside
    # the border's cells.
    def take(name: str, path: str, text: str, then: str) -> None:
        text = f"{BLANK}{text}{BLANK}"
        at, stop = 0, 1 + _NEW
        with tape.loop():
            while at < len(text):
                enter(name)
                write("w", text[max(0, at - _QUOTED) : stop])
                for k in range(at, min(stop, len(text))):
                    ended = k == len(text) - 1
                    write(f"{name}{path[k]}", text[k])
                    if name == "a":
                        write(d(k, 0), BLANK if ended else lengths[0])
                    elif ended:
                        write("nb", path[k - 1])
                    elif k > 0:
                        write(d(0, k), lengths[0])
                at, stop = stop, stop + _NEW
                goto(name if at < len(text) else then)

    take("a", rows, problem["a"], "b")
    take("b", columns, problem["b"], d(1, 0))

    def entry(left: str, equal: bool, diagonal: str, up: str, filled: str) -> None:
        if equal:
            value = str(read(diagonal))
            most = follows[value]
            solve(f"{value} counted up", most)
        else:
            value = str(read(up))
            most = left if left == follows[value] else value
            solve(f"{left} or {value}, whichever is further", most)
        write(filled, most)

    # The last cell says how many letters there are.
    most = fill(laid, problem, entry)
    write(f"c{follows[most]}", BLANK)
    write("o", BLANK)
    i, j = length(problem)
    goto(f"t{rows[i]}{columns[j]}")

    # The way back gives each letter the number that the length says. It is over at the border.
    with tape.loop():
        while True:
            enter(f"t{rows[i]}{columns[j]}")
            letter, other = read(f"a{rows[i]}"), read(f"b{columns[j]}")
            if BLANK in (letter, other):
                break
            if letter == other:
                write(f"c{read(d(i, j))}", letter)
                i, j = i - 1, j - 1
            else:
                up, left = str(read(d(i - 1, j))), str(read(d(i, j - 1)))
                back = left == follows[up]
                solve(f"{up} compared with {left}", "<" if back else "=" if up == left else ">")
                i, j = (i, j - 1) if back else (i - 1, j)
            goto(f"t{rows[i]}{columns[j]}")
    goto(f"c{follows[str(read(d(i, j)))]}")

    letters, output = [f"c{number}" for number in lengths], ""
    with tape.loop():
        k, ended = 1, False
        while not ended:
            enter(letters[k])
            word = tape.spell(letters, k, _GROUP, _END)
            ended = word[-1] == BLANK
            word = word.removesuffix(BLANK)
            k += _GROUP
            if word:
                read("o")
                output += word
                write("o", output)
            goto(HALT if ended else letters[k])
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
        "a": "Read on in the first string and open rows",
        "b": "Read on in the second string and open columns",
        "d": "Fill the cell to the right of {i}",
        "t": "Where does the length in cell {i} come from?",
        "c": "Copy the letters out from number {i} on",
    },
)
