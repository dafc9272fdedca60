"""The number of derangements of n elements modulo m, by the recursion D(k) = k·D(k−1) + (−1)^k with D(1) = 0.

The call stack is on the tape: ``f100 f99 …`` are the frames of the calls D(100), D(99), …, each holding its argument,
reduced modulo m because only that is multiplied later. The descent pushes them one by one (a counter that goes down
and starts again at m−1 below 0); the base case returns 0, and each return reads its caller's frame, works out the
caller's value ``d`` and goes on, until there is no caller.

A product of two two-digit numbers goes digit by digit: tens digit of the argument times ``d``, ten times that, units
digit times ``d``, and the sum of the two, with (−1)^k as its carry. The multiplier stands in the state's name, so all
its digits are at hand; one digit alone needs only the units. Ten times a number such as 76 is 7 hundreds and 60:
``h1 h2 …`` are so many hundreds modulo m, tabulated first. A solution shows the plain sum or product, the cell written
its remainder.
"""

from __future__ import annotations

import random

from tail_lite.tape import BLANK, Tape, Trace
from tail_lite.tasks._checks import check_keys, check_whole
from tail_lite.tasks.base import Problem, Task

_LARGEST_N = 199  # with two hundreds, a small modulus would need a second entry in the table
_MODULI = range(2, 100)


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    return {"n": rng.randint(lo, hi), "mod": rng.choice(_MODULI)}


def enumerate_problems(lo: int, hi: int) -> list[Problem]:
    """Every problem: there are 98 moduli for each n."""
    return [{"n": n, "mod": m} for n in range(lo, hi + 1) for m in _MODULI]


def validate(problem: Problem) -> None:
    check_keys("a derangement problem", problem, "n", "mod")
    for key, least, most in (("n", 2, _LARGEST_N), ("mod", _MODULI[0], _MODULI[-1])):
        check_whole(problem, key, least, most)


def oracle(problem: Problem) -> str:
    """The exact count by the other recurrence, D(k) = (k−1)·(D(k−1) + D(k−2)), reduced at the end."""
    before, count = 1, 0
    for k in range(2, problem["n"] + 1):
        before, count = count, (k - 1) * (count + before)
    return str(count % problem["mod"])


