"""Searches for a change that turns a right answer wrong: random, and greedy by how much each word matters.

A search is a generator: it yields one `Try` after another and is told what came of each. What it tries does not depend
on how many it may try, so that a larger budget finds everything that a smaller one finds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from harness.catalog import Entry
from harness.errors import SuiteError
from harness.perturbing.edits import WORD, Edit, words, written
from harness.perturbing.question import Question
from harness.perturbing.strength import distance
from harness.perturbing.variants import Prepared
from harness.sample import Sample

RANKED = 16
"""Words of a text that greedy search weighs by leaving them out: the longest ones."""
LEAST_BUDGET = RANKED + 4
"""Queries that greedy search needs to try anything after it has weighed the words."""
PATIENCE = 8
"""Rounds over all perturbations without anything new, after which a search gives up."""


@dataclass(frozen=True, slots=True)
class Try:
    """One query of a search."""

    sample: Sample
    """As it is asked now."""
    label: str
    """What changed it."""
    rate: float = 0.0
    """Share of the characters that were edited (Levenshtein), in the fields that may be perturbed."""
    attack: bool = True
    """Whether a wrong answer to it counts; False where a word was left out to see how much it matters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one query."""

    right: bool
    weight: float
    """How probable the right answer was, where the model says that; else 1 where it was right and 0 where not."""


Search = Generator[Try, Outcome, None]
Searching = Callable[[Prepared, Sample, float, float], Search]


def proven(entry: Entry) -> None:
    """Refuse a perturbation that does not edit words or letters of a text, or that does not know what is protected.

    Raises:
        SuiteError: it does not suit.
    """
    edits = entry.given[0] == "text" and {"text", "protected"} <= set(entry.given) and "pairs" not in entry.given
    if not edits or entry.facts["keeps"] != "meaning":
        raise SuiteError(
            f"adversarial cannot search with {entry.name}: it needs perturbations that edit words or letters, keep the "
            "meaning and spare what is protected, such as typos, swap, drop, insert, misspellings or homoglyphs"
        )


def random(prepared: Prepared, sample: Sample, weight: float, most: float) -> Search:
    """Every perturbation in turn with ever other random numbers."""
    del weight
    seen, idle = {sample.prompt}, 0
    for at in count():
        fresh = False
        for chosen in prepared.perturbations:
            variant = prepared.variant(chosen, sample, at)
            if variant.sample.prompt in seen:
                continue
            seen.add(variant.sample.prompt)
            if (rate := _rate(prepared, sample, variant.sample.row)) <= most:
                fresh = True
                yield Try(variant.sample, variant.label, rate)
        idle = 0 if fresh else idle + 1
        if idle >= PATIENCE:
            return


@dataclass(frozen=True, slots=True)
class _Word:
    field: str
    start: int
    stop: int


def greedy(prepared: Prepared, sample: Sample, weight: float, most: float) -> Search:
    """The most important words first, changes that make the right answer less probable kept (Gao et al. 2018; Jin et
    al. 2020): a word matters as much as the right answer loses where it is left out."""
    question = Question(sample, prepared.task, prepared.fields, prepared.guard)
    ranked: list[tuple[float, int, _Word]] = []
    for at, word in enumerate(_longest(question)):
        without = _without(question, word)
        heard = (yield Try(without, "left out", attack=False)) if without is not None else None
        ranked.append((heard.weight - weight if heard else 0.0, at, word))
    order = [word for *_, word in sorted(ranked, key=lambda found: found[:2])]
    kept: dict[_Word, str] = {}
    seen, idle = {sample.prompt}, 0
    for at in count():
        fresh = False
        for word in order:
            best = yield from _best(prepared, question, kept, word, at, seen, most)
            fresh = fresh or best is not None
            if best is not None and best[0] <= weight:
                weight, kept[word] = best
        idle = 0 if fresh else idle + 1
        if idle >= PATIENCE:
            return


def _best(
    prepared: Prepared, question: Question, kept: Mapping[_Word, str], word: _Word, at: int, seen: set[str], most: float
) -> Generator[Try, Outcome, tuple[float, str] | None]:
    """Each perturbation of one word tried; that after which the right answer is least probable, None if none is new."""
    best: tuple[float, str] | None = None
    for label, new, made in _changes(prepared, question, kept, word, at):
        rate = _rate(prepared, question.sample, made.row)
        if made.prompt in seen or rate > most:
            continue
        seen.add(made.prompt)
        heard = yield Try(made, label, rate)
        if best is None or heard.weight < best[0]:
            best = heard.weight, new
    return best


SEARCHES: Mapping[str, Searching] = {"random": random, "greedy": greedy}


def _longest(question: Question) -> list[_Word]:
    """The longest words that are not protected, in the order of their length."""
    found = [
        _Word(name, match.start(), match.end())
        for name, text in question.texts.items()
        for match in words(text, question.protected(text))
    ]
    return sorted(found, key=lambda word: word.start - word.stop)[:RANKED]


def _without(question: Question, word: _Word) -> Sample | None:
    """The sample without one word; None where nothing else would be left."""
    text = question.texts[word.field]
    rest = text[: word.start].rstrip() + " " + text[word.stop :].lstrip()
    if not WORD.search(rest):
        return None
    return _asked(question.with_row({word.field: rest.strip()}))


def _changes(
    prepared: Prepared, question: Question, kept: Mapping[_Word, str], word: _Word, at: int
) -> Iterator[tuple[str, str, Sample]]:
    """Label, new word and sample of each perturbation of one word, on top of what is kept of other words."""
    old = question.texts[word.field][word.start : word.stop]
    for chosen in prepared.perturbations:
        new = prepared.word(chosen, question, word.field, word.start, word.stop, at)
        if new == old:
            continue
        edits: dict[str, list[Edit]] = {}
        for each, by in {**kept, word: new}.items():
            edits.setdefault(each.field, []).append(Edit(each.start, each.stop, by))
        row = {name: written(question.texts[name], made) for name, made in edits.items()}
        yield chosen.label, new, _asked(question.with_row(row))


def _asked(question: Question) -> Sample:
    return replace(question.sample, prompt=question.prompt)


def _rate(prepared: Prepared, before: Sample, after: Mapping[str, Any]) -> float:
    """Characters edited over characters there were, 1 at most."""
    pairs = [(before.row[name], after[name]) for name in prepared.fields if isinstance(before.row.get(name), str)]
    length = sum(len(old) for old, _ in pairs)
    return min(1.0, sum(distance(old, new) for old, new in pairs) / length) if length else 0.0
