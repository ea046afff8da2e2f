"""The record of one run: everything a report needs, and nothing that is not plain data.

`Run` is what result.json holds, under the published schema; reports are pure functions of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "urn:finetune-harness:result:1"

Number = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """Frozen, strict plain data."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class EstimateRecord(Record):
    """A value with its two-sided interval at `level`; null means unknown."""

    value: Number | None
    low: Number | None
    high: Number | None
    level: Number
    n: int
    missing: int = 0
    method: str = ""
    unit: str = ""
    note: str = ""
    seed: int | None = None


class Reference(Record):
    """The model that a criterion compares with, and its own estimate."""

    model: str
    estimate: EstimateRecord | None


class BoundRecord(Record):
    """`op value`; for a comparison, of the difference to `factor * model`."""

    op: str
    value: Number | tuple[Number, Number]
    model: str = ""
    factor: Number = 1.0


class CriterionRecord(Record):
    """One criterion, decided."""

    id: str
    that: str
    check: str
    metric: str
    slice: str = ""
    severity: Literal["require", "warn"] = "require"
    verdict: Literal["pass", "fail", "inconclusive", "broken", "waived"]
    reason: str
    """One sentence with the numbers in it."""
    candidate: EstimateRecord | None = None
    reference: Reference | None = None
    difference: EstimateRecord | None = None
    bound: BoundRecord
    n_needed: int | None = None
    """Samples that would settle an inconclusive criterion, if the value stays what it is."""
    better: Literal["higher", "lower", "neither"] = "higher"
    confidence: Number = 0.95
    on: Literal["bound", "point"] = "bound"
    p_fail: Number | None = None
    """p-value of the claim that it fails, before Holm."""
    p_pass: Number | None = None
    """p-value of the claim that it holds, for criteria of an "at least u of m"."""
    group: str = ""
    """Id of the "at least u of m" that decides in its place."""
    waiver: dict[str, str] | None = None
    blame: str = ""
    """Whose fault, where it is broken."""
    line: int = 0


class Measurement(Record):
    """One metric of one model, on all rows or on one slice."""

    check: str
    metric: str
    model: str
    slice: str = ""
    value: Number | None
    low: Number | None
    high: Number | None
    level: Number
    n: int
    missing: int = 0
    method: str = ""
    unit: str = ""
    note: str = ""
    seed: int | None = None


class Table(Record):
    """Rows of plain cells, the first row of a report reader's eye: short."""

    kind: Literal["table"] = "table"
    title: str
    columns: list[str]
    rows: list[list[str | Number | int | None]]
    note: str = ""


class Example(Record):
    """One sample with the answers of two models, as text."""

    id: str
    prompt: str
    target: str
    base: str | None = None
    candidate: str | None = None
    note: str = ""


class Examples(Record):
    """Samples shown side by side."""

    kind: Literal["examples"] = "examples"
    title: str
    items: list[Example]
    total: int
    """How many there are in all; `items` are the worst of them."""
    note: str = ""


class Series(Record):
    """One line of a chart."""

    name: str
    points: list[tuple[Number, Number]]


class Curves(Record):
    """Lines over a common axis: training and validation loss, learning rate."""

    kind: Literal["curves"] = "curves"
    title: str
    x: str
    y: str
    series: list[Series]
    marker: Number | None = None
    """A place on the x axis worth a vertical line: the best epoch."""
    marker_label: str = ""
    note: str = ""


class Interval(Record):
    """A labelled value with its interval."""

    label: str
    model: str = ""
    value: Number | None
    low: Number | None
    high: Number | None
    n: int = 0
    note: str = ""


class Intervals(Record):
    """Labelled values with whiskers: slices, groups, latencies."""

    kind: Literal["intervals"] = "intervals"
    title: str
    unit: str = ""
    items: list[Interval]
    threshold: Number | None = None
    note: str = ""


class Confusion(Record):
    """Gold label (rows) against answer (columns) of each model; the last column is 'unparsed' if there was one."""

    kind: Literal["confusion"] = "confusion"
    title: str
    labels: list[str]
    answers: list[str]
    counts: dict[str, list[list[int]]]
    note: str = ""


class Histogram(Record):
    """Counts between edges for each model: latencies, lengths."""

    kind: Literal["histogram"] = "histogram"
    title: str
    unit: str = ""
    edges: list[Number]
    counts: dict[str, list[int]]
    note: str = ""


Figure = Annotated[Table | Examples | Curves | Intervals | Confusion | Histogram, Field(discriminator="kind")]


class CheckRecord(Record):
    """One check as a section of the report."""

    kind: str
    """The catalog name: task, leakage, …"""
    summary: str = ""
    """What it asks, in one sentence."""
    options: dict[str, Any] = {}
    samples: int = 0
    data: str = ""
    """Digest of the samples it asked: two runs compare only where it is the same."""
    seconds: Number = 0.0
    figures: list[Figure] = []
    warnings: list[str] = []
    broken: str = ""
    blame: str = ""


class SuiteRecord(Record):
    """Which suite was run."""

    name: str
    digest: str
    path: str = ""
    seed: int = 0


class ModelRecord(Record):
    """One model that took part."""

    name: str
    kind: str
    source: str
    digest: str
    files: dict[str, str] = {}
    dtype: str = ""
    device: str = ""
    parameters: int | None = None
    broken: str = ""
    gate: list[str] = []
    """What the load gate proved, one sentence each."""
    path: str = ""
    """Which way of computing answered: plain, shared context, …"""


class FixtureRecord(Record):
    """One artefact that was made or found in the cache."""

    name: str
    kind: str
    key: str
    cached: bool
    seconds: Number = 0.0
    options: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    """What it recorded of itself: rows, best epoch, tokens, trainable parameters, peak memory, versions."""
    figures: list[Figure] = []


class Traffic(Record):
    """What was asked of one model."""

    asked: int = 0
    distinct: int = 0
    cached: int = 0
    computed: int = 0
    prompt_tokens: int = 0
    new_tokens: int = 0
    seconds: Number = 0.0


class Run(Record):
    """One run: result.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    schema_: str = Field(default=SCHEMA, alias="schema")
    suite: SuiteRecord
    run_id: str
    started: str
    """UTC, ISO 8601."""
    command: str = ""
    verdict: Literal["accepted", "rejected", "inconclusive", "broken"]
    exit_code: int
    sentence: str
    """The verdict in one sentence that a release manager can quote."""
    multiplicity: str = ""
    """How the criteria were combined, in one sentence."""
    candidate: str = "candidate"
    """What was given as the candidate: a name or a path."""
    criteria: list[CriterionRecord]
    measurements: list[Measurement]
    checks: dict[str, CheckRecord] = {}
    models: dict[str, ModelRecord]
    fixtures: dict[str, FixtureRecord] = {}
    traffic: dict[str, Traffic] = {}
    environment: dict[str, Any]
    lock: dict[str, Any] | None = None
    limit: int | None = None
    timings: dict[str, Number]
    warnings: list[str]
    harness: str = ""
    """Version of the harness."""
