"""The primes of a short interval, by a sieve.

The sieve covers four rows of ten numbers, from the ten at or below the lower end, which holds every interval (at most
31 numbers). A number is known by its place 0 … 39 in the rows, so all arithmetic has two digits: 254 stands in the row
of 25 tens at place 4, and 277 at place 27. Even numbers and those that end in 5 are no candidates and need no sieve.

The same primes, up to 17 (which suffices below 19² = 361), are sieved with at every length; names hold the prime and
a number that runs. The tens of the first row are brought near 0 by subtracting the prime (``p7 g7,18 g7,11 …``). A
multiple of the prime then lies that many tens before the first row (``n7,30``: 30 before place 0) or, if fewer than 0,
behind its beginning (``d7,20``), and more subtractions lead to the first place in the rows. From there every odd
multiple has the prime written on its cell (``c7,5``). At last the candidates are read from the lower end on
(``m1 m3 m7 m9 m11 …``), ``r`` being the tens of their row: prime is what no prime was written on, or only itself; a
mark behind the upper end says where to stop.
"""

from __future__ import annotations

import random

from tail_lite.tape import BLANK, Tape, Trace
from tail_lite.tasks._checks import check_keys, check_whole
from tail_lite.tasks.base import Problem, Task

_MIN, _MAX = 5, 360
_WIDTH = 30
_PRIMES = (3, 7, 11, 13, 17)
_LAST_PLACE = 39


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Ends anywhere, so that a prime at either end and an interval without one are common. Of an exact length, which is
    that of the upper end, the lower end is free."""
    if lo == hi:
        return {"lo": rng.randint(max(_MIN, hi - _WIDTH), hi), "hi": hi}
    start = rng.randint(lo, hi)
    return {"lo": start, "hi": rng.randint(start, min(start + _WIDTH, hi))}


def enumerate_problems(lo: int, hi: int) -> list[Problem]:
    """Every interval that `sample` can draw: at most 31 for each lower end."""
    if lo == hi:
        return [{"lo": i, "hi": hi} for i in range(max(_MIN, hi - _WIDTH), hi + 1)]
    return [{"lo": i, "hi": j} for i in range(lo, hi + 1) for j in range(i, min(i + _WIDTH, hi) + 1)]


def validate(problem: Problem) -> None:
    check_keys("a prime_search problem", problem, "lo", "hi")
    for key in problem:
        check_whole(problem, key, _MIN, _MAX)
    if not problem["lo"] <= problem["hi"] <= problem["lo"] + _WIDTH:
        raise ValueError(f"'hi' must lie between 'lo' and 'lo' + {_WIDTH}")


def oracle(problem: Problem) -> str:
    """Trial division of every number by every smaller one up to its root."""
    numbers = range(problem["lo"], problem["hi"] + 1)
    return str([v for v in numbers if v > 1 and all(v % d for d in range(2, int(v**0.5) + 1))])


def _next_candidate(place: int) -> int:
    """The first place after `place` whose last digit is 1, 3, 7 or 9."""
    return place + (1, 2, 1, 4, 3, 2, 1, 2, 1, 2)[place % 10]


def _first_place(tape: Tape, prime: int, tens: int) -> int:
    """The first place from 0 (an even start is passed over: from `prime`) on where a multiple of `prime` stands."""
    enter, solve, goto = tape.enter, tape.solve, tape.goto
    with tape.loop():
        while tens > prime // 2:
            solve(f"{tens}-{prime}", tens - prime)
            tens -= prime
            if tens > prime // 2:
                goto(f"g{prime},{tens}")
                enter(f"g{prime},{tens}")
    place = -10 * tens
    if place > 0:
        goto(f"d{prime},{place}" if place >= prime else f"c{prime},{place}")
        with tape.loop():
            while place >= prime:
                enter(f"d{prime},{place}")
                solve(f"{place}-{prime}", place - prime)
                place -= prime
                goto(f"d{prime},{place}" if place >= prime else f"c{prime},{place}")
        return place
    before = -place
    goto(f"n{prime},{before}")
    with tape.loop():
        while True:
            enter(f"n{prime},{before}")
            solve(f"{before}-{prime}", before - prime)
            before -= prime
            if before <= 0:
                goto(f"c{prime},{-before}")
                return -before
            goto(f"n{prime},{before}")


def program(problem: Problem) -> Trace:
    lo, hi = problem["lo"], problem["hi"]
    cells: dict[str, str | int] = {"lo": lo, "hi": hi}
    for place in range(_LAST_PLACE + 1):
        cells[f"m{place}"] = BLANK
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    # The lower end gives the tens of the first row and a place in it; the upper end only a place.
    enter("lo")
    read("lo")
    tens, first = divmod(lo, 10)
    write("t", tens)
    write("u", first)
    goto("hi")
    enter("hi")
    read("hi")
    read("t")
    solve(f"{hi // 10}-{tens}", hi // 10 - tens)
    last = hi - 10 * tens
    write("e", last)
    goto("p3")

    # Write each prime on its odd multiples.
    with tape.loop():
        for k, prime in enumerate(_PRIMES):
            enter(f"p{prime}")
            read("t")
            place = _first_place(tape, prime, tens)
            follows = f"p{_PRIMES[k + 1]}" if prime < 17 else "stop"
            with tape.loop():
                while place <= _LAST_PLACE:
                    enter(f"c{prime},{place}")
                    if place % 2:
                        solve(f"{place}+{2 * prime}", place + 2 * prime)
                        write(f"m{place}", prime)
                        place += 2 * prime
                    else:
                        solve(f"{place}+{prime}", place + prime)
                        place += prime
                    goto(f"c{prime},{place}" if place <= _LAST_PLACE else follows)

    # Mark where to stop; go to the first candidate. The only prime that ends in 5 is 5.
    enter("stop")
    read("t")
    read("u")
    read("e")
    place = 5 if tens == 0 and first == 5 else _next_candidate(first - 1)
    write(f"m{_next_candidate(last)}", "end")
    write("r", tens)
    write("o", "[")
    goto(f"m{place}")

    output, row = "[", tens
    with tape.loop():
        while True:
            enter(f"m{place}")
            mark = read(f"m{place}")
            if mark == "end":
                break
            read("r")
            number = 10 * row + place % 10
            if mark in (BLANK, number):
                read("o")
                output += f", {number}" if len(output) > 1 else str(number)
                write("o", output)
            if place % 10 == 9:
                row += 1
                write("r", row)
            place = _next_candidate(place)
            goto(f"m{place}")
        read("o")
        write("o", f"{output}]")
        goto("halt")
    return tape.halt(f"{output}]")


def plain_cot(problem: Problem) -> str:
    lo, hi = problem["lo"], problem["hi"]
    left = [v for v in range(lo, hi + 1) if v == 5 or (v % 2 and v % 5)]
    if not left:
        return f"Every number from {lo} to {hi} is even or a multiple of 5, so there is no prime."
    rest = f"{'are' if len(left) > 1 else 'is'} {', '.join(map(str, left))}"
    lines = [f"Even numbers and multiples of 5 (but not 5) drop out. Left {rest}."]
    least = {v: next((d for d in (3, 7, 11, 13, 17) if v % d == 0 and v > d), 0) for v in left}
    composite = [f"{v} = {d}·{v // d}" for v, d in least.items() if d]
    if composite:
        lines.append(f"Of these, {', '.join(composite)} {'are' if len(composite) > 1 else 'is'} not prime.")
    primes = [str(v) for v, d in least.items() if not d]
    lines.append(
        f"No smaller prime divides {'the rest' if composite else 'any of these'}: {', '.join(primes)}."
        if primes
        else "None is left."
    )
    return "\n".join(lines)


_FORM = " Write them in ascending order as a list such as [2, 3, 5], or [] if there are none."

TASK = Task(
    name="prime_search",
    paradigm="enumeration",
    description="all primes in an interval",
    length_is="both ends of the interval",
    ranges={"S": (5, 100), "M": (101, 200), "L": (201, 300)},
    sample=sample,
    enumerate=enumerate_problems,
    length=lambda problem: [problem["lo"], problem["hi"]],
    validate=validate,
    fields=lambda problem: {key: str(value) for key, value in problem.items()},
    program=program,
    example_length=29,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(
        text + _FORM
        for text in (
            "Find all prime numbers from {lo} to {hi}, both ends included.",
            "Which numbers p with {lo} ≤ p ≤ {hi} are prime?",
            "List the primes in the closed interval [{lo}, {hi}].",
            "What are the prime numbers between {lo} and {hi} inclusive?",
            "Go through the whole numbers {lo} up to and including {hi} and pick out the primes.",
            "Search the range {lo}..{hi}, ends included, for prime numbers.",
            "Give every prime that is at least {lo} and at most {hi}.",
            "Which integers from {lo} through {hi} have exactly two positive divisors?",
            "Use a sieve to find the primes from {lo} to {hi} (both count if prime).",
            "Let A = {lo} and B = {hi}. Determine all primes p with A ≤ p ≤ B.",
            "Lockers are numbered from {lo} to {hi}, both included. Which of them have prime numbers?",
            "A calendar counts the days from {lo} to {hi}, the first and the last included. A meeting is held on every "
            "day with a prime number. Which days are these?",
            "House numbers in a street run from {lo} to {hi}, without a gap and with both ends. Which are prime?",
            "The seats {lo} to {hi}, both included, are for sale, and seats with prime numbers cost half. Which are "
            "they?",
            "Runners wear the numbers {lo} to {hi}, each number once, ends included. Those with a prime number start "
            "first. Which numbers are they?",
            "A page range in a book goes from page {lo} to page {hi} inclusive. Which page numbers are prime?",
            "A group of k pupils cannot be split into equal smaller groups of two or more exactly if k is prime. For "
            "which k from {lo} to {hi}, both included, is that so?",
            "Tiles numbered {lo} to {hi} (inclusive) lie in a row. Turn over every one whose number is prime: which "
            "ones are turned?",
            "Which of the whole numbers n, {lo} ≤ n ≤ {hi}, are divisible by no positive number but 1 and n?",
            "I am looking for primes no smaller than {lo} and no larger than {hi}. Which are there?",
            "Name the prime numbers starting at {lo} and stopping at {hi}, with both of these included in the search.",
            "A cicada comes out only in years with a prime number. The record spans the years {lo} to {hi}, both ends "
            "included. In which of them does it come out?",
            "Filter the integers {lo} to {hi} inclusive: keep only primes.",
            "Bus lines are numbered {lo} to {hi}, both included. Prime numbers run at night. Which lines are they?",
        )
    ),
    phrases={
        "lo": "Read the lower end: its tens and its units",
        "hi": "Read the upper end: where does it stand in the rows?",
        "p": "Sieve with {i}: are the tens more than half of it? Then subtract it",
        "g": "Prime, tens = {i}: subtract the prime once more",
        "d": "Prime, place = {i}: is there an earlier multiple in the rows?",
        "n": "Prime, distance = {i}: a multiple stands so far before the rows; where is the next one?",
        "c": "Prime, place = {i}: mark the place if it is odd, and go on to the next odd multiple",
        "stop": "Mark the first candidate behind the upper end, and find the first one of all",
        "m": "Is the candidate at place {i} prime?",
    },
    min_length=_MIN,
    max_length=_MAX,
)
