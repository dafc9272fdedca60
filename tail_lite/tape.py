"""The tape a program runs against, and the record of its execution.

A task is an ordinary algorithm that does all of its work through a :class:`Tape`: it *enters* a state, *reads* the
cells it needs (Memory Fetcher), *solves* one elementary sub-problem, *writes* cells and *goes to* the next state
(Linear Transition). What it did, in order, is the :class:`Trace`, a plain list of atomic states. Texts, pictures, JSON
and the grading of a model's output are all derived from that record and from nothing else, so a chain of thought
cannot disagree with the program that it imitates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from string import ascii_uppercase
from typing import Any, NamedTuple

BLANK = "_"
HALT = "halt"
MAX_READS, MAX_WRITES = 8, 12
"""An atomic state is one iteration without an inner loop: few cells, whatever the input's length. The most are written,
twelve, where a number is read whole: its window, a blank, five symbols, its point once more, and four places."""

_new = tuple.__new__  # the constructors of named tuples take three times as long

Value = str | int
Cell = tuple[str, Value]
Solution = tuple[str, Value]


class TapeError(Exception):
    """A program used its tape in a way that no chain of atomic states can express; names the state."""


class State(NamedTuple):
    """One atomic step: what it fetched, its solution ``(expression, result)``, what it wrote, what follows."""

    name: str
    fetch: list[Cell]
    solve: Solution | None
    write: list[Cell]
    goto: str
    loop: int  # the innermost marked loop the state belongs to; 0 outside of any


Step = tuple[str, list[Cell], Solution | None, list[Cell], str, int]
"""A state as a plain tuple, which is made in a third of the time."""
Row = tuple[str, str, Value, str, Value, Solution, Value]


class Run(NamedTuple):
    """Many states at once: a head moved along its track, in a state for each cell that is named by the cell."""

    path: tuple[str, ...]
    values: list[Value]
    goto: str
    loop: int

    def states(self) -> list[State]:
        moves = zip(self.path, self.values, (*self.path[1:], self.goto), strict=True)
        return [State(name, [(name, value)], None, [], goto, self.loop) for name, value, goto in moves]


class Sweep(NamedTuple):
    """Many states at once: each fetched two cells, solved and wrote both (name, x, p, y, q, solution, value)."""

    rows: list[Row]
    goto: str
    loop: int

    def states(self) -> list[State]:
        follow = [name for name, *_ in self.rows[1:]] + [self.goto]
        return [
            State(name, [(x, p), (y, q)], solution, [(x, value), (y, value)], goto, self.loop)
            for (name, x, p, y, q, solution, value), goto in zip(self.rows, follow, strict=True)
        ]


Record = Sequence[Step | Run | Sweep]


@dataclass
class Trace:
    """A whole execution: the tape before it, every state in order, the answer, and which loops enclose which."""

    tape: dict[str, Value]
    record: Record  # what the tape took down, or any list of states
    answer: str
    loop_parent: tuple[int, ...] = (0,)  # loop_parent[i]: the loop around loop i

    @cached_property
    def states(self) -> list[State]:
        """Every state in order."""
        states: list[State] = []
        for step in self.record:
            if len(step) == 6:
                states.append(State(*step))
            else:
                states += step.states()
        return states


Rule = tuple[Solution, Value, int]
Table = Sequence[Mapping[Value, Mapping[Value, Rule]]]
"""A finite control, by its carry and the values of two cells: the solution, the value to write, the next carry."""
Column = tuple[str, str]  # addresses of two cells
Names = tuple[str, ...]  # a state's name by carry

_tracks: dict[str, tuple[str, ...]] = {}
_rings: dict[tuple[str, int, int, int], tuple[str, ...]] = {}


def addresses(track: str, n: int) -> tuple[str, ...]:
    """``a0 a1 a2 …``, at least `n` of them. Kept, since every program of a task uses the same ones."""
    known = _tracks.get(track, ())
    if len(known) < n:
        known = _tracks[track] = tuple([f"{track}{k}" for k in range(n)])
    return known


def ring(track: str, first: int, least: int, skip: int = 0) -> tuple[str, ...]:
    """The addresses of a track that is a ring of 100 cells (1,000, … where `least` are more), in order from the cell
    `first` hundredths of the way round: ``ring("u", 80, 50)`` is ``u80 u81 … u99 u00 … u79``.

    With starts all round the ring, short problems use every address that long ones do (random-start index hints: Zhou
    et al., arXiv 2402.09371). But addresses that are far apart on it stand side by side in long problems only, and a
    model that never has to tell two apart may come to take one for the other. So a second track can `skip` ten cells
    behind every five: ``u80 … u84 u95 … u99 u10 …``, where other addresses are neighbours.
    """
    places = max(2, len(str(least)))
    known = _rings.get((track, first, places, skip))
    if known is None:
        size = 10**places
        start = first * size // 100
        known = tuple([f"{track}{(start + k + k // 5 * skip) % size:0{places}}" for k in range(size)])
        _rings[track, first, places, skip] = known
    return known


def capitals(first: int) -> str:
    """The alphabet in capitals, round and round from letter number `first` on: names for what is too little for a
    :func:`ring` of numbers, such as a table's rows. Each is a token of its own, so no two are easily confused."""
    return ascii_uppercase[first:] + ascii_uppercase[:first]


