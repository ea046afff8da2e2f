"""Counterparts: samples that differ from another one in an identity only, made by swaps or written by the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from harness import digest
from harness.data.dataset import Dataset
from harness.errors import Complaint, SuiteError, nearest
from harness.sample import Sample
from harness.swaps import Matters, Swap, swap
from harness.task import Task

WRITTEN = "written"
"""The kind of twins that a user wrote without saying of which kind they are."""
MOST = 20
"""Complaints shown of one file."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A sample and its twin."""

    first: Sample
    second: Sample
    kind: str
    towards: str
    """What the person is in the twin; empty where a user's file does not say."""
    made: Swap | None = None

    def same(self, first: str, second: str) -> bool:
        """Whether two answers say the same of either person, blanks and capitals aside."""
        one, two = _plain(first), _plain(second)
        return one == two or (self.made is not None and _plain(self.made.again(first)) == two)


@dataclass(slots=True)
class Tally:
    """How many samples of each kind could be swapped, and why others could not."""

    eligible: Counter[str] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)
    """Samples with no term of the kind."""
    matters: Counter[str] = field(default_factory=Counter)
    """Samples in which the term matters for the answer."""


def swapped(
    of: Task, samples: Sequence[Sample], kinds: Sequence[str], fields: Sequence[str], tally: Tally
) -> list[Twin]:
    """A twin of each sample for each kind that it has terms of; the others are counted in `tally`."""
    twins: list[Twin] = []
    for sample in samples:
        texts = {name: str(sample.row[name]) for name in fields if isinstance(sample.row.get(name), str)}
        for kind in kinds:
            rng = Random(digest.of([of.seed, sample.id, kind]))
            found = swap(kind, texts, (*sample.targets, *sample.choices), rng)
            if isinstance(found, Swap):
                tally.eligible[kind] += 1
                second = _with(of, sample, found.texts, f"{sample.id}~{kind}")
                twins.append(Twin(sample, second, kind, found.towards, found))
            else:
                (tally.matters if isinstance(found, Matters) else tally.without)[kind] += 1
    return twins


def written(of: Task, samples: Sequence[Sample], rows: Dataset, fields: Sequence[str], tally: Tally) -> list[Twin]:
    """The twins of a file: rows with the `id` of a sample, the fields that differ, perhaps `kind` and `towards`.

    Raises:
        SuiteError: rows without a partner, or that rewrite nothing; each with its line.
    """
    known = {sample.id: sample for sample in samples}
    elsewhere = {record.id for record in of.data.records()} - known.keys() if of.limit is not None else set()
    twins: list[Twin] = []
    wrong: list[Complaint] = []
    count: Counter[str] = Counter()
    for line, row in rows.numbered():
        name = str(row.get("id", ""))
        if name in elsewhere:
            continue
        changes = {key: row[key] for key in fields if isinstance(row.get(key), str)}
        if text := _wrong(name, row, known, changes, fields):
            wrong.append(Complaint(rows.source.shown, line, text))
            continue
        kind = str(row.get("kind") or WRITTEN)
        count[name] += 1
        tally.eligible[kind] += 1
        second = _with(of, known[name], changes, f"{name}~{kind}-{count[name]}")
        twins.append(Twin(known[name], second, kind, str(row.get("towards") or "")))
    if wrong:
        more = [Complaint(rows.source.shown, 0, f"and {len(wrong) - MOST} more")] if len(wrong) > MOST else []
        raise SuiteError(wrong[:MOST] + more)
    return twins


def texts_of(of: Task, samples: Sequence[Sample], fields: Sequence[str]) -> list[str]:
    """The fields that are swapped: those named, or the texts that the prompt asks for.

    Raises:
        SuiteError: a field is not in the rows, or no text is left.
    """
    row: Mapping[str, Any] = samples[0].row if samples else {}
    for name in fields:
        if samples and name not in row:
            raise SuiteError(f"counterfactual: the rows have no field {name!r}{nearest(name, row)}")
        if name not in of.prompt.names:
            raise SuiteError(
                f"counterfactual: the prompt of {of.name!r} does not ask for {name!r}{nearest(name, of.prompt.names)}"
            )
    beside = {of.target, of.choices_field, "id"}
    return list(fields) or sorted(of.prompt.names - beside)


def _with(of: Task, sample: Sample, changes: Mapping[str, str], name: str) -> Sample:
    row = {**sample.row, **changes}
    return replace(sample, id=name, prompt=of.shots + of.prompt.render(row), row=row)


def _wrong(
    name: str, row: Mapping[str, Any], known: Mapping[str, Sample], changes: Mapping[str, str], fields: Sequence[str]
) -> str:
    if not name:
        return "the row has no `id`; write that of the sample that it is the twin of"
    if name not in known:
        return f"no sample has the id {name!r}, so that this row has no partner{nearest(name, known, show=5)}"
    if not changes:
        return f"the twin of sample {name!r} rewrites none of the fields {', '.join(fields)}{nearest(fields[0], row)}"
    if all(known[name].row.get(key) == text for key, text in changes.items()):
        return f"the twin of sample {name!r} is equal to it"
    return ""


def counted(tally: Tally, kinds: Sequence[str]) -> Iterator[list[str | float | int | None]]:
    """Kind, samples with a twin, without a term, with a term that matters."""
    for kind in dict.fromkeys((*kinds, *tally.eligible)):
        yield [kind, tally.eligible[kind], tally.without[kind], tally.matters[kind]]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
