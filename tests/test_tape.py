"""The tape records what a program does, and refuses what no chain of atomic states can express."""

import pytest

from tail_lite.render import ABLATIONS, STYLES, Form, render, render_text
from tail_lite.tape import (
    BLANK,
    MAX_READS,
    MAX_WRITES,
    State,
    Tape,
    TapeError,
    Trace,
    addresses,
    replay,
    ring,
)


def double(n):
    """A small program: counts `i` up to n, adding 2 to `s` each time."""
    tape = Tape({"i": 0, "s": 0, "n": n})
    tape.enter("step")
    with tape.loop():
        while True:
            i, s, bound = tape.read("i"), tape.read("s"), tape.read("n")
            if i == bound:
                tape.goto("halt")
                return tape.halt(str(s))
            tape.solve(f"{s}+2", s + 2)
            tape.write("s", s + 2)
            tape.write("i", i + 1)
            tape.goto("step")
            tape.enter("step")


def test_record_is_what_the_program_did():
    trace = double(2)
    assert trace.answer == "4"
    assert [s.name for s in trace.states] == ["step"] * 3
    assert trace.states[1].fetch == [("i", 1), ("s", 2), ("n", 2)]
    assert trace.states[1].solve == ("2+2", 4)
    assert trace.states[1].write == [("s", 4), ("i", 2)]
    assert trace.states[-1].goto == "halt"
    assert trace.tape == {"i": 0, "s": 0, "n": 2}  # the tape before the run
    assert replay(trace) is None


def entered(cells=None):
    tape = Tape(cells or {"a": 1, "b": 2})
    tape.enter("q")
    return tape


def read_after_write(tape):
    tape.write("a", 1)
    tape.read("b")


def solve_twice(tape):
    tape.solve("1+1", 2)
    tape.solve("2+2", 4)


def read_too_much(tape):
    for k in range(MAX_READS + 1):
        tape.read(f"c{k}")
    tape.goto("halt")


def read_twice(tape):
    tape.read("a")
    tape.read("a")
    tape.goto("halt")


def read_three_and_one_of_them_twice(tape):
    for address in ("a", "b", "a"):
        tape.read(address)
    tape.goto("halt")


def write_too_much(tape):
    for k in range(MAX_WRITES + 1):
        tape.write(f"c{k}", 0)
    tape.goto("halt")


def write_twice(tape):
    tape.write("a", 1)
    tape.write("a", 2)
    tape.goto("halt")


def scan_without_end(tape):
    tape.goto("c0")
    tape.scan("c", 0, {BLANK})


def scan_from_elsewhere(tape):
    tape.goto("c1")
    tape.scan("c", 0, {BLANK})


def scan_then_leave(tape):
    tape.goto("c0")
    tape.scan("c", 0, {5})
    tape.goto("r")
    tape.enter("s")


T = addresses("t", 11)


def spell_then_read_again(tape):
    assert tape.spell(T, 0, 3, {BLANK}) == "xyz"
    tape.read("t1")
    tape.goto("halt")


def spell_then_read_much(tape):
    tape.spell(T, 0, 9, {BLANK})
    tape.goto("halt")


def spell_past_the_end(tape):
    tape.spell(T, 8, 5, {BLANK})


def spell_late(tape):
    tape.write("a", 2)
    tape.spell(T, 1, 5, {BLANK})


def spell_what_was_read(tape):
    tape.read("t1")
    assert tape.spell(T, 1, 5, {BLANK}) == "yzxyz"
    tape.goto("halt")


def read_twice_after_a_state_that_spells(tape):
    assert tape.spell(T, 0, 3, {"y", BLANK}) == "xy"
    tape.goto("r")
    tape.enter("r")
    read_twice(tape)


TABLE = [{1: {2: (("1+2", 3), 3, 0)}}]


def sweep_past_the_end(tape):
    tape.goto("s")
    tape.sweep([("c1", "c2"), ("a", "z")], TABLE, 0, ["s"], ["t"])


def sweep_without_rule(tape):
    tape.goto("s")
    tape.sweep([("c2", "c1")], TABLE, 0, ["s"], ["t"])


def sweep_one_cell_twice(tape):
    tape.goto("s")
    tape.sweep([("a", "a")], [{1: {1: (("1+1", 2), 2, 0)}}], 0, ["s"], ["t"])


def sweep_then_leave(tape):
    tape.goto("s")
    tape.sweep([("a", "b")], TABLE, 0, ["s"], ["t"])
    tape.enter("u")


def sweep_no_column(tape):
    tape.goto("s")
    tape.sweep([], TABLE, 0, ["s"], ["t"])


def wrong_successor(tape):
    tape.goto("r")
    tape.enter("s")


def leave_twice(tape):
    tape.goto("r")
    tape.goto("r")


