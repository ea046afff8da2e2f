"""Figures: what a check shows beside its numbers, as plain data; the report draws them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """Frozen, strict plain data."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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


class Heat(Record):
    """A grid of numbers, each written in its cell and coloured by how good it is: perturbation × metric or slice."""

    kind: Literal["heat"] = "heat"
    title: str
    rows: list[str]
    columns: list[str]
    values: list[list[Number | None]]
    """Row by row; null where there is nothing to show."""
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    bounds: tuple[Number, Number] = (0.0, 1.0)
    """The values that get the palest and the strongest colour."""
    note: str = ""


class Slope(Record):
    """One thing measured of the base and of the candidate."""

    label: str
    base: Number | None
    candidate: Number | None
    low: Number | None = None
    """The interval of the difference candidate minus base, where there is one."""
    high: Number | None = None
    n: int = 0


class Slopes(Record):
    """Lines from base to candidate: what was kept, gained and lost."""

    kind: Literal["slopes"] = "slopes"
    title: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    items: list[Slope]
    note: str = ""


class Bin(Record):
    """Answers of like confidence."""

    confidence: Number
    """Their mean confidence."""
    accuracy: Number
    low: Number
    high: Number
    """The interval of the accuracy."""
    n: int


class Reliability(Record):
    """How often answers given with a confidence are right, against the diagonal of perfect calibration."""

    kind: Literal["reliability"] = "reliability"
    title: str
    bins: dict[str, list[Bin]]
    """Model → its bins."""
    note: str = ""


class Pair(Record):
    """Two texts that should not be alike, or that should be."""

    left: str
    right: str
    left_id: str = ""
    right_id: str = ""
    note: str = ""
    """What they have in common, or what sets them apart."""


class Pairs(Record):
    """Pairs of texts side by side, with what differs marked: leaks, perturbed prompts, judged answers."""

    kind: Literal["pairs"] = "pairs"
    title: str
    left: str
    """What the left texts are."""
    right: str
    items: list[Pair]
    total: int
    note: str = ""


Figure = Annotated[
    Table | Examples | Curves | Intervals | Confusion | Histogram | Heat | Slopes | Reliability | Pairs,
    Field(discriminator="kind"),
]
