"""The terms of acceptance: planned looks, the number of candidates, and criteria of the form "at least u of m"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.acceptance import confidence_text
from harness.criterion import Criterion
from harness.errors import nearest
from harness.place import Place
from harness.spec import AtLeast, Reading, Terms
from harness.value import shown

UNION = ("at_least", "of", "confidence")
MOST = 100
"""Looks, or candidates; more is a slip of the keyboard."""


def read_terms(reading: Reading, unions: Sequence[AtLeast]) -> Terms:
    """What the suite says beside its criteria; complains of what is no number of looks or candidates."""
    given = reading.document.data
    floor = given.get("noise_floor", False)
    if not isinstance(floor, bool):
        reading.wrong(("noise_floor",), f"`noise_floor` is true or false; found {shown(floor)}")
        floor = False
    return Terms(_count(reading, "looks"), _count(reading, "candidates"), floor, tuple(unions))


def _count(reading: Reading, key: str) -> int:
    found = reading.document.data.get(key, 1)
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= MOST:
        reading.wrong((key,), f"`{key}` is a whole number from 1 to {MOST}; found {shown(found)}")
        return 1
    return found


def unfold(reading: Reading, confidence: float) -> list[AtLeast]:
    """Put the sentences of every `{at_least: u, of: [...]}` into the list `accept:` itself; gives what they were."""
    given = reading.document.data.get("accept")
    if not isinstance(given, list):
        return []
    where = reading.document.at("accept")
    unions: list[AtLeast] = []
    flat: list[Any] = []
    places: dict[Any, Place] = {}
    for at, item in enumerate(given):
        place = where.parts.get(at, where)
        if not (isinstance(item, dict) and "at_least" in item):
            places[len(flat)] = place
            flat.append(item)
            continue
        made = _union(reading, at, item, confidence)
        if made is None:
            continue
        unions.append(made)
        inside = place.parts.get("of", place)
        for number, sentence in enumerate(item["of"]):
            places[len(flat)] = inside.parts.get(number, inside)
            flat.append(sentence)
    if not flat and given:  # all of it was wrong, and has been complained of
        del reading.document.data["accept"]
    elif len(flat) != len(given) or unions:
        reading.document.data["accept"] = flat
        where.parts = places
    return unions


def _union(reading: Reading, at: int, item: dict[str, Any], confidence: float) -> AtLeast | None:
    """One `{at_least: u, of: [...]}`, or a complaint."""
    path = ("accept", at)
    for key in item:
        if key not in UNION:
            reading.wrong((*path, key), f"unknown key {key!r} of `at_least`{nearest(str(key), UNION)}")
            return None
    least, members = item["at_least"], item.get("of")
    if not isinstance(members, list) or len(members) < 2 or not all(isinstance(m, str) for m in members):
        reading.wrong(path, "`at_least` needs `of:`, a list of two sentences or more: {at_least: 1, of: [a, b]}")
        return None
    if isinstance(least, bool) or not isinstance(least, int) or not 1 <= least <= len(members):
        text = f"`at_least` is a whole number from 1 to {len(members)}, the sentences under `of`; found {shown(least)}"
        reading.wrong((*path, "at_least"), text)
        return None
    level = item.get("confidence", confidence)
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.5 < level < 1:
        told = confidence_text(level) if isinstance(level, int | float) else f"found {shown(level)}"
        reading.wrong((*path, "confidence"), told)
        return None
    names = tuple(" ".join(member.split()) for member in members)
    return AtLeast(least, names, float(level), reading.document.line(*path))


def grouped(criteria: Sequence[Criterion], unions: Sequence[AtLeast]) -> tuple[Criterion, ...]:
    """The criteria, of which those of an "at least u of m" decide nothing alone."""
    owner = {member: union.id for union in unions for member in union.members}
    return tuple(replace(c, group=owner[c.id], severity="warn") if c.id in owner else c for c in criteria)


def tightened(confidence: float, terms: Terms, look: int = 1) -> float:
    """The confidence that criteria are held to at one look, for one of several candidates.

    Bonferroni over the candidates; O'Brien–Fleming over the looks.

    Raises:
        ValueError: this look was not planned.
    """
    from harness.stats.multiplicity import best_of
    from harness.stats.sequential import look_confidence

    level = 1 - best_of(1 - confidence, terms.candidates)
    return look_confidence(look, terms.looks, level) if terms.looks > 1 else level


def held_to(criteria: Sequence[Criterion], terms: Terms, look: int = 1) -> tuple[Criterion, ...]:
    """The criteria at the confidence that these terms ask for."""
    if terms.looks == terms.candidates == 1:
        return tuple(criteria)
    return tuple(replace(c, confidence=tightened(c.confidence, terms, look)) for c in criteria)
