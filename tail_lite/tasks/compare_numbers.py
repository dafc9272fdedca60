"""Comparison of two decimal strings, digit pair by digit pair from the left.

Both are read two symbols a state onto tracks, ``u`` and ``v``, and behind their points ``x`` and ``y``. Two heads go
over these from the first digits on, whose places the cells ``h`` keep. In the whole parts the first difference is kept
in the state's name, since the longer one is the greater number; in the fractions it decides, and what only one number
has is compared with zero.
"""

from __future__ import annotations

import random
from decimal import Decimal

from tail_lite.tape import BLANK, HALT, Tape, Trace
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._decimals import ENDS, check_decimals, draw, length, pointed, take
from tail_lite.tasks.base import Problem, Task

_DIGITS = "0123456789"
_ZEROS = 6
"""At most so many zeros are put at the end of a number: in longer runs windows look alike, and no reader of windows can
learn to tell them apart."""
_VERDICTS = {"<": "less", "=": "eq", ">": "over"}
_SO_FAR = {"<": "low", "=": "even", ">": "high"}
_GROUP = 2  # symbols that a state reads: few, so that even the shortest numbers of S take more than one window


def _draw(rng: random.Random, digits: int, whole: int) -> str:
    """So many digits; the first is no zero where more than one stands before the point. One in five has a stretch of
    few different ones."""
    text = draw(rng, digits, 0.2)
    return rng.choice("123456789") + text[1:] if whole > 1 and text[0] == "0" else text


def _whole(rng: random.Random, digits: int) -> int:
    """How many digits stand before the point; with probability one half all of them, and there is no point."""
    return digits if rng.random() < 0.5 else rng.randint(1, digits)


def _equal_pair(rng: random.Random, lo: int, hi: int) -> tuple[str, str]:
    """One value twice: the same string, or with more zeros at the end of one fraction, or of both."""
    m = rng.randint(lo, hi)
    n = min(max(m + rng.choice((-1, 1)) * rng.randint(1, _ZEROS), lo), hi)
    if m == n or rng.random() < 0.3:
        whole = _whole(rng, m)
        text = pointed(_draw(rng, m, whole), whole)
        return text, text
    short, long = min(m, n), max(m, n)
    whole = _whole(rng, short)
    digits = _draw(rng, short, whole)
    if rng.random() < 0.3:
        kept = max(whole, short - rng.randint(0, _ZEROS - (long - short)))
        digits = digits[:kept] + "0" * (short - kept)
    pair = pointed(digits, whole), pointed(digits + "0" * (long - short), whole)
    return pair if rng.random() < 0.5 else (pair[1], pair[0])


def _unequal_pair(rng: random.Random, lo: int, hi: int) -> tuple[str, str]:
    m, n = rng.randint(lo, hi), rng.randint(lo, hi)
    kind = rng.random()
    if kind < 0.25:  # nothing in common
        i, j = _whole(rng, m), _whole(rng, n)
        return pointed(_draw(rng, m, i), i), pointed(_draw(rng, n, j), j)
    short, long = min(m, n), max(m, n)
    if kind < 0.4 and short > 1:  # the same digits, the point elsewhere
        digits = _draw(rng, long, 2)
        i, j = rng.randint(1, m), rng.randint(1, n)
        if i == j:
            i = i % m + 1
        return pointed(digits[:m], i), pointed(digits[:n], j)
    whole = _whole(rng, short)
    digits = _draw(rng, long, whole)
    if kind < 0.7 and m < n:  # one goes on where the other ends: zeros, and a digit somewhere among them
        n = min(n, m + _ZEROS)
        tail = ["0"] * (n - m)
        tail[rng.randrange(n - m) if rng.random() < 0.5 else -1] = rng.choice("123456789")
        return pointed(digits[:m], whole), pointed(digits[:m] + "".join(tail), whole)
    # A shared prefix, then a different digit, as often as not near the end; then the same digits again, or others.
    p = rng.randrange(short) if rng.random() < 0.5 else short - 1 - rng.randrange(min(short, 3))
    other = rng.choice([d for d in _DIGITS if d != digits[p] and (d != "0" or p or whole == 1)])
    rest = digits[p + 1 : n] if rng.random() < 0.5 else _draw(rng, n - p - 1, 1)
    return pointed(digits[:m], whole), pointed(digits[:p] + other + rest, whole)


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """A third of the pairs for each answer; most unequal pairs differ late, or look as if the other were greater."""
    wanted = rng.choice("<>=")
    if wanted == "=":
        a, b = _equal_pair(rng, lo, hi)
        return {"a": a, "b": b}
    while True:
        a, b = _unequal_pair(rng, lo, hi)
        found = _relation(a, b)
        if found != "=":
            return {"a": a, "b": b} if found == wanted else {"a": b, "b": a}


