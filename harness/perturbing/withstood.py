"""Withstood: what attacks say of a model, as scores and figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.figure import Curves, Figure, Pairs, Series, Table
from harness.findings import Findings
from harness.perturbing.attack import FELL, HELD, UNKNOWN, UNTOUCHED, WRONG, Attack
from harness.score import INFRASTRUCTURE, Missing, Quantity, Scores, table


def quantities(budget: int) -> dict[str, Quantity]:
    """What is measured with so many queries a sample."""
    return {
        "attack_success_rate": Quantity("attack_success_rate", "proportion", "lower"),
        "queries": Quantity("queries", "mean", "higher", (0.0, float(budget)), "queries"),
        "perturbation_rate": Quantity("perturbation_rate", "mean", "higher"),
    }


def scores(attack: Attack) -> dict[str, Scores]:
    """Of the samples that were attacked; where there are none, a missing score that says why and claims nothing."""
    fell = [float(end == FELL) for end in attack.ends]
    every = range(len(attack.ids))
    broken = [at for at in every if attack.ends[at] in (FELL, UNKNOWN)]
    unbroken = "" if attack.fallen else attack.nothing() or "no attack succeeded"
    measured: dict[str, tuple[Sequence[float], Sequence[int], str]] = {
        "attack_success_rate": (fell, every, attack.nothing()),
        "queries": ([float(q) for q in attack.queries], every, attack.nothing()),
        "perturbation_rate": (attack.rates, broken, unbroken),
    }
    return {name: _table(attack, quantity, *measured[name]) for name, quantity in quantities(attack.budget).items()}


def _table(attack: Attack, quantity: Quantity, values: Sequence[float], places: Sequence[int], why: str) -> Scores:
    """The values at some places; where there is none, a missing one that says why, of which nothing is claimed."""
    task, lost = attack.prepared.task, attack.missing()
    if why:
        groups = {name: ["*"] for name in task.slices}
        return replace(table(quantity, ["*"], [Missing(why, INFRASTRUCTURE)], groups=groups), withheld=why)
    note = f"{attack.search} search, {attack.budget} queries a sample at most"
    made = table(
        quantity,
        [attack.ids[at] for at in places],
        [lost.get(at) or values[at] for at in places],
        clusters=[attack.clusters[at] for at in places] if task.cluster else None,
        groups={name: [attack.slices[name][at] for at in places] for name in task.slices},
    )
    return replace(made, note=note if quantity.name == "attack_success_rate" else "")


def figures(name: str, attack: Attack) -> list[Figure]:
    """How many samples were attacked and what it took, and the smallest changes that broke an answer."""
    count, queries = attack.counts, list(attack.queries)
    rates = [rate for rate in attack.rates if not math.isnan(rate)]
    rows: list[list[str | float | int | None]] = [
        ["samples asked", sum(count.values())],
        ["wrong before, not attacked", count.get(WRONG, 0)],
        ["nothing in them may change", count.get(UNTOUCHED, 0)],
        ["not known: a query was not answered", count.get(UNKNOWN, 0)],
        ["attacked and held", count.get(HELD, 0)],
        ["attacked and fell", count.get(FELL, 0)],
        ["queries a sample, mean", sum(queries) / len(queries) if queries else None],
        ["queries a sample, most", max(queries, default=None)],
        ["characters changed where it fell, mean", sum(rates) / len(rates) if rates else None],
    ]
    told = f"{attack.search} search, at most {attack.budget} queries a sample and {attack.most:.0%} of its characters"
    drawn: list[Figure] = [Table(title=f"What was attacked: {name}", columns=["", name], rows=rows, note=told)]
    if attack.pairs:
        title = f"The smallest changes that broke a right answer: {name}"
        drawn.append(Pairs(title=title, left="right", right="wrong", items=attack.pairs, total=attack.fallen))
    return drawn


def curves(models: Mapping[str, Findings], budget: int) -> list[Figure]:
    """The share of attacked samples that had fallen after so many queries, of all models."""
    series = []
    for name, findings in models.items():
        found = [(row["attack"], row["attack_queries"]) for row in findings.rows if row["attack"] in (FELL, HELD)]
        if found:
            falls = Counter(queries for end, queries in found if end == FELL)
            series.append(Series(name=name, points=_points(falls, len(found), budget)))
    if not series:
        return []
    title = "Right answers broken, by queries a sample"
    return [Curves(title=title, x="queries", y="attack success rate", series=series)]


def _points(falls: Mapping[int, int], n: int, budget: int) -> list[tuple[float, float]]:
    """Queries against the share of n samples that had fallen by then: both ends, and every step between."""
    points, fallen = [], 0
    for at in sorted({0, *falls, budget}):
        fallen += falls.get(at, 0)
        points.append((float(at), fallen / n))
    return points
