"""A sample: one row turned into a question with its reference answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a data set as a check asks it; `id` pairs the models with each other."""

    id: str
    """The row's own `id`, or a digest of the row."""
    prompt: str
    """The rendered prompt, exactly as the model gets it (before any chat template)."""
    targets: tuple[str, ...]
    """Reference answers; any of them is right."""
    choices: tuple[str, ...] = ()
    """What a choice or label task chooses from; empty for free text."""
    slices: Mapping[str, str] = field(default_factory=dict)
    """Slice field → this row's value."""
    cluster: str | None = None
    """The independent unit this row belongs to, where rows are not independent."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """The row itself, every field."""
