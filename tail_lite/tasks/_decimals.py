"""What the tasks on two decimal strings, ``a`` and ``b``, share."""

from __future__ import annotations

import random
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


def draw(rng: random.Random, digits: int, stretched: float) -> str:
    """So many random digits; with this probability a stretch of them has few different ones. It is shorter than what a
    window quotes: in longer ones a reader of windows could not know the place, however well it reads."""
    text = "".join(rng.choices("0123456789", k=digits))
    if rng.random() < stretched:
        size = min(digits, QUOTED - 1)
        at = rng.randint(0, digits - size)
        text = text[:at] + "".join(rng.choices(rng.choice(_FEW), k=size)) + text[at + size :]
    return text


_FEW = ("09", "01", "0999", "0459", "45", "0001")
GROUP, QUOTED = 5, 6
"""Symbols go by so many from the input to cells and from cells to the result. The last digit of an address tells
whether it ends a group, so nothing has to be counted. And so many are quoted before them."""


class Number(NamedTuple):
    """Where a number stands."""

    tracks: str  # of its whole part and of its fraction, whose digits are numbered on
    whole: tuple[str, ...]  # addresses by place; the first holds a blank, for the carry that may come there
    fraction: tuple[str, ...]  # the same; the point has an address in either
    point: int  # the place of its point; of the blank at its end, if it has none
    end: int  # of the blank at its end


def take(
    tape: Tape,
    number: str,
    tracks: str,
    states: str,
    then: str,
    group: int = GROUP,
    marks: str = "hpe",
    skip: int = 0,
) -> Number:
    """Read a number of the input, a group a state: each symbol gets its address. Those of the cells ``h``, ``p`` and
    ``e`` of its tracks that are among the `marks` keep where it begins, has its point and ends. `tracks` and `states`
    are two letters each, for what stands before the point and behind it.

    A raw text has no addresses, so a model finds its place there by what it read last: the cell ``w`` is a window that
    shows that again, and then the new symbols. The track is a ring that the number's first digit starts (see
    :func:`tail_lite.tape.ring`). So no state of a long number does anything that those of a short one do not. The
    fraction's track has a letter of its own, which tells at the end that there was a point, however far back; the
    point stands on both, so that a head meets it from either side under the letter that it goes by, as does its place.
    """
    text = f"{BLANK}{number}{BLANK}"
    end = len(text) - 1
    point = text.index(".") if "." in text else end
    whole, fraction = (ring(track, 10 * int(text[1]), len(text), skip) for track in tracks)
    at, stop, name = 0, group + 1, states[0]
    with tape.loop():
        while at <= end:
            tape.enter(name)
            tape.write("w", text[max(0, at - QUOTED) : stop])
            if "h" in marks and at == 0:
                tape.write(f"h{tracks[0]}", whole[0][1:])
            tape.put(whole, at, text[at : min(stop, point + 1)])
            if stop > point < end:
                begin = max(at, point)
                tape.put(fraction, begin, text[begin:stop])
            if at <= point < stop:
                if "p" in marks:
                    tape.write(f"p{tracks[0]}", whole[point][1:])
                    if point < end:
                        tape.write(f"p{tracks[1]}", whole[point][1:])
                name = states[1]
            if "e" in marks and stop > end:
                tape.write(f"e{tracks[point < end]}", whole[end][1:])
            at, stop = stop, stop + group
            tape.goto(name if at <= end else then)
    return Number(tracks, whole, fraction, point, end)
