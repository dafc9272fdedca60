"""Stepping through one sample: all that a page has to know about an execution, without any page.

A :class:`Choice` says which sample, and is what a deep link spells out; a :class:`Session` is that sample opened:
the record in the form that was chosen, its text, and the tape before and after any of its states. States count from
0 here, as in ``show --json``; steps, which people see and links carry, count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from tail_lite.errors import UsageError
from tail_lite.render import Form, Span, Text, label_and_index, render, without_module
from tail_lite.synthesis import draw_problem
from tail_lite.tape import State, Trace, Value
from tail_lite.tasks import get_task
from tail_lite.tasks.base import RANGES, Problem, Task, problem_json, problem_key

LINK_KEYS = ("task", "range", "length", "seed", "style", "without", "step")

_NUMBER = re.compile("[0-9]+")


@dataclass(frozen=True)
class Choice:
    """One sample in one form; ``where`` is a range or an exact length, as text."""

    task: str = "addition"
    where: str = "S"
    seed: int = 0
    style: str = "minimal"
    without: str | None = None

    def link(self, step: int) -> str:
        """The query string that opens this sample at this step."""
        parts: dict[str, object] = {"task": self.task}
        parts["range" if self.where in RANGES else "length"] = self.where
        parts |= {"seed": self.seed, "style": self.style}
        if self.without:
            parts["without"] = self.without
        return urlencode(parts | {"step": step})


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{name} must be a whole number, not {text[:20]!r}")
    return int(text)


def choice_of(link: Mapping[str, str | None]) -> tuple[Choice, int]:
    """The sample and the step that a query string names; what it leaves out has its default."""
    usual = Choice()
    exact = link.get("length")
    choice = Choice(
        link.get("task") or usual.task,
        str(_whole("length", exact)) if exact else link.get("range") or usual.where,
        _whole("seed", link.get("seed") or "0"),
        link.get("style") or usual.style,
        link.get("without") or None,
    )
    return choice, _whole("step", link.get("step") or "1")


class Change(NamedTuple):
    """The tape around one state."""

    before: dict[str, Value]
    after: dict[str, Value]


@dataclass(frozen=True)
class Session:
    """A sample opened for stepping. ``pieces`` are the spans of its text, cut so that a state's heading belongs to
    that state and not to the decision that led there: a state is then one contiguous range of characters."""

    choice: Choice
    task: Task
    problem: Problem
    query: str
    trace: Trace
    text: Text
    pieces: tuple[Span, ...]
    addresses: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.trace.states)

    def state(self, k: int) -> State:
        return self.trace.states[k]

    def state_of(self, step: int) -> int:
        """The state that a step shows; steps beyond either end show the first or the last."""
        return min(max(step, 1), len(self)) - 1

    def reads(self, k: int) -> dict[str, Value]:
        return dict(self.trace.states[k].fetch)

    def writes(self, k: int) -> dict[str, Value]:
        return dict(self.trace.states[k].write)

    def tape_at(self, k: int) -> Change:
        """Every cell before and after state `k`, by replaying the record: a few hundred updates at most."""
        before = dict(self.trace.tape)
        for state in self.trace.states[:k]:
            before.update(state.write)
        return Change(before, before | self.writes(k))

    def char_range(self, k: int) -> tuple[int, int]:
        """The characters of state `k`, from its heading up to the next state's."""
        own = [p for p in self.pieces if p.state == k and p.module != "answer"]
        return (own[0].start, own[-1].end) if own else (0, 0)

    def phrase(self, name: str) -> str:
        """What the state called `name` is about, in words."""
        label, index = label_and_index(name)
        return self.task.phrases.get(label, "").format(i=index)


def _cut_headings(text: Text) -> tuple[Span, ...]:
    """Move each heading from the control decision that announces it to the state that it names."""
    pieces: list[Span] = []
    last = text.spans[-1].state
    for span in text.spans:
        said = text.text[span.start : span.end]
        if span.module != "control" or span.start == 0 or span.state == last:  # the last state halts: no heading
            pieces.append(span)
            continue
        # A heading starts on a new line, or after one space where a head moves on within the line.
        cut = span.start + (said.index("\n") + 1 if "\n" in said else 1)
        pieces.append(span._replace(end=cut))
        if cut < span.end:
            pieces.append(Span(cut, span.end, span.state + 1, "control"))
    return tuple(pieces)


def _addresses(trace: Trace) -> Iterable[str]:
    yield from trace.tape
    for state in trace.states:
        for address, _ in state.fetch + state.write:
            yield address


@lru_cache(maxsize=32)
def open_session(choice: Choice) -> Session:
    """Draw the problem, run its program and render it; a few milliseconds. An impossible choice is a UsageError."""
    task = get_task(choice.task)
    form = Form(choice.style, choice.without)
    problem = draw_problem(task, choice.where, choice.seed)
    whole = task.program(problem)
    trace = without_module(whole, choice.without)
    if not trace.states:
        raise UsageError(f"{choice.task} without {choice.without} has no state left to step through")
    text = render(whole, task.phrases, form)
    template = task.template_of(problem_key(task.name, problem_json(problem)))
    addresses = tuple(dict.fromkeys(_addresses(trace)))
    return Session(choice, task, problem, task.query(problem, template), trace, text, _cut_headings(text), addresses)


def tracks(addresses: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Addresses by track: ``a1 a2 … x1 x2 …`` under their letters in order of index, and ``d0,0 d0,1 … d1,0 …`` or
    ``dAA dAB … dBA …`` a track per row of the table; and the cells without index."""
    tables: dict[str, dict[str, list[str]]] = {}  # by label and row; a plain track is a table of one row
    single: list[str] = []
    for address in addresses:
        label, index = label_and_index(address)
        if index:
            row, comma, _ = index.rpartition(",")
            if index.isalpha():
                row = index[:-1]
            tables.setdefault(label, {}).setdefault(row + comma, []).append(address)
        else:
            single.append(address)
    grouped: dict[str, list[str]] = {}
    for label, rows in tables.items():
        # Capitals stand in their order, as numbers do: a table may be filled, and a track written, from its end.
        for row in sorted(rows, key=_round(filter(str.isalpha, rows)).find):
            track, columns = label + row, _round(address[-1] for address in rows[row])
            grouped[track] = sorted(
                rows[row],
                key=lambda address: ([int(n) for n in _NUMBER.findall(address, len(track))], columns.find(address[-1])),
            )
    return grouped, single


def _round(capitals: Iterable[str]) -> str:
    """Letters in alphabetical order, round from Z to A where they are: behind the longest stretch of other letters."""
    known = sorted(set(capitals))
    gaps = [(ord(letter) - ord(before)) % 26 for before, letter in zip(known[-1:] + known[:-1], known, strict=True)]
    at = gaps.index(max(gaps)) if gaps else 0
    return "".join(known[at:] + known[:at])
