"""Does it say that it does not know, exactly when it should?"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.ask import Asked, ask, proportion
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import SuiteError
from harness.exchange import Request, Response
from harness.figure import Figure, Table
from harness.findings import Findings, Rounds
from harness.score import Missing, Quantity, Scores, Totals, table
from harness.stats.ranking import aurc, auroc, ranked
from harness.task import Task, evaluate
from harness.truth.confidence import likelihoods
from harness.truth.declining import UNKNOWING, detector, flags, probe, shown

if TYPE_CHECKING:
    from harness.score import Array

Flags = Sequence[float | Missing]
KIND = "kind"
"""Field of an unanswerable row that says why nobody can answer it."""


def _precision(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["right"] / totals["abstained"]


QUANTITIES = {
    "recall": Quantity("recall", "proportion"),
    "false_abstention_rate": Quantity("false_abstention_rate", "proportion", "lower"),
    "hallucination_rate": Quantity("hallucination_rate", "proportion", "lower"),
    "precision": Quantity("precision", "corpus", combine=_precision),
}
RISKS = {
    "aurc": Quantity("aurc", "corpus", "lower", combine=aurc),
    "auroc": Quantity("auroc", "corpus", combine=auroc),
}


def _measures(confidence: bool) -> dict[str, Quantity]:
    return QUANTITIES | (RISKS if confidence else {})


@check(measures=_measures)
def abstention(
    model: Checkpoint,
    *,
    of: Task,
    unanswerable: Dataset,
    patterns: list[str] = UNKNOWING,
    slices: list[str] = [],  # noqa: B006
    confidence: bool = False,
) -> Rounds:
    """Ask questions that have no answer beside those that have one; look at who declines what.

    `recall` is the share of unanswerable questions declined, `hallucination_rate` the rest of them;
    `false_abstention_rate` the share of answerable ones declined; `precision` the share of declined ones rightly so.
    With `confidence`, answers are weighed in a second round: `aurc` is the area under the risk–coverage curve of all
    questions that were answered (an answer where there is none is wrong), `auroc` how well confidence tells the right
    ones from the others.

    Options:
        of: the task with the answerable rows, whose prompt is used for both
        unanswerable: rows that nobody can answer; where they have the task's target, it must match a pattern
        patterns: regular expressions, any of which (case ignored) marks an answer as declined
        slices: fields of the unanswerable rows by whose values recall is measured too, such as kind
        confidence: weigh the answers too
    """
    declined = detector(patterns, "abstention")
    hopeless = _unanswerable(of, unanswerable, slices)
    questions = list(hopeless.samples())
    known = list(of.samples())
    probe(declined, "abstention", no=questions, yes=known, of=of.name)
    answered = yield from ask(of, model.head, known)
    refused = yield from ask(hopeless, model.head, questions)
    on_known, on_unknown = flags(answered, declined), flags(refused, declined)
    groups = {name: [s.slices[name] for s in refused.samples] for name in slices}
    ids, other = [s.id for s in refused.samples], [s.id for s in answered.samples]
    lost = [flag if isinstance(flag, Missing) else 1.0 - flag for flag in on_unknown]
    found = Findings(
        scores={
            "recall": proportion("recall", "higher", ids, on_unknown, **groups),
            "hallucination_rate": proportion("hallucination_rate", "lower", ids, lost, **groups),
            "false_abstention_rate": of.as_scores(QUANTITIES["false_abstention_rate"], answered.samples, on_known),
            "precision": _declines(other, on_known, ids, on_unknown),
        },
        rows=refused.rows(),
        warnings=[*answered.faults(), *refused.faults()],
    )
    right = [_right(answered, at) for at in range(len(known))]
    found.figures += [_table(model.name, right, on_known, on_unknown), *_kinds(model.name, refused, on_unknown)]
    found.figures.append(shown("Invented answers", model.name, refused, on_unknown, "(nobody can know)"))
    if confidence:
        found.scores |= yield from _risks([(answered, on_known, right), (refused, on_unknown, [0.0] * len(questions))])
    return found


def _unanswerable(of: Task, rows: Dataset, slices: Sequence[str]) -> Task:
    """The task over rows without a right answer: free text is read as it is, nothing is measured."""
    if of.output != "generate":
        raise SuiteError(f"abstention needs a task that generates text; {of.name!r} has output {of.output!r}")
    return replace(
        of, data=rows, slices=tuple(slices), cluster="", measures=(), parse=None, choices=(), choices_field="",
        repeats=1, temperature=0.0, needs_target=False,
    )  # fmt: skip


def _right(asked: Asked, at: int) -> float | Missing:
    """Whether an answer has the best score of the task's first metric that one answer can have."""
    answer = asked.answers[at][0]
    measure = next((m for m in asked.task.measures if m.quantity.combine is None), None)
    if answer.response.fault or measure is None:
        return Missing(answer.response.fault or "no metric of the task speaks of one answer")
    return float(evaluate(measure, asked.samples[at], answer) == measure.quantity.best)


