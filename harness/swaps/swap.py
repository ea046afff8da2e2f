"""One swap: which terms of a sample become which, in all of its texts alike; or why there is nothing to swap."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from harness.swaps.terms import (
    ALSO_FEMALE,
    BOUND,
    CLOSED,
    DIALECT,
    FAITHS,
    GENDERED,
    NAMES,
    NATIONS,
    SPOKEN,
)  # fmt: skip

KINDS = ("names", "gender", "nationality", "religion", "dialect")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_TO_MEN = {female: male for male, female in GENDERED.items()} | ALSO_FEMALE
_HIS = {"him": "her", "her": "him", "hers": "his"}
"""Pronouns that stand alone; `his` and `her` before a noun are told apart by what follows."""


@dataclass(frozen=True, slots=True)
class Swap:
    """The same texts, of somebody else."""

    kind: str
    towards: str
    """What the person is now: female, Muslim, Nigerian, …"""
    texts: Mapping[str, str]
    terms: tuple[tuple[str, str], ...]
    """What was replaced by what, as it stood."""
    again: Callable[[str], str]
    """The same swap made to another text: what an answer would be if only the person changed."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """There is no term of this kind in the texts."""


@dataclass(frozen=True, slots=True)
class Matters:
    """The term matters for what is right, so that the answer may change."""

    term: str


def swap(kind: str, texts: Mapping[str, str], answers: Sequence[str], rng: Random) -> Swap | Unfit | Matters:
    """The texts of one sample with the identity in them swapped.

    Args:
        kind: one of KINDS.
        texts: what the prompt is made of, by field.
        answers: targets and choices; a term that stands in one of them matters for the answer.
        rng: draws what the person becomes, where there are several possibilities.
    """
    whole = "\n".join(texts.values())
    made = _MAKERS[kind](whole, rng)
    if made is None:
        return Unfit()
    towards, change = made
    terms: dict[tuple[str, str], None] = {}
    changed = {name: change(text, terms) for name, text in texts.items()}
    if not terms or changed == dict(texts):
        return Unfit()
    if kind == "gender" and (bound := _found(BOUND, whole)):
        return Matters(bound)
    if kind != "dialect" and (term := _found([word for pair in terms for word in pair], "\n".join(answers))):
        return Matters(term)
    return Swap(kind, towards, changed, tuple(terms), lambda text: change(text, {}))


Terms = dict[tuple[str, str], None]
Change = Callable[[str, Terms], str]
"""(text, where to note what was replaced) → text."""
Made = tuple[str, Change] | None


def _found(words: Sequence[str], text: str) -> str:
    """The first of the words that stands in the text, case ignored; or empty."""
    there = {word.casefold() for word in _WORD.findall(text)}
    return next((word for word in words if there & {part.casefold() for part in word.split()}), "")


def _replacing(pattern: re.Pattern[str], new: Callable[[re.Match[str]], str]) -> Change:
    """Replace every match; articles before a changed word follow its sound."""

    def change(text: str, terms: Terms) -> str:
        pieces, at = list[str](), 0
        for match in pattern.finditer(text):
            said = new(match)
            if said == match[0]:
                continue
            terms[match[0], said] = None
            pieces += [_with_article(text[at : match.start()], match[0], said), said]
            at = match.end()
        return "".join([*pieces, text[at:]])

    return change


def _with_article(before: str, old: str, new: str) -> str:
    """The text before a replaced word, its last `a` or `an` made to fit; as it is where the old one did not fit."""
    match = re.search(r"\b([Aa])(n?)(\s+)$", before)
    if match is None or bool(match[2]) != _vowel(old):
        return before
    return f"{before[: match.start()]}{match[1]}{'n' if _vowel(new) else ''}{match[3]}"


def _vowel(word: str) -> bool:
    return word[:1].lower() in "aeiou" and not word.lower().startswith(("uni", "use", "eu"))


def _like(old: str, new: str) -> str:
    """`new` in the capitals of `old`; a name keeps its own."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _one_of(words: Sequence[str], *, ignore_case: bool = False) -> re.Pattern[str]:
    listed = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(rf"(?<![\w'’])(?:{listed})(?![\w])", re.IGNORECASE if ignore_case else 0)


_GROUP = {name: (group, side) for group, sides in NAMES.items() for side in (0, 1) for name in sides[side]}
_KNOWN = _one_of([*_GROUP, *(name.upper() for name in _GROUP if len(name) > 3)])


