"""All solutions of a·x + b·y = n in non-negative integers, by trying x = 0, 1, 2, …

What a·x leaves of n is kept as ``y`` whole ``b``s and a rest ``r`` below ``b``, so that whether b divides it is seen at
once (r = 0), and the main loop has numbers of two digits however large n is: the next x takes a from the rest
(``x1 x2 …``), and while that is negative, one more b is broken up for it (``d1 d2 …``). When no b is left to break up,
no larger x fits.

The start, n as b's and a rest, is a division by repeated subtraction: ten b's at a time first, which concerns only the
tens of what is left (``w``), then single ones, units (``v``) before tens (``t``, or ``k`` with a borrow), so that n of
two digits and of three goes the same way. Solutions are numbered, ``s0 s1 …``, and read back five at a time.
"""

from __future__ import annotations

import random
from math import gcd

from tail_lite.tape import BLANK, Tape, Trace
from tail_lite.tasks._checks import check_keys, check_whole
from tail_lite.tasks.base import Problem, Task

_LEAST, _MOST = 3, 30  # the coefficients
_MIN_N, _MAX_N = 3, 400
_MANY = 150_000  # more problems than this are drawn, not listed
_FIVE = 5  # solutions fetched together when the result is read back


def _solvable(a: int, b: int, n: int) -> bool:
    return any((n - a * x) % b == 0 for x in range(n // a + 1))


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """One problem in three has no solution, and one in eight has coefficients with a small common multiple, so that it
    tends to have many."""
    kind = rng.random()
    for _ in range(100):
        n = rng.randint(lo, hi)
        a, b = rng.randint(_LEAST, _MOST), rng.randint(_LEAST, _MOST)
        if kind > 7 / 8:
            a, factor = rng.randint(3, 6), rng.randint(1, 3)
            b = a * factor
            n = max(n - n % a, lo)
            if factor > 1 and rng.random() < 0.5:
                a, b = b, a
        if _solvable(a, b, n) == (kind > 1 / 3):
            break
    return {"a": a, "b": b, "n": n}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """All problems, where they are few; most of them have no solution."""
    coefficients = range(_LEAST, _MOST + 1)
    if (hi - lo + 1) * len(coefficients) ** 2 > _MANY:
        return None
    return [{"a": a, "b": b, "n": n} for a in coefficients for b in coefficients for n in range(lo, hi + 1)]


def validate(problem: Problem) -> None:
    check_keys("a diophantine problem", problem, "a", "b", "n")
    for key, least, most in (("a", _LEAST, _MOST), ("b", _LEAST, _MOST), ("n", _MIN_N, _MAX_N)):
        check_whole(problem, key, least, most)


def oracle(problem: Problem) -> str:
    """The line of all integer solutions, from the inverse of a modulo b, cut to the first quadrant."""
    a, b, n = problem["a"], problem["b"], problem["n"]
    g = gcd(a, b)
    if n % g:
        return "[]"
    a, b, n = a // g, b // g, n // g
    first = n * pow(a, -1, b) % b
    return str([[x, (n - a * x) // b] for x in range(first, n // a + 1, b)])


def program(problem: Problem) -> Trace:
    a, b, n = problem["a"], problem["b"], problem["n"]
    # No more solutions than values of x; whichever cell is behind the last, it is blank.
    tape = Tape({"a": a, "b": b, "n": n} | {f"s{k}": BLANK for k in range(n // a + 2)})
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("a")
    read("a")
    goto("b")
    enter("b")
    read("b")
    goto("n")
    enter("n")
    read("n")
    write("r", n)
    write("c", 0)
    goto("w0")

    # Ten b's at a time from n, as long as its tens suffice; the index counts them.
    r, y = n, 0
    with tape.loop():
        while True:
            enter(f"w{y // 10}")
            read("r")
            read("b")
            left = r // 10 - b
            solve(f"{r // 10}-{b}", left)
            if left < 0:
                break
            r -= 10 * b
            y += 10
            write("r", r)
            goto(f"w{y // 10}")
        goto(f"v{y}")

    # Then single ones; the index counts all.
    with tape.loop():
        while True:
            enter(f"v{y}")
            read("r")
            read("b")
            units = r % 10 - b % 10
            solve(f"{r % 10}-{b % 10}", units)
            write("u", units % 10)
            state = f"k{y}" if units < 0 else f"t{y}"
            goto(state)
            enter(state)
            read("r")
            read("b")
            read("u")
            tens = r // 10 - b // 10 - (units < 0)
            solve(f"{r // 10}-{b // 10}" + ("-1" if units < 0 else ""), tens)
            if tens < 0:
                write("y", y)
                goto("x1" if r else "hit0")
                break
            r -= b
            y += 1
            write("r", r)
            goto(f"v{y}")

    # One x after the other; a rest of 0 is a solution.
    solutions: list[str] = []
    x = 0
    with tape.loop():
        while y >= 0:
            if r == 0:
                enter(f"hit{x}")
                read("y")
                read("c")
                pair = f"[{x}, {y}]"
                write(f"s{len(solutions)}", pair)
                solutions.append(pair)
                write("c", len(solutions))
                goto(f"x{x + 1}")
            x += 1
            enter(f"x{x}")
            read("r")
            read("a")
            solve(f"{r}-{a}", r - a)
            r -= a
            write("r", r)
            goto(f"d{x}" if r < 0 else f"x{x + 1}" if r else f"hit{x}")
            with tape.loop():
                while r < 0 <= y:
                    enter(f"d{x}")
                    read("y")
                    y -= 1
                    if y < 0:
                        goto("out")
                    else:
                        read("r")
                        read("b")
                        solve(f"{r}+{b}", r + b)
                        r += b
                        write("r", r)
                        write("y", y)
                        goto(f"d{x}" if r < 0 else f"x{x + 1}" if r else f"hit{x}")
    return _read_back(tape, solutions)


def _read_back(tape: Tape, solutions: list[str]) -> Trace:
    """Join the solutions to one list, five at a time, up to the blank behind the last."""
    tape.enter("out")
    output, k = "", 0
    with tape.loop():
        while True:
            chunk = solutions[k : k + _FIVE]
            if k:
                tape.read("o")
            for address in range(k, k + len(chunk)):
                tape.read(f"s{address}")
            k += len(chunk)
            ended = len(chunk) < _FIVE
            if ended:
                tape.read(f"s{k}")
            output = ", ".join([output, *chunk] if output else chunk)
            tape.write("o", f"[{output}]" if ended else f"[{output}")
            tape.goto("halt" if ended else f"more{k}")
            if ended:
                return tape.halt(f"[{output}]")
            tape.enter(f"more{k}")


def _times(factor: int, name: str) -> str:
    return f"{factor}{name}" if factor > 1 else name


def plain_cot(problem: Problem) -> str:
    a, b, n = problem["a"], problem["b"], problem["n"]
    g = gcd(a, b)
    if n % g:
        return (
            f"The greatest common divisor of {a} and {b} is {g}. It divides every value of {a}x + {b}y, but not {n}, "
            f"which leaves the remainder {n % g}. So there is no solution."
        )
    lines = [f"{a}x + {b}y = {n} with x, y ≥ 0."]
    if g > 1:
        a, b, n = a // g, b // g, n // g
        lines.append(f"All three numbers are divisible by {g}: {_times(a, 'x')} + {_times(b, 'y')} = {n}.")
    first = n * pow(a, -1, b) % b
    least = f"The least x for which {b} divides {n} - {_times(a, 'x')} is"
    if n < a * first:
        lines.append(
            f"{least} {first}, but {a}·{first} = {a * first} is already more than {n}, so y would be negative. "
            f"There is no solution."
        )
        return "\n".join(lines)
    y = (n - a * first) // b
    lines.append(f"{least} x = {first}: {n} - {a}·{first} = {n - a * first}, so y = {y}.")
    if y < a:
        lines.append(f"The next one, x = {first + b}, would make y = {y} - {a} negative. That is the only solution.")
    else:
        lines.append(f"From one solution to the next, x grows by {b} and y falls by {a}; y = {y % a} is the last.")
    return "\n".join(lines)


_FORM = (
    " List all solutions as pairs [x, y] in a list such as [[0, 5], [3, 1]], in ascending order of x,"
    " or [] if there are none."
)

TASK = Task(
    name="diophantine",
    paradigm="enumeration",
    description="all non-negative integer solutions of a*x + b*y = n",
    length_is="right-hand side n",
    ranges={"S": (10, 50), "M": (51, 100), "L": (101, 200)},
    sample=sample,
    enumerate=enumerate_problems,
    length=lambda problem: [problem["n"]],
    validate=validate,
    fields=lambda problem: {key: str(value) for key, value in problem.items()},
    program=program,
    example_length=20,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(
        text + _FORM
        for text in (
            "Solve {a}x + {b}y = {n} in non-negative integers x and y.",
            "Find all integers x, y ≥ 0 with {a}x + {b}y = {n}.",
            "Which pairs of non-negative integers x and y satisfy {a}·x + {b}·y = {n}?",
            "The equation {a}x + {b}y = {n} is to be solved for whole numbers x and y from 0 upwards.",
            "In which ways can {n} be written as {a}x + {b}y with integers x, y ≥ 0?",
            "Determine every solution of the linear Diophantine equation {a}x + {b}y = {n} with x ≥ 0 and y ≥ 0.",
            "Write {n} as a sum of x times {a} and y times {b}, where x and y are non-negative integers.",
            "A cashier has coins worth {a} and coins worth {b}, as many as needed. With x of the first and y of the "
            "second kind, how can exactly {n} be paid?",
            "Stamps cost {a} cents or {b} cents. A letter needs exactly {n} cents: x stamps of the first kind and y of "
            "the second. Which x and y are possible (0 is allowed)?",
            "Boxes hold {a} bottles, crates hold {b}. Exactly {n} bottles are to be packed into x boxes and y crates, "
            "all full. Which numbers of boxes and crates work (none of a kind is allowed)?",
            "A shop sells eggs in packs of {a} and of {b}. How can one buy exactly {n} eggs with x packs of the first "
            "and y packs of the second size? Either number may be 0.",
            "A wall is {n} units long. It is to be lined with x panels of length {a} and y panels of length {b}, "
            "without gap or cut. Which whole numbers x, y ≥ 0 fit?",
            "Tables seat {a} or {b} guests. All {n} guests sit, and no chair stays empty, at x tables of the first and "
            "y of the second kind. Find all possible x and y, 0 included.",
            "In a game a ring scores {a} points and a dart {b}. Somebody scored {n} with x rings and y darts. What may "
            "x and y have been (each 0 or more)?",
            "A train of length {n} is made up of x wagons of length {a} and y wagons of length {b}. Give all possible "
            "whole numbers x, y ≥ 0.",
            "A carrier moves {n} pallets in x vans taking {a} each and y lorries taking {b} each, every one fully "
            "loaded. Find all non-negative integers x and y that do it.",
            "Tickets cost {a} for children and {b} for adults. A group paid {n} in total for x children and y adults. "
            "Find all possibilities; there may be no children or no adults.",
            "A baker fills trays of {a} rolls and trays of {b} rolls, and bakes exactly {n} rolls: x trays of the one "
            "kind, y of the other. Which non-negative whole numbers x and y are possible?",
            "Weights of {a} g and of {b} g are put on one side of a pair of scales to balance exactly {n} g: x of the "
            "first, y of the second kind. Which whole numbers x, y ≥ 0 do it?",
            "A jogger is on the way for exactly {n} minutes: x rounds of {a} minutes and y rounds of {b} minutes. Find "
            "all whole x and y, 0 allowed.",
            "Let a = {a}, b = {b} and n = {n}. Find all non-negative integer solutions (x, y) of a·x + b·y = n.",
            "For which whole numbers x ≥ 0 and y ≥ 0 is {a}x + {b}y equal to {n}?",
            "Please list the points with non-negative integer coordinates on the line {a}x + {b}y = {n}.",
            "A farmer buys x hens at {a} coins and y geese at {b} coins and spends exactly {n} coins. What are the "
            "possible numbers of hens and geese, each 0 or more?",
        )
    ),
    phrases={
        "a": "Read the coefficient of x",
        "b": "Read the coefficient of y",
        "n": "Read the right-hand side; all of it is left",
        "w": "Tens of b's taken: {i}. Do the tens of the rest allow ten more?",
        "v": "b's taken: {i}. Subtract the units of one more",
        "t": "b's taken: {i}. Subtract the tens of one more, if they suffice",
        "k": "b's taken: {i}. Subtract the tens of one more with a borrow, if they suffice",
        "x": "Try x = {i}: take one more a from the rest",
        "d": "Try x = {i}: the rest is negative, so break up one b, if there is one",
        "hit": "Nothing is left over: x = {i} is a solution",
        "out": "Read the first solutions back",
        "more": "Read the solutions back from number {i} on",
    },
    min_length=_MIN_N,
    max_length=_MAX_N,
)
