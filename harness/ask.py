"""Asking a task's questions: in one round, or in several where there are very many; and what is kept of the answers.

`ask` keeps samples and answers, for checks that look at them; `survey` keeps what adds up, and puts rows on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from harness import digest
from harness.errors import CheckBroken, NothingSelected
from harness.exchange import UNASKED, Request, Response
from harness.faults import Faults
from harness.marking import gold
from harness.rows import Rows
from harness.sample import Sample
from harness.score import INFRASTRUCTURE, Missing, Quantity, Scores, Totals, table
from harness.stats.missing import count_failures
from harness.tally import Tally
from harness.task import Answer, Task, as_text, evaluate

if TYPE_CHECKING:
    from harness.score import Array

Asking = Generator[list[Request], list[Response], "Asked"]
Surveying = Generator[list[Request], list[Response], "Surveyed"]
Heard = Callable[[Sequence[Sample], Sequence[Sequence[Answer]]], None]
LOT = 20_000
"""Samples that are asked in one round at most: what is in memory at a time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one model all questions of a task."""

    task: Task
    samples: list[Sample]
    answers: list[list[Answer]]
    """Repeats of each sample's answer."""
    scores: dict[str, Scores]

    def faults(self) -> list[str]:
        """One sentence for each kind of failed answer, with how often it happened."""
        counted = Faults()
        for sample, answers in zip(self.samples, self.answers, strict=True):
            for answer in answers:
                counted.add(sample.id, answer.response)
        return counted.told(len(self.samples))

    def rows(self) -> Rows:
        """One plain row for each sample, under lm-eval's names where they fit, with one column for each metric."""
        return Rows.of(
            row_of(sample, self.answers[at], {name: value_of(scores, at) for name, scores in self.scores.items()})
            for at, sample in enumerate(self.samples)
        )


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What came of asking one model all questions of a task, however many: nothing here holds a prompt or an answer."""

    task: Task
    scores: dict[str, Scores]
    habits: dict[str, Scores]
    """What is degenerate in the answers (see `harness.degenerate`)."""
    rows: Rows
    """One plain row for each sample, as `Asked.rows` has them."""
    faults: list[str]
    """One sentence for each kind of failed answer."""
    suspicions: list[str]
    """One sentence for each habit that is suspicious beside the references."""


def row_of(sample: Sample, answers: Sequence[Answer], metrics: Mapping[str, float | None]) -> dict[str, Any]:
    """One sample and its answers as plain data."""
    target = "\n".join(sample.targets)
    return {
        "doc_id": sample.id,
        "prompt": sample.prompt,
        "target": target,
        "resps": [_said(sample, a) for a in answers],
        "filtered_resps": [a.text for a in answers],
        "valid": all(a.valid for a in answers),
        "fault": answers[0].response.fault,
        "finish": answers[0].response.finish,
        "new_tokens": answers[0].response.new_tokens,
        "doc_hash": digest.of_text(as_text(dict(sample.row))),
        "prompt_hash": digest.of_text(sample.prompt),
        "target_hash": digest.of_text(target),
        "slices": dict(sample.slices),
        "metrics": dict(metrics),
    }


def ask(task: Task, head: str, samples: list[Sample] | None = None) -> Asking:
    """Ask every sample of `task` (or only `samples`); gold answers are put through the metrics first.

    Raises:
        NothingSelected: the task has no samples.
        CheckBroken: the gold answers do not score best, or a prompt is too long to be asked whole.
    """
    kept: list[Sample] = []
    given: list[list[Answer]] = []
    tally = Tally(task)

    def heard(lot: Sequence[Sample], answers: Sequence[Sequence[Answer]]) -> None:
        kept.extend(lot)
        given.extend(map(list, answers))
        tally.add(lot, answers)

    yield from _lots(task, head, task.samples() if samples is None else samples, heard)
    return Asked(task, kept, given, tally.scores())


def survey(
    task: Task, head: str, samples: Iterable[Sample] | None = None, heard: Heard = lambda lot, answers: None
) -> Surveying:
    """The same for any number of samples: only what adds up is kept, rows go to the disk; `heard` sees each lot.

    Raises:
        NothingSelected, CheckBroken: as `ask`.
    """
    rows = Rows()

    def told(lot: Sequence[Sample], answers: Sequence[Sequence[Answer]], scores: Mapping[str, Scores]) -> None:
        heard(lot, answers)
        for at, sample in enumerate(lot):
            rows.append(row_of(sample, answers[at], {name: value_of(s, at) for name, s in scores.items()}))

    tally = Tally(task, told)
    yield from _lots(task, head, task.samples() if samples is None else samples, tally.add)
    scores = tally.scores()
    found, suspicions = tally.habits(scores)
    habits = {name: habit for name, habit in found.items() if name not in scores}
    return Surveyed(task, scores, habits, rows, tally.faulted(), suspicions)


def _lots(
    task: Task, head: str, samples: Iterable[Sample], heard: Heard
) -> Generator[list[Request], list[Response], None]:
    """Ask in lots, and tell what was answered."""
    left, count = iter(samples), 0
    while lot := list(islice(left, LOT)):
        probe_gold(task if not count else _singly(task), lot)
        count += len(lot)
        requests = [task.requests(sample, head) for sample in lot]
        responses = yield [request for group in requests for request in group]
        must_be_whole(task, requests, responses)
        answers: list[list[Answer]] = []
        at = 0
        for sample, group in zip(lot, requests, strict=True):
            answers.append([task.read(sample, response) for response in responses[at : at + len(group)]])
            at += len(group)
        heard(lot, answers)
    if not count:
        raise NothingSelected(f"check {task.name!r}: no sample is left to ask")


def _singly(task: Task) -> Task:
    """The task with metrics of single samples only: those of a whole set would not be fair to the few of a last lot."""
    return replace(task, measures=tuple(m for m in task.measures if m.quantity.combine is None))


def must_be_whole(task: Task, requests: Sequence[Sequence[Request]], responses: Sequence[Response]) -> None:
    """Refuse to measure where a prompt did not fit: that is no answer of the model's, right or wrong.

    Raises:
        CheckBroken: with how many did not, and the first of them.
    """
    flat = [request for group in requests for request in group]
    unasked = [(q.sample, r.fault) for q, r in zip(flat, responses, strict=True) if r.finish == UNASKED]
    if unasked:
        sample, why = unasked[0]
        raise CheckBroken(
            f"check {task.name!r}: {len(unasked)} of {len(flat)} prompts do not fit: {why} (sample {sample})"
        )


def probe_gold(task: Task, samples: Sequence[Sample], most: int = 300) -> None:
    """Put gold answers through the task's own metrics; the best score must come out.

    Raises:
        CheckBroken: a metric does not give the gold answers its best value, so no model could be judged by it.
    """
    import numpy as np

    if task.output == "perplexity":
        return
    chosen = samples[:: max(1, -(-len(samples) // most))]
    for measure in task.measures:
        quantity, combine = measure.quantity, measure.quantity.combine
        values = [evaluate(measure, s, gold(s)) for s in chosen]
        scores = task.as_scores(quantity, chosen, values)
        totals = Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(len(chosen))))
        value = float(combine(totals)) if combine else float(scores.stats[:, 0].mean())
        if not abs(value - quantity.best) <= 1e-6 * max(1.0, abs(quantity.best)):
            worst = 0 if combine else int(np.abs(scores.stats[:, 0] - quantity.best).argmax())
            raise CheckBroken(
                f"check {task.name!r}: the gold answers themselves score {value:.6g} on {quantity.name}, not "
                f"{quantity.best:.6g}; this metric cannot judge this data (sample {chosen[worst].id}, "
                f"target {chosen[worst].targets[0][:80]!r})"
            )


def value_of(scores: Scores, row: int) -> float | None:
    """One sample's own value of a metric, where it has one: None where it is missing or only sums make sense.

    The log-probability of a text is shown per token (or byte), in nats.
    """
    if row in scores.missing:
        return None
    stats = scores.stats[row]
    if scores.quantity.family == "log_ratio" and len(stats) == 2 and stats[1] > 0:
        return float(stats[0] / stats[1])
    return float(stats[0]) if scores.quantity.combine is None else None


def gap_quantity(name: str, of: Quantity) -> Quantity:
    """The difference of `of` between two sets of samples, reference minus other; large is bad."""
    width = of.bounds[1] - of.bounds[0]
    return Quantity(name, "gap", "lower" if of.better == "higher" else "higher", (-width, width), of.unit, _gap)


def gap(quantity: Quantity, reference: Scores, other: Scores, groups: Mapping[str, Iterable[str]]) -> Scores:
    """One table of both sets, so that the gap can be resampled: rows of `reference`, then of `other`.

    `groups` gives each slice field its value in every row of `other`; rows of the reference belong to every slice
    (value `*`). The model's own failures count as worst in `other`; in `reference`, where that would make the gap look
    small, nobody knows what they would have been.
    """
    import numpy as np

    first = len(reference.ids)
    stats = np.zeros((first + len(other.ids), 4))
    stats[:first, 0] = reference.stats[:, 0]
    stats[:first, 1] = 1.0
    other = count_failures(other)
    stats[first:, 2] = other.stats[:, 0]
    stats[first:, 3] = 1.0
    ids = tuple(f"reference/{i}" for i in reference.ids)
    clusters = (reference.clusters or ids) + (other.clusters or other.ids)
    return Scores(
        quantity,
        ids + other.ids,
        stats,
        ("reference", "reference_n", "other", "other_n"),
        {
            **{row: Missing(why.reason, INFRASTRUCTURE) for row, why in reference.missing.items()},
            **{first + row: why for row, why in other.missing.items()},
        },
        clusters=clusters if reference.clusters or other.clusters else None,
        groups={name: ("*",) * first + tuple(values) for name, values in groups.items()},
    )


def proportion(name: str, better: str, ids: Sequence[str], values: Sequence[Any], **groups: Sequence[str]) -> Scores:
    """Scores of a rate: 0 or 1 (or Missing) for each sample."""
    return table(Quantity(name, "proportion", better), ids, values, groups=groups)


def _gap(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["reference"] / totals["reference_n"] - totals["other"] / totals["other_n"]


def _said(sample: Sample, answer: Answer) -> str:
    if answer.response.text is not None:
        return answer.response.text
    return answer.text
