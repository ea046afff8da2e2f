"""Issues of classes: labels that are probably wrong, classes and groups that are rare."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING

from harness.inspecting import labels
from harness.inspecting.alone import edges
from harness.inspecting.entry import Entry, Fault, Word
from harness.score import Missing, Quantity, Scores, Totals

if TYPE_CHECKING:
    from harness.score import Array

MOST_CLASSES = 300
"""More different targets than this are free text."""
FEWEST_ROWS = 50
HOPELESS = 0.6
"""Accuracy of the classifier below which it cannot doubt anybody's labels."""


def is_label(counts: Mapping[str, int], rows: int) -> bool:
    """Whether targets are classes: few, and most of them repeated."""
    return 2 <= len(counts) <= MOST_CLASSES and len(counts) * 3 <= rows


@dataclass(slots=True)
class Labels:
    """Doubtful labels, looked for in at most so many rows, which are drawn by their content."""

    most: int
    seed: int
    method: str = "own"
    accuracy: float | None = None
    """Of the classifier that doubts them."""
    rows: int = 0
    _kept: list[tuple[int, int, str, str]] = field(default_factory=list)
    """A heap of (minus the row's draw, row, input, label): the lowest draws stay."""
    _counts: Counter[str] = field(default_factory=Counter)

    def see(self, entry: Entry) -> Word:
        """Nothing yet: a label is held against all others."""
        self.rows += 1
        label = " ".join(entry.answers)
        if len(self._counts) <= MOST_CLASSES:
            self._counts[label] += 1
        draw = int.from_bytes(hashlib.sha256(f"{self.seed} {entry.id}".encode("utf-8", "replace")).digest()[:8], "big")
        item = (-draw, entry.at, edges(entry.input), label)
        if len(self._kept) < self.most:
            heappush(self._kept, item)
        elif item > self._kept[0]:
            heapreplace(self._kept, item)
        return None

    def close(self) -> Iterator[tuple[int, Word]]:
        """Doubtful rows; Missing for every row that was not judged, or for all where the targets are no labels."""
        kept = sorted((at, text, label) for _, at, text, label in self._kept)
        if reason := self._hopeless():
            yield from ((at, Missing(reason)) for at in range(self.rows))
            return
        classes = labels.usable([label for *_, label in kept])
        judged = [(at, text, label) for at, text, label in kept if label in classes and label and text.strip()]
        doubtful: dict[int, Word] = {}
        reason = f"only {len(judged)} rows are of a class with {labels.FOLDS} rows or more"
        if len(classes) > 1 and len(judged) >= FEWEST_ROWS:
            doubtful = self._doubts(judged, classes)
            weak = self.accuracy is not None and self.accuracy < HOPELESS
            told = (
                f"a simple classifier is right on only {self.accuracy or 0:.0%} of the rows, too few to doubt a label"
            )
            reason = told if weak else ""
        if reason:
            yield from ((at, Missing(reason)) for at in range(self.rows))
            return
        yield from doubtful.items()
        seen = {at for at, *_ in judged}
        rare = Missing(f"not judged: its class has fewer than {labels.FOLDS} rows, or its input or target is empty")
        yield from ((at, rare) for at, *_ in kept if at not in seen)

    @property
    def drawn(self) -> set[int]:
        """The rows that were looked at."""
        return {at for _, at, *_ in self._kept}

    def _hopeless(self) -> str:
        if is_label(self._counts, self.rows):
            return ""
        different = f"more than {MOST_CLASSES}" if len(self._counts) > MOST_CLASSES else f"{len(self._counts)}"
        return f"the targets are no labels: {different} different ones in {self.rows} rows"

    def _doubts(self, judged: list[tuple[int, str, str]], classes: Mapping[str, int]) -> dict[int, Word]:
        import numpy as np

        given = np.array([classes[label] for *_, label in judged])
        # a class may have shrunk below the folds where rows without text left
        probabilities = labels.out_of_sample([text for _, text, _ in judged], given, self.seed % 2**32)
        found = labels.doubts(given, probabilities) if self.method == "own" else labels.cleanlab(given, probabilities)
        self.accuracy = found.accuracy
        names = list(classes)
        return {
            judged[row][0]: Fault(f"given {judged[row][2]!r}, probably {names[guess]!r}")
            for row, guess in zip(found.rows.tolist(), found.guesses.tolist(), strict=True)
        }


def unevenness(totals: Totals) -> Array:
    """(...): 0 where all classes have as many rows, towards 1 the rarer the rarest is: 1 - k · its share.

    >>> import numpy as np
    >>> float(unevenness(Totals(np.array([98.0, 2.0]), ("a", "b"), np.array(2))))
    0.96
    """
    import numpy as np

    counts = totals.sums
    with np.errstate(invalid="ignore", divide="ignore"):
        value: Array = 1.0 - counts.shape[-1] * counts.min(axis=-1) / counts.sum(axis=-1)
    return value


def imbalance(name: str) -> Quantity:
    """How uneven the rows are spread over classes or groups."""
    return Quantity(name, "census", "lower", (0.0, 1.0), combine=unevenness)


def spread(name: str, counts: Mapping[str, int], hopeless: str = "") -> Scores:
    """Scores of `imbalance`: one row a class, with its count in its own column."""
    import numpy as np

    if hopeless or not counts:
        return Scores(imbalance(name), ("all",), np.zeros((1, 1)), missing={0: Missing(hopeless or "there are none")})
    names = sorted(counts)
    return Scores(imbalance(name), tuple(names), np.diag([float(counts[n]) for n in names]), tuple(names))
