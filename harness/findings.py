"""Findings: what a check brings back about one model, or about all of them together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.exchange import Request, Response
from harness.figure import Figure
from harness.rows import Rows
from harness.score import Scores

Rounds = Generator[list[Request], list[Response], "Findings"]
"""A check asks in rounds: it yields the requests it wants answered, receives one response each in the same order, and
returns its findings."""


@dataclass(slots=True)
class Findings:
    """Scores by quantity, and what the report shows beside them."""

    scores: dict[str, Scores] = field(default_factory=dict)
    """Quantity name → scores of the model that was asked."""
    by_model: dict[str, dict[str, Scores]] = field(default_factory=dict)
    """Model → quantity → scores, for a check that addresses all models itself."""
    figures: list[Figure] = field(default_factory=list)
    """Shown in the check's section of the report."""
    warnings: list[str] = field(default_factory=list)
    rows: Sequence[dict[str, Any]] = field(default_factory=Rows)
    """One for each sample: doc_id, target, resps, filtered_resps, prompt, and a column for each metric. Many rows are
    best given as `Rows.of(iterator)` (or as a function that makes one): they are then on the disk, not in memory."""
    prompts: Sequence[Mapping[str, Any]] = ()
    """Prompt templates that were tried, one plain row each; the run appends them to `prompts.jsonl` of its suite."""
    compare: Callable[[Mapping[str, Findings]], list[Figure]] | None = None
    """Draws figures that need all models at once (model name → findings): confusion, worst regressions."""

    def __post_init__(self) -> None:
        """An iterator is read once, here, so that rows may be read again."""
        self.rows = Rows.of(self.rows)
