"""The 0/1 knapsack problem by dynamic programming: a table of the best values, filled cell by cell.

The table is one row, ``d1 … dC``: ``d7`` is the greatest value that fits into capacity 7 with the items seen so far; a
blank cell counts as 0. Each item goes over the row in place, from high to low capacity, so that the cells it looks up
are still those without it. A cell takes two states, named by the capacity and by what the item leaves of it: ``a12,8``
adds the item's value to ``d8``, ``b12,8`` keeps the greater of that sum and ``d12``. Cells that the item does not fit
into stay as they are and need no state. The answer is the last cell. With more than eight items values may reach three
digits; a sum or comparison of those takes a second state.
"""

from __future__ import annotations

import random

from tail_lite.tape import BLANK, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys, is_whole
from tail_lite.tasks._moves import add, add_phrases, compare, compare_phrases, lay_out, scan
from tail_lite.tasks.base import Problem, Task

_WEIGHT, _VALUE, _CAPACITY = 9, 12, 20  # the greatest of each
_AT_SIGHT = 100


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Unrelated values, values close to the weights (ties), traps for greedy choices, sacks that hold everything."""
    draw = rng.random
    n = lo + int(draw() * (hi - lo + 1))
    weights = [1 + int(draw() * _WEIGHT) for _ in range(n)]
    kind = draw()
    if kind < 0.4:
        values = [1 + int(draw() * _VALUE) for _ in range(n)]
    else:
        values = [min(_VALUE, max(1, w + int(draw() * 5) - 1)) for w in weights]
    total = sum(weights)
    if kind > 0.8 and n > 2:
        # Two items fill the sack; a third is worth more than either, also by weight, but leaves no room for a second.
        a, b = 2 + int(draw() * 7), 2 + int(draw() * 7)
        greedy = max(a, b) + 1
        i, j, k = rng.sample(range(n), 3)
        weights = [w if w > 1 else 2 for w in weights]
        values = [min(v, w - 1) for v, w in zip(values, weights, strict=True)]
        weights[i] = values[i] = a
        weights[j] = values[j] = b
        weights[k], values[k] = greedy, greedy + 1
        capacity = a + b
    elif kind > 0.72 and total <= _CAPACITY:
        capacity = total + int(draw() * (_CAPACITY - total + 1))
    else:
        # Around half of everything the choice is hardest.
        capacity = min(_CAPACITY, max(1, int(total * (0.15 + 0.8 * draw()))))
    if capacity < min(weights) and draw() < 0.8:
        capacity = min(weights) + int(draw() * _WEIGHT)
    return {"capacity": capacity, "weights": weights, "values": values}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every problem of one item; more are drawn."""
    if hi > 1:
        return None
    return [
        {"capacity": c, "weights": [w], "values": [v]}
        for c in range(1, _CAPACITY + 1)
        for w in range(1, _WEIGHT + 1)
        for v in range(1, _VALUE + 1)
    ]


def validate(problem: Problem) -> None:
    check_keys("a knapsack problem", problem, "capacity", "weights", "values")
    if not is_whole(problem["capacity"], 1, _CAPACITY):
        raise ValueError(f"'capacity' must be an integer from 1 to {_CAPACITY}, not {problem['capacity']!r}")
    for key, most in (("weights", _WEIGHT), ("values", _VALUE)):
        numbers = problem[key]
        if not isinstance(numbers, list) or not all(is_whole(number, 1, most) for number in numbers):
            raise ValueError(f"{key!r} must be a list of integers from 1 to {most}, not {numbers!r}")
    if not 0 < len(problem["weights"]) == len(problem["values"]) <= 500:
        raise ValueError("'weights' and 'values' must have one entry for each of 1 to 500 items")


def oracle(problem: Problem) -> str:
    """Every reachable pair of weight and value, item after item; dominated pairs are dropped."""
    best = {0: 0}  # weight -> value
    for w, v in zip(problem["weights"], problem["values"], strict=True):
        taken = {weight + w: value + v for weight, value in best.items() if weight + w <= problem["capacity"]}
        for weight, value in taken.items():
            best[weight] = max(value, best.get(weight, 0))
    return str(max(best.values()))


def program(problem: Problem) -> Trace:
    capacity, weights, values = problem["capacity"], problem["weights"], problem["values"]
    cells: dict[str, Value] = {"C": capacity}
    lay_out(cells, "i", [f"{w}:{v}" for w, v in zip(weights, values, strict=True)], 1)
    row = [f"d{c}" for c in range(capacity + 1)]
    cells.update(dict.fromkeys(row, BLANK))
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("C")
    read("C")
    goto("i1")
    scan(tape, "i", "n", 1)
    goto("item")
    best = [0] * (capacity + 1)  # mirrors the row; 0 where it is blank
    with tape.loop():
        for k in range(len(weights), 0, -1):
            # The next item: how much of the capacity does it leave? Less than nothing if it does not fit.
            w, v = weights[k - 1], values[k - 1]
            enter("item")
            read("n")
            read(f"i{k}")
            read("C")
            rest = capacity - w
            solve(f"{capacity}-{w}", rest)
            if rest >= 0:
                write("v", v)
            write("n", k - 1)
            c = capacity
            here = f"{c},{rest}"
            goto("a" + here if rest >= 0 else "item")
            with tape.loop():
                while rest >= 0:
                    total = best[rest] + v
                    if best[rest] < _AT_SIGHT:
                        enter("a" + here)
                        read(row[rest])
                        read("v")
                        solve(f"{best[rest]}+{v}", total)
                        write("y", total)
                    else:
                        add(tape, "a", here, row[rest], "v", "y")
                    old = best[c]
                    goto("b" + here)
                    if total < _AT_SIGHT:
                        enter("b" + here)
                        read("y")
                        read(row[c])
                        solve(f"{total} compared with {old}", "<" if total < old else ">" if total > old else "=")
                    else:
                        compare(tape, "b", here, "y", row[c])
                    if total > old:
                        best[c] = total
                        write(row[c], total)
                    c -= 1
                    rest -= 1
                    here = f"{c},{rest}"
                    goto("a" + here if rest >= 0 else "item")
        enter("item")
        read("n")
        goto("end")
    enter("end")
    read("C")
    read(row[capacity])
    write("o", best[capacity])
    goto("halt")
    return tape.halt(str(best[capacity]))


