"""All distinct substrings, by inserting every suffix into a trie of prefixes.

The recursion is ``extend(prefix, next letter)``: it calls itself with a prefix one letter longer until the text ends.
Its call stack lies on the tape: ``s5`` is the prefix that ends at character 5 of the suffix in hand, whose first
character is in ``i``. A trie node has a number, and its cell ``c7`` lists its branches: ``a8d12`` leads by a to node 8
and by d to node 12, so that a branch that does not exist is seen from the same cell. While a suffix walks where another
has walked before (``w``), its prefixes are known; where it leaves the trie, ``p`` notes the place, and from there on
all of them are new and grow nodes (``g``). On the way back the new frames are taken off the stack, five a state, into a
piece of output ``o``; the last line repeats the pieces in order.
"""

from __future__ import annotations

import json
import random
import re
from itertools import product

from tail_lite.tape import BLANK, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import lay_out, scan
from tail_lite.tasks.base import Problem, Task

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_FIVE = range(5)  # frames taken off together


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """Texts of few letters, many with a block that comes again; one in twelve of letters at will."""
    n = rng.randint(lo, hi)
    kind = rng.random()
    if kind < 1 / 12:
        return {"text": "".join(rng.choices(_ALPHABET, k=n))}
    letters = rng.sample(_ALPHABET, rng.choice((2, 3, 3, 4, 5)))
    if kind < 0.55:
        return {"text": "".join(rng.choices(letters, k=n))}
    text = ""
    block = rng.choices(letters, k=rng.randint(1, max(2, n // 2)))
    while len(text) < n:
        text += "".join(block) if rng.random() < 0.6 else rng.choice(letters)
    return {"text": text[:n]}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every text of at most three letters; more are drawn."""
    if hi > 3:
        return None
    return [{"text": "".join(t)} for n in range(lo, hi + 1) for t in product(_ALPHABET, repeat=n)]


def length(problem: Problem) -> list[int]:
    return [len(problem["text"])]


def validate(problem: Problem) -> None:
    check_keys("an any_substring problem", problem, "text")
    text = problem["text"]
    if not isinstance(text, str) or not re.fullmatch("[a-z]+", text):
        raise ValueError(f"'text' must be one or more letters from a to z, not {text!r}")


def oracle(problem: Problem) -> str:
    """All slices in order, each kept the first time."""
    text = problem["text"]
    ends = range(1, len(text) + 1)
    return json.dumps(list(dict.fromkeys(text[i:j] for i in range(len(text)) for j in ends if j > i)))


def program(problem: Problem) -> Trace:
    cells: dict[str, Value] = {}
    lay_out(cells, "t", problem["text"], first=1)
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    n = len(scan(tape, "t", "n", first=1))
    write(f"s{n + 1}", BLANK)
    write("c0", BLANK)
    write("m", 0)
    goto("a1")

    def branch(node: int, letter: Value) -> int:
        """The node that a letter leads to from here, now grown if there was none."""
        found = children[node].get(letter)
        if found is not None:
            return found
        fresh = len(children)
        read("m")
        solve(f"{fresh - 1}+1", fresh)
        children[node][letter] = fresh
        children.append({})
        write(f"c{node}", "".join(f"{a}{b}" for a, b in children[node].items()))
        return fresh

    children: list[dict[Value, int]] = [{}]
    pieces: list[str] = []
    i = 1
    with tape.loop():
        while True:
            # The first letter of the suffix, from the root.
            enter(f"a{i}")
            letter = read(f"t{i}")
            if letter == BLANK:
                goto("halt")
                break
            read("c0")
            known = len(children)
            node = branch(0, letter)
            write("i", i)
            new = node == known
            if new:
                write("p", i)
            write(f"s{i}", letter)
            prefix = str(letter)
            p = j = i
            with tape.loop():
                while True:
                    # One letter more: along the trie, or beyond it.
                    j += 1
                    name = f"{'g' if new else 'w'}{j},{node}"
                    goto(name)
                    enter(name)
                    letter = read(f"t{j}")
                    if letter == BLANK:
                        break
                    prefix += str(letter)
                    if new:
                        read(f"s{j - 1}")
                        fresh = len(children)
                        children[node][letter] = fresh
                        children.append({})
                        write(f"c{node}", f"{letter}{fresh}")
                        node = fresh
                    else:
                        read(f"c{node}")
                        read(f"s{j - 1}")
                        known = len(children)
                        node = branch(node, letter)
                        if node == known:
                            new, p = True, j
                            write("p", p)
                    write(f"s{j}", prefix)
            i += 1
            if not new:
                read("i")
                goto(f"a{i}")
                continue
            read("p")
            write(f"c{node}", BLANK)
            write("m", node)
            goto(f"r{p}")

            # Back from the recursion: take the new frames off the stack.
            frame: Value = ""
            name = f"r{p}"
            with tape.loop():
                while frame != BLANK:
                    enter(name)
                    piece = ""
                    for _ in _FIVE:
                        frame = read(f"s{p}")
                        if frame == BLANK:
                            break
                        piece += f', "{frame}"' if piece else f'"{frame}"'
                        p += 1
                    if frame == BLANK:
                        read("i")
                    if piece:
                        write("o", piece)
                        pieces.append(piece)
                    name = f"a{i}" if frame == BLANK else f"r{p}"
                    goto(name)
    return tape.halt(f"[{', '.join(pieces)}]")


def plain_cot(problem: Problem) -> str:
    text = problem["text"]
    seen: set[str] = set()
    lines = ["Take each start in turn and lengthen the substring letter by letter, leaving out what came before."]
    for i in range(len(text)):
        all_here = [text[i:j] for j in range(i + 1, len(text) + 1)]
        new = [piece for piece in all_here if piece not in seen]
        seen.update(new)
        lines.append(f"From position {i}: {', '.join(new) if new else 'nothing new'}")
    return "\n".join([*lines, f"That makes {len(seen)} in all."])


_FORM = (
    " Order them by the position where they first start, from left to right, and those with the same first start by "
    'length, shortest first. Write them as a list of strings in double quotes, like ["x", "xy"].'
)

TASK = Task(
    name="any_substring",
    paradigm="recursion",
    description="all distinct substrings of a string",
    length_is="characters",
    ranges={"S": (3, 5), "M": (6, 9), "L": (10, 14)},
    sample=sample,
    enumerate=enumerate_problems,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    oracle=oracle,
    templates=tuple(
        text + _FORM
        for text in (
            "List all distinct non-empty substrings (contiguous pieces) of {text}.",
            "Which different non-empty contiguous substrings does the string {text} have?",
            'Find every distinct non-empty contiguous substring of "{text}".',
            "Enumerate the non-empty substrings of {text}. A substring is contiguous; list equal ones only once.",
            "Let s = {text}. Give the distinct non-empty strings s[i:j], each once.",
            "Write down all non-empty strings that occur as a contiguous block in {text}, each of them once.",
            'What are the distinct contiguous non-empty pieces of the word "{text}"?',
            "Cut a contiguous, non-empty piece out of {text} in every possible way. Which different pieces arise?",
            "A ribbon has the letters {text} printed on it. Which different strings can be cut out of it as one"
            " piece of at least one letter?",
            "A strand of symbols reads {text}. A biologist wants every distinct fragment, that is every "
            "non-empty run of neighbouring symbols, listed once.",
            "A search index stores every non-empty contiguous substring of {text} exactly once. What does it store?",
            "The wagons of a train are marked {text}. One or more wagons that are coupled in a row are taken "
            "out. Which different markings can such a row have, read in the direction of the train?",
            "For the string {text}, produce the list of its unique non-empty contiguous substrings.",
            "What can be selected in the text {text} by marking one or more neighbouring characters? List each "
            "different selection once.",
            "A window of any width of at least one letter slides over {text}. Which different strings does it show?",
            'Please list the unique contiguous substrings of "{text}", without the empty one.',
            "Beads with letters are strung as {text}. Which different letter sequences do one or more beads in "
            "a row form, read from left to right?",
            "Give all non-empty factors (contiguous subwords) of the word {text}, without repetition.",
            "A log file holds the events {text}, one letter each. List every different non-empty run of "
            "consecutive events.",
            "A puzzle asks for all the strings hidden in {text} as unbroken sequences of one or more letters, "
            "each counted once.",
            "Collect the set of non-empty contiguous substrings of {text}.",
            "The string is {text}. Print its distinct non-empty substrings; letters of a substring stand next "
            "to each other in the string.",
            "From the tiles {text}, laid in a row, neighbouring tiles (at least one) are picked without "
            "changing their order. Which different strings can be picked?",
        )
    ),
    phrases={
        "t": "Read character {i}",
        "a": "Begin the suffix at character {i}: is there a branch at the root?",
        "w": "Go on along the trie (next character, node: {i})",
        "g": "Everything is new: grow the trie (next character, node: {i})",
        "r": "Take the new frames off the stack, from character {i} on",
    },
    plain_cot=plain_cot,
    max_length=20,
)
