"""English sentences of an exact number of characters or of words, from a small grammar.

A clause is a pattern of slots (``NAME VT the THING``). Its words are drawn freely; where the number of characters is to
be met, one word is then exchanged for another of its class that makes up the difference. Long sentences join clauses.
On the tape of a task a space is written as a middle dot, which no sentence holds (sentences are ASCII).
"""

from __future__ import annotations

import random
import re
from bisect import bisect
from functools import cache
from itertools import accumulate, product
from typing import NamedTuple

from tail_lite.tape import BLANK

SPACE = "·"
"""A space in a cell: a value that can be seen."""

_TEXT = re.compile(r"[!-~]+( [!-~]+)*")

_WORDS = {
    "NAME": "Al Bo Cy Di Ed Jo Mo Vi Abe Ada Ali Amy Ana Ann Bea Ben Bob Cal Dan Deb Don Eli Eva Eve Fay Gus Guy "
    "Hal Ian Ida Ivy Jan Jay Jim Joe Jon Kay Ken Kim Lee Len Leo Lou Liz Mae Max Meg Mia Nan Ned Nia Pam "
    "Pat Peg Pia Ray Rex Rob Ron Roy Sal Sam Sid Sue Syd Ted Tia Tim Tom Una Uma Val Vic Wes Zac Zoe Alan "
    "Andy Anna Beth Carl Cora Dora Ella Elsa Emma Eric Erik Evan Finn Fred Gina Greg Hans Hope Hugo Iris "
    "Ivan Jack Jane Jill Joan John Josh Kate Kurt Lars Lena Liam Lucy Mary Nina Noah Omar Otto Paul Ravi "
    "Rosa Ruth Sara Yuki Alice Bruno Clara David Elena Felix Grace Henry Irene James Karim Laura Maria "
    "Oscar Peter Simon Sofia Amelia Daniel George Hannah Martin Monica Olivia Samuel Thomas Victor "
    "Abigail Charles Matilda Michael Rebecca William Benjamin Isabella Jonathan Margaret Alexander "
    "Elizabeth Frederick Christopher",
    "PRON": "I we he she you they",
    "HIM": "me us him her you them",
    "DET": "the my our his her your this that their",
    "DETS": "the my our his her your their these those",
    "NUM": "two six ten four five nine three seven eight many some several eleven twelve twenty",
    "PERSON": "boy son man king aunt boss chef cook poet girl twin actor baker clerk guard judge nurse owner pilot "
    "queen uncle artist author barber butler cousin doctor driver editor farmer hunter lawyer nephew "
    "player sailor singer tailor writer captain dentist gardener grocer manager officer painter plumber "
    "sister student teacher visitor engineer musician neighbour reporter architect carpenter detective "
    "inspector librarian president scientist shopkeeper astronaut fisherman journalist electrician "
    "grandmother grandfather policewoman photographer",
    "PERSONS": "boys sons men kings aunts chefs cooks poets girls twins actors bakers clerks guards judges nurses "
    "pilots uncles artists barbers cousins doctors farmers hunters lawyers sailors singers writers "
    "captains dentists officers painters plumbers students teachers visitors engineers musicians "
    "neighbours reporters carpenters detectives librarians scientists journalists photographers",
    "ANIMAL": "ox ant bat bee cat cow dog fox hen owl pig rat ape bear bird crab crow deer duck frog goat lamb lion "
    "mole mouse otter panda puppy robin sheep snail swan tiger whale wolf beaver donkey falcon kitten "
    "lizard monkey parrot pigeon rabbit spider turtle buffalo dolphin gorilla hamster leopard octopus "
    "ostrich panther penguin antelope elephant flamingo hedgehog kangaroo squirrel tortoise alligator "
    "butterfly crocodile chimpanzee grasshopper",
    "THING": "axe bag bat bed box bus cap car cup fan hat key kit map mat mug net oar pan pen pin pot rug toy urn "
    "van bell bike boat book bowl cane card coat coin comb crib desk doll door drum flag flute fork gift "
    "iron jar kite lamp lock mask nail oven pipe ring rope sack shoe sign sock sofa tent vase anchor "
    "apron arrow badge bench brush canoe chair chest clock cloak crown cloth curtain easel glove knife "
    "ladle organ paint phone piano plate purse quilt radio scarf shelf spoon stamp table torch towel "
    "truck watch wheel album basket bottle bucket button camera candle carpet drawer engine guitar hammer "
    "helmet jacket kettle ladder letter mirror needle parcel pencil pillow poster saddle shovel statue "
    "ticket trophy tunnel violin wallet window bicycle blanket cabinet compass diamond diary lantern "
    "machine painting picture printer sandwich scooter suitcase sweater toolbox trumpet umbrella wardrobe "
    "armchair backpack computer envelope calendar necklace notebook postcard telephone bookshelf "
    "chessboard newspaper saxophone telescope ambulance dictionary flashlight microscope photograph "
    "tablecloth typewriter accordion chandelier motorcycle screwdriver thermometer wheelbarrow "
    "encyclopedia refrigerator",
    "THINGS": "axes bags beds cups fans hats keys maps mats mugs nets oars pans pens pins pots rugs toys bells "
    "bikes boats books bowls cards coats coins combs desks dolls drums flags forks gifts jars kites lamps "
    "locks masks nails pipes rings ropes socks tents vases arrows badges chairs clocks crowns gloves knives "
    "plates spoons stamps tables torches towels wheels baskets bottles buckets buttons cameras candles "
    "carpets engines guitars hammers helmets jackets ladders letters mirrors needles parcels pencils pillows "
    "posters shovels statues tickets trophies windows bicycles blankets diamonds lanterns machines pictures "
    "suitcases umbrellas armchairs computers envelopes notebooks postcards newspapers telescopes photographs "
    "typewriters screwdrivers scarves",
    "FOOD": "ham jam pie tea beef cake corn fish milk rice soup stew bacon bread candy cocoa cream curry fruit "
    "honey juice pasta pizza salad sauce toast butter cheese coffee mustard noodles pudding yoghurt "
    "lemonade porridge vanilla chocolate marmalade spaghetti",
    "PLACE": "inn zoo bank barn cafe cave city farm fort gate hall hill lake mill park pool pond port road shop "
    "spa town beach canal field hotel house river tower abbey arena attic bakery bridge castle cellar "
    "church garden island market museum office palace school stable street temple theatre airport cottage "
    "factory fountain harbour kitchen library station stadium village windmill bookshop building "
    "cathedral hospital mountain pharmacy workshop apartment courtyard courthouse greenhouse lighthouse "
    "playground restaurant university observatory supermarket laboratory",
    "ADJP": "old shy sad kind tall calm wise busy rich poor new young angry happy tired brave quiet funny proud "
    "alert clever hungry honest lonely polite sleepy modest elderly anxious careful curious excited "
    "foolish nervous patient serious cheerful friendly generous sensible talented ambitious confident "
    "energetic impatient determined thoughtful intelligent absent-minded enthusiastic",
    "ADJT": "big new old odd red tan wet dry blue cold dark grey huge nice oval pink soft tiny ugly long black "
    "brown clean cheap dirty dusty empty fancy green heavy large light plain round rusty sharp shiny small "
    "solid sweet thick white orange broken bright costly golden hidden little modern narrow pretty purple "
    "secret silver simple square strong unusual useful wooden yellow ancient antique bizarre colourful "
    "elegant familiar ordinary precious striped beautiful enormous expensive important mysterious unfamiliar "
    "valuable comfortable old-fashioned rectangular second-hand magnificent extraordinary",
    "ADJA": "fat old big sly grey lazy tame thin wild agile angry black brown eager loyal noisy quiet small "
    "spotted white gentle hungry little sleepy striped thirsty curious elegant playful friendly obedient "
    "cautious frightened intelligent exhausted",
    "ADJL": "old new big dark busy calm cold damp tiny empty noisy quiet sunny small ugly crowded foggy famous "
    "narrow ancient distant elegant deserted peaceful beautiful forgotten abandoned enormous fashionable",
    "VT": "got hid saw cut won drew held kept left lost made sent sold took used stole found fixed moved opened "
    "chose tried broke bought hauled packed washed praised dropped painted carried cleaned ordered noticed "
    "touched brought ignored checked admired counted covered damaged mentioned borrowed repaired returned "
    "examined inspected measured decorated delivered described destroyed collected protected discovered "
    "purchased abandoned unwrapped advertised investigated photographed",
    "VS": "had liked loved owned hated wanted needed preferred",
    "VTB": "get use see buy cut fix hide find draw hold keep leave lose make move open sell send take bring carry "
    "check choose clean count cover drop lift paint pack repair steal touch wash admire borrow collect "
    "deliver describe destroy decorate discover examine inspect measure protect purchase remember return "
    "unwrap photograph",
    "VEAT": "ate had made got hid baked liked tried loved sold bought cooked served shared tasted wanted ordered "
    "finished prepared devoured offered",
    "VI": "ran sat fell left sang wept slept spoke cried dined froze knelt moved prayed rested stood waited "
    "talked walked worked jogged smiled danced paused played sighed laughed arrived argued yawned "
    "whistled listened relaxed shouted stumbled vanished trembled whispered hesitated practised applauded "
    "complained apologised disappeared",
    "VA": "sat ran hid ate fled slept leapt moved waited rested played jumped growled escaped yawned wandered "
    "vanished trembled stretched disappeared",
    "VP": "met saw led fed heard paid hired told asked called chased helped joined passed taught warned thanked "
    "visited amused avoided greeted invited watched ignored noticed praised believed followed answered "
    "surprised recognised interviewed disappointed congratulated",
    "VPS": "knew loved feared trusted admired",
    "VPA": "saw fed led heard chased watched avoided followed noticed greeted ignored",
    "LIKE": "like love hate miss need know want see hear fear admire prefer remember",
    "EATS": "like love hate miss need want prefer",
    "VPB": "see pay ask call help join hire meet tell warn visit teach trust thank greet follow invite ignore "
    "watch answer believe surprise recognise interview congratulate",
    "MODAL": "can may will must could might should would can't won't cannot couldn't shouldn't wouldn't",
    "WAS": "is was isn't looks looked seemed became stayed wasn't appeared remained",
    "WERE": "are were look looked seemed aren't stayed weren't appeared remained",
    "PREP": "by at near behind beside outside opposite",
    "MANNER": "alone again twice early sadly gladly boldly calmly kindly loudly neatly softly slowly warmly "
    "bravely eagerly gently happily proudly quietly quickly secretly silently suddenly politely patiently "
    "carefully cheerfully carelessly nervously impatiently immediately reluctantly enthusiastically",
    "DAY": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "MONTH": "May June July March April August October January November February December September",
    "MEAL": "tea lunch work dawn dinner school sunset supper midnight breakfast",
    "LATER": "now soon today later tonight tomorrow",
    "THEN": "Luckily Finally Surprisingly Unfortunately Sadly Clearly Actually Evidently Certainly Obviously "
    "Apparently Fortunately",
    "WH": "how when where",
    "JOIN": "and but so yet",
    "CAUSE": "since because although",
    "LINK": "as when while after until before",
}


