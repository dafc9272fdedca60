"""The tape records what a program does, and refuses what no chain of atomic states can express."""

import pytest

from tail_lite.tape import MAX_READS, Tape, TapeError, replay


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
    ],
)
def test_misuse_names_the_state(misuse, says):
    tape = entered({"a": 1, "b": 2} | {f"c{k}": k for k in range(20)})
    with pytest.raises(TapeError, match=says):
        misuse(tape)


def test_halting_needs_an_announcement():
    tape = entered()
    tape.goto("r")
    with pytest.raises(TapeError, match="announced 'r'"):
        tape.halt("1")


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
