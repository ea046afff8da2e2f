"""Which of some texts stand in others, as they are, nearly so, or in passages."""

from __future__ import annotations

from typing import NamedTuple

from harness.overlap.near import Neighbours
from harness.overlap.passages import Passages


class Text(NamedTuple):
    """A text with its reference answers, to be compared."""

    normal: str
    targets: frozenset[str]
    """Normalised; two texts agree where they share one."""
    place: str = ""
    """`file:line`, for messages."""
    shown: str = ""
    """The text as it stands."""


class Copy(NamedTuple):
    """A text with a shared target that was seen of a watched one."""

    similarity: float
    exact: bool
    of: Text


class Copies:
    """Watches some texts (kept in memory) while others stream by: which of them stand there, too?"""

    def __init__(self, watched: list[Text], *, threshold: float, n: int) -> None:
        """`threshold` decides what is near, `n` words are a passage."""
        import numpy as np

        kinds: dict[tuple[str, frozenset[str]], int] = {}
        self._kind_of = [kinds.setdefault((text.normal, text.targets), len(kinds)) for text in watched]
        self._kinds = list(kinds)
        self._copies: list[Copy | None] = [None] * len(kinds)
        self._conflicts: list[Text | None] = [None] * len(kinds)
        self._beat = np.zeros(len(kinds))
        self._equal: dict[str, list[int]] = {}
        self._near = Neighbours(threshold)
        self._passages = Passages(n)
        self._seen: set[int] = set()
        for kind, (normal, targets) in enumerate(self._kinds):
            self._equal.setdefault(normal, []).append(kind)
            self._near.add(normal, targets)
            self._passages.add(normal)

    @property
    def found(self) -> list[Copy | None]:
        """For each watched text a copy: an equal one if there is any, else the nearest (as far as can be estimated)."""
        return [self._copies[kind] for kind in self._kind_of]

    @property
    def conflicts(self) -> list[Text | None]:
        """For each watched text an equal text without a shared target, if there is any."""
        return [self._conflicts[kind] for kind in self._kind_of]

    def shares(self) -> list[float | None]:
        """For each watched text, the share of its word n-grams that were seen; None where it is too short for one."""
        shares = self._passages.shares()
        return [shares[kind] for kind in self._kind_of]

    def see(self, text: Text) -> None:
        """Another text streams by."""
        key = hash((text.normal, text.targets))
        if key in self._seen:
            return
        self._seen.add(key)
        self._passages.see(text.normal)
        for kind in self._equal.get(text.normal, ()):
            if text.targets & self._kinds[kind][1]:
                self._keep(kind, Copy(1.0, True, text))
            elif self._conflicts[kind] is None:
                self._conflicts[kind] = text
        for kind, value in self._near.find(text.normal, text.targets, beat=self._beat):
            self._keep(kind, Copy(value, False, text))

    def _keep(self, kind: int, copy: Copy) -> None:
        best = self._copies[kind]
        if best is None or (copy.exact, copy.similarity) > (best.exact, best.similarity):
            self._copies[kind] = copy
            self._beat[kind] = copy.similarity