@pytest.mark.parametrize(
    ("misuse", "says"),
    [
        (lambda tape: tape.read("z"), "never written"),
        (lambda tape: tape.enter("r"), "'q' has no successor"),
        (lambda tape: tape.halt("1"), "'q' has no successor"),
        (wrong_successor, "announced 'r'"),
        (leave_twice, "outside of any state"),
        (read_after_write, "'q' reads 'b' after"),
        (solve_twice, "'q' solves"),
        (read_too_much, "'q' reads 9 cells"),
        (read_twice, "'q' reads one cell twice"),
        (read_three_and_one_of_them_twice, "'q' reads one cell twice"),
        (write_too_much, "'q' writes 13 cells"),
        (write_twice, "'q' writes one cell twice"),
        (scan_without_end, "'c20' reads 'c20', which was never written"),
        (scan_from_elsewhere, "'c0' entered, but 'q' announced 'c1'"),
        (scan_then_leave, "'s' entered, but 'c5' announced 'r'"),
        (spell_then_read_again, "'q' reads one cell twice"),
        (spell_then_read_much, "'q' reads 9 cells"),
        (spell_past_the_end, "'q' reads 't10', which was never written"),
        (spell_late, "'q' reads 't1' after it solved or wrote"),
        (spell_what_was_read, "one cell twice"),
        (read_twice_after_a_state_that_spells, "'r' reads one cell twice"),
        (sweep_past_the_end, "'s' reads .* 'z'"),
        (sweep_without_rule, "'s' .* no rule"),
        (sweep_one_cell_twice, "'s' reads one cell twice"),
        (sweep_then_leave, "'u' entered, but 's' announced 't'"),
        (sweep_no_column, "no column"),
    ],
)
def test_misuse_names_the_state(misuse, says):
    tape = entered({"a": 1, "b": 2} | {f"c{k}": k for k in range(20)} | {f"t{k}": "xyzxyzxyzx"[k] for k in range(10)})
    with pytest.raises(TapeError, match=says):
        misuse(tape)


def test_a_ring_comes_round():
    path = ring("u", 80, 50)
    assert (*path[:2], *path[19:21]) == ("u80", "u81", "u99", "u00")
    assert len(set(path)) == 100
    assert ring("v", 0, 99)[-1] == "v99"
    assert ring("v", 30, 100)[0] == "v300"
    assert ring("v", 80, 50, skip=10)[3:7] == ("v83", "v84", "v95", "v96")
    for least in (99, 999, 9_999):
        path = ring("v", 80, least, skip=10)
        assert len(set(path)) == len(path) > least


def test_halting_needs_an_announcement():
    tape = entered()
    tape.goto("r")
    with pytest.raises(TapeError, match="announced 'r'"):
        tape.halt("1")


def add_digits(step_by_step):
    """Scans two tracks and adds them digit by digit; once with elementary calls alone."""
    table = [
        {
            p: {q: ((f"{p}+{q}+{c}", p + q + c), (p + q + c) % 10, (p + q + c) // 10) for q in range(10)}
            for p in range(10)
        }
        for c in (0, 1)
    ]
    tape = Tape({"a1": 9, "a2": 9, "a3": BLANK, "b1": 1, "b2": 2, "b3": BLANK})
    for track, then in (("a", "b1"), ("b", "s0")):
        with tape.loop():
            if step_by_step:
                k = 1
                tape.enter(f"{track}{k}")
                while tape.read(f"{track}{k}") != BLANK:
                    k += 1
                    tape.goto(f"{track}{k}")
                    tape.enter(f"{track}{k}")
            else:
                assert tape.scan(track, 1, {BLANK}) == ([9, 9] if track == "a" else [1, 2], BLANK)
        tape.goto(then)
    carry = 0
    with tape.loop():
        if step_by_step:
            for k in (2, 1):
                tape.enter(f"s{carry}")
                (solution, digit, carry) = table[carry][tape.read(f"a{k}")][tape.read(f"b{k}")]
                tape.solve(*solution)
                tape.write(f"a{k}", digit)
                tape.write(f"b{k}", digit)
                tape.goto(f"s{carry}" if k > 1 else f"end{carry}")
        else:
            columns = [("a2", "b2"), ("a1", "b1")]
            assert tape.sweep(columns, table, carry, ("s0", "s1"), ("end0", "end1")) == 1
    tape.enter("end1")
    tape.read("a1")
    tape.read("b2")
    tape.write("o", "111")
    tape.goto("halt")
    return tape.halt("111")


def test_many_states_in_one_call_are_the_same_states():
    trace, elementary = add_digits(False), add_digits(True)
    assert trace.states == elementary.states
    assert all(type(s) is State and type(s.fetch) is type(s.write) is list for s in trace.states)
    assert trace.loop_parent == elementary.loop_parent
    assert len(trace.record) < len(trace.states)
    assert replay(trace) is None
    phrases = dict.fromkeys(("a", "b", "s", "end"), "Step {i}")
    rebuilt = Trace(trace.tape, trace.states, trace.answer, trace.loop_parent)
    for form in [Form(s, w) for s in STYLES for w in (None, *ABLATIONS)]:
        text = render(elementary, phrases, form).text
        for same in (trace, elementary, rebuilt):
            assert render_text(same, phrases, form) == text
            assert render(same, phrases, form).text == text


def test_replay_finds_every_kind_of_damage():
    trace = double(3)
    for k, state in enumerate(trace.states):
        for damaged in (
            state._replace(goto="elsewhere"),
            state._replace(fetch=[("i", 99), *state.fetch[1:]]),
            state._replace(fetch=[("unknown", 0)]),
        ):
            states = [*trace.states[:k], damaged, *trace.states[k + 1 :]]
            assert replay(type(trace)(trace.tape, states, trace.answer)) is not None
