"""The outlook of a criterion before anything is measured: what this many samples can show, and how many would do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.criterion import Criterion
from harness.estimate import Estimate
from harness.score import Quantity
from harness.stats import power, special
from harness.stats.bounded import FEW_CLUSTERS
from harness.stats.order import samples_for
from harness.stats.proportion import z_of
from harness.stats.ratio import FEWEST as FEWEST_DOCUMENTS
from harness.stats.resample import FEWEST as FEWEST_CORPUS

DISCORDANCE = 0.10
"""Assumed share of samples on which exactly one of two models is right, where no pilot run says."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What `n` samples can decide about one criterion; None where that cannot be known before a pilot run."""

    n: int
    sentence: str
    p_pass: float | None = None
    """Probability to pass where `truth` is true."""
    truth: float | None = None
    """The true value (or difference) that is assumed."""
    detectable: float | None = None
    """The smallest distance from what is wanted that is shown with 80 % probability."""
    n_needed: int | None = None
    """Samples that pass with 80 % probability where `truth` is true."""
    possible: bool = True
    """Whether any result at all could pass with this many samples."""


def outlook(
    criterion: Criterion,
    quantity: Quantity,
    n: int,
    *,
    targets: tuple[float, ...] | None = None,
    truth: float | None = None,
    discordance: float | None = None,
    pilot: Estimate | None = None,
    clusters: int | None = None,
) -> Outlook:
    """What `n` samples can decide.

    Args:
        criterion: the sentence, parsed.
        quantity: what it speaks of.
        n: samples that will be asked (of the smallest slice, where every slice must pass).
        targets: the criterion's numbers in the quantity's unit; as written, where they are None.
        truth: the assumed true value, or for a comparison the true difference; half-way to the best, or no change.
        discordance: share of samples on which exactly one model is right, from a pilot run.
        pilot: the estimate that a pilot run gave of the value, or for a comparison of the difference.
        clusters: independent units, where samples belong together.
    """
    targets = targets or tuple(bound.offset for bound in criterion.bounds)
    if criterion.on == "point":
        return Outlook(n, "decided on the value alone: a coin toss for a model exactly at the limit")
    if quantity.family == "census":
        return Outlook(n, "a census: counted exactly, so any number of samples decides")
    too_few = _too_few(quantity, n, criterion.confidence, clusters, bool(criterion.model))
    if too_few:
        return Outlook(n, too_few, possible=False, p_pass=0.0)
    binary = quantity.family == "proportion" and quantity.bounds == (0.0, 1.0) and not clusters
    if criterion.op == "in" and criterion.model and binary:
        return _equivalent(criterion, n, targets, truth or 0.0, DISCORDANCE if discordance is None else discordance)
    if criterion.op == "in":
        return _from_pilot(criterion, quantity, n, targets, truth, pilot)
    if criterion.model and binary and criterion.bounds[0].factor == 1:
        return _paired(criterion, n, targets[0], truth, DISCORDANCE if discordance is None else discordance)
    if not criterion.model and binary:
        return _proportion(criterion, n, targets[0], truth)
    return _from_pilot(criterion, quantity, n, targets, truth, pilot)


def _too_few(quantity: Quantity, n: int, confidence: float, clusters: int | None, compared: bool) -> str:
    if clusters is not None and clusters < FEW_CLUSTERS:
        return f"{clusters} clusters can decide nothing; at least {FEW_CLUSTERS} are needed"
    fewest = {"corpus": FEWEST_CORPUS, "log_ratio": FEWEST_DOCUMENTS, "unbounded": 30, **special.FEWEST}
    least = fewest.get(quantity.family, 1)
    if quantity.family == "quantile":
        least = max(10 if compared else 1, samples_for(quantity.quantile, confidence))
    return f"{n} samples can decide nothing; at least {least} are needed" if n < least else ""


def _proportion(criterion: Criterion, n: int, target: float, truth: float | None) -> Outlook:
    up, confidence = criterion.op in (">=", ">"), criterion.confidence
    if truth is None:
        truth = (target + (1.0 if up else 0.0)) / 2
    count = power.count_to_pass(n, target if up else 1 - target, confidence)
    if count is None:
        edge = target if up else 1 - target
        least = samples_for(edge, confidence) if 0 < edge < 1 else None
        tail = f"; at least {least:,} are needed" if least else ""
        return Outlook(n, f"not even {n} of {n} would pass{tail}", 0.0, truth, None, least, possible=False)
    chance = power.proportion_power(n, truth, criterion.op, target, confidence)
    needed = power.proportion_samples(truth, criterion.op, target, confidence)
    room = 1 - target if up else target

    def at(gap: float) -> float:
        return power.proportion_power(n, target + gap if up else target - gap, criterion.op, target, confidence)

    gap = power.smallest_effect(at, room)
    shown = f"needs {count} of {n} right" if up else f"allows {n - count} of {n}"
    where = "above" if up else "below"
    text = f"{shown}; passes with {chance:.0%} if the truth is {truth:.3g}"
    if gap is not None:
        text += f", with 80% if it is {gap:.3g} {where} the limit"
    if needed and needed > n:
        text += f"; 80% would take {needed:,} samples"
    return Outlook(n, text, chance, truth, gap, needed)


