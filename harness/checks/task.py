"""The task itself: are the answers right?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import nsmallest
from typing import Any, Literal

from harness.ask import survey
from harness.assembly import with_habits
from harness.catalog import MetricSpec, check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.figure import Confusion, Example, Examples, Figure
from harness.findings import Findings, Rounds
from harness.spread import Spread
from harness.task import Task

SHOWN = 10
"""How many samples are shown side by side."""


@check(measures=with_habits)
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

    Beside its metrics it measures what is degenerate in the answers, where the output can be: `empty_rate`,
    `constant_rate` (the share of the most frequent answer), `first_choice_rate`, `cut_rate` (cut at max_new_tokens) and
    `loop_rate` (ends in a loop). What is suspicious beside the references is a warning.

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
    spread = Spread(own)
    asked = yield from survey(own, model.head, heard=spread.add)
    return Findings(
        scores={**asked.scores, **asked.habits},
        rows=asked.rows,
        # A base that was never taught to stop is no news.
        warnings=[*asked.faults, *(asked.suspicions if model.name != "base" else [])],
        figures=spread.figures(model.name),
        compare=lambda found: figures(own, found),
    )


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
        model: count((row["target"] for row in f.rows), (row["filtered_resps"][0] for row in f.rows), labels)
        for model, f in found.items()
    }
    answers = list(dict.fromkeys([*labels, *(a for c in counted.values() for a in c.answers)]))
    counts = {model: c.widened(answers) for model, c in counted.items()}
    return Confusion(title="Confusion matrix: gold label by answer", labels=labels, answers=answers, counts=counts)


Pair = tuple[dict[str, Any], dict[str, Any] | None]
"""A row of the candidate's, and the reference's row of the same sample."""


def _worst(own: Task, found: Mapping[str, Findings]) -> Examples:
    measure = own.measures[0].quantity
    sign = -1.0 if measure.better == "lower" else 1.0
    reference = next((name for name in ("base", "baseline") if name in found), "")

    def quality(row: dict[str, Any] | None) -> float:
        if row is None or row["fault"]:
            return 0.0
        value = row["metrics"].get(measure.name)
        return sign * value if value is not None else float(row["filtered_resps"][0] in row["target"].split("\n"))

    def regress(pair: Pair) -> float:
        return quality(pair[0]) - (quality(pair[1]) if reference else 0.0)

    def chosen(kind: str) -> tuple[list[Pair], int]:
        """The worst pairs, and how many there are: looked for one by one, so that few are held at a time."""
        count = 0

        def wrong() -> Iterator[Pair]:
            nonlocal count
            for pair in _pairs(found["candidate"], found.get(reference)):
                if regress(pair) < 0 if kind == "regressed" else quality(pair[0]) < sign * measure.best:
                    count += 1
                    yield pair

        return nsmallest(SHOWN, wrong(), key=lambda pair: (regress(pair), pair[0]["doc_id"])), count

    kind = "regressed" if reference else "wrong"
    worst, total = chosen(kind)
    if reference and not worst:
        kind, (worst, total) = "wrong", chosen("wrong")
    return Examples(
        title=f"Worst against {reference}" if kind == "regressed" else "Wrong answers",
        items=[_example(*pair, measure.name) for pair in worst],
        total=total,
        note="" if worst else "No sample to show: none is wrong.",
    )


def _pairs(candidate: Findings, reference: Findings | None) -> Iterator[Pair]:
    """Rows of the same sample: at the same place in both, else looked up."""
    others = [] if reference is None else reference.rows
    place: dict[str, int] = {}
    for at, row in enumerate(candidate.rows):
        other = others[at] if at < len(others) else None
        if others and (other is None or other["doc_id"] != row["doc_id"]):
            place = place or {one["doc_id"]: number for number, one in enumerate(others)}
            found = place.get(row["doc_id"])
            other = None if found is None else others[found]
        yield row, other


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
