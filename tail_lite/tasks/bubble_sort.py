"""Bubble sort with early exit.

The items stand in cells ``a0 a1 …``. A comparison of neighbours is a state ``c2,5`` (or ``s2,5`` once the pass has made
a swap): it looks at the cells 2 and 3 of a pass that ends at cell 5. Position, end and swap flag are all in the name,
so a comparison fetches nothing but its two items, and no state is spent on the bookkeeping of loops. An exchange
writes both cells anew, which keeps every value right after its address. Two items at a time are copied out at the end.
"""

from __future__ import annotations

import json
import random

from tail_lite.tape import Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import compare, compare_phrases, lay_out, scan
from tail_lite.tasks.base import Problem, Task

_LIMIT = 9_999
_CHUNK = 2  # items copied out together: lists of the shortest range already need several such states


def _values(rng: random.Random, n: int) -> list[int]:
    """Distinct integers: spread out, alike in their leading digits, or of equal size and opposite sign."""
    kind = rng.random()
    if kind < 0.5:
        limit = rng.choice((99, 999, _LIMIT, _LIMIT))
        return rng.sample(range(-limit, limit + 1), n)
    if kind < 0.85:
        start = 100 * rng.randint(-99, 99)
        return rng.sample(range(start, start + 100) if start >= 0 else range(start - 99, start + 1), n)
    sizes = rng.sample(range(1, rng.choice((999, _LIMIT)) + 1), (n + 1) // 2)
    values = [value for size in sizes for value in (size, -size)][:n]
    rng.shuffle(values)
    return values


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Values hard to compare, in random order or in one that bubble sort treats well or badly."""
    n = rng.randint(lo, hi)
    items = _values(rng, n)
    order = rng.random()
    if order < 0.5:
        return {"items": items}
    items.sort()
    if order < 0.6:  # reversed: every comparison swaps
        items.reverse()
    elif order < 0.7:  # the least item last: it moves one place a pass, so that no pass is spared
        items.append(items.pop(0))
    elif order < 0.95:  # nearly sorted
        for _ in range(rng.randint(1, 2)):
            i, j = rng.randrange(n), rng.randrange(n)
            items[i], items[j] = items[j], items[i]
    return {"items": items}


def length(problem: Problem) -> list[int]:
    return [len(problem["items"])]


def validate(problem: Problem) -> None:
    check_keys("a bubble_sort problem", problem, "items")
    items = problem["items"]
    if not isinstance(items, list) or len(items) < 2:
        raise ValueError("'items' must be a list of at least two integers")
    for item in items:
        if type(item) is not int or abs(item) > _LIMIT:
            raise ValueError(f"an item must be an integer from -{_LIMIT} to {_LIMIT}, not {item!r}")
    if len(set(items)) < len(items):
        raise ValueError("the items must be distinct")


def oracle(problem: Problem) -> str:
    """The library's sort."""
    return json.dumps(sorted(problem["items"]))


def program(problem: Problem) -> Trace:
    items: list[int] = problem["items"]
    cells: dict[str, Value] = {}
    lay_out(cells, "a", items)
    tape = Tape(cells)
    write, goto = tape.write, tape.goto
    a = list(cells)  # the addresses, in order

    n = len(scan(tape, "a", "n"))
    x = list(items)  # mirrors the cells
    last = n - 1
    goto(f"c0,{last}")
    with tape.loop():
        while True:
            label = "c"
            with tape.loop():
                for j in range(last):
                    if compare(tape, label, f"{j},{last}", a[j], a[j + 1]) > 0:
                        x[j], x[j + 1] = x[j + 1], x[j]
                        write(a[j], x[j])
                        write(a[j + 1], x[j + 1])
                        label = "s"
                    if j + 1 < last:
                        goto(f"{label}{j + 1},{last}")
            last -= 1
            if label == "c" or last == 0:
                break
            goto(f"c0,{last}")

    goto("out0")
    output, k = "[", 0
    with tape.loop():
        while k < n:
            tape.enter(f"out{k}")
            tape.read("n")
            if k:
                tape.read("o")
            output += ", ".join([str(tape.read(address)) for address in a[k : min(k + _CHUNK, n)]])
            k += _CHUNK
            output += ", " if k < n else "]"
            write("o", output.rstrip())
            goto(f"out{k}" if k < n else "halt")
    return tape.halt(output)


def plain_cot(problem: Problem) -> str:
    """The list after every pass."""
    items = list(problem["items"])
    lines = []
    for end in range(len(items) - 1, 0, -1):
        swaps = 0
        for j in range(end):
            if items[j] > items[j + 1]:
                items[j], items[j + 1] = items[j + 1], items[j]
                swaps += 1
        number = len(items) - end
        if not swaps:
            lines.append(f"Pass {number} makes no swap, so the list is sorted.")
            break
        lines.append(f"Pass {number} makes {swaps} swap{'s' if swaps > 1 else ''}: {json.dumps(items)}")
    else:
        lines.append("No further pair is left to compare, so the list is sorted.")
    return "\n".join(lines)


_FORM = " Give all items, in ascending order, as a list in square brackets, like [1, 2, 3]."

TASK = Task(
    name="bubble_sort",
    paradigm="simulation",
    description="a short list of integers sorted by exchanging neighbours",
    length_is="items",
    ranges={"S": (2, 4), "M": (5, 6), "L": (7, 8)},
    sample=sample,
    length=length,
    validate=validate,
    fields=lambda problem: {"items": json.dumps(problem["items"])},
    program=program,
    example_length=3,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(
        text + _FORM
        for text in (
            "Sort {items}.",
            "Sort the list {items} by bubble sort.",
            "Use bubble sort to put {items} in order.",
            "Put these integers in order, the smallest first: {items}.",
            "Arrange the numbers {items} from the smallest to the largest.",
            "What does {items} look like once it is sorted?",
            "Order the list {items} from the lowest value to the highest.",
            "Run bubble sort on {items}. What is the final list?",
            "An array holds {items}. What does it hold after an ascending sort?",
            "Please sort this array of integers for me: {items}.",
            "Exchange neighbours that stand in the wrong order until {items} is sorted. What is the result?",
            "Given {items}, write the same numbers in increasing order.",
            "Rank the values {items}, beginning with the least.",
            "What is the sorted version of {items}?",
            "The scores of a quiz, penalties included, are {items}. List them from the worst to the best.",
            "A thermometer recorded these temperatures, in hundredths of a degree: {items}. Put the coldest first.",
            "The balances of some accounts, in euros, are {items}. Sort them so that the deepest debt comes first.",
            "Survey points lie at these heights above sea level, in centimetres: {items}. Sort them, the lowest first.",
            "A diver's and a climber's log name the heights {items}, in centimetres. Put the lowest first.",
            "Cards with the numbers {items} lie in a row. Swap neighbours until they ascend. What is the row then?",
            "In a saga, years before the founding of its city are negative. Put the years {items} in order of time.",
            "A shop's daily profits and losses were {items}. Sort them from the greatest loss to the greatest profit.",
            "Lift stops are noted in centimetres above the ground: {items}. Sort them from the bottom to the top.",
            "In the program, xs = {items} and then xs.sort() is called. What is xs now?",
        )
    ),
    phrases={
        "a": "Read item {i}",
        **compare_phrases("c", "Position and end of the pass are {i}, no swap so far: is the left item greater?"),
        **compare_phrases("s", "Position and end of the pass are {i}, after a swap: is the left item greater?"),
        "out": "Copy the next items out, from position {i} on",
    },
    min_length=2,
    max_length=16,
)