def program(problem: Problem) -> Trace:
    n, m = problem["n"], problem["mod"]
    tape = Tape({"n": n, "m": m, f"f{n + 1}": BLANK})
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("n")
    read("n")
    goto("m")
    enter("m")
    read("m")
    write("h0", 0)
    goto("h1")

    # Hundreds modulo m: no tens digit of a remainder is larger than that of m.
    hundreds = [0]
    with tape.loop():
        for a in range(1, max(m // 10, 1) + 1):
            enter(f"h{a}")
            if a == 1:
                read("m")
                solve("50+50", 100)
                hundreds.append(100 % m)
            else:
                read("h1")
                read("m")
                solve(f"{a}*{hundreds[1]}", a * hundreds[1])
                hundreds.append(a * hundreds[1] % m)
            write(f"h{a}", hundreds[a])
            goto(f"h{a + 1}" if a < m // 10 else "call")

    enter("call")
    read("n")
    read("m")
    high = int(read(f"h{n // 100}"))
    solve(f"{high}+{n % 100}", high + n % 100)
    x = (high + n % 100) % m
    write(f"f{n}", x)
    goto(f"f{n}")

    # Descend: each call pushes the frame of the next.
    with tape.loop():
        for k in range(n, 1, -1):
            enter(f"f{k}")
            read(f"f{k}")
            if k == 2:
                goto("base")
                break
            if x == 0:
                goto(f"wrap{k}")
                enter(f"wrap{k}")
                read("m")
                x = m
            x -= 1
            write(f"f{k - 1}", x)
            goto(f"f{k - 1}")

    # Return: each value is worked out from the one below.
    enter("base")
    read("f2")
    write("d", 0)
    write("k", 2)
    goto(f"u{x}")
    d, k = 0, 2
    with tape.loop():
        while True:
            tens, units = divmod(x, 10)
            q = 0
            if tens:
                enter(f"t{x}")
                read("d")
                read("m")
                solve(f"{tens}*{d}", tens * d)
                p = tens * d % m
                write("p", p)
                goto(f"x{x}")
                enter(f"x{x}")
                a, b = divmod(p, 10)
                read("p")
                read(f"h{a}")
                read("m")
                q = hundreds[a] + 10 * b
                solve(f"{hundreds[a]}+{10 * b}", q)
                q %= m
                write("q", q)
                goto(f"u{x}")
            enter(f"u{x}")
            read("d")
            read("m")
            solve(f"{units}*{d}", units * d)
            r = units * d % m
            write("r", r)
            goto("sum" if tens else "one")
            if tens:
                enter("sum")
                read("q")
            else:
                enter("one")
            read("r")
            read("m")
            read("k")
            caller = read(f"f{k + 1}")
            sign, one = ("-", -1) if k % 2 else ("+", 1)
            solve(f"{q}+{r}{sign}1" if tens else f"{r}{sign}1", q + r + one)
            d = (q + r + one) % m
            write("d", d)
            if caller == BLANK:
                goto("halt")
                break
            k += 1
            write("k", k)
            x = int(caller)
            goto(f"t{x}" if x > 9 else f"u{x}")
    return tape.halt(str(d))


def plain_cot(problem: Problem) -> str:
    n, m = problem["n"], problem["mod"]
    lines = [
        f"The numbers of derangements satisfy D(k) = k·D(k-1) + (-1)^k, and D(1) = 0. I work modulo {m} throughout."
    ]
    d, values = 0, ["0"]
    for k in range(2, n + 1):
        d = (k * d + (-1) ** k) % m
        values.append(str(d))
    for first in range(1, n + 1, 10):
        last = min(first + 9, n)
        what = f"D({first}) to D({last})" if last > first else f"D({last})"
        lines.append(f"{what}: {', '.join(values[first - 1 : last])}")
    lines.append(f"So D({n}) leaves the remainder {d} on division by {m}.")
    return "\n".join(lines)


TASK = Task(
    name="derangement",
    paradigm="recursion",
    description="the number of derangements of n elements, modulo m",
    length_is="elements n",
    ranges={"S": (3, 30), "M": (31, 60), "L": (61, 100)},
    sample=sample,
    enumerate=enumerate_problems,
    length=lambda problem: [problem["n"]],
    validate=validate,
    fields=lambda problem: {"n": str(problem["n"]), "m": str(problem["mod"])},
    program=program,
    example_length=4,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=(
        "How many derangements do {n} elements have, modulo {m}?",
        "Let D(n) be the number of permutations of n elements without a fixed point. Find D({n}) mod {m}.",
        "Compute the number of derangements of {n} elements modulo {m}.",
        "What remainder does the number of derangements of {n} objects leave when it is divided by {m}?",
        "Find !{n} mod {m}, where !n is the subfactorial, the number of derangements of n elements.",
        "Count the permutations of {n} items in which no item stays in its place. Give the count modulo {m}.",
        "Work out, modulo {m}, in how many ways {n} things can be rearranged so that none keeps its position.",
        "Evaluate D({n}) modulo {m}, where D(n) counts the derangements of an n-element set.",
        "{n} guests each hand in a hat. In how many ways can the hats be given back, one to each guest, so that nobody "
        "gets their own? Answer modulo {m}.",
        "{n} letters are put into {n} addressed envelopes, one in each, so that every letter is in a wrong one. In how "
        "many ways can this happen? Give the remainder on division by {m}.",
        "At a party {n} people draw names for presents, and nobody may draw their own. How many draws are allowed, "
        "modulo {m}?",
        "{n} pupils change seats so that each of the {n} seats is taken again, but by somebody else. How many new "
        "seatings are there, modulo {m}?",
        "A library has {n} books with a fixed place each. In how many orders can they stand so that every book is "
        "in a wrong place? Reduce the number modulo {m}.",
        "{n} keys belong to {n} locks, one to each. In how many ways can one key be stuck into each lock so that no "
        "key fits? I need only the remainder modulo {m}.",
        "Take the numbers from 1 to {n}. How many arrangements of them have no number k at position k? Answer modulo "
        "{m}.",
        "Give the number of fixed-point-free permutations of {n} elements, reduced modulo {m}.",
        "Divide the number of derangements of {n} elements by {m}. What is the remainder?",
        "How many bijections of a set of {n} elements onto itself move every element? State the number modulo {m}.",
        "{n} drivers swap their {n} cars so that each drives one car and none drives their own. How many ways are "
        "there? Write the number modulo {m}.",
        "A teacher returns {n} marked tests at random, one to each of the {n} authors. In how many ways does nobody "
        "get their own test? Give the answer modulo {m}.",
        "Please calculate the derangement number D({n}), that of {n} elements, modulo {m}.",
        "Each of {n} dancers must leave their partner and find a new one among the {n} partners present. How many new "
        "pairings are there? Only the remainder modulo {m} is asked for.",
        "With D(n) the number of derangements of n elements, what is the remainder of D({n}) on division by {m}?",
        "Consider all permutations of {n} distinct objects that leave no object where it was. What is their "
        "number modulo {m}?",
    ),
    phrases={
        "n": "Read the number of elements",
        "m": "Read the modulus",
        "h": "Tabulate {i} times a hundred, modulo m",
        "call": "Call D(n): push a frame with n modulo m",
        "f": "Inside the call D({i}): the value below is needed first",
        "wrap": "Count down past 0 in the call D({i})",
        "base": "D(1) is 0: return it to the call D(2)",
        "t": "Multiply by the tens digit of {i}, modulo m",
        "x": "Take ten times that for the multiplier {i}, modulo m",
        "u": "Multiply by the units digit of {i}, modulo m",
        "sum": "Add the two parts, and 1 for even k or -1 for odd k, modulo m, and return to the caller",
        "one": "Add 1 for even k or -1 for odd k, modulo m, and return to the caller",
    },
    min_length=2,
    max_length=_LARGEST_N,
    token_p95=12_288,
)