def _paired(criterion: Criterion, n: int, target: float, truth: float | None, discordance: float) -> Outlook:
    op, confidence = criterion.op, criterion.confidence
    up = op in (">=", ">")
    if truth is None and (target < 0 if up else target > 0):
        truth = 0.0
    psi = discordance if truth is None else max(discordance, abs(truth))

    def at(gap: float) -> float:
        true = target + gap if up else target - gap
        return power.paired_power(n, max(psi, abs(true)), true, op, target, confidence)

    def noticed(change: float) -> float:
        true = -change if up else change
        return power.paired_power(n, max(discordance, change), true, op, 0.0, confidence, claim="fail")

    gap = power.smallest_effect(at, min(1 - target if up else 1 + target, 1.0))
    worse = power.smallest_effect(noticed, 1.0)
    shown = (
        ""
        if gap is None
        else f"passes with 80% if the true difference is {(target + gap if up else target - gap):+.3g}"
    )
    chance = needed = None
    if truth is not None:
        chance = power.paired_power(n, psi, truth, op, target, confidence)
        needed = power.paired_samples(psi, truth, op, target, confidence)
        change = "nothing changed" if truth == 0 else f"the true difference is {truth:+.3g}"
        shown = f"passes with {chance:.0%} if {change}{shown.replace('passes with', ', with')}"
    parts = [f"{shown or 'cannot pass'} (discordance {psi:.0%})"]
    if needed is not None and needed > n:
        parts.append(f"80% would take {needed:,} samples")
    if truth is not None and needed is None:
        parts.append("no number of samples passes it then")
    if worse is not None:
        parts.append(f"a change for the worse of {worse:.3g} is noticed with 80%")
    return Outlook(n, "; ".join(parts), chance, truth, gap, needed)


def _equivalent(
    criterion: Criterion, n: int, targets: tuple[float, ...], truth: float, discordance: float
) -> Outlook:  # fmt: skip
    low, high, psi = targets[0], targets[-1], max(discordance, abs(truth))
    chance = power.equivalence_power(n, psi, truth, low, high, criterion.confidence)
    room = min(truth - low, high - truth)
    needed = None
    if room > 0:
        start = power.margin_samples(room, psi, criterion.confidence, power=0.9)
        if start <= 50_000:
            needed = power.smallest_n(
                lambda m: power.equivalence_power(m, psi, truth, low, high, criterion.confidence), start
            )  # fmt: skip
        else:
            needed = math.ceil(start) if start <= power.MOST else None
    text = f"passes with {chance:.0%} if the true difference is {truth:+.3g} (discordance {psi:.0%})"
    if needed and needed > n:
        text += f"; 80% would take {needed:,} samples"
    return Outlook(n, text, chance, truth, None, needed)


def _from_pilot(
    criterion: Criterion, quantity: Quantity, n: int, targets: tuple[float, ...], truth: float | None,
    pilot: Estimate | None,
) -> Outlook:  # fmt: skip
    """The normal approximation, with the standard error of a pilot run, or the largest that a bounded mean can have."""
    error = _error(quantity, n, pilot, compared=bool(criterion.model))
    if error is None:
        return Outlook(n, "how much this varies is not known before a first run; run once, then plan again")
    if truth is None:
        truth = pilot.value if pilot is not None and pilot.value is not None else 0.0 if criterion.model else None
    z = z_of(criterion.confidence)
    gap = (z + z_of(power.WANTED)) * error
    source = "from a pilot run" if pilot is not None else "if it varies as much as it can"
    text = f"shows a distance of {gap:.3g} from the limit with 80% ({source})"
    if truth is None:
        return Outlook(n, text, detectable=gap)
    distances = [truth - targets[0], targets[-1] - truth] if criterion.op == "in" else [
        truth - targets[0] if criterion.op in (">=", ">") else targets[0] - truth
    ]  # fmt: skip
    from scipy.special import ndtr

    chance = max(0.0, 1 - sum(1 - float(ndtr(d / error - z)) for d in distances))
    needed = None
    if min(distances) > 0:
        needed = math.ceil(n * (gap / min(distances)) ** 2)
        needed = needed if needed <= power.MOST else None
    text += f"; passes with {chance:.0%} if the truth is {truth:.3g}"
    if needed and needed > n:
        text += f"; 80% would take {needed:,} samples"
    return Outlook(n, text, chance, truth, gap, needed)


def _error(quantity: Quantity, n: int, pilot: Estimate | None, *, compared: bool) -> float | None:
    if pilot is not None and pilot.low is not None and pilot.high is not None and pilot.n:
        z = z_of((1 + pilot.level) / 2)
        return (pilot.high - pilot.low) / (2 * z) * math.sqrt(pilot.n / n) or None
    low, high = quantity.bounds
    bounded = quantity.family in ("mean", "proportion") and math.isfinite(low) and math.isfinite(high)
    if not bounded:
        return None
    return (high - low) / 2 * (math.sqrt(2) if compared else 1.0) / math.sqrt(n)
