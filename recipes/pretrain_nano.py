"""Pre-train `nano` on generic tape skills: never on a task's traces or answers.

    python recipes/pretrain_nano.py --out runs/nano --minutes 60          # stop and resume at any time: same command
    python recipes/pretrain_nano.py --out runs/nano --install             # put its weights and card into the package

A document is one page of text on which a tape is written and read by random elementary moves: a raw string, list or
word is scanned into addressed cells, cells are looked up near and far, overwritten and read again, two tapes are read
side by side, their values are added, compared, multiplied; cells are collected into words and words into runs; a
pointer names the tape or the cell to read; a stack grows and shrinks, a table is filled from its neighbours; sentences
and other tapes stand in between. A page closes with a run or a value repeated, and the end-of-text token. Letters,
labels and layouts are drawn anew for every page.
The loss is taken only on what a reader of the page can know (a drawn digit is not learnable, so it teaches nothing).
Documents are a pure function of (seed, index); the hash of all tokens goes into the model card.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import platform
import random
import signal
import string
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from tail_lite import nano
from tail_lite.files import replace_file
from tail_lite.tape import capitals
from tail_lite.tape import ring as ring_of
from tail_lite.tasks.base import rng_of

FREE, FORM, VALUE = 0, 1, 2
"""What a piece of text is to its reader: drawn at random; layout that a habit predicts; a value that must be found."""

Cells = dict[str, str]

# Labels of states that pages use: made-up words and single letters, so that no line can stand under a word that a task
# uses; the letters of addition, the task of the demo, are left out too. A test holds this for every line of every page.
_LETTERS = [c for c in string.ascii_letters if c not in "abcfxy"]
SET, _STEP, _WIPE = "juv", "giz", "kuv"  # drawn values follow; counts a digit on; wipes a digit
_STOP = "/"  # a line of its own: what was done step by step has come to its end
_HEADS = ("So: ", "Result: ", "Out: ", "= ")  # of a run repeated within a page
CLOSING = ("Done: ", "End: ", "Final: ")  # of the last line of a page
_VOCABULARY = sorted({w for w in nano.WORDS.split() if len(w) > 1})


def _label(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(_LETTERS)
    while True:
        word = rng.choice("zvkjg") + rng.choice("iou") + rng.choice("kvzg") + rng.choice(["", "u", "o"])
        if word not in (SET, _STEP, _WIPE):
            return word


class Ring(NamedTuple):
    """A tape whose addresses go round: from any ten of a hundred on."""

    path: tuple[str, ...]  # in order, a blank first
    point: int  # place of its point; of the blank at its end, if it has none
    end: int
    twin: str = ""  # the point's second address, under the letter of the fraction

    def met(self, place: int, from_behind: bool) -> str:
        """The address at a place. Who comes from behind the point meets it under the fraction's letter."""
        return self.twin if self.twin and from_behind and place == self.point else self.path[place]


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
        self.rings: dict[str, Ring] = {}
        self.fresh: set[str] = set()  # letters of rings that have not been written out as they are
        self.counts: dict[str, str] = {}  # address that holds a tape's last index -> the tape's letter
        self.pointers: list[str] = []
        self.count_mark = rng.choice("hkrsuvz#")
        self.stops: set[str] = set()  # letters of tapes with a blank cell behind the last one
        self.run = ""  # the last run collected
        # Habits of the page: what is drawn once can be known from then on.
        self.wraps = rng.random() < 0.5  # a point ends the line
        self.words = rng.random() < 0.6  # collects words first, then joins them
        self.fetches = rng.random() < 0.5  # fetches a run that grows
        self.some = rng.choice((3, 4, 5, 6, 7, 8, 8)) if self.words else rng.choice((3, 4, 5, 6))  # cells at a time
        self.many = rng.choice((2, 3, 4, 4, 5)) if self.words else rng.choice((1, 2, 3))  # words at a time
        self.space = rng.choice("~|*")
        self.block: tuple[int, int] | None = None  # new symbols of a block, and symbols that it quotes
        self.new = 0  # symbols that are new on a line of rests or runs; 0 until one of them is met
        self.divisor = 0  # of the indices that end a line of groups or lines; 0 until one of them is met
        self.splits = False  # a ring goes on under another letter behind its point
        self.hard = False  # strings are easily taken for each other; a split ring has its point under both letters
        self.gaps = False  # every other ring skips ten cells behind every five
        self.altered = False  # most rings are changed in a few cells before they are written out
        self.seams = False  # of these most get a run of one digit where two words meet; windows show whole words again
        self.quoted = 0  # symbols that a window shows again; 0 until one is met
        self.shown = 0  # the same where something is written out; 0: no other than elsewhere
        self.marks = ("", "", "")  # of the cells that keep where a ring begins, has its point and ends
        self.open = False  # the line could as well go on: nobody can know that it ends here
        self._letters: list[str] = []

    def add(self, text: str, kind: int) -> None:
        if self.open and text[:1] == "\n":
            self.open, kind = False, FREE
        self.pieces.append((text, kind))
        self.written += len(text)

    def letter(self, heads_line: bool = False) -> str:
        """One that this page has not used, as long as there are any; a line begins with labels' letters only."""
        for k in range(len(self._letters) - 1, -1, -1):
            if not heads_line or self._letters[k] in _LETTERS:
                letter = self._letters.pop(k)
                self.forget(letter)
                return letter
        self._letters = self.rng.sample(string.ascii_letters, 52)
        return self.letter(heads_line)

    def different(self, many: int) -> list[str]:
        """So many letters, no two alike."""
        if len(self._letters) < many:
            self._letters = self.rng.sample(string.ascii_letters, 52)
        return [self.letter() for _ in range(many)]

    def forget(self, letter: str) -> None:
        """A tape's letter is given to something else."""
        self.tapes.pop(letter, None)
        self.rings.pop(letter, None)
        self.fresh.discard(letter)
        self.stops.discard(letter)
        self.counts.pop(f"{self.count_mark}{letter}", None)

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


_FEW = ("09", "01", "45", "123", "0459", "0999", "5556")


def _symbols(rng: random.Random, n: int) -> str:
    """A raw string. Two in five have few different symbols, or runs: there the last few symbols do not say where one
    is, and only such strings teach to keep the place."""
    shape = rng.random()
    if shape < 0.5:
        alphabet = string.digits
    elif shape < 0.8:
        alphabet = rng.choice(_FEW)
    elif shape < 0.95:
        alphabet = string.ascii_lowercase[: rng.choice((3, 6, 26, 26))]
    else:
        alphabet = string.ascii_uppercase
    return _with_runs(rng, "".join(rng.choices(alphabet, k=n)))


def _with_runs(rng: random.Random, text: str) -> str:
    """At times a piece of up to four symbols comes many times in a row."""
    if len(text) < 4 or rng.random() < 0.8:
        return text
    at, many = rng.randrange(len(text) - 2), rng.randint(1, 4)
    return (text[:at] + text[at : at + many] * rng.randint(2, 12) + text[at + many :])[: len(text)]


def _number(rng: random.Random, n: int) -> str:
    alphabet = string.digits if rng.random() < 0.65 else rng.choice(_FEW)
    text = _with_runs(rng, "".join(rng.choices(alphabet, k=n)))
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
    shape = rng.random()
    if shape < 0.15:
        values = [_integer(rng) for _ in values]
    elif shape < 0.27:
        values = rng.choices(_VOCABULARY, k=len(values))
    if rng.random() < 0.15:  # two letters, behind a label
        page.line(_label(rng), False)
        page.add(" ", FORM)
        letter += rng.choice("kvzgjw")
    else:
        page.add("\n", FORM)
    downwards = rng.random() < 0.2
    order = range(len(values) - 1, -1, -1) if downwards else range(len(values))
    for n, k in enumerate(order):
        address = f"{letter}{first + k}"
        page.cells[address] = values[k]
        page.add(f" {address}" if n else address, FORM if n else FREE)
        page.add("=", FORM)
        page.add(values[k], FREE)
    last = first + len(values) - 1
    page.tapes[letter] = (first, last)
    if not downwards and rng.random() < 0.6:
        page.write(f"{letter}{last + 1}", "_", known=True, kind=FREE)
        page.stops.add(letter)
    return letter


def _integer(rng: random.Random) -> str:
    """Of one or two digits mostly, of up to four and negative at times."""
    shape = rng.random()
    value = rng.randint(0, 99) if shape < 0.7 else rng.randint(0, 999) if shape < 0.85 else rng.randint(0, 9999)
    return str(-value if rng.random() < 0.2 else value)


def scan(page: Page) -> None:
    """Raw strings, in a sentence or alone, then symbol by symbol with addresses; a point starts another tape."""
    rng = page.rng
    shape = rng.random()
    if shape > 0.86:
        _scan_items(page)
        return
    strings = _raw_strings(page, shape < 0.64, near=0.3, worded=0.5, pause=0.3)
    if len(strings) == 2 and rng.random() < 0.3:
        if rng.random() < 0.5:
            strings.reverse()
        _scan_one(page, strings[0])
        _scan_beside(page, strings[1])
    else:
        for text in strings:
            _scan_one(page, text)