_ABSOLUTE = (
    "red tan black white orange purple silver oval square wooden golden empty secret ancient antique enormous "
    "rectangular second-hand magnificent extraordinary"
)
"""Adjectives of things that do not go with "very" and "too"."""


def _takes_an(word: str) -> bool:
    return word.startswith("hon") or (word[0] in "aeiou" and not word.startswith(("use", "uni")))


def _classes() -> dict[str, list[str]]:
    """The word classes; ``CTHING`` and ``VTHING`` are the words of THING that go with "a" and with "an", ``ADJG`` the
    adjectives of things that go with "very"."""
    classes = {name: list(dict.fromkeys(words.split())) for name, words in _WORDS.items()}
    for name in ("PERSON", "ANIMAL", "THING", "ADJP", "ADJT", "ADJA", "ADJL"):
        classes["C" + name] = [word for word in classes[name] if not _takes_an(word)]
        classes["V" + name] = [word for word in classes[name] if _takes_an(word)]
    classes["ADJG"] = [word for word in classes["ADJT"] if word not in _ABSOLUTE.split()]
    classes["NAMES"] = [f"{name}'s" for name in classes["NAME"]]
    classes["NAME,"] = [f"{name}," for name in classes["NAME"]]
    classes["THEN,"] = [f"{word}," for word in classes.pop("THEN")]
    return classes


