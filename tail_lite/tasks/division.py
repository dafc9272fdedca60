"""Long division of two decimal strings with a table of multiples, cut off after a given number of decimal places.

Digits of the dividend stand in ``a1 a2 …`` and those of the divisor in ``b1 b2 …``; the point is kept with the digit
before it (``a2=7.``), so that the addresses count digits. The divisor, from its first digit other than zero, is cut
into pairs of digits, columns ``C D E …`` from the left, with a zero before it for the overflow and, if need be, one
behind. Row 1 of this sheet is the divisor and row q (``C7 D7 …``) is q times the divisor, each the sum of the row
above and row 1. The dividend is never moved: the divisor slides along under it, so the two points only decide which
position holds the units (``u``) and which is the last one (``l``). At each position the largest row that fits is found
by halving the interval (compare with row 5, then 2 or 7, …) and subtracted in place, a pair of digits a state; the
quotient grows in ``o``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

from tail_lite.tape import BLANK, HALT, Tape, Trace
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._decimals import check_decimals, length, pointed
from tail_lite.tasks.base import Problem, Task

_DIGITS = "0123456789"
_NONZERO = "123456789"
_COLUMNS = "CDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 40
_PLACES = (2, 3, 4, 5)

# The halving search: which row comes next if row q fits, or does not. Below zero: the digit is known (~digit).
_FITS = {5: 7, 7: 8, 8: 9, 9: ~9, 6: ~6, 2: 3, 3: 4, 4: ~4, 1: ~1}
_TOO_MUCH = {5: 2, 7: 6, 8: ~7, 9: ~8, 6: ~5, 2: 1, 3: ~2, 4: ~3, 1: ~0}


def _scaled(text: str) -> tuple[int, int]:
    """The digits as an integer, and how many of them stand behind the point."""
    head, _, tail = text.partition(".")
    return int(head + tail), len(tail)


def _in_bounds(a: str, b: str) -> bool:
    """0.1 ≤ a/b < 10⁴, exactly."""
    (p, i), (q, j) = _scaled(a), _scaled(b)
    p, q = p * 10**j, q * 10**i
    return q > 0 and q <= 10 * p and p < 10_000 * q


def _points(rng: random.Random, m: int, n: int) -> tuple[int, int]:
    """Digits before either point, so that the quotient may be within the bounds; each has a point half the time."""
    while True:
        i = m if m == 1 or rng.random() < 0.5 else rng.randint(1, m - 1)
        j = n if n == 1 or rng.random() < 0.5 else rng.randint(1, n - 1)
        if -1 <= i - j <= 4:
            return i, j


def _digits(rng: random.Random, size: int, whole: int) -> str:
    text = "".join(rng.choices(_DIGITS if rng.random() < 0.8 else rng.choice(("09", "019", "0001", "58")), k=size))
    return rng.choice(_NONZERO) + text[1:] if text[0] == "0" and (whole > 1 or size == 1) else text


def _quotient(rng: random.Random) -> int:
    """A quotient with an awkward shape: zeros inside, nines, or very few digits."""
    kind, size = rng.random(), rng.randint(1, 8)
    if kind < 0.4:
        return int(rng.choice(_NONZERO) + "0" * (size - 1) + rng.choice(_NONZERO))
    if kind < 0.6:
        return int(rng.choice(_NONZERO) + "9" * size)
    if kind < 0.8:
        return rng.choice((1, 2, 4, 5, 8, 25, 75, 125, 375, 625))
    return int(rng.choice(_NONZERO) + "".join(rng.choices("0009", k=size)))


def _dividend(rng: random.Random, divisor: int, size: int) -> str:
    """So many digits that the quotient has an awkward shape, exactly or as nearly as they can."""
    value = _quotient(rng) * divisor
    spare = size - len(str(value))
    if spare >= 0:
        return str(value * 10**spare)
    return str(-(-value // 10**-spare) if rng.random() < 0.5 else value // 10**-spare)


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Random digits; for one problem in three a dividend that makes the quotient awkward."""
    m, n = rng.randint(lo, hi), rng.randint(lo, hi)
    awkward = rng.random() < 0.35
    while True:
        i, j = _points(rng, m, n)
        if awkward:
            divisor = rng.choice(_NONZERO) + "".join(rng.choices(_DIGITS, k=n - 1))
            dividend = _dividend(rng, int(divisor), m)
            if len(dividend) != m:
                continue  # rounded up to a digit more
        else:
            dividend, divisor = _digits(rng, m, i), _digits(rng, n, j)
        a, b = pointed(dividend, i), pointed(divisor, j)
        if _in_bounds(a, b):
            return {"a": a, "b": b, "places": rng.choice(_PLACES)}


