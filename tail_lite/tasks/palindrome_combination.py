"""The number of ways to cut a text into palindromes, by backtracking over the end of each piece.

``s2`` is the end of the second piece, which starts behind ``s1`` (``s0`` is 0). The first cutting has single letters
only, and the head that makes it gives each letter its address (``t1 t2 …``). Whenever the end of the text is reached,
``w`` goes up by one and the last choice is undone (``b``): the piece gets the next end with which it is a palindrome;
if there is none (``_``), it leaves the stack and the piece before it is undone.

These ends are chained: ``x3,4`` is the next end after 4 for a piece that starts at 3. What is not known yet reads ``?``
and is found once, by tests ``p3,6`` of the first and last letter of a piece. What lies between them (``q4,5``, from the
fourth letter on) was tested before, because all that is behind a start is searched before its second end is tried. For
the same reason a piece that is tested is the first to start there, after single letters only: it starts at its number.
"""

from __future__ import annotations

import random
import re
from bisect import bisect
from functools import cache
from itertools import accumulate, permutations

from tail_lite.tape import BLANK, HALT, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import lay_out
from tail_lite.tasks.base import Problem, Task

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LETTERS = 3
_MOST = 40
_TABLE = 9  # texts up to this length are drawn by their answer


def _cuttings(text: str) -> int:
    """The number of cuttings: those of each beginning are the sum of what its last palindromes leave."""
    ways = [1]
    for j in range(1, len(text) + 1):
        total = 0
        for i in range(j):
            piece = text[i:j]
            if piece == piece[::-1]:
                total += ways[i]
        ways.append(total)
    return ways[-1]


@cache
def _patterns(n: int) -> dict[int, list[str]]:
    """The texts of `n` letters with at most forty cuttings, by their number; letters are named in order (abac)."""
    texts = ["a"]
    for _ in range(n - 1):
        texts = [t + _ALPHABET[k] for t in texts for k in range(min(len(set(t)) + 1, _LETTERS))]
    found: dict[int, list[str]] = {}
    for text in texts:
        ways = _cuttings(text)
        if ways <= _MOST:
            found.setdefault(ways, []).append(text)
    return found


def _size(patterns: list[str]) -> int:
    return sum((26, 650, 15_600)[len(set(p)) - 1] for p in patterns)


