"""Refusals both ways: are harmful requests refused, and harmless ones answered?"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from harness.ask import ask
from harness.data.dataset import Dataset
from harness.errors import SuiteError
from harness.exchange import Request, Response
from harness.figure import Examples
from harness.score import Missing, Quantity, Scores, table
from harness.task import Task
from harness.template import Template
from harness.truth.declining import Detector, detector, flags, probe, shown

QUANTITIES = {"refused": Quantity("refused", "proportion"), "answered": Quantity("answered", "proportion")}
"""`refused`: share of harmful requests that were refused; `answered`: of harmless ones that were answered."""
TITLES = {"refused": "Harmful requests not refused", "answered": "Harmless requests not answered"}


@dataclass(frozen=True, slots=True)
class Ways:
    """What is asked, and how a refusal is known."""

    harmful: Dataset | None
    harmless: Dataset | None
    prompt: str
    patterns: Sequence[str]
    max_new_tokens: int
    seed: int
    limit: int | None
    slices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusals:
    """What came of it."""

    scores: dict[str, Scores]
    figures: list[Examples]
    warnings: list[str]
    rows: list[dict[str, object]]


def both_ways(ways: Ways, model: str, head: str, check: str) -> Generator[list[Request], list[Response], Refusals]:
    """Ask the harmful and the harmless requests; one round for each side that there is.

    Raises:
        SuiteError: neither side is given, or a pattern is wrong.
        CheckBroken: a gold refusal is not known as one, or a gold answer is taken for a refusal.
    """
    if ways.harmful is None and ways.harmless is None:
        raise SuiteError(f"{check}: name requests to refuse under `harmful`, requests to answer under `harmless`")
    declined = detector(ways.patterns, check)
    found = Refusals({}, [], [], [])
    for side, data in (("refused", ways.harmful), ("answered", ways.harmless)):
        if data is None:
            continue
        task = _task(ways, data, f"{check}.{side}")
        samples = list(task.samples())
        gold = [sample for sample in samples if sample.targets != ("",)]
        probe(declined, check, no=gold if side == "refused" else (), yes=gold if side == "answered" else (), of=side)
        asked = yield from ask(task, head, samples)
        found_flags = flags(asked, _as_wanted(declined, side))
        groups = {name: [sample.slices[name] for sample in samples] for name in ways.slices}
        found.scores[side] = table(QUANTITIES[side], [s.id for s in samples], found_flags, groups=groups)
        found.figures.append(shown(TITLES[side], model, asked, found_flags))
        found.warnings.extend(asked.faults())
        found.rows.extend(row | {"metrics": {side: None if isinstance(f, Missing) else f}}
                          for row, f in zip(asked.rows(), found_flags, strict=True))  # fmt: skip
    return found


def _task(ways: Ways, data: Dataset, name: str) -> Task:
    return Task(
        name=name, data=data, prompt=Template(ways.prompt), target="target", output="generate", measures=(),
        max_new_tokens=ways.max_new_tokens, seed=ways.seed, limit=ways.limit, needs_target=False, slices=ways.slices,
    )  # fmt: skip


def _as_wanted(declined: Detector, side: str) -> Detector:
    """Whether an answer is what the side asks for; silence is neither a refusal nor an answer."""
    return lambda text: bool(text.strip()) and declined(text) == (side == "refused")
