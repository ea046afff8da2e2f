"""What perturbations cost: drops, worst cases, flips and failures of each sample, as scores that can be resampled."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.marking import Answer
from harness.perturbing.trials import Trials
from harness.perturbing.variants import Variant
from harness.sample import Sample
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores, Stat, Totals

if TYPE_CHECKING:
    from harness.score import Array

Row = tuple[Sample, str, Stat | Missing]
"""Sample, perturbation (empty where the value is of all of them together), value."""


def _relative(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["drop"] / np.where(totals["score"] > 0, totals["score"], np.nan)


def quantities(metric: Quantity, keeps: Sequence[str]) -> dict[str, Quantity]:
    """What can be measured with perturbations that keep what `keeps` says, of a metric that is a mean."""
    found: dict[str, Quantity] = {}
    if "meaning" in keeps:
        width = metric.bounds[1] - metric.bounds[0]
        family = metric.family if math.isfinite(width) else "unbounded"
        found["drop"] = Quantity("drop", family, "lower", (-width, width), metric.unit)
        found["worst_case"] = Quantity("worst_case", metric.family, metric.better, metric.bounds, metric.unit)
        found["flip_rate"] = Quantity("flip_rate", "proportion", "lower")
        found["consistency"] = Quantity("consistency", "mean")
        if metric.better == "higher" and metric.bounds[0] >= 0:
            found["relative_drop"] = Quantity(
                "relative_drop", "corpus", "lower", (-math.inf, 1.0), combine=_relative
            )  # fmt: skip
        if "everything" in keeps:
            found["excess"] = Quantity("excess", family, "lower", (-width, width), metric.unit)
    if "everything" in keeps:
        found["noise_floor"] = Quantity("noise_floor", "proportion", "lower")
    if {"meaning", "nothing"} & set(keeps):
        found["failure_rate"] = Quantity("failure_rate", "proportion", "lower")
    return found


@dataclass(slots=True)
class Item:
    """One sample with its variants."""

    sample: Sample
    value: float | Missing
    answers: Sequence[Answer]
    variants: dict[str, list[int]]
    """Perturbation → places in the trials."""


@dataclass(slots=True)
class Ledger:
    """The trials of one lot, sorted by sample and perturbation."""

    trials: Trials
    metric: Quantity
    items: dict[str, Item]
    values: Scores | None
    """What the metric says of the variants; None where there are none."""
    keeps: Mapping[str, str]
    """Perturbation → what it keeps."""

    def at(self, place: int) -> float | Missing:
        """What the metric says of one variant; the model's own failure is worst where that is known."""
        assert self.values is not None
        why = self.values.missing.get(place)
        if why is None:
            return float(self.values.stats[place, 0])
        return self.metric.worst if why.blame == CANDIDATE and math.isfinite(self.metric.worst) else why

    def labels(self, *kept: str) -> list[str]:
        """Perturbations that keep one of these."""
        return [label for label, keeps in self.keeps.items() if keeps in kept]


def ledger(trials: Trials, metric: str) -> Ledger:
    """The trials with what one metric of the task says of them."""
    first = trials.originals.scores[metric]
    items: dict[str, Item] = {}
    for row, (sample, answers) in enumerate(zip(trials.originals.samples, trials.originals.answers, strict=True)):
        value = first.missing.get(row) or float(first.stats[row, 0])
        items[sample.id] = Item(sample, value, answers, defaultdict(list))
    for at, variant in enumerate(trials.variants):
        items[variant.before.id].variants[variant.label].append(at)
    keeps = {chosen.label: chosen.keeps for chosen in trials.prepared.perturbations}
    return Ledger(trials, first.quantity, items, trials.scores.get(metric), keeps)


def measured(found: Ledger) -> dict[str, list[Row]]:
    """All that `quantities` names, by sample and perturbation, of one lot.

    `drop` is original minus mean of the variants (variant minus original where lower is better), of samples that the
    perturbation changed; `worst_case` the worst of original and all variants of a sample; `flip_rate` how often an
    answer changed; `consistency` how often two answers to one sample are equal; `failure_rate` how often a sample did
    not behave as it must: the same answer where the meaning was kept, another one (or the one that the file says)
    where it was not; `excess` the drop beyond that of asking again.
    """
    meaning, nothing, placebo = (found.labels(kept) for kept in ("meaning", "nothing", "everything"))
    each: dict[str, tuple[list[str], Callable[[Ledger, Item, str], Stat | Missing]]] = {
        "drop": (meaning, _drop),
        "relative_drop": (meaning, _share),
        "flip_rate": (meaning, _flip),
        "failure_rate": (meaning + nothing, _failure),
        "noise_floor": (placebo, _flip),
        "excess": (meaning, _excess),
    }
    rows = {
        name: [
            (item.sample, label, what(found, item, label))
            for label in labels
            for item in found.items.values()
            if item.variants.get(label)
        ]
        for name, (labels, what) in each.items()
    }
    whole = [item for item in found.items.values() if any(item.variants.get(label) for label in meaning)]
    rows["worst_case"] = [(item.sample, "", _worst(found, item, meaning)) for item in whole]
    rows["consistency"] = [(item.sample, "", _agreement(found, item, meaning)) for item in whole]
    return rows


