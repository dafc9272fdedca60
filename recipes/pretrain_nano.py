"""Pre-train `nano` on generic tape skills: never on a task's traces, labels or answers.

    python recipes/pretrain_nano.py --out runs/nano --minutes 60          # stop and resume at any time: same command
    python recipes/pretrain_nano.py --out runs/nano --install             # put its weights and card into the package

A document is one page of text on which a tape is written and read by random elementary moves: a raw string is scanned
into addressed cells, cells are looked up near and far, overwritten and read again, two tapes are read side by side,
their values are added, compared, multiplied; cells are collected into words and words into runs; a pointer names the
tape to read; sentences and other tapes stand in between. Letters, labels and layouts are drawn anew for every page.
The loss is taken only on what a reader of the page can know (a drawn digit is not learnable, so it teaches nothing).
Documents are a pure function of (seed, index); the hash of all tokens goes into the model card.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import platform
import random
import string
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from tail_lite import nano
from tail_lite.tasks.base import rng_of

FREE, FORM, VALUE = 0, 1, 2
"""What a piece of text is to its reader: drawn at random; layout that a habit predicts; a value that must be found."""

Cells = dict[str, str]

# Labels of states that pages use: made-up words and single letters. Those of addition (its `phrases`) are not among
# them, and a test holds this for every line of every page.
_LETTERS = [c for c in string.ascii_letters if c not in "abcfxy"]
_STOP = "/"  # a line of its own: what was done step by step has come to its end


def _label(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(_LETTERS)
    return rng.choice("zvkjg") + rng.choice("iou") + rng.choice("kvzg") + rng.choice(["", "u", "o"])


class Page:
    """A document under construction: its text, what each piece is to the reader, and the tape that it describes."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.rng = rng
        self.size = size  # characters wanted, roughly
        self.longest = 8  # cells of a tape at most
        self.pieces: list[tuple[str, int]] = []
        self.written = 0
        self.cells: Cells = {}
        self.tapes: dict[str, tuple[int, int]] = {}  # letter -> first and last index
        self.counts: dict[str, str] = {}  # address that holds a tape's last index -> the tape's letter
        self.pointers: list[str] = []
        self.count_mark = rng.choice("hkrsuvz#")
        self._letters: list[str] = []

    def add(self, text: str, kind: int) -> None:
        self.pieces.append((text, kind))
        self.written += len(text)

    def letter(self, heads_line: bool = False) -> str:
        """One that this page has not used, as long as there are any; a line begins with labels' letters only."""
        for k in range(len(self._letters) - 1, -1, -1):
            if not heads_line or self._letters[k] in _LETTERS:
                return self._letters.pop(k)
        self._letters = self.rng.sample(string.ascii_letters, 52)
        return self.letter(heads_line)

    def line(self, label: str, known: bool) -> None:
        self.add("\n", FORM)
        self.add(label, FORM if known else FREE)

    def read(self, address: str, known: bool = True) -> str:
        """Fetch a cell: its value is what the reader must find."""
        value = self.cells[address]
        self.add(f" {address}", VALUE if known else FREE)
        self.add("=", FORM)
        self.add(value, VALUE)
        return value

    def write(self, address: str, value: str, known: bool, kind: int = VALUE) -> None:
        self.cells[address] = value
        self.add(f" {address}", kind if known else FREE)
        self.add("=", FORM)
        self.add(value, kind)

    def solve(self, result: object) -> None:
        self.add(" :", FORM)
        self.add(str(result), VALUE)

    def tape(self, least: int = 1) -> str:
        """A tape of at least so many cells; a new one is laid down where there is none."""
        fit = [t for t, (lo, hi) in self.tapes.items() if hi - lo + 1 >= least]
        return self.rng.choice(fit) if fit and self.rng.random() < 0.9 else lay(self, least)


def _symbols(rng: random.Random, n: int) -> str:
    """A raw string. One in four has few different symbols, so that counting must help where matching cannot."""
    shape = rng.random()
    if shape < 0.62:
        alphabet = string.digits
    elif shape < 0.8:
        alphabet = rng.choice(("09", "01", "0999", "0459", "45", "123", "5556"))
    elif shape < 0.95:
        alphabet = string.ascii_lowercase[: rng.choice((3, 6, 26, 26))]
    else:
        alphabet = string.ascii_uppercase
    return "".join(rng.choices(alphabet, k=n))