def _name(match: re.Match[str]) -> str:
    """A name in the list's spelling."""
    text = match[0]
    return text if text in _GROUP else next(name for name in _GROUP if name.upper() == text)


def _names(text: str, rng: Random) -> Made:
    """First names of one group become names of another one, of the same gender."""
    there = list(dict.fromkeys(map(_name, _KNOWN.finditer(text))))
    if not there:
        return None
    groups = {_GROUP[name][0] for name in there}
    towards = rng.choice([group for group in NAMES if group not in groups])
    new: dict[str, str] = {}
    for name in there:
        free = [other for other in NAMES[towards][_GROUP[name][1]] if other not in new.values()]
        if not free:
            return None
        new[name] = rng.choice(free)
    return towards, _replacing(_KNOWN, lambda match: _like(match[0], new.get(_name(match), match[0])))


_GENDERED = _one_of([*GENDERED, *_TO_MEN, "his", *_HIS, *_GROUP], ignore_case=True)


def _gender(text: str, rng: Random) -> Made:
    """Women become men and men women: pronouns, kinship, titles, and the names that go with them."""
    said = [match[0] for match in _GENDERED.finditer(text)]
    words = [word.lower() for word in said if word.lower() in {*GENDERED, *_TO_MEN, "his", *_HIS}]
    if not words:
        return None
    female = sum(word in {*_TO_MEN, "her", "hers"} for word in words)
    towards = "male" if female == len(words) else "female" if not female else "both"
    new: dict[str, str] = {}
    for name in dict.fromkeys(word for word in said if word in _GROUP):
        group, side = _GROUP[name]
        free = [other for other in NAMES[group][1 - side] if other not in new.values() and other not in said]
        new[name] = rng.choice(free) if free else name

    def other(match: re.Match[str]) -> str:
        word = match[0].lower()
        if match[0] in new:
            return new[match[0]]
        if word in ("his", "her"):
            owns = _owns(match)
            return _like(match[0], ("her" if owns else "hers") if word == "his" else ("his" if owns else "him"))
        found = GENDERED.get(word) or _TO_MEN.get(word) or _HIS.get(word)
        return match[0] if found is None else _like(match[0], found)

    return towards, _replacing(_GENDERED, other)


def _owns(match: re.Match[str]) -> bool:
    """Whether a noun follows that `his` or `her` speaks of."""
    following = re.match(r"\s+([^\W\d_]+)", match.string[match.end() :])
    return following is not None and following[1].lower() not in CLOSED


def _families(families: Mapping[str, Sequence[str]], text: str, rng: Random) -> Made:
    """Every form of a family becomes the same form of another one; one of its first three shows that it is meant."""
    there = [name for name, forms in families.items() if _one_of(forms[:3]).search(text)]
    # "A Christian" may become "a Muslim", never "a Jewish": after an article, the adjective must be a noun as well.
    counted = any(re.search(rf"\b(?:an?|the|one|another|every)\s+{families[name][0]}\b", text, re.I) for name in there)
    free = [name for name in families if name not in there and not (counted and name.endswith(("sh", "ch", "ese")))]
    if not there or len(free) < len(there):
        return None
    chosen = dict(zip(there, rng.sample(free, len(there)), strict=True))
    new: dict[str, str] = {}
    for old, other in chosen.items():
        for one, form in zip(families[old], families[other], strict=True):
            new.setdefault(one, form)
            if one[0].islower():
                new |= {_plural(one): _plural(form), one.capitalize(): form, _plural(one).capitalize(): _plural(form)}
    towards = chosen[there[0]] if len(there) == 1 else "several"
    return towards, _replacing(_one_of(list(new)), lambda match: _like(match[0], new[match[0]]))


def _plural(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("ch") else f"{noun}s"


def _spoken(form: str, match: re.Match[str]) -> str:
    return _like(match[0], match.expand(form))


def _dialect(text: str, rng: Random) -> Made:
    def change(text: str, terms: Terms) -> str:
        for pattern, form in SPOKEN:
            for match in re.finditer(pattern, text, re.IGNORECASE):
                terms[match[0], _spoken(form, match)] = None
            text = re.sub(pattern, partial(_spoken, form), text, flags=re.IGNORECASE)
        return text

    return DIALECT, change


_MAKERS: Mapping[str, Callable[[str, Random], Made]] = {
    "names": _names,
    "gender": _gender,
    "nationality": partial(_families, NATIONS),
    "religion": partial(_families, FAITHS),
    "dialect": _dialect,
}
