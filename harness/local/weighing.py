"""Scoring requests to units and back: what is asked of a language model about given continuations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import CheckpointBroken
from harness.exchange import UNASKED, Request, Response, Scored
from harness.local.batch import Exhausted, in_batches
from harness.local.encode import windows
from harness.local.encoderdecoder import by_source, compute_pairs
from harness.local.folder import CAUSAL, SEQ2SEQ
from harness.local.quiet import quiet
from harness.local.scoring import Unit, Weight, bundles, compute
from harness.local.seat import Numbered, Seat, exhausted, fault, not_finite, short
from harness.score import INFRASTRUCTURE

Parts = list[list[Unit]]
"""For each continuation its units: one, or several where it is read in windows."""


def weigh_requests(seat: Seat, block: Sequence[Numbered], shown: Mapping[str, str]) -> Iterator[tuple[int, Response]]:
    """(index, response) as soon as every continuation of a request is weighed; `shown` is prompt → rendered prompt.

    Raises:
        CheckpointBroken: a log-probability is not finite.
    """
    wanted: dict[int, Parts] = {}
    for index, parts in _parts(seat, block, shown):
        if isinstance(parts, Response):
            yield index, parts
        else:
            wanted[index] = parts
    asked, weights = dict(block), dict[Unit, Weight]()
    users: dict[Unit, list[int]] = {}
    for index, parts in wanted.items():
        for unit in dict.fromkeys(unit for units in parts for unit in units):
            users.setdefault(unit, []).append(index)
    missing = {index: len({unit for units in parts for unit in units}) for index, parts in wanted.items()}
    for batch, result in _weigh(seat, users):
        if isinstance(result, Exhausted):
            for index in dict.fromkeys(i for unit in batch for i in users[unit] if i in missing):
                del missing[index]
                yield index, exhausted(seat)
            continue
        for unit, weight in result:
            weights[unit] = weight
            for index in users[unit]:
                if not math.isfinite(weight.logprob):
                    raise CheckpointBroken(not_finite(asked[index]))
                if index in missing:
                    missing[index] -= 1
                if missing.get(index) == 0:
                    del missing[index]
                    yield index, _scored(wanted[index], weights)


def _parts(seat: Seat, block: Sequence[Numbered], shown: Mapping[str, str]) -> Iterator[tuple[int, Parts | Response]]:
    """For each request what is to be weighed, or what is wrong with it."""
    texts = [[(shown[r.prompt], _continuation(r, text)) for text in r.continuations] for _, r in block]
    split = seat.encoder.separate if seat.head == SEQ2SEQ else seat.encoder.split
    with quiet():
        pairs = iter(split([pair for row in texts for pair in row]))
    for (index, _), row in zip(block, texts, strict=True):
        found = [_place(seat, text, *next(pairs)) for _, text in row]
        wrong = next((one for one in found if isinstance(one, Response)), None)
        if not row:
            wrong = fault("nothing was given to score", INFRASTRUCTURE)
        yield index, wrong or [one for one in found if not isinstance(one, Response)]


def _continuation(request: Request, text: str) -> str:
    """A label is set off from the prompt by a blank; a continuation is taken as it is."""
    joined = not request.prompt or request.prompt[-1].isspace()
    return text if request.kind == "score" or joined else f" {text}"


def _place(seat: Seat, text: str, context: list[int], ids: list[int]) -> list[Unit] | Response:
    limit = seat.context
    if not ids:
        said = f"the continuation {short(text)!r} has no token of its own after this prompt"
        return fault(said, INFRASTRUCTURE)
    if not context:
        return fault("the tokenizer has no begin and no end token, so nothing can be scored after an empty prompt")
    read = max(len(context), len(ids)) if seat.head == SEQ2SEQ else len(context) + len(ids) - 1
    if limit is None or read <= limit:
        return [Unit(tuple(context), tuple(ids))]
    if seat.head == CAUSAL and len(context) == 1:
        return [Unit(tuple(before), tuple(after)) for before, after in windows(ids, context[0], limit)]
    return fault(
        f"the prompt has {len(context)} tokens and the text to be scored after it {len(ids)}, but the model's context "
        f"holds {limit}; shorten the prompt or take fewer examples into it",
        finish=UNASKED,
    )


def _weigh(seat: Seat, units: Mapping[Unit, Any]) -> Iterator[tuple[list[Unit], list[tuple[Unit, Weight]] | Exhausted]]:
    pairs, budget = seat.head == SEQ2SEQ, seat.budget
    made = by_source(units, budget.rows) if pairs else bundles(units, share=seat.ways.shared, most=budget.rows)

    def run(batch: Sequence[Any]) -> list[tuple[Unit, Weight]]:
        with quiet(), seat.lease.model() as model:
            return (compute_pairs if pairs else compute)(model, batch, seat.device)

    def alike(bundle: Any) -> Any:
        return bundle.shared, None if seat.ways.padded else bundle.length

    for batch, result in in_batches(made, budget, run, alike=alike):
        yield [unit for bundle in batch for unit in bundle.units], result


def _scored(parts: Parts, weights: Mapping[Unit, Weight]) -> Response:
    scores = tuple(
        Scored(
            sum(weights[unit].logprob for unit in units),
            sum(len(unit.continuation) for unit in units),
            all(weights[unit].greedy for unit in units),
        )
        for units in parts
    )
    return Response(scores=scores, prompt_tokens=len(parts[0][0].context), new_tokens=sum(s.tokens for s in scores))
