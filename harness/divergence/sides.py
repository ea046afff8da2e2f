"""The two sets of a comparison, read from their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.ask import gap
from harness.data import Dataset, Row, text_of
from harness.divergence.draw import draw
from harness.errors import Complaint, SuiteError, nearest
from harness.score import Missing, Quantity, Scores, table
from harness.words import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

FEWEST = 20
"""Rows of a set below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Side:
    """One set's rows, as far as they were drawn."""

    data: Dataset
    field: str
    rows: list[Row]
    total: int
    """How many there are."""
    texts: list[str]
    terms: list[list[str]]
    """The words of each text."""

    @property
    def lengths(self) -> list[int]:
        """Words of each text."""
        return [len(found) for found in self.terms]

    def column(self, name: str) -> list[str]:
        """A field of every row as text, `(missing)` where it has nothing.

        Raises:
            SuiteError: no row has the field.
        """
        values = [row.fields.get(name) for row in self.rows]
        if all(value is None for value in values):
            hint = nearest(name, {key for row in self.rows for key in row.fields})
            raise SuiteError(f"drift: no row of {self.data} has anything in {name!r}{hint}")
        return ["(missing)" if value is None else text_of(value) for value in values]


def side(data: Dataset, field: str, most: int, seed: int) -> Side:
    """At most `most` rows of a data set, with the texts of a field.

    Raises:
        SuiteError: a row has no such field.
    """
    rows, total = draw(data.records(), most, seed)
    for row in rows:
        if field not in row.fields:
            text = (
                f"drift: the row has no field {field!r}{nearest(field, row.fields)}; set `field` or `reference_field`"
            )
            raise SuiteError([Complaint(data.source.shown, row.line, text)])
    texts = ["" if row.fields[field] is None else text_of(row.fields[field]) for row in rows]
    return Side(data, field, rows, total, texts, [words(text[:20_000]) for text in texts])


def change(quantity: Quantity, reference: Side, current: Side, value: Callable[[Side], Sequence[float]]) -> Scores:
    """The mean of the current rows minus that of the reference rows, as scores of the family `gap`."""
    kind = Quantity(quantity.name, "unbounded" if quantity.bounds[1] == float("inf") else "mean", quantity.better)
    now, then = (table(kind, [row.id for row in part.rows], value(part)) for part in (current, reference))
    return gap(quantity, now, then, {})


def auc(quantity: Quantity, reference: Side, current: Side, wins: Sequence[float]) -> Scores:
    """The area under the ROC curve as scores whose gap it is, with DeLong's variance: those of the reference rows' and
    of the current rows' shares add.

    The current rows' shares stand turned round and moved by their mean, so that they add nothing to the value; one is
    added to either side, because bounded means begin at 0.
    """
    kind, first = Quantity(quantity.name, "mean", bounds=(0.0, 2.0)), len(reference.rows)
    middle = sum(wins[first:]) / len(current.rows)
    then = table(kind, [row.id for row in reference.rows], [1.0 + win for win in wins[:first]])
    now = table(kind, [row.id for row in current.rows], [1.0 + middle - win for win in wins[first:]])
    return gap(quantity, then, now, {})


def nothing(quantity: Quantity, why: Missing) -> Scores:
    """Scores of a comparison that could not be made."""
    import numpy as np

    return Scores(quantity, ("all",), np.zeros((1, 4)), ("reference", "reference_n", "other", "other_n"), {0: why})


def new_terms(reference: Side, current: Side) -> Callable[[Side], list[float]]:
    """For a side: each row's share of words that no other reference row has.

    A reference row is held against the other reference rows, so that without a change both sides have the same mean.
    """
    holders: dict[str, int] = {}
    for found in reference.terms:
        for term in set(found):
            holders[term] = holders.get(term, 0) + 1

    def shares(part: Side) -> list[float]:
        own = 1 if part is reference else 0
        return [sum(holders.get(t, 0) <= own for t in found) / max(1, len(found)) for found in part.terms]

    return shares
