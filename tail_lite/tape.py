"""The tape a program runs against, and the record of its execution.

A task is an ordinary algorithm that does all of its work through a :class:`Tape`: it *enters* a state, *reads* the
cells it needs (Memory Fetcher), *solves* one elementary sub-problem, *writes* cells and *goes to* the next state
(Linear Transition). What it did, in order, is the :class:`Trace`, a plain list of atomic states. Texts, pictures, JSON
and the grading of a model's output are all derived from that record and from nothing else, so a chain of thought
cannot disagree with the program that it imitates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

BLANK = "_"
HALT = "halt"
MAX_READS, MAX_WRITES = 8, 4
"""An atomic state is one iteration without an inner loop: a handful of cells, whatever the input's length."""

_new = tuple.__new__

Value = str | int
Cell = tuple[str, Value]


class TapeError(Exception):
    """A program used its tape in a way that no chain of atomic states can express; names the state."""


class State(NamedTuple):
    """One atomic step: what it fetched, its solution ``(expression, result)``, what it wrote, what follows."""

    name: str
    fetch: list[Cell]
    solve: tuple[str, Value] | None
    write: list[Cell]
    goto: str
    loop: int  # the innermost marked loop the state belongs to; 0 outside of any


@dataclass(frozen=True)
class Trace:
    """A whole execution: the tape before it, every state in order, the answer, and which loops enclose which."""

    tape: dict[str, Value]
    states: list[State]
    answer: str
    loop_parent: tuple[int, ...] = (0,)  # loop_parent[i]: the loop around loop i


class Tape:
    """What a program may do. Every method costs well under a microsecond: synthesis runs millions of states."""

    __slots__ = ("_cells", "_fetch", "_loop", "_loop_parent", "_name", "_next", "_solve", "_start", "_states", "_write")

    def __init__(self, cells: dict[str, Value]) -> None:
        self._start = cells
        self._cells = dict(cells)
        self._states: list[State] = []
        self._next: str | None = None  # the state announced by the last goto
        self._name: str | None = None  # the state we are in; None between states
        self._fetch: list[Cell] = []
        self._solve: tuple[str, Value] | None = None
        self._write: list[Cell] = []
        self._loop = 0
        self._loop_parent = [0]

    def enter(self, name: str) -> None:
        """Begin the state `name`, which must be the one that the previous state announced."""
        if self._name is not None:
            raise TapeError(f"state {self._name!r} has no successor: call goto() before entering {name!r}")
        if name != self._next and self._next is not None:
            raise TapeError(f"state {name!r} entered, but {self._states[-1].name!r} announced {self._next!r}")
        self._name = name
        self._fetch = []
        self._solve = None
        self._write = []

    def read(self, address: str) -> Value:
        """Fetch the latest value of a cell. All reads of a state come before its solution and its writes."""
        try:
            value = self._cells[address]
        except KeyError:
            raise TapeError(f"state {self._name!r} reads {address!r}, which was never written") from None
        if self._solve is not None or self._write:
            raise TapeError(f"state {self._name!r} reads {address!r} after it solved or wrote: a loop inside one state")
        self._fetch.append((address, value))
        return value

    def solve(self, expression: str, result: Value) -> None:
        """State the elementary solution, e.g. ``solve("4+7+1", 12)``; at most one a state, before the writes."""
        if self._solve is not None or self._write:
            raise TapeError(f"state {self._name!r} solves {expression!r} as a second step: a loop inside one state")
        self._solve = (expression, result)

    def write(self, address: str, value: Value) -> None:
        """Give a cell a new value."""
        self._cells[address] = value
        self._write.append((address, value))

    def goto(self, name: str) -> None:
        """Announce the next state and leave this one."""
        here, fetch, write = self._name, self._fetch, self._write
        if here is None:
            raise TapeError(f"goto({name!r}) outside of any state: call enter() first")
        if len(fetch) > 1 or len(write) > 1:
            _one_iteration(here, fetch, write)
        # tuple.__new__: State's own constructor takes three times as long, and this runs millions of times.
        self._states.append(_new(State, (here, fetch, self._solve, write, name, self._loop)))
        self._next = name
        self._name = None

    @contextmanager
    def loop(self) -> Iterator[None]:
        """Mark the states inside as one loop, so that the Atomic State ablation can fuse it. Loops may nest."""
        outer = self._loop
        self._loop_parent.append(outer)
        self._loop = len(self._loop_parent) - 1
        yield
        self._loop = outer

    def halt(self, answer: str) -> Trace:
        """End the program with its answer; the record is complete only now."""
        if self._name is not None:
            raise TapeError(f"state {self._name!r} has no successor: call goto({HALT!r}) before halting")
        if self._next != HALT:
            where = (
                f"state {self._states[-1].name!r} announced {self._next!r}" if self._states else "no state was entered"
            )
            raise TapeError(f"the program halted, but {where}")
        return Trace(self._start, self._states, answer, tuple(self._loop_parent))


def _one_iteration(name: str, fetch: list[Cell], write: list[Cell]) -> None:
    for verb, cells, most in (("reads", fetch, MAX_READS), ("writes", write, MAX_WRITES)):
        if len(cells) > most:
            raise TapeError(f"state {name!r} {verb} {len(cells)} cells (at most {most}): a loop inside one state")
        if len(dict(cells)) < len(cells):
            raise TapeError(f"state {name!r} {verb} one cell twice: a loop inside one state")


def replay(trace: Trace) -> str | None:
    """Execute the record afresh and say what is wrong with it, or None.

    Every fetched value must be the latest one of its address, every transition must lead to the state that follows,
    and the last one to ``halt``.
    """
    cells = dict(trace.tape)
    for i, state in enumerate(trace.states):
        for address, value in state.fetch:
            if address not in cells:
                return f"state {i} ({state.name}) fetches {address}, which was never written"
            if cells[address] != value:
                return f"state {i} ({state.name}) fetches {address}={value}, but its latest value is {cells[address]}"
        cells.update(state.write)
        follows = trace.states[i + 1].name if i + 1 < len(trace.states) else HALT
        if state.goto != follows:
            return f"state {i} ({state.name}) goes to {state.goto}, but {follows} follows"
    return None if trace.states else "the trace has no state"
