"""What the tasks on two decimal strings, ``a`` and ``b``, share."""

from __future__ import annotations

import re

from tail_lite.tape import BLANK, Tape
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


def take(tape: Tape, key: str, states: str, tracks: str, then: str) -> None:
    """Read the number in the cell `key`, a group a state: give each symbol its address, and each track the count of its
    digits. `states` and `tracks` are two letters each, for whole digits and for the fraction.

    A raw text has no addresses. So the cell keeps all that is left of it, of which a state takes the beginning: a model
    finds that where the last state stopped, copies without a break, and only the text's end ends the copy. Short pieces
    would need a count of what has been copied, and be found by their symbols alone, which a long text may have twice;
    pieces in cells of their own would need addresses longer than any of a short number.
    """
    part, first = 0, 1  # whole digits or fraction, and the number of the next symbol there
    with tape.loop():
        while True:
            tape.enter(states[part])
            rest = str(tape.read(key))
            track = tracks[part]
            passed, point, _ = rest[:GROUP].partition(".")
            tape.put(track, first, passed + point)
            first += len(passed)
            if point:
                tape.write(f"n{track}", first - 1)
                part, first = 1, 1
            elif passed[-1] == BLANK:
                tape.write(f"n{track}", first - 2)
                if part == 0:  # an empty fraction
                    tape.write(f"{tracks[1]}1", BLANK)
                    tape.write(f"n{tracks[1]}", 0)
                tape.goto(then)
                return
            tape.write(key, rest[len(passed + point) :])
            tape.goto(states[part])


def compare_counts(tape: Tape, left: str, right: str) -> tuple[int, int]:
    """Fetch two counts and state which is greater; both of them."""
    p, q = int(tape.read(left)), int(tape.read(right))
    tape.solve(f"{p} compared with {q}", "<" if p < q else ">" if p > q else "=")
    return p, q
