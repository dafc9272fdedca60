"""Counting the subsets of positions whose items sum to a target, by backtracking with an explicit stack.

The items stand in ``a1 … an``; first the sums of all items from each position on are formed, from the right, in
``s1 … sn`` (and ``s{n+1}`` = 0). ``r`` is what is left of the target. The search is this recursion::

    search(i, r):                         # a node
        if r = 0: count one and return
        if s_i < r: return                # even all items from position i on are too few
        if a_i <= r: search(i+1, r-a_i)   # choose
        search(i+1, r)                    # leave out

A state ``s4`` asks whether the items from position 4 on can still reach ``r``; after a choice they can if they could
before, so only leaving an item out asks again. A state ``t4`` tries item 4: choosing it pushes ``position:remainder``
onto the stack (``f1 f2 …``, ``k`` frames), and ``undo`` pops it, which puts the item back. A choice that leaves 0 is
counted and taken back at once. ``r`` of three digits takes three states to choose an item instead of one.
"""

from __future__ import annotations

import random
from itertools import product

from tail_lite.tape import Tape, Trace, Value
from tail_lite.tasks._checks import check_keys, is_whole
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

_ITEM, _TARGET = 20, 9_999  # the greatest of each
_NODES = 150
_AT_SIGHT = 100


def _search(items: list[int], target: int) -> tuple[int, int]:
    """How many subsets there are, and how many nodes the pruned search has (it may stop counting beyond the limit)."""
    left = sum(items)
    level = {target: 1}  # remainder -> nodes with it at this position
    ways = nodes = 0
    for item in [*items, 0]:
        below: dict[int, int] = {}
        for r, times in level.items():
            nodes += times
            if r == 0:
                ways += times
            elif r <= left:
                below[r] = below.get(r, 0) + times
                if item <= r:
                    below[r - item] = below.get(r - item, 0) + times
        if not below or nodes > _NODES:
            break
        level = below
        left -= item
    return ways, nodes


