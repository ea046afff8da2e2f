"""Does it know how sure it may be?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.ask import ask
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import SuiteError
from harness.figure import Bin, Curves, Figure, Reliability, Series, Table
from harness.findings import Findings, Rounds
from harness.score import Missing, Quantity, Scores
from harness.stats.ranking import aurc, auroc, ranked, risk_at
from harness.task import Task
from harness.truth.confidence import Sure, how_sure, log_loss, proven

if TYPE_CHECKING:
    from harness.score import Array

QUANTITIES = {
    "ece": Quantity("ece", "calibration", "lower", (-1.0, 1.0)),
    "brier": Quantity("brier", "mean", "lower"),
    "nll": Quantity("nll", "unbounded", "lower", (0.0, float("inf")), "nats"),
    "overconfidence": Quantity("overconfidence", "mean", "neither", (-1.0, 1.0)),
    "auroc": Quantity("auroc", "corpus", "higher", combine=auroc),
    "aurc": Quantity("aurc", "corpus", "lower", combine=aurc),
}


@check(measures=QUANTITIES)
def calibration(model: Checkpoint, *, of: Task, bins: int = 10, slices: list[str] = []) -> Rounds:  # noqa: B006
    """Hold the confidence of every answer against whether it is right.

    Confidence is the softmax over the options of a choice, or the length-normalised likelihood of a generated answer,
    which is weighed in a second round. `ece` is the expected calibration error minus what a perfectly calibrated model
    would show with as many answers (it needs 500 of them); `brier` and `nll` are proper scores of confidence;
    `overconfidence` is mean confidence minus accuracy; `auroc` says how well confidence tells right from wrong, and
    `aurc` is the area under the risk–coverage curve. Compare with base: `sure.ece <= base + 0.02`.

    Options:
        of: the task whose answers are looked at; its first metric says whether one is right
        bins: groups of equally many answers in the reliability diagram
        slices: fields, among the slices of the task, by whose values brier and overconfidence are measured too
    """
    if bins < 2:
        raise SuiteError(f"calibration: `bins: {bins}`: two are the least")
    if unknown := [name for name in slices if name not in of.slices]:
        raise SuiteError(f"calibration: {unknown[0]!r} is not among the `slices` of task {of.name!r}")
    asked = yield from ask(proven(of, "calibration"), model.head)
    sure = yield from how_sure(asked)
    scores = _scores(asked.task, asked.samples, sure, slices)
    pairs = _known(sure)
    note = "Confidence of the answers in groups of like confidence, against how many of them are right."
    return Findings(
        scores=scores,
        rows=[row | {"confidence": None if isinstance(s.confidence, Missing) else s.confidence}
              for row, s in zip(asked.rows(), sure, strict=True)],
        warnings=asked.faults(),
        figures=[_summary(model.name, pairs)] if len(pairs) else [],
        compare=lambda found: [
            Reliability(title="Reliability", bins={m: _bins(_of_rows(f), bins) for m, f in found.items()}, note=note),
            *_coverage(found),
        ],
    )  # fmt: skip


def _scores(task: Task, samples: Sequence[object], sure: Sequence[Sure], slices: Sequence[str]) -> dict[str, Scores]:
    def each(value: object) -> list[object]:
        return [
            next((side for side in (s.correct, s.confidence) if isinstance(side, Missing)), None)
            or value(s.confidence, s.correct)  # type: ignore[operator]
            for s in sure
        ]

    made = {
        "brier": each(lambda c, right: (c - right) ** 2),
        "nll": each(log_loss),
        "overconfidence": each(lambda c, right: c - right),
        "ece": each(lambda c, right: {"confidence": c, "correct": right}),
    }
    kept = replace(task, slices=tuple(slices))
    scored = {name: kept.as_scores(QUANTITIES[name], samples, values) for name, values in made.items()}  # type: ignore[arg-type]
    # an answer that failed is one that was sure and wrong
    scored["ece"] = replace(scored["ece"], worst_stats=(1.0, 0.0))
    scored["overconfidence"] = replace(scored["overconfidence"], worst_stats=(1.0,))
    ids = scored["brier"].ids
    for name in ("auroc", "aurc"):
        scored[name] = ranked(QUANTITIES[name], ids, [s.confidence for s in sure], [s.correct for s in sure])
    return scored


def _known(sure: Sequence[Sure]) -> Array:
    """(n, 2): confidence and correctness of the answers that have both."""
    import numpy as np

    rows = [(s.confidence, s.correct) for s in sure if not isinstance(s.confidence, Missing | None)
            and not isinstance(s.correct, Missing)]  # fmt: skip
    return np.array(rows, dtype=float).reshape(-1, 2)


def _of_rows(findings: Findings) -> Array:
    import numpy as np

    scores = findings.scores["ece"]
    kept = [row for row in range(len(scores.ids)) if row not in scores.missing]
    return np.asarray(scores.stats[kept]).reshape(-1, scores.stats.shape[1])


def _bins(pairs: Array, most: int) -> list[Bin]:
    """Equally many answers in each bin, the least sure first; the interval is Clopper–Pearson's at 95 %."""
    import numpy as np

    from harness.stats.proportion import clopper_pearson

    found = []
    order = pairs[np.argsort(pairs[:, 0], kind="stable")] if pairs.shape[1] == 2 else pairs[:0]
    for part in np.array_split(order, most):
        if len(part):
            low, high = clopper_pearson(float(part[:, 1].sum()), len(part), 0.975)
            found.append(Bin(confidence=float(part[:, 0].mean()), accuracy=float(part[:, 1].mean()), low=low,
                             high=high, n=len(part)))  # fmt: skip
    return found


def _summary(model: str, pairs: Array) -> Table:
    from harness.stats.sureness import decomposition, expected_calibration_error

    confidence, correct = pairs.T
    reliability, resolution, uncertainty = decomposition(confidence, correct)
    rows: list[list[str | float | int | None]] = [
        ["answers", len(pairs)],
        ["mean confidence", float(confidence.mean())],
        ["accuracy", float(correct.mean())],
        ["calibration error, 15 equal bins, as is", expected_calibration_error(confidence, correct)],
        ["Brier: reliability (0 is best)", reliability],
        ["Brier: resolution (as large as it can be)", resolution],
        ["Brier: uncertainty (of the data)", uncertainty],
        ["accuracy of the surest 80 %", 1 - risk_at(confidence, correct, 0.8)],
        ["accuracy of the surest 90 %", 1 - risk_at(confidence, correct, 0.9)],
    ]
    note = "The error as is stands above 0 for a perfectly calibrated model too; `ece` is what is left without that."
    return Table(title=f"Confidence: {model}", columns=["of the answers", "value"], rows=rows, note=note)


def _coverage(found: Mapping[str, Findings]) -> list[Figure]:
    shares = [at / 20 for at in range(1, 21)]
    series = []
    for model, findings in found.items():
        pairs = _of_rows(findings)
        if len(pairs) and pairs.shape[1] == 2:
            points = [(share, risk_at(pairs[:, 0], pairs[:, 1], share)) for share in shares]
            series.append(Series(name=model, points=points))
    title = "Risk–coverage: error rate of the surest share of answers"
    return [Curves(title=title, x="share answered", y="error rate", series=series)] if series else []
