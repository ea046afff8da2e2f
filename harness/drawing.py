"""Drawing: the charts that a record has whatever its checks show: every metric by slice, and how training went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.figure import Curves, Figure, Interval, Intervals, Series
from harness.run import Measurement


def by_slice(check: str, measured: Sequence[Measurement]) -> list[Figure]:
    """One chart of intervals for each metric and slice field of a check."""
    mine = [m for m in measured if m.check == check and m.slice]
    figures: list[Figure] = []
    for metric, field_name in dict.fromkeys((m.metric, m.slice.split("=")[0]) for m in mine):
        items = [
            Interval(
                label=m.slice.split("=", 1)[1], model=m.model, value=m.value, low=m.low, high=m.high, n=m.n, note=m.note
            )
            for m in mine
            if m.metric == metric and m.slice.split("=")[0] == field_name
        ]
        unit = next(m.unit for m in mine if m.metric == metric)
        figures.append(Intervals(title=f"{metric} by {field_name}", unit=unit, items=items))
    return figures


def training_curves(facts: Mapping[str, Any]) -> list[Figure]:
    """The curves that a training fixture recorded, each a list of [step, value]; none for other fixtures."""
    curves = facts.get("curves") or {}

    def line(name: str, key: str) -> list[Series]:
        points = [(float(step), float(value)) for step, value in curves.get(key) or ()]
        return [Series(name=name, points=points)] if points else []

    losses, rates = (
        [*line("training", "train_loss"), *line("validation", "validation_loss")],
        line("rate", "learning_rate"),
    )
    drawn: list[Figure] = []
    if losses:
        best = curves.get("best_step")
        label = f"best: epoch {facts.get('best_epoch')}" if best else ""
        drawn.append(
            Curves(
                title="Loss while training",
                x="step",
                y="loss (nats per token)",
                series=losses,
                marker=float(best) if best else None,
                marker_label=label,
            )
        )
    if rates:
        drawn.append(Curves(title="Learning rate", x="step", y="learning rate", series=rates))
    return drawn
