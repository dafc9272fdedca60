"""Moves that several programs share: lists laid on the tape and scanned, arithmetic on numbers of up to four digits.

At sight, a state adds, subtracts or compares numbers of at most two digits. Longer ones go in two halves of two digits
(as if in base 100), so such a step is one state for small numbers and two for large ones, never more. Every routine
leaves its last state open, so that the caller can write what follows from the result and choose where to go. Programs
on longer numbers (addition, division) have loops of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from tail_lite.tape import BLANK, Tape, Value, addresses

_LIMIT = 10_000
_END = frozenset({BLANK})


def lay_out(cells: dict[str, Value], track: str, values: Iterable[Value], first: int = 0) -> None:
    """Put `values` on the tape from address ``track{first}`` on, and a blank behind them."""
    values = (*values, BLANK)
    for address, value in zip(addresses(track, first + len(values))[first:], values, strict=False):
        cells[address] = value


def scan(tape: Tape, track: str, count: str, first: int = 0) -> list[Value]:
    """Read a laid-out list from the left up to its blank and write how many items it has to cell `count`.

    States are named by the cell they read (``a0 a1 …``). Leaves the last state open.
    """
    with tape.loop():
        passed, _ = tape.scan(track, first, _END)
    tape.write(count, len(passed))
    return passed


def compare(tape: Tape, label: str, index: int | str, x: str, y: str) -> int:
    """Compare the integers in cells `x` and `y`, signs included: -1, 0 or 1 for less, equal or greater.

    States ``{label}{index}`` and, for equal hundreds, ``{label}l{index}``; the last is left open.
    """
    tape.enter(f"{label}{index}")
    p, q = int(tape.read(x)), int(tape.read(y))
    if (p < 0) != (q < 0):
        return _relation(tape, f"comparing the signs of {p} and {q}", p, q)
    if -100 < p < 100 and -100 < q < 100:
        return _relation(tape, f"{p} compared with {q}", p, q)
    _check(p, q)
    sign = -1 if p < 0 else 1
    high, low = abs(p) // 100, abs(q) // 100
    if high != low:
        return _relation(tape, f"{high} hundreds compared with {low}, sign {'-+'[sign > 0]}", sign * high, sign * low)
    _relation(tape, f"{high} hundreds compared with {low}", high, low)
    tape.goto(f"{label}l{index}")
    tape.enter(f"{label}l{index}")
    tape.read(x)
    tape.read(y)
    high, low = abs(p) % 100, abs(q) % 100
    return _relation(tape, f"{high:02} compared with {low:02}, sign {'-+'[sign > 0]}", sign * high, sign * low)


def add(tape: Tape, label: str, index: int | str, x: str, y: str, out: str) -> int:
    """Write to cell `out` the sum of the non-negative integers in cells `x` and `y`, and return it.

    States ``{label}{index}`` and, where a number has more than two digits, ``{label}h{index}`` (``k``: with carry);
    the last is left open.
    """
    tape.enter(f"{label}{index}")
    p, q = int(tape.read(x)), int(tape.read(y))
    if p < 100 and q < 100:
        tape.solve(f"{p}+{q}", p + q)
        tape.write(out, str(p + q))
        return p + q
    _check(p, q)
    low = p % 100 + q % 100
    tape.solve(f"{p % 100:02}+{q % 100:02}", f"{low:02}")
    return _high_half(tape, f"{label}{'k' if low > 99 else 'h'}{index}", x, y, out, p, q, low, "+")


def subtract(tape: Tape, label: str, index: int | str, x: str, y: str, out: str) -> int:
    """Write to cell `out` the difference of the non-negative integers in cells `x` ≥ `y`, and return it.

    States as in :func:`add`, with ``b`` (borrow) in place of ``k``; the last is left open.
    """
    tape.enter(f"{label}{index}")
    p, q = int(tape.read(x)), int(tape.read(y))
    if p < q:
        raise ValueError(f"cannot subtract {q} from {p}")
    if p < 100:
        tape.solve(f"{p}-{q}", p - q)
        tape.write(out, str(p - q))
        return p - q
    _check(p, q)
    low = p % 100 - q % 100
    tape.solve(f"{p % 100:02}-{q % 100:02}", f"{low % 100:02}")
    return _high_half(tape, f"{label}{'b' if low < 0 else 'h'}{index}", x, y, out, p, q, low, "-")


def _high_half(tape: Tape, state: str, x: str, y: str, out: str, p: int, q: int, low: int, sign: str) -> int:
    tape.write("low", f"{low % 100:02}")
    tape.goto(state)
    tape.enter(state)
    tape.read(x)
    tape.read(y)
    tape.read("low")
    carry = low // 100  # -1 where a hundred was borrowed
    high = p // 100 + (q // 100 if sign == "+" else -(q // 100)) + carry
    tape.solve(f"{p // 100}{sign}{q // 100}" + (f"{carry:+}" if carry else ""), high)
    total = high * 100 + low % 100
    tape.write(out, str(total))
    return total


def _relation(tape: Tape, expression: str, p: int, q: int) -> int:
    relation = (p > q) - (p < q)
    tape.solve(expression, "=><"[relation])
    return relation


def _check(p: int, q: int) -> None:
    if not (-_LIMIT < p < _LIMIT and -_LIMIT < q < _LIMIT):
        raise ValueError(f"{p} and {q}: numbers of more than four digits need a loop over their digits")


def compare_phrases(label: str, what: str) -> dict[str, str]:
    """Phrases of :func:`compare`'s states: `what` is a question such as ``Is the new distance shorter?``."""
    return {label: what, f"{label}l": "Same hundreds: compare the last two digits"}


def add_phrases(label: str, what: str) -> dict[str, str]:
    """Phrases of :func:`add`'s states."""
    return {label: what, f"{label}h": "Add the hundreds", f"{label}k": "Add the hundreds and the carry"}


def subtract_phrases(label: str, what: str) -> dict[str, str]:
    """Phrases of :func:`subtract`'s states."""
    return {label: what, f"{label}h": "Subtract the hundreds", f"{label}b": "Subtract the hundreds and the borrow"}