def _raw_strings(page: Page, numbers: bool, near: float, worded: float, pause: float) -> list[str]:
    """Puts one or two on the page and returns them. With these probabilities the second is nearly the first, they stand
    in a sentence, and another sentence follows."""
    rng = page.rng
    strings = [
        _number(rng, _length(page)) if numbers else _symbols(rng, _length(page)) for _ in range(rng.choice((1, 2, 2)))
    ]
    if page.hard:
        strings = [_echoing(rng, text) if rng.random() < 0.5 else text for text in strings]
    if len(strings) == 2 and rng.random() < near:
        strings[1] = _nearly(rng, strings[0])
    page.add("\n" if page.written else "", FREE)
    if rng.random() < worded:
        for k, part in enumerate(_split_slots(rng.choice(_WITH_NUMBERS[len(strings)]))):
            page.add(strings[k // 2] if k % 2 else part, FREE if k % 2 else FORM)
    else:
        page.add(rng.choice((" ", ", ", ". ", " | ", " and ", "\n", " + ", " - ")).join(strings), FREE)
        page.add(rng.choice(("", "", ".", "?", ", ", " =")), FREE)
    if page.longest > 20 and rng.random() < pause:
        sentence(page)
    return strings


def _echoing(rng: random.Random, text: str) -> str:
    """Pieces of three to five symbols come once more elsewhere: so one must look further back to know the place."""
    for _ in range(rng.randint(1, 4)):
        size = rng.randint(3, 5)
        if len(text) > 2 * size:
            source, at = rng.randrange(len(text) - size), rng.randrange(len(text) - size)
            piece = text[source : source + size]
            if "." not in piece + text[at : at + size]:
                text = text[:at] + piece + text[at + size :]
    return text


def _nearly(rng: random.Random, text: str) -> str:
    """Another string that is easily taken for `text`: from some place on it differs, or it ends earlier, or later."""
    kept = rng.randint(0, len(text))
    tail = text[kept:]
    tail = rng.choice((tail, tail[1:], f"{tail}0", f"0{tail}", "", tail[::-1], _symbols(rng, len(tail))))
    return (text[:kept] + tail).strip(".") or text


def _scan_beside(page: Page, text: str) -> None:
    """A raw string, symbol by symbol, while another tape is read in step: in one line or in many, compared or not."""
    rng = page.rng
    letter = page.letter(heads_line=True)
    other = rng.choice(sorted(page.tapes))
    (lo, hi), label, compares = page.tapes[other], _label(rng), rng.random() < 0.5
    shape = rng.choice(("line", "lines", "labels"))
    raw_first, j = rng.random() < 0.7, lo
    for k, symbol in enumerate(text + "_", 1):
        head = f"{letter}{k}"
        page.cells[head] = symbol
        begun = k > 1
        if shape == "labels":
            page.line(label, begun)
            page.add(" ", FORM)
        elif shape == "lines" or not begun:
            page.add("\n", FORM)
        else:
            page.add(" ", FORM)
        beside = f"{other}{j}"
        there = page.cells.get(beside, "_")
        cells = [(head, symbol), (beside, there)]
        for address, value in cells if raw_first or shape != "labels" else cells[::-1]:
            page.add(address if address == head else f" {address}", VALUE if begun else FREE)
            page.add("=", FORM)
            page.add(value, VALUE if address in page.cells else FREE)
        if compares:
            page.solve("=" if symbol == there else "<" if symbol < there else ">")
        j += 1
        if j > hi + 1:
            text = text[:k]
            break
    page.tapes[letter] = (1, min(len(text), k))


def _scan_one(page: Page, text: str) -> None:
    letter = track = page.letter(heads_line=True)
    page.add("\n", FORM)
    first = True
    k, last = 1, 0
    for symbol in text + "_":
        address = f"{track}{k}"
        page.cells[address] = symbol
        page.add(address if first else f" {address}", FREE if first and track == letter else VALUE)
        page.add("=", FORM)
        page.add(symbol, VALUE)
        first = False
        last = k - 1
        k += 1
        if symbol == ".":
            page.tapes[letter] = (1, last)
            _count(page, letter, last)
            track, k = letter.swapcase(), 1  # the other tape's letter can be known
            page.forget(track)
            if page.wraps and track in _LETTERS:
                page.add("\n", FORM)
                first = True
    page.tapes[track] = (1, last)
    page.stops.add(track)
    if "." in text:
        page.stops.add(letter)  # the point itself
    _count(page, track, last)


def _scan_items(page: Page) -> None:
    """The numbers of a list, the words of a sentence, or the letters of its words, spaces too."""
    rng = page.rng
    shape, many = rng.random(), max(2, min(40, _length(page)))
    page.add("\n" if page.written else "", FREE)
    if shape < 0.5:
        items = [_integer(rng) for _ in range(many)]
        text = rng.choice((", ", ", ", " ")).join(items)
        page.add(rng.choice(("[{}]", "{}", "{}.")).format(text), FREE)
    else:
        words = rng.choice(_SENTENCES).translate(_NO_SIGNS).split()[: max(2, many // 3)]
        if rng.random() < 0.3:
            words = [_symbols(rng, rng.randint(1, 9)) for _ in words]
        if rng.random() < 0.5:
            words = [w.lower() for w in words]
        text = " ".join(words)
        page.add(rng.choice(("{}", '"{}"', "{}.")).format(text), FREE)
        items = words if shape < 0.65 else list(text)
    letter = page.letter(heads_line=True)
    first = rng.choice((0, 1))
    page.add("\n", FORM)
    for k, item in enumerate([*items, "_"], first):
        page.cells[f"{letter}{k}"] = value = page.space if item == " " else item
        page.add(f" {letter}{k}" if k > first else f"{letter}{k}", VALUE if k > first else FREE)
        page.add("=", FORM)
        page.add(value, VALUE)
    page.tapes[letter] = (first, first + len(items) - 1)
    page.stops.add(letter)
    if first:
        _count(page, letter, len(items))


def _count(page: Page, letter: str, last: int) -> None:
    """How many symbols a tape has, once it has been read to its end."""
    address = f"{page.count_mark}{letter}"
    page.write(address, str(last), known=True)
    page.counts[address] = letter


def blocks(page: Page) -> None:
    """Raw strings block by block: each block quotes the last few symbols of the one before, so that what comes next is
    told by what stands right before it; then each new symbol gets its address. A point starts another tape."""
    strings = _to_read(page)
    new, quoted = _block(page)
    for text in strings:
        _in_blocks(page, text, new, lambda at: max(0, at - quoted), lambda at: at + new)


def _block(page: Page) -> tuple[int, int]:
    """New symbols of a block, and symbols that it quotes: a habit of the page, drawn when it is first asked for."""
    if page.block is None:
        page.block = page.rng.choice((8, 8, 8, 5, 6)), page.rng.choice((6, 6, 6, 4, 5))
    return page.block


def rests(page: Page) -> None:
    """Raw strings, a few symbols at a time: each line has all that is left of one, and an address for each of its first
    symbols. Only the end of the string ends what is copied, so nothing has to be counted."""
    for text in _to_read(page):
        _in_blocks(page, text, _some(page), lambda at: at, lambda at: None)


def groups(page: Page) -> None:
    """The same, but an index that a number divides ends a line, as does a point: so the last digit of an index says it,
    and how many came before need not be known."""
    for text in _to_read(page):
        _in_groups(page, text, _divisor(page))


def _in_groups(page: Page, text: str, divisor: int) -> None:
    key, letter = page.letter(heads_line=True), page.letter()
    track, k, n, text = letter, 0, 0, text + "_"
    for at, symbol in enumerate(text):
        if at == 0 or text[at - 1] == "." or k % divisor == 0:
            n += 1
            page.line(key, n > 1)
            page.add(str(n), FREE if n == 1 else VALUE)
            page.add("=", FORM)
            page.add(text[at:], VALUE)
        k += 1
        _new_cell(page, f"{track}{k}", symbol, at > 0)
        track, k = _after(page, symbol, track, k)


def queues(page: Page) -> None:
    """The same, from one cell that is fetched, loses its first symbols and is written again, up to the blank."""
    for text in _to_read(page):
        _from_a_queue(page, text, _divisor(page))


def _from_a_queue(page: Page, text: str, divisor: int) -> None:
    key, letter = page.letter(heads_line=True), page.letter()
    track, k, text, label = letter, 0, text + "_", ""
    first = True
    while text:
        if label:
            page.line(label, k > 0)
            page.add(f" {key}", FORM)
        else:
            page.line(key, not first)
        page.add("=", FORM)
        page.add(text, VALUE)
        while text:
            symbol, text = text[0], text[1:]
            k += 1
            _new_cell(page, f"{track}{k}", symbol, not first)
            first = False
            track, k = _after(page, symbol, track, k)
            if symbol == ".":
                label = _label(page.rng)
            if symbol in "._" or k % divisor == 0:
                break
        if text:
            page.add(f" {key}", VALUE)
            page.add("=", FORM)
            page.add(text, VALUE)


def _new_cell(page: Page, address: str, symbol: str, known: bool) -> None:
    page.add(" ", FORM)
    page.add(address, VALUE if known else FREE)
    page.add("=", FORM)
    page.add(symbol, VALUE)
    page.cells[address] = symbol


def _after(page: Page, symbol: str, track: str, k: int) -> tuple[str, int]:
    """Where reading goes on behind the symbol of cell number `k`: a blank ends a tape with its count, and a point ends
    one and starts the tape of the other letter."""
    if symbol not in "._":
        return track, k
    page.tapes[track] = (1, k - 1)
    page.stops.add(track)
    _count(page, track, k - 1)
    if symbol == "_":
        return track, k
    track = track.swapcase()
    page.forget(track)
    return track, 0


def _to_read(page: Page) -> list[str]:
    """Raw strings, one or two, that are then read a few symbols a line."""
    return _raw_strings(page, page.rng.random() < 0.75, near=0.6 if page.hard else 0.25, worded=0.6, pause=0.2)


def _in_blocks(page: Page, text: str, new: int, first: Callable[[int], int], last: Callable[[int], int | None]) -> None:
    """Lines that have `new` more symbols each: the text from `first` to `last` of how many came before, then cells."""
    key, letter = page.letter(heads_line=True), page.letter()
    track, k, text = letter, 0, text + "_"
    for n, at in enumerate(range(0, len(text), new), 1):
        page.line(key, n > 1)
        page.add(str(n), FREE if n == 1 else VALUE)
        page.add("=", FORM)
        page.add(text[first(at) : last(at)], VALUE)
        for symbol in text[at : at + new]:
            k += 1
            _new_cell(page, f"{track}{k}", symbol, k > 1 or track != letter)
            track, k = _after(page, symbol, track, k)


def _some(page: Page) -> int:
    """Symbols that are new on each line: a habit of the page, drawn when it is first asked for."""
    if not page.new:
        page.new = page.rng.choice((2, 3, 4, 4, 5, 6, 7, 7, 7, 8, 8))
    return page.new


def _divisor(page: Page) -> int:
    """Of the indices that end a line: a habit of the page as well."""
    if not page.divisor:
        page.divisor = page.rng.choice((5, 5, 5, 2, 2, 10) if page.hard else (5, 5, 5, 5, 10, 2))
    return page.divisor


def windows(page: Page) -> None:
    """The other way round: cells are written out in blocks that quote the end of the one before, up to the blank; then
    the whole, which goes on from block to block."""
    rng = page.rng
    key = page.letter()
    tapes = _ending(page)
    new, quoted = _block(page)
    labels, run, n = (_label(rng), _label(rng)), "", 0
    for part in range(2 if rng.random() < 0.45 else 1):
        letter = rng.choice(tapes)
        k = page.tapes[letter][0]
        if part:  # on to another tape, behind a point
            n += 1
            page.line(_label(rng), False)
            page.write(f"{key}{n}", run[-quoted:] + ".", known=False)
            run += "."
        first, ended = True, False
        while not ended:
            page.line(labels[part], not first)
            symbols, ended = _take(page, letter, k, new, not first)
            k += new
            if symbols:
                n += 1
                page.write(f"{key}{n}", run[-quoted:] + symbols, part > 0 or not first)
                run += symbols
            first = False
    page.run = run
    page.line(rng.choice(_HEADS), False)
    page.add(run, VALUE)
    page.add("\n", FORM)


def runs(page: Page) -> None:
    """Cells onto a run, a few at a time: it is fetched, they are, and it is written with them behind it; up to the
    blank, then perhaps on to another tape behind a point. Then the whole once more."""
    _run_on(page, aligned=False)


def lines(page: Page) -> None:
    """The same, but an index that a number divides is the last of its line."""
    _run_on(page, aligned=True)


def joins(page: Page) -> None:
    """The same, and what was taken stands as one word before the run is written."""
    _run_on(page, aligned=True, worded=True)


def _run_on(page: Page, aligned: bool, worded: bool = False) -> None:
    rng = page.rng
    key = page.letter()
    tapes = _ending(page)
    some = _divisor(page) if aligned else _some(page)
    labels, run = (_label(rng), _label(rng)), ""
    if rng.random() < 0.7:
        page.line(SET, False)
        page.write(key, "_", known=False, kind=FREE)
        run = "_"
    for part in range(2 if rng.random() < 0.45 else 1):
        letter = rng.choice(tapes)
        k = page.tapes[letter][0]
        point, first, ended = "." if part else "", True, False
        while not ended:
            page.line(_label(rng) if point else labels[part], part == 0 and not first)
            if run:
                page.read(key, not first)
            many = 1 + -k % some if aligned else some
            symbols, ended = _take(page, letter, k, many, not first)
            k += many
            if symbols:
                if worded:
                    page.solve(symbols)
                run = run.strip("_") + point + symbols
                point = ""
                page.write(key, run, not first)
            first = False
    page.run = run
    page.line(rng.choice(_HEADS), False)
    page.add(run, VALUE)
    page.add("\n", FORM)


def turns(page: Page) -> None:
    """Raw strings in windows, each of which shows again what the last one ended with, and then the new symbols. These
    get addresses on a ring that begins anywhere, or where the first symbol says; cells keep where it begins, has its
    point and ends."""
    rng = page.rng
    window = page.letter()
    for text in _to_read(page):
        letter = page.letter()
        head = int(text[0]) if text[0].isdigit() and rng.random() < 0.6 else rng.randrange(10)
        _turn(page, f"_{text}_", window, letter, head)


def _habits_of_rings(page: Page) -> tuple[int, int, tuple[str, str, str]]:
    """New symbols of a window, symbols that it shows again, and three marks."""
    if not page.quoted:
        page.quoted = page.rng.choice((6, 6, 6, 6, 5, 8, 4))
        begins, has_point, ends = page.rng.sample("hkpeszqx", 3)
        page.marks = begins, has_point, ends
    return _divisor(page), page.quoted, page.marks


def _turn(page: Page, text: str, window: str, letter: str, head: int) -> None:
    new, quoted, (begins, has_point, ends) = _habits_of_rings(page)
    skip = 10 if page.gaps and page.rng.random() < 0.5 else 0
    path = ring_of(letter, 10 * head, 99, skip)
    if len(text) > 95:
        text = f"{text[:90]}_"
    ring = Ring(path, text.find(".") if "." in text else len(text) - 1, len(text) - 1)
    last = letter
    if page.splits and ring.point < ring.end:
        last = page.letter()
        fraction = ring_of(last, 10 * head, 99, skip)
        path = path[: ring.point + 1] + fraction[ring.point + 1 :]
        ring = ring._replace(path=path, twin=fraction[ring.point] if page.hard else "")
    labels = _label(page.rng), _label(page.rng)
    at, stop, part, begun = 0, new + 1, 0, False
    while at <= ring.end:
        page.line(labels[part], begun)
        page.write(window, text[max(0, at - quoted) : stop], known=begun)
        if at == 0:
            page.write(f"{begins}{letter}", path[0][1:], known=False, kind=FREE)
        for k in range(at, min(stop, ring.end + 1)):
            same_letter = k != ring.point + 1 or last == letter or ring.twin != ""
            # Nobody can know at the place of the first gap whether there is one.
            _new_cell(page, path[k], text[k], same_letter and not (page.gaps and k == 5))
            if k == ring.point and ring.twin:
                page.add(" ", FORM)
                page.add(ring.twin[0], FREE)
                page.add(ring.twin[1:], VALUE)
                page.add("=", FORM)
                page.add(text[k], VALUE)
                page.cells[ring.twin] = text[k]
        passed = at <= ring.point < stop
        if passed:
            page.write(f"{has_point}{letter}", path[ring.point][1:], known=True)
            part = 1
        if stop > ring.end:
            page.write(f"{ends}{last}", path[ring.end][1:], known=True)
        begun = not passed  # behind a point they have another label
        at, stop = stop, stop + new
    page.rings[letter] = ring
    page.fresh.add(letter)


def _two_rings(page: Page) -> tuple[str, str]:
    while len(page.rings) < 2:
        turns(page)
    left, right = page.rng.sample(sorted(page.rings), 2)
    return left, right


def abreast(page: Page) -> None:
    """Two rings in step, up or down, from where they begin, have their points or end, to the first blank: only read, or
    compared, or their values combined and written over one of them or both. A last carry runs on."""
    rng = page.rng
    left, right = _two_rings(page)
    one, other = page.rings[left], page.rings[right]
    begins, has_point, ends = page.marks
    digits = all(page.cells[c] in "0123456789._" for ring in (one, other) for c in ring.path[: ring.end + 1])
    op = rng.choice("++++-?<>  " if digits else "?  ")
    down = op in "+-" or rng.random() < 0.3
    kept = rng.choice((0, 1, 2, 2, 2)) if op in "+-<>" else 0
    carries = op in "+-"
    name = _label(rng)
    label = name if op == " " else name + op if op == "?" or rng.random() < 0.6 else name
    where = rng.choice((has_point, has_point, ends) if down else (begins, begins, has_point))
    i, j = {begins: (0, 0), has_point: (one.point, other.point), ends: (one.end, other.end)}[where]
    if rng.random() < 0.7:  # where they stand is fetched first
        page.line(_label(rng), False)
        # A ring's end may stand under another letter.
        here, there = (one.path[one.end][0], other.path[other.end][0]) if where == ends else (left, right)
        page.read(f"{where}{here}", False)
        page.read(f"{where}{there}", there == right)
        if rng.random() < 0.6:
            page.read(one.path[i], True)
            page.read(other.path[j], True)
        known = True
    else:
        known = False
    step, carry, begun, solved = (-1 if down else 1), 0, False, False
    pointer = page.letter().upper()
    while True:
        i, j = i + step, j + step
        if not 0 <= i <= one.end or not 0 <= j <= other.end:
            break
        page.line(label, begun)
        if carries:
            page.add(str(carry), VALUE if begun else FREE)
        p = page.read(one.met(i, where == ends), begun or known)
        q = page.read(other.met(j, where == ends), begun or known)
        begun = True
        if p == q == ".":
            continue
        if p in "._" or q in "._":
            further = other.path[j] if p in "._" and q not in "._" else one.path[i]
            page.write(pointer, further[0], known=False)
            break
        if op == " ":
            continue
        total = _OPERATIONS[op](int(p), int(q), carry) if op != "?" else 0
        page.add(" :", FORM)
        page.add(
            str(total) if op != "?" else "<" if p < q else ">" if p > q else "=",
            VALUE if solved or op in label else FREE,
        )
        solved = True
        if carries:
            carry = int(total >= 10 or total < 0)
        for address in (one.path[i], other.path[j])[:kept]:
            page.write(address, str(total % 10), True)
    if kept and solved:
        page.fresh |= {left, right} if kept == 2 else {left}
    page.add(f"\n{_STOP}", FORM)
    if op == "+" and carry and kept == 2 and min(i, j) >= 0:
        rest, k = (one, i) if page.cells[other.path[j]] in "._" else (other, j)
        while carry and k >= 0:
            page.line(_STEP, True)
            total = _digit(page.read(rest.path[k], True)) + 1
            page.solve(total)
            page.write(rest.path[k], str(total % 10), True)
            carry, k = total // 10, k - 1
        page.add(f"\n{_STOP}", FORM)


def unrolled(page: Page) -> None:
    """A ring's cells, some at a time, joined into a word, in windows that show again what was written last; up to a
    blank or a point, then perhaps on behind another one's point. Then the whole, from window to window."""
    rng = page.rng
    new, quoted, (begins, has_point, _) = _habits_of_rings(page)
    quoted = page.shown or quoted
    key, run, joined = page.letter(), "", rng.random() < 0.85
    words: list[str] = []  # what was written, word by word
    for part in range(2 if rng.random() < 0.45 else 1):
        # The same again would be a copy of what was written out before.
        while not page.fresh:
            turns(page)
        letter = rng.choice(sorted(page.fresh))
        page.fresh.discard(letter)
        ring = page.rings[letter]
        if page.altered and rng.random() < 0.8:
            _alter(page, ring, new)
        page.line(_label(rng), False)
        if part and ring.point < ring.end:
            page.read(f"{has_point}{letter}", False)
            k = ring.point + 1
            page.read(ring.path[k], True)
        else:
            page.read(f"{begins}{letter}", False)
            k = 1 if page.read(ring.path[0], True) == "_" else 0
        labels, ended, n = (_label(rng), _label(rng)), False, 0
        while not ended:
            # Behind a point the first line has a label of its own.
            page.line(labels[min(n, part)], n > part)
            symbols, many = "", 1 + -k % new
            while len(symbols) < many and not ended:
                value = page.read(ring.path[k], True)
                k += 1
                ended = value in "._"
                symbols += value.strip("._")
            if symbols:
                if joined:
                    page.solve(symbols)
                if part and n == 0:
                    symbols = f".{symbols}"
                shown = "".join(words[-max(1, quoted // new) :]) if page.seams else run[-quoted:]
                page.write(key, shown + symbols, known=run != "")
                run += symbols
                words.append(symbols)
            n += 1
    page.run = run
    page.line(rng.choice(_HEADS), False)
    page.add(run, VALUE)
    page.add("\n", FORM)


def _alter(page: Page, ring: Ring, new: int) -> None:
    """Gives up to six neighbouring cells drawn values. A ring that still is what was read could as well be copied from
    the raw string, and who learns to do that takes an operand for a sum that begins with its digits.

    Or a run of one digit where two words meet, up to four times: a reader of windows must not take one for less."""
    rng = page.rng
    full = [k for k in range(1, ring.end) if page.cells[ring.path[k]] not in "._"]
    seams = [k for k in full if k % new == 0 and k + 1 in full]
    if page.seams and seams and rng.random() < 0.7:
        page.line(SET, False)
        for at in sorted(rng.sample(seams, min(len(seams), rng.randint(1, 4)))):
            digit = rng.choice(string.digits)
            for k in range(max(full[0], at - rng.randint(0, 2)), min(full[-1], at + rng.randint(1, 3)) + 1):
                if k in full:
                    page.write(ring.path[k], digit, known=False, kind=FREE)
        return
    at = rng.randrange(len(full))
    page.line(SET, False)
    for k in full[at : at + rng.randint(1, 6)]:
        page.write(ring.path[k], rng.choice(string.digits), known=False, kind=FREE)


def overlaps(page: Page) -> None:
    """Drawn strings, which are easily taken for each other, in windows that show again what was written last; then the
    whole of the last one, from window to window."""
    rng = page.rng
    new, quoted, _ = _habits_of_rings(page)
    quoted = page.shown or quoted
    joined, text = rng.random() < 0.5, ""
    for _ in range(rng.choice((1, 2, 2, 3))):
        drawn = _number(rng, _length(page)) if rng.random() < 0.75 else _symbols(rng, _length(page))
        text = _nearly(rng, text) if text and rng.random() < 0.5 else _echoing(rng, drawn)
        key, label = page.letter(), _label(rng)
        for at in range(0, len(text), new):
            page.line(label, at > 0)
            if joined:
                page.add(" :", FORM)
                page.add(text[at : at + new], FREE)
            page.add(f" {key}", FORM if at else FREE)
            page.add("=", FORM)
            page.add(text[max(0, at - quoted) : at], VALUE)
            page.add(text[at : at + new], VALUE if joined else FREE)
    page.run = text
    page.line(rng.choice(_HEADS), False)
    page.add(text, VALUE)
    page.add("\n", FORM)


def lists(page: Page) -> None:
    """Numbers of a list, each shown behind the one before it and then put into a cell of a ring, at times with its
    index beside it."""
    rng = page.rng
    many = max(2, min(70, _length(page)))
    if rng.random() < 0.6:
        width = rng.choice((2 * many, 4 * many, 2_000))
        start = rng.randint(-999, max(-999, 1_000 - width))
        items = [str(v) for v in sorted(rng.sample(range(start, start + width), many))]
    else:
        items = [_integer(rng) for _ in range(many)]
    page.add("\n" if page.written else "", FREE)
    page.add(rng.choice(("[{}]", "[{}].", "{}", "{}.")).format(", ".join(items)), FREE)
    window, letter, count = page.different(3)
    indexed, label = rng.random() < 0.6, _label(rng)
    path = ring_of(letter, 10 * (int(items[0][-1]) if rng.random() < 0.6 else rng.randrange(10)), 99)
    last = ""
    for k, item in enumerate([*items, "_"]):
        page.line(label, k > 0)
        page.write(window, f"{last}{item}", known=k > 0)
        page.write(path[k], item, known=k > 0)
        if indexed and item != "_":
            page.write(f"{count}{path[k][1:]}", str(k), known=k > 0)
        last = f"{item},"
    page.add(f"\n{_STOP}", FORM)


def grids(page: Page) -> None:
    """A table whose rows and columns go by capitals in alphabetical order from any one on. Words are taken apart into
    their letters, and every cell follows from the letters of its row and column and from its neighbours. Then cells in
    no order, or a way back through the table."""
    rng = page.rng
    most = max(3, min(10, page.longest // 4))
    rows, columns = (capitals(rng.randrange(26)) for _ in range(2))
    table, down, across, queue, found = page.different(5)
    alphabet = rng.sample(string.ascii_lowercase, rng.choice((2, 2, 3, 3, 4, 5)))
    words = ["".join(rng.choices(alphabet, k=rng.randint(2, most))) for _ in range(2)]
    label = _label(rng)
    for n, (word, track, path) in enumerate(zip(words, (down, across), (rows, columns), strict=True)):
        page.line(label, n > 0)
        page.write(queue, word, n > 0, FREE)
        for k, symbol in enumerate(word, 1):
            page.line(label, True)
            page.read(queue, True)
            page.write(f"{track}{path[k]}", symbol, k > 1)
            page.write(queue, word[k:] or "_", True)
    values = capitals(rng.randrange(26))
    follows = dict(zip(values, values[1:] + values[:1], strict=True))
    grows, name = rng.random() < 0.7, _label(rng)

    def cell(i: int, j: int) -> str:
        return f"{table}{rows[i]}{columns[j]}"

    n, m = len(words[0]), len(words[1])
    page.add("\n", FORM)
    for k, (i, j) in enumerate([(0, j) for j in range(m + 1)] + [(i, 0) for i in range(1, n + 1)]):
        page.cells[cell(i, j)] = values[0]
        page.add((" " if k else "") + cell(i, j), VALUE if k else FREE)
        page.add(f"={values[0]}", VALUE if k else FREE)
    seen: set[bool] = set()
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            begun = bool(seen)
            page.line(name, begun)
            left = page.read(cell(i, j - 1), begun)
            equal = page.read(f"{across}{columns[j]}", begun) == page.read(f"{down}{rows[i]}", begun)
            other = page.read(cell(i - 1, j - 1) if equal else cell(i - 1, j), equal in seen)
            result = (follows[other] if grows else other) if equal else left if left == follows[other] else other
            page.add(" :", FORM)
            page.add(result, VALUE if equal in seen else FREE)
            page.write(cell(i, j), result, begun)
            seen.add(equal)
    page.add(f"\n{_STOP}", FORM)
    if rng.random() < 0.5:
        for k in range(rng.randint(2, 5)):
            page.line(label, k > 0)
            for _ in range(rng.randint(2, 4)):
                page.read(cell(rng.randint(0, n), rng.randint(0, m)), known=False)
            page.open = True
        return
    i, j, back = n, m, _label(rng)
    seen.clear()
    while i and j:
        begun = bool(seen)
        page.line(back, begun)
        page.add(f"{rows[i]}{columns[j]}", VALUE if begun else FREE)
        equal = page.read(f"{down}{rows[i]}", begun) == page.read(f"{across}{columns[j]}", begun)
        known = equal in seen
        seen.add(equal)
        if equal:
            page.write(f"{found}{page.read(cell(i, j), known)}", page.cells[f"{down}{rows[i]}"], known)
            i, j = i - 1, j - 1
        else:
            up, left = page.read(cell(i - 1, j), known), page.read(cell(i, j - 1), known)
            i, j = (i, j - 1) if left == follows[up] else (i - 1, j)
    page.add(f"\n{_STOP}", FORM)


def letters(page: Page) -> None:
    """Two strings of few letters, the second often much like the first, in windows and onto cells that go by capitals.
    Then a table of bits, of a cell for every two of the letters, and a way through it, or heads that go over both."""
    rng = page.rng
    if rng.random() < 0.2:
        _recited(page)
    most = max(3, min(14, page.longest // 6))
    words = _much_alike(rng, most)
    if rng.random() < 0.5:
        words.reverse()
    page.add("\n" if page.written else "", FREE)
    if rng.random() < 0.7:
        for k, part in enumerate(_split_slots(rng.choice(_WITH_NUMBERS[2]))):
            page.add(words[k // 2] if k % 2 else part, FREE if k % 2 else FORM)
    else:
        page.add(rng.choice((" ", ", ", " and ", "\n", " or ")).join(words), FREE)
    if rng.random() < 0.2:
        sentence(page)
    table, down, across, window, mark, found = page.different(6)
    new, quoted, padded = rng.choice((1, 2, 2, 2, 3)), rng.choice((6, 6, 6, 4, 8, 12)), rng.random() < 0.6
    marked, opens = rng.random() < 0.8, rng.random() < 0.7
    paths: list[str] = []
    begun = False
    for track, word in zip((down, across), words, strict=True):
        text, label = f"_{word}_", _label(rng)
        beyond = paths[0][len(words[0]) + 1] if paths else ""
        path = capitals(string.ascii_lowercase.index(word[0]) if rng.random() < 0.7 else rng.randrange(26))
        paths.append(path)
        at, stop, first = 0, 1 + new, True
        while at < len(text):
            page.line(label, not first)
            if beyond and marked and opens:
                page.read(f"{mark}{down}", not first)
            page.add(f" {window}", FORM if begun else FREE)
            page.add("=", FORM)
            before = text[max(0, at - quoted) : at]
            if padded:
                before = before.rjust(quoted, "_")
            page.add(before, VALUE if begun else FREE)
            page.add(text[max(at, 1 if padded else 0) : stop], VALUE)
            for k in range(at, min(stop, len(text))):
                # How many are new cannot be known before the second window, nor where the names begin.
                page.add(" ", FORM if begun else FREE)
                page.add(f"{track}{path[k]}", VALUE if begun and k > 0 else FREE)
                page.add(f"={text[k]}", VALUE)
                page.cells[f"{track}{path[k]}"] = text[k]
                if beyond and opens and 0 < k < len(text) - 1:
                    page.write(f"{table}{beyond}{path[k]}", "0", k > 1)
            begun, first = True, False
            at, stop = stop, stop + new
        if marked:
            page.write(f"{mark}{track}", path[len(text) - 1], beyond != "")
    if opens and rng.random() < 0.6:
        _bits(page, words, paths, (down, across, table, mark if marked else "", found))
    else:
        _heads(page, words, paths, (down, across))


def _recited(page: Page) -> None:
    """The alphabet in capitals, up or down, from any letter on; at times a small letter with each."""
    rng = page.rng
    path = capitals(rng.randrange(26))[:: rng.choice((1, -1))]
    form = rng.choice(("{0}", " {0}", " {0}{1}", " {1}={0}", f"\n{_label(rng)} {{0}}"))
    page.add("\n", FREE)
    for n, capital in enumerate((path + path)[: rng.randint(4, 30)]):
        page.add(form.format(capital, capital.lower()), VALUE if n > 1 else FREE)


def _much_alike(rng: random.Random, most: int) -> list[str]:
    """Two strings over the same few letters: random, in runs or periodic; the second drawn as well, or the first one
    turned round, rotated or with a few letters changed, left out or put in."""
    alphabet = rng.sample(string.ascii_lowercase, rng.choice((2, 2, 3, 3, 4, 5, 8)))
    n, m = rng.randint(2, most), rng.randint(2, most)
    shape = rng.random()
    if shape < 0.15:
        one = "".join(c * rng.randint(1, 3) for c in rng.choices(alphabet, k=n))[:n]
    elif shape < 0.3:
        one = ("".join(rng.choices(alphabet, k=rng.randint(2, 3))) * n)[:n]
    else:
        one = "".join(rng.choices(alphabet, k=n))
    at = rng.randint(0, n)
    other = list(rng.choice((one, one, one[at:] + one[:at], one[::-1], "".join(rng.choices(alphabet, k=m)))))
    for _ in range(rng.randint(0, 3)):
        other[rng.randrange(len(other))] = rng.choice(alphabet)
    while len(other) > m:
        del other[rng.randrange(len(other))]
    while len(other) < m:
        other.insert(rng.randint(0, len(other)), rng.choice(alphabet))
    return [one, "".join(other)]


def _bits(page: Page, words: list[str], paths: list[str], names: tuple[str, str, str, str, str]) -> None:
    """Row by row from the last letters to the first: a bit follows from the one below, from whether two letters are
    equal, and from a carry, by a rule that the label says. Then the way: on in both strings where letters are equal,
    which are collected, else in the one that the bit tells."""
    rng = page.rng
    down, across, table, mark, found = names
    rows, columns = paths
    n, m = len(words[0]), len(words[1])
    rule, label, between = rng.choice("+|?"), _label(rng), _label(rng)
    order, compares, begun = rng.sample(range(3), 3), rng.random() < 0.7, False
    for i in range(n, 0, -1):
        page.line(between, i < n)
        page.read(f"{down}{rows[i]}", i < n)
        if mark:
            page.read(f"{mark}{across}", i < n)
        carry = 0
        for j in range(m, 0, -1):
            page.line(f"{label}{rule}", j < m or i < n)
            page.add(str(carry), VALUE if begun else FREE)
            cells = (f"{down}{rows[i]}", f"{across}{columns[j]}", f"{table}{rows[i + 1]}{columns[j]}")
            for k in order:
                page.read(cells[k], begun)
            equal, bit = page.cells[cells[0]] == page.cells[cells[1]], int(page.cells[cells[2]])
            if compares:
                page.add(" :", FORM)
                page.add("=" if equal else "/", VALUE if begun else FREE)
            total = equal + bit + carry
            if rule == "+":
                result, carry = total % 2, total // 2
            elif rule == "|":
                result, carry = int(bit or equal), int(carry != equal)
            else:
                result, carry = (bit, carry) if equal else (carry, bit)
            page.write(f"{table}{rows[i]}{columns[j]}", str(result), begun)
            begun = True
        page.line(f"{label}{rule}{carry}", True)
        page.read(f"{down}{rows[i]}", i < n)
        page.read(f"{across}{columns[0]}", i < n)
    page.line(between, True)
    page.read(f"{down}{rows[0]}", True)
    page.write(found, "_", False, FREE)
    turned = rng.random() < 0.5
    label, known = _label(rng) + "<>"[turned], {True: False, False: False}
    i, j, run = 1, 1, ""
    while True:
        begun = run != "" or i + j > 2
        page.line(label, begun)
        letter = page.read(f"{down}{rows[i]}", begun)
        if letter != "_":
            other = page.read(f"{across}{columns[j]}", begun)
        if "_" in (letter, other):
            page.add(" ", FORM)
            page.add(found, FREE)
            page.add(f"={run or '_'}", VALUE)
            break
        equal = letter == other
        if equal:
            page.read(found, known[True])
            run += letter
            page.write(found, run, known[True])
            i, j = i + 1, j + 1
        elif (page.read(f"{table}{rows[i]}{columns[j]}", known[False]) == "1") != turned:
            i += 1
        else:
            j += 1
        known[equal] = True
    page.add(f"\n{_STOP}", FORM)
    if run:
        page.line(rng.choice(_HEADS), False)
        page.add(run, VALUE)
        page.add("\n", FORM)
        page.run = run


def _heads(page: Page, words: list[str], paths: list[str], tracks: tuple[str, str]) -> None:
    """Two heads go over the strings in step, up or down, and compare, until one of them meets a blank."""
    rng = page.rng
    for _ in range(rng.randint(1, 2)):
        up, label = rng.random() < 0.5, _label(rng)
        i, j = (1, 1) if up else (len(words[0]), len(words[1]))
        begun = False
        while True:
            page.line(label, begun)
            p = page.read(f"{tracks[0]}{paths[0][i]}", begun)
            q = page.read(f"{tracks[1]}{paths[1][j]}", begun)
            begun = True
            if "_" in (p, q):
                break
            page.solve("=" if p == q else "/")
            i, j = (i + 1, j + 1) if up else (i - 1, j - 1)
        page.add(f"\n{_STOP}", FORM)


def copies(page: Page) -> None:
    """A raw string again: contiguous, from right there or from further up; or spaced, backwards, joined."""
    rng = page.rng
    text = _symbols(rng, max(3, _length(page)))
    page.add("\n" if page.written else "", FREE)
    how = rng.choice(("again", "again", "again", "again", "spaced", "back", "joined"))
    if how == "again":
        page.add(f"{page.letter(heads_line=True)}=" if rng.random() < 0.6 else "", FREE)
        page.add(text, FREE)
        if rng.random() < 0.25:
            rng.choice((look_up, sentence, sums))(page)
        for _ in range(rng.choice((1, 1, 2))):
            page.open = True
            page.line(rng.choice(_HEADS), False)
            page.add(text, VALUE)
        page.run = text
    else:
        page.add(" ".join(text) if how == "joined" else text, FREE)
        page.add({"spaced": " apart: ", "back": " reversed: ", "joined": " joined: "}[how], FREE)
        page.add({"spaced": " ".join(text), "back": text[::-1], "joined": text}[how], VALUE)
    page.add("\n", FORM)


def strings(page: Page) -> None:
    """Cells that hold strings: looked up near and far, and put together into one."""
    rng = page.rng
    key = page.letter()
    many = rng.randint(2, 6)
    texts = [_symbols(rng, rng.randint(1, min(32, max(3, page.longest)))) for _ in range(many)]
    page.line(SET, False)
    for k, text in enumerate(texts, 1):
        page.write(f"{key}{k}", text, known=False, kind=FREE)
    if rng.random() < 0.4:
        rng.choice((look_up, sentence, sums))(page)
    label, out = _label(rng), page.letter()
    for n in range(rng.randint(1, 3)):
        page.open = True
        page.line(label, False)
        chosen = rng.sample(range(1, many + 1), rng.randint(1, min(many, 4)))
        together = "".join([page.read(f"{key}{k}", known=False) for k in chosen])
        if len(chosen) > 1 or rng.random() < 0.5:
            page.write(out, together, known=n > 0)
            page.run = together
    page.open = True


def look_up(page: Page) -> None:
    """Cells of the page in no order."""
    rng = page.rng
    page.tape()
    addresses = list(page.cells)
    if rng.random() < 0.4:  # some that look alike: same index, or same tape and same first digit
        one = rng.choice(addresses)
        name = one.rstrip(string.digits)
        near = [c for c in addresses if c.endswith(one[len(name) :]) or c.startswith(one[: len(name) + 1])]
        addresses = near if len(near) > 2 else addresses
    page.line(_label(rng), False)
    for n in range(rng.randint(3, 8)):
        if n and rng.random() < 0.15:
            page.open = True
            page.line(_label(rng), False)
        page.read(rng.choice(addresses), known=False)
    page.open = True


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
    page.line(SET, False)
    for _ in range(rng.randint(2, 6)):
        page.write(f"{letter}{rng.randint(lo, hi)}", rng.choice(string.digits), known=False, kind=FREE)
    page.open = True
    page.line(_label(rng), False)
    for _ in range(rng.randint(2, 6)):
        page.read(f"{letter}{rng.randint(lo, hi)}", known=False)
    page.open = True


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
    if rng.random() < 0.7:
        page.write(f"{letter}{n + 1}", "_", known=True, kind=FREE)
        page.stops.add(letter)
    address = f"{page.count_mark}{letter}"
    page.write(address, str(n), known=False)
    page.counts[address] = letter
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
    if wipe and rng.random() < 0.15:
        digits = ["0"] * rng.randint(1, 4)
        n = len(digits)
    page.add("\n", FORM)
    for k, value in enumerate(digits, 1):
        page.cells[f"{letter}{k}"] = value
        page.add(f" {letter}{k}" if k > 1 else f"{letter}{k}", FORM if k > 1 else FREE)
        page.add("=", FORM)
        page.add(value, FREE)
    page.tapes[letter] = (1, n)
    label = _WIPE if wipe else _STEP
    k = n
    while k:
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


def _single(page: Page) -> list[str]:
    """Tapes of single symbols that end in a blank or a point."""
    return [t for t in page.stops if t in page.tapes and all(len(v) == 1 for v in _values(page, t))]


def _ending(page: Page) -> list[str]:
    """The same in order; one is laid down where there is none."""
    while not _single(page):
        _lay_closed(page, _symbols(page.rng, _length(page)))
    return sorted(_single(page))


def _take(page: Page, letter: str, k: int, most: int, known: bool) -> tuple[str, bool]:
    """Fetch cells from number `k` on, `most` of them or up to the end: what they hold, and whether the end was reached.
    Only the address of the first may be unknown."""
    symbols = ""
    while len(symbols) < most:
        value = page.read(f"{letter}{k + len(symbols)}", known or symbols != "")
        if value in "_.":
            return symbols, True
        symbols += value
    return symbols, False


def _values(page: Page, letter: str) -> list[str]:
    lo, hi = page.tapes[letter]
    return [page.cells[f"{letter}{k}"] for k in range(lo, hi + 1)]


def collect(page: Page) -> None:
    """Cells into words and words into a run, up to the blank; the run once more on a last line."""
    rng = page.rng
    keys = page.different(2)
    tapes = _ending(page)
    run = (_words if page.words else _growing)(page, tapes, *keys)
    page.run = run
    if rng.random() < 0.4:
        page.line(rng.choice(_HEADS), False)
        page.add(run, VALUE)
        page.add("\n", FORM)


def _words(page: Page, tapes: list[str], word_key: str, run_key: str) -> str:
    """Some cells at a time into a word of its own, behind the last one a blank; then some words at a time onto a run,
    which is fetched before it is longer."""
    rng = page.rng
    label, other, joins = _label(rng), _label(rng), _label(rng)
    words: list[str] = []
    for part in range(2 if rng.random() < 0.35 else 1):
        letter = rng.choice(tapes)
        k = page.tapes[letter][0]
        if part:  # on to another tape, behind a point
            page.line(_label(rng), False)
            words.append(".")
            page.write(f"{word_key}{len(words)}", ".", known=False)
        first, ended = True, False
        while not ended:
            page.line(other if part else label, not first)
            word, ended = _take(page, letter, k, page.some, not first)
            k += page.some
            if word:
                words.append(word)
                page.write(f"{word_key}{len(words)}", word, part > 0 or not first)
            first = False
    page.write(f"{word_key}{len(words) + 1}", "_", True)
    page.line(joins, False)
    page.write(run_key, "_", known=False, kind=FREE)
    run, at = "", 0
    while at <= len(words):
        page.line(joins, True)
        page.read(run_key, at > 0)
        more = [*words, "_"][at : at + page.many]
        for n, word in enumerate(more, at + 1):
            page.cells[f"{word_key}{n}"] = word
            page.read(f"{word_key}{n}", at > 0 or n > 1)
        run += "".join(more).rstrip("_")
        at += page.many
        page.write(run_key, run, True)
    return run


def _growing(page: Page, tapes: list[str], word_key: str, run_key: str) -> str:
    """Some cells at a time onto a word, every so often the word onto a run."""
    rng = page.rng
    label = _label(rng)
    run = ""
    for part in range(2 if rng.random() < 0.25 else 1):
        letter = rng.choice(tapes)
        k, word = page.tapes[letter][0], ""
        if part:  # on to another tape, behind a point
            page.line(_label(rng), False)
            word = "."
            page.write(word_key, word, known=False)
        first, ended = True, False
        while not ended:
            page.line(label, not first or part > 0)
            if page.fetches and run:
                page.read(run_key, not first)
            taken, ended = _take(page, letter, k, page.some, not first)
            k += page.some
            word += taken
            if taken and not page.fetches:
                page.write(word_key, word, part > 0 or not first)
            if word and (ended or page.fetches or len(word) >= page.some * page.many):
                run += word
                page.write(run_key, run, part > 0 or run != word)
                word = ""
            first = False
    return run


def _lay_closed(page: Page, text: str) -> None:
    """A tape of drawn symbols with a blank behind them."""
    letter = page.letter(heads_line=True)
    page.add("\n", FORM)
    for k, symbol in enumerate(text + "_", 1):
        page.cells[f"{letter}{k}"] = symbol
        page.add(f" {letter}{k}" if k > 1 else f"{letter}{k}", FORM if k > 1 else FREE)
        page.add("=", FORM)
        page.add(symbol, FREE)
    page.tapes[letter] = (1, len(text))
    page.stops.add(letter)


def pieces(page: Page) -> None:
    """A list that grows by an item a line, items being looked up; then closed, and repeated."""
    rng = page.rng
    letter = page.tape(2)
    lo, hi = page.tapes[letter]
    label, key = _label(rng), page.letter()
    quote = rng.choice(("", "", '"'))
    written = ""
    for n, k in enumerate(rng.sample(range(lo, hi + 1), min(hi - lo + 1, rng.randint(2, 8)))):
        page.line(label, n > 0)
        value = page.read(f"{letter}{k}", known=False)
        written += f"{', ' if n else '['}{quote}{value}{quote}"
        page.write(key, written, n > 0)
    page.add(f"\n{_STOP}", FORM)
    page.write(key, f"{written}]", True)
    page.run = f"{written}]"


def closing(page: Page) -> None:
    """The end of a page: its last run, or the value of a cell, once more; then nothing follows."""
    rng = page.rng
    if rng.random() < 0.3 and page.cells:
        page.line(_label(rng), False)
        text = page.read(rng.choice(list(page.cells)), known=False)
    else:
        if not page.run:
            (collect if rng.random() < 0.8 else pieces)(page)
        text = page.run
    page.line(rng.choice(CLOSING), False)
    page.add(text, VALUE)


def pointers(page: Page) -> None:
    """A cell names the tape that is read next."""
    rng = page.rng
    while len(page.tapes) < 2:
        lay(page)
    held = page.pointers
    if not held or rng.random() < 0.4:
        page.line(SET, False)
        for _ in range(rng.randint(1, 3)):
            address = page.letter()
            if not page.tapes:  # the letter was the last one's
                break
            page.write(address, rng.choice(list(page.tapes)), known=False, kind=FREE)
            held.append(address)
    for _ in range(rng.randint(2, 4) if held else 0):
        page.open = True
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
    page.open = True


def links(page: Page) -> None:
    """A cell holds the index of the cell that is read next."""
    rng = page.rng
    n = max(3, min(40, _length(page)))
    letter, order = page.letter(heads_line=True), list(range(1, n + 1))
    rng.shuffle(order)
    follows = dict(zip(order, [*map(str, order[1:]), "_"], strict=True))
    page.add("\n", FORM)
    for k in range(1, n + 1):
        page.cells[f"{letter}{k}"] = follows[k]
        page.add(f" {letter}{k}" if k > 1 else f"{letter}{k}", FORM if k > 1 else FREE)
        page.add("=", FORM)
        page.add(follows[k], FREE)
    page.tapes[letter] = (1, n)
    label, here = _label(rng), str(rng.choice(order))
    inline = rng.random() < 0.4
    for step in range(12):
        if not inline or not step:
            page.line(label, step > 0)
        address = f"{letter}{here}"
        page.add(f" {letter}", FORM)
        page.add(here, VALUE if step else FREE)
        page.add("=", FORM)
        here = page.cells[address]
        page.add(here, VALUE)
        if here == "_":
            break


def stack(page: Page) -> None:
    """Values are pushed and popped; a cell holds how many there are."""
    rng = page.rng
    letter, top = page.letter(), f"{page.letter()}{page.count_mark}"
    name, height = _label(rng), 0
    page.line(SET, False)
    page.write(top, "0", known=False, kind=FREE)
    for step in range(rng.randint(4, 14)):
        pops = height > 0 and rng.random() < 0.45
        page.line(name, step > 0)
        page.add("-" if pops else "+", FREE)
        page.read(top, step > 0)
        if pops:
            page.read(f"{letter}{height}", True)
            height -= 1
        else:
            height += 1
            page.add(f" {letter}{height}", VALUE if step else FREE)
            page.add("=", FORM)
            value = page.cells[f"{letter}{height}"] = _integer(rng)
            page.add(value, FREE)
        page.write(top, str(height), True)


def best(page: Page) -> None:
    """The least or the greatest of a tape so far, kept in a cell."""
    rng = page.rng
    letter, kept, name = page.letter(heads_line=True), page.letter(), _label(rng)
    n = max(2, min(30, _length(page)))
    sign = rng.choice("<>")
    values = [str(rng.randint(0, 99) if rng.random() < 0.8 else rng.randint(-99, 99)) for _ in range(n)]
    page.add("\n", FORM)
    for k, value in enumerate(values, 1):
        page.cells[f"{letter}{k}"] = value
        page.add(f" {letter}{k}" if k > 1 else f"{letter}{k}", FORM if k > 1 else FREE)
        page.add("=", FORM)
        page.add(value, FREE)
    page.tapes[letter] = (1, n)
    page.line(name + sign, False)
    page.write(kept, page.read(f"{letter}1", False), known=False)
    for k in range(2, n + 1):
        page.line(name + sign, True)
        p, q = int(page.read(f"{letter}{k}")), int(page.read(kept, k > 2))
        relation = "<" if p < q else ">" if p > q else "="
        page.solve(relation)
        if relation == sign:
            page.write(kept, str(p), True)
    page.add(f"\n{_STOP}", FORM)


def table(page: Page) -> None:
    """A table whose cells are filled from their neighbours, row by row."""
    rng = page.rng
    letter, name = page.letter(heads_line=True), _label(rng)
    rows, columns = rng.randint(1, 5), rng.randint(1, 7)
    page.add("\n", FORM)
    edge = [(0, j) for j in range(columns + 1)] + [(i, 0) for i in range(1, rows + 1)]
    for n, (i, j) in enumerate(edge):
        address = f"{letter}{i},{j}"
        value = page.cells[address] = str(rng.randint(0, 30))
        page.add(f" {address}" if n else address, FORM if n else FREE)
        page.add("=", FORM)
        page.add(value, FREE)
    kind = rng.choice("<>+")
    places = [(1, 1), (1, 0), (0, 1)] if kind != "+" else [(1, 0), (0, 1)]
    begun = False
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            page.line(name + kind, begun)
            values = [
                int(page.read(f"{letter}{i - up},{j - back}", begun or n > 0)) for n, (up, back) in enumerate(places)
            ]
            result = min(values) if kind == "<" else max(values) if kind == ">" else sum(values) % 100
            page.solve(result)
            if kind == "<":
                result += 1
            page.write(f"{letter}{i},{j}", str(result), begun)
            begun = True
    page.add(f"\n{_STOP}", FORM)


def _pair(rng: random.Random, most: int) -> tuple[int, int]:
    """Two numbers to compare: far apart, near, equal, or the same digits turned."""
    p, shape = rng.randint(0, most), rng.random()
    if shape < 0.5:
        q = rng.randint(0, most)
    elif shape < 0.75:
        q = max(0, p + rng.randint(-4, 4))
    elif shape < 0.85:
        q = p
    else:
        q = int(str(p)[::-1])
    return p, q


def compare(page: Page) -> None:
    """Numbers of one or two digits held in cells, compared by value; the letter of the larger one may be kept."""
    rng = page.rng
    mark, kept, *names = page.different(2 + rng.randint(2, 6))
    mark = rng.choice((page.count_mark, "", mark))
    most = rng.choice((9, 20, 60, 60, 99))
    values: list[int] = []
    while len(values) < len(names):
        values += _pair(rng, most)
    page.line(SET, False)
    for name, value in zip(names, values, strict=False):
        page.write(f"{mark}{name}", str(value), known=False, kind=FREE)
    label = _label(rng)
    keeps, branches = rng.random() < 0.6, rng.random() < 0.4
    for n in range(rng.randint(2, 7)):
        page.line(label, n > 0)
        left, right = rng.sample(names, 2)
        p, q = int(page.read(f"{mark}{left}", False)), int(page.read(f"{mark}{right}", False))
        relation = "<" if p < q else ">" if p > q else "="
        page.solve(relation)
        if keeps:
            page.write(kept, left if p >= q else right, n > 0)
        if branches:  # the next line's label says what came out
            page.line(label + relation, n > 0)
            page.read(f"{mark}{left if p <= q else right}", n > 0)


def halves(page: Page) -> None:
    """Numbers of up to four digits, signs too: compared, added or subtracted two digits at a time."""
    rng = page.rng
    name, (left, right, low, out) = _label(rng), page.different(4)
    op = rng.choice("?+-")
    for n in range(rng.randint(2, 5)):
        p, q = (rng.randint(0, rng.choice((99, 999, 9999))) for _ in "pq")
        if rng.random() < 0.4:
            q = p // 100 * 100 + rng.randint(0, 99)
        if op == "-":
            p, q = max(p, q), min(p, q)
        if op == "?":
            p, q = p * rng.choice((1, 1, -1)), q * rng.choice((1, 1, -1))
        i = rng.randint(1, 30)
        page.line(name + op, n > 0)
        for letter, value in ((left, p), (right, q)):
            page.write(f"{letter}{i}", str(value), known=letter == right and n > 0, kind=FREE)
        page.add(" :", FORM)
        if op == "?":
            _halves_compared(page, f"{name}{op}", (f"{left}{i}", f"{right}{i}"), p, q)
            continue
        if p < 100 and q < 100:
            page.add(str(p + q if op == "+" else p - q), VALUE)
            continue
        part = p % 100 + q % 100 if op == "+" else p % 100 - q % 100
        page.add(f"{part:02}" if op == "+" else f"{part % 100:02}", VALUE)
        page.write(low, f"{part % 100:02}", n > 0)
        carry = part // 100
        page.line(f"{name}{op}{'' if not carry else '1'}", True)
        for letter in (left, right):
            page.read(f"{letter}{i}", True)
        page.read(low, True)
        high = (p // 100 + q // 100 if op == "+" else p // 100 - q // 100) + carry
        page.solve(high)
        page.write(out, str(high * 100 + part % 100), n > 0)


def _halves_compared(page: Page, label: str, addresses: tuple[str, str], p: int, q: int) -> None:
    high, low = (abs(p) // 100, abs(q) // 100), (abs(p) % 100, abs(q) % 100)
    small = -100 < p < 100 and -100 < q < 100
    if small or (p < 0) != (q < 0) or high[0] != high[1]:
        page.add("<" if p < q else ">" if p > q else "=", VALUE)
        return
    page.add("=", VALUE)
    page.line(f"{label}=", True)
    for address, value in zip(addresses, (p, q), strict=True):
        page.add(f" {address}", VALUE)
        page.add("=", FORM)
        page.add(str(value), VALUE)
    x, y = low if p >= 0 else low[::-1]
    page.solve("<" if x < y else ">" if x > y else "=")


def sums(page: Page) -> None:
    """Elementary solutions on drawn operands that stand right there."""
    rng = page.rng
    op = rng.choice("+++-*?!&~%^")
    name, (left, right) = _label(rng), page.different(2)
    for n in range(rng.randint(3, 8)):
        carry = rng.randint(0, 1)
        page.line(name + op, n > 0)
        if op in "+-":
            page.add(str(carry), FREE)
        big = {"?": 120, "!": 120, "&": 100, "~": 100, "%": 100, "^": 400}.get(op, 10)
        p, q = rng.randrange(big), rng.randrange(10 if op == "%" else big)
        if op in "?!" and rng.random() < 0.35:
            q = max(0, p + rng.randint(-1, 1))
        for address, value in ((left, p), (right, q)):
            if op != "^" or address == left:
                page.write(f"{address}{rng.randint(1, 60)}", str(value), known=False, kind=FREE)
        page.add(" :", FORM)
        if op == "?":
            page.add("<" if p < q else ">" if p > q else "=", VALUE)
        elif op == "^":
            page.add(str(p + 1), VALUE)
        else:
            page.add(str(_ELEMENTARY[op](p, q, carry)), VALUE)


_ELEMENTARY: dict[str, Callable[[int, int, int], int]] = {
    **_OPERATIONS,
    "!": lambda p, q, c: min(p, q),
    "&": lambda p, q, c: p + q,
    "~": lambda p, q, c: p - q,
    "%": lambda p, q, c: p * q,
}


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


Skill = Callable[[Page], Any]
_SHARES: dict[str, tuple[Skill, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int]] = {
    "blocks": (blocks, 0, 44, 60, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "scan": (scan, 32, 16, 16, 12, 12, 12, 10, 2, 2, 2, 2, 2, 6, 6, 6),
    "copies": (copies, 16, 22, 30, 24, 24, 24, 16, 6, 6, 6, 6, 6, 10, 10, 10),
    "strings": (strings, 8, 10, 10, 10, 10, 10, 8, 3, 3, 3, 3, 3, 3, 3, 3),
    "look_up": (look_up, 8, 8, 8, 20, 20, 20, 24, 80, 50, 50, 50, 90, 80, 80, 70),
    "sweep": (sweep, 6, 4, 4, 4, 4, 4, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    "overwrite": (overwrite, 6, 5, 5, 12, 12, 12, 10, 8, 8, 8, 8, 8, 8, 8, 8),
    "side_by_side": (side_by_side, 18, 24, 24, 24, 24, 30, 12, 4, 4, 4, 4, 4, 4, 4, 4),
    "ripple": (ripple, 4, 6, 6, 6, 6, 6, 5, 3, 3, 3, 3, 3, 3, 3, 3),
    "collect": (collect, 18, 24, 24, 6, 6, 6, 4, 1, 1, 1, 1, 1, 1, 1, 1),
    "pieces": (pieces, 2, 2, 2, 3, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1),
    "pointers": (pointers, 4, 4, 4, 5, 5, 5, 4, 2, 2, 2, 2, 2, 2, 2, 2),
    "links": (links, 2, 2, 2, 3, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1),
    "stack": (stack, 2, 2, 2, 3, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1),
    "best": (best, 2, 2, 2, 3, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1),
    "table": (table, 2, 2, 2, 4, 4, 4, 3, 2, 2, 2, 2, 4, 4, 4, 4),
    "compare": (compare, 10, 12, 20, 14, 14, 24, 10, 4, 4, 4, 4, 4, 12, 12, 12),
    "halves": (halves, 2, 3, 3, 5, 5, 5, 4, 2, 2, 2, 2, 2, 8, 8, 8),
    "sums": (sums, 5, 5, 5, 8, 8, 8, 8, 4, 4, 4, 4, 4, 4, 4, 4),
    "counting": (counting, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1),
    "sentence": (sentence, 5, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3),
    "windows": (windows, 0, 0, 70, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "rests": (rests, 0, 0, 0, 80, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "runs": (runs, 0, 0, 0, 50, 10, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    "groups": (groups, 0, 0, 0, 0, 90, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    "lines": (lines, 0, 0, 0, 0, 110, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    "queues": (queues, 0, 0, 0, 0, 0, 130, 3, 0, 0, 0, 0, 0, 0, 0, 0),
    "joins": (joins, 0, 0, 0, 0, 0, 90, 3, 0, 0, 0, 0, 0, 0, 0, 0),
    "turns": (turns, 0, 0, 0, 0, 0, 0, 110, 12, 70, 70, 70, 80, 140, 120, 100),
    "abreast": (abreast, 0, 0, 0, 0, 0, 0, 60, 90, 80, 80, 80, 110, 110, 100, 100),
    "unrolled": (unrolled, 0, 0, 0, 0, 0, 0, 80, 50, 80, 80, 110, 100, 100, 170, 170),
    "overlaps": (overlaps, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90, 150, 110, 100, 90, 100),
    "lists": (lists, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 20, 6),
    "grids": (grids, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 20, 0),
    "letters": (letters, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 300),
}
"""Every skill, and its shares of the exercises in the fifteen parts of the curriculum: what carries all others; blocks
and hard copies; then, thirteen times, what a reading of fine-tuned models' errors asked for."""
PARTS = (
    FOUNDATION,
    SKILLS,
    WINDOWS,
    RUNS,
    GROUPS,
    QUEUES,
    RINGS,
    FAR,
    TWINS,
    OVERLAPS,
    LONGER,
    SHAKEN,
    GAPS,
    ALTERED,
    LAST,
) = tuple(
    {name: (skill, shares[part]) for name, (skill, *shares) in _SHARES.items() if shares[part]} for part in range(15)
)


def _split_slots(text: str) -> list[str]:
    """``a {num} b`` → ``['a ', 'num', ' b']``."""
    parts: list[str] = []
    for piece in text.split("{"):
        parts += piece.split("}")
    return parts


_SENTENCES = nano.sentences()
_NO_SIGNS = str.maketrans("", "", "{}.,?:")
_WITH_NUMBERS = {n: [s for s in _SENTENCES if s.count("{num}") == n and s.count("{") == n] for n in (1, 2)}


class Phase(NamedTuple):
    """A stretch of the curriculum."""

    end: int  # tokens seen when it is over
    width: int  # tokens of a row
    longest: int  # cells of a tape at most
    skills: dict[str, tuple[Skill, int]]
    shortest: int = 4  # cells of a tape, where they may be many
    least: int = 150  # characters of a page
    split: float = 0.0  # share of the pages on which a ring goes on under another letter behind its point
    hard: bool = False  # strings are easily taken for each other, and a split ring has its point under both letters
    shown: int = 0  # symbols that are shown again where something is written out, on seven pages of ten
    gaps: bool = False  # every other ring skips ten cells behind every five
    noise: float = 0.0  # on the weights while gradients are taken, as a share of their spread: up to so much
    altered: bool = False  # most rings are changed in a few cells before they are written out
    seams: bool = False  # most of these get a run of one digit where two words meet; windows show whole words again


PLAIN = Phase(0, 0, 0, LAST)  # all skills of today, without any habit


def document(
    rng: random.Random, size: int, longest: int, skill: str | None = None, phase: Phase = PLAIN
) -> list[tuple[str, int]]:
    """One page of about `size` characters whose tapes have at most `longest` cells; of one skill, or of all of the
    phase, whose habits it has."""
    page = Page(rng, size)
    page.longest = longest
    page.splits = phase.split > 0 and rng.random() < phase.split
    page.hard = phase.hard
    page.shown = phase.shown if phase.shown and rng.random() < 0.7 else 0
    page.gaps, page.altered, page.seams = phase.gaps, phase.altered, phase.seams
    skills = phase.skills
    names, weights = list(skills), [share for _, share in skills.values()]
    if skill is None and rng.random() < 0.3:
        # A page with few skills, so that each is also met in long unbroken exercises.
        names = rng.sample(names, rng.randint(1, 3))
        weights = [skills[name][1] for name in names]
    while page.written < size:
        skills[skill or rng.choices(names, weights)[0]][0](page)
    closing(page)
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


PHASES = (
    Phase(6_000_000, 256, 8, FOUNDATION),
    Phase(14_000_000, 512, 24, FOUNDATION),
    Phase(20_480_000, 1024, 80, FOUNDATION),
    Phase(38_000_000, 1024, 80, SKILLS),
    Phase(46_000_000, 2048, 110, SKILLS),
    Phase(48_000_000, 3072, 110, SKILLS),
    Phase(54_000_000, 1024, 100, WINDOWS),
    Phase(60_000_000, 1024, 100, RUNS),
    Phase(64_000_000, 2048, 110, RUNS),
    Phase(70_000_000, 1024, 80, GROUPS),
    Phase(73_000_000, 2048, 110, GROUPS),
    Phase(79_000_000, 1024, 70, QUEUES),
    Phase(83_000_000, 1024, 80, RINGS),
    Phase(88_000_000, 2048, 90, RINGS),
    Phase(95_000_000, 3072, 80, FAR, 20, 2_000),
    Phase(102_000_000, 3072, 80, FAR, 28, 3_500, 0.6),
    Phase(105_060_000, 3072, 100, TWINS, 20, 3_000, 0.7, True),
    Phase(114_000_000, 3072, 100, OVERLAPS, 20, 3_000, 0.7, True),
    Phase(122_000_000, 3072, 100, LONGER, 20, 3_000, 0.7, True, 10),
    Phase(132_000_000, 3072, 100, SHAKEN, 24, 3_000, 0.7, True, 10, False, 0.2),
    Phase(144_000_000, 3072, 100, GAPS, 24, 3_000, 0.7, True, 10, True, 0.2),
    Phase(150_000_000, 3072, 100, ALTERED, 24, 3_000, 0.7, True, 10, True, 0.2, True),
    Phase(162_000_000, 3072, 100, LAST, 24, 3_000, 0.7, True, 10, True, 0.2, True, True),
)
TOKENS = PHASES[-1].end
RISES = (
    48_000_000,
    54_000_000,
    64_000_000,
    73_000_000,
    79_000_000,
    88_000_000,
    95_000_000,
    102_000_000,
    114_000_000,
    122_000_000,
    132_000_000,
    144_000_000,
    150_000_000,
)
"""Tokens after which the rate rises once more."""
ANEW = (54_000_000, 132_000_000, 150_000_000)
"""Here the optimizers begin anew, so that published weights of this age were all that was needed to go on."""
CONTEXT = 16_384


def phase_of(tokens: int) -> Phase:
    return next((phase for phase in PHASES if tokens < phase.end), PHASES[-1])


def row(tokenizer: Any, seed: int, index: int, phase: Phase) -> tuple[list[int], list[int], list[int]]:
    """Pages end to end: tokens, their kinds, their positions. A pure function of its arguments.

    In most rows the position leaps forward at a few line ends, so that everything between far ends of a long context
    is practised at the cost of a short one (positional skips: Zhu et al., arXiv 2309.10400).
    """
    width = phase.width
    rng = rng_of("pretrain", seed, index, width)
    end = tokenizer.token_to_id(nano.END)
    newline = tokenizer.token_to_id(tokenizer.encode("\n").tokens[0])
    ids: list[int] = []
    kinds: list[int] = []
    while len(ids) < width:
        size = int(math.exp(rng.uniform(math.log(phase.least), math.log(2 * width))))
        cells = int(math.exp(rng.uniform(math.log(phase.shortest), math.log(phase.longest))) + 0.5)
        more, their_kinds = encode(tokenizer, document(rng, size, cells, phase=phase))
        ids += [*more, end]
        kinds += [*their_kinds, FORM]
    del ids[width:], kinds[width:]
    positions = list(range(width))
    if rng.random() < 0.6:
        lines = [k for k, token in enumerate(ids) if token == newline]
        for at in rng.sample(lines, min(len(lines), rng.randint(1, 3))):
            leap = int(math.exp(rng.uniform(0, math.log((CONTEXT - width) / 3))))
            positions[at:] = [p + leap for p in positions[at:]]
    return ids, kinds, positions


def hidden_and_targets(model: Any, rows: list[tuple[list[int], list[int], list[int]]]) -> tuple[Any, Any, Any]:
    """Last hidden states where the next token can be known, that token, and its kind."""
    import torch

    ids, kinds, positions = (torch.tensor(part) for part in zip(*rows, strict=True))
    states = model.model(input_ids=ids, position_ids=positions, attention_mask=None, use_cache=False).last_hidden_state
    known = kinds[:, 1:] > FREE
    return states[:, :-1][known], ids[:, 1:][known], kinds[:, 1:][known]


@contextmanager
def shaken(model: Any, noise: float, *seed: int) -> Iterator[None]:
    """The model with noise on its matrices, up to this share of their spread. Gradients taken inside teach it to do its
    moves with a margin. Fine-tuning moves the matrices by 10 to 15%, and without a margin that costs far look-ups."""
    import torch

    rng = torch.Generator().manual_seed(int.from_bytes(hashlib.blake2b(repr(seed).encode(), digest_size=7).digest()))
    share = noise * float(torch.rand((), generator=rng))
    matrices = [p for n, p in model.named_parameters() if noise and p.ndim == 2 and "embed" not in n]
    kept = [p.detach().clone() for p in matrices]
    with torch.no_grad():
        for p in matrices:
            p.add_(torch.randn(p.shape, generator=rng), alpha=share * float(p.std()))
    yield
    with torch.no_grad():
        for p, was in zip(matrices, kept, strict=True):
            p.copy_(was)


EVALS = {"short": (700, 10), "long": (4_000, 60)}


def skill_accuracy(model: Any, tokenizer: Any, pages: int = 3) -> dict[str, dict[str, float]]:
    """Share of right values (given the true text before) on pages that training never sees, by skill and length."""
    import torch

    table: dict[str, dict[str, float]] = {}
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for name in LAST:
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


def rate_factor(tokens: int, total: int) -> float:
    """A short warm-up, a plateau, straight down over the last third; then twelve times up to two fifths and down."""
    for start, end in zip(RISES, (*RISES[1:], TOKENS), strict=True):
        if start <= tokens < end:
            return max(0.02, 0.4 * min((tokens - start + 8_000) / 160_000, (end - tokens) / (end - start)))
    return min(1.0, (tokens + 4_000) / 720_000, max(0.02, (1 - tokens / min(total, RISES[0])) / 0.33))


def train(args: argparse.Namespace) -> None:
    """Train in `args.workers` processes that share each step's rows; its sums differ from one worker's by rounding."""
    import torch

    args.out.mkdir(parents=True, exist_ok=True)
    meeting = args.out / "meeting"
    meeting.unlink(missing_ok=True)
    if args.workers == 1:
        work(0, args, meeting)
    else:
        # A termination ends this process in good order, and its workers with it.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        torch.multiprocessing.spawn(work, (args, meeting), args.workers, daemon=True)


def work(rank: int, args: argparse.Namespace, meeting: Path) -> None:
    """One worker: its share of every step's rows. The first one reports and saves."""
    import torch
    from torch import distributed

    torch.set_num_threads(args.threads)
    out: Path = args.out
    tokenizer = nano.build_tokenizer()
    model = nano.fresh_model(args.seed)
    model.set_attn_implementation(nano.attention())
    parameters = list(model.parameters())
    steppers = optimizers(model, args.rate)
    state: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "hash": "", "log": []}
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        state = saved["state"]
        model.load_state_dict(saved["model"])
        for stepper, their in zip(steppers, saved["optimizers"], strict=True):
            stepper.load_state_dict(their)
        if rank == 0:
            print(f"resumed at step {state['step']}, {state['tokens']:,} tokens", flush=True)
    state.setdefault("begun", []).append(state["tokens"])
    distributed.init_process_group("gloo", f"file://{meeting.resolve()}", rank=rank, world_size=args.workers)

    def save() -> None:
        new = checkpoint.with_suffix(".new")
        torch.save({"state": state, "model": model.state_dict(), "optimizers": [s.state_dict() for s in steppers]}, new)
        new.replace(checkpoint)
        nano.save(model, out / "model")
        (out / "model" / "README.md").write_text(card(args, state), encoding="utf-8")

    stop_at = time.monotonic() + 60 * args.minutes
    losses: list[float] = []
    while state["tokens"] < min(args.tokens, args.stop or args.tokens):
        began = time.monotonic()
        phase = phase_of(state["tokens"])
        width = phase.width
        anew = sum(state["tokens"] >= tokens for tokens in ANEW)
        if anew > state.get("anew", 0):
            steppers[:] = optimizers(model, args.rate)
            state["anew"] = anew
        count = max(1, args.batch // width)
        rows = [row(tokenizer, args.seed, state["step"] * 1000 + k, phase) for k in range(count)]
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = args.rate * rate_factor(state["tokens"], args.tokens)
        mine = rows[rank :: args.workers]
        known = sum(kind > FREE for _, kinds, _ in mine for kind in kinds[1:])
        shared = torch.tensor([known, began > stop_at], dtype=torch.float64)
        distributed.all_reduce(shared)
        if shared[1]:
            break
        loss = torch.zeros(())
        if mine:
            with shaken(model, phase.noise, args.seed, state["step"], rank):
                with torch.autocast("cpu", torch.bfloat16):
                    states, targets, _ = hidden_and_targets(model, mine)
                    logits = model.lm_head(states)
                loss = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum") / shared[0].float()
                loss.backward()
        grads = [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters]
        flat = torch.cat([*grads, loss.detach().view(1)])
        distributed.all_reduce(flat)
        for p, grad in zip(parameters, flat[:-1].split([p.numel() for p in parameters]), strict=True):
            p.grad = grad.view_as(p)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad()
        stream = hashlib.blake2b(state["hash"].encode() + repr(rows).encode(), digest_size=16)
        state["hash"] = stream.hexdigest()
        state["step"] += 1
        state["tokens"] += count * width
        state["seconds"] += time.monotonic() - began
        losses.append(float(flat[-1]))
        if rank > 0:
            continue
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
    if rank == 0:
        report(model, tokenizer, state)
        save()
    distributed.destroy_process_group()


def report(model: Any, tokenizer: Any, state: dict[str, Any]) -> None:
    table = skill_accuracy(model, tokenizer)
    state["log"].append({"tokens": state["tokens"], "seconds": round(state["seconds"]), "right": table})
    print("  ".join(f"{name} {a['short']}/{a['long']}" for name, a in table.items()), flush=True)


def card(args: argparse.Namespace, state: dict[str, Any]) -> str:
    """The model card: what these weights are and how to make them again."""
    right = state["log"][-1]["right"] if state["log"] else {}
    parts = "; ".join(
        f"to {max(phase.end for phase in PHASES if phase.skills is skills) / 1e6:g} million "
        + ", ".join(f"{name} {share}" for name, (_, share) in skills.items())
        for skills in PARTS
    )
    phases = ", ".join(
        f"to {p.end / 1e6:g} million {p.width:,} tokens (tapes of {p.shortest} to {p.longest} cells"
        + (f"; on {100 * p.split:g}% of the pages a ring changes its letter behind the point" if p.split else "")
        + ("; strings that are easily taken for each other" if p.hard else "")
        + (f"; {p.shown} symbols shown again where something is written out" if p.shown else "")
        + ("; every other ring skips ten cells behind every five" if p.gaps else "")
        + ("; most rings are changed in a few cells before they are written out" if p.altered else "")
        + ("; many of them so that two words meet in a run of one digit" if p.seams else "")
        + (f"; noise of up to {100 * p.noise:g}% on the weights)" if p.noise else ")")
        for p in PHASES
    )
    begun = ", ".join(f"{tokens / 1e6:.1f}" for tokens in state["begun"])
    anew = " and ".join(f"{tokens / 1e6:g}" for tokens in ANEW)
    rows = "\n".join(f"| {name} | {a['short']} | {a['long']} |" for name, a in right.items())
    shape = nano.config()
    heads = f"{shape.num_attention_heads} heads of {shape.hidden_size // shape.num_attention_heads}"
    return f"""# nano

Made on {date.today()} by

    python recipes/pretrain_nano.py --seed {args.seed} --tokens {args.tokens} --workers {args.workers}

and then `--install`.
Qwen2: {shape.num_hidden_layers} layers, width {shape.hidden_size}, {heads},
tied embeddings, positions to {CONTEXT:,}. Trained on generic tape skills only: no task's trace or answer. Words that
tasks use to name states (`top`, `trim`, ...) occur as values of cells, but none of two letters or more as a label.

- seed {args.seed}; {state["step"]:,} steps; {state["tokens"]:,} tokens; {state["seconds"] / 60:.0f} minutes,
  {args.workers} worker(s) with {args.threads} thread(s) each ({platform.machine()}), bfloat16 autocast
- runs of the command were begun at {begun} million tokens; each went on where the last one had stopped
- skills and their shares of the exercises: {parts}
- curriculum, rows: {phases}
- peak rate {args.rate}, Muon for matrices, AdamW for the rest; begun anew at {anew} million tokens
- hash of the token stream: `{state["hash"]}`

Right values on held-out pages, per cent, given the true text before (short: tapes to {EVALS["short"][1]}
cells; long: to {EVALS["long"][1]} cells, pages of some 2,500 tokens):

| skill | short | long |
|---|---|---|
{rows}
"""


def install(folder: Path) -> None:
    """Copy a trained model's files into the package."""
    for name in ("config.json", "generation_config.json", "model.safetensors", "README.md"):
        # Not in place: whoever has the old file mapped would be killed.
        replace_file(nano.NANO_DIR / name, (folder / "model" / name).read_bytes())
    nano.save_tokenizer(nano.NANO_DIR)
    print(f"installed {folder / 'model'} in {nano.NANO_DIR}")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/nano"), help="checkpoint and model folder; resumed if it holds one"
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights and documents")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="in all; the curriculum and the rate follow it")
    parser.add_argument("--stop", type=int, help="stop after so many tokens of them; run again to go on")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long; run again to go on")
    parser.add_argument("--rate", type=float, default=4e-3, help="peak learning rate")
    parser.add_argument("--batch", type=int, default=8192, help="tokens a step")
    parser.add_argument("--every", type=int, default=200, help="steps between evaluations and checkpoints")
    parser.add_argument("--workers", type=int, default=1, help="processes that share each step's rows")
    parser.add_argument(
        "--threads", type=int, default=1, help="of each; workers gain more, and threads suffer on a shared machine"
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
