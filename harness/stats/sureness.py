"""Calibration of confidences: expected calibration error (to report, debiased to gate) and the Brier score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.stats.bounded import range_augmented_t
from harness.stats.evidence import Evidence, unknown
from harness.stats.replicates import Replicates
from harness.stats.resample import RESAMPLES, generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Array

FEWEST = 500
"""Answers below which a calibration error says next to nothing: a perfectly calibrated model shows one too."""


def bins_of(confidence: Array, bins: int) -> NDArray[np.intp]:
    """(n) bin of each confidence: equal widths, closed on the right, 0 in the first."""
    import numpy as np

    place = np.ceil(np.asarray(confidence, dtype=float) * bins) - 1
    return np.asarray(np.clip(place, 0, bins - 1), dtype=np.intp)


def expected_calibration_error(confidence: Array, correct: Array, *, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over bins, weighted by size (Guo et al. 2017)."""
    import numpy as np

    gap = np.asarray(correct, dtype=float) - np.asarray(confidence, dtype=float)
    sums = np.bincount(bins_of(confidence, bins), weights=gap, minlength=bins)
    return float(np.abs(sums).sum() / len(gap))


def excess_calibration_error(
    confidence: Array, correct: Array, *, bins: int = 15, seed: int, resamples: int = RESAMPLES
) -> Evidence:  # fmt: skip
    """Evidence of ECE minus what a perfectly calibrated model with these confidences would show.

    The subtracted part is found by drawing labels from the confidences; the interval by resampling answers.
    """
    import numpy as np

    method = "ece_debiased"
    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    n = len(confidence)
    if not n:
        return unknown("no answer has a confidence", method=method)
    # Sorted by content, so that the order of the samples cannot matter.
    order = np.lexsort((correct, confidence))
    confidence, correct = confidence[order], correct[order]
    raw, chance = expected_calibration_error(confidence, correct, bins=bins), _by_chance(confidence, bins, seed)
    value = raw - chance
    if n < FEWEST:
        note = (
            f"{n} answers are too few for a calibration error; at least {FEWEST} are needed (by chance: {chance:.3f})"
        )
        return unknown(note, value=value, n=n, method=method)
    random, place = generator(seed), bins_of(confidence, bins)
    gap, out = correct - confidence, np.empty(resamples)
    for at in range(resamples):
        counts = np.bincount(random.integers(0, n, size=n), minlength=n)
        out[at] = np.abs(np.bincount(place, weights=gap * counts, minlength=bins)).sum() / n
    # Resampling adds its own noise to every bin once more: recentred on the value, only its spread is used.
    spread = np.sort(out - out.mean() + value)
    if spread[0] == spread[-1]:
        return unknown("every resample has the same value", value=value, n=n, method=method)
    made = Replicates(spread, 0)
    return Evidence(
        value,
        n,
        method,
        made.ends,
        (-1.0, 1.0),
        seed=seed,
        noise=made.noise,
        note=f"ECE {raw:.3f}, by chance {chance:.3f}",
    )


def excess_difference(new: Array, old: Array, *, factor: float, seed: int, resamples: int = RESAMPLES) -> Evidence:
    """Evidence of one model's excess calibration error minus a multiple of another's on the same samples.

    `new` and `old` are (n, 2) tables of confidence and correctness; both are resampled together.
    """
    import numpy as np

    method, bins, n = "ece_debiased", 15, len(new)
    if n < FEWEST:
        note = f"{n} answers are too few for a calibration error; at least {FEWEST} are needed"
        return unknown(note, n=n, method=method)
    both = np.concatenate([new, old], axis=1)
    both = both[np.lexsort(both.T)]
    sides = [(both[:, at], both[:, at + 1]) for at in (0, 2)]
    values = [expected_calibration_error(*side, bins=bins) - _by_chance(side[0], bins, seed) for side in sides]
    value = values[0] - factor * values[1]
    random, out = generator(seed), np.empty(resamples)
    pieces = [(bins_of(confidence, bins), correct - confidence) for confidence, correct in sides]
    for at in range(resamples):
        counts = np.bincount(random.integers(0, n, size=n), minlength=n)
        one, two = (np.abs(np.bincount(place, weights=gap * counts, minlength=bins)).sum() / n for place, gap in pieces)
        out[at] = one - factor * two
    spread = np.sort(out - out.mean() + value)
    if spread[0] == spread[-1]:
        return unknown("every resample has the same value", value=value, n=n, method=method)
    made = Replicates(spread, 0)
    return Evidence(value, n, method, made.ends, (-1.0 - factor, 1.0 + factor), seed=seed, noise=made.noise)


def decomposition(confidence: Array, correct: Array, *, bins: int = 15) -> tuple[float, float, float]:
    """Reliability, resolution and uncertainty of the Brier score (Murphy 1973): it is about the first − second + third;
    exactly so where confidences of one bin are equal."""
    import numpy as np

    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    place, rate = bins_of(confidence, bins), float(correct.mean())
    size = np.bincount(place, minlength=bins)
    held = size > 0
    said = np.bincount(place, weights=confidence, minlength=bins)[held] / size[held]
    right = np.bincount(place, weights=correct, minlength=bins)[held] / size[held]
    share = size[held] / len(correct)
    return float(share @ (said - right) ** 2), float(share @ (right - rate) ** 2), rate * (1 - rate)


def _by_chance(confidence: Array, bins: int, seed: int, draws: int = 2_000) -> float:
    """E[ECE | perfectly calibrated] at these confidences."""
    import numpy as np

    random, place = generator(seed + 1), bins_of(confidence, bins)
    total = 0.0
    for _ in range(draws):
        gap = (random.random(len(confidence)) < confidence) - confidence
        total += float(np.abs(np.bincount(place, weights=gap, minlength=bins)).sum())
    return total / draws / len(confidence)


def brier(confidence: Array, correct: Array) -> Evidence:
    """Evidence of the mean squared gap between confidence and outcome: a bounded mean, lower is better."""
    import numpy as np

    gap = (np.asarray(correct, dtype=float) - np.asarray(confidence, dtype=float)) ** 2
    return range_augmented_t(gap, 0.0, 1.0)


def log_loss(confidence: Array, correct: Array) -> float:
    """Mean negative log-likelihood of the outcomes; infinite where a certain answer was wrong."""
    import numpy as np

    confidence = np.asarray(confidence, dtype=float)
    likely = np.where(np.asarray(correct) == 1, confidence, 1 - confidence)
    return float(-np.log(likely).mean()) if (likely > 0).all() else math.inf
