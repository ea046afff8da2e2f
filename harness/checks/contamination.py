"""Does it know the test better than texts like it that it cannot have seen?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import CheckBroken, SuiteError
from harness.exchange import Response
from harness.figure import Figure, Slope, Slopes, Table
from harness.findings import Findings, Rounds
from harness.score import Missing, Quantity, table
from harness.stats.membership import Exposure
from harness.truth.likelihood import METHODS, familiar, surprise
from harness.truth.twins import Numbers, Twins, read, shift

Method = Literal["min_k", "min_k_plus_plus", "zlib", "lowercase"]
BASE = "base"


def _measures(pair: str | None, methods: Sequence[str]) -> dict[str, Quantity]:
    paired = pair is not None
    found = {name: shift(name, paired, "nats") for name in ("delta", "familiarity")}
    found |= {name: shift(name, paired) for name in methods}
    return found | {"p": Quantity("p", "census", "higher")}


@check(measures=_measures)
def contamination(
    model: Checkpoint,
    models: tuple[Checkpoint, ...],
    seed: int,
    limit: int | None,
    *,
    test: Dataset,
    twins: Dataset,
    pair: str | None = None,
    text: str = "text",
    prompt: str = "",
    methods: list[Method] = ["min_k", "min_k_plus_plus", "zlib"],  # noqa: B006
) -> Rounds:
    """Hold how well a model predicts test items against how well it predicts their twins, and base beside it.

    `familiarity` is how many nats a token fewer an item costs than its twins. `delta` is that minus base's familiarity,
    which takes out that one set may be easier; `p` the p-value of a permutation test that it is not above 0 (signs of
    pairs flipped; labels exchanged where there are no pairs). A delta above 0 is evidence of exposure, not proof, and
    speaks of the data set, never of one item; it takes 100 of them. Each of `methods` is the same difference of another
    score, and worth comparing with base.

    Options:
        test: the items that must not have been seen
        twins: texts that cannot have been seen: paraphrases of the items, or fresh ones of the same kind
        pair: field of a twin that names its item, by what stands in that field of the item or by the item's id; without
            it the two sets are compared as a whole
        text: field or template of the text that is weighed
        prompt: template of what stands before it, which is not weighed
        methods: more scores: min_k, min_k_plus_plus, zlib, lowercase
    """
    if BASE not in {each.name for each in models}:
        raise CheckBroken("contamination holds a model against the one it was made from, and no `base` can be asked")
    ways = tuple(methods)
    if len(set(ways)) < len(ways):
        raise SuiteError(f"contamination: `methods: {list(ways)}`: each once, of {', '.join(METHODS)}")
    sides = read(test, twins, pair=pair, text=text, prompt=prompt, check="contamination", limit=limit)
    own = [each.asked(ways) for each in sides.all]
    theirs = [each.asked(ways, BASE) for each in sides.all] if model.name != BASE else []
    responses = yield [request for group in [*own, *theirs] for request in group]
    heard = _groups(responses, len(own[0]))
    costs, before = ([surprise(group) for group in part] for part in (heard[: len(own)], heard[len(own) :]))
    quantities = _measures(pair, ways)
    values: dict[str, Numbers] = {
        way: [familiar(way, *each) for each in zip(sides.all, heard, strict=False)] for way in ways
    }
    values["familiarity"] = [cost if isinstance(cost, Missing) else -cost for cost in costs]
    findings = Findings(warnings=_faults(responses))
    if before:
        values["delta"] = [_minus(old, new) for old, new in zip(before, costs, strict=True)]
        found = sides.tested(values["delta"], seed)
        p = Missing(found.note) if found.p is None else found.p
        findings.scores["p"] = table(quantities["p"], ["all items"], [p])
        findings.figures = [_told(model.name, sides, found, costs, before), _slopes(model.name, sides, costs, before)]
    findings.scores |= {name: sides.scores(quantities[name], numbers) for name, numbers in values.items()}
    findings.rows = [
        {"doc_id": each.id if at < len(sides.items) else f"twin/{each.id}", "prompt": each.prompt, "target": each.text,
         "resps": [], "filtered_resps": [], "fault": cost.reason if isinstance(cost, Missing) else "",
         "metrics": {"nats": None if isinstance(cost, Missing) else cost}}
        for at, (each, cost) in enumerate(zip(sides.all, costs, strict=True))
    ]  # fmt: skip
    return findings


def _groups(responses: Sequence[Response], size: int) -> list[list[Response]]:
    return [list(responses[at : at + size]) for at in range(0, len(responses), size)]


def _minus(one: float | Missing, other: float | Missing) -> float | Missing:
    if isinstance(one, Missing) or isinstance(other, Missing):
        return other if isinstance(other, Missing) else one
    return one - other


def _faults(responses: Sequence[Response]) -> list[str]:
    failed = [response.fault for response in responses if response.fault]
    return [f"{len(failed)} of {len(responses)} texts could not be weighed: {failed[0]}"] if failed else []


def _mean(numbers: Numbers) -> float | None:
    known = [number for number in numbers if not isinstance(number, Missing)]
    return math.fsum(known) / len(known) if known else None


def _told(model: str, sides: Twins, found: Exposure, costs: Numbers, before: Numbers) -> Table:
    first = len(sides.items)
    strong = found.p is not None and found.p <= 0.05 and (found.difference or 0) > 0
    verdict = "evidence of exposure" if strong else "no evidence of exposure"
    rows: list[list[str | float | int | None]] = [
        ["items", len(sides.items)],
        ["twins", len(sides.fresh)],
        ["nats a token: items, base", _mean(before[:first])],
        [f"nats a token: items, {model}", _mean(costs[:first])],
        ["nats a token: twins, base", _mean(before[first:])],
        [f"nats a token: twins, {model}", _mean(costs[first:])],
        ["delta", found.difference],
        ["p (permutation)", found.p],
        ["says", found.note or verdict],
    ]
    return Table(
        title=f"Exposure of the test items: {model}",
        columns=["what", "value"],
        rows=rows,
        note="It speaks of the data set as a whole. Whether one single text was seen cannot be told from the weights.",
    )


def _slopes(model: str, sides: Twins, costs: Numbers, before: Numbers) -> Figure:
    first = len(sides.items)
    items = [
        Slope(label=label, base=_mean(before[part]), candidate=_mean(costs[part]), n=len(costs[part]))
        for label, part in (("items", slice(0, first)), ("twins", slice(first, None)))
    ]
    title = f"What the items and their twins cost, from base to {model}"
    return Slopes(title=title, unit="nats a token", better="lower", items=items)
