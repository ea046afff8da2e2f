"""Attacks: a search for the change that turns a right answer wrong, all samples side by side, a query each a round."""

from __future__ import annotations

import math
from array import array
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from harness.ask import Asked, ask, must_be_whole, row_of, value_of
from harness.errors import NothingSelected
from harness.exchange import Request, Response
from harness.figure import Pair
from harness.marking import Answer, Measure, evaluate
from harness.perturbing.searches import SEARCHES, Outcome, Search, Try
from harness.perturbing.variants import Prepared
from harness.rows import Rows
from harness.sample import Sample
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing

Asking = Generator[list[Request], list[Response], None]
LOT = 2_000
"""Samples that are attacked at a time."""
SHOWN = 8
"""Pairs of an original and the attack that succeeded which are kept: those that took the smallest change."""
LONGEST = 1200
"""Characters of a prompt that are shown."""
WRONG, UNTOUCHED, HELD, FELL, UNKNOWN = "wrong before", "no eligible change", "held", "fell", "not known"
"""What becomes of a sample."""


@dataclass(slots=True)
class Fight:
    """One sample under attack."""

    sample: Sample
    first: Answer
    search: Search
    queries: int = 0
    attacks: int = 0
    """Queries that could have succeeded."""
    found: Try | None = None
    """The one that did."""
    said: Answer | None = None
    lost: str = ""
    """Why a query was not answered, which was not the model's fault."""

    @property
    def end(self) -> str:
        """What became of the sample."""
        if self.found is not None:
            return FELL
        return UNKNOWN if self.lost else HELD if self.attacks else UNTOUCHED