def _declines(known: Sequence[str], on_known: Flags, ids: Sequence[str], on_unknown: Flags) -> Scores:
    def stat(flag: float | Missing, right: bool) -> dict[str, float] | Missing:
        return flag if isinstance(flag, Missing) else {"right": flag * right, "abstained": flag}

    values = [stat(f, False) for f in on_known] + [stat(f, True) for f in on_unknown]
    return table(QUANTITIES["precision"], [*(f"answerable/{i}" for i in known), *ids], values)


def _risks(sides: Sequence[tuple[Asked, Flags, Flags]]) -> Generator[list[Request], list[Response], dict[str, Scores]]:
    """How sure each question's answer was, and whether it was right; a declined question is not covered."""
    samples = [sample for asked, _, _ in sides for sample in asked.samples]
    on_all = [flag for _, flags, _ in sides for flag in flags]
    said = [answers[0].response.text or "" for asked, _, _ in sides for answers in asked.answers]
    sure = yield from likelihoods(samples, [text if f == 0.0 else None for text, f in zip(said, on_all, strict=True)])
    sure = [flag if isinstance(flag, Missing) else own for own, flag in zip(sure, on_all, strict=True)]
    ids = [f"{name}/{s.id}" for name, side in zip(("known", "unknown"), sides, strict=True) for s in side[0].samples]
    right = [value for _, _, values in sides for value in values]
    return {name: ranked(quantity, ids, sure, right) for name, quantity in RISKS.items()}


def _table(name: str, right: Flags, on_known: Flags, on_unknown: Flags) -> Table:
    """What was asked against what came: the AUCM of answerable and unanswerable questions."""
    good = sum(r == 1.0 and f == 0.0 for r, f in zip(right, on_known, strict=True))

    def counts(flags: Flags, good: int | None) -> list[int | None]:
        answered = sum(f == 0.0 for f in flags) - (good or 0)
        return [good, answered, sum(f == 1.0 for f in flags), sum(isinstance(f, Missing) for f in flags)]

    return Table(
        title=f"Who declines what: {name}",
        columns=["questions", "right", "wrong", "declined", "no response"],
        rows=[["answerable", *counts(on_known, good)], ["unanswerable", *counts(on_unknown, None)]],
    )


def _kinds(name: str, refused: Asked, flags: Flags) -> list[Figure]:
    """How many questions of each kind were declined, where the rows say of what kind they are."""
    kinds: dict[str, list[float]] = {}
    for sample, flag in zip(refused.samples, flags, strict=True):
        if isinstance(sample.row.get(KIND), str) and not isinstance(flag, Missing):
            kinds.setdefault(sample.row[KIND], []).append(flag)
    rows: list[list[str | float | int | None]] = [
        [kind, len(found), int(sum(found)), sum(found) / len(found)] for kind, found in sorted(kinds.items())
    ]
    columns = ["kind", "questions", "declined", "share"]
    return [Table(title=f"Unanswerable questions by kind: {name}", columns=columns, rows=rows)] if rows else []
