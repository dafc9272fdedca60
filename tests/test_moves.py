"""The arithmetic that programs share, against Python's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tail_lite.tape import Tape, replay
from tail_lite.tasks._moves import add, compare, lay_out, scan, subtract


@given(st.integers(-9999, 9999), st.integers(-9999, 9999))
def test_compare(p, q):
    tape = Tape({"x": p, "y": str(q)})
    assert compare(tape, "c", 3, "x", "y") == (p > q) - (p < q)
    tape.goto("halt")
    trace = tape.halt("")
    assert replay(trace) is None
    assert len(trace.states) <= 2
    assert trace.states[-1].solve[1] == ("=" if p == q else "<" if p < q else ">")


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_sum_and_difference(p, q):
    tape = Tape({"x": p, "y": q, "most": max(p, q), "least": min(p, q)})
    assert add(tape, "s", "", "x", "y", "sum") == p + q
    tape.goto("d")
    assert subtract(tape, "d", "", "most", "least", "difference") == abs(p - q)
    tape.goto("halt")
    trace = tape.halt("")
    assert replay(trace) is None
    assert dict(trace.states[-1].write)["difference"] == str(abs(p - q))
    for state in trace.states:  # at sight: at most two digits, and a carry
        assert all(len(n) <= 2 for n in state.solve[0].replace("-", "+").split("+"))


@given(st.lists(st.integers(-99, 99)))
def test_scan_reads_what_was_laid_out(values):
    cells = {}
    lay_out(cells, "a", values)
    tape = Tape(cells)
    assert scan(tape, "a", "n") == values
    tape.goto("halt")
    assert tape.halt("").states[-1].write == [("n", len(values))]