def plain_cot(problem: Problem) -> str:
    capacity = problem["capacity"]
    best = [0] * (capacity + 1)
    lines = [f"I note the best value for each capacity from 0 to {capacity} and bring in one item after the other."]
    for w, v in zip(problem["weights"], problem["values"], strict=True):
        if w > capacity:
            lines.append(f"{w}:{v} is too heavy.")
            continue
        for c in range(capacity, w - 1, -1):
            best[c] = max(best[c], best[c - w] + v)
        lines.append(f"With {w}:{v}: {' '.join(map(str, best))}.")
    lines.append(f"So the best value for capacity {capacity} is {best[capacity]}.")
    return "\n".join(lines)


def _fields(problem: Problem) -> dict[str, str]:
    items = ", ".join([f"{w}:{v}" for w, v in zip(problem["weights"], problem["values"], strict=True)])
    return {"c": str(problem["capacity"]), "items": items}


_FORM = (
    " Here w:v stands for weight w and value v. Each is taken whole, at most once, or left; the weights taken may sum"
    " to at most {c}. Answer with the greatest total value alone (0 if nothing fits)."
)

TASK = Task(
    name="knapsack",
    paradigm="dynamic programming",
    description="the greatest total value that a knapsack can hold",
    length_is="items",
    ranges={"S": (2, 3), "M": (4, 5), "L": (6, 8)},
    sample=sample,
    enumerate=enumerate_problems,
    length=lambda problem: [len(problem["weights"])],
    validate=validate,
    fields=_fields,
    program=program,
    oracle=oracle,
    plain_cot=plain_cot,
    max_length=40,
    templates=tuple(
        text + _FORM
        for text in (
            "Solve the 0/1 knapsack problem with capacity {c} and the items {items}.",
            "A knapsack carries {c} kg. The items to choose from are {items}. What is the best total value?",
            "Given the items {items} and a capacity of {c}, how much value can be packed?",
            "A hiker can carry {c} kg and considers taking {items}. What is the most useful load worth?",
            "A van can load {c} t. Orders of these weights and profits are waiting: {items}. What is the greatest"
            " profit of one trip?",
            "A gardener has {c} sq m left. The plots she could plant need this much room and yield this much: {items}."
            " What is her best yield?",
            "You have {c} h before an exam. The chapters take so many hours and earn so many marks: {items}. How many"
            " marks can you earn at most?",
            "A drone lifts {c} kg. Parcels on offer, by weight and payment: {items}. What is the greatest payment for"
            " one flight?",
            "A thief's bag holds {c} kg and the gallery shows {items}. How valuable can the loot be?",
            "A server has {c} GB of memory free. The jobs that want to run on it have these needs and priorities:"
            " {items}. Find the greatest sum of priorities.",
            "A radio station has {c} min of advertising to sell. The spots offered, by length and price, are"
            " {items}. What is its greatest income?",
            "Capacity: {c}. Items: {items}. Optimal total value?",
            "Pick a subset of {items} within capacity {c} that is worth the most. How much is it worth?",
            "A balloon lifts {c} kg of instruments. To choose from: {items}. What is the greatest scientific worth it"
            " can take up?",
            "An astronaut may bring {c} kg of experiments: {items}. What is the highest total score?",
            "Use dynamic programming to find the best value for a sack of capacity {c} and the items {items}.",
            "A farmer brings goods to the market on a cart that bears {c} kg. He may load {items}. What can he earn at"
            " best?",
            "A budget of {c} million is to be spent on projects. Their costs and benefits are {items}. What is the"
            " greatest total benefit?",
            "A shelf is {c} cm wide. The books that could stand on it have these widths and ratings: {items}. What is"
            " the highest sum of ratings?",
            "A ship can still load {c} t. Cargo waiting on the quay: {items}. What is the most freight money it can"
            " earn?",
            "Which total value is the best one when things from {items} go into a bag that holds {c}?",
            "A baker has {c} kg of flour left. The cakes on order need this much flour and sell for this much:"
            " {items}. What is the most money he can make?",
            "Let the items be {items} and the weight limit {c}. Compute the optimum of the knapsack problem.",
            "For a camping trip, a backpack may weigh {c} kg. Candidates: {items}. How much comfort can be packed?",
        )
    ),
    phrases={
        "C": "Read the capacity",
        "i": "Read item {i}",
        "item": "Take up the next item, if any is left",
        **add_phrases("a", "Add the item's value to the best of the rest (capacity, rest: {i})"),
        **compare_phrases("b", "Is that better than the best so far (capacity, rest: {i})?"),
        "end": "Look up the answer",
    },
)
