"""An order: what the command line of `run`, `plan` and `validate` says."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line of `run`, `plan` and `validate` says."""

    suite: str
    candidate: str | None = None
    sets: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    select: str = ""
    exit_first: bool = False
    last_failed: bool = False
    limit: int | None = None
    runs: Path = Path("runs")
    cache: Path | None = None
    outputs: tuple[Path, ...] = ()
    json: bool = False
    quiet: int = 0
    durations: int = 0
    offline: bool = False
    argv: tuple[str, ...] = field(default_factory=lambda: tuple(sys.argv[1:]))
