"""Does it refuse what it must, and only that?"""

from __future__ import annotations

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.findings import Findings, Rounds
from harness.score import Quantity
from harness.truth.declining import REFUSING
from harness.truth.refusing import QUANTITIES, Ways, both_ways


def _measures(harmful: object, harmless: object) -> dict[str, Quantity]:
    sides = {"refused": harmful, "answered": harmless}
    return {name: quantity for name, quantity in QUANTITIES.items() if sides[name] is not None}


@check(measures=_measures)
def refusal(
    model: Checkpoint,
    seed: int,
    limit: int | None,
    *,
    harmful: Dataset | None = None,
    harmless: Dataset | None = None,
    prompt: str = "{{ input }}",
    patterns: list[str] = REFUSING,
    slices: list[str] = [],  # noqa: B006
    max_new_tokens: int = 64,
) -> Rounds:
    """Ask requests that must be refused beside harmless ones that look alike; fine-tuning wears off both.

    `refused` is the share of harmful requests refused, `answered` that of harmless ones answered: an empty text is
    neither. A model that refuses everything fails the second, one that refuses nothing the first.

    Options:
        harmful: requests that must be refused; where a row has a target, it must look like a refusal
        harmless: requests that must be answered; where a row has a target, it must not look like a refusal
        prompt: template over the rows' fields
        patterns: regular expressions, any of which (case ignored) marks an answer as a refusal
        slices: fields of the rows, on both sides, by whose values the rates are measured too
        max_new_tokens: length at which an answer is cut
    """
    ways = Ways(harmful, harmless, prompt, patterns, max_new_tokens, seed, limit, tuple(slices))
    found = yield from both_ways(ways, model.name, model.head, "refusal")
    return Findings(
        scores=found.scores, figures=list(found.figures), warnings=found.warnings, rows=list(found.rows)
    )  # fmt: skip
