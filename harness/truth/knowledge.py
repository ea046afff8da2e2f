"""A closed world: what a table of facts knows, which of its rows a question is about, and what an answer invents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.data.dataset import Dataset
from harness.errors import Complaint, NothingSelected, SuiteError, nearest
from harness.task import as_text
from harness.truth.entities import Entity, Gazetteer, amounts, capitalised, entities, of_value, readings
from harness.words import words

NAME = "name"
"""The kind of a name that is known by its capital letters alone."""


class Claim(NamedTuple):
    """An entity that an answer names and that nothing supports."""

    entity: Entity
    real: bool
    """Whether it exists at all: then it is wrong here, else it is invented."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Every row of the table as the entities it holds. All of it is in memory: a closed world is a small one."""

    gazetteer: Gazetteer
    rows: Sequence[frozenset[Entity]]
    by_key: Mapping[str, Sequence[int]]
    """Value of the key field → its rows; empty where there is no key."""
    all: frozenset[Entity]

    def asked(self, question: str, key: str | None) -> frozenset[Entity]:
        """What the rows that a question is about hold: those of its key, or those with the most entities it names.

        A question that names nothing is about all of them; one that names only what does not exist is about none.
        """
        if key is not None:
            return frozenset().union(*(self.rows[at] for at in self.by_key.get(_plain(key), ())))
        named = set(entities(question, self.gazetteer))
        if not named:
            return self.all
        shared = [len(named & row) for row in self.rows]
        most = max(shared, default=0)
        return frozenset().union(*(row for row, size in zip(self.rows, shared, strict=True) if size == most > 0))

    def invented(self, answer: str, question: str, key: str | None) -> list[Claim]:
        """The entities of an answer that the rows asked about do not hold; what stands in the question is no claim."""
        held, given = self.asked(question, key), _expanded(entities(question, self.gazetteer))
        claims = dict.fromkeys(e for e in entities(answer, self.gazetteer) if e not in held and e not in given)
        return [Claim(entity, entity in self.all) for entity in claims]


def read(data: Dataset, names: Sequence[str], key: str | None) -> Knowledge:
    """The table, with the fields `names` as lists of names and of labels.

    Raises:
        SuiteError: a row lacks such a field, or the key.
        NothingSelected: it has no rows.
    """
    gazetteer = Gazetteer(frozenset(word for name in names for word in words(name.replace("_", " "))))
    table: list[tuple[int, dict[str, Any]]] = list(data.numbered())
    if not table:
        raise NothingSelected(f"grounding: {data} has no rows; nothing would be known")
    for line, row in table:
        for name in (*names, *([key] if key else [])):
            if row.get(name) is None:
                text = f"grounding: the row has no field {name!r}{nearest(name, row)}"
                raise SuiteError([Complaint(data.source.shown, line, text)])
        for kind, value in ((each, part) for each in names for part in _parts(row[each])):
            if not str(value).strip().replace(",", "").replace(".", "").isdigit():
                gazetteer.add(kind, str(value))
    rows = [_expanded(_held(row, gazetteer, frozenset(names))) for _, row in table]
    by_key: dict[str, list[int]] = {}
    for at, (_, row) in enumerate(table):
        if key:
            by_key.setdefault(_plain(as_text(row[key])), []).append(at)
    return Knowledge(gazetteer, rows, by_key, frozenset().union(*rows))


def unsupported(answer: str, context: str, question: str) -> list[Claim]:
    """Entities of an answer that neither its context nor the question holds; names go by their capital letters."""
    nothing = Gazetteer()
    held = _expanded([*entities(context, nothing), *entities(question, nothing)])
    said = " ".join(words(f"{context} {question}"))
    claims = [entity for entity in entities(answer, nothing) if entity not in held]
    claims += [Entity(NAME, name) for name in capitalised(answer) if f" {name} " not in f" {said} "]
    return [Claim(entity, False) for entity in dict.fromkeys(claims)]


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _held(row: Mapping[str, Any], gazetteer: Gazetteer, names: frozenset[str]) -> Iterable[Entity]:
    cells = ((field, part) for field, value in row.items() for part in _parts(value))
    for field, part in cells:
        if part is not None and part != "":
            yield from of_value(field, part, gazetteer)
            # Tables keep the currency in the heading or nowhere; the number of a route is no price all the same.
            yield from () if field in names else amounts(part)


def _expanded(found: Iterable[Entity]) -> frozenset[Entity]:
    return frozenset(reading for entity in found for reading in readings(entity))


def _plain(key: str) -> str:
    return " ".join(words(key))