def _noun(noun: str, adjective: str) -> list[str]:
    return [
        f"DET {noun}",
        f"a C{noun}",
        f"an V{noun}",
        f"NAMES {noun}",
        f"DET {adjective} {noun}",
        f"a C{adjective} {noun}",
        f"an V{adjective} {noun}",
    ]


_WHO = ["NAME", "PRON", "NAME and NAME", "the PERSONS", "NUM PERSONS", "the ADJP PERSONS", *_noun("PERSON", "ADJP")]
_WHOM = ["NAME", "HIM", "the PERSONS", *_noun("PERSON", "ADJP")]
_WHAT = ["it", "them", "NUM THINGS", "DETS THINGS", "NUM ADJT THINGS", *_noun("THING", "ADJT")]
_BEAST = _noun("ANIMAL", "ADJA")
_PLACE = ["PREP the PLACE", "PREP DET ADJL PLACE", "PREP a CADJL PLACE"]
_TIME = ["", "", "yesterday", "on DAY", "in MONTH", "after MEAL", "before MEAL", "last night", "at noon"]
_WHEN = [*_TIME, "MANNER", *_PLACE]
_LONG = ["", "", "for years", "for weeks", "from the start"]
_SOON = ["", "LATER", "on DAY", "before MEAL", "next week"]
_NEXT = [*_SOON, "for NAME"]

