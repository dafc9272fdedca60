"""Binary search by two heads that walk towards each other.

The items are read into the cells of a ring, ``a40 a41 …``, which begins at ten times the last digit of the first one;
each has its index beside it, in ``i40 i41 …``. A list has no addresses, so a reader finds its place there by what it
read last, and the window ``w`` shows that again. The target, if it is there, lies in the half-open interval from ``lo``
to ``hi``, both places on the ring. A machine with heads finds a middle without arithmetic: from both ends they step
towards each other until they meet (``m41,47``, ``m42,46``, …), which takes no more steps in all than the list has
items, and no number that short lists do not have. The state that compares is named by the middle (``c57`` reads
``a57``), so the new bound stands in its name.
"""

from __future__ import annotations

import json
import random
from itertools import pairwise

from tail_lite.tape import BLANK, HALT, Tape, Trace, Value, ring
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import compare, compare_phrases
from tail_lite.tasks.base import Problem, Task

_LIMIT = 999
_LONGEST = 199


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
    items = [*problem["items"], BLANK]
    target: Value = problem["target"]
    track = ring("a", 10 * (abs(problem["items"][0]) % 10), len(items))
    places = [address[1:] for address in track]
    tape = Tape({"t": target})
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("t")
    read("t")
    goto("a")
    with tape.loop():
        before = ""
        for place, address, k, item in zip(places, track, range(len(items)), items, strict=False):
            enter("a")
            write("w", f"{before}{item}")
            write(address, item)
            if k == 0:
                write("lo", place)
            if item == BLANK:
                write("hi", place)
            else:
                write(f"i{place}", k)
            before = f"{item},"
            goto("gap" if item == BLANK else "a")

    low, high = 0, len(items) - 1
    with tape.loop():
        while True:
            enter("gap")
            read("lo")
            read("hi")
            solve(f"{places[low]} against {places[high]}", "<" if low < high else "=")
            if low == high:
                write("o", -1)
                goto(HALT)
                return tape.halt("-1")
            goto(f"m{places[low]},{places[high]}")
            mid, end = low, high
            with tape.loop():
                while True:
                    enter(f"m{places[mid]},{places[end]}")
                    cells = end - mid
                    solve(f"cells from {places[mid]} to {places[end]}", cells if cells < 3 else "+")
                    if cells < 3:
                        break
                    mid, end = mid + 1, end - 1
                    goto(f"m{places[mid]},{places[end]}")
            mid += cells - 1
            goto(f"c{places[mid]}")
            relation = compare(tape, "c", places[mid], track[mid], "t")
            if relation == 0:
                break
            if relation < 0:
                low = mid + 1
                write("lo", places[low])
            else:
                high = mid
                write("hi", places[high])
            goto("gap")
    goto(f"i{places[mid]}")
    enter(f"i{places[mid]}")
    answer = read(f"i{places[mid]}")
    write("o", answer)
    goto(HALT)
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
        "a": "Read the next item",
        "gap": "Is anything left from lo up to but not including hi?",
        "m": "Let both heads step towards each other from {i}",
        "i": "Which index has the item at {i}?",
        **compare_phrases("c", "Is item {i} less than the target?"),
    },
    min_length=1,
    max_length=_LONGEST,
)
