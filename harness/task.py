"""A task: rows turned into questions, and answers turned into scores; shared by every check that asks questions.

The `task` check is this and nothing more; checks with `of: CHECK` re-use another check's task on other rows, with other
prompts, or for other numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, ClassVar

from harness import digest
from harness.catalog import Catalog, Entry, MetricSpec, quantity_of
from harness.data.dataset import Dataset, Row
from harness.errors import CheckBroken, Complaint, SuiteError, nearest
from harness.exchange import Request, Response
from harness.sample import Sample
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores, Stat, table
from harness.template import Template, is_template

DEFAULT_METRICS = {"generate": "exact_match", "choices": "accuracy", "label": "accuracy", "perplexity": "perplexity"}
"""What is measured where a task names no metric."""

CLASSIFIER = "classifier"


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric with its options, ready to score."""

    entry: Entry
    options: Mapping[str, Any]
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Answer:
    """What one response says, read by the task's rules."""

    text: str
    """The parsed answer; empty where nothing could be read."""
    valid: bool
    response: Response


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
    max_new_tokens: int = 64
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    normalize: str = "none"
    seed: int = 0
    limit: int | None = None
    needs_target: bool = True
    """False where rows have no right answer; their target is then empty text."""
    _target: Template | None = field(default=None, repr=False)

    def samples(self) -> Iterator[Sample]:
        """The data's rows as samples, in the data's order, at most `limit` of them.

        Raises:
            SuiteError: a row lacks a field or its target is not among the choices; names the line of the row.
        """
        return (self.sample(record) for record in islice(self.data.records(), self.limit))

    def sample(self, record: Row) -> Sample:
        """One row as a sample."""
        row, at = record.fields, record.line
        try:
            prompt = self.shots + self.prompt.render(row)
            targets = self._targets(row)
        except ValueError as error:
            raise self._wrong(at, str(error)) from error
        choices = self._choices(row, at)
        if choices and not set(targets) & set(choices):
            raise self._wrong(at, f"the target {targets[0]!r} is not among the choices{nearest(targets[0], choices)}")
        for name in self.slices:
            if name not in row:
                raise self._wrong(at, f"the slice field {name!r} is missing{nearest(name, row)}")
        if self.cluster and self.cluster not in row:
            raise self._wrong(at, f"the cluster field {self.cluster!r} is missing{nearest(self.cluster, row)}")
        return Sample(
            id=record.id,
            prompt=prompt,
            targets=targets,
            choices=choices,
            slices={name: str(row[name]) for name in self.slices},
            cluster=str(row[self.cluster]) if self.cluster else None,
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
            return Answer(sample.choices[self._best(sample, response)], True, response)
        if sample.choices and self.parse is None:
            text = (response.text or "").strip()
            return Answer(text, text in sample.choices, response)
        found = parser(self.parse)(response.text or "", sample.choices)
        return Answer(found.text, found.valid, response)

    def _best(self, sample: Sample, response: Response) -> int:
        def weight(at: int) -> float:
            scored = response.scores[at]
            length = {"none": 1, "tokens": scored.tokens, "characters": len(sample.choices[at])}[self.normalize]
            return scored.logprob / max(length, 1)

        return max(range(len(sample.choices)), key=weight)

    def score(self, samples: Sequence[Sample], answers: Sequence[Sequence[Answer]]) -> dict[str, Scores]:
        """Scores of every measure; `answers[i]` are the repeats of `samples[i]`."""
        scored: dict[str, Scores] = {}
        for measure in self.measures:
            values = [self._value(measure, s, a) for s, a in zip(samples, answers, strict=True)]
            scored[measure.quantity.name] = self.as_scores(measure.quantity, samples, values)
        return scored

    def as_scores(self, quantity: Quantity, samples: Sequence[Sample], values: Sequence[Stat | Missing]) -> Scores:
        """`values`, one for each sample, with the samples' ids, clusters and slices."""
        if self.repeats > 1 and quantity.family == "proportion":
            quantity = replace(quantity, family="mean")
        return table(
            quantity,
            [s.id for s in samples],
            values,
            clusters=[str(s.cluster) for s in samples] if self.cluster else None,
            groups={name: [s.slices[name] for s in samples] for name in self.slices},
        )

    def _value(self, measure: Measure, sample: Sample, answers: Sequence[Answer]) -> Stat | Missing:
        lost = next((a.response for a in answers if a.response.blame == INFRASTRUCTURE), None)
        if lost is not None:
            return Missing(lost.fault, INFRASTRUCTURE)
        failed = next((a.response for a in answers if a.response.fault), None)
        if failed is not None and (self.output == "perplexity" or measure.quantity.combine is None):
            return Missing(failed.fault, failed.blame or CANDIDATE)
        return _mean([evaluate(measure, sample, a) for a in answers])

    def _targets(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        if self._target is not None and self.needs_target:
            return (self._target.render(row),)
        if not self.needs_target and row.get(self.target) is None:
            return ("",)
        if self.target not in row:
            raise ValueError(f"the row has no field {self.target!r} for the target{nearest(self.target, row)}")
        value = row[self.target]
        values = value if isinstance(value, list) else [value]
        texts = tuple(as_text(v) for v in values if v is not None)
        if not texts:
            raise ValueError(f"the target field {self.target!r} is empty")
        return texts

    def _choices(self, row: Mapping[str, Any], at: int) -> tuple[str, ...]:
        if not self.choices_field:
            return self.choices
        found = row.get(self.choices_field)
        if not isinstance(found, list) or len(found) < 2:
            raise self._wrong(at, f"the field {self.choices_field!r} must list two choices or more, found {found!r}")
        return tuple(as_text(choice) for choice in found)

    def _wrong(self, at: int, text: str) -> SuiteError:
        return SuiteError([Complaint(self.data.source.shown, at, f"check {self.name!r}: {text}")])


def evaluate(measure: Measure, sample: Sample, answer: Answer) -> Stat:
    """What one metric says of one answer."""
    given = {
        "answer": answer.text if answer.valid else "",
        "targets": list(sample.targets),
        "valid": answer.valid,
        "choices": list(sample.choices),
        "response": answer.response,
        "sample": sample,
    }
    value: Stat = measure.entry.function(**measure.entry.bind(given, measure.options))
    return value


def as_text(value: Any) -> str:
    """A field's value as the text a model would write: JSON for lists and objects, plain for the rest."""
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def probe_gold(task: Task, samples: Sequence[Sample], most: int = 300) -> None:
    """Put gold answers through the task's own metrics; the best score must come out.

    Raises:
        CheckBroken: a metric does not give the gold answers its best value, so no model could be judged by it.
    """
    import numpy as np

    from harness.score import Totals

    if task.output == "perplexity":
        return
    step = max(1, len(samples) // most)
    chosen = samples[::step]
    for measure in task.measures:
        values = [evaluate(measure, s, Answer(s.targets[0], True, Response(text=s.targets[0]))) for s in chosen]
        scores = table(measure.quantity, [s.id for s in chosen], values)
        totals = Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(len(chosen))))
        combine = measure.quantity.combine
        value = float(combine(totals)) if combine else float(scores.stats[:, 0].mean())
        if not abs(value - measure.quantity.best) <= 1e-6 * max(1.0, abs(measure.quantity.best)):
            raise CheckBroken(
                f"check {task.name!r}: the gold answers themselves score {value:.6g} on {measure.quantity.name}, not "
                f"{measure.quantity.best:.6g}; this metric cannot judge this data (first target: {chosen[0].targets[0]!r})"
            )


def build(name: str, options: Mapping[str, Any], catalog: Catalog, *, seed: int, limit: int | None = None) -> Task:
    """The task that a check's options describe; `data` (and `fewshot`) are already opened.

    Raises:
        SuiteError: an option does not fit another; says which.
    """
    output = output_of(options)
    choices, choices_field = _choice_rule(name, options)
    if output in ("choices", "label") and not (choices or choices_field):
        raise SuiteError(f"check {name!r}: output {output!r} needs `choices`: a list, a field, or from_data")
    target = str(options.get("target", "target"))
    temperature = float(options.get("temperature", 0.0))
    repeats = int(options.get("samples", 1))
    if repeats > 1 and temperature <= 0:
        raise SuiteError(f"check {name!r}: `samples: {repeats}` needs a `temperature` above 0; greedy answers never differ")
    specs = options.get("metrics") or [MetricSpec(DEFAULT_METRICS[output], {})]
    task = Task(
        name=name,
        data=options["data"],
        prompt=Template(str(options.get("prompt", "" if output == "perplexity" else "{{ input }}"))),
        target=target,
        output=output,
        measures=tuple(measure_of(spec, catalog) for spec in specs),
        choices=choices,
        choices_field=choices_field,
        parse=_parse_rule(name, options.get("parse"), [spec.name for spec in specs]),
        slices=tuple(options.get("slices") or ()),
        cluster=str(options.get("cluster") or ""),
        repeats=repeats,
        max_new_tokens=int(options.get("max_new_tokens", 64)),
        stop=tuple(options.get("stop") or ()),
        temperature=temperature,
        normalize=str(options.get("normalize", "none")),
        seed=seed,
        limit=limit,
        _target=Template(target) if is_template(target) else None,
    )
    return replace(task, shots=_shots(task, options))


def output_of(options: Mapping[str, Any]) -> str:
    """generate, choices, label or perplexity: as said, or as the other options imply."""
    said = options.get("output")
    if said:
        return str(said)
    if options.get("choices"):
        return "choices"
    names = {spec.name for spec in options.get("metrics") or ()}
    return "perplexity" if names and names <= {"perplexity", "bits_per_byte"} else "generate"


def measure_of(spec: MetricSpec, catalog: Catalog) -> Measure:
    """A metric with its options, and what it measures."""
    entry = catalog.get("metric", spec.name)
    return Measure(entry, spec.options, quantity_of(entry, spec.options))


def measures(metrics: Sequence[MetricSpec], output: str | None, choices: Any, catalog: Catalog) -> dict[str, Quantity]:
    """What a task's criteria may speak of, known without running it."""
    shape = output_of({"output": output, "choices": choices, "metrics": metrics})
    specs = metrics or [MetricSpec(DEFAULT_METRICS[shape], {})]
    names = [spec.name for spec in specs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise SuiteError(f"`metrics` names {twice} twice; criteria could not tell them apart: use one task for each")
    return {spec.name: measure_of(spec, catalog).quantity for spec in specs}


def averaged(of: Mapping[str, Quantity], metric: str | None) -> Quantity:
    """The named metric of a task, or its first; it must be an average over samples.

    Raises:
        SuiteError: no such metric, or one that only a whole set has.
    """
    if metric is not None and metric not in of:
        raise SuiteError(f"the task has no metric {metric!r}{nearest(metric, of)}")
    plain = [q for q in of.values() if q.combine is None]
    chosen = of[metric] if metric else (plain[0] if plain else None)
    if chosen is None or chosen.combine is not None:
        raise SuiteError(
            f"a gap needs a metric that is an average over samples, such as accuracy or exact_match; "
            f"{metric or 'no metric of the task'} is not"
        )
    return chosen


def _parse_rule(name: str, given: Any, metrics: Sequence[str]) -> Any:
    """The rule that answers are read by, proved to be one; entities are read as JSON unless the suite says otherwise."""
    from harness.answer import parser

    rule = "json" if given is None and set(metrics) == {"entity_f1"} else given
    try:
        parser(rule)
    except ValueError as error:
        raise SuiteError(f"check {name!r}: `parse`: {error}") from error
    return rule


def _choice_rule(name: str, options: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    given = options.get("choices")
    if isinstance(given, list):
        texts = tuple(as_text(choice) for choice in given)
        if len(set(texts)) < 2 or len(set(texts)) != len(texts):
            raise SuiteError(f"check {name!r}: `choices` must be two or more different texts")
        return texts, ""
    if given == "from_data":
        target = str(options.get("target", "target"))
        seen = {as_text(row[target]) for row in options["data"].rows() if row.get(target) is not None}
        if len(seen) < 2:
            raise SuiteError(f"check {name!r}: `choices: from_data` found {len(seen)} different targets; two are needed")
        return tuple(sorted(seen)), ""
    return (), str(given) if given else ""


def _shots(task: Task, options: Mapping[str, Any]) -> str:
    count = int(options.get("num_fewshot") or 0)
    if not count:
        return ""
    source = options.get("fewshot")
    if source is None:
        raise SuiteError(f"check {task.name!r}: `num_fewshot: {count}` needs `fewshot:`, the data to take examples from")
    rows = source.head(count)
    if len(rows) < count:
        raise SuiteError(f"check {task.name!r}: `num_fewshot: {count}`, but {source.path} has {len(rows)} rows")
    glue = "" if task.prompt.text[-1:].isspace() else " "
    pieces = [f"{task.prompt.render(row)}{glue}{task._targets(row)[0]}\n\n" for row in rows]
    return "".join(pieces)


def _mean(values: list[Stat]) -> Stat:
    if len(values) == 1:
        return values[0]
    rows = [v if isinstance(v, Mapping) else dict(enumerate(v)) if isinstance(v, tuple) else {"": v} for v in values]
    names = dict.fromkeys(name for row in rows for name in row)
    mean = {name: sum(float(row.get(name, 0.0)) for row in rows) / len(rows) for name in names}  # type: ignore[call-overload]
    if isinstance(values[0], Mapping):
        return {str(name): number for name, number in mean.items()}
    return tuple(mean.values()) if isinstance(values[0], tuple) else mean[""]
