"""Who is told how a run gets on: the engine knows this protocol and nothing of screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Provisional:
    """A criterion as it stands while answers are still coming in: shown as provisional, never decided on."""

    that: str
    """The criterion's sentence."""
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    """Samples it rests on so far."""
    verdict: str = ""
    """What it would be if the run ended now: pass, fail, inconclusive, or empty."""
    unit: str = ""


class Watch(Protocol):
    """Told what happens, as it happens; must never raise into a run."""

    def phase(self, name: str, total: int | None = None) -> None:
        """A new phase begins: fixtures, load, ask, decide; `total` steps, or None where nobody knows yet."""

    def advance(self, n: int = 1, tokens: int = 0, *, cached: int = 0) -> None:
        """`n` more steps are done, of which `cached` came from the cache; `tokens` were read or written for them."""

    def effort(self, asked: int, computed: int) -> None:
        """Tokens that all requests so far have, each counted on its own, and those that had to be computed."""

    def note(self, text: str) -> None:
        """Something a reader wants to know once: what is being made, a retry, a fallback."""

    def provisional(self, rows: Sequence[Provisional]) -> None:
        """Where the criteria stand now, replacing the rows before."""

    def stop(self) -> None:
        """Nothing more will come; may be called twice."""


class Silent:
    """A watch that says nothing: for --quiet, --json and tests."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, n: int = 1, tokens: int = 0, *, cached: int = 0) -> None:
        """Nothing."""

    def effort(self, asked: int, computed: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def provisional(self, rows: Sequence[Provisional]) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""
