"""Statistics: every estimator in one place. Nothing heavy is imported before something is estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.estimate import Estimate
from harness.score import Scores

if TYPE_CHECKING:
    from harness.stats.evidence import Evidence

__all__ = ["difference", "difference_evidence", "impute", "independent_difference", "level", "level_evidence"]


def level_evidence(scores: Scores, *, seed: str) -> Evidence:
    """What the scores say of their quantity, before a confidence is chosen."""
    from harness.stats import families

    return families.level_evidence(scores, seed)


def level(scores: Scores, *, confidence: float, seed: str) -> Estimate:
    """The quantity's estimate by its family's method; both ends are one-sided bounds at `confidence`.

    The model's own failures score worst. Scores that are missing for other reasons widen the interval to what it would
    be in the worst and in the best case, and are counted in `missing`; the value is that of what was observed.
    """
    return level_evidence(scores, seed=seed).at(confidence)


def difference_evidence(
    candidate: Scores, reference: Scores, *, factor: float = 1.0, offset: float = 0.0, seed: str
) -> Evidence:
    """What the scores say of candidate − factor·reference, before a confidence is chosen."""
    from harness.stats import families

    return families.difference_evidence(candidate, reference, factor, offset, seed)


def difference(
    candidate: Scores,
    reference: Scores,
    *,
    factor: float = 1.0,
    offset: float = 0.0,
    confidence: float,
    seed: str,
) -> Estimate:
    """candidate − factor·reference over the same samples, paired by id.

    Args:
        candidate: scores of the model under test.
        reference: scores of the model it is compared with.
        factor: of the reference, for "keeps 95 %".
        offset: what the difference will be held against; only whether it is zero matters, and only for ratios.
        confidence: one-sided.
        seed: of resampling; ids are mixed in.

    Ids that only one side has are listed in the note and count as missing.

    Raises:
        ValueError: an id occurs twice, or the two are not the same kind of quantity.
    """
    evidence = difference_evidence(candidate, reference, factor=factor, offset=offset, seed=seed)
    return evidence.at(confidence)


def independent_difference(
    candidate: Scores, reference: Scores, *, factor: float = 1.0, confidence: float, seed: str
) -> Estimate:
    """candidate − factor·reference of different samples: the gap between two groups."""
    from harness.stats import families

    return families.independent_evidence(candidate, reference, factor, seed).at(confidence)


def impute(scores: Scores, case: str) -> Scores:
    """Scores with nothing missing: the model's failures worst, all others `worst` or `best`."""
    from harness.stats.missing import impute as fill

    if case not in ("worst", "best"):
        raise ValueError(f"missing scores are taken as 'worst' or as 'best'; found {case!r}")
    return fill(scores, "worst" if case == "worst" else "best")
