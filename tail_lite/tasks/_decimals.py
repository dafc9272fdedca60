"""What the tasks on two decimal strings, ``a`` and ``b``, share."""

from __future__ import annotations

import re

from tail_lite.tape import BLANK, Value, addresses
from tail_lite.tasks.base import Problem

_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
ENDS = frozenset((".", BLANK))
"""Where a scan of whole digits, or of a fraction, ends."""


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


def lay_out_decimal(cells: dict[str, Value], text: str, whole: str, fraction: str) -> None:
    """Symbol by symbol: whole digits and the point on one track from 1 on, the fraction on another; then a blank."""
    path = addresses(whole, len(text) + 2)[1:]
    if "." in text:
        path = path[: text.index(".") + 1] + addresses(fraction, len(text))[1:]
    cells.update(zip(path, text + BLANK, strict=False))