def _number(rng: random.Random, n: int) -> str:
    text = "".join(rng.choices(string.digits if rng.random() < 0.75 else rng.choice(("09", "0999", "0459", "45")), k=n))
    if n > 2 and rng.random() < 0.45:
        point = rng.randint(1, n - 1)
        text = f"{text[:point]}.{text[point:]}"
    return text


def _length(page: Page) -> int:
    """Of a tape or string: long ones as likely as short ones."""
    return page.rng.randint(3, max(4, page.longest)) if page.rng.random() < 0.7 else page.longest


# Skills. Each writes one exercise onto the page.


def sentence(page: Page) -> None:
    """A query-like sentence; the loss covers its words, not what fills its slots."""
    rng = page.rng
    if page.written:
        page.add(rng.choice("\n\n "), FREE)
    for k, part in enumerate(_split_slots(rng.choice(_SENTENCES))):
        if k % 2 == 0:
            page.add(part, FORM)
        elif part == "num":
            page.add(_number(rng, rng.randint(1, 9)), FREE)
        elif part == "word":
            page.add(_symbols(rng, rng.randint(2, 12)), FREE)
        else:
            page.add(", ".join(str(rng.randint(0, 99)) for _ in range(rng.randint(2, 8))), FREE)


def lay(page: Page, least: int = 3) -> str:
    """A tape of drawn values: ``q4=7 q5=0 …``; only its running index can be known."""
    rng = page.rng
    letter = page.letter(heads_line=True)
    first = rng.choice((0, 1, 1, 1, 1, rng.randint(2, 60)))
    values = list(_symbols(rng, max(least, _length(page))))
    if rng.random() < 0.15:
        values = [str(rng.randint(0, 99)) for _ in values]
    page.add("\n", FORM)
    order = range(len(values)) if rng.random() < 0.8 else range(len(values) - 1, -1, -1)
    for n, k in enumerate(order):
        address = f"{letter}{first + k}"
        page.cells[address] = values[k]
        page.add(f" {address}" if n else address, FORM if n else FREE)
        page.add("=", FORM)
        page.add(values[k], FREE)
    page.tapes[letter] = (first, first + len(values) - 1)
    return letter