def _all_numbers(digits: int) -> list[str]:
    plain = [str(v) for v in range(10 ** (digits - 1), 10**digits)]
    return plain + ([f"{i}.{j}" for i, j in product(_DIGITS, _DIGITS)] if digits == 2 else [])


def enumerate_problems(lo: int, hi: int) -> Iterator[Problem] | None:
    """Every problem of at most two digits an operand; more are drawn."""
    if hi > 2:
        return None
    numbers = [text for digits in range(lo, hi + 1) for text in _all_numbers(digits)]
    pairs = ((a, b) for a, b in product(numbers, numbers) if _in_bounds(a, b))
    return ({"a": a, "b": b, "places": k} for a, b in pairs for k in _PLACES)


def validate(problem: Problem) -> None:
    check_keys("a division problem", problem, "a", "b", "places")
    check_decimals(problem)
    for key, size in zip("ab", length(problem), strict=True):
        if size > _LONGEST:
            raise ValueError(f"{key!r} has {size} digits; division takes at most {_LONGEST}")
    places = problem["places"]
    if type(places) is not int or places not in _PLACES:
        raise ValueError(f"'places' must be a whole number from 2 to 5, not {places!r}")
    if not _in_bounds(problem["a"], problem["b"]):
        raise ValueError("the quotient a/b must be at least 0.1 and less than 10000")


