"""Question sheets: requests as units, encoded once for a base and every adapter on it that are asked the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.exchange import Response
from harness.local.trie import Trie, Unit

if TYPE_CHECKING:
    import numpy as np

ROOM = 1 << 27
"""Bytes of sheets that are kept for the next model on the same weights."""

Parts = list[list[int]]
"""For each continuation its units by number: one, or several where it is read in windows."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A block of requests as units."""

    parts: list[Parts | Response]
    """For each request what is to be weighed, or what is wrong with it."""
    begun: list[int]
    """For each request the tokens of its prompt."""
    users: list[list[int]]
    """For each unit the requests, by place in the block, that need it."""
    counts: np.ndarray[Any, Any]
    """(units,) tokens that are weighed."""
    each: np.ndarray[Any, Any]
    """(units,) whether somebody wants to know what every single token weighs."""
    trie: Trie | None
    """Units that are walked, by their numbers."""
    rest: dict[int, Unit]
    """Units that are computed in other ways."""

    @property
    def nbytes(self) -> int:
        """Bytes held, about."""
        return (self.trie.nbytes if self.trie else 0) + 200 * len(self.users) + sum(u.fed for u in self.rest.values())


@dataclass(slots=True)
class Desk:
    """Sheets that were made for one load of weights; the first that fit are kept."""

    sheets: dict[Any, Sheet] = field(default_factory=dict)
    held: int = 0
    reused: int = 0

    def sheet(self, key: Any, make: Callable[[], Sheet]) -> Sheet:
        """The sheet that was made under an equal key, or a new one."""
        if (found := self.sheets.get(key)) is not None:
            self.reused += 1
            return found
        made = make()
        if self.held + made.nbytes <= ROOM:
            self.sheets[key] = made
            self.held += made.nbytes
        return made
