"""Texts beside their twins: items that may have been seen, and texts like them that cannot have been."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.ask import gap, gap_quantity
from harness.data.dataset import Dataset
from harness.errors import Complaint, NothingSelected, SuiteError, nearest
from harness.score import Missing, Quantity, Scores, table
from harness.stats.membership import Exposure, exposure, permutation
from harness.task import as_text
from harness.truth.likelihood import Text, texts

if TYPE_CHECKING:
    from harness.score import Array

Numbers = Sequence[float | Missing]
_ENDLESS = (-math.inf, math.inf)


def shift(name: str, paired: bool, unit: str = "") -> Quantity:
    """How much higher items stand than their twins, and high is bad: of pairs, or of two sets."""
    if paired:
        return Quantity(name, "exposure", "lower", _ENDLESS, unit)
    return gap_quantity(name, Quantity(name, "unbounded", "higher", _ENDLESS, unit))


@dataclass(frozen=True, slots=True)
class Twins:
    """The items, their twins, and who belongs to whom."""

    items: list[Text]
    fresh: list[Text]
    matched: list[list[int]] | None
    """For each item the places of its twins in `fresh`; None where the two sets are compared as a whole."""

    @property
    def all(self) -> list[Text]:
        """The items, then their twins."""
        return [*self.items, *self.fresh]

    def scores(self, quantity: Quantity, values: Numbers) -> Scores:
        """One number for each of `all`, as how much higher it is for the items."""
        ids, first = [item.id for item in self.items], len(self.items)
        if self.matched is not None:
            return table(quantity, ids, self._pairs(values))
        plain = Quantity(quantity.name, "unbounded", "higher", _ENDLESS, quantity.unit)
        other = table(plain, [f"twin/{text.id}" for text in self.fresh], values[first:])
        return gap(quantity, table(plain, ids, values[:first]), other, {})

    def tested(self, values: Numbers, seed: int) -> Exposure:
        """The permutation test of the same: sign flips of pairs, or labels exchanged; of what is not missing."""
        if self.matched is not None:
            whole = _present(self._pairs(values))
            return exposure(whole, whole * 0.0, seed=seed)
        first = len(self.items)
        return permutation(_present(values[:first]), _present(values[first:]), seed=seed)

    def _pairs(self, values: Numbers) -> list[float | Missing]:
        assert self.matched is not None
        found: list[float | Missing] = []
        for own, group in zip(values, self.matched, strict=False):
            others = [values[len(self.items) + at] for at in group]
            lost = next((value for value in (own, *others) if isinstance(value, Missing)), None)
            known = [value for value in (own, *others) if not isinstance(value, Missing)]
            found.append(known[0] - math.fsum(known[1:]) / (len(known) - 1) if lost is None else lost)
        return found


def read(
    test: Dataset, twins: Dataset, *, pair: str | None, text: str, prompt: str, check: str, limit: int | None
) -> Twins:
    """The rows of both data sets as texts; with `pair`, each item with the twins that have the same value there, or
    its id, where items have no such field.

    Raises:
        SuiteError: a row has no text, or has no partner on the other side.
        NothingSelected: a side is empty.
    """
    items = list(texts(test, prompt, text, check, limit))
    fresh = list(texts(twins, prompt, text, check, None if pair else limit))
    for data, found in ((test, items), (twins, fresh)):
        if not found:
            raise NothingSelected(f"{check}: {data} has no rows")
    if pair is None:
        return Twins(items, fresh, None)
    named = all(item.row.get(pair) is not None for item in items)
    keys = {as_text(item.row[pair]) if named else item.id: item for item in items}
    if len(keys) < len(items):
        raise SuiteError(f"{check}: several rows of {test} have the same {pair}; whose twin is whose cannot be told")
    places: dict[str, list[int]] = {}
    for at, twin in enumerate(fresh):
        places.setdefault(_key(twins, twin, pair, check), []).append(at)
    _nobody_alone([(key, item.line) for key, item in keys.items()], places, (test, twins), f"{check}: items", pair)
    if limit is None:
        _nobody_alone([(key, fresh[at[0]].line) for key, at in places.items()], keys, (twins, test),
                      f"{check}: twins", pair)  # fmt: skip
    kept = sorted(at for key in keys for at in places[key])
    place = {at: new for new, at in enumerate(kept)}
    return Twins(items, [fresh[at] for at in kept], [[place[at] for at in places[key]] for key in keys])


def _nobody_alone(
    rows: Sequence[tuple[str, int]], others: Iterable[str], data: tuple[Dataset, Dataset], who: str, pair: str
) -> None:
    known = set(others)
    alone = [(key, line) for key, line in rows if key not in known]
    if alone:
        key, line = alone[0]
        why = f"{len(alone)} of {len(rows)} have no partner: {pair} = {key!r} is not in {data[1]}"
        raise SuiteError([Complaint(data[0].source.shown, line, f"{who}: {why}{nearest(key, known)}")])


def _key(data: Dataset, text: Text, pair: str, check: str) -> str:
    if text.row.get(pair) is None:
        why = f"{check}: the row has no field {pair!r} to be paired by{nearest(pair, text.row)}"
        raise SuiteError([Complaint(data.source.shown, text.line, why)])
    return as_text(text.row[pair])


def _present(values: Numbers) -> Array:
    import numpy as np

    return np.array([value for value in values if not isinstance(value, Missing)], dtype=float)
