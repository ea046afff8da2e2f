"""Groups of samples: by a field's values or by cells of several fields, and which one the others are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import SuiteError, nearest
from harness.sample import Sample
from harness.score import EVERY, NOWHERE
from harness.task import as_text

JOINED = "*"
"""Between the fields and the values of a cell: `sex*race=female*black`."""
SMALL = "small"
"""The cell that small cells of an intersection are pooled into."""
MOST = 60
"""Groups of one field; more is a field of identities."""

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups that one field, or one combination of fields, makes."""

    field: str
    """Its name: `sex`, or `sex*race`."""
    values: tuple[str, ...]
    """(n) each sample's group; NOWHERE where it is not known or left out."""
    pooled: Mapping[str, int]
    """Cell → its samples, of those that were too small to stand alone."""
    privileged: str = ""
    """The group that the others are held against; empty where the one with the highest rate is taken."""

    @property
    def sizes(self) -> Counter[str]:
        """Group → its samples."""
        return Counter(value for value in self.values if value != NOWHERE)

    def sides(self, privileged: str) -> tuple[str, ...]:
        """(n) EVERY for the privileged group, its own value for any other sample."""
        return tuple(EVERY if value == privileged else value for value in self.values)


def groupings(
    samples: Sequence[Sample],
    fields: Sequence[str],
    *,
    privileged: Mapping[str, str],
    exclude: Sequence[str],
    intersectional: bool,
    least: int,
) -> list[Grouping]:
    """The groupings of the samples: one for each field, and one of all fields together where that is asked for.

    Raises:
        SuiteError: a field, or the privileged value of one, is not in the data; or there is nothing to compare.
    """
    each = [_by_field(samples, field, privileged.get(field, ""), exclude) for field in fields]
    found = sorted({value for grouping in each for value in grouping.values} - {NOWHERE})
    seen = {as_text(s.row[f]) for s in samples for f in fields if s.row[f] is not None}
    for value in exclude:
        if value not in seen:
            raise SuiteError(f"`exclude` of fairness: no sample is in a group {value!r}{nearest(value, found)}")
    if intersectional:
        each.append(_cells(each, least))
    return each


def fields_of(group: str | Sequence[str], intersectional: bool) -> list[str]:
    """The group fields that a suite names, and the names that criteria may select by."""
    fields = [group] if isinstance(group, str) else list(group)
    return [*fields, JOINED.join(fields)] if intersectional else fields


def privileged_of(given: Value | Mapping[str, Value] | None, fields: Sequence[str]) -> dict[str, str]:
    """Field → privileged value, from one value (of one field) or a mapping.

    Raises:
        SuiteError: a field that is not among the groups, or one value for several fields.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(fields) > 1:
            how = ", ".join(f"{field}: …" for field in fields)
            raise SuiteError(f"`privileged: {given}` of fairness does not say of which group field; write {{{how}}}")
        return {fields[0]: as_text(given)}
    for field in given:
        if field not in fields:
            raise SuiteError(f"`privileged` of fairness: {field!r} is not among the groups{nearest(field, fields)}")
    return {field: as_text(value) for field, value in given.items()}


def _by_field(samples: Sequence[Sample], field: str, privileged: str, exclude: Sequence[str]) -> Grouping:
    for sample in samples:
        if field not in sample.row:
            why = f"the group field {field!r} is missing in sample {sample.id!r}{nearest(field, sample.row)}"
            raise SuiteError(f"fairness: {why}")
    values = tuple(_group(sample.row[field], exclude) for sample in samples)
    known = set(values) - {NOWHERE}
    if EVERY in known:
        raise SuiteError(f"fairness: {EVERY!r} cannot name a group of {field!r}; spell it out in the data")
    if len(known) > MOST:
        raise SuiteError(
            f"fairness: {field!r} has {len(known)} different values, so it names persons, not groups; "
            f"at most {MOST} groups can be compared: put them together in the data (such as ages into age bands)"
        )
    if privileged and privileged not in known:
        raise SuiteError(
            f"fairness: no sample has {field} = {privileged!r}, the privileged{nearest(privileged, known)}"
        )
    if len(known) < 2:
        what = f"every sample has {field} = {min(known)!r}" if known else f"no sample has a value of {field!r}"
        raise SuiteError(f"fairness: {what}; there is nothing to compare")
    return Grouping(field, values, {}, privileged)


def _group(value: Any, exclude: Sequence[str]) -> str:
    """A field's value as the name of a group; NOWHERE for what is empty, not known or left out."""
    text = "" if value is None else as_text(value).strip()
    return NOWHERE if not text or text in exclude else text


def _cells(each: Sequence[Grouping], least: int) -> Grouping:
    """All fields together; cells below `least` samples are put into one, but for the privileged one."""
    if len(each) < 2:
        raise SuiteError("`intersectional` of fairness needs two group fields or more: group: [sex, race]")
    cells = cells_of(each)
    named = [grouping.privileged for grouping in each]
    privileged = JOINED.join(named) if all(named) else ""
    field = JOINED.join(grouping.field for grouping in each)
    sizes = Counter(cell for cell in cells if cell != NOWHERE)
    if privileged and privileged not in sizes:
        raise SuiteError(
            f"fairness: no sample has {field} = {privileged!r}, the privileged{nearest(privileged, sizes)}"
        )
    small = {cell: n for cell, n in sizes.items() if n < least and cell != privileged}
    pooled = small if len(small) > 1 and len(sizes) - len(small) > 0 else {}
    return Grouping(field, tuple(SMALL if cell in pooled else cell for cell in cells), pooled, privileged)


def cells_of(each: Sequence[Grouping]) -> list[str]:
    """(n) each sample's cell in the intersection of groupings, none of them pooled."""
    rows = zip(*(grouping.values for grouping in each), strict=True)
    return [NOWHERE if NOWHERE in row else JOINED.join(row) for row in rows]
