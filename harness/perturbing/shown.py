"""What a report shows of perturbations: a heat map, how strong they were, the worst pairs, and slopes from the base."""

from __future__ import annotations

from collections.abc import Mapping

from harness import stats
from harness.figure import Figure, Heat, Pairs, Slope, Slopes, Table
from harness.findings import Findings
from harness.perturbing.losses import SLICE, Losses
from harness.score import Scores

CONFIDENCE = 0.95


def figures(name: str, losses: Losses, scores: Mapping[str, Scores]) -> list[Figure]:
    """The figures of one model."""
    drawn: list[Figure] = []
    if "failure_rate" in scores:
        drawn.append(_heat(name, losses, scores))
    drawn.append(_strengths(name, losses))
    drawn += _by_slice(name, losses)
    if losses.pairs:
        title = f"Where a perturbation cost most: {name}"
        drawn.append(Pairs(title=title, left="as it is", right="perturbed", items=losses.pairs, total=losses.lost))
    return drawn


def _means(scores: Scores | None) -> dict[str, float]:
    """Perturbation → mean of what could be scored."""
    if scores is None:
        return {}
    sums: dict[str, list[float]] = {}
    for row, label in enumerate(scores.groups[SLICE]):
        if row not in scores.missing:
            sums.setdefault(label, []).append(float(scores.stats[row, 0]))
    return {label: sum(values) / len(values) for label, values in sums.items()}


def _labels(losses: Losses, *kept: str) -> list[str]:
    return [label for label, keeps in losses.keeps.items() if keeps in kept]


def _heat(name: str, losses: Losses, scores: Mapping[str, Scores]) -> Heat:
    columns = {"drop": "drop", "flip_rate": "answers changed", "failure_rate": "failures"}
    means = {metric: _means(scores.get(metric)) for metric in columns}
    rows = _labels(losses, "meaning", "nothing")
    values = [[means[metric].get(label) for metric in columns] for label in rows]
    known = [abs(value) for row in values for value in row if value is not None]
    return Heat(
        title=f"What each perturbation costs: {name}", rows=rows, columns=list(columns.values()), values=values,
        better="lower", bounds=(0.0, max([0.1, *known])),
        note=f"drop of {losses.metric}, of the samples that the perturbation changed; a failure is a sample whose "
        "answer changed though it must not, or stayed though it must not",
    )  # fmt: skip


def _by_slice(name: str, losses: Losses) -> list[Figure]:
    """One heat map for each slice field of the task: drop by perturbation and value."""
    drawn: list[Figure] = []
    labels = _labels(losses, "meaning")
    for field in losses.prepared.task.slices:
        cells = {(label, of): total / n for (at, label, of), (total, n) in losses.by_slice.items() if at == field}
        columns = sorted({of for _, of in cells})
        if columns:
            values = [[cells.get((label, column)) for column in columns] for label in labels]
            bounds = (0.0, max([0.1, *map(abs, cells.values())]))
            drawn.append(
                Heat(
                    title=f"Drop by {field}: {name}",
                    rows=labels,
                    columns=columns,
                    values=values,
                    better="lower",
                    bounds=bounds,
                )
            )
    return drawn


def _strengths(name: str, losses: Losses) -> Table:
    found = list(losses.strengths.values())
    rows: list[list[str | float | int | None]] = []
    for one in found:
        share = one.eligible / one.samples if one.samples else None
        told = [one.eligible, one.samples, share, one.requested, one.edit_rate, one.inflation]
        rows.append([one.label, losses.keeps[one.label], *told])
    counted = any(one.by_model for one in found if one.eligible)
    return Table(
        title=f"How strong the perturbations were: {name}",
        columns=["perturbation", "keeps", "eligible", "samples", "share changed", "rate asked for", "rate of edits",
                 "tokens, times"],
        rows=rows,
        note="eligible are samples that it changed, and only they count; the rate of edits is characters inserted, "
        f"deleted or replaced over characters there were; tokens are {'what the model counts' if counted else 'words'}",
    )  # fmt: skip


def slopes(models: Mapping[str, Findings]) -> list[Figure]:
    """Drops of the base beside those of the candidate, by perturbation, with the interval of the difference."""
    drops = {name: findings.scores.get("drop") for name, findings in models.items()}
    base, candidate = drops.get("base"), drops.get("candidate")
    if base is None or candidate is None:
        return []
    items = [_slope(label, base, candidate) for label in dict.fromkeys(candidate.groups[SLICE])]
    return [Slopes(title="Drop, from base to candidate", better="lower", items=items)]


def _slope(label: str, base: Scores, candidate: Scores) -> Slope:
    one, two = (
        scores.take([row for row, of in enumerate(scores.groups[SLICE]) if of == label]) for scores in (base, candidate)
    )
    apart = stats.difference(two, one, confidence=CONFIDENCE, seed=f"slopes/{label}")
    return Slope(
        label=label, base=_means(one).get(label), candidate=_means(two).get(label), low=apart.low, high=apart.high,
        n=apart.n,
    )  # fmt: skip