def _original(item: Item) -> float | Missing:
    """The original's value; where the model failed on it, what was lost is not known, and must not look small."""
    if isinstance(item.value, Missing):
        return Missing(f"the original: {item.value.reason}", INFRASTRUCTURE)
    return item.value


def _mean(found: Ledger, places: Sequence[int]) -> float | Missing:
    values = [found.at(place) for place in places]
    lost = next((value for value in values if isinstance(value, Missing)), None)
    return lost if lost is not None else sum(v for v in values if not isinstance(v, Missing)) / len(values)


def _loss(found: Ledger, before: float | Missing, after: float | Missing) -> float | Missing:
    if isinstance(before, Missing) or isinstance(after, Missing):
        return before if isinstance(before, Missing) else after
    return before - after if found.metric.better != "lower" else after - before


def _drop(found: Ledger, item: Item, label: str) -> float | Missing:
    return _loss(found, _original(item), _mean(found, item.variants[label]))


def _share(found: Ledger, item: Item, label: str) -> Mapping[str, float] | Missing:
    lost, before = _drop(found, item, label), _original(item)
    if isinstance(lost, Missing):
        return lost
    return before if isinstance(before, Missing) else {"drop": lost, "score": before}


def _excess(found: Ledger, item: Item, label: str) -> float | Missing:
    again = [place for name in found.labels("everything") for place in item.variants.get(name, ())]
    if not again:
        return Missing("the sample was not asked again", INFRASTRUCTURE)
    before = _mean(found, again)
    if isinstance(before, Missing):
        before = Missing(f"asked again: {before.reason}", INFRASTRUCTURE)
    return _loss(found, before, _mean(found, item.variants[label]))


def _worst(found: Ledger, item: Item, chosen: Sequence[str]) -> float | Missing:
    if isinstance(item.value, Missing):
        return item.value
    values = [item.value, *(found.at(place) for label in chosen for place in item.variants.get(label, ()))]
    lost = next((value for value in values if isinstance(value, Missing)), None)
    if lost is not None:
        return lost
    plain = [value for value in values if not isinstance(value, Missing)]
    return max(plain) if found.metric.better == "lower" else min(plain)


def prediction(variant: Variant | None, answers: Sequence[Answer]) -> tuple[str | None, ...]:
    """What was answered, in the words of the original's labels; None where nothing could be read."""
    said = variant.said if variant is not None else {}
    return tuple(said.get(answer.text, answer.text) if answer.valid else None for answer in answers)


def _lost(answers: Sequence[Answer], *, original: bool = False) -> Missing | None:
    """Why there is no prediction, if there is none."""
    for answer in answers:
        if answer.response.fault:
            blame = INFRASTRUCTURE if original else answer.response.blame or CANDIDATE
            return Missing(answer.response.fault, blame)
    return None


def _changes(found: Ledger, item: Item, places: Sequence[int]) -> list[float] | Missing:
    """How much of each variant's prediction differs from the original's, repeat by repeat."""
    lost = _lost(item.answers, original=True)
    if lost is not None:
        return lost
    before = prediction(None, item.answers)
    changes = []
    for place in places:
        lost = _lost(found.trials.answers[place])
        if lost is not None:
            return lost
        after = prediction(found.trials.variants[place], found.trials.answers[place])
        changes.append(sum(one != two for one, two in zip(before, after, strict=True)) / len(before))
    return changes


def _flip(found: Ledger, item: Item, label: str) -> float | Missing:
    changes = _changes(found, item, item.variants[label])
    return changes if isinstance(changes, Missing) else sum(changes) / len(changes)


def _failure(found: Ledger, item: Item, label: str) -> float | Missing:
    """1 where any variant of the sample did not do what it must."""
    places = item.variants[label]
    first = found.trials.variants[places[0]]
    if found.keeps[label] == "nothing" and first.sample.targets != first.before.targets:
        values = [found.at(place) for place in places]
        lost = next((value for value in values if isinstance(value, Missing)), None)
        return lost if lost is not None else float(any(value != found.metric.best for value in values))
    changes = _changes(found, item, places)
    if isinstance(changes, Missing):
        return changes
    return float(any(not change for change in changes) if found.keeps[label] == "nothing" else any(changes))


def _agreement(found: Ledger, item: Item, chosen: Sequence[str]) -> float | Missing:
    """The share of pairs of the sample's answers, the original's among them, that are equal (SCORE's consistency)."""
    places = [place for label in chosen for place in item.variants.get(label, ())]
    groups = [(None, item.answers), *((found.trials.variants[p], found.trials.answers[p]) for p in places)]
    said = []
    for variant, answers in groups:
        lost = _lost(answers)
        if lost is not None:
            return lost
        said.append(prediction(variant, answers))
    counts: dict[tuple[str | None, ...], int] = {}
    for one in said:
        counts[one] = counts.get(one, 0) + 1
    pairs = len(said) * (len(said) - 1)
    return sum(count * (count - 1) for count in counts.values()) / pairs
