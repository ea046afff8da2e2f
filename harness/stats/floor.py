"""The noise floor: one checkpoint measured twice, in another order or batch size, differs by this much from itself."""

from __future__ import annotations

from dataclasses import dataclass

from harness.criterion import Criterion
from harness.estimate import Estimate
from harness.score import Scores


@dataclass(frozen=True, slots=True)
class Floor:
    """What an A/A test found."""

    quantity: str
    difference: Estimate
    changed: int
    """Samples whose score changed."""
    n: int

    @property
    def size(self) -> float | None:
        """The largest difference to itself that is not excluded; 0 where nothing changed; None where nobody knows."""
        if not self.changed:
            return 0.0
        if self.difference.low is None or self.difference.high is None:
            return None
        return max(abs(self.difference.low), abs(self.difference.high))

    @property
    def discordance(self) -> float:
        """Share of samples whose score changed."""
        return self.changed / self.n if self.n else 0.0

    @property
    def sentence(self) -> str:
        """For a reader."""
        if not self.changed:
            return f"{self.quantity}: the second measurement gave the same score on all {self.n} samples"
        size = "an unknown amount" if self.size is None else f"up to {self.size:.3g}"
        return f"{self.quantity}: {self.changed} of {self.n} samples changed; the noise floor is {size}"


def noise_floor(first: Scores, second: Scores, *, confidence: float = 0.95, seed: str) -> Floor:
    """Compare two measurements of the same checkpoint.

    Raises:
        ValueError: they are not of the same quantity.
    """
    import numpy as np

    from harness.stats import difference
    from harness.stats.pair import align_columns, pair

    matched = pair(first, second)
    one, two = align_columns(matched.candidate, matched.reference)
    differs = np.abs(one.stats - two.stats).max(axis=1, initial=0.0) > 1e-9
    absent = np.array([(at in one.missing) != (at in two.missing) for at in range(len(one.ids))], dtype=bool)
    estimate = difference(first, second, confidence=confidence, seed=seed)
    return Floor(first.quantity.name, estimate, int((differs | absent).sum()), len(one.ids))


def floor_warning(criterion: Criterion, floor: Floor) -> str:
    """Why the criterion's margin is below what the same checkpoint differs from itself, or empty."""
    margins = [abs(bound.offset) for bound in criterion.bounds if bound.model and bound.offset]
    if not margins or floor.size is None or min(margins) >= floor.size:
        return ""
    return (
        f"{criterion.id}: the margin {min(margins):g} is below the noise floor {floor.size:.3g}; "
        "the same checkpoint measured twice could miss it"
    )


def margin_warning(criterion: Criterion, reference: float | None, trivial: float | None) -> str:
    """Why a margin is too generous or no margin at all, or empty.

    Args:
        criterion: the sentence, parsed.
        reference: the reference model's value.
        trivial: what a model scores that learnt nothing: the most frequent class, chance.
    """
    bound = criterion.bounds[0]
    if not bound.model or criterion.op == "in":
        return ""
    lenient = -bound.offset if criterion.op in (">=", ">") else bound.offset
    if lenient < 0 or reference is None or trivial is None:
        return ""
    allowed = lenient + abs(1 - bound.factor) * abs(reference)
    gained = abs(reference - trivial)
    if allowed > gained / 2 and allowed > 0:
        return (
            f"{criterion.id}: the margin {allowed:.3g} would accept losing half of what {bound.model} has learnt "
            f"({reference:.3g} against {trivial:.3g} without learning)"
        )
    return ""
