"""Scheduling unit-time tasks with deadlines and profits on several machines, greedily.

The tasks are taken from the highest profit to the lowest, and each goes into the latest time unit, not after its
deadline, in which a machine is free; where there is none, the task is dropped. Profits are small, so sorting is a
bucket sort that happens while the tasks are read: ``c15`` counts the tasks of profit 15 in hand, and ``b15,3`` holds
the deadline of the third of them, which is all that is left to know about it. Taking a task pops its bucket. ``f4``
counts the machines still free in time unit 4, blank as long as all are; the head moves down over these cells until it
finds a free one, and the state that does adds the profit, two digits at a time: ``s`` holds the last two of the total,
``h`` the hundreds. ``v``, the profit of the bucket in work, says where to go on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import product

from tail_lite.tape import BLANK, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys, is_whole
from tail_lite.tasks.base import Problem, Task

_MACHINES, _DEADLINE, _PROFIT = 4, 10, 20
_COUNT = [f"c{v}" for v in range(_PROFIT + 1)]
_FREE = [f"f{u}" for u in range(_DEADLINE + 1)]
_BLANKS: dict[str, Value] = dict.fromkeys(_COUNT[1:] + _FREE[1:], BLANK)


def _deadlines(rng: random.Random, n: int, machines: int) -> list[int]:
    """So early that the time units are about as many as the tasks, or fewer; or anywhere, all early, all late, all at
    once or crowded before one of them, where few tasks may leave room for all."""
    if rng.random() < 0.6:
        latest = min(max(round(n / machines * rng.uniform(0.4, 1.1)), 1), _DEADLINE)
        return rng.choices(range(1, latest + 1), k=n)
    kind = rng.random()
    if kind < 0.35:
        return rng.choices(range(1, _DEADLINE + 1), k=n)
    if kind < 0.6:
        return rng.choices(range(1, rng.randint(2, 5) + 1), k=n)
    if kind < 0.7:
        return rng.choices(range(rng.randint(5, 9), _DEADLINE + 1), k=n)
    if kind < 0.8:
        return [1 if rng.random() < 0.5 else rng.randint(1, _DEADLINE)] * n
    crowd = rng.randint(1, _DEADLINE)
    return [crowd if rng.random() < 0.6 else rng.randint(1, _DEADLINE) for _ in range(n)]


def _profits(rng: random.Random, deadlines: list[int]) -> list[int]:
    """Any, many ties, all high, or going up or down with the deadline."""
    n = len(deadlines)
    kind = rng.random()
    if kind < 0.4:
        return rng.choices(range(1, _PROFIT + 1), k=n)
    if kind < 0.6:
        return rng.choices(rng.sample(range(1, _PROFIT + 1), rng.randint(1, 4)), k=n)
    if kind < 0.7:
        return rng.choices(range(_PROFIT - rng.randint(1, 5), _PROFIT + 1), k=n)
    start, slope = (0, 2) if kind < 0.8 else (_PROFIT, -2)
    return [min(max(start + slope * d + rng.randint(-4, 4), 1), _PROFIT) for d in deadlines]


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """From more room than tasks to a fierce competition for the first time units, with ties in profit."""
    machines = rng.randint(1, _MACHINES)
    deadlines = _deadlines(rng, rng.randint(lo, hi), machines)
    profits = _profits(rng, deadlines)
    return {
        "machines": machines,
        "tasks": [[d, p] for d, p in zip(deadlines, profits, strict=True)],
    }


def enumerate_problems(lo: int, hi: int) -> Iterable[Problem] | None:
    """Every problem of one task; more are drawn."""
    if hi > 1:
        return None
    numbers = product(range(1, _MACHINES + 1), range(1, _DEADLINE + 1), range(1, _PROFIT + 1))
    return [{"machines": x, "tasks": [[d, p]]} for x, d, p in numbers]


def length(problem: Problem) -> list[int]:
    return [len(problem["tasks"])]


def validate(problem: Problem) -> None:
    check_keys("a multi_machine_schedule problem", problem, "machines", "tasks")
    machines, tasks = problem["machines"], problem["tasks"]
    if not is_whole(machines, 1, _MACHINES):
        raise ValueError(f"'machines' must be an integer from 1 to {_MACHINES}, not {machines!r}")
    if not isinstance(tasks, list) or not tasks:
        raise ValueError("'tasks' must be a list of at least one [deadline, profit]")
    for task in tasks:
        if not isinstance(task, list) or len(task) != 2:
            raise ValueError(f"a task must be [deadline, profit], not {task!r}")
        if not is_whole(task[0], 1, _DEADLINE) or not is_whole(task[1], 1, _PROFIT):
            raise ValueError(f"a task has a deadline from 1 to {_DEADLINE} and a profit from 1 to {_PROFIT}: {task!r}")


def oracle(problem: Problem) -> str:
    """In order of deadlines, keep every task; whenever too many are kept for the time so far, drop the cheapest."""
    kept: list[int] = []
    for deadline, profit in sorted(problem["tasks"]):
        heappush(kept, profit)
        if len(kept) > deadline * problem["machines"]:
            heappop(kept)
    return str(sum(kept))


def program(problem: Problem) -> Trace:
    cells: dict[str, Value] = {"m": problem["machines"], **_BLANKS}
    k = 0
    for k, (deadline, profit) in enumerate(problem["tasks"], 1):
        cells[f"d{k}"] = deadline
        cells[f"p{k}"] = profit
    cells[f"d{k + 1}"] = BLANK
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("m")
    read("m")
    goto("d1")
    k, address = 1, "d1"
    with tape.loop():
        while True:
            enter(address)
            unit = read(address)
            if unit == BLANK:
                break
            v = int(read(f"p{k}"))
            count = read(_COUNT[v])
            top = 1 if count == BLANK else int(count) + 1
            write(_COUNT[v], top)
            write(f"b{v},{top}", unit)
            k += 1
            address = f"d{k}"
            goto(address)
    v, total = _PROFIT, 0
    write("h", 0)
    write("s", "00")
    write("v", v)
    goto(_COUNT[v])

    with tape.loop():
        while v:
            bucket = _COUNT[v]
            enter(bucket)
            count = read(bucket)
            if count == BLANK or count == 0:
                v -= 1
                if v:
                    write("v", v)
                goto(_COUNT[v] if v else "end")
                continue
            u = int(read(f"b{v},{count}"))
            write(bucket, int(count) - 1)
            carry = False
            goto(_FREE[u])
            with tape.loop():
                while True:
                    unit = _FREE[u]
                    enter(unit)
                    free = read(unit)
                    if free == 0:
                        if u > 1:
                            u -= 1
                            goto(_FREE[u])
                            continue
                        read("v")
                        goto(bucket)
                        break
                    if free == BLANK:
                        free = read("m")
                    read("v")
                    read("s")
                    low = total % 100 + v
                    solve(f"{total % 100:02}+{v}", f"{low:02}")
                    write(unit, int(free) - 1)
                    write("s", f"{low % 100:02}")
                    total += v
                    carry = low > 99
                    goto("h" if carry else bucket)
                    break
            if carry:
                enter("h")
                read("h")
                read("v")
                write("h", total // 100)
                goto(bucket)

    enter("end")
    read("h")
    read("s")
    write("o", total)
    goto("halt")
    return tape.halt(str(total))


def plain_cot(problem: Problem) -> str:
    """The finished schedule, time unit by time unit."""
    machines = problem["machines"]
    units: list[list[int]] = [[] for _ in range(_DEADLINE + 1)]
    dropped = 0
    for deadline, profit in sorted(problem["tasks"], key=lambda task: -task[1]):
        for u in range(deadline, 0, -1):
            if len(units[u]) < machines:
                units[u].append(profit)
                break
        else:
            dropped += 1
    lines = [
        "I take the tasks from the highest profit down and give each the latest time unit by its deadline in which a "
        "machine is free. The profits earned are then:"
    ]
    sums = []
    for u, profits in enumerate(units):
        if profits:
            sums.append(str(sum(profits)))
            added = " + ".join(map(str, profits))
            lines.append(f"Time unit {u}: {added}" + (f" = {sums[-1]}" if len(profits) > 1 else ""))
    if dropped:
        lines.append(f"{dropped} task{'s find' if dropped > 1 else ' finds'} no place.")
    if len(sums) > 1:
        lines.append(f"In total: {' + '.join(sums)} = {sum(map(int, sums))}")
    return "\n".join(lines)


def _form(job: str, machine: str, unit: str, gain: str) -> str:
    return (
        f" {unit.capitalize()}s count from 1; within one {unit}, each {machine} handles at most one {job}, and every"
        f" {job} takes exactly one {unit}. Each {job}'s {gain} counts only if it is handled during {unit} d or earlier,"
        f" where d is its deadline. Answer with the greatest total {gain} alone."
    )


_TASK = ("task", "machine", "time unit", "profit")
_JOB = ("job", "machine", "time unit", "profit")
_TEMPLATES: tuple[tuple[str, tuple[str, str, str, str]], ...] = (
    ("Number of machines: {machines}. Tasks as [deadline, profit]: {tasks}. What is the greatest total profit?", _TASK),
    ("Schedule the tasks {tasks}, each given as [deadline, profit], on {machines} identical machine(s).", _TASK),
    (
        "We have {machines} machine(s) and these tasks, written [deadline, profit]: {tasks}. What can be earned?",
        _TASK,
    ),
    (
        "Let m = {machines} be the number of machines, {tasks} the tasks [deadline, profit]. Maximise the profit.",
        _TASK,
    ),
    (
        "Tasks [deadline, profit] are waiting: {tasks}. With {machines} machine(s), which total profit is the best?",
        _TASK,
    ),
    ("Find the best schedule of unit-time tasks {tasks}, as [deadline, profit], on {machines} machine(s).", _TASK),
    ("Solve this job scheduling problem: {machines} machine(s), jobs as [deadline, profit] {tasks}.", _JOB),
    ("How much profit can the jobs {tasks}, each as [deadline, profit], bring on {machines} machine(s)?", _JOB),
    ("Jobs with deadlines, as [deadline, profit]: {tasks}. Machines: {machines}. Which profit can be reached?", _JOB),
    (
        "A bakery with {machines} oven(s) has these orders, as [deadline, profit]: {tasks}. What can it earn at most?",
        ("order", "oven", "hour", "profit"),
    ),
    (
        "Couriers on duty: {machines}. Deliveries, as [deadline, profit]: {tasks}. What is the most they can bring in?",
        ("delivery", "courier", "hour", "profit"),
    ),
    (
        "A firm employs {machines} painter(s). The rooms to be painted are {tasks}, as [deadline, profit].",
        ("room", "painter", "day", "profit"),
    ),
    (
        "In a print shop, orders come in as [deadline, profit]: {tasks}. Printing presses: {machines}.",
        ("order", "press", "hour", "profit"),
    ),
    (
        "Batch jobs, as [deadline, profit], queue for a cluster of {machines} node(s): {tasks}. Which should it run?",
        ("batch job", "node", "time slot", "profit"),
    ),
    (
        "A garage has {machines} mechanic(s) and the repairs {tasks}, as [deadline, profit]. What can it earn at most?",
        ("repair", "mechanic", "day", "profit"),
    ),
    (
        "Texts to translate, as [deadline, fee]: {tasks}. Number of translators: {machines}. What can they earn?",
        ("text", "translator", "day", "fee"),
    ),
    (
        "Before the rain, fields must be harvested: {tasks}, as [deadline, profit]. Number of harvesters: {machines}.",
        ("field", "harvester", "day", "profit"),
    ),
    (
        "An observatory with {machines} telescope(s) plans observations, as [deadline, value]: {tasks}.",
        ("observation", "telescope", "night", "value"),
    ),
    (
        "Commissions reach a joinery as [deadline, profit]: {tasks}. It has {machines} carpenter(s).",
        ("commission", "carpenter", "week", "profit"),
    ),
    (
        "Ships wait in a harbour, as [deadline, fee]: {tasks}. Cranes: {machines}. Which ones should be unloaded?",
        ("ship", "crane", "shift", "fee"),
    ),
    (
        "Parts can be printed in 3D, as [deadline, profit]: {tasks}. Number of printers: {machines}.",
        ("part", "printer", "hour", "profit"),
    ),
    (
        "In a game, {machines} hero(es) may take on the quests {tasks}, each as [deadline, reward].",
        ("quest", "hero", "turn", "reward"),
    ),
    (
        "A team of {machines} student(s) chooses among assignments, as [deadline, score]: {tasks}.",
        ("assignment", "student", "day", "score"),
    ),
    (
        "Experiments are proposed as [deadline, value]: {tasks}. The laboratory has {machines} bench(es).",
        ("experiment", "bench", "day", "value"),
    ),
)

TASK = Task(
    name="multi_machine_schedule",
    paradigm="greedy",
    description="the greatest profit of unit-time tasks with deadlines on a few machines",
    length_is="tasks",
    ranges={"S": (5, 10), "M": (11, 20), "L": (21, 50)},
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: {"machines": str(problem["machines"]), "tasks": json.dumps(problem["tasks"])},
    program=program,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(text + _form(*nouns) for text, nouns in _TEMPLATES),
    phrases={
        "m": "How many machines are there?",
        "d": "Read task {i} and put it into the bucket of its profit",
        "c": "Is a task of profit {i} left?",
        "f": "Is a machine free in time unit {i}?",
        "h": "Carry a hundred",
        "end": "Put the digits of the total together",
    },
    min_length=1,
    max_length=100,
)