@dataclass(slots=True)
class Attack:
    """What one model withstood; adds up lot by lot."""

    prepared: Prepared
    measure: Measure
    """Which metric of the task says whether an answer is right."""
    search: str
    budget: int
    most: float
    """Share of characters that an attack may change at most."""
    rows: Rows = field(default_factory=Rows)
    fallen: int = 0
    faults: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """Of the samples that were right before, and may have been attacked."""
    clusters: list[str] = field(default_factory=list)
    slices: dict[str, list[str]] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)
    why: dict[int, str] = field(default_factory=dict)
    """Place → why it is not known what became of it."""
    queries: array[int] = field(default_factory=lambda: array("q"))
    rates: array[float] = field(default_factory=lambda: array("d"))
    counts: dict[str, int] = field(default_factory=dict)
    """What became of the samples → how many."""
    _pairs: list[tuple[float, int, Pair]] = field(default_factory=list)

    @property
    def pairs(self) -> list[Pair]:
        """The smallest changes that turned a right answer wrong."""
        return [pair for *_, pair in self._pairs]

    def ask(self, head: str, samples: Iterable[Sample]) -> Asking:
        """Ask the originals, and attack those that are right.

        Raises:
            NothingSelected: there are no samples.
            CheckBroken: a prompt does not fit into the context, or gold answers do not score best.
        """
        left, count = iter(samples), 0
        while lot := list(islice(left, LOT)):
            count += len(lot)
            asked = yield from ask(self.prepared.task, head, lot)
            self.faults += asked.faults()
            fights = dict(self._begin(asked))
            yield from self._fight(list(fights.values()), head)
            self._add(asked, fights)
        if not count:
            raise NothingSelected(f"check {self.prepared.task.name!r}: no sample is left to ask")

    def _begin(self, asked: Asked) -> Iterator[tuple[int, Fight]]:
        """Place of the sample, and the fight for it, of every sample that is right before."""
        for at, (sample, (answer,)) in enumerate(zip(asked.samples, asked.answers, strict=True)):
            if not answer.response.fault and self._right(sample, answer):
                weight = self._weight(sample, answer)
                yield at, Fight(sample, answer, SEARCHES[self.search](self.prepared, sample, weight, self.most))

    def _fight(self, fights: Sequence[Fight], head: str) -> Asking:
        standing = [(fight, query) for fight in fights if (query := next(fight.search, None)) is not None]
        while standing:
            requests = [self._requests(fight, query, head) for fight, query in standing]
            responses = yield [request for group in requests for request in group]
            must_be_whole(self.prepared.task, requests, responses)
            after = []
            for (fight, query), response in zip(standing, responses, strict=True):
                if (following := self._hear(fight, query, response)) is not None:
                    after.append((fight, following))
            standing = after

    def _requests(self, fight: Fight, query: Try, head: str) -> list[Request]:
        name = f"{fight.sample.id}/attack-{fight.queries + 1}"
        return [replace(request, sample=name) for request in self.prepared.task.requests(query.sample, head)]

    def _hear(self, fight: Fight, query: Try, response: Response) -> Try | None:
        """What to try next, if the sample stands and the budget is not spent."""
        fight.queries += 1
        fight.attacks += query.attack
        if response.fault and response.blame != CANDIDATE:
            fight.lost = response.fault
            fight.search.close()
            return None
        answer = self.prepared.task.read(query.sample, response)
        right = not response.fault and self._right(query.sample, answer)
        if query.attack and not right:
            fight.found, fight.said = query, answer
            fight.search.close()
            return None
        outcome = Outcome(right, self._weight(query.sample, answer) if not response.fault else 0.0)
        if fight.queries >= self.budget:
            fight.search.close()
            return None
        try:
            return fight.search.send(outcome)
        except StopIteration:
            return None

    def _right(self, sample: Sample, answer: Answer) -> bool:
        return evaluate(self.measure, sample, answer) == self.measure.quantity.best

    def _weight(self, sample: Sample, answer: Answer) -> float:
        """The probability of the right choices among all of them; 1 or 0 where answers have none."""
        if not (sample.choices and answer.response.scores):
            return float(self._right(sample, answer))
        weights = self.prepared.task.weights(sample, answer.response)
        top = max(weights)
        if not math.isfinite(top):
            return float(self._right(sample, answer))
        shares = [math.exp(weight - top) for weight in weights]
        right = sum(share for share, choice in zip(shares, sample.choices, strict=True) if choice in sample.targets)
        return right / sum(shares)

    def _add(self, asked: Asked, fights: dict[int, Fight]) -> None:
        for at, sample in enumerate(asked.samples):
            fight, response = fights.get(at), asked.answers[at][0].response
            lost = response.fault if response.blame == INFRASTRUCTURE else fight.lost if fight is not None else ""
            end = fight.end if fight is not None else UNKNOWN if lost else WRONG
            self.counts[end] = self.counts.get(end, 0) + 1
            if end in (HELD, FELL, UNKNOWN):
                self._keep(sample, end, lost, fight)
            metrics = {name: value_of(scores, at) for name, scores in asked.scores.items()}
            row: dict[str, Any] = {**row_of(sample, asked.answers[at], metrics), "attack": end}
            row["attack_queries"] = fight.queries if fight is not None else 0
            row["attack_prompt"] = fight.found.sample.prompt if fight is not None and fight.found is not None else ""
            row["attack_resp"] = fight.said.text if fight is not None and fight.said is not None else ""
            self.rows.append(row)

    def _keep(self, sample: Sample, end: str, lost: str, fight: Fight | None) -> None:
        if end == UNKNOWN:
            self.why[len(self.ids)] = lost
        self.ids.append(sample.id)
        self.clusters.append(str(sample.cluster))
        for name, value in sample.slices.items():
            self.slices.setdefault(name, []).append(value)
        self.ends.append(end)
        self.queries.append(fight.queries if fight is not None else 0)
        found = fight.found if fight is not None else None
        self.rates.append(found.rate if found is not None else math.nan)
        if found is not None and fight is not None:
            self.fallen += 1
            self._pairs.append((found.rate, self.fallen, _pair(fight, found)))
            self._pairs = sorted(self._pairs, key=lambda pair: pair[:2])[:SHOWN]

    def nothing(self) -> str:
        """Why nothing could be attacked; empty where something was."""
        if self.ids:
            return ""
        wrong, untouched = self.counts.get(WRONG, 0), self.counts.get(UNTOUCHED, 0)
        parts = [f"{wrong} were wrong before"] if wrong else []
        if untouched:
            names = ", ".join(chosen.label for chosen in self.prepared.perturbations)
            parts.append(f"{names} may change nothing in {untouched} (protected spans, and `most: {self.most:g}`)")
        return f"nothing could be attacked: of {wrong + untouched} samples {' and '.join(parts)}"

    def missing(self) -> dict[int, Missing]:
        """Place → why it is not known whether the sample would have held."""
        return {at: Missing(why, INFRASTRUCTURE) for at, why in self.why.items()}


def _pair(fight: Fight, found: Try) -> Pair:
    assert fight.said is not None
    fault = fight.said.response.fault
    after = f"failed: {fault}" if fault else _cut(fight.said.text, 80) or "nothing readable"
    return Pair(
        left=_cut(fight.sample.prompt), right=_cut(found.sample.prompt), left_id=fight.sample.id,
        right_id=f"{fight.sample.id}/attack-{fight.queries}",
        note=f"{found.label}: {found.rate:.1%} of the characters, {fight.queries} queries; "
        f"{_cut(fight.first.text, 80)} → {after}",
    )  # fmt: skip


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"
