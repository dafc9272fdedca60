"""A population in which only those of a certain age breed: P(t) = P(t−1) + z·P(t−x+1), from P(t) = y for t < x.

The tape keeps the whole history digit by digit: column ``a`` holds the units, ``b`` the tens and so on, and the number
behind the letter is the time, so ``b12`` is the tens digit of P(12); the blank above a number's highest digit is
written with it. As z does not change, its products with 0 … 9 are written down once (``m0 … m9``); then one state adds
one column: a digit of P(t−1), the product looked up for a digit of P(t−x+1), and the carry. The name of a state says
the carry, the column and t, and the earlier time t−x+1 behind the comma; both times count up together.
"""

from __future__ import annotations

import random
from functools import cache

from tail_lite.tape import BLANK, HALT, Tape, Trace
from tail_lite.tasks._checks import check_keys, check_whole
from tail_lite.tasks.base import Problem, Task, rng_of

_LIMIT = 1_000_000
_COLUMNS = "abcdefg"
_KEYS = ("n", "x", "y", "z")


@cache
def _space(lo: int, hi: int) -> list[tuple[int, int, int, int]]:
    """Every problem of the range with n ≥ x and, so that they stay at most one in ten, some of those with n < x."""
    grown, young = [], []
    for x in range(2, 13):
        for y in range(1, 10):
            young += [(n, x, y, z) for n in range(lo, min(hi + 1, x)) for z in range(1, 6)]
            for z in range(1, 6):
                history = [y] * x
                for n in range(x, hi + 1):
                    history.append(history[-1] + z * history[n - x + 1])
                    if history[-1] >= _LIMIT:
                        break
                    if n >= lo:
                        grown.append((n, x, y, z))
    rng_of("population_growth", "n < x", lo, hi).shuffle(young)
    return grown + young[: len(grown) // 12]  # a margin, as the splits and samples of the space vary


def _problem(values: tuple[int, int, int, int]) -> Problem:
    return dict(zip(_KEYS, values, strict=True))


def enumerate_problems(lo: int, hi: int) -> list[Problem]:
    return [_problem(values) for values in _space(lo, hi)]


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """One of the few thousand problems of the range; each is as likely as any other."""
    return _problem(rng.choice(_space(lo, hi)))


def length(problem: Problem) -> list[int]:
    return [problem["n"]]


def validate(problem: Problem) -> None:
    check_keys("a problem of population growth", problem, *_KEYS)
    for key, least, most in (("n", 1, 99), ("x", 2, 12), ("y", 1, 9), ("z", 1, 5)):
        check_whole(problem, key, least, most)
    if int(oracle(problem)) >= _LIMIT:
        raise ValueError(f"P({problem['n']}) must be below {_LIMIT}")


def oracle(problem: Problem) -> str:
    """By following age groups, not the recurrence: each newcomer waits x−1 steps, then has z young at every step."""
    n, x, y, z = (problem[key] for key in _KEYS)
    if n < x:
        return str(y)
    adults, young = y, [0] * (x - 2)  # from t = x on: the first y breed; `young` by the steps they still have to wait
    for _ in range(x, n + 1):
        born = z * adults
        young.append(born)
        adults += young.pop(0)
    return str(adults + sum(young))


def program(problem: Problem) -> Trace:
    n, x, y, z = (problem[key] for key in _KEYS)
    tape = Tape({"n": n, "x": x, "y": y, "z": z})
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("start")
    read("n")
    read("x")
    solve(f"{n} compared with {x}", "<" if n < x else ">" if n > x else "=")
    if n < x:
        goto("young")
        enter("young")
        write("o", read("y"))
        goto(HALT)
        return tape.halt(str(y))
    goto("m0")

    # The products of z.
    with tape.loop():
        for digit in range(10):
            enter(f"m{digit}")
            read("z")
            solve(f"{z}*{digit}", z * digit)
            write(f"m{digit}", z * digit)
            goto(f"m{digit + 1}" if digit < 9 else "i1")

    # The first population, up to time x−1.
    with tape.loop():
        for t in range(1, x):
            enter(f"i{t}")
            read("x")
            read("y")
            solve(f"{t} compared with {x}", "<")
            write(f"a{t}", y)
            write(f"b{t}", BLANK)
            goto(f"i{t + 1}")
        enter(f"i{x}")
        read("x")
        solve(f"{x} compared with {x}", "=")
        goto(f"s0a{x},1")

    t, earlier = x, 1
    history = {k: [y] for k in range(1, x)}  # digits from the units up, as on the tape
    with tape.loop():
        while t <= n:
            before = history[t - 1]
            now: list[int] = []
            carry = 0
            label = "s"
            with tape.loop():
                for place, digit in enumerate(before):
                    column = _COLUMNS[place]
                    enter(f"{label}{carry}{column}{t},{earlier}")
                    read(f"{column}{t - 1}")
                    total = digit + carry
                    if label == "r":
                        solve(f"{digit}+{carry}", total)
                    else:
                        q = digit if earlier == t - 1 else read(f"{column}{earlier}")  # x = 2: one cell is both
                        if q == BLANK:
                            label = "r"
                            solve(f"{digit}+{carry}", total)
                        else:
                            product = int(read(f"m{q}"))
                            total += product
                            solve(f"{digit}+{product}+{carry}", total)
                    now.append(total % 10)
                    write(f"{column}{t}", total % 10)
                    carry = total // 10
                    goto(f"{label}{carry}{_COLUMNS[place + 1]}{t},{earlier}")
            place = len(before)
            enter(f"{label}{carry}{_COLUMNS[place]}{t},{earlier}")
            read(f"{_COLUMNS[place]}{t - 1}")
            read("n")
            solve(f"{t} compared with {n}", "<" if t < n else "=")
            if carry:
                now.append(carry)
                write(f"{_COLUMNS[place]}{t}", carry)
                place += 1
            write(f"{_COLUMNS[place]}{t}", BLANK)
            history[t] = now
            t, earlier = t + 1, earlier + 1
            goto(f"s0a{t},{earlier}" if t <= n else f"out{n}{_COLUMNS[place - 1]}")

    # The answer, from the highest digit, two at a time.
    answer = ""
    with tape.loop():
        while place:
            enter(f"{'more' if answer else 'out'}{n}{_COLUMNS[place - 1]}")
            if answer:
                read("o")
            down = range(place - 1, max(place - 3, -1), -1)
            answer += "".join([str(read(f"{_COLUMNS[k]}{n}")) for k in down])
            write("o", answer)
            place = down[-1]
            goto(f"more{n}{_COLUMNS[place - 1]}" if place else HALT)
    return tape.halt(answer)


def plain_cot(problem: Problem) -> str:
    n, x, y, z = (problem[key] for key in _KEYS)
    if n < x:
        return f"Up to time {x - 1} nothing changes, and {n} is not later than that, so P({n}) = {y}."
    history = [y] * x
    times = f"{z} times " if z > 1 else ""
    lines = [
        f"P(t) = {y} up to t = {x - 1}."
        f" From then on, each value is the last one plus {times}the one of {x - 1} step{'s' if x > 2 else ''} before."
    ]
    for t in range(x, n + 1):
        history.append(history[-1] + z * history[t - x + 1])
    shown = min(x + 2, n)
    for t in range(x, shown + 1):
        lines.append(f"P({t}) = {history[t - 1]} + {z}*{history[t - x + 1]} = {history[t]}")
    if shown < n:
        lines.append("In the same way: " + ", ".join(f"P({t}) = {history[t]}" for t in range(shown + 1, n + 1)) + ".")
    return "\n".join(lines)


_RULE = " P(t) = {y} for t < {x}, and P(t) = P(t-1) + {z}*P(t-{x}+1) for t >= {x}."
_STORY = " In short:" + _RULE

TASK = Task(
    name="population_growth",
    paradigm="iteration",
    description="a population that grows by a recurrence with a delay",
    length_is="time units n",
    ranges={"S": (1, 10), "M": (11, 25), "L": (26, 50)},
    min_length=2,  # at time 1 nothing has grown yet
    max_length=70,
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: {key: str(value) for key, value in problem.items()},
    program=program,
    example_length=5,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=(
        "What is P({n})?" + _RULE,
        "Compute P({n})." + _RULE,
        "Find P({n}), given that" + _RULE,
        "Let" + _RULE + " Determine P({n}).",
        "A sequence is defined as follows." + _RULE + " What is the value of P({n})?",
        "Iterate this recurrence until t = {n} and give P({n})." + _RULE,
        "A population of size P(t) at time t follows a delayed recurrence." + _RULE + " How large is it at time {n}?",
        "P(t) is {y} as long as t is less than {x}. From t = {x} on, P(t) = P(t-1) + {z}*P(t-{x}+1). What is P({n})?",
        "Start from P(t) = {y} for every t below {x}; for t = {x}, {x}+1, … let P(t) = P(t-1) + {z}*P(t-{x}+1)."
        " Calculate P({n}).",
        "def P(t): return {y} if t < {x} else P(t-1) + {z}*P(t-{x}+1)\nWhat does P({n}) return?",
        "The number of beetles in a colony is {y} until they first breed at time {x}; at each time t from then on, the"
        " number born is {z} for every beetle that was there at time t-{x}+1, and none ever dies."
        + _STORY
        + " How many beetles are there at time {n}?",
        "Rabbits on an island: {y} at first. From month {x} on, every rabbit that was there in month t-{x}+1 has {z}"
        " young in month t; no rabbit dies." + _STORY + " How many rabbits live there in month {n}?",
        "The number of trees that a forester plants is {y}. From year {x} on, each tree that stood in year t-{x}+1"
        " gives rise to {z} more in year t." + _STORY + " How many trees are there in year {n}?",
        "Yeast cells bud only when they are old enough. At the start their number is {y}; from hour {x} on, each cell"
        " of hour t-{x}+1 adds {z} more in hour t, and none dies." + _STORY + " How many cells are there in hour {n}?",
        "Fruit flies in a lab: {y} to begin with. On day {x} the first young appear, {z} for each fly that is old"
        " enough, and so on every day; no fly dies." + _STORY + " How many flies does the lab have on day {n}?",
        "A club starts with a membership of {y}. From week {x} on, everyone who was a member in week t-{x}+1 recruits"
        " {z} more in week t, and nobody leaves." + _STORY + " How many members does the club have in week {n}?",
        "The number of people who know a rumour is {y} at first. From hour {x} on, each person who knew it in hour"
        " t-{x}+1 tells it to {z} more in hour t." + _STORY + " How many people know it in hour {n}?",
        "Strawberry plants in a garden: {y} at first. Each one that is old enough adds {z} more every season."
        + _STORY
        + " How many plants are there in season {n}?",
        "In a simulation of algae, P(t) is the number of patches after t days."
        + _RULE
        + " Give the number after {n} days.",
        "A fish farm counts its carp once a year."
        + _RULE
        + " Here t is the year. What does the farm count in year {n}?",
        "Animals have young, {z} each at every step, only once they are old enough. With delay {x} and first size {y},"
        " the law is" + _RULE + " What is the population at time {n}?",
        "n = {n}, x = {x}, y = {y}, z = {z}. With P(t) = y for t < x and P(t) = P(t-1) + z*P(t-x+1) for t >= x,"
        " what is P(n)?",
        "The first size of a population is y = {y}, its delay x = {x}, its rate z = {z}: P(t) = y while t < x, and"
        " P(t) = P(t-1) + z*P(t-x+1) otherwise. How large is it at time n = {n}?",
        "Follow the population step by step up to time {n}." + _RULE + " What is P({n})?",
    ),
    phrases={
        "start": "Has anything grown yet?",
        "young": "Nothing has: the population is the first one",
        "m": "Multiply {i} by z",
        "i": "Is the first population still there at time {i}?",
        "s": "Add the next column, if there is one ({i}: carry, column and time, earlier time)",
        "r": "Carry on where the earlier population has no digit ({i}: carry, column and time, earlier time)",
        "out": "Write out the first two digits, or the only one (time and column: {i})",
        "more": "Add the next two digits, or the last one (time and column: {i})",
    },
)
