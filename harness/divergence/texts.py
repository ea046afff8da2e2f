"""Texts as points: TF-IDF of words and word pairs over both sets, which never knows which set a text is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harness.words import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LONGEST = 20_000
"""Characters of a text that are read."""
MOST_TERMS = 20_000
DIMENSIONS = 50


@dataclass(frozen=True, slots=True)
class Points:
    """Texts as rows of a table."""

    table: Any
    """(n, terms) sparse, every row of length 1."""
    terms: tuple[str, ...]

    def kernel(self) -> Floats:
        """(n, n): cosines of all pairs."""
        found: Floats = (self.table @ self.table.T).toarray()
        return found

    def dense(self, seed: int) -> Floats:
        """(n, d): the first singular directions, at most `DIMENSIONS`."""
        import numpy as np
        from sklearn.decomposition import TruncatedSVD

        size = min(DIMENSIONS, *(side - 1 for side in self.table.shape))
        if size < 1:
            plain: Floats = self.table.toarray()
            return plain
        with np.errstate(invalid="ignore", divide="ignore"):  # where all texts are equal, there is no variance to share
            reduced: Floats = TruncatedSVD(size, random_state=seed % 2**32).fit_transform(self.table)
        return reduced


def points(texts: Sequence[str]) -> Points:
    """Both sets' texts together as points."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    made = TfidfVectorizer(
        analyzer=_terms, min_df=2 if len(texts) >= 40 else 1, max_features=MOST_TERMS, sublinear_tf=True
    )
    try:
        table = made.fit_transform(texts)
    except ValueError:  # no term stands in two texts
        made.set_params(min_df=1)
        table = made.fit_transform(texts)
    return Points(table, tuple(made.get_feature_names_out().tolist()))


def _terms(text: str) -> list[str]:
    found = words(text[:LONGEST])
    return [*found, *(f"{a} {b}" for a, b in pairwise(found))] or ["(nothing)"]