def validate(problem: Problem) -> None:
    check_keys("a problem of comparing numbers", problem, "a", "b")
    check_decimals(problem)


def _relation(a: str, b: str) -> str:
    """Of two decimal strings, by the lengths and the order of their parts as strings."""
    (i, _, f), (j, _, g) = a.partition("."), b.partition(".")
    p, q = (len(i), i, f.rstrip("0")), (len(j), j, g.rstrip("0"))
    return "<" if p < q else ">" if p > q else "="


def oracle(problem: Problem) -> str:
    """By the decimal module, whose comparison is exact at any length."""
    a, b = Decimal(problem["a"]), Decimal(problem["b"])
    return "<" if a < b else ">" if a > b else "="


def _compare(tape: Tape, p: str, q: str) -> str:
    relation = "<" if p < q else ">" if p > q else "="
    tape.solve(f"{p} compared with {q}", relation)
    return relation


def _decide(tape: Tape, relation: str) -> Trace:
    name = _VERDICTS[relation]
    tape.goto(name)
    tape.enter(name)
    tape.write("o", relation)
    tape.goto(HALT)
    return tape.halt(relation)


def program(problem: Problem) -> Trace:
    tape = Tape({"a": problem["a"], "b": problem["b"]})
    enter, read, goto = tape.enter, tape.read, tape.goto
    u = take(tape, problem["a"], "ux", "ac", "b", _GROUP, marks="h")
    v = take(tape, problem["b"], "vy", "bf", "start", _GROUP, marks="h")
    enter("start")
    read("hu")
    read("hv")
    goto("even")

    # Whole parts: the first difference counts, unless one of them ends before the other.
    name, k = "even", 1
    with tape.loop():
        while True:
            enter(name)
            p, q = str(read(u.whole[k])), str(read(v.whole[k]))
            if p in ENDS or q in ENDS:
                break
            if name == "even":
                name = _SO_FAR[_compare(tape, p, q)]
            k += 1
            goto(name)
    if p not in ENDS or q not in ENDS:
        return _decide(tape, "<" if p in ENDS else ">")
    if name != "even" or p == q == BLANK:
        return _decide(tape, {"low": "<", "even": "=", "high": ">"}[name])

    # Fractions: the first difference decides.
    name = "tail" if p == q else "left" if q == BLANK else "right"
    k += 1
    goto(name)
    with tape.loop():
        while name == "tail":
            enter("tail")
            p, q = str(read(u.fraction[k])), str(read(v.fraction[k]))
            if p == q == BLANK:
                return _decide(tape, "=")
            decided = _compare(tape, p if p != BLANK else "0", q if q != BLANK else "0")
            if decided != "=":
                return _decide(tape, decided)
            name = "right" if p == BLANK else "left" if q == BLANK else "tail"
            k += 1
            goto(name)

    # What only one of them has: is it all zeros?
    path = u.fraction if name == "left" else v.fraction
    with tape.loop():
        while True:
            enter(name)
            symbol = str(read(path[k]))
            if symbol == BLANK:
                return _decide(tape, "=")
            decided = _compare(tape, symbol, "0") if name == "left" else _compare(tape, "0", symbol)
            if decided != "=":
                return _decide(tape, decided)
            k += 1
            goto(name)


