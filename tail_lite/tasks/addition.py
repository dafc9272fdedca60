"""Addition of two decimal strings, column by column.

Each operand is read five symbols a state onto a track, ``u`` or ``v``, and behind its point ``x`` or ``y``. Two heads
go right from the points to the end of the shorter fraction, and add from there to the left. The sum is formed in place:
each column writes its digit over both operands', since the longer one is not known yet, and what only one operand has
needs no step at all. A digit always stands right after its address, so reading it back is one look-up. The result is
written through a window, ``o``, whose contents overlap, as do the groups that it takes; the last line puts them
together.

No state of a long sum differs from those of a short one: nothing is counted, no name has a number in it but the carry,
and addresses go round a ring from wherever the number's first digit says, the second number's with gaps: with none, a
model trained on S never had two cells whose tens differ by four before it, and took them for each other at L.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from decimal import Decimal, localcontext
from itertools import product

from tail_lite.tape import BLANK, HALT, Rule, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._decimals import ENDS, GROUP, QUOTED, check_decimals, draw, length, take
from tail_lite.tasks.base import ANSWER_MARK, Baseline, Problem, Task

_DIGIT = "0123456789"


def _number(rng: random.Random, digits: int) -> str:
    """A decimal string of so many digits; a point with probability one half, anywhere between two digits. One in ten
    has a stretch of few different digits."""
    text = draw(rng, digits, 0.1)
    point = rng.randint(1, digits - 1) if digits > 1 and rng.random() < 0.5 else 0
    if text[0] == "0" and digits > 1 and point != 1:
        text = rng.choice("123456789") + text[1:]
    return f"{text[:point]}.{text[point:]}" if point else text


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Mostly random digits. In one problem in six, digits of equal place value make nine over a stretch, at whose lower
    end they make ten, so that one carry runs on."""
    a, b = (_number(rng, rng.randint(lo, hi)) for _ in "ab")
    return {"a": a, "b": _complement(rng, a, b) if rng.random() < 1 / 6 else b}


def _complement(rng: random.Random, a: str, b: str) -> str:
    """`b` with nine's complements over a stretch of the digits of `a` above its own, and a ten's at the lower end. The
    sum has zeros there, so it is no longer than a stretch of :func:`draw`, for the same reason."""
    shift = (a + ".").index(".") - (b + ".").index(".")  # from a symbol of b to the one of a above it
    digits = list(b)
    places = [k for k, symbol in enumerate(b) if symbol != "." and 0 <= k + shift < len(a)]
    if places:
        last = rng.randrange(len(places))
        for k in places[max(0, last - rng.randint(1, QUOTED - 2)) : last + 1]:
            digits[k] = str(9 - int(a[k + shift]))
        digits[k] = str(min(9, int(digits[k]) + 1))
    if digits[0] == "0" and digits[1:2] != ["."]:
        digits[0] = "1"
    return "".join(digits)