# Each kind of clause is a product of alternatives. What happened goes with what else happened by any link; what is,
# will be or did not happen goes with no link of time, and has no manner.
_EVENTS = [
    (_WHO, ["VT"], _WHAT, _WHEN),
    (_WHO, ["VI"], [*_WHEN, "near NAME", "with NAME", "MANNER PREP the PLACE", "and VI", "MANNER on DAY"]),
    (_WHO, ["VP"], _WHOM, _WHEN),
    (_WHO, ["VEAT"], ["FOOD", "DET FOOD", "some FOOD", "FOOD with FOOD", "the FOOD and the FOOD"], _WHEN),
    (["he", "she"], ["VP"], ["me", "us", "you", "them"], _WHEN),
    (_BEAST, ["VA"], _WHEN),
    (_WHO, ["VPA"], _BEAST, _PLACE),
]
_OTHERS = [
    (_WHO, ["VS"], _WHAT, _LONG),
    (_WHO, ["VPS"], _WHOM, _LONG),
    (_WHO, ["didn't VTB", "did not VTB"], _WHAT, _TIME),
    (_WHO, ["didn't VPB"], _WHOM, _TIME),
    (_WHO, ["never VP", "never VPS"], _WHOM),
    (["he", "she"], ["never VP", "VPS"], ["me", "us", "you", "them"]),
    (_WHO, ["MODAL VTB"], _WHAT, _NEXT),
    (_WHO, ["MODAL VPB"], _WHOM, _SOON),
    (["I", "we", "you", "they"], ["LIKE", "don't LIKE"], ["NAME", "NAMES PERSON", *_BEAST]),
    (["I", "we", "you", "they"], ["EATS", "don't EATS"], ["FOOD", "DET FOOD"]),
    (["it", "DET THING", "NAMES THING", "DET ADJT THING"], ["WAS"], ["ADJT", "very ADJG", "ADJT and ADJT"]),
    (["they", "DETS THINGS", "NUM THINGS", "DETS ADJT THINGS"], ["WERE"], ["ADJT", "too ADJG", "ADJT but ADJT"]),
    (["NAME", "DET PERSON", "NAMES PERSON", "he", "she"], ["WAS"], ["ADJP", "rather ADJP", "ADJP and ADJP"]),
    (["DET PLACE", "DET ADJL PLACE"], ["WAS"], ["ADJL", "quite ADJL", "ADJL and ADJL"]),
]
_QUESTIONS = [
    (["did", "why did"], _WHO, ["VTB"], _WHAT, _WHEN),
    (["can", "will"], _WHO, ["VTB"], _WHAT, _NEXT),
    (["WH did", "WH can"], _WHO, ["VTB"], _WHAT),
    (["did", "why did", "WH did", "can", "will"], _WHO, ["VPB"], _WHOM),
    (["is", "was"], ["NAME", "he", "she", "DET PERSON"], ["ADJP", "very ADJP"]),
    (["do you", "why do they"], ["LIKE"], ["NAME", "NAMES PERSON", *_BEAST]),
    (["do you", "why do they"], ["EATS"], ["FOOD", "DET FOOD"]),
    (["who"], ["VT"], _WHAT, _WHEN),
    (["who"], ["VP"], _WHOM, _WHEN),
]
_COMMANDS = [
    (["", "please", "never", "do not", "don't", "let NAME", "NAME,", "go and"], ["VTB"], _WHAT, _NEXT),
    (
        ["", "please", "never", "do not", "don't", "let us", "NAME,"],
        ["VPB"],
        ["NAME", "the PERSONS", "DET PERSON"],
        _SOON,
    ),
]