class Tape:
    """What a program may do. Every method costs well under a microsecond: synthesis runs millions of states.

    A program needs :meth:`enter`, :meth:`read`, :meth:`solve`, :meth:`write`, :meth:`goto`, :meth:`loop` and
    :meth:`halt`. :meth:`scan` and :meth:`sweep` go through many states in one call, :meth:`spell` reads many cells,
    :meth:`put` writes many.
    """

    __slots__ = (
        "_cells",
        "_distinct",
        "_fetch",
        "_loop",
        "_loop_parent",
        "_name",
        "_next",
        "_record",
        "_solve",
        "_start",
        "_write",
    )

    def __init__(self, cells: dict[str, Value]) -> None:
        self._start = cells
        self._cells = dict(cells)
        self._record: list[Step | Run | Sweep] = []
        self._next: str | None = None  # the state announced by the last goto
        self._name: str | None = None  # the state we are in; None between states
        self._fetch: list[Cell] = []
        self._distinct = 0  # if not 0, so many cells were fetched that are known to differ
        self._solve: Solution | None = None
        self._write: list[Cell] = []
        self._loop = 0
        self._loop_parent = [0]

    def enter(self, name: str) -> None:
        """Begin the state `name`, which must be the one that the previous state announced."""
        if self._name is not None or (name != self._next and self._next is not None):
            if self._name is not None:
                raise TapeError(f"state {self._name!r} has no successor: call goto() before entering {name!r}")
            raise TapeError(f"state {name!r} entered, but {self._last()!r} announced {self._next!r}")
        self._name = name
        self._fetch = []
        self._solve = None
        self._write = []

    def read(self, address: str) -> Value:
        """Fetch the latest value of a cell. All reads of a state come before its solution and its writes."""
        if self._solve is not None or self._write:
            raise TapeError(f"state {self._name!r} reads {address!r} after it solved or wrote: a loop inside one state")
        try:
            value = self._cells[address]
        except KeyError:
            raise TapeError(f"state {self._name!r} reads {address!r}, which was never written") from None
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
        n = len(fetch)
        if n > 1 and n != self._distinct and (fetch[0][0] == fetch[1][0] if n == 2 else len(dict(fetch)) < n):
            raise _too_much(here, "reads", fetch, MAX_READS)
        if n > MAX_READS:
            raise _too_much(here, "reads", fetch, MAX_READS)
        n = len(write)
        if n > 1 and (write[0][0] == write[1][0] if n == 2 else n > MAX_WRITES or len(dict(write)) < n):
            raise _too_much(here, "writes", write, MAX_WRITES)
        self._record.append((here, fetch, self._solve, write, name, self._loop))
        self._distinct = 0
        self._next = name
        self._name = None

    def spell(self, track: Sequence[str], first: int, most: int, ends: Set[Value]) -> str:
        """``read`` the symbols of a track, a sequence of addresses, from number `first` on, `most` of them or up to the
        first among `ends`. Returns them as one string, the end included."""
        cells: dict[str, Any] = self._cells
        if self._solve is not None or self._write:
            raise TapeError(f"state {self._name!r} reads {track[first]!r} after it solved or wrote")
        alone = not self._fetch
        add = self._fetch.append
        text = ""
        try:
            for address in track[first : first + most]:
                symbol = cells[address]
                add((address, symbol))
                text += symbol
                if symbol in ends:
                    break
        except KeyError:
            raise TapeError(f"state {self._name!r} reads {address!r}, which was never written") from None
        if alone:
            self._distinct = len(self._fetch)
        return text

    def put(self, track: Sequence[str], first: int, symbols: str) -> None:
        """``write`` symbols to the cells of a track, a sequence of addresses, from number `first` on."""
        cells = list(zip(track[first : first + len(symbols)], symbols, strict=True))
        self._cells.update(cells)
        self._write += cells

    def scan(self, track: str, first: int, ends: Set[Value]) -> tuple[list[Value], Value]:
        """Move a head along a track from cell number `first` to the first that holds one of `ends`: states named by
        the cell that they read, the last of which is left open. Returns the values passed, and the one at the end."""
        cells = self._cells
        path = addresses(track, first + len(cells) + 1)  # no head gets further
        self.enter(path[first])
        passed: list[Value] = []
        add = passed.append
        try:
            for address in islice(path, first, None):
                value = cells[address]
                if value in ends:
                    break
                add(value)
        except KeyError:
            raise TapeError(f"state {address!r} reads {address!r}, which was never written") from None
        if passed:
            self._record.append(_new(Run, (path[first : first + len(passed)], passed, address, self._loop)))
        self._name = address
        self._fetch = [(address, value)]
        return passed, value

    def sweep(self, columns: Iterable[Column], table: Table, carry: int, names: Names, then: Names) -> int:
        """Work along aligned tracks, in one state per column (one, at least): ``names[carry]`` fetches the cells `x`
        and `y`, does what ``table[carry]`` says of their values and writes to both. The last one goes to
        ``then[carry]``. Returns the carry."""
        self.enter(names[carry])
        cells = self._cells
        rows: list[Row] = []
        add = rows.append
        for x, y in columns:
            name = names[carry]
            try:
                p, q = cells[x], cells[y]
                solution, value, carry = table[carry][p][q]
            except KeyError as error:
                raise TapeError(f"state {name!r} reads {x!r} and {y!r}: {error} has no value or no rule") from None
            if x == y:
                raise TapeError(f"state {name!r} reads one cell twice: a loop inside one state")
            cells[x] = cells[y] = value
            add((name, x, p, y, q, solution, value))
        if not rows:
            raise TapeError(f"state {names[carry]!r} has no column to work on")
        self._record.append(_new(Sweep, (rows, then[carry], self._loop)))
        self._next = then[carry]
        self._name = None
        return carry

    def _last(self) -> str:
        step = self._record[-1]
        return step[0] if len(step) == 6 else step.states()[-1].name

    def loop(self) -> Tape:
        """Mark the states inside (``with tape.loop():``) as one loop, so that the Atomic State ablation can fuse it.
        Loops may nest."""
        return self

    def __enter__(self) -> None:
        self._loop_parent.append(self._loop)
        self._loop = len(self._loop_parent) - 1

    def __exit__(self, *error: object) -> None:
        self._loop = self._loop_parent[self._loop]

    def halt(self, answer: str) -> Trace:
        """End the program with its answer; the record is complete only now."""
        if self._name is not None:
            raise TapeError(f"state {self._name!r} has no successor: call goto({HALT!r}) before halting")
        if self._next != HALT:
            where = f"state {self._last()!r} announced {self._next!r}" if self._record else "no state was entered"
            raise TapeError(f"the program halted, but {where}")
        return Trace(self._start, self._record, answer, tuple(self._loop_parent))


def _too_much(name: str, verb: str, cells: list[Cell], most: int) -> TapeError:
    what = f"{len(cells)} cells (at most {most})" if len(cells) > most else "one cell twice"
    return TapeError(f"state {name!r} {verb} {what}: a loop inside one state")


def replay(trace: Trace) -> str | None:
    """Execute the record afresh and say what is wrong with it, or None.

    Every fetched value must be the latest one of its address, every transition must lead to the state that follows,
    and the last one to ``halt``.
    """
    cells = dict(trace.tape)
    states = trace.states
    for i, state in enumerate(states):
        for address, value in state.fetch:
            if address not in cells:
                return f"state {i} ({state.name}) fetches {address}, which was never written"
            if cells[address] != value:
                return f"state {i} ({state.name}) fetches {address}={value}, but its latest value is {cells[address]}"
        cells.update(state.write)
        follows = states[i + 1].name if i + 1 < len(states) else HALT
        if state.goto != follows:
            return f"state {i} ({state.name}) goes to {state.goto}, but {follows} follows"
    return None if states else "the trace has no state"