def _all_numbers(digits: int) -> list[str]:
    plain = [str(v) for v in range(10 ** (digits - 1) if digits > 1 else 0, 10**digits)]
    return plain + ([f"{i}.{j}" for i, j in product(_DIGIT, _DIGIT)] if digits == 2 else [])


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every problem of at most two digits an operand; more are drawn."""
    if hi > 2:
        return None
    numbers = [n for digits in range(lo, hi + 1) for n in _all_numbers(digits)]
    return [{"a": a, "b": b} for a, b in product(numbers, numbers)]


def validate(problem: Problem) -> None:
    check_keys("an addition problem", problem, "a", "b")
    check_decimals(problem)


def oracle(problem: Problem) -> str:
    """The exact sum, by the decimal module."""
    with localcontext() as context:
        context.prec = len(problem["a"]) + len(problem["b"]) + 2
        text = format(Decimal(problem["a"]) + Decimal(problem["b"]), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_cot(problem: Problem) -> str:
    """Fractions first, then whole parts: each sum stated at sight."""
    (a, _, x), (b, _, y) = problem["a"].partition("."), problem["b"].partition(".")
    places = max(len(x), len(y))
    carry = 0
    lines = [f"We add {problem['a']} and {problem['b']}."]
    if places:
        x, y = x.ljust(places, "0"), y.ljust(places, "0")
        total = str(int(x) + int(y)).zfill(places)
        carry = len(total) - places
        lines.append(f"Fractions, to {places} decimal places: 0.{x} + 0.{y} = {carry}.{total[carry:]}.")
    whole = int(a) + int(b) + carry
    lines.append(f"Whole parts: {a} + {b}{' + 1' if carry else ''} = {whole}.")
    lines.append(f"Together that is {oracle(problem)}.")
    return "\n".join(lines)


def _column(x: int, y: int, carry: int) -> Rule:
    total = x + y + carry
    return (f"{x}+{y}+{carry}", total), _DIGIT[total % 10], total // 10


_COLUMN: list[dict[Value, dict[Value, Rule]]] = [
    {_DIGIT[x]: {_DIGIT[y]: _column(x, y, carry) for y in range(10)} for x in range(10)} for carry in (0, 1)
]
"""What one knows by heart: two digits and a carry have this solution, leave this digit and carry that."""


def program(problem: Problem) -> Trace:
    tape = Tape({"a": problem["a"], "b": problem["b"]})
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto
    u = take(tape, problem["a"], "ux", "ac", "b")
    v = take(tape, problem["b"], "vy", "bf", "rest", skip=10)

    # If both have a fraction, go right from the points until one ends: the other one's is longer (F).
    enter("rest")
    i, j = u.point, v.point
    read("pu")
    read("pv")
    p, q = read(u.whole[i]), read(v.whole[j])
    if p == q == ".":
        goto("walk")
        with tape.loop():
            while True:
                i, j = i + 1, j + 1
                enter("walk")
                p, q = read(u.fraction[i]), read(v.fraction[j])
                if BLANK in (p, q):
                    break
                goto("walk")
    longer = None if p == q == BLANK and i == u.point else u if q == BLANK else v
    write("F", longer.tracks[1] if longer else BLANK)
    goto("add0")

    # Add the columns from there to the left, up to the first that has no digit in one number: the other leads (I).
    carry = 0
    with tape.loop():
        if i > u.point + 1:
            columns = zip(u.fraction[i - 1 : u.point : -1], v.fraction[j - 1 : v.point : -1], strict=True)
            carry = tape.sweep(columns, _COLUMN, 0, _ADD, _ADD)
            i, j = u.point, v.point
            enter(_ADD[carry])
            read(u.fraction[i])
            read(v.fraction[j])
            goto(_ADD[carry])
        columns = zip(u.whole[i - 1 : 0 : -1], v.whole[j - 1 : 0 : -1], strict=False)
        carry = tape.sweep(columns, _COLUMN, carry, _ADD, _ADD)
        i, j = i - min(i, j), j - min(i, j)
        enter(_ADD[carry])
        read(u.whole[i])
        lead, k = (u, i) if read(v.whole[j]) == BLANK else (v, j)
        write("I", lead.tracks[0])
        goto("carry" if carry else "end")
    with tape.loop():
        while carry:
            enter("carry")
            symbol = read(lead.whole[k])
            digit = 0 if symbol == BLANK else int(symbol)
            solve(f"{digit}+1", digit + 1)
            write(lead.whole[k], _DIGIT[(digit + 1) % 10])
            carry = (digit + 1) // 10
            k -= 1
            goto("carry" if carry else "end")

    # Zeros at the end of the fraction are blanked.
    enter("end")
    read("F")
    if longer is None:
        goto("top")
    else:
        read(f"e{longer.tracks[1]}")
        k = longer.end
        goto("trim")
        with tape.loop():
            zero = True
            while zero:
                k -= 1
                enter("trim")
                zero = read(longer.fraction[k]) == "0"
                if zero:
                    write(longer.fraction[k], BLANK)
                goto("trim" if zero else "top")

    # Write the result from the highest place: whole digits, a point, fraction.
    enter("top")
    read("I")
    read(f"h{lead.tracks[0]}")
    first = 1 if read(lead.whole[0]) == BLANK else 0
    goto("copy")
    words: list[str] = []
    _copy(tape, "copy", lead.whole, first, words, "point")
    enter("point")
    read("F")
    if longer:
        read(f"p{longer.tracks[1]}")
        first = longer.point + 1
        if read(longer.fraction[first]) != BLANK:
            goto("mid")
            _copy(tape, "mid", longer.fraction, first, words, HALT)
            return tape.halt("".join(words))
    goto(HALT)
    return tape.halt("".join(words))


_ADD = ("add0", "add1")
_SHARED = 2
"""Digits that a group fetches again from the one before: where a digit stands on both sides of the seam, only what
stands before them tells how often."""
_AGAIN = 2
"""Groups of the result that a window shows again: with these one can tell what comes next."""


def _copy(tape: Tape, name: str, track: Sequence[str], first: int, words: list[str], then: str) -> None:
    """The symbols of a track from a place on up to a point or a blank, a group a state, put behind the `words`, a point
    first if the first state is ``mid``. A window, ``o``, shows the last words and the new one."""
    k = first
    with tape.loop():
        while True:
            tape.enter(name)
            shared = min(_SHARED, k - first)
            many = 1 + -k % GROUP
            read = tape.spell(track, k - shared, shared + many, ENDS)
            ended = read[-1] in ENDS
            read = read.rstrip("._")
            new = read[shared:]
            if new:
                tape.solve(f"{' '.join(read)} joined", read)
                words.append(f".{new}" if name == "mid" else new)
                tape.write("o", "".join(words[-_AGAIN - 1 :]))
            if name == "mid":
                name = "tail"
            k += many
            tape.goto(then if ended else name)
            if ended:
                return


# Baselines that exist for addition alone (method.md of the paper's comparison: Index Hint and Reversed Format).


def _letters(index: int) -> str:
    """0 → a, 25 → z, 26 → aa, as in a spreadsheet."""
    text = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        text = chr(97 + digit) + text
    return text


def _hinted(text: str, places: int) -> str:
    """`text` with a hint after each digit. Integers (places > 0): ``361`` → ``3a6b1c``, equal letters at equal places
    (``^`` at the place that only a last carry fills).
    Otherwise signed hints around the point: ``123.45`` → ``1(-c)2(-b)3(-a).4(a)5(b)``."""
    head, point, tail = text.partition(".")
    if places:
        return "".join(d + (_letters(k) if k >= 0 else "^") for k, d in enumerate(head, places - len(head)))
    whole = "".join(f"{d}(-{_letters(len(head) - 1 - k)})" for k, d in enumerate(head))
    return whole + point + "".join(f"{d}({_letters(k)})" for k, d in enumerate(tail))


def _hint_places(problem: Problem) -> int:
    # Of the operands, not of the sum, whose length would tell whether the last column carries.
    return 0 if "." in problem["a"] + problem["b"] else max(len(problem["a"]), len(problem["b"]))


def _hint_sum(problem: Problem, answer: str) -> tuple[str, str]:
    places = _hint_places(problem)
    a, b, s = (_hinted(text, places) for text in (problem["a"], problem["b"], answer))
    return f"{a}+{b}", s


def _hint_prompt(problem: Problem, query: str) -> str:
    return f"{query}\nWith an index hint after each digit: {_hint_sum(problem, oracle(problem))[0]}"


def _hint_completion(problem: Problem, answer: str) -> str:
    operands, total = _hint_sum(problem, answer)
    return f"{operands}={total}\n{ANSWER_MARK}{answer}"


def _reversed_prompt(problem: Problem, query: str) -> str:
    turned = re.sub(r"[0-9]+(\.[0-9]+)?", lambda number: number[0][::-1], query)
    return f"{turned} All numbers, the answer too, are written from right to left, last digit first."


def _reversed_completion(problem: Problem, answer: str) -> str:
    return f"{problem['a'][::-1]}+{problem['b'][::-1]}={answer[::-1]}\n{ANSWER_MARK}{answer[::-1]}"


_FORM = " Write the exact sum, without zeros at the end of its fraction."

TASK = Task(
    name="addition",
    paradigm="simulation",
    description="the exact sum of two long decimal numbers",
    length_is="digits of each operand, drawn independently",
    ranges={"S": (10, 30), "M": (31, 40), "L": (41, 50)},
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    program=program,
    example_length=3,
    oracle=oracle,
    templates=tuple(
        text + _FORM
        for text in (
            "What is {a} + {b}?",
            "Compute {a} + {b} exactly.",
            "Add {a} and {b} together.",
            "Find the sum that {a} and {b} make.",
            "Calculate {a} + {b} to the last digit.",
            "Evaluate: {a} + {b} = ?",
            "How much is {a} plus {b}?",
            "Please take {a} and add {b} to it.",
            "Work out {a} + {b} digit by digit.",
            "What is x + y if x = {a} and y = {b}?",
            "What do you get when you increase {a} by {b}?",
            "Give the total of {a} and {b} as one number.",
            "A ledger lists the amounts {a} and {b} in two lines. What is their total?",
            "A tank holds {a} litres and {b} litres are poured in. How many litres does it hold now?",
            "One cable is {a} metres long, another {b} metres. How long are they laid end to end?",
            "A rocket burned {a} kg of fuel in its first stage and {b} kg in its second. How many kg in all?",
            "A counter at {a} moves up by {b} in one go. What does it show?",
            "Two parcels weigh {a} g and {b} g. What do they weigh together?",
            "A bank balance of {a} receives {b} as a deposit. What is the new balance?",
            "The first run took {a} seconds, the second {b} seconds. What is the total time in seconds?",
            "A survey counted {a} units in spring and {b} in autumn. What is the sum of the two counts?",
            "I need to know what {a} and {b} make together.",
            "Sum up {a} and {b} for me.",
            "A field of {a} hectares is joined with one of {b} hectares. What is the joint area in hectares?",
        )
    ),
    phrases={
        "a": "Read on in the first number",
        "c": "Read on in the first number's fraction",
        "b": "Read on in the second number",
        "f": "Read on in the second number's fraction",
        "rest": "Do both numbers have a fraction?",
        "walk": "Go right until one fraction ends",
        "add": "Add one column with carry {i}",
        "carry": "Carry the one",
        "end": "Find the end of the fraction",
        "trim": "Is there a zero at the end?",
        "top": "Find the highest digit",
        "copy": "Copy the next whole digits out",
        "point": "Is there a fraction?",
        "mid": "Put a point and copy the first fraction digits out",
        "tail": "Copy the next fraction digits out",
    },
    plain_cot=plain_cot,
    baselines={
        "index-hint": Baseline(_hint_prompt, _hint_completion),
        "reversed": Baseline(_reversed_prompt, _reversed_completion, lambda answer: answer[::-1]),
    },
)