_LITTLE = {"a", "an", "the", "and", "did", "it", "by", *_WORDS["DET"].split(), *_WORDS["DETS"].split()}


class _Pattern(NamedTuple):
    slots: tuple[str, ...]
    mean: float  # characters, spaces between words included
    ends: str  # one of these closes the sentence; a blank is no sign at all
    whole: bool  # a question or a command, which no other clause joins
    event: bool  # any link goes with it, also one of time


class _Grammar(NamedTuple):
    words: dict[str, list[str]]
    times: frozenset[str]  # the links that are words of time
    by_length: dict[str, dict[int, list[str]]]
    by_words: dict[int, list[_Pattern]]
    by_mean: dict[int, list[_Pattern]]
    statements: list[_Pattern]
    statements_by_words: dict[int, list[_Pattern]]


@cache
def _grammar() -> _Grammar:
    words = _classes()
    by_length: dict[str, dict[int, list[str]]] = {}
    for name, members in words.items():
        by_length[name] = {}
        for word in members:
            by_length[name].setdefault(len(word), []).append(word)
    mean = {name: sum(map(len, members)) / len(members) for name, members in words.items()}
    patterns: dict[tuple[str, ...], _Pattern] = {}
    for kinds, ends in (
        (_EVENTS, ".......! "),
        (_OTHERS, ".......! "),
        (_QUESTIONS, "????????? "),
        (_COMMANDS, "....!! "),
    ):
        for kind in kinds:
            for parts in product(*kind):
                slots = tuple(" ".join(parts).split())
                if "PRON" in slots and "HIM" in slots:
                    continue  # "I saw me"
                size = sum(mean.get(slot, len(slot)) for slot in slots) + len(slots) - 1
                patterns[slots] = _Pattern(slots, size, ends, kinds in (_QUESTIONS, _COMMANDS), kinds is _EVENTS)
    statements = [p for p in patterns.values() if not p.whole]
    by_mean: dict[int, list[_Pattern]] = {}
    by_words: dict[int, list[_Pattern]] = {}
    statements_by_words: dict[int, list[_Pattern]] = {}
    for pattern in patterns.values():
        by_mean.setdefault(round(pattern.mean), []).append(pattern)
        by_words.setdefault(len(pattern.slots), []).append(pattern)
    for pattern in statements:
        statements_by_words.setdefault(len(pattern.slots), []).append(pattern)
    return _Grammar(words, frozenset(words["LINK"]), by_length, by_words, by_mean, statements, statements_by_words)


