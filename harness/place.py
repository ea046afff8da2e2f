"""Plain data that knows where each of its values stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.errors import Complaint

Key = str | int
"""A step of a path: the key of a mapping or the index of a list item."""


@dataclass(slots=True)
class Place:
    """Where a value stands, and where its parts stand."""

    file: str
    line: int
    parts: dict[Key, Place] = field(default_factory=dict)

    def copy(self) -> Place:
        """A deep copy, so that what an alias repeats can be changed in one place only."""
        return Place(self.file, self.line, {key: part.copy() for key, part in self.parts.items()})


@dataclass(slots=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and the places of all its values."""

    data: Any
    place: Place

    def at(self, *path: Key) -> Place:
        """The place of a value, or of its nearest ancestor that has one."""
        place = self.place
        for key in path:
            if key not in place.parts:
                break
            place = place.parts[key]
        return place

    def line(self, *path: Key) -> int:
        """The line (from 1) of a value; 0 where it does not come from a file."""
        return self.at(*path).line

    def complaint(self, path: tuple[Key, ...], text: str, severity: str = "error") -> Complaint:
        """A complaint about the value at `path`, with its file and line."""
        place = self.at(*path)
        return Complaint(place.file, place.line, text, severity)

    def put(self, path: tuple[Key, ...], value: Any, origin: str) -> None:
        """Set the value at `path`, whose parent must exist; `origin` stands for the file in complaints about it."""
        *above, last = path
        parent = self.data
        for key in above:
            parent = parent[key]
        parent[last] = value
        self.at(*above).parts[last] = Place(origin, 0)
