"""What the tasks on two decimal strings, ``a`` and ``b``, share."""

from __future__ import annotations

import re

from tail_lite.tape import BLANK, Tape, Value
from tail_lite.tasks.base import Problem

_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
ENDS = frozenset((".", BLANK))
"""Where whole digits, or those of a fraction, end."""


def length(problem: Problem) -> list[int]:
    """The digits of either operand."""
    return [len(problem["a"].replace(".", "")), len(problem["b"].replace(".", ""))]


def check_decimals(problem: Problem) -> None:
    """ValueError unless both operands are decimal strings without sign or superfluous leading zeros."""
    for key in ("a", "b"):
        text = problem[key]
        if not isinstance(text, str) or not _NUMBER.fullmatch(text):
            raise ValueError(f"{key!r} must be a decimal string without sign or superfluous zeros, not {text!r}")


def pointed(digits: str, whole: int) -> str:
    """With a point behind so many digits, if more follow."""
    return f"{digits[:whole]}.{digits[whole:]}" if whole < len(digits) else digits


GROUP = 5
"""Symbols go by so many from cell to cell and back: the last digit of an address tells whether it ends a group, so
nothing has to be counted."""


def lay_out_rests(cells: dict[str, Value], text: str, key: str) -> None:
    """The raw text and the blank behind it: the first cell holds all of it, each further one what is left when another
    group of a track is taken; a point ends one too."""
    text += BLANK
    n, at = 1, 0
    for part in (text.index(".") + 1 if "." in text else len(text), len(text)):
        for start in range(at, part, GROUP):
            cells[f"{key}{n}"] = text[start:]
            n += 1
        at = part


def take(tape: Tape, key: str, whole: str, fraction: str, then: str) -> None:
    """Read one number, a group a state: give each symbol its address, and each track the count of its digits.

    A raw text has no addresses. So each state repeats all that is left of it, of which it takes the beginning: a model
    finds that where the last state stopped, copies without a break, and only the text's end ends the copy. Short pieces
    would need a count of what has been copied, and be found by their symbols alone, which a long text may have twice.
    """
    track, first, here, n = whole, 1, f"{key}1", 1  # the number of the next symbol on its track, and of the state
    with tape.loop():
        while track:
            tape.enter(here)
            symbols = str(tape.read(here))[:GROUP]
            passed, point, _ = symbols.partition(".")
            tape.put(track, first, passed + point)
            first += len(passed)
            n += 1
            here = f"{key}{n}"
            if point:
                tape.write(f"n{track}", first - 1)
                track, first = fraction, 1
            elif passed[-1] == BLANK:
                tape.write(f"n{track}", first - 2)
                if track == whole:  # an empty fraction
                    tape.write(f"{fraction}1", BLANK)
                    tape.write(f"n{fraction}", 0)
                track, here = "", then
            tape.goto(here)


def compare_counts(tape: Tape, left: str, right: str) -> tuple[int, int]:
    """Fetch two counts and state which is greater; both of them."""
    p, q = int(tape.read(left)), int(tape.read(right))
    tape.solve(f"{p} compared with {q}", "<" if p < q else ">" if p > q else "=")
    return p, q
