"""How often a letter occurs in a sentence: a scan with a counter.

The letter goes to the cell ``x`` and the counter ``c`` to zero. Then the sentence is spelled: every character (spaces
and punctuation too, letters in their own case) has a state of its own, named by the cell that it reads (``t1 t2 …``),
which fetches the letter beside it. Where the two agree, small or capital, the counter goes up by one. A space is
written as a middle dot, which no sentence holds.
"""

from __future__ import annotations

import random
import re

from tail_lite.tape import BLANK, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import lay_out
from tail_lite.tasks._sentences import check_sentence, sentence_of_words, symbols
from tail_lite.tasks.base import Problem, Task

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """The count is drawn first, evenly from those that some letter has; one letter in twelve is absent."""
    text = sentence_of_words(rng, rng.randint(lo, hi))
    lower = text.lower()
    by_count: dict[int, list[str]] = {}
    for letter in _ALPHABET:
        by_count.setdefault(lower.count(letter), []).append(letter)
    absent = by_count.pop(0, None)
    if absent is None or rng.random() >= 1 / 12:
        absent = rng.choice(list(by_count.values()))
    return {"text": text, "letter": rng.choice(absent)}


def length(problem: Problem) -> list[int]:
    return [problem["text"].count(" ") + 1]


def validate(problem: Problem) -> None:
    check_keys("a count_letters problem", problem, "text", "letter")
    check_sentence(problem["text"])
    letter = problem["letter"]
    if not isinstance(letter, str) or not re.fullmatch("[a-z]", letter):
        raise ValueError(f"'letter' must be one letter from a to z, not {letter!r}")


def oracle(problem: Problem) -> str:
    """The gaps that are left when the text is cut at the letter."""
    return str(len(re.split(problem["letter"], problem["text"], flags=re.IGNORECASE)) - 1)


def program(problem: Problem) -> Trace:
    letter = problem["letter"]
    cells: dict[str, Value] = {"x": letter}
    lay_out(cells, "t", symbols(problem["text"]), first=1)
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    enter("x")
    read("x")
    write("c", 0)
    goto("t1")

    hits = {letter, letter.upper()}
    count, k = 0, 1
    address = "t1"
    with tape.loop():
        while True:
            enter(address)
            symbol = read(address)
            if symbol == BLANK:
                break
            read("x")
            if symbol in hits:
                read("c")
                solve(f"{count}+1", count + 1)
                count += 1
                write("c", count)
            k += 1
            address = f"t{k}"
            goto(address)
    read("c")
    goto("halt")
    return tape.halt(str(count))


def plain_cot(problem: Problem) -> str:
    letter, lines, total = problem["letter"], [f"Go through the words and count every {problem['letter']}."], 0
    for word in problem["text"].split(" "):
        count = word.lower().count(letter)
        total += count
        if count:
            lines.append(f"{word}: {count}, so {total} in all.")
    if not total:
        lines.append("None of the words has it.")
    return "\n".join(lines)


_CASE = "Count it in either case, as a small letter or as a capital."

TASK = Task(
    name="count_letters",
    paradigm="enumeration",
    description="how often a letter occurs in a sentence",
    length_is="words of the sentence",
    ranges={"S": (2, 6), "M": (7, 10), "L": (11, 20)},
    sample=sample,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    oracle=oracle,
    templates=tuple(
        text + ("\n" if text.endswith("{text}") else " ") + _CASE
        for text in (
            "How many times does the letter {letter} occur in this sentence?\n{text}",
            'Count the letter {letter} in "{text}".',
            'How often does {letter} appear in "{text}"?',
            'What is the number of occurrences of the letter {letter} in the text "{text}"?',
            'In the sentence "{text}", how many letters are {letter}?',
            "Here is a sentence:\n{text}\nHow many times is the letter {letter} used in it?",
            'Find out how many {letter}\'s there are in "{text}".',
            'Go through "{text}" letter by letter and count each {letter}.',
            'A printer sets the line "{text}" from single metal letters. How many pieces with the letter {letter} are '
            "needed?",
            'Someone carves "{text}" into a wooden sign and is paid extra for every letter {letter}. For how many '
            "letters is extra paid?",
            'In a word game, every {letter} scores one point. How many points does "{text}" score?',
            'A pupil underlines each letter {letter} in "{text}". How many letters are underlined?',
            "Tell me how often the letter {letter} stands in the following text:\n{text}",
            'The key for the letter {letter} is worn out. How often is it pressed while typing "{text}"?',
            'Please count all occurrences of {letter} in "{text}".',
            'If every letter {letter} were struck out of "{text}", how many letters would be struck out?',
            'A telegraphist keeps a tally of the letter {letter}. By how much does the tally grow with "{text}"?',
            'Let s = "{text}". How many characters of s are the letter {letter}?',
            "Check this sentence for the letter {letter} and give the number of times it is found:\n{text}",
            'On a poster that says "{text}", every letter {letter} is painted red. How many letters are red?',
            'What is the frequency of {letter}, as a whole number, in "{text}"?',
            'Letter {letter}, sentence "{text}": how many times?',
            'A codebreaker counts letters. What is the count for {letter} in the message "{text}"?',
            "How many of the letters in the line below are {letter}?\n{text}",
        )
    ),
    phrases={
        "x": "Which letter is counted?",
        "t": "Compare character {i} with the letter",
    },
    plain_cot=plain_cot,
    min_length=2,
    max_length=40,
)
