"""The task itself: are the answers right?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.ask import Asked, ask
from harness.assembly import measures
from harness.catalog import MetricSpec, check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.figure import Confusion, Example, Examples, Figure, Table
from harness.findings import Findings, Rounds
from harness.task import Task, evaluate

SHOWN = 10
"""How many samples are shown side by side."""


@check(measures=measures)
def task(
    own: Task,
    model: Checkpoint,
    *,
    data: Dataset,
    prompt: str = "{{ input }}",
    target: str = "target",
    output: Literal["generate", "choices", "label", "perplexity"] | None = None,
    choices: list[str] | str | None = None,
    parse: str | dict[str, Any] | None = None,
    metrics: list[MetricSpec] = [],  # noqa: B006
    slices: list[str] = [],  # noqa: B006
    cluster: str | None = None,
    samples: int = 1,
    num_fewshot: int = 0,
    fewshot: Dataset | None = None,
    max_new_tokens: int = 64,
    stop: list[str] = [],  # noqa: B006
    temperature: float = 0.0,
    normalize: Literal["none", "tokens", "characters"] = "none",
) -> Rounds:
    """Ask every row of a data set and score the answers.

    Options:
        data: the rows: a file, a hub data set (hub:NAME) or $fixture.part
        prompt: Jinja template over the row's fields
        target: field or template of the reference answer; a list holds several references
        output: generate, choices, label or perplexity; inferred where it can be
        choices: a list, a field that holds a list, or from_data (every target that occurs)
        parse: how to read the answer: a regular expression, json, or a map of label to pattern
        metrics: what to measure: names, or name with options
        slices: fields by whose values the metrics are measured too
        cluster: field that names the independent unit, where rows belong together
        samples: answers per row; above 1 it needs a temperature
        num_fewshot: how many rows of `fewshot` stand before each prompt
        fewshot: the data that examples are taken from, in its order
        max_new_tokens: length at which an answer is cut
        stop: texts that end an answer
        temperature: 0 for the most probable answer
        normalize: how choices of different length compare: none, tokens or characters
    """
    asked = yield from ask(own, model.head)
    return Findings(
        scores=asked.scores,
        rows=asked.rows(),
        warnings=asked.faults(),
        figures=repeats(asked, model.name) if own.repeats > 1 else [],
        compare=lambda found: figures(own, found),
    )


def repeats(asked: Asked, model: str) -> list[Figure]:
    """How much of each metric's variance lies between samples, and how much is decoding; of samples fully answered."""
    import numpy as np

    from harness.stats.repeats import decompose

    rows: list[list[str | float | int | None]] = []
    told = []
    for measure in asked.task.measures:
        whole = [
            (sample, answers)
            for sample, answers in zip(asked.samples, asked.answers, strict=True)
            if not any(answer.response.fault for answer in answers)
        ]
        if measure.quantity.combine is not None or len(whole) < 2:
            continue
        values = [[evaluate(measure, sample, answer) for answer in answers] for sample, answers in whole]
        found = decompose(np.array(values, dtype=float))
        rows.append([measure.quantity.name, found.n, found.k, found.within, found.between, found.error,
                     found.error_at(10)])  # fmt: skip
        told.append(f"{measure.quantity.name}: {found.sentence}")
    columns = [
        "metric",
        "samples",
        "answers each",
        "variance within σ²",
        "between ω²",
        "standard error",
        "with 10 each",
    ]
    title = f"Where the variance comes from: {model}"
    return [Table(title=title, columns=columns, rows=rows, note=". ".join(told))] if rows else []


def figures(own: Task, found: Mapping[str, Findings]) -> list[Figure]:
    """The confusion matrices of all models, and the samples on which the candidate does worst against base."""
    drawn: list[Figure] = []
    if own.output in ("choices", "label") and not own.choices_field and len(own.choices) <= 30:
        drawn.append(_confusion(own, found))
    if "candidate" in found:
        drawn.append(_worst(own, found))
    return drawn


def _confusion(own: Task, found: Mapping[str, Findings]) -> Confusion:
    from harness.confusion import count

    labels = list(own.choices)
    counted = {
        model: count([row["target"] for row in f.rows], [row["filtered_resps"][0] for row in f.rows], labels)
        for model, f in found.items()
    }
    answers = list(dict.fromkeys([*labels, *(a for c in counted.values() for a in c.answers)]))
    counts = {model: c.widened(answers) for model, c in counted.items()}
    return Confusion(title="Confusion matrix: gold label by answer", labels=labels, answers=answers, counts=counts)


def _worst(own: Task, found: Mapping[str, Findings]) -> Examples:
    measure = own.measures[0].quantity
    sign = -1.0 if measure.better == "lower" else 1.0
    candidate = found["candidate"].rows
    reference = next((name for name in ("base", "baseline") if name in found), "")
    other = {row["doc_id"]: row for row in found[reference].rows} if reference else {}

    def quality(row: dict[str, Any] | None) -> float:
        if row is None or row["fault"]:
            return 0.0
        value = row["metrics"].get(measure.name)
        return sign * value if value is not None else float(row["filtered_resps"][0] in row["target"].split("\n"))

    def regress(row: dict[str, Any]) -> float:
        return quality(row) - (quality(other.get(row["doc_id"])) if other else 0.0)

    best = sign * measure.best
    wrong = [row for row in candidate if (regress(row) < 0 if other else quality(row) < best)]
    kind = "regressed"
    if other and not wrong:
        wrong, kind = [row for row in candidate if quality(row) < best], "both wrong"
    wrong.sort(key=lambda row: (regress(row), row["doc_id"]))
    title = f"Worst against {reference}" if kind == "regressed" and other else "Wrong answers"
    return Examples(
        title=title,
        items=[_example(row, other.get(row["doc_id"]), measure.name) for row in wrong[:SHOWN]],
        total=len(wrong),
        note="" if wrong else "No sample to show: none is wrong.",
    )


def _example(row: dict[str, Any], other: dict[str, Any] | None, metric: str) -> Example:
    def said(of: dict[str, Any] | None) -> str | None:
        if of is None:
            return None
        value = of["metrics"].get(metric)
        shown = of["fault"] or of["resps"][0]
        return shown if shown or value is None else f"{metric} {value:.4g}"

    return Example(
        id=row["doc_id"], prompt=row["prompt"], target=row["target"], base=said(other), candidate=said(row),
        note=", ".join(f"{name} {value}" for name, value in row["slices"].items()),
    )  # fmt: skip
