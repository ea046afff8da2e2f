"""Replicates of a resampling, and the bounds they give: percentile or BCa, with their Monte-Carlo error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.stats.evidence import Ends
from harness.stats.proportion import z_of

if TYPE_CHECKING:
    from harness.score import Array


def quantiles(sorted_values: Array, at: float) -> float | None:
    """The `at` quantile of B sorted replicates, at position (B + 1)·at; None beyond the first or last of them."""
    place = (len(sorted_values) + 1) * at
    if not 1 <= place <= len(sorted_values):
        return None
    below = math.floor(place)
    above = min(below + 1, len(sorted_values))
    share = place - below
    low, high = float(sorted_values[below - 1]), float(sorted_values[above - 1])
    return low if share == 0 or low == high else low + share * (high - low)


def extended(sorted_values: Array, at: float) -> float | None:
    """As `quantiles`, continued beyond the outermost replicates with the slope that their tail has in normal quantiles.

    BCa asks for such quantiles of skewed metrics long before its own error is that small.
    """
    size = len(sorted_values)
    inner, outer = 0.02, 1 / (size + 1)
    if outer <= at <= 1 - outer or size < 200 or not 0 < at < 1:
        return quantiles(sorted_values, at)
    side = 1 if at > 0.5 else -1
    start, end = quantiles(sorted_values, 0.5 + side * (0.5 - inner)), float(sorted_values[-1 if side > 0 else 0])
    z = abs(z_of(at))
    if start is None or not math.isfinite(z):
        return None
    return end + (end - start) * (z - abs(z_of(outer))) / (abs(z_of(outer)) - abs(z_of(inner)))


@dataclass(frozen=True, slots=True)
class Replicates:
    """Sorted replicates and how a confidence is turned into a quantile of them."""

    values: Array
    """(B) sorted; NaN replicates are at the bad end of whichever side is asked."""
    undefined: int
    bias: float = 0.0
    acceleration: float = 0.0
    freedom: float = math.inf
    """Degrees of freedom; a bootstrap is too narrow by what a t is wider than a normal (Hesterberg's expansion)."""

    def level(self, probability: float) -> float:
        """The quantile that BCa takes for a nominal `probability`; itself where there is nothing to correct."""
        from scipy.special import ndtr, stdtrit

        z = z_of(probability)
        if math.isfinite(self.freedom):
            z = float(stdtrit(self.freedom, probability)) * math.sqrt(1 + 1 / self.freedom)
        z += self.bias
        return float(ndtr(self.bias + z / (1 - self.acceleration * z)))

    def ends(self, confidence: float) -> Ends:
        """Both one-sided bounds; an undefined replicate counts as beyond either.

        No claim is surer than one in B + 1: beyond that confidence nothing is known.
        """
        if 1 - confidence < 1 / (len(self.values) + self.undefined + 1):
            return None, None
        low = self._at(self.level(1 - confidence), -self.undefined)
        return low, self._at(self.level(confidence), self.undefined)

    def _at(self, level: float, shift: int) -> float | None:
        """The quantile `level` with `undefined` replicates put below (shift < 0) or above (shift > 0) all others."""
        total = len(self.values) + self.undefined
        place = (total + 1) * level - (self.undefined if shift < 0 else 0)
        if self.undefined == 0:
            return extended(self.values, level)
        return quantiles(self.values, place / (len(self.values) + 1))

    def noise(self, confidence: float) -> tuple[float, float]:
        """Monte-Carlo standard errors of both bounds, from the spread of the replicates around them."""
        return self._noise(self.level(1 - confidence)), self._noise(self.level(confidence))

    def _noise(self, level: float) -> float:
        step = math.sqrt(level * (1 - level) / max(1, len(self.values)))
        left, right = extended(self.values, level - step), extended(self.values, level + step)
        return math.inf if left is None or right is None else (right - left) / 2


def bca_of(values: Array, estimate: float, influence: Array, weights: Array) -> Replicates | str:
    """Bias-corrected, accelerated replicates (Efron 1987), or why there are none.

    Args:
        values: (B) replicates.
        estimate: the value on the data.
        influence: (d) leave-one-out values.
        weights: (d) how many units have that leave-one-out value.
    """
    import numpy as np
    from scipy.special import ndtri

    undefined = int(np.isnan(values).sum())
    kept = np.sort(values[~np.isnan(values)])
    if undefined > len(values) // 20:
        return f"{undefined} of {len(values)} resamples have no value (0/0)"
    if kept[-1] - kept[0] <= 1e-12 * max(1.0, abs(estimate)):
        return "every resample has the same value"
    below = (np.sum(kept < estimate) + np.sum(kept <= estimate)) / 2 / len(kept)
    if not 0 < below < 1:
        return "all resamples lie on one side of the value"
    defined = np.isfinite(influence)
    rest = np.average(influence[defined], weights=weights[defined]) - influence[defined]
    square = float(weights[defined] @ rest**2)
    acceleration = float(weights[defined] @ rest**3) / (6 * square**1.5) if square > 0 else 0.0
    freedom = max(1.0, effective(influence, estimate, weights) - 1)
    return Replicates(kept, undefined, float(ndtri(below)), acceleration, freedom)


def effective(influence: Array, estimate: float, weights: Array) -> float:
    """How many units really move the value: Kish's effective number of the leave-one-out changes."""
    import numpy as np

    change = np.abs(np.where(np.isfinite(influence), influence, estimate) - estimate)
    total = float(weights @ change**2)
    # A unit whose removal changes next to nothing (a true negative for F1) carries no information on the error.
    return float(weights @ change) ** 2 / total if total > 0 else 0.0
