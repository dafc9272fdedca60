"""Binary search with lo, hi and mid.

The items stand in cells ``a0 a1 …``; the target, if it is there, lies in the half-open interval from ``lo`` to ``hi``,
so no bound is ever negative and an empty interval has gap 0. A round takes the gap ``hi - lo``, half of it, and adds
that to ``lo``; a sum ``lo + hi`` would soon have three digits. Halving is no elementary step, but a product with one
digit is: 5 × gap without its last digit is half of the gap. The state that compares is named after ``mid`` (``c12``
reads ``a12``), so the new bound and the answer stand in its name.
"""

from __future__ import annotations

import json
import random
from itertools import pairwise

from tail_lite.tape import Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import (
    add,
    add_phrases,
    compare,
    compare_phrases,
    lay_out,
    scan,
    subtract,
    subtract_phrases,
)
from tail_lite.tasks.base import Problem, Task

_LIMIT = 999
_LONGEST = 199  # a gap of 200 or more could not be halved in two elementary steps


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Lists from runs without a gap to widely spread ones; every fifth target is absent, many by one or at an end."""
    n = rng.randint(lo, hi)
    width = rng.randint(n, 4 * n) if rng.random() < 0.5 else rng.randint(5 * n, 2 * _LIMIT + 1)
    start = rng.randint(-_LIMIT, _LIMIT + 1 - width)
    items = sorted(rng.sample(range(start, start + width), n))
    if rng.random() < 0.2:
        return {"items": items, "target": _absent(rng, items)}
    place = rng.random()
    k = 0 if place < 0.05 else n - 1 if place < 0.1 else rng.randrange(n)
    return {"items": items, "target": items[k]}


def _absent(rng: random.Random, items: list[int]) -> int:
    present = set(items)
    while True:
        kind = rng.random()
        if kind < 0.15:
            target = items[0] - rng.randint(1, 30)
        elif kind < 0.3:
            target = items[-1] + rng.randint(1, 30)
        elif kind < 0.65:
            target = rng.choice(items) + rng.choice((-1, 1))
        else:
            target = rng.randint(items[0], items[-1])
        if target not in present and -_LIMIT <= target <= _LIMIT:
            return target


def length(problem: Problem) -> list[int]:
    return [len(problem["items"])]


def validate(problem: Problem) -> None:
    check_keys("a binary_search problem", problem, "items", "target")
    items = problem["items"]
    if not isinstance(items, list) or not 1 <= len(items) <= _LONGEST:
        raise ValueError(f"'items' must be a list of 1 to {_LONGEST} integers")
    for value in (*items, problem["target"]):
        if type(value) is not int or abs(value) > _LIMIT:
            raise ValueError(f"items and target must be integers from -{_LIMIT} to {_LIMIT}, not {value!r}")
    if any(x >= y for x, y in pairwise(items)):
        raise ValueError("the items must ascend, without repetition")


def oracle(problem: Problem) -> str:
    """A linear search."""
    items, target = problem["items"], problem["target"]
    return str(items.index(target)) if target in items else "-1"


def program(problem: Problem) -> Trace:
    cells: dict[str, Value] = {"t": problem["target"]}
    lay_out(cells, "a", problem["items"])
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("t")
    read("t")
    goto("a0")
    scan(tape, "a", "hi")
    write("lo", 0)
    goto("gap")
    with tape.loop():
        while True:
            gap = subtract(tape, "gap", "", "hi", "lo", "d")
            if gap == 0:
                answer = -1
                break
            goto("half")
            enter("half")
            read("d")
            product = 5 * (gap % 100)
            solve(f"5*{gap % 100}", f"{product:02}")
            write("h", product // 10)
            if gap > 99:
                goto("more")
                enter("more")
                read("h")
                solve(f"{product // 10}+50", product // 10 + 50)
                write("h", product // 10 + 50)
            goto("mid")
            mid = add(tape, "mid", "", "lo", "h", "m")
            goto(f"c{mid}")
            relation = compare(tape, "c", mid, f"a{mid}", "t")
            if relation == 0:
                answer = mid
                break
            if relation < 0:
                write("lo", mid + 1)
            else:
                write("hi", mid)
            goto("gap")
    write("o", answer)
    goto("halt")
    return tape.halt(str(answer))


def plain_cot(problem: Problem) -> str:
    """The middle item of every interval."""
    items, target = problem["items"], problem["target"]
    lo, hi = 0, len(items)
    lines = [f"The list has {hi} item{'s' if hi > 1 else ''} and ascends, so I look for {target} by halving."]
    while lo < hi:
        mid = (lo + hi) // 2
        if lo < hi - 1:
            look = f"Indices {lo} to {hi - 1}: the middle item, at index {mid}, is {items[mid]}"
        else:
            look = f"Only index {lo} is left: its item is {items[mid]}"
        if items[mid] == target:
            lines.append(f"{look}. That is the target.")
            return "\n".join(lines)
        if items[mid] < target:
            lines.append(f"{look}, which is too small.")
            lo = mid + 1
        else:
            lines.append(f"{look}, which is too great.")
            hi = mid
    lines.append(f"Nothing is left, so {target} does not occur.")
    return "\n".join(lines)


_FORM = " Count indices from 0, and answer -1 if it is not there."

TASK = Task(
    name="binary_search",
    paradigm="divide and conquer",
    description="the index of a number in a sorted list, found by halving",
    length_is="items",
    ranges={"S": (5, 20), "M": (21, 40), "L": (41, 70)},
    sample=sample,
    length=length,
    validate=validate,
    fields=lambda problem: {"items": json.dumps(problem["items"]), "target": str(problem["target"])},
    program=program,
    example_length=6,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(
        text + _FORM
        for text in (
            "At which index of the sorted list {items} does {target} stand?",
            "Use binary search to find the index of {target} in {items}.",
            "Find {target} in the ascending list {items} and give its index.",
            "The array {items} is sorted. What is the index of {target}?",
            "Search {items} for {target}. Which index does it have?",
            "Where in {items} is the number {target}?",
            "Locate {target} in this sorted list of integers: {items}. Give its index.",
            "Look up {target} in {items} by halving the interval again and again. What is its index?",
            "Let xs = {items}, which ascends. For which index i is xs[i] equal to {target}?",
            "Run a binary search for {target} on {items}. Which index does it return?",
            "What is the position, as an index, of {target} in {items}?",
            "I have a sorted array, {items}, and need the index of the value {target}.",
            "Given the target {target} and the sorted list {items}, return the index of the target.",
            "Please tell me the index at which {target} appears in {items}.",
            "In increasing order, the numbers are {items}. Determine the index of {target} among them.",
            "A table's keys are stored in ascending order: {items}. At which index is the key {target}?",
            "A thermometer's distinct readings, in tenths of a degree from cold to warm, are {items}. "
            "What is the index of the reading {target}?",
            "Cards lie in order of their numbers: {items}. What is the index of the card with the number {target}?",
            "The years of a chronicle, those before its city was founded being negative, are {items}. "
            "What is the index of the year {target}?",
            "A geologist's samples are shelved by height above sea level: {items}. "
            "What is the index of the sample from a height of {target}?",
            "A shop's daily results, sorted from the greatest loss to the greatest profit, are {items}. "
            "Find the index of the result {target}.",
            "Account balances, sorted from the deepest debt upwards, are {items}. "
            "What is the index of the balance {target}?",
            "Lift stops are listed from the bottom up, in centimetres above the ground: {items}. "
            "What is the index of the stop at {target}?",
            "Players are ranked by points, fewest first: {items}. "
            "Which index does the player with {target} points have?",
        )
    ),
    phrases={
        "t": "Read the target",
        "a": "Read item {i}",
        **subtract_phrases("gap", "How many items are left, from lo up to but not including hi?"),
        "half": "Half of them: multiply by five and drop the last digit",
        "more": "The hundred adds fifty",
        **add_phrases("mid", "Find the middle"),
        **compare_phrases("c", "Is item {i} less than the target?"),
    },
    min_length=1,
    max_length=_LONGEST,
)
