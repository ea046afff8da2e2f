"""Marking: what each metric of a task says of each answer, computed here or, where it is slow, by several processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalog import Catalog, Entry, MetricSpec, quantity_of
from harness.exchange import Response
from harness.sample import Sample
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Stat


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric with its options, ready to score."""

    entry: Entry
    options: Mapping[str, Any]
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Answer:
    """What one response says, read by the task's rules."""

    text: str
    """The parsed answer; empty where nothing could be read."""
    valid: bool
    response: Response


Pair = tuple[Sample, Answer]
Marker = Callable[[Measure, Sequence[Pair]], Sequence[Stat]]
"""What evaluates one metric for many answers."""

SUPPLIED: Mapping[str, Callable[[Sample, Answer], Any]] = {
    "answer": lambda sample, answer: answer.text if answer.valid else "",
    "targets": lambda sample, answer: list(sample.targets),
    "valid": lambda sample, answer: answer.valid,
    "choices": lambda sample, answer: list(sample.choices),
    "response": lambda sample, answer: answer.response,
    "sample": lambda sample, answer: sample,
}
"""What a metric may ask for by name."""


def measure_of(spec: MetricSpec, catalog: Catalog) -> Measure:
    """A metric with its options, and what it measures."""
    entry = catalog.get("metric", spec.name)
    return Measure(entry, spec.options, quantity_of(entry, spec.options))


def evaluate(measure: Measure, sample: Sample, answer: Answer) -> Stat:
    """What one metric says of one answer."""
    return evaluated(measure, [(sample, answer)])[0]


def evaluated(measure: Measure, pairs: Sequence[Pair]) -> list[Stat]:
    """What one metric says of each answer, computed in this process."""
    function = measure.entry.function
    options = measure.entry.bind({}, measure.options)
    wanted = [(name, SUPPLIED[name]) for name in measure.entry.given if name in SUPPLIED]
    return [function(**{name: of(sample, answer) for name, of in wanted}, **options) for sample, answer in pairs]


def marked(
    measure: Measure,
    samples: Sequence[Sample],
    answers: Sequence[Sequence[Answer]],
    mark: Marker = evaluated,
    *,
    empty: bool = True,
) -> list[Stat | Missing]:
    """One value for each sample, the mean over its answers; Missing where one failed and nobody knows its worst.

    `empty` says whether a failed answer may count as an empty text, for metrics of sums.
    """
    counts = empty and measure.quantity.combine is not None
    lost = [_lost(group, counts) for group in answers]
    pairs = [(s, a) for s, group, gone in zip(samples, answers, lost, strict=True) if gone is None for a in group]
    stats = iter(mark(measure, pairs))
    return [
        gone if gone is not None else mean([next(stats) for _ in group])
        for group, gone in zip(answers, lost, strict=True)
    ]


def ends(measure: Measure, samples: Sequence[Sample], mark: Marker = evaluated) -> list[tuple[Stat, Stat]]:
    """Each sample's statistics unanswered and answered perfectly."""
    nothing = Answer("", False, Response(text=""))
    worst = mark(measure, [(sample, nothing) for sample in samples])
    best = mark(measure, [(sample, gold(sample)) for sample in samples])
    return list(zip(worst, best, strict=True))


def gold(sample: Sample) -> Answer:
    """The first reference as an answer."""
    return Answer(sample.targets[0], True, Response(text=sample.targets[0]))


def _lost(answers: Sequence[Answer], empty: bool) -> Missing | None:
    """Why a sample has no value, if it has none."""
    failed = None
    for answer in answers:
        if answer.response.blame == INFRASTRUCTURE:
            return Missing(answer.response.fault, INFRASTRUCTURE)
        if answer.response.fault and failed is None:
            failed = answer.response
    return None if failed is None or empty else Missing(failed.fault, failed.blame or CANDIDATE)


def mean(values: Sequence[Stat]) -> Stat:
    """The mean of the statistics of one sample's answers; statistics that an answer does not have are 0."""
    first, n = values[0], len(values)
    if n == 1:
        return first
    rows = [{str(i): v for i, v in enumerate(value)} if isinstance(value, tuple) else value for value in values]
    named = [row for row in rows if isinstance(row, Mapping)]
    if len(named) < n:
        return sum(row for row in rows if not isinstance(row, Mapping)) / n
    names = dict.fromkeys(name for row in named for name in row)
    found = {name: sum(row.get(name, 0.0) for row in named) / n for name in names}
    return tuple(found.values()) if isinstance(first, tuple) else found
