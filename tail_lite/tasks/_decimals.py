"""What the tasks on two decimal strings, ``a`` and ``b``, share."""

from __future__ import annotations

import re
from typing import NamedTuple

from tail_lite.tape import BLANK, Tape, ring
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


GROUP, QUOTED = 5, 6
"""Symbols go by so many from the input to cells and from cells to the result. The last digit of an address tells
whether it ends a group, so nothing has to be counted. And so many are quoted before them."""


class Number(NamedTuple):
    """Where a number stands."""

    tracks: str  # of what stands before its point, up to and with it, and of what follows
    path: tuple[str, ...]  # the addresses in order; the first holds a blank, for the carry that may come there
    point: int  # the place in `path` of its point; of the blank at its end, if it has none
    end: int  # of the blank at its end


def take(
    tape: Tape, number: str, tracks: str, states: str, then: str, group: int = GROUP, marks: bool = True
) -> Number:
    """Read a number of the input, a group a state: each symbol gets its address. With `marks`, the cells ``h``, ``p``
    and ``e`` of its tracks keep where it begins, has its point and ends. `tracks` and `states` are two letters each,
    for what stands before the point and behind it.

    A raw text has no addresses, so a model finds its place there by what it read last: the cell ``w`` is a window that
    shows that again, and then the new symbols. The track is a ring that the number's first digit starts (see
    :func:`tail_lite.tape.ring`). So no state of a long number does anything that those of a short one do not. Behind
    the point the track's letter is another one, which tells at the end that there was a point, however far back.
    """
    text = f"{BLANK}{number}{BLANK}"
    end = len(text) - 1
    point = text.index(".") if "." in text else end
    whole, fraction = (ring(track, int(text[1]), len(text)) for track in tracks)
    path = (*whole[: point + 1], *fraction[point + 1 : end + 1])
    at, stop, name = 0, group + 1, states[0]
    with tape.loop():
        while at <= end:
            tape.enter(name)
            tape.write("w", text[max(0, at - QUOTED) : stop])
            if marks and at == 0:
                tape.write(f"h{tracks[0]}", path[0][1:])
            tape.put(path, at, text[at:stop])
            if at <= point < stop:
                if marks:
                    tape.write(f"p{tracks[0]}", path[point][1:])
                name = states[1]
            if marks and stop > end:
                tape.write(f"e{path[end][0]}", path[end][1:])
            at, stop = stop, stop + group
            tape.goto(name if at <= end else then)
    return Number(tracks, path, point, end)
