"""What do people say of the answers?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean

from harness.ask import Asked, ask
from harness.catalog import File, check
from harness.checkpoint import Checkpoint
from harness.figure import Figure, Pair, Pairs, Table
from harness.findings import Findings, Rounds
from harness.judging.ratings import AGAIN, CONTROL, FRESH, Rating, read, table
from harness.score import INFRASTRUCTURE, Missing, Quantity, Scores
from harness.score import table as scores_of
from harness.stats import agreement as agreements
from harness.task import Task

STALE = "people rated another answer than the one given now; review it again"
FEWEST_SHARED = 10
"""Samples that two raters must share before their agreement is worth a warning."""


def _measures() -> dict[str, Quantity]:
    return {
        "win_rate": Quantity("win_rate", "mean", "higher"),
        "agreement": Quantity("agreement", "mean", "higher"),
        "controls": Quantity("controls", "proportion", "higher"),
    }


@check(measures=_measures)
def human(model: Checkpoint, root: Path, *, of: Task, ratings: File) -> Rounds:
    """Import what people said of the answers, and hold it to the answers that this model gives now.

    `win_rate` is the mean over samples of 1 where people prefer the candidate's answer (or how good they find it, from
    0 to 1), 0.5 for a tie or where nobody can tell, 0 where they prefer the other's. A rating counts only for the
    answer that was rated: where the model now says something else, the sample is missing. `agreement` is the share of
    pairs of raters who say the same of a sample, `controls` of control cards that were rated rightly.

    Options:
        of: the task whose answers were rated
        ratings: JSONL as `harness review import` writes it, or rows {id, rater, score} or {id, rater, winner}
    """
    found = read(root / ratings, (record.id for record in of.data.records()))
    fresh = [rating for rating in found if rating.kind == FRESH]
    wanted = {rating.id for rating in fresh}
    asked = yield from ask(of, model.head, [sample for sample in of.samples() if sample.id in wanted])
    own = model.name == "candidate"
    by_sample = {name: [rating for rating in fresh if rating.id == name] for name in wanted}
    findings = Findings(scores=_scores(asked, by_sample, own))
    if own:
        findings.scores |= {"agreement": _agreement(by_sample), "controls": _controls(found)}
        findings.figures = [_raters(found), *_split(by_sample)]
        findings.warnings = _warnings(found, by_sample)
    return findings


def _scores(asked: Asked, by_sample: Mapping[str, Sequence[Rating]], own: bool) -> dict[str, Scores]:
    values: list[float | Missing] = []
    for sample, answers in zip(asked.samples, asked.answers, strict=True):
        rated = by_sample[sample.id]
        said = answers[0].response.text
        if any((text := rating.mine if own else rating.other) is not None and text != said for rating in rated):
            values.append(Missing(STALE, INFRASTRUCTURE))
            continue
        mean = fmean(rating.score for rating in rated)
        values.append(mean if own else 1.0 - mean)
    ids = [sample.id for sample in asked.samples]
    return {"win_rate": scores_of(_measures()["win_rate"], ids, values)}


def _agreement(by_sample: Mapping[str, Sequence[Rating]]) -> Scores:
    """For each sample with several raters, the share of their pairs that agree."""
    several = {name: rated for name, rated in sorted(by_sample.items()) if len(rated) > 1}
    values = [fmean(a.score == b.score for a, b in combinations(rated, 2)) for rated in several.values()]
    return scores_of(_measures()["agreement"], list(several), values)


def _controls(found: Sequence[Rating]) -> Scores:
    controls = [rating for rating in found if rating.kind == CONTROL]
    ids = [f"{rating.id}/{rating.rater}/{rating.line}" for rating in controls]
    return scores_of(_measures()["controls"], ids, [float(rating.score == 1.0) for rating in controls])


def _alpha(by_sample: Mapping[str, Sequence[Rating]]) -> float | None:
    """Krippendorff's alpha of the raters, where enough samples have several."""
    rows = table([rating for rated in by_sample.values() for rating in rated])
    shared = [row for row in rows if sum(score is not None for score in row) > 1]
    if len(shared) < FEWEST_SHARED or len({score for row in shared for score in row} - {None}) < 2:
        return None
    return agreements.alpha_of([list(rater) for rater in zip(*shared, strict=True)], "interval")


def _warnings(found: Sequence[Rating], by_sample: Mapping[str, Sequence[Rating]]) -> list[str]:
    told = []
    alpha = _alpha(by_sample)
    if alpha is not None and alpha <= 0:
        told.append(
            f"the raters agree no more than by chance (Krippendorff's α = {alpha:.2f}): rate by a clearer rubric"
        )
    for name in sorted({rating.rater for rating in found}):
        controls = [rating for rating in found if rating.rater == name and rating.kind == CONTROL]
        missed = sum(rating.score != 1.0 for rating in controls)
        if controls and 2 * missed >= len(controls):
            told.append(f"{name} rated {missed} of {len(controls)} controls wrongly")
    unsure = sum(rating.unsure for rating in found if rating.kind == FRESH)
    if unsure:
        told.append(f"{unsure} ratings say that nobody can tell; they count as ties")
    if any(rating.mine is None for rating in found if rating.kind == FRESH):
        told.append(
            "some ratings do not say which answer was rated, so nobody can tell whether the model still gives it"
        )
    return told


def _raters(found: Sequence[Rating]) -> Figure:
    rows: list[list[str | float | int | None]] = []
    for name in sorted({rating.rater for rating in found}):
        own = [rating for rating in found if rating.rater == name]
        first = {rating.id: rating.score for rating in own if rating.kind == FRESH}
        again = [rating for rating in own if rating.kind in AGAIN and rating.id in first]
        controls = [rating for rating in own if rating.kind == CONTROL]
        rows.append([
            name, len(first), fmean(first.values()) if first else None, sum(rating.unsure for rating in own),
            f"{sum(rating.score == first[rating.id] for rating in again)} of {len(again)}",
            f"{sum(rating.score == 1.0 for rating in controls)} of {len(controls)}",
        ])  # fmt: skip
    columns = ["rater", "samples", "for the candidate", "cannot tell", "same again", "controls right"]
    return Table(title="Who rated, and how steadily", columns=columns, rows=rows)


def _split(by_sample: Mapping[str, Sequence[Rating]]) -> list[Figure]:
    """The samples that raters see most differently, or that speak most against the candidate."""
    written = [rated for rated in by_sample.values() if rated[0].mine is not None and rated[0].other is not None]
    worst = sorted(written, key=lambda rated: (fmean(rating.score for rating in rated), rated[0].id))
    lost = [rated for rated in worst if fmean(rating.score for rating in rated) < 0.5]
    items = [
        Pair(
            left=rated[0].other or "", right=rated[0].mine or "", left_id="", right_id=rated[0].id,
            note="; ".join(f"{r.rater}: {r.score:g}{f' ({r.note})' if r.note else ''}" for r in rated),
        )
        for rated in lost[:10]
    ]  # fmt: skip
    if not items:
        return []
    title = "Where people prefer the other answer"
    return [Pairs(title=title, left="other model", right="candidate", items=items, total=len(lost))]