def _items(rng: random.Random, n: int, plain: bool) -> list[int]:
    draw = rng.random
    kind = 0.5 if plain else draw()
    if kind < 0.25:  # few distinct items
        pool = [1 + int(draw() * _ITEM) for _ in range(1 + n // 2)]
        items = [pool[int(draw() * len(pool))] for _ in range(n)]
    elif kind < 0.4:  # small ones, with many equal sums
        items = [1 + int(draw() * 7) for _ in range(n)]
    else:
        items = [1 + int(draw() * _ITEM) for _ in range(n)]
    if kind > 0.8 and n > 1:
        # One item is the sum or the difference of two others.
        i, j = int(draw() * n), int(draw() * n)
        items[-1] = min(_ITEM, abs(items[i] - items[j]) or items[i] + items[j])
        items.sort(key=lambda _: draw())
    return items


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """A wanted class of answer (none, one, several ways), then targets that subsets reach or narrowly miss."""
    draw = rng.random
    short = lo < 3  # there are few problems of one or two items, and few with several ways
    n = lo + int(draw() ** (0.3 if short else 1) * (hi - lo + 1))
    none, one = (0.31, 0.63) if short else (0.28, 0.55)
    wanted = draw()
    for _ in range(12):
        items = _items(rng, n, none < wanted < one and short)
        # Up to six items any subset will do; of more only few or nearly all, as the search must stay small.
        few = n if n < 7 else 5
        size = 1 + int(draw() * min(n, few))
        target = sum(rng.sample(items, size))
        if n > 6 and draw() < 0.3:
            target = sum(items) - target
        if wanted < none:
            target = target + int(draw() * 7) - 3 if draw() < 0.7 else 1 + int(draw() * sum(items))
        if target < 1:
            continue
        ways, nodes = _search(items, target)
        if nodes <= _NODES and (ways == 0 if wanted < none else ways > 1 if wanted > one else ways == 1):
            break
    else:
        items = _items(rng, n, False)
        target = sum(items)  # one way, and a search of 2n + 1 nodes
        if wanted < none:
            target += 1 + int(draw() * 3)
    return {"items": items, "target": target}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every problem of one or two items whose target the items could reach together; more are drawn."""
    if hi > 2:
        return None
    return [
        {"items": list(items), "target": target}
        for n in range(lo, hi + 1)
        for items in product(range(1, _ITEM + 1), repeat=n)
        for target in range(1, _ITEM * n + 1)
    ]


def validate(problem: Problem) -> None:
    check_keys("a permutation_combination problem", problem, "items", "target")
    items, target = problem["items"], problem["target"]
    if not isinstance(items, list) or not items or not all(is_whole(item, 1, _ITEM) for item in items):
        raise ValueError(f"'items' must be a list of integers from 1 to {_ITEM}, not {items!r}")
    if not is_whole(target, 1, _TARGET):
        raise ValueError(f"'target' must be an integer from 1 to {_TARGET}, not {target!r}")
    if _search(items, target)[1] > _NODES:
        raise ValueError(f"the pruned search has more than {_NODES} nodes: take fewer items or another target")


def oracle(problem: Problem) -> str:
    """The number of subsets for every sum, by dynamic programming."""
    target = problem["target"]
    ways = [1] + [0] * target
    for item in problem["items"]:
        for total in range(target, item - 1, -1):
            ways[total] += ways[total - item]
    return str(ways[target])


def program(problem: Problem) -> Trace:
    items, target = problem["items"], problem["target"]
    cells: dict[str, Value] = {"T": target}
    lay_out(cells, "a", items, 1)
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("T")
    read("T")
    write("r", target)
    write("k", 0)
    write("m", 0)
    goto("a1")
    scan(tape, "a", "n", 1)
    i = len(items)
    write(f"s{i + 1}", 0)
    goto(f"sum{i}")
    left = [0] * (i + 2)
    with tape.loop():
        while i:
            left[i] = add(tape, "sum", i, f"a{i}", f"s{i + 1}", f"s{i}")
            i -= 1
            goto(f"sum{i}" if i else "s1")

    i, r, ways = 1, target, 0
    stack: list[tuple[int, int]] = []
    with tape.loop():
        while True:
            # Can the items from position i on still reach what is left?
            address = f"s{i}"
            if left[i] < _AT_SIGHT and r < _AT_SIGHT:
                enter(address)
                read(address)
                read("r")
                solve(f"{left[i]} compared with {r}", "<" if left[i] < r else ">" if left[i] > r else "=")
            else:
                compare(tape, "s", i, address, "r")
            if left[i] < r:
                goto("undo")
                enter("undo")
                read("k")
                if not stack:
                    goto("end")
                    break
                read(f"f{len(stack)}")
                i, r = stack.pop()
                write("r", r)
                write("k", len(stack))
                i += 1
                goto(f"s{i}")
                continue
            # Try items until one is left out; after a choice the next is tried at once.
            state = f"t{i}"
            goto(state)
            with tape.loop():
                chosen = True
                while chosen:
                    enter(state)
                    item = items[i - 1]
                    read(f"a{i}")
                    read("r")
                    read("k")
                    rest = r - item
                    chosen = rest > 0
                    if r < _AT_SIGHT:
                        solve(f"{r}-{item}", rest)
                        if chosen:
                            write("r", rest)
                    if chosen:
                        stack.append((i, r))
                        write("k", len(stack))
                        write(f"f{len(stack)}", f"{i}:{r}")
                        if r >= _AT_SIGHT:
                            goto(f"d{i}")
                            subtract(tape, "d", i, "r", f"a{i}", "r")
                        r = rest
                    elif not rest:
                        goto(f"hit{i}")
                        enter(f"hit{i}")
                        read("m")
                        ways += 1
                        write("m", str(ways))
                    i += 1
                    state = f"t{i}"
                    goto(state if chosen else f"s{i}")
    enter("end")
    read("m")
    goto("halt")
    return tape.halt(str(ways))


def plain_cot(problem: Problem) -> str:
    items, target = problem["items"], problem["target"]
    total = sum(items)
    if total < target:
        return f"All items together make only {total}, which is less than {target}."
    ways = [[1] + [0] * target]  # ways[k][t]: subsets of the last k items with sum t
    for item in reversed(items):
        last = ways[-1]
        ways.append([last[t] + (last[t - item] if item <= t else 0) for t in range(target + 1)])
    lines = [f"I group the subsets by the first position that is taken; the target is {target}."]
    counts = []
    for k, item in enumerate(items, 1):
        rest = target - item
        if rest < 0:
            lines.append(f"Position {k} ({item}): too large.")
            continue
        found = ways[len(items) - k][rest]
        counts.append(found)
        what = "that is the target itself" if rest == 0 else f"the later items must make {rest}"
        lines.append(f"Position {k} ({item}): {what}, {found} way{'s' * (found != 1)}.")
    lines.append(f"Together: {' + '.join(map(str, counts))} = {sum(counts)}." if counts else "No subset is left.")
    return "\n".join(lines)


def _fields(problem: Problem) -> dict[str, str]:
    return {"items": ", ".join(map(str, problem["items"])), "t": str(problem["target"])}


_FORM = (
    " Equal numbers at different positions count as different, their order does not matter, and each position is used"
    " at most once. Answer with the number of ways alone."
)

TASK = Task(
    name="permutation_combination",
    paradigm="backtracking",
    description="the number of subsets of a list that sum to a target",
    length_is="items",
    ranges={"S": (1, 3), "M": (4, 6), "L": (7, 10)},
    sample=sample,
    enumerate=enumerate_problems,
    length=lambda problem: [len(problem["items"])],
    validate=validate,
    fields=_fields,
    program=program,
    example_length=3,
    oracle=oracle,
    plain_cot=plain_cot,
    max_length=20,
    templates=tuple(
        text + _FORM
        for text in (
            "In how many ways can numbers from the list {items} be chosen so that they sum to {t}?",
            "How many subsets of positions of {items} have the sum {t}?",
            "Count the subsets of the list {items} whose elements add up to {t}.",
            "Use backtracking to count the selections from {items} with total {t}.",
            "A purse holds coins worth {items}. In how many ways can exactly {t} be paid with them?",
            "Parcels weigh {items} kg. How many choices of parcels weigh exactly {t} kg together?",
            "Find the number of combinations of {items} that make {t}.",
            "The target is {t} and the numbers are {items}. How many selections hit the target?",
            "Planks are {items} dm long. How many sets of planks, laid end to end, are exactly {t} dm long?",
            "The songs on a tape last {items} min. How many selections of songs last exactly {t} min?",
            "A scale comes with the weights {items}. How many sets of them weigh exactly {t} together?",
            "In a game, the cards in hand score {items}. In how many ways can a score of exactly {t} be laid down?",
            "Let S be the list {items}. Determine how many of its subsets have sum {t}.",
            "A teacher has exercises of {items} min. How many choices fill a lesson of {t} min exactly?",
            "Subset sum, counting version. Numbers: {items}. Target: {t}. How many solutions are there?",
            "A buyer wants to spend exactly {t} on articles that cost {items}. How many different purchases are"
            " possible?",
            "Files have the sizes {items} MB. How many selections fill a disc of {t} MB exactly?",
            "Some of the numbers {items} are marked. How many markings give the sum {t}?",
            "Groups of these sizes are waiting for a boat that seats {t}: {items}. How many selections of groups fill"
            " every seat?",
            "Given {items}, how many combinations of these entries sum to exactly {t}?",
            "What is the number of ways to make {t} by adding up numbers picked from {items}?",
            "Stones of {items} g lie on a table. How many choices of stones weigh exactly {t} g in all?",
            "A rope of length {t} is to be knotted together from pieces of lengths {items}. How many choices of pieces"
            " fit exactly?",
            "Each of the entries {items} is either taken or left. How many choices give the total {t}?",
        )
    ),
    phrases={
        "T": "Read the target",
        "a": "Read item {i}",
        **add_phrases("sum", "Add up the items from position {i} on"),
        **compare_phrases("s", "Do the items from position {i} on suffice for what is left?"),
        "t": "Try item {i}",
        **subtract_phrases("d", "Take item {i} off what is left"),
        "hit": "Item {i} completes a subset, so count it and put the item back",
        "undo": "Put the last chosen item back, if there is one",
        "end": "Look up the answer",
    },
)
