"""The assembly of tasks: what a check's options say → a `Task`, or the complaint that they do not fit together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from harness import degenerate
from harness.catalog import Catalog, MetricSpec
from harness.data.dataset import Dataset
from harness.errors import Complaint, SuiteError, nearest
from harness.score import Quantity
from harness.task import Task, as_text, measure_of, shots_of
from harness.template import Template, is_template

DEFAULT_METRICS = {"generate": "exact_match", "choices": "accuracy", "label": "accuracy", "perplexity": "perplexity"}
"""Output of a task → what is measured where it names no metric."""


def build(name: str, options: Mapping[str, Any], catalog: Catalog, *, seed: int, limit: int | None = None) -> Task:
    """The task that a check's options describe; `data` (and `fewshot`) are already opened.

    Raises:
        SuiteError: an option does not fit another; says which.
    """
    output = output_of(options)
    _check_options(name, options, output)
    choices, choices_field = _choice_rule(name, options)
    if output in ("choices", "label") and not (choices or choices_field):
        raise SuiteError(f"check {name!r}: output {output!r} needs `choices`: a list, a field, or from_data")
    target = str(options.get("target", "target"))
    specs = _specs(options.get("metrics") or (), output, catalog)
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
        repeats=int(options.get("samples", 1)),
        max_new_tokens=int(options.get("max_new_tokens", 64)),
        stop=tuple(options.get("stop") or ()),
        temperature=float(options.get("temperature", 0.0)),
        normalize=str(options.get("normalize", "none")),
        seed=seed,
        limit=limit,
        _target=Template(target) if is_template(target) else None,
    )
    return _with_shots(task, options)


def _check_options(name: str, options: Mapping[str, Any], output: str) -> None:
    for option, value, known in (
        ("output", output, DEFAULT_METRICS),
        ("normalize", str(options.get("normalize", "none")), ("none", "tokens", "characters")),
    ):
        if value not in known:
            raise SuiteError(f"check {name!r}: no {option} {value!r}{nearest(value, known)}")
    for option, least in (("samples", 1), ("max_new_tokens", 1), ("num_fewshot", 0), ("temperature", 0)):
        value = options.get(option, least)
        if not (math.isfinite(value) and value >= least):
            raise SuiteError(f"check {name!r}: `{option}: {value}` is too small; write {least} or more")
    if options.get("samples", 1) > 1 and not options.get("temperature"):
        text = f"`samples: {options['samples']}` needs a `temperature` above 0; greedy answers never differ"
        raise SuiteError(f"check {name!r}: {text}")


def output_of(options: Mapping[str, Any]) -> str:
    """generate, choices, label or perplexity: as said, or as the other options imply."""
    said = options.get("output")
    if said:
        return str(said)
    if options.get("choices"):
        return "choices"
    names = {spec.name for spec in options.get("metrics") or ()}
    return "perplexity" if names and names <= {"perplexity", "bits_per_byte"} else "generate"


def measures(metrics: Sequence[MetricSpec], output: str | None, choices: Any, catalog: Catalog) -> dict[str, Quantity]:
    """What a task is scored by, known without running it."""
    shape = output_of({"output": output, "choices": choices, "metrics": metrics})
    return {spec.name: measure_of(spec, catalog).quantity for spec in _specs(metrics, shape, catalog)}


def with_habits(
    metrics: Sequence[MetricSpec], output: str | None, choices: Any, catalog: Catalog
) -> dict[str, Quantity]:
    """What a task's criteria may speak of: its metrics, and how its answers can degenerate."""
    habits = degenerate.measured(output_of({"output": output, "choices": choices, "metrics": metrics}), bool(choices))
    found = measures(metrics, output, choices, catalog)
    return {**found, **{name: quantity for name, quantity in habits.items() if name not in found}}


def _specs(given: Sequence[MetricSpec], output: str, catalog: Catalog) -> Sequence[MetricSpec]:
    """The metrics of a task, proved to differ and to suit its output."""
    specs = given or [MetricSpec(DEFAULT_METRICS.get(output, "exact_match"))]
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise SuiteError(f"`metrics` names {name} twice; criteria could not tell them apart: use one task for each")
        suits = catalog.get("metric", name).facts["suits"]
        if output in DEFAULT_METRICS and output not in suits:
            raise SuiteError(f"the metric {name} suits tasks with output {' or '.join(suits)}; this one has {output}")
    return specs


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
    """The rule that answers are read by, proved to be one; without a rule of their own, entities are read as JSON."""
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
        seen = _targets_of(name, options["data"], str(options.get("target", "target")))
        if len(seen) < 2:
            raise SuiteError(
                f"check {name!r}: `choices: from_data` found {len(seen)} different targets; two are needed"
            )
        return tuple(sorted(seen)), ""
    return (), str(given) if given else ""


def _targets_of(name: str, data: Dataset, target: str) -> set[str]:
    """Every target that occurs in the data."""
    template = Template(target) if is_template(target) else None
    seen: set[str] = set()
    for line, row in data.numbered():
        try:
            value = template.render(row) if template else row.get(target)
        except ValueError as error:
            raise SuiteError([Complaint(data.source.shown, line, f"check {name!r}: {error}")]) from error
        seen.update(as_text(v) for v in (value if isinstance(value, list) else [value]) if v is not None)
    return seen


def _with_shots(task: Task, options: Mapping[str, Any]) -> Task:
    count = int(options.get("num_fewshot") or 0)
    if not count:
        return task
    source = options.get("fewshot")
    if source is None:
        raise SuiteError(
            f"check {task.name!r}: `num_fewshot: {count}` needs `fewshot:`, the data to take examples from"
        )
    if source == task.data:
        text = (
            "the examples would hold the answers of rows that are asked; take them from other rows, such as $data.train"
        )
        raise SuiteError(f"check {task.name!r}: `fewshot` and `data` are the same: {text}")
    rows = list(islice(source.numbered(), count))
    if len(rows) < count:
        raise SuiteError(f"check {task.name!r}: `num_fewshot: {count}`, but {source} has {len(rows)} rows")
    pieces = []
    for line, row in rows:
        try:
            pieces.append(shots_of(task, [row]))
        except ValueError as error:
            text = f"check {task.name!r}: example of `fewshot`: {error}"
            raise SuiteError([Complaint(source.source.shown, line, text)]) from error
    return replace(task, shots="".join(pieces), examples=tuple(row for _, row in rows))
