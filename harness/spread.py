"""Spread: where the variance of a task's metrics comes from, when every sample is answered several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.figure import Figure, Table
from harness.marking import Answer, evaluate
from harness.sample import Sample
from harness.task import Task


@dataclass(slots=True)
class Spread:
    """Values of each single answer, of samples that were fully answered; nothing where each is answered once."""

    task: Task
    values: dict[str, list[list[float]]] = field(default_factory=dict)

    def add(self, samples: Sequence[Sample], answers: Sequence[Sequence[Answer]]) -> None:
        """More answers."""
        measures = [measure for measure in self.task.measures if measure.quantity.combine is None]
        for measure in measures if self.task.repeats > 1 else ():
            self.values.setdefault(measure.quantity.name, []).extend(
                [float(evaluate(measure, sample, answer)) for answer in group]  # type: ignore[arg-type]
                for sample, group in zip(samples, answers, strict=True)
                if not any(answer.response.fault for answer in group)
            )

    def figures(self, model: str) -> list[Figure]:
        """How much of each metric's variance lies between samples, and how much is decoding."""
        found = {name: rows for name, rows in self.values.items() if len(rows) > 1}
        if not found:
            return []
        import numpy as np

        from harness.stats.repeats import decompose

        parts = {name: decompose(np.array(rows)) for name, rows in found.items()}
        rows: list[list[str | float | int | None]] = [
            [name, p.n, p.k, p.within, p.between, p.error, p.error_at(10)] for name, p in parts.items()
        ]
        columns = [
            "metric", "samples", "answers each", "variance within σ²", "between ω²", "standard error", "with 10 each",
        ]  # fmt: skip
        told = ". ".join(f"{name}: {part.sentence}" for name, part in parts.items())
        return [Table(title=f"Where the variance comes from: {model}", columns=columns, rows=rows, note=told)]
