"""A sentence reversed character by character, word by word from its end.

The text is scanned into the cells ``t1 t2 …``, one character each, between the blanks ``t0`` and the one behind it; a
space is written as a middle dot, which no sentence holds, so that it can be seen. Then a head runs back from the end
and gathers each word, at most five characters a state, in a cell of its own: ``w1`` is the last word reversed, ``w2``
the one before. At the end the words are put together, five a state, with spaces between them: the output ``o`` grows as
one contiguous run, which the last line repeats.
"""

from __future__ import annotations

import random

from tail_lite.tape import BLANK, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys
from tail_lite.tasks._moves import lay_out, scan
from tail_lite.tasks._sentences import SPACE, check_sentence, sentence_of_characters, symbols
from tail_lite.tasks.base import Problem, Task

_FIVE, _THREE = range(5), range(3)  # characters, or words, fetched together
_ENDS = {SPACE, BLANK}


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    return {"text": sentence_of_characters(rng, rng.randint(lo, hi))}


def length(problem: Problem) -> list[int]:
    return [len(problem["text"])]


def validate(problem: Problem) -> None:
    check_keys("a word_flip problem", problem, "text")
    check_sentence(problem["text"])


def oracle(problem: Problem) -> str:
    """Every character put in front of those before it."""
    turned = ""
    for symbol in problem["text"]:
        turned = symbol + turned
    return turned


def program(problem: Problem) -> Trace:
    cells: dict[str, Value] = {"t0": BLANK, "o": BLANK}
    lay_out(cells, "t", symbols(problem["text"]), first=1)
    tape = Tape(cells)
    enter, read, write, goto = tape.enter, tape.read, tape.write, tape.goto

    k = len(scan(tape, "t", "n", first=1))
    goto(f"f1,{k}")

    # The words from the last to the first, each from its last character to its first.
    number, symbol, name = 1, "", f"f1,{k}"
    with tape.loop():
        while symbol != BLANK:
            symbol = word = ""
            with tape.loop():
                while symbol not in _ENDS:
                    enter(name)
                    start = len(word)
                    if start:
                        read(f"w{number}")
                    for _ in _THREE if start else _FIVE:
                        symbol = str(read(f"t{k}"))
                        k -= 1
                        if symbol in _ENDS:
                            break
                        word += symbol
                    if len(word) > start:
                        write(f"w{number}", word)
                    if symbol == BLANK:
                        write(f"w{number + 1}", BLANK)
                        name = "out1"
                    else:
                        name = f"f{number + 1},{k}" if symbol == SPACE else f"m{number},{k}"
                    goto(name)
            number += 1

    # Put the words together.
    output, number, word = "", 1, ""
    with tape.loop():
        while word != BLANK:
            enter(f"out{number}")
            read("o")
            grown = output
            for _ in _FIVE:
                word = str(read(f"w{number}"))
                if word == BLANK:
                    break
                grown += f" {word}" if grown else word
                number += 1
            if grown != output:
                output = grown
                write("o", output)
            goto("halt" if word == BLANK else f"out{number}")
    return tape.halt(output)


def plain_cot(problem: Problem) -> str:
    words = problem["text"].split(" ")
    if len(words) == 1:
        return f"There is one word, {words[0]}. Written from its last character to its first it is {words[0][::-1]}"
    lines = ["Take the words from the last to the first and turn each one round:"]
    lines += [f"{word} -> {word[::-1]}" for word in reversed(words)]
    return "\n".join([*lines, "Then put them together again, with a space between each two."])


_ALL = "Every single character takes part, spaces and punctuation included, and capitals stay as they are."

TASK = Task(
    name="word_flip",
    paradigm="simulation",
    description="a sentence reversed character by character",
    length_is="characters of the sentence, spaces included",
    ranges={"S": (10, 20), "M": (21, 50), "L": (51, 100)},
    sample=sample,
    length=length,
    validate=validate,
    fields=lambda problem: problem,
    program=program,
    oracle=oracle,
    templates=tuple(
        text + ("\n" if text.endswith("{text}") else " ") + _ALL
        for text in (
            'Write this text backwards: "{text}"',
            'Reverse the following sentence: "{text}"',
            'What is "{text}" when it is read from right to left?',
            'Spell "{text}" backwards.',
            "Turn this line round, so that its last character comes first:\n{text}",
            'How does the sentence "{text}" look in reverse?',
            'Flip the text "{text}" from end to start.',
            'Give me the mirror order of these characters: "{text}"',
            'A scribe copies "{text}" from its last character to its first. What does the scribe write?',
            'A sign in a shop window says "{text}". In which order do its characters pass someone who reads it '
            "from the right?",
            'The string s is "{text}". What is s reversed?',
            'Read the characters of "{text}" in the opposite order and write down what you get.',
            "Here is a sentence:\n{text}\nOutput it back to front.",
            'An old cipher writes messages backwards. Encode "{text}" with it.',
            "This message was encoded by writing it backwards. Decode it by reversing it again:\n{text}",
            'Two spies agree to send every message in reverse. What do they send for "{text}"?',
            'Someone types "{text}" on a broken keyboard that puts each new character in front of the others. '
            "What appears on the screen?",
            'Push the characters of "{text}" on a stack one by one, then pop them all. What comes off the stack?',
            'A tape with the text "{text}" runs through the reader in the wrong direction. What does the reader print?',
            'Please reverse "{text}".',
            'Start at the end of "{text}" and write each character until you reach the beginning.',
            'Beads with letters spell "{text}" on a string. What do they spell when they are taken off from the'
            " other end?",
            'Print "{text}" backwards, as Python would with [::-1].',
            'A train of cars carries the characters of "{text}", one in each car. It backs out of the tunnel, '
            "last character first. In which order do the characters come out?",
        )
    ),
    phrases={
        "t": "Read character {i}",
        "f": "Begin the next word from its end (word, character: {i})",
        "m": "Go on with the same word (word, character: {i})",
        "out": "Put the next words together, from number {i} on",
    },
    plain_cot=plain_cot,
    min_length=10,
    max_length=200,
)
