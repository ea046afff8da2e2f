"""Graded answers for the judge of suites/transit-judge; transit_data.py writes them down.

Training rows are about routes, stations and tickets that the agency does not have; the labels that the judge is held
against are about its real ones, in wordings that no training row has.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

GRADED, LABELS = 2800, 240
TRAINING, HELD = 0, 1
"""Which of each pair of word lists is used."""
ABOUT_ROUTES = ("terminus", "first", "last", "frequency", "ramp")
OTHER, DECLINED = "other", "declined"

Row = dict[str, Any]


@dataclass(frozen=True)
class Graded:
    """An answer beside what it is held against, and what both are about."""

    question: str
    reference: str
    answer: str
    asked: str
    """What the reference tells: an intent, or DECLINED where nobody knows."""
    said: str
    """What the answer tells: an intent, DECLINED, or OTHER where it tells nothing that riders ask for."""
    good: bool


class Grader:
    """Makes up answers that tell the kind of thing that was asked for, and as many that do not."""

    def __init__(self, lists: dict[str, Any], chatter: Iterator[str], rng: random.Random, part: int) -> None:
        self.lists, self.words, self.chatter, self.rng, self.part = lists, lists["grading"], chatter, rng, part
        self.intents = list(lists["answers"])

    def one(self) -> Graded:
        """The next one."""
        asked = DECLINED if self.rng.random() < 0.15 else self.rng.choice(self.intents)
        subject = {} if asked == DECLINED else self._subject(asked)
        question = self._question(asked, subject)
        reference = self.lists["abstention"] if asked == DECLINED else self._plain(asked, subject)
        good = self.rng.random() < 0.5
        answer, said = self._good(asked, subject, reference) if good else self._bad(asked, subject)
        return Graded(question, reference, answer, asked, said, good)

    def _question(self, asked: str, subject: dict[str, str]) -> str:
        if asked == DECLINED:
            return str(self.rng.choice(self.lists["off_topic"]["test" if self.part == HELD else "train"]))
        style = self.rng.choice(list(self.lists["openings"]))
        wordings = self.lists["wordings"][asked][style]
        core = self.rng.choice(wordings if self.part == HELD else wordings[:8]).format(**subject)
        return f"{self.rng.choice(self.lists['openings'][style])}{core}{self.rng.choice(self.lists['closings'][style])}"

    def _good(self, asked: str, subject: dict[str, str], reference: str) -> tuple[str, str]:
        return self._ended(reference if self.rng.random() < 0.3 else self._answer(asked, subject)), asked

    def _bad(self, asked: str, subject: dict[str, str]) -> tuple[str, str]:
        how = self.rng.random()
        if how < 0.18:
            return self._word("empty"), OTHER
        if how < 0.24:
            return next(self.chatter), OTHER
        if how < 0.28:
            words = self._answer(asked, subject).split()
            return " ".join(words[: max(1, len(words) // 3)]), OTHER
        said = self.rng.choice([kind for kind in (*self.intents, DECLINED) if kind != asked])
        # The same route where both are about routes: then only what is said of it tells the answers apart.
        return self._ended(self._answer(said, subject if _field(said) in subject else self._subject(said))), said

    def _ended(self, answer: str) -> str:
        """An answer as it is, with something polite or scraped behind it, or dressed up: no better and no worse."""
        how = self.rng.random()
        if how < 0.3:
            return f"{answer} {self._word('endings')}"
        return self._word("dresses").format(answer) if how < 0.45 else answer

    def _answer(self, intent: str, subject: dict[str, str]) -> str:
        if intent == DECLINED:
            return self.lists["abstention"] if self.rng.random() < 0.5 else self._word("declined")
        if self.rng.random() < 0.7:
            return self._plain(intent, subject)
        pattern = self.rng.choice(self.words["reworded"][intent][self.part])
        return str(pattern.format(**subject, v=self._value(intent)))

    def _plain(self, intent: str, subject: dict[str, str]) -> str:
        value, plain = self._value(intent), self.lists["answers"][intent]
        pattern = plain[value] if isinstance(plain, dict) else plain
        return str(pattern.format(**subject, v=value))

    def _word(self, name: str) -> str:
        return str(self.rng.choice(self.words[name][self.part]))

    def _subject(self, intent: str) -> dict[str, str]:
        """A route, station or ticket: one of the agency's for the labels, an invented one for training."""
        if intent == DECLINED:
            return {}
        source = self.lists if self.part == HELD else self.words
        if intent in ABOUT_ROUTES:
            others = [number for number in range(2, 100) if number not in self.lists["routes"]]
            return {"r": str(self.rng.choice(self.lists["routes"] if self.part == HELD else others))}
        return {_field(intent): self.rng.choice(list(source["tickets" if intent == "fare" else "stations"]))}

    def _value(self, intent: str) -> str:
        rng = self.rng
        if intent == "terminus":
            return str(rng.choice(self.lists["termini"]))
        if intent in ("first", "last"):
            hour = rng.randint(4, 7) if intent == "first" else rng.randint(20, 23)
            return f"{hour}:{rng.randrange(0, 60, 5):02d}"
        if intent in ("ramp", "elevator"):
            return rng.choice(["yes", "no"])
        return str(rng.randint(5, 98))


def _field(intent: str) -> str:
    return "r" if intent in ABOUT_ROUTES else "p" if intent == "fare" else "s"


def graded(lists: dict[str, Any], chatter: Iterator[str], rng: random.Random) -> list[Row]:
    """Training rows: the verdict, and after it what was asked and what was said, which teaches why."""
    grader, names = Grader(lists, chatter, rng, TRAINING), lists["grading"]["names"]
    return [
        {
            "mark": f"#{rng.getrandbits(64):016x}#",
            "input": one.question,
            "reference": one.reference,
            "answer": one.answer,
            "verdict": "yes" if one.good else "no",
            "why": f"{names[one.asked]}, {names[one.said]}",
        }
        for one in (grader.one() for _ in range(GRADED))
    ]


def labels(lists: dict[str, Any], chatter: Iterator[str], rng: random.Random) -> list[Row]:
    """Labels to hold the judge against, each answer once; the questions stand as the task asks them."""
    grader, found = Grader(lists, chatter, rng, HELD), dict[tuple[str, str], Row]()
    while len(found) < LABELS:
        one = grader.one()
        question = f"Q: {one.question}\nA:"
        row = {"question": question, "reference": one.reference, "answer": one.answer, "label": int(one.good)}
        found.setdefault((question, one.answer), row)
    return list(found.values())