def scan(page: Page) -> None:
    """Raw strings, in a sentence or alone, then symbol by symbol with addresses; a point starts another tape."""
    rng = page.rng
    numbers = rng.random() < 0.65
    strings = [
        _number(rng, _length(page)) if numbers else _symbols(rng, _length(page)) for _ in range(rng.choice((1, 2, 2)))
    ]
    if rng.random() < 0.5:
        parts = _split_slots(rng.choice(_WITH_NUMBERS[len(strings)]))
        page.add("\n" if page.written else "", FREE)
        for k, part in enumerate(parts):
            page.add(strings[k // 2] if k % 2 else part, FREE if k % 2 else FORM)
    else:
        page.add("\n" if page.written else "", FREE)
        page.add(rng.choice((" ", ", ", " | ", " and ", "\n", " + ", " - ")).join(strings), FREE)
    if page.longest > 20 and rng.random() < 0.3:
        sentence(page)
    for text in strings:
        _scan_one(page, text)


def _scan_one(page: Page, text: str) -> None:
    rng = page.rng
    letter = track = page.letter(heads_line=True)
    stop = rng.choice("___.;") if "." not in text else "_"
    page.add("\n", FORM)
    first = True
    k, last = 1, 0
    for symbol in text + stop:
        address = f"{track}{k}"
        page.cells[address] = symbol
        page.add(address if first else f" {address}", FREE if first else VALUE)
        page.add("=", FORM)
        page.add(symbol, VALUE)
        first = False
        last = k - 1
        k += 1
        if symbol == "." and track == letter and "." in text:
            page.tapes[letter] = (1, last)
            _count(page, letter, last)
            track, k = letter.swapcase(), 1  # the other tape's letter can be known
    page.tapes[track] = (1, last)
    _count(page, track, last)


def _count(page: Page, letter: str, last: int) -> None:
    """How many symbols a tape has, once it has been read to its end."""
    address = f"{page.count_mark}{letter}"
    page.write(address, str(last), known=True)
    page.counts[address] = letter


def copies(page: Page) -> None:
    """A raw string again: contiguous, spaced or backwards."""
    rng = page.rng
    text = _symbols(rng, _length(page))
    how = rng.choice(("same", "same", "spaced", "back", "joined"))
    mark = {"same": "again", "spaced": "apart", "back": "reversed", "joined": "joined"}[how]
    page.add("\n", FREE)
    if how == "joined":
        page.add(" ".join(text), FREE)
    else:
        page.add(text, FREE)
    page.add(f" {mark}: ", FREE)
    page.add({"spaced": " ".join(text), "back": text[::-1]}.get(how, text), VALUE)
    page.add("\n", FORM)


def look_up(page: Page) -> None:
    """Cells of the page in no order."""
    rng = page.rng
    page.tape()
    addresses = list(page.cells)
    page.line(_label(rng), False)
    for n in range(rng.randint(3, 8)):
        if n and rng.random() < 0.15:
            page.line(_label(rng), False)
        page.read(rng.choice(addresses), known=False)


def sweep(page: Page) -> None:
    """One tape, cell by cell, up or down: the address too can be known."""
    rng = page.rng
    letter = page.tape(3)
    lo, hi = page.tapes[letter]
    ks = list(range(lo, hi + 1))
    start = rng.randrange(len(ks) - 2) if rng.random() < 0.4 else 0
    ks = ks[start:]
    if rng.random() < 0.5:
        ks.reverse()
    label = _label(rng) if rng.random() < 0.6 else ""
    for n, k in enumerate(ks):
        if label or not n:
            page.line(label, n > 0)
        page.read(f"{letter}{k}", known=n > 1)
    page.add(f"\n{_STOP}", FORM)


def overwrite(page: Page) -> None:
    """Cells get drawn values, after the word that says so; later look-ups must find these."""
    rng = page.rng
    letter = page.tape()
    lo, hi = page.tapes[letter]
    page.line("set", False)
    for _ in range(rng.randint(2, 6)):
        page.write(f"{letter}{rng.randint(lo, hi)}", rng.choice(string.digits), known=False, kind=FREE)
    page.line(_label(rng), False)
    for _ in range(rng.randint(2, 6)):
        page.read(f"{letter}{rng.randint(lo, hi)}", known=False)


def _digit(value: str) -> int:
    return int(value) if value.isdigit() else 0


_OPERATIONS: dict[str, Callable[[int, int, int], int]] = {
    "+": lambda p, q, c: p + q + c,
    "-": lambda p, q, c: p - q - c,
    "*": lambda p, q, c: p * q,
    ">": lambda p, q, c: max(p, q),
    "<": lambda p, q, c: min(p, q),
    "?": lambda p, q, c: 0 if p == q else 1 if p > q else 2,
}


def _digit_tapes(page: Page) -> list[str]:
    """Tapes of single digits (a blank cell at the end does not count)."""
    return [
        t
        for t, (lo, hi) in page.tapes.items()
        if hi - lo >= 2
        and all(len(page.cells[f"{t}{k}"]) == 1 and page.cells[f"{t}{k}"].isdigit() for k in range(lo, hi + 1))
    ]


def _fresh_digits(page: Page) -> str:
    """A tape of drawn digits from index 1, with its count."""
    rng = page.rng
    letter = page.letter(heads_line=True)
    n = _length(page)
    page.add("\n", FORM)
    alphabet = string.digits if rng.random() < 0.8 else rng.choice(("09", "0999", "0459", "45"))
    for k, value in enumerate(rng.choices(alphabet, k=n), 1):
        page.cells[f"{letter}{k}"] = value
        page.add(f" {letter}{k}" if k > 1 else f"{letter}{k}", FORM if k > 1 else FREE)
        page.add("=", FORM)
        page.add(value, FREE)
    page.tapes[letter] = (1, n)
    page.add(f" {page.count_mark}{letter}", FREE)
    page.add("=", FORM)
    page.add(str(n), VALUE)
    page.cells[f"{page.count_mark}{letter}"] = str(n)
    page.counts[f"{page.count_mark}{letter}"] = letter
    return letter


def side_by_side(page: Page) -> None:
    """Two tapes in step, their values combined, the result written: over one of them or onto a third."""
    rng = page.rng
    tapes = _digit_tapes(page)
    while len(tapes) < 2 or (len(tapes) < 4 and rng.random() < 0.1):
        tapes.append(_fresh_digits(page))
    left, right = rng.sample(tapes, 2)
    (lo_l, hi_l), (lo_r, hi_r) = page.tapes[left], page.tapes[right]
    n = min(hi_l - lo_l, hi_r - lo_r) + 1
    # Labels, letters, direction, operation and the place of the result vary; no page has a task's own combination.
    op = rng.choice("++++--*><?")
    down = rng.random() < 0.65
    carries = op in "+-" and rng.random() < 0.75
    name = _label(rng)
    label = rng.choice((name + op, name, name)) if op != "?" else name + op
    kept = rng.choice(("over", "over", "third", "none"))
    onto = left if rng.random() < 0.5 else right
    third = page.letter() if kept == "third" else ""
    if down and f"{page.count_mark}{left}" in page.counts and f"{page.count_mark}{right}" in page.counts:
        # Both ends are fetched and compared; both heads start there.
        page.line(_label(rng), False)
        p, q = int(page.read(f"{page.count_mark}{left}", False)), int(page.read(f"{page.count_mark}{right}", False))
        page.solve("<" if p < q else ">" if p > q else "=")
        if rng.random() < 0.6:
            longer, pointer = (left if p >= q else right), page.letter().upper()
            onto = longer
            page.write(pointer, longer, known=False)
            page.pointers.append(pointer)
        i, j = p, q
        if rng.random() < 0.4:  # from the shorter one's end, at equal indices
            i = j = min(p, q)
            label += "="
        n = min(i - lo_l, j - lo_r) + 1
    else:
        i, j = (lo_l + n - 1, lo_r + n - 1) if down else (lo_l, lo_r)
        if rng.random() < 0.3:
            i, j = (hi_l, hi_r) if down else (hi_l - n + 1, hi_r - n + 1)
    step, carry = (-1 if down else 1), 0
    at_once = label.endswith("=")  # a label that says where it starts
    for k in range(n):
        page.line(label, k > 0)
        if carries:
            page.add(str(carry), VALUE if k else FREE)
        p, q = _digit(page.read(f"{left}{i}", k > 0)), _digit(page.read(f"{right}{j}", k > 0 or at_once))
        total = _OPERATIONS[op](p, q, carry)
        result = "=><"[total] if op == "?" else str(total)
        page.add(" :", FORM)
        page.add(result, VALUE if k or op not in "+-*><" or op in label else FREE)
        if op in "+-":
            value, carry = str(total % 10), int(total >= 10 or total < 0) if carries else 0
        else:
            value = result
        if kept == "over":
            page.write(f"{onto}{i if onto == left else j}", value, k > 0)
        elif kept == "third":
            page.write(f"{third}{i}", value, k > 0)
            lo, hi = page.tapes.get(third, (i, i))
            page.tapes[third] = (min(i, lo), max(i, hi))
        i, j = i + step, j + step
    page.add(f"\n{_STOP}", FORM)


def ripple(page: Page) -> None:
    """Down a tape as long as a condition holds: a carry runs on, or zeros are wiped."""
    rng = page.rng
    letter = page.letter(heads_line=True)
    n = _length(page)
    wipe = rng.random() < 0.5
    run = min(n - 1, rng.choice((0, 1, 1, 2, 3, rng.randint(0, 12))))
    symbol = "0" if wipe else "9"
    other = rng.choice(string.digits.replace(symbol, ""))
    digits = [*rng.choices(string.digits, k=n - run - 1), other, *[symbol] * run]
    page.add("\n", FORM)
    for k, value in enumerate(digits, 1):
        page.cells[f"{letter}{k}"] = value
        page.add(f" {letter}{k}" if k > 1 else f"{letter}{k}", FORM if k > 1 else FREE)
        page.add("=", FORM)
        page.add(value, FREE)
    page.tapes[letter] = (1, n)
    label = ("wipe" if wipe else "inc") if rng.random() < 0.7 else _label(rng)
    k = n
    while True:
        page.line(label, k < n)
        digit = page.read(f"{letter}{k}", k < n)
        if wipe:
            if digit != "0":
                break
            page.write(f"{letter}{k}", "_", True)
        else:
            page.add(" :", FORM)
            page.add(str(int(digit) + 1), VALUE)
            page.write(f"{letter}{k}", str((int(digit) + 1) % 10), True)
            if digit != "9":
                break
        k -= 1
    page.add(f"\n{_STOP}", FORM)


def collect(page: Page) -> None:
    """Some cells at a time into a word, words onto a growing run, the run once more on a last line."""
    rng = page.rng
    letter = page.tape(3)
    lo, hi = page.tapes[letter]
    stop = page.cells.get(f"{letter}{hi + 1}", "")
    label, word_key, run_key = _label(rng), page.letter(), page.letter()
    some, many = rng.choice((3, 4, 5, 5, 5, 6)), rng.choice((1, 2, 2, 3))
    k, word, run = lo, "", ""
    first = True
    while k <= hi:
        page.line(label, not first)
        chunk = ""
        while k <= hi and len(chunk) < some:
            value = page.read(f"{letter}{k}", not first or bool(chunk))
            chunk += value
            k += 1
        ended = k > hi
        if ended and stop and len(chunk) < some:
            page.read(f"{letter}{k}", True)
        word += chunk
        page.write(word_key, word, not first)
        if ended or len(word) >= some * many:
            run += word
            page.write(run_key, run, bool(run != word))
            word = ""
        first = False
    page.line(rng.choice(("So: ", "Result: ", "Out: ", "= ")), False)
    page.add(run, VALUE)
    page.add("\n", FORM)


def pointers(page: Page) -> None:
    """A cell names the tape that is read next."""
    rng = page.rng
    while len(page.tapes) < 2:
        lay(page)
    held = page.pointers
    if not held or rng.random() < 0.4:
        page.line("set", False)
        for _ in range(rng.randint(1, 3)):
            address = page.letter()
            page.write(address, rng.choice(list(page.tapes)), known=False, kind=FREE)
            held.append(address)
    for _ in range(rng.randint(2, 4)):
        page.line(_label(rng), False)
        letter = page.read(rng.choice(held), known=False)
        if letter not in page.tapes:
            continue
        lo, hi = page.tapes[letter]
        k = rng.randint(lo, hi)
        for n in range(min(rng.randint(1, 5), hi - k + 1)):
            value = page.cells[f"{letter}{k + n}"]
            page.add(f" {letter}", VALUE)
            page.add(str(k + n), VALUE if n else FREE)
            page.add("=", FORM)
            page.add(value, VALUE)


def sums(page: Page) -> None:
    """Elementary solutions on drawn operands that stand right there."""
    rng = page.rng
    op = rng.choice("+++-*?m")
    name = _label(rng)
    left, right = page.letter(), page.letter()
    for n in range(rng.randint(3, 8)):
        carry = rng.randint(0, 1)
        page.line(name + ("" if op in "?m" else op), n > 0)
        if op in "+-":
            page.add(str(carry), FREE)
        big = 120 if op in "?m" else 10
        p, q = rng.randrange(big), rng.randrange(big)
        if op in "?m" and rng.random() < 0.35:
            q = max(0, p + rng.randint(-1, 1))
        for address, value in ((left, p), (right, q)):
            page.write(f"{address}{rng.randint(1, 60)}", str(value), known=False, kind=FREE)
        page.add(" :", FORM)
        if op == "?":
            page.add("<" if p < q else ">" if p > q else "=", VALUE)
        elif op == "m":
            page.add(str(min(p, q)), VALUE if n else FREE)
        else:
            page.add(str(_OPERATIONS[op](p, q, carry)), VALUE)


def counting(page: Page) -> None:
    """Up and down, through zero too; bare or as an index."""
    rng = page.rng
    start, step = rng.randint(-9, 120), rng.choice((1, 1, -1, -1, 2, 10))
    form = rng.choice((" {}", "\n{} {}", " {}{}"))
    name = rng.choice(_LETTERS)
    page.line("", True)
    for n in range(rng.randint(5, 20)):
        value = start + n * step
        page.add(form.format(name, value) if form.count("{}") == 2 else form.format(value), VALUE if n > 1 else FREE)


SKILLS: dict[str, tuple[Callable[[Page], Any], int]] = {
    "scan": (scan, 26),
    "copies": (copies, 8),
    "look_up": (look_up, 9),
    "sweep": (sweep, 9),
    "overwrite": (overwrite, 7),
    "side_by_side": (side_by_side, 20),
    "ripple": (ripple, 5),
    "collect": (collect, 14),
    "pointers": (pointers, 5),
    "sums": (sums, 6),
    "counting": (counting, 2),
    "sentence": (sentence, 7),
}
"""Every skill, and its share of the exercises."""


def _split_slots(text: str) -> list[str]:
    """``a {num} b`` → ``['a ', 'num', ' b']``."""
    parts: list[str] = []
    for piece in text.split("{"):
        parts += piece.split("}")
    return parts


_SENTENCES = nano.sentences()
_WITH_NUMBERS = {n: [s for s in _SENTENCES if s.count("{num}") == n and s.count("{") == n] for n in (1, 2)}


def document(rng: random.Random, size: int, longest: int, skill: str | None = None) -> list[tuple[str, int]]:
    """One page of about `size` characters whose tapes have at most `longest` cells; of one skill, or of all."""
    page = Page(rng, size)
    page.longest = longest
    names, weights = list(SKILLS), [share for _, share in SKILLS.values()]
    if skill is None and rng.random() < 0.3:
        # A page with few skills, so that each is also met in long unbroken exercises.
        names = rng.sample(names, rng.randint(1, 3))
        weights = [SKILLS[name][1] for name in names]
    while page.written < size:
        SKILLS[skill or rng.choices(names, weights)[0]][0](page)
    return page.pieces


def encode(tokenizer: Any, pieces: list[tuple[str, int]]) -> tuple[list[int], list[int]]:
    """Tokens of a page and the kind of each; a token belongs to the piece that its last character stands in."""
    text = "".join(t for t, _ in pieces)
    kinds = bytearray()
    for piece, kind in pieces:
        kinds += bytes([kind]) * len(piece)
    encoded = tokenizer.encode(text, add_special_tokens=False)
    return encoded.ids, [kinds[end - 1] for _, end in encoded.offsets]


# Training.

PHASES = ((0.2112, 256, 8), (0.2116, 512, 18), (0.2222, 1024, 44), (0.2903, 2048, 80), (0.0647, 3072, 110))
"""The curriculum: share of all tokens, tokens of a row, cells of a tape at most."""
CONTEXT = 16_384


def phase_of(progress: float) -> tuple[int, int]:
    for share, width, longest in PHASES:
        progress -= share
        if progress < 0:
            return width, longest
    return PHASES[-1][1:]


def row(tokenizer: Any, seed: int, index: int, width: int, longest: int) -> tuple[list[int], list[int], list[int]]:
    """Pages end to end: tokens, their kinds, their positions. A pure function of its arguments.

    In most rows the position leaps forward at a few line ends, so that everything between far ends of a long context
    is practised at the cost of a short one (positional skips: Zhu et al., arXiv 2309.10400).
    """
    rng = rng_of("pretrain", seed, index, width)
    end = tokenizer.token_to_id(nano.END)
    newline = tokenizer.token_to_id(tokenizer.encode("\n").tokens[0])
    ids: list[int] = []
    kinds: list[int] = []
    while len(ids) < width:
        size = int(math.exp(rng.uniform(math.log(150), math.log(2 * width))))
        cells = int(math.exp(rng.uniform(math.log(4), math.log(longest))) + 0.5)
        more, their_kinds = encode(tokenizer, document(rng, size, cells))
        ids += [*more, end]
        kinds += [*their_kinds, FREE]
    del ids[width:], kinds[width:]
    positions = list(range(width))
    if rng.random() < 0.6:
        lines = [k for k, token in enumerate(ids) if token == newline]
        for at in rng.sample(lines, min(len(lines), rng.randint(1, 3))):
            leap = int(math.exp(rng.uniform(0, math.log((CONTEXT - width) / 3))))
            positions[at:] = [p + leap for p in positions[at:]]
    return ids, kinds, positions


def attention() -> str:
    """Registers causal attention in blocks of queries, and returns its name: on a CPU in bfloat16 about twice as fast,
    forward and backward, as torch 2.13's fused kernel (heads of 32), because only matrix products do the work."""
    import torch
    from transformers import AttentionInterface

    class Blocks(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, q: Any, k: Any, v: Any) -> Any:
            n, t, d = q.shape
            many, block = (16, 128) if t <= 1024 else (4, 256)
            mask = torch.full((block, block), float("-inf"), dtype=q.dtype).triu(1)
            out = torch.empty_like(q)
            q = q * d**-0.5
            saved = []
            for g in range(0, n, many):
                heads = slice(g, g + many)
                for i in range(0, t, block):
                    here = slice(i, i + block)
                    scores = torch.bmm(q[heads, here], k[heads, : i + block].transpose(1, 2))
                    scores[:, :, i:] += mask[: scores.shape[1], : scores.shape[2] - i]
                    weights = torch.softmax(scores, -1)
                    out[heads, here] = torch.bmm(weights, v[heads, : i + block])
                    saved.append((heads, here, i + block, weights))
            ctx.save_for_backward(q, k, v, out)
            ctx.blocks = saved
            return out

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            q, k, v, out = ctx.saved_tensors
            dq, dk, dv = torch.empty_like(q), torch.zeros(k.shape), torch.zeros(v.shape)
            mean = (grad * out).sum(-1, keepdim=True, dtype=torch.float32).to(q.dtype)
            for heads, here, end, weights in ctx.blocks:
                g = grad[heads, here]
                dv[heads, :end] += torch.bmm(weights.transpose(1, 2), g)
                ds = torch.baddbmm(mean[heads, here], g, v[heads, :end].transpose(1, 2), beta=-1).mul_(weights)
                dq[heads, here] = torch.bmm(ds, k[heads, :end])
                dk[heads, :end] += torch.bmm(ds.transpose(1, 2), q[heads, here])
            ctx.blocks = None
            return dq * q.shape[-1] ** -0.5, dk.to(k.dtype), dv.to(v.dtype)

    def blocks(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **_: Any) -> tuple[Any, None]:
        b, h, t, d = query.shape
        out = Blocks.apply(*(x.reshape(b * h, t, d).to(torch.bfloat16) for x in (query, key, value)))
        return out.view(b, h, t, d).transpose(1, 2), None

    AttentionInterface.register("nano_blocks", blocks)
    return "nano_blocks"


def hidden_and_targets(model: Any, rows: list[tuple[list[int], list[int], list[int]]]) -> tuple[Any, Any, Any]:
    """Last hidden states where the next token can be known, that token, and its kind."""
    import torch

    ids, kinds, positions = (torch.tensor(part) for part in zip(*rows, strict=True))
    states = model.model(input_ids=ids, position_ids=positions, attention_mask=None, use_cache=False).last_hidden_state
    known = kinds[:, 1:] > FREE
    return states[:, :-1][known], ids[:, 1:][known], kinds[:, 1:][known]


EVALS = {"short": (700, 10), "long": (4_000, 60)}


def skill_accuracy(model: Any, tokenizer: Any, pages: int = 3) -> dict[str, dict[str, float]]:
    """Share of right values (given the true text before) on pages that training never sees, by skill and length."""
    import torch

    table: dict[str, dict[str, float]] = {}
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for name in SKILLS:
            for length, (size, longest) in EVALS.items():
                right = total = 0
                for k in range(pages):
                    ids, kinds = encode(tokenizer, document(rng_of("held out", name, length, k), size, longest, name))
                    states, targets, kind = hidden_and_targets(model, [(ids, kinds, list(range(len(ids))))])
                    values = kind == (FORM if name == "sentence" else VALUE)
                    hits = model.lm_head(states[values]).argmax(-1) == targets[values]
                    right, total = right + int(hits.sum()), total + hits.numel()
                table.setdefault(name, {})[length] = round(100 * right / total, 1)
    return table


def optimizers(model: Any, rate: float) -> list[Any]:
    """Muon for the matrices, AdamW for the rest. Muon gets to the look-up circuits in far fewer tokens: after 1.6
    million the mean loss was 0.86, against 1.85 with AdamW for all (3e-3; same documents, 2026-11-20)."""
    import torch

    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon = torch.optim.Muon(matrices, lr=rate, weight_decay=0.05, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)]


def rate_factor(progress: float) -> float:
    """A short warm-up, a plateau, then straight down over the last third."""
    return min(1.0, (progress + 1e-4) / 0.018, max(0.02, (1 - progress) / 0.33))


def train(args: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(args.threads)
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = nano.build_tokenizer()
    model = nano.fresh_model(args.seed)
    model.set_attn_implementation(attention())
    steppers = optimizers(model, args.rate)
    state: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "hash": "", "log": []}
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        state = saved["state"]
        model.load_state_dict(saved["model"])
        for stepper, their in zip(steppers, saved["optimizers"], strict=True):
            stepper.load_state_dict(their)
        print(f"resumed at step {state['step']}, {state['tokens']:,} tokens", flush=True)

    def save() -> None:
        new = checkpoint.with_suffix(".new")
        torch.save({"state": state, "model": model.state_dict(), "optimizers": [s.state_dict() for s in steppers]}, new)
        new.replace(checkpoint)
        nano.save(model, out / "model")
        (out / "model" / "README.md").write_text(card(args, state), encoding="utf-8")

    stop_at = time.monotonic() + 60 * args.minutes
    losses: list[float] = []
    while state["tokens"] < min(args.tokens, args.stop or args.tokens) and time.monotonic() < stop_at:
        began = time.monotonic()
        progress = state["tokens"] / args.tokens
        width, longest = phase_of(progress)
        count = max(1, args.batch // width)
        rows = [row(tokenizer, args.seed, state["step"] * 1000 + k, width, longest) for k in range(count)]
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = args.rate * rate_factor(progress)
        with torch.autocast("cpu", torch.bfloat16):
            states, targets, _ = hidden_and_targets(model, rows)
            logits = model.lm_head(states)
        loss = torch.nn.functional.cross_entropy(logits.float(), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad()
        stream = hashlib.blake2b(state["hash"].encode() + repr(rows).encode(), digest_size=16)
        state["hash"] = stream.hexdigest()
        state["step"] += 1
        state["tokens"] += count * width
        state["seconds"] += time.monotonic() - began
        losses.append(float(loss.detach()))
        if state["step"] % 20 == 0:
            mean = sum(losses) / len(losses)
            speed = 20 * count * width / max(1e-9, state["seconds"] - state.get("shown", 0.0))
            state["shown"] = state["seconds"]
            losses = []
            print(
                f"step {state['step']} tokens {state['tokens'] / 1e6:.2f}M width {width} loss {mean:.4f} "
                f"{speed:,.0f} tokens/s",
                flush=True,
            )
        if state["step"] % args.every == 0:
            report(model, tokenizer, state)
            save()
    report(model, tokenizer, state)
    save()


def report(model: Any, tokenizer: Any, state: dict[str, Any]) -> None:
    table = skill_accuracy(model, tokenizer)
    state["log"].append({"tokens": state["tokens"], "seconds": round(state["seconds"]), "right": table})
    print("  ".join(f"{name} {a['short']}/{a['long']}" for name, a in table.items()), flush=True)


def card(args: argparse.Namespace, state: dict[str, Any]) -> str:
    """The model card: what these weights are and how to make them again."""
    last = state["log"][-1]["right"] if state["log"] else {}
    mix = ", ".join(f"{name} {share}" for name, (_, share) in SKILLS.items())
    phases = ", ".join(f"{share:.0%} at {width:,} tokens (tapes to {cells} cells)" for share, width, cells in PHASES)
    rows = "\n".join(f"| {name} | {a['short']} | {a['long']} |" for name, a in last.items())
    shape = nano.config()
    return f"""# nano

Made on {date.today()} by `python recipes/pretrain_nano.py --seed {args.seed} --tokens {args.tokens}`, then `--install`.
Qwen2: {shape.num_hidden_layers} layers, width {shape.hidden_size}, {shape.num_attention_heads} heads of 32,
tied embeddings, positions to {CONTEXT:,}. Trained on generic tape skills only: no task's trace, label or answer.

- seed {args.seed}; {state["step"]:,} steps; {state["tokens"]:,} tokens; {state["seconds"] / 60:.0f} minutes on
  {args.threads} thread(s) of a shared machine ({platform.machine()}), bfloat16 autocast
- skills and their shares of the exercises: {mix}
- curriculum: {phases}
- peak rate {args.rate}, Muon for matrices, AdamW for the rest
- hash of the token stream: `{state["hash"]}`

Right values on held-out pages, per cent, given the true text before (short: tapes to {EVALS["short"][1]}
cells; long: to {EVALS["long"][1]} cells, pages of some 2,500 tokens):

| skill | short | long |
|---|---|---|
{rows}
"""


def _fresh_end(weights: Path) -> None:
    """Draw the end-of-text token's row of the embedding afresh.

    No page of pre-training ends, so that row was only ever pushed away from every context; an adapter, which leaves the
    embeddings alone, could not bring it back: whole traces were right, and did not stop.
    """
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(weights)
    embedding = tensors["model.embed_tokens.weight"]
    row = torch.randn(embedding.shape[1], generator=torch.Generator().manual_seed(0))
    embedding[0] = row / row.norm() * embedding.norm(dim=1).median()
    save_file(tensors, weights, metadata={"format": "pt"})


def install(folder: Path) -> None:
    """Copy a trained model's files into the package."""
    for name in ("config.json", "generation_config.json", "model.safetensors", "README.md"):
        (nano.NANO_DIR / name).write_bytes((folder / "model" / name).read_bytes())
    _fresh_end(nano.NANO_DIR / "model.safetensors")
    nano.save_tokenizer(nano.NANO_DIR)
    print(f"installed {folder / 'model'} in {nano.NANO_DIR}")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/nano"), help="checkpoint and model folder; resumed if it holds one"
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights and documents")
    parser.add_argument("--tokens", type=int, default=15_500_000, help="in all; the curriculum and the rate follow it")
    parser.add_argument("--stop", type=int, help="stop after so many tokens of them; run again to go on")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long; run again to go on")
    parser.add_argument("--rate", type=float, default=4e-3, help="peak learning rate")
    parser.add_argument("--batch", type=int, default=8192, help="tokens a step")
    parser.add_argument("--every", type=int, default=200, help="steps between evaluations and checkpoints")
    parser.add_argument(
        "--threads", type=int, default=1, help="torch threads; more than one can be far slower on a shared machine"
    )
    parser.add_argument("--install", action="store_true", help="put the trained model into the package and end")
    return parser.parse_args(given)


def main() -> None:
    args = arguments()
    if args.install:
        install(args.out)
    else:
        train(args)


if __name__ == "__main__":
    main()