def oracle(problem: Problem) -> str:
    """By Python's integer division."""
    (p, i), (q, j) = _scaled(problem["a"]), _scaled(problem["b"])
    places = problem["places"]
    digits = str(p * 10 ** (j + places) // (q * 10**i)).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")


def _lay_out(cells: dict[str, str | int], text: str, track: str) -> None:
    head, point, tail = text.partition(".")
    for k, digit in enumerate(head + tail, 1):
        cells[f"{track}{k}"] = digit + point if k == len(head) else digit
    cells[f"{track}{len(head + tail) + 1}"] = BLANK
    cells[f"p{track}"] = BLANK


def _scan(tape: Tape, track: str) -> tuple[int, int]:
    """Read one operand and write down its first digit other than zero (s), its digits before the point (p) and its
    digits in all (n). Returns the first and the last of these; the last state has still to say what follows."""
    enter, read, write, goto = tape.enter, tape.read, tape.write, tape.goto
    k, start = 1, 0
    with tape.loop():
        while True:
            enter(f"{track}{k}" if start or k == 1 else f"z{track}{k}")
            symbol = str(read(f"{track}{k}"))
            if symbol == BLANK:
                whole = read(f"p{track}")
                read(f"s{track}")
                if whole == BLANK:
                    write(f"p{track}", k - 1)
                write(f"n{track}", k - 1)
                return start, k - 1
            if not start and symbol[0] != "0":
                start = k
                write(f"s{track}", k)
            if len(symbol) > 1:
                write(f"p{track}", k)
            k += 1
            goto(f"{track}{k}" if start else f"z{track}{k}")


def program(problem: Problem) -> Trace:
    places = problem["places"]
    cells: dict[str, str | int] = {"k": places, "o": BLANK}
    _lay_out(cells, problem["a"], "a")
    _lay_out(cells, problem["b"], "b")
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    start_a, size_a = _scan(tape, "a")
    goto("b1")
    start_b, _ = _scan(tape, "b")
    goto(f"c{start_b}{_COLUMNS[0]}")

    # Cut the divisor into pairs of digits: row 1 of the sheet.
    row: list[int] = []
    k = start_b
    with tape.loop():
        while True:
            column = _COLUMNS[len(row)]
            enter(f"c{k}{column}")
            high = "0" if not row else str(read(f"b{k}"))[0]
            if high == BLANK:
                k -= 1
                break
            if row:
                k += 1
            low = str(read(f"b{k}"))[0]
            ended = low == BLANK
            pair = high + ("0" if ended else low)
            write(f"{column}1", pair)
            row.append(int(pair))
            if ended:
                break
            k += 1
            goto(f"c{k}{_COLUMNS[len(row)]}")
    width = len(row)
    last_column = _COLUMNS[width - 1]
    write("v", last_column)
    write("m", k)
    goto(f"m0{last_column}2")

    # The other rows: row q is row q−1 and row 1 together.
    sheet = [[0] * width, row]
    with tape.loop():
        for q in range(2, 10):
            above = sheet[-1]
            row = [0] * width
            carry = 0
            with tape.loop():
                for c in range(width - 1, -1, -1):
                    column = _COLUMNS[c]
                    enter(f"m{carry}{column}{q}")
                    x = read(f"{column}{q - 1}")
                    y = read(f"{column}1") if q > 2 else x
                    if c == 0 and q < 9:
                        read("v")
                    total = above[c] + sheet[1][c] + carry
                    solve(f"{x}+{y}+{carry}", f"{total:02}")
                    carry, row[c] = divmod(total, 100)
                    write(f"{column}{q}", f"{row[c]:02}")
                    if c:
                        goto(f"m{carry}{_COLUMNS[c - 1]}{q}")
                    else:
                        goto(f"m0{last_column}{q + 1}" if q < 9 else "move")
            sheet.append(row)

    # Which positions: the units, the last one, and how far the divisor reaches to the right.
    def sum_of(state: str, x: str, y: str, sign: str, out: str) -> int:
        enter(state)
        p, q = int(read(x)), int(read(y))
        total = p + q if sign == "+" else p - q
        solve(f"{p}{sign}{q}", total)
        write(out, total)
        return total

    sum_of("move", "pa", "sb", "+", "u")
    goto("units")
    units = sum_of("units", "u", "pb", "-", "u")
    goto("last")
    last = sum_of("last", "u", "k", "+", "l")
    goto("width")
    sum_of("width", "m", "sb", "-", "w")
    goto("right")
    rightmost = sum_of("right", "l", "w", "+", "r")
    goto("first")
    end = sum_of("first", "sa", "w", "+", "e")
    write("a0", "0")
    goto("more")

    # Zeros behind the dividend, as far as the divisor will reach.
    enter("more")
    read("na")
    read("r")
    _compare(tape, size_a, rightmost)
    goto(f"i{size_a + 1}" if size_a < rightmost else "begin")
    with tape.loop():
        for k in range(size_a + 1, rightmost + 1):
            enter(f"i{k}")
            read("r")
            _compare(tape, k, rightmost)
            write(f"a{k}", "0")
            goto(f"i{k + 1}" if k < rightmost else "begin")

    enter("begin")
    read("sa")
    read("u")
    _compare(tape, start_a, units)
    output = ""
    if start_a > units:
        output = "0."
        write("o", output)
    goto(f"h5,{start_a}")

    position = start_a
    with tape.loop():
        while True:
            digit = _find(tape, position, sheet)

            enter(f"d{digit},{position}")
            read("o")
            read("u")
            _compare(tape, position, units)
            if digit or output or position == units:
                output += str(digit) + ("." if position == units else "")
                write("o", output)
            goto(f"n{digit},{position}")

            enter(f"n{digit},{position}")
            read("l")
            if position == last:
                _compare(tape, position, last)
                goto("trim")
                break
            read("e")
            if digit:
                read("v")
            _compare(tape, position, last)
            write("e", end + 1)
            goto(f"s0{last_column}{digit},{end}" if digit else f"h5,{position + 1}")
            if digit:
                _subtract(tape, digit, end, sheet[digit], f"h5,{position + 1}")
            position, end = position + 1, end + 1

    # Zeros at the end of the fraction, and a point without a fraction, are dropped.
    with tape.loop():
        more = True
        while more:
            enter("trim")
            read("o")
            more = output[-1] == "0"
            if output[-1] in ".0":
                output = output[:-1]
                write("o", output)
            goto("trim" if more else HALT)
    return tape.halt(output)


def _compare(tape: Tape, p: int, q: int) -> None:
    tape.solve(f"{p} compared with {q}", "<" if p < q else ">" if p > q else "=")


def _pair(tape: Tape, k: int) -> int:
    """Fetch the digits of the dividend at positions k−1 and k."""
    return int(str(tape.read(f"a{k - 1}"))[0] + str(tape.read(f"a{k}"))[0])


def _find(tape: Tape, position: int, sheet: list[list[int]]) -> int:
    """The largest row that fits under the dividend at `position`; announces the state of that digit."""
    q, c, k = 5, 0, position
    with tape.loop():
        while q >= 0:
            row = sheet[q]
            tape.enter(f"t{q}{_COLUMNS[c]}{k},{position}" if c else f"h{q},{position}")
            pair = _pair(tape, k)
            x = tape.read(f"{_COLUMNS[c]}{q}")
            tied = pair == row[c]
            if tied:
                tape.read("v")
            tape.solve(f"{pair:02} compared with {x}", "=" if tied else "<" if pair < row[c] else ">")
            if tied and c < len(row) - 1:
                c, k = c + 1, k + 2
                tape.goto(f"t{q}{_COLUMNS[c]}{k},{position}")
            else:
                q = _TOO_MUCH[q] if pair < row[c] else _FITS[q]
                c, k = 0, position
                tape.goto(f"h{q},{position}" if q >= 0 else f"d{~q},{position}")
    return ~q


def _subtract(tape: Tape, q: int, k: int, row: list[int], then: str) -> None:
    """Take row q from the dividend, whose digit at position k is the last one concerned: a pair of digits a state."""
    borrow = 0
    with tape.loop():
        for c in range(len(row) - 1, -1, -1):
            tape.enter(f"s{borrow}{_COLUMNS[c]}{q},{k}")
            pair = _pair(tape, k)
            x = tape.read(f"{_COLUMNS[c]}{q}")
            rest = pair - row[c] - borrow
            lent = "1" if rest < 0 else ""
            tape.solve(f"{lent}{pair:02}-{x}-{borrow}", f"{rest % 100:02}")
            borrow = int(rest < 0)
            high, low = divmod(rest % 100, 10)
            tape.write(f"a{k - 1}", high)
            tape.write(f"a{k}", low)
            k -= 2
            tape.goto(f"s{borrow}{_COLUMNS[c - 1]}{q},{k}" if c else then)


def plain_cot(problem: Problem) -> str:
    (p, i), (q, j) = _scaled(problem["a"]), _scaled(problem["b"])
    shift = max(i, j)
    p, q, places = p * 10 ** (shift - i), q * 10 ** (shift - j), problem["places"]
    lines = []
    if shift:
        lines.append(f"Move both points {shift} place{'s' if shift > 1 else ''} to the right: {p} / {q}.")
    whole, rest = divmod(p, q)
    lines.append(f"{q} goes {whole} time{'' if whole == 1 else 's'} into {p}, remainder {rest}.")
    digits = ""
    for _ in range(places):
        if not rest:
            lines.append("Nothing is left, so the division ends here.")
            break
        digit, left = divmod(rest * 10, q)
        lines.append(f"{rest}0 / {q}: digit {digit}, remainder {left}.")
        digits += str(digit)
        rest = left
    result = f"{whole}.{digits}" if digits else str(whole)
    lines.append(
        f"So the quotient begins with {result}, and what follows is cut off."
        if rest
        else f"So the quotient is {result}."
    )
    if digits.endswith("0"):
        lines.append("Zeros at the end of the fraction are left out.")
    return "\n".join(lines)


_FORM = (
    " Cut the quotient off (do not round) after {places} decimal places,"
    " and leave out zeros at the end of its fraction (write 2.5 and 7, not 2.500 and 7.00)."
)

TASK = Task(
    name="division",
    paradigm="simulation",
    description="the quotient of two decimal numbers, cut off after some decimal places",
    length_is="digits of each operand, drawn independently",
    ranges={"S": (2, 5), "M": (6, 10), "L": (11, 20)},
    max_length=_LONGEST,
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: {key: str(value) for key, value in problem.items()},
    program=program,
    oracle=oracle,
    plain_cot=plain_cot,
    templates=tuple(
        text + _FORM
        for text in (
            "What is {a} / {b}?",
            "Compute {a} ÷ {b}.",
            "Divide {a} by {b}.",
            "Find the quotient of {a} and {b}.",
            "Calculate {a} divided by {b}.",
            "Evaluate {a} / {b} by long division.",
            "How many times does {b} go into {a}, with decimals?",
            "Please divide the number {a} by the number {b}.",
            "Work out {a} ÷ {b}, digit by digit.",
            "Let x = {a} and y = {b}. What is x / y?",
            "What is the ratio of {a} to {b}?",
            "How many times as large as {b} is {a}?",
            "Which number, multiplied by {b}, makes {a}?",
            "A car drives {a} km on {b} litres of fuel. How many km is that per litre?",
            "A rope of {a} metres is cut into pieces of {b} metres. How many pieces is that, in decimals?",
            "A sum of {a} buys shares at a price of {b}. How many shares is that, in decimals?",
            "A pump moves {a} litres in {b} minutes. How many litres is that per minute?",
            "A rocket covers {a} km in {b} seconds. What is its mean speed in km per second?",
            "A block of {a} kg has a volume of {b} litres. What is its density in kg per litre?",
            "A factory made {a} units of goods in {b} hours. How many units is that an hour?",
            "One unit of a currency costs {b}. How many units does an amount of {a} buy?",
            "A field yields {a} kg of wheat on {b} hectares. How many kg is that per hectare?",
            "The dividend is {a} and the divisor is {b}. What is the quotient?",
            "I need to know what {a} over {b} makes as a decimal number.",
        )
    ),
    phrases={
        "a": "Read digit {i} of the dividend",
        "za": "No digit but zeros so far: read digit {i} of the dividend",
        "b": "Read digit {i} of the divisor",
        "zb": "No digit but zeros so far: read digit {i} of the divisor",
        "c": "Cut the next pair of digits from the divisor (digit and column: {i})",
        "m": "Add a pair of digits of the row above and of row 1 (carry, column and row: {i})",
        "move": "Where would the units be, if the divisor had no digit before its point?",
        "units": "Where are the units, then?",
        "last": "Which position is the last one?",
        "width": "How far does the divisor reach beyond its first digit?",
        "right": "How far does it reach at the last position?",
        "first": "How far does it reach at the first position?",
        "more": "Does the dividend reach as far?",
        "i": "Put a zero at position {i} behind the dividend",
        "begin": "Is the first position behind the point?",
        "h": "Does this row fit here? (row, position: {i})",
        "t": "The pairs before are the same: does it fit by the next one? (row, column and place, position: {i})",
        "d": "The largest row that fits is known: write the digit (digit, position: {i})",
        "s": "Subtract a pair of digits of the row (borrow, column and row, place: {i})",
        "n": "Is this the last position? (digit, position: {i})",
        "trim": "Is there a zero or a point at the end?",
    },
)
