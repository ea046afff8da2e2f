"""An estimate: a number that knows how sure it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its two-sided interval at `level`; a one-sided bound at confidence c is an end of level 2c − 1.

    `None` means unknown: too few samples, or a degenerate resampling. The interval has zero width only for a census.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    """Two-sided confidence level of [low, high], 0.90 by default."""
    n: int
    """Independent units that were scored (clusters where there are clusters)."""
    missing: int = 0
    """Samples without a score."""
    method: str = ""
    """The interval's name: clopper_pearson, tango, range_augmented_t, bca, log_jackknife, order_statistic, census, …"""
    unit: str = ""
    note: str = ""
    """Why something is unknown, or what else a reader must know."""
    seed: int | None = None
    """Of the resampling, where there was one."""

    @property
    def known(self) -> bool:
        """Whether both ends of the interval are known."""
        return self.low is not None and self.high is not None
