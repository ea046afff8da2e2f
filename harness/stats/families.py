"""Which method answers for which family of quantities: the one place that dispatches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.score import CANDIDATE, Scores
from harness.stats import bounded, fairness, gap, mixture, order, pair, proportion, ratio, resample, sides, special
from harness.stats.evidence import Evidence, envelope, mover, unknown
from harness.stats.missing import count_failures, impute

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.score import Array

OWN = ("proportion", "mean", "corpus", "log_ratio", "unbounded", "quantile", "census", "gap", "impact")
FAMILIES = (*OWN, *special.FEWEST)
FEWEST_UNBOUNDED = 30
STUDENTIZED = 100


def level_evidence(scores: Scores, seed: str) -> Evidence:
    """The quantity of one model, with failures worst and missing scores taken both ways."""
    _known(scores)
    if scores.quantity.whole == "worst" and len(slices := scores.slices()) > 1:
        each = [(name, level_evidence(scores.part(rows), seed)) for name, rows in slices.items()]
        return sides.worst(scores.quantity, each)
    return sides.held_back(scores, _level_evidence(scores, seed))


def _level_evidence(scores: Scores, seed: str) -> Evidence:
    """One table of scores, all rows together."""
    if scores.quantity.family == "gap":
        apart = gap.level(scores, lambda one, other: independent_evidence(one, other, 1.0, seed))
        return _stamped(apart, [scores])
    if scores.quantity.family == "impact" and not _clustered(scores):
        return _stamped(fairness.impact_level(scores), [scores])
    settled = count_failures(scores)
    observed = _level(settled.present(), seed)
    return _stamped(_both_ways(observed, [settled], lambda case: _level_or_none(settled, case, seed)), [scores])


def difference_evidence(candidate: Scores, reference: Scores, factor: float, offset: float, seed: str) -> Evidence:
    """candidate − factor·reference over the same ids, with failures worst and missing scores taken both ways."""
    _known(candidate)
    _known(reference)
    found = sides.held_back(candidate, _difference_evidence(candidate, reference, factor, offset, seed))
    return sides.held_back(reference, found) if reference.withheld else found


def _difference_evidence(candidate: Scores, reference: Scores, factor: float, offset: float, seed: str) -> Evidence:
    if candidate.quantity.family == "gap":

        def within(one: Scores, other: Scores) -> Evidence:
            return difference_evidence(one, other, factor, 0.0, seed)

        return _stamped(gap.difference(candidate, reference, within, mover), [candidate])
    matched = pair.pair(candidate, reference)
    new, old = (count_failures(s) for s in pair.align_columns(matched.candidate, matched.reference))
    whole = [at for at in range(len(new.ids)) if at not in new.missing and at not in old.missing]
    observed = _difference(new.take(whole), old.take(whole), factor, offset, seed)

    def case(name: str) -> Evidence | None:
        one, two = (
            (impute(new, "worst"), impute(old, "best"))
            if name == "worst"
            else (impute(new, "best"), impute(old, "worst"))
        )
        return None if one.missing or two.missing else _difference(one, two, factor, offset, seed)

    evidence = _both_ways(observed, [new, old], case)
    if matched.unmatched:
        shown = ", ".join(matched.unmatched[:5]) + (" …" if len(matched.unmatched) > 5 else "")
        note = f"{len(matched.unmatched)} samples have no partner ({shown})"
        evidence = replace(evidence, note="; ".join(part for part in (evidence.note, note) if part))
    return _stamped(evidence, [candidate])


def independent_evidence(candidate: Scores, reference: Scores, factor: float, seed: str) -> Evidence:
    """candidate − factor·reference where the samples differ: each variance recovered from its own interval (MOVER)."""
    if all(_binary(s) for s in (candidate, reference)):
        one, two = (count_failures(s) for s in (candidate, reference))
        if not one.missing and not two.missing:
            counts = (int(one.stats[:, 0].sum()), len(one.ids), int(two.stats[:, 0].sum()), len(two.ids))
            return _stamped(proportion.independent_counts(*counts, factor=factor), [candidate])
    new, old = level_evidence(candidate, seed), level_evidence(reference, seed)
    return _stamped(mover(new, old, factor), [candidate])


def _both_ways(observed: Evidence, tables: list[Scores], case: Callable[[str], Evidence | None]) -> Evidence:
    """`observed` where nothing is missing, else the envelope of the worst and the best case."""
    absent = {at for table in tables for at in table.missing}
    if not absent:
        return observed
    total = len(tables[0].ids)
    worst, best = case("worst"), case("best")
    note = f"{len(absent)} of {total} samples are missing; the interval covers the worst and the best case"
    higher = tables[0].quantity.better != "lower"
    nothing = unknown(f"{len(absent)} of {total} samples are missing and nobody knows what they would score")
    if worst is None and best is None:
        return replace(nothing, value=observed.value, n=observed.n, method=observed.method, missing=len(absent))
    first, second = (worst, best) if higher else (best, worst)
    return envelope(observed, first or nothing, second or nothing, missing=len(absent), note=note)


def _level_or_none(settled: Scores, case: str, seed: str) -> Evidence | None:
    filled = impute(settled, "worst" if case == "worst" else "best")
    return None if filled.missing else _level(filled, seed)


def _stamped(evidence: Evidence, tables: list[Scores]) -> Evidence:
    """With the unit, and with a note on failures that were counted."""
    failed = sum(why.blame == CANDIDATE for table in tables for why in table.missing.values())
    note = f"{failed} samples failed and score worst" if failed else ""
    joined = "; ".join(part for part in (evidence.note, note) if part)
    return replace(evidence, unit=tables[0].quantity.unit, note=joined)


def _known(scores: Scores) -> None:
    import numpy as np

    if scores.quantity.family not in FAMILIES:
        raise ValueError(f"{scores.quantity.family!r} is not a family of quantities; known: {', '.join(FAMILIES)}")
    if not np.isfinite(scores.stats).all():
        at = int(np.argwhere(~np.isfinite(scores.stats))[0, 0])
        raise ValueError(f"{scores.quantity.name} of sample {scores.ids[at]!r} is not a finite number")


def _binary(scores: Scores) -> bool:
    """Whether every score is 0 or 1 and rows are independent, so that exact methods for counts hold."""
    import numpy as np

    quantity = scores.quantity
    plain = quantity.family == "proportion" and quantity.combine is None and quantity.bounds == (0.0, 1.0)
    return plain and not _clustered(scores) and bool(np.isin(scores.stats[:, 0], (0.0, 1.0)).all())


def _ternary(scores: Scores) -> bool:
    """Whether each score is the difference of two right-or-wrong answers to one sample: a proportion in [−1, 1]."""
    quantity = scores.quantity
    paired = quantity.family == "proportion" and quantity.bounds == (-1.0, 1.0) and not _clustered(scores)
    return paired and set(scores.stats[:, 0].tolist()) <= {-1.0, 0.0, 1.0}


def _clustered(scores: Scores) -> bool:
    return scores.clusters is not None and len(set(scores.clusters)) < len(scores.clusters)


def _clusters(scores: Scores) -> Sequence[str] | None:
    return scores.clusters if _clustered(scores) else None


def _statistic(scores: Scores) -> resample.Statistic:
    return _statistic_at(scores, slice(0, scores.stats.shape[1]))


def _statistic_at(scores: Scores, columns: slice) -> resample.Statistic:
    combine = scores.quantity.combine
    if combine is None and scores.quantity.family == "log_ratio" and scores.stats.shape[1] > 1:
        import numpy as np

        def perplexity(sums: Array, sizes: Array) -> Array:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                value: Array = np.exp(sums[..., columns][..., 0] / sums[..., columns][..., 1])
            return value

        return perplexity
    return resample.statistic_of(combine, scores.names, columns)


def _level(scores: Scores, seed: str) -> Evidence:
    """One complete table of scores."""
    import numpy as np

    quantity, n = scores.quantity, len(scores.ids)
    if n == 0:
        return unknown("no sample was scored")
    values, family = scores.stats[:, 0], quantity.family
    if family == "census":
        return _census(scores)
    if family == "quantile":
        return order.order_statistic(
            values, quantile=quantity.quantile, clusters=_clusters(scores), limits=quantity.bounds
        )
    if quantity.combine is None and family in ("proportion", "mean"):
        return _bounded_level(scores)
    if family in special.FEWEST:
        return special.level(scores, seed)
    units = resample.units_of(scores.stats, _clusters(scores))
    if family == "log_ratio":
        return ratio.log_jackknife(units, _statistic(scores), limits=quantity.bounds)
    if family == "unbounded" and quantity.combine is None:
        return _unbounded(units, scores.clusters is not None and _clustered(scores), quantity.bounds, seed, scores)
    if note := mixture.rare_class(scores, _statistic(scores)):
        sums, size = units.totals
        value = float(_statistic(scores)(sums, np.asarray(size)))
        return unknown(note, value=value, n=units.n, method="bca")
    number = resample.seed_of(seed, scores.ids)
    rare = mixture.of_level(scores, _statistic(scores)) if not _clustered(scores) else None
    return resample.bca(units, _statistic(scores), seed=number, limits=quantity.bounds, rare=rare)


def _census(scores: Scores) -> Evidence:
    import numpy as np

    sums, size = resample.units_of(scores.stats, None).totals
    value = float(_statistic(scores)(sums, np.asarray(size)))
    if not math.isfinite(value):
        return unknown("the value is not defined on these samples (0/0)", n=len(scores.ids), method="census")
    note = "every item was counted: exact, without an interval"
    return Evidence(value, len(scores.ids), "census", exact=True, note=note)


def _bounded_level(scores: Scores) -> Evidence:
    values, (low, high) = scores.stats[:, 0], scores.quantity.bounds
    if _binary(scores):
        return proportion.of_counts(int(values.sum()), len(values))
    if _ternary(scores):
        return proportion.of_pairs(int((values > 0).sum()), int((values < 0).sum()), len(values))
    if not (math.isfinite(low) and math.isfinite(high)):
        units = resample.units_of(scores.stats, _clusters(scores))
        return _unbounded(units, _clustered(scores), (low, high), "", scores)
    if values.min() < low - 1e-9 or values.max() > high + 1e-9:
        at = int(((values < low - 1e-9) | (values > high + 1e-9)).argmax())
        where = f"{scores.quantity.name} of sample {scores.ids[at]!r}"
        raise ValueError(f"{where} is {values[at]:g}, outside its declared range [{low:g}, {high:g}]")
    return bounded.range_augmented_t(values, low, high, clusters=_clusters(scores))


def _unbounded(
    units: resample.Units, clustered: bool, limits: tuple[float, float], seed: str, scores: Scores
) -> Evidence:
    number = resample.seed_of(seed, scores.ids)
    if not clustered and units.n >= STUDENTIZED:
        return resample.studentized(units, seed=number, limits=limits)
    if units.n < FEWEST_UNBOUNDED:
        sums, size = units.totals
        note = f"{units.n} samples are too few for a mean without bounds; at least {FEWEST_UNBOUNDED} are needed"
        return unknown(note, value=float(sums[0] / size), n=units.n, method="bca")
    statistic = resample.statistic_of(None, ("value",), slice(0, 1))
    return resample.bca(units, statistic, seed=number, limits=limits, fewest=FEWEST_UNBOUNDED)


def _difference(new: Scores, old: Scores, factor: float, offset: float, seed: str) -> Evidence:
    """Two complete tables over the same ids."""
    import numpy as np

    quantity, n = new.quantity, len(new.ids)
    if n == 0:
        return unknown("no sample was scored by both")
    family, width, clusters = quantity.family, new.stats.shape[1], _clusters(new)
    if family == "census":
        return mover(_census(new), _census(old), factor)
    number = resample.seed_of(seed, new.ids)
    if family == "quantile":
        return order.quantile_difference(
            new.stats[:, 0], old.stats[:, 0], quantity.quantile, factor=factor, clusters=clusters, seed=number
        )  # fmt: skip
    if quantity.combine is None and family in ("proportion", "mean", "unbounded"):
        return _mean_difference(new, old, factor, seed)
    if family in special.FEWEST:
        return special.difference(new, old, factor, seed)
    units = resample.units_of(np.concatenate([new.stats, old.stats], axis=1), clusters)
    one, two = _statistic_at(new, slice(0, width)), _statistic_at(old, slice(width, 2 * width))
    if family == "log_ratio":
        return ratio.ratio_difference(units, one, two, factor=factor, offset=offset != 0)
    low, high = quantity.bounds
    limits = (low - factor * high, high - factor * low)

    def contrast(sums: Array, sizes: Array) -> Array:
        return one(sums, sizes) - factor * two(sums, sizes)

    if note := mixture.rare_class(new, _statistic(new)):
        sums, size = units.totals
        return unknown(note, value=float(contrast(sums, np.asarray(size))), n=units.n, method="bca")
    rare = mixture.of_difference(new, old, contrast, limits) if clusters is None else None
    return resample.bca(units, contrast, seed=number, limits=limits, rare=rare)  # fmt: skip


def _mean_difference(new: Scores, old: Scores, factor: float, seed: str) -> Evidence:
    a, b = new.stats[:, 0], old.stats[:, 0]
    low, high = new.quantity.bounds
    if factor == 1.0 and _binary(new) and _binary(old):
        return proportion.of_pairs(int(((a == 1) & (b == 0)).sum()), int(((a == 0) & (b == 1)).sum()), len(a))
    contrast = a - factor * b
    if new.quantity.family != "unbounded" and math.isfinite(low) and math.isfinite(high):
        return bounded.range_augmented_t(contrast, low - factor * high, high - factor * low, clusters=_clusters(new))
    units = resample.units_of(contrast, _clusters(new))
    return _unbounded(units, _clustered(new), (-math.inf, math.inf), seed, new)