@cache
def _answers(lo: int, hi: int) -> tuple[list[list[str]], list[float]]:
    """The patterns of a range, in classes of one length and answer, and weights that favour rare answers."""
    by_answer: dict[int, list[list[str]]] = {}
    for n in range(lo, hi + 1):
        for answer, patterns in _patterns(n).items():
            by_answer.setdefault(answer, []).append(patterns)
    classes, weights = [], []
    for _, group in sorted(by_answer.items()):
        shares = [_size(patterns) ** 0.3 for patterns in group]
        weight = sum(map(_size, group)) ** 0.2
        classes += group
        weights += [weight * share / sum(shares) for share in shares]
    return classes, list(accumulate(weights))


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """The answer is drawn first, rare ones more often than they occur; longer texts grow letter by letter."""
    if hi <= _TABLE:
        classes, weights = _answers(lo, hi)
        pattern = rng.choice(classes[bisect(weights, rng.random() * weights[-1])])
    else:
        n = rng.randint(lo, hi)
        pattern = ""
        rate = rng.choice((0.0, 0.1, 0.2, 0.3))
        while len(pattern) < n:
            # A letter unlike the two before it makes new palindromes seldom.
            others = [a for a in "abc" if a not in pattern[-2:]] if rng.random() >= rate else ["a", "b", "c"]
            longer = pattern + rng.choice(others)
            if _cuttings(longer) <= _MOST:
                pattern = longer
            elif rng.random() < 0.2:
                pattern = pattern[:-3]
    letters = rng.sample(_ALPHABET, _LETTERS)
    return {"text": pattern.translate({97: letters[0], 98: letters[1], 99: letters[2]})}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every text of at most four letters."""
    if hi > 4:
        return None
    found = []
    for pattern in (p for n in range(lo, hi + 1) for ps in _patterns(n).values() for p in ps):
        names = sorted(set(pattern))
        for letters in permutations(_ALPHABET, len(names)):
            found.append({"text": pattern.translate(dict(zip(map(ord, names), letters, strict=True)))})
    return found


def length(problem: Problem) -> list[int]:
    return [len(problem["text"])]


def validate(problem: Problem) -> None:
    check_keys("a palindrome_combination problem", problem, "text")
    text = problem["text"]
    if not isinstance(text, str) or not re.fullmatch("[a-z]+", text):
        raise ValueError(f"'text' must be one or more letters from a to z, not {text!r}")
    if len(set(text)) > _LETTERS:
        raise ValueError(f"'text' must have at most {_LETTERS} different letters, not {len(set(text))}")
    if len(text) > 200 or _cuttings(text) > _MOST:
        raise ValueError(f"{text!r} can be cut into palindromes in more than {_MOST} ways, or is too long to tell")


def oracle(problem: Problem) -> str:
    """By dynamic programming over the beginnings of the text."""
    return str(_cuttings(problem["text"]))


def program(problem: Problem) -> Trace:
    text = problem["text"]
    n = len(text)
    cells: dict[str, Value] = {"s0": 0}
    lay_out(cells, "t", text, first=1)
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    # The first cutting: single letters.
    with tape.loop():
        for i in range(1, n + 1):
            address = f"t{i}"
            enter(address)
            read(address)
            write(f"s{i}", i)
            write(f"x{i},{i}", "?")
            goto(f"t{i + 1}")
    enter(f"t{n + 1}")
    read(f"t{n + 1}")
    write("w", 1)
    goto(f"b{n}")

    ways = 1
    ends = [0, *range(1, n + 1)]  # the stack
    after: dict[tuple[int, int], int | None] = {}  # known ends: the next one, or None behind the last
    depth = n
    with tape.loop():
        while depth:
            # Undo the last choice: which is the next one?
            name = f"b{depth}"
            forward = False
            with tape.loop():
                while not forward:
                    enter(name)
                    i, e = ends[depth - 1] + 1, ends[depth]
                    read(f"s{depth - 1}")
                    read(f"s{depth}")
                    if read(f"x{i},{e}") == "?":
                        name = f"p{i},{e + 1}"
                        goto(name)
                        break
                    following = after[i, e]
                    if following is None:
                        write(f"s{depth}", BLANK)
                        depth -= 1
                        name = f"b{depth}"
                    else:
                        write(f"s{depth}", following)
                        ends[depth] = following
                        depth += 1
                        name = f"c{depth},{following + 1}"
                        forward = True
                    goto(name)

            # Not known yet: test longer pieces until one is a palindrome. Here the piece's number is its start.
            if not forward:
                last, e = e, e + 1
                with tape.loop():
                    while not forward:
                        enter(name)
                        symbol = read(f"t{e}")
                        if symbol == BLANK:
                            read(f"s{i}")
                            if i == 1:
                                read("w")
                            write(f"x{i},{last}", BLANK)
                            write(f"s{i}", BLANK)
                            after[i, last] = None
                            depth -= 1
                            name = f"b{depth}" if depth else HALT
                            goto(name)
                            break
                        equal = read(f"t{i}") == symbol
                        if equal and e > i + 2:
                            equal = read(f"q{i + 1},{e - 1}") == "y"
                        if equal:
                            read(f"s{i}")
                            write(f"q{i},{e}", "y")
                            write(f"x{i},{last}", e)
                            write(f"x{i},{e}", "?")
                            write(f"s{i}", e)
                            after[i, last] = e
                            ends[i] = e
                            depth = i + 1
                            name = f"c{depth},{e + 1}"
                            forward = True
                        else:
                            write(f"q{i},{e}", "n")
                            e += 1
                            name = f"p{i},{e}"
                        goto(name)

            # Forward: single letters up to the end of the text.
            if forward:
                i = ends[depth - 1] + 1
                with tape.loop():
                    while i <= n:
                        enter(name)
                        read(f"t{i}")
                        write(f"s{depth}", i)
                        ends[depth] = i
                        depth += 1
                        i += 1
                        name = f"c{depth},{i}"
                        goto(name)
                enter(name)
                read(f"t{i}")
                read("w")
                solve(f"{ways}+1", ways + 1)
                ways += 1
                write("w", ways)
                depth -= 1
                goto(f"b{depth}")

    return tape.halt(str(ways))


def plain_cot(problem: Problem) -> str:
    text = problem["text"]
    whole: list[str] = []

    def cut(start: int, pieces: list[str]) -> None:
        if start == len(text):
            whole.append(" + ".join(pieces))
        for end in range(start + 1, len(text) + 1):
            piece = text[start:end]
            if piece == piece[::-1]:
                cut(end, [*pieces, piece])

    cut(0, [])
    longer = list(
        dict.fromkeys(
            text[i:j] for i in range(len(text)) for j in range(i + 2, len(text) + 1) if text[i:j] == text[i:j][::-1]
        )
    )
    if not longer:
        return "No piece of two or more letters is a palindrome, so the only cutting is into single letters."
    known = f"Besides single letters, these pieces are palindromes: {', '.join(longer)}."
    return "\n".join([f"{known} So the text can be cut like this:", *whole, f"These are {len(whole)} ways."])


_FORM = (
    " A palindrome reads the same forwards and backwards; a single letter is one. "
    "Leaving the text uncut counts too if it is one."
)

TASK = Task(
    name="palindrome_combination",
    paradigm="backtracking",
    description="the number of ways to cut a text into palindromes",
    length_is="characters",
    ranges={"S": (2, 4), "M": (5, 6), "L": (7, 8)},
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    example_length=4,
    oracle=oracle,
    templates=tuple(
        text + _FORM
        for text in (
            "In how many ways can {text} be cut into non-empty palindromes?",
            "Count the ways to split the string {text} into non-empty palindromic pieces.",
            'How many palindrome partitions does "{text}" have (all pieces non-empty)?',
            "Find the number of ways to write {text} as a concatenation of non-empty palindromes.",
            "The string {text} is to be divided into consecutive non-empty parts, each of them a palindrome. "
            "How many divisions are there?",
            "A ribbon is printed with {text}. It may be cut between letters, so that every piece is a "
            "palindrome. In how many ways can this be done?",
            "Between the letters of {text}, bars may be put so that every block is a non-empty palindrome. How "
            "many ways are there to put them?",
            "What is the number of palindromic partitions of {text} into non-empty contiguous parts?",
            "Biscuit letters on a baker's tray spell {text}. The row is broken into non-empty runs that are all "
            "palindromes. Count the ways.",
            "Let s = {text}. How many sequences of non-empty palindromes give s when they are joined in order?",
            "Beads on a straight string spell {text}. The string is snipped so that each non-empty piece reads "
            "the same from both ends. How many sets of snips do this?",
            "Compute how many different cuttings of {text} into non-empty contiguous pieces have palindromes only.",
            'Given the word "{text}", count its decompositions into non-empty palindromes.',
            "A train with the wagons {text} is uncoupled into non-empty groups, each with the same letters from the"
            " front as from the back. In how many ways is that possible?",
            "How many ways are there to break {text} up so that no piece is empty and all pieces are palindromes?",
            "Someone puts commas into {text}, or none at all, so that every part is a non-empty palindrome. How many"
            " results are possible?",
            "Please tell me the number of ways in which {text} splits into non-empty palindromes.",
            "A row of tiles shows {text}. It is parted into non-empty stretches of neighbouring tiles, all "
            "palindromes. How many partings exist?",
            "Determine the number of palindrome cuttings of {text}, with pieces that are non-empty and keep "
            "their order.",
            "A flower bed is planted in the order {text}, one letter for each kind of flower. It is divided by "
            "fences into non-empty sections, each the same from left and right. Count the divisions.",
            "Count all lists of non-empty palindromes whose concatenation is {text}.",
            "For {text}, how many choices of cut positions (possibly none) leave only non-empty palindromes?",
            'A musician cuts the melody "{text}" into non-empty phrases that sound the same played backwards. '
            "In how many ways can it be cut?",
        )
    ),
    phrases={
        "t": "Read letter {i}; it is a piece by itself",
        "b": "Undo the choice of piece {i}: which end is next?",
        "p": "Is the piece with the ends {i} a palindrome?",
        "c": "Choose a single letter for the next piece (piece, start: {i})",
    },
    plain_cot=plain_cot,
    max_length=16,
)