_SHORT = 24  # up to so many characters, words are drawn from all that fit


@cache
def _ways(slots: tuple[str, ...]) -> list[dict[int, int]]:
    """For each slot, how many choices of words fill it and all after it with so many characters (and their spaces)."""
    by_length = _grammar().by_length
    ways = [{-1: 1}]  # the last word has no space behind it
    for slot in reversed(slots):
        lengths = by_length.get(slot)
        here: dict[int, int] = {}
        for size, count in [(len(slot), 1)] if lengths is None else [(n, len(m)) for n, m in lengths.items()]:
            for rest, behind in ways[-1].items():
                total = size + 1 + rest
                if total <= _SHORT:
                    here[total] = here.get(total, 0) + count * behind
        ways.append(here)
    return ways[::-1]


@cache
def _fitting(size: int) -> tuple[list[_Pattern], list[float]]:
    """The patterns that give sentences of `size` characters, and weights that grow with their number of sentences."""
    patterns = [p for n in range(3, 7) for p in _grammar().by_words[n]] + _grammar().by_words[2]
    found = [(p, _ways(p.slots)[0].get(size, 0)) for p in patterns]
    found = [(p, count) for p, count in found if count]
    return [p for p, _ in found], list(accumulate(count**0.6 for _, count in found))


def _pick(rng: random.Random, items: list[str]) -> str:
    return items[int(rng.random() * len(items))]


def _fill_short(rng: random.Random, slots: tuple[str, ...], size: int) -> list[str]:
    """Words for the slots, evenly from all choices that have `size` characters."""
    by_length = _grammar().by_length
    ways = _ways(slots)
    chosen = []
    for k, slot in enumerate(slots):
        lengths = by_length.get(slot)
        word = slot
        if lengths is not None:
            at = rng.random() * ways[k][size]
            behind = ways[k + 1]
            for length, members in lengths.items():
                at -= len(members) * behind.get(size - length - 1, 0)
                if at < 0:
                    break
            word = _pick(rng, members)
        chosen.append(word)
        size -= len(word) + 1
    return chosen


def _fill(rng: random.Random, slots: tuple[str, ...], size: int | None = None) -> list[str] | None:
    """Words for the slots, of so many characters in all; None where this draw leads nowhere."""
    grammar, random_ = _grammar(), rng.random
    words, by_length = grammar.words, grammar.by_length
    chosen = []
    for slot in slots:
        members = words.get(slot)
        chosen.append(slot if members is None else members[int(random_() * len(members))])
    if size is not None:
        excess = size - sum(map(len, chosen)) - len(chosen) + 1
        if excess:
            start = int(random_() * len(slots))
            for k in (*range(start, len(slots)), *range(start)):
                lengths = by_length.get(slots[k])
                others = lengths.get(len(chosen[k]) + excess) if lengths is not None else None
                if others is not None:
                    chosen[k] = _pick(rng, others)
                    break
            else:
                return None
    return chosen


def _repeats(clause: list[str]) -> bool:
    """Whether a word that means something comes twice: "Ann and Ann", "an old old lamp"."""
    if len(set(clause)) == len(clause):
        return False
    content = [word for word in clause if word not in _LITTLE]
    return len(set(content)) < len(content)