def plain_cot(problem: Problem) -> str:
    a, b = problem["a"], problem["b"]
    (i, _, f), (j, _, g) = a.partition("."), b.partition(".")
    words = {"<": "smaller than", ">": "greater than"}
    if len(i) != len(j):
        relation = words["<" if len(i) < len(j) else ">"]
        digits = f"{len(i)} digit{'s' if len(i) > 1 else ''}"
        return f"The whole part of {a} has {digits}, that of {b} has {len(j)}. So {a} is {relation} {b}."
    if i != j:
        k = next(k for k, (p, q) in enumerate(zip(i, j, strict=True)) if p != q)
        shared = f"Both begin with {i[:k]}, but then" if k else "They differ at once:"
        relation = words["<" if i < j else ">"]
        digits = f"{len(i)} digit{'s' if len(i) > 1 else ''}"
        return f"Both whole parts have {digits}. {shared} {i[k]} is {relation} {j[k]}. So {a} is {relation} {b}."
    start = f"The whole parts are equal, both {i}."
    if f.rstrip("0") == g.rstrip("0"):
        if f == g:
            return (
                f"{start} "
                + (f"The fractions are both .{f}, so" if f else "Neither has a fraction, so")
                + " they are equal."
            )
        return f"{start} The fractions differ only in zeros at the end, which do not count. So the numbers are equal."
    size = max(len(f), len(g))
    p, q = f.ljust(size, "0"), g.ljust(size, "0")
    k = next(k for k in range(size) if p[k] != q[k])
    shared = (
        f"The fractions share their first digit{'s' if k > 1 else ''}, {p[:k]}."
        if k
        else "The fractions differ at once."
    )
    missing = " (a missing digit counts as 0)" if k >= min(len(f), len(g)) else ""
    relation = words["<" if p[k] < q[k] else ">"]
    return f"{start} {shared} At decimal place {k + 1}, {p[k]} is {relation} {q[k]}{missing}. So {a} is {relation} {b}."


_FORM = (
    " Answer with one sign: < if the first is less than the second, > if it is greater,"
    " = if both have the same value, however they are written."
)

TASK = Task(
    name="compare_numbers",
    paradigm="simulation",
    description="which of two long decimal numbers is greater",
    length_is="digits of each operand, drawn independently",
    ranges={"S": (5, 10), "M": (11, 20), "L": (21, 50)},
    min_length=3,
    max_length=500,
    sample=sample,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(
        text + _FORM
        for text in (
            "Compare {a} with {b} exactly.",
            "Take {a} and {b} and compare the two numbers.",
            "Which sign belongs between {a} and {b}?",
            "Is {a} less than, greater than or equal to {b}?",
            "How does {a} compare with {b}?",
            "Put the right sign where the question mark stands: {a} ? {b}",
            "Which is greater, {a} or {b}?",
            "Which is smaller, {a} or {b}?",
            "Fill in the sign between {a} and {b} here.",
            "How does x compare with y if x = {a} and y = {b}?",
            "The first number is {a} and the second is {b} here. How do they compare?",
            "Decide how {a} relates to {b} digit by digit.",
            "A pupil has to put a sign between {a} and {b} in a test. Which one is right?",
            "Please compare the numbers {a} and {b} for me.",
            "Two runners took {a} and {b} seconds. Compare the first time with the second.",
            "One scale shows {a} kg, another {b} kg. Compare the first reading with the second.",
            "Two labs measured the same length as {a} mm and as {b} mm. How do the two values compare?",
            "An account held {a} in spring and {b} in autumn. How does the first amount compare with the second?",
            "A sorting program must order the keys {a} and {b} now. What does it find when it compares them?",
            "The first tank holds {a} litres, the second {b} litres. Compare them.",
            "Sensor one reports {a} and sensor two {b} at once. Compare the two reports.",
            "A shop asks {a} for a ring, another {b} for it. How does the first price compare with the second?",
            "Last year the counter stood at {a} and this year at {b} instead. Compare the first with the second.",
            "Look at the numbers {a} and {b} in this order. How do they compare?",
        )
    ),
    phrases={
        "a": "Read on in the first number",
        "c": "Read on in the first number's fraction",
        "b": "Read on in the second number",
        "f": "Read on in the second number's fraction",
        "start": "Fetch where both begin",
        "even": "The whole parts are equal so far: compare their next digits",
        "low": "The first number is less unless its whole part is longer: go on",
        "high": "The first number is greater unless its whole part is shorter: go on",
        "tail": "The numbers are equal so far: compare their next fraction digits",
        "left": "Only the first number goes on: is its next digit zero?",
        "right": "Only the second number goes on: is its next digit zero?",
        "less": "The first number is less",
        "eq": "Both have the same value",
        "over": "The first number is greater",
    },
)
