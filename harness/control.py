"""Controls: a planted flaw that a check must catch, and a sound twin that it must not flag."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.exchange import Request, Response

Voice = Callable[[Request], Response]
"""A made-up model: what it answers to each request, a pure function of the request."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The files and the models that one suite is run with."""

    files: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """File name beside the suite (`quiz.jsonl`) → its rows."""
    models: Mapping[str, Voice | Mapping[str, Any]] = field(default_factory=dict)
    """Model name (candidate, base, …) → a voice, or what the suite would say: {pretrained: ./folder}. A situation
    without models is asked of a candidate that answers everything with empty text."""
    make: Callable[[Path], None] | None = None
    """Writes whatever else must stand beside the suite into its folder (a tiny checkpoint, a licence)."""


@dataclass(frozen=True, slots=True)
class Control:
    """One check's control."""

    checks: Mapping[str, Any]
    """The suite's `checks`, as YAML would give them."""
    criterion: str
    """The sentence that must fail in the flawed situation, and must not fail in the sound one."""
    flawed: Situation
    sound: Situation
    flaw: str
    """What was planted, in a few words."""
