"""Outcomes: which answers of a model were favourable, which samples deserved one, and what could not be read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.ask import Asked
from harness.assembly import averaged
from harness.errors import SuiteError
from harness.fair.favorable import CORRECT, Favorable, Unreadable, favorable
from harness.sample import Sample
from harness.score import INFRASTRUCTURE, Missing, Scores
from harness.task import Task


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a model decided of each sample."""

    ids: tuple[str, ...]
    given: tuple[bool | Missing, ...]
    """Whether the outcome was favourable; what could not be read is not."""
    deserved: tuple[bool, ...]
    """Whether it should have been."""
    valid: tuple[bool | Missing, ...]
    """Whether an outcome could be read at all."""
    clusters: tuple[str, ...] | None = None

    def favorable(self, row: int) -> bool | None:
        """The outcome of one sample; None where it is missing."""
        outcome = self.given[row]
        return None if isinstance(outcome, Missing) else outcome

    def rate(self, rows: Sequence[int]) -> float:
        """Share of favourable outcomes; NaN where none is known."""
        known = [outcome for outcome in map(self.favorable, rows) if outcome is not None]
        return sum(known) / len(known) if known else math.nan


def rule_for(of: Task, text: str, metric: str | None, samples: Sequence[Sample]) -> Favorable:
    """The rule of favourable outcomes of a task, tried on every target where it speaks of the decision alone.

    Raises:
        SuiteError: it does not fit the task.
    """
    metrics = {m.quantity.name: m.quantity for m in of.measures if m.quantity.combine is None}
    labels = {label for sample in samples for label in (*sample.choices, *sample.targets)}
    rule = favorable(text, labels, metrics)
    if CORRECT in rule.names:
        averaged({m.quantity.name: m.quantity for m in of.measures}, metric)
    for sample in samples if rule.decides else ():
        try:
            _deserves(rule, sample)
        except Unreadable:
            found = f"the target {sample.targets[0]!r} of sample {sample.id!r} is no number"
            raise SuiteError(f"{found}, so `favorable: {text}` does not say what it deserves") from None
    return rule


def decisions_of(asked: Asked, rule: Favorable, metric: str | None = None) -> Decisions:
    """What a model decided: unreadable answers and failures of its own are unfavourable, lost answers are missing."""
    scores = {name: found for name, found in asked.scores.items() if found.quantity.combine is None}
    given: list[bool | Missing] = []
    valid: list[bool | Missing] = []
    for row, (answer, *_) in enumerate(asked.answers):
        response = answer.response
        if response.fault and response.blame == INFRASTRUCTURE:
            lost = Missing(response.fault)
            given.append(lost)
            valid.append(lost)
            continue
        valid.append(answer.valid)
        given.append(answer.valid and _holds(rule, answer.text, row, scores, metric))
    return Decisions(
        ids=tuple(sample.id for sample in asked.samples),
        given=tuple(given),
        deserved=tuple(_deserves(rule, sample) for sample in asked.samples),
        valid=tuple(valid),
        clusters=tuple(str(sample.cluster) for sample in asked.samples) if asked.task.cluster else None,
    )


def _deserves(rule: Favorable, sample: Sample) -> bool:
    """Whether the right answer is a favourable one; a good answer is deserved by all."""
    return any(rule.holds({"answer": target}) for target in sample.targets) if rule.decides else True


def _holds(rule: Favorable, text: str, row: int, scores: Mapping[str, Scores], metric: str | None) -> bool:
    values: dict[str, str | float] = {"answer": text}
    values |= {name: float(found.stats[row, 0]) for name, found in scores.items() if row not in found.missing}
    if CORRECT in rule.names:
        of = averaged({name: found.quantity for name, found in scores.items()}, metric)
        value = values.get(of.name)
        values[CORRECT] = isinstance(value, float) and abs(value - of.best) <= 1e-9
    if not rule.names <= {*values, "number"}:
        return False  # a metric that has no score of this answer
    try:
        return rule.holds(values)
    except Unreadable:
        return False
