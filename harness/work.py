"""One run while it goes on: what was wished, what is planned, what was made and what broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter

from harness.checkpoint import Checkpoint
from harness.errors import Broken
from harness.exchange import Model
from harness.journal import Journal
from harness.plan import Plan
from harness.watch import Watch
from harness.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks of a run beyond the suite itself."""

    select: str = ""
    also: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    limit: int | None = None
    exit_first: bool = False
    command: str = ""
    candidate: str = "candidate"
    offline: bool = False
    """Whether servers beyond this machine are left alone."""
    voices: Mapping[str, Model] = field(default_factory=dict)
    """Model name → what answers in its place: made-up models, for controls and tests."""


@dataclass(slots=True)
class Work:
    """One run while it goes on."""

    plan: Plan
    workshop: Workshop
    watch: Watch
    journal: Journal
    voices: Mapping[str, Model] = field(default_factory=dict)
    offline: bool = False
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)
    """Model → why it cannot be measured."""
    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=perf_counter)

    def timed(self, name: str, since: float) -> None:
        """Add the time since a moment to a phase."""
        self.timings[name] = self.timings.get(name, 0.0) + perf_counter() - since
