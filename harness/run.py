"""The record of one run: everything a report needs, and nothing that is not plain data.

`Run` is what result.json holds, under the published schema; reports are pure functions of it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from harness.figure import Figure, Number, Record

SCHEMA = "urn:finetune-harness:result:1"


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
    tokens_asked: int = 0
    """Tokens that the computed requests have, each counted on its own."""
    tokens_computed: int = 0
    """Tokens that went through the weights; the fewer, the more was shared."""
    flops: Number = 0.0
    """Floating-point operations that these tokens need."""
    limit_share: Number | None = None
    """Share of the machine's own matrix-multiplication rate; null where it was not measured."""
    peak_bytes: int = 0
    """Largest memory while answering, above what the weights take."""
    calls: int = 0
    """Calls of a server, attempts included."""
    cost: Number | None = None
    """What a server's answers cost; null where the suite names no price."""


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