def _joint(rng: random.Random, event: bool) -> tuple[str, str]:
    """What stands between two statements: a sign after the first, and a word; one of time only joins events."""
    words = _grammar().words
    if rng.random() < 0.5:
        return ",", _pick(rng, words["JOIN"])
    return "", _pick(rng, words["LINK"] if event else words["CAUSE"])


def _sentence(words: list[str], end: str) -> str:
    text = " ".join(words) + end.strip()
    return text[0].upper() + text[1:]


_CLAUSE = 58  # longest last clause in characters
_CLAUSE_WORDS = 9


def sentence_of_characters(rng: random.Random, size: int) -> str:
    """A sentence of exactly `size` characters, 10 to 200."""
    grammar = _grammar()
    while True:
        before: list[str] = []
        timed = False  # the last link is one of time
        left = size
        if size > 24 and rng.random() < 0.15:
            before.append(_pick(rng, grammar.words["THEN,"]))
            left -= len(before[0]) + 1
        while left > _CLAUSE or (left > 40 and rng.random() < 0.5):
            pattern = grammar.statements[int(rng.random() * len(grammar.statements))]
            clause = _fill(rng, pattern.slots)
            if clause is None or _repeats(clause) or timed > pattern.event:
                continue
            sign, link = _joint(rng, pattern.event)
            clause[-1] += sign
            length = sum(map(len, clause)) + len(clause) + len(link) + 1
            if left - length < 12:
                continue
            before += [*clause, link]
            timed = link in grammar.times
            left -= length
        if left <= _SHORT:
            end = ""
            patterns, weights = _fitting(left)
            pattern = patterns[bisect(weights, rng.random() * weights[-1])]
            if rng.random() < 0.9:
                end = _pick(rng, list(pattern.ends)).strip()
            if not _ways(pattern.slots)[0].get(left - len(end)):
                continue
            clause = _fill_short(rng, pattern.slots, left - len(end))
        else:
            patterns = grammar.by_mean[left - 2 + int(rng.random() * 3)]
            pattern = patterns[int(rng.random() * len(patterns))]
            end = _pick(rng, list(pattern.ends)).strip()
            clause = _fill(rng, pattern.slots, left - len(end))
        wrong = timed > pattern.event or (pattern.whole and before)
        if clause is not None and not wrong and not _repeats(clause):
            return _sentence(before + clause, end)


def sentence_of_words(rng: random.Random, count: int) -> str:
    """A sentence of exactly `count` words, 2 to 40."""
    grammar = _grammar()
    while True:
        before: list[str] = []
        timed = False  # the last link is one of time
        left = count
        if count > 4 and rng.random() < 0.15:
            before.append(_pick(rng, grammar.words["THEN,"]))
            left -= 1
        while left > _CLAUSE_WORDS or (left > 6 and rng.random() < 0.5):
            pattern = grammar.statements[int(rng.random() * len(grammar.statements))]
            clause = _fill(rng, pattern.slots)
            if clause is None or left - len(clause) - 1 < 2 or _repeats(clause) or timed > pattern.event:
                continue
            sign, link = _joint(rng, pattern.event)
            clause[-1] += sign
            before += [*clause, link]
            timed = link in grammar.times
            left -= len(clause) + 1
        patterns = (grammar.statements_by_words if before else grammar.by_words)[left]
        pattern = patterns[int(rng.random() * len(patterns))]
        clause = _fill(rng, pattern.slots)
        if clause is not None and not timed > pattern.event and not _repeats(clause):
            return _sentence(before + clause, _pick(rng, list(pattern.ends)))


def check_sentence(text: object) -> None:
    """ValueError unless `text` is printable ASCII with single spaces inside, without the sign of a blank cell."""
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise ValueError(
            f"'text' must be a sentence in printable ASCII, with single spaces and none at its ends, not {text!r}"
        )
    if BLANK in text:
        raise ValueError(f"'text' may not contain {BLANK!r}, which marks a blank cell")


def symbols(text: str) -> str:
    """The text as it stands in cells, one character each."""
    return text.replace(" ", SPACE)
