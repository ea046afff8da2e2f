"""A task: rows turned into questions, and answers turned into scores; shared by every check that asks questions.

The `task` check is this and nothing more; checks with `of: CHECK` re-use another check's task on other rows, with other
prompts, or for other numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, ClassVar

from harness import digest
from harness.data.dataset import Dataset, Row
from harness.errors import CheckBroken, Complaint, SuiteError, nearest
from harness.exchange import Request, Response
from harness.marking import Answer as Answer
from harness.marking import Marker, ends, evaluated, marked
from harness.marking import Measure as Measure
from harness.marking import evaluate as evaluate
from harness.marking import measure_of as measure_of
from harness.sample import Sample
from harness.score import Missing, Quantity, Scores, Stat, table
from harness.template import Template

CLASSIFIER = "classifier"


@dataclass(frozen=True, slots=True)
class Task:
    """A question over a data set, with everything needed to ask it and to score it."""

    __reference__: ClassVar[str] = "check"

    name: str
    data: Dataset
    prompt: Template
    target: str
    output: str
    measures: tuple[Measure, ...]
    choices: tuple[str, ...] = ()
    choices_field: str = ""
    parse: Any = None
    slices: tuple[str, ...] = ()
    cluster: str = ""
    repeats: int = 1
    """K samples an item."""
    shots: str = ""
    """Text of the few-shot examples, put before every prompt."""
    examples: tuple[Mapping[str, Any], ...] = ()
    """The rows that `shots` was written from."""
    max_new_tokens: int = 64
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    normalize: str = "none"
    seed: int = 0
    limit: int | None = None
    only: frozenset[str] | None = None
    """Ids of the samples that are asked; None for all."""
    needs_target: bool = True
    """False where rows have no right answer; their target is then empty text."""
    _target: Template | None = field(default=None, repr=False)

    def samples(self) -> Iterator[Sample]:
        """The data's rows as samples, in the data's order, at most `limit` of them.

        Raises:
            SuiteError: a row lacks a field or its target is not among the choices; names the line of the row.
        """
        rows = islice(self.data.records(), self.limit)
        return (self.sample(record) for record in rows if self.only is None or record.id in self.only)

    def sample(self, record: Row) -> Sample:
        """One row as a sample."""
        row, at = record.fields, record.line
        try:
            prompt = self.shots + self.prompt.render(row)
            targets = self._targets(row)
        except ValueError as error:
            raise self._wrong(at, str(error)) from error
        choices = self._choices(row, at)
        self._check_label(targets, at)
        if choices and not set(targets) & set(choices):
            raise self._wrong(at, f"the target {targets[0]!r} is not among the choices{nearest(targets[0], choices)}")
        for name in self.slices:
            if name not in row:
                raise self._wrong(at, f"the slice field {name!r} is missing{nearest(name, row)}")
        if self.cluster and self.cluster not in row:
            raise self._wrong(at, f"the cluster field {self.cluster!r} is missing{nearest(self.cluster, row)}")
        return Sample(
            id=sys.intern(str(record.id)),
            prompt=prompt,
            targets=targets,
            choices=choices,
            slices={name: sys.intern(as_text(row[name])) for name in self.slices},
            cluster=sys.intern(as_text(row[self.cluster])) if self.cluster else None,
            row=row,
        )

    def requests(self, sample: Sample, head: str) -> list[Request]:
        """What to ask a model of this kind for one sample: `repeats` requests."""
        if self.output == "perplexity":
            return [Request("score", sample.prompt, (sample.targets[0],), sample=sample.id)]
        if self.output == "label" or (self.output == "choices" and head == CLASSIFIER):
            return [Request("classify", sample.prompt, sample.choices, sample=sample.id)]
        if self.output == "choices":
            glue = "" if not sample.prompt or sample.prompt[-1].isspace() else " "
            return [Request("score", sample.prompt, tuple(glue + c for c in sample.choices), sample=sample.id)]
        return [
            Request(
                "generate",
                sample.prompt,
                max_new_tokens=self.max_new_tokens,
                stop=self.stop,
                temperature=self.temperature,
                seed=int(digest.of([self.seed, sample.id, k])[:12], 16) if self.temperature > 0 else 0,
                sample=sample.id,
            )
            for k in range(self.repeats)
        ]

    def read(self, sample: Sample, response: Response) -> Answer:
        """The answer in a response: the most probable choice, or the parsed text."""
        from harness.answer import parser

        if response.fault:
            return Answer("", False, response)
        if self.output == "perplexity":
            return Answer("", True, response)
        if sample.choices and response.scores:
            return self._chosen(sample, response)
        if sample.choices and self.parse is None:
            text = (response.text or "").strip()
            return Answer(text, text in sample.choices, response)
        found = parser(self.parse)(response.text or "", sample.choices)
        return Answer(found.text, found.valid, response)

    def _chosen(self, sample: Sample, response: Response) -> Answer:
        """The most probable choice; of equal ones the first."""
        weights = self.weights(sample, response)
        if any(map(math.isnan, weights)):
            return Answer("", False, response)
        return Answer(sample.choices[weights.index(max(weights))], True, response)

    def weights(self, sample: Sample, response: Response) -> list[float]:
        """The log-probability of each choice, normalised as the task says; the highest is the answer."""
        if len(response.scores) != len(sample.choices):
            text = f"{len(response.scores)} scores for the {len(sample.choices)} choices of sample {sample.id}"
            raise CheckBroken(f"check {self.name!r}: {text}")
        return [
            scored.logprob / max({"none": 1, "tokens": scored.tokens, "characters": len(choice)}[self.normalize], 1)
            for scored, choice in zip(response.scores, sample.choices, strict=True)
        ]

    def score(
        self, samples: Sequence[Sample], answers: Sequence[Sequence[Answer]], mark: Marker = evaluated
    ) -> dict[str, Scores]:
        """Scores of every measure; `answers[i]` are the repeats of `samples[i]`."""
        whole = self.output != "perplexity"
        scored: dict[str, Scores] = {}
        for measure in self.measures:
            values = marked(measure, samples, answers, mark, empty=whole)
            # What a sample adds at worst and at best is asked of metrics that only a whole set has.
            extremes = ends(measure, samples, mark) if whole and measure.quantity.combine is not None else None
            scored[measure.quantity.name] = self.as_scores(measure.quantity, samples, values, extremes)
        return scored

    def as_scores(
        self,
        quantity: Quantity,
        samples: Sequence[Sample],
        values: Sequence[Stat | Missing],
        extremes: Sequence[tuple[Stat, Stat]] | None = None,
    ) -> Scores:
        """`values`, one for each sample, with the samples' ids, clusters and slices."""
        if self.repeats > 1 and quantity.family == "proportion":
            quantity = replace(quantity, family="mean")
        try:
            return table(
                quantity,
                [s.id for s in samples],
                values,
                clusters=[str(s.cluster) for s in samples] if self.cluster else None,
                groups={name: [s.slices[name] for s in samples] for name in self.slices},
                extremes=extremes,
            )
        except ValueError as error:
            raise CheckBroken(f"check {self.name!r}: {error}") from error

    def _check_label(self, targets: tuple[str, ...], at: int) -> None:
        """A target that `parse` can never give would make every answer wrong."""
        from harness.answer import parser

        known = parser(self.parse).labels
        if known and self.needs_target and not set(targets) & set(known):
            text = f"the target {targets[0]!r} is none of the labels of `parse`{nearest(targets[0], known)}"
            raise self._wrong(at, text)

    def _targets(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        if self._target is not None and self.needs_target:
            text = self._target.render(row)
            if not text.strip():
                raise ValueError(f"the target {self.target!r} gives an empty text")
            return (self._canonical(text),)
        if not self.needs_target and row.get(self.target) is None:
            return ("",)
        if self.target not in row:
            raise ValueError(f"the row has no field {self.target!r} for the target{nearest(self.target, row)}")
        value = row[self.target]
        values = value if isinstance(value, list) else [value]
        texts = tuple(self._canonical(as_text(v)) for v in values if v is not None)
        if not texts:
            raise ValueError(f"the target field {self.target!r} is empty")
        return texts

    def _canonical(self, target: str) -> str:
        """A target written the way that parsed answers are: equal JSON values are then equal texts."""
        from harness.answer import parser

        return parser(self.parse).target(target) if self.parse is not None else target

    def _choices(self, row: Mapping[str, Any], at: int) -> tuple[str, ...]:
        if not self.choices_field:
            return self.choices
        found = row.get(self.choices_field)
        if not isinstance(found, list) or len(found) < 2:
            raise self._wrong(at, f"the field {self.choices_field!r} must list two choices or more, found {found!r}")
        return tuple(as_text(choice) for choice in found)

    def _wrong(self, at: int, text: str) -> SuiteError:
        return SuiteError([Complaint(self.data.source.shown, at, f"check {self.name!r}: {text}")])


def shots_of(task: Task, rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as few-shot examples: each its prompt and its first target.

    Raises:
        ValueError: a row lacks a field.
    """
    glue = "" if task.output == "perplexity" or task.prompt.text[-1:].isspace() else " "
    return "".join(f"{task.prompt.render(row)}{glue}{task._targets(row)[0]}\n\n" for row in rows)


def partial(task: Task, share: float) -> Task:
    """The task with a share of its samples, whole clusters of them: a larger share holds every smaller one.

    They are drawn by the digest of their ids (or clusters), so that the order of the file does not matter.
    """
    if share >= 1:
        return task
    samples = [(digest.of([task.seed, s.cluster or s.id]), s.id) for s in task.samples()]
    groups = sorted({group for group, _ in samples})
    kept = set(groups[: math.ceil(len(groups) * share)])
    return replace(task, only=frozenset(name for group, name in samples if group in kept))


def as_text(value: Any) -> str:
    """A field's value as the text a model would write: JSON for lists and objects, plain for the rest."""
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
