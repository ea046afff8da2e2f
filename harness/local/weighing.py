"""Units weighed, and the responses made of them as soon as all of their continuations are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointBroken
from harness.exchange import Response, Scored, Token
from harness.local.batch import Budget, Exhausted, in_batches
from harness.local.canonical import Canonical
from harness.local.encoderdecoder import by_source, compute_pairs
from harness.local.folder import SEQ2SEQ
from harness.local.logits import tokens_of
from harness.local.questions import sheet_of
from harness.local.scoring import Bundle, Weight, bundles, compute
from harness.local.seat import Numbered, Seat, exhausted, not_finite
from harness.local.sheet import Sheet
from harness.local.walk import walk

if TYPE_CHECKING:
    from harness.local.trie import Trie, Unit

Done = list[tuple[int, Weight | None]]
"""Units by number with what they weigh; None where memory did not allow it."""


def weigh_requests(
    seat: Seat, block: Sequence[Numbered], shown: Mapping[tuple[str, str], str]
) -> Iterator[tuple[int, Response]]:
    """(index, response) as soon as every continuation of a request is weighed; `shown` is (system, prompt) → rendered
    prompt.

    Raises:
        CheckpointBroken: a log-probability is not finite.
    """
    sheet = sheet_of(seat, block, shown)
    missing: dict[int, int] = {}
    for place, parts in enumerate(sheet.parts):
        if isinstance(parts, Response):
            yield block[place][0], parts
        else:
            missing[place] = len({unit for row in parts for unit in row})
    weights: list[Weight | None] = [None] * len(sheet.users)
    for unit, weight in (pair for done in _weights(seat, sheet) for pair in done):
        weights[unit] = weight
        for place in sheet.users[unit]:
            if weight is not None and not math.isfinite(weight.logprob):
                raise CheckpointBroken(not_finite(block[place][1]))
            if place not in missing:
                continue
            missing[place] -= 1
            if weight is None:
                del missing[place]
                yield block[place][0], exhausted(seat)
            elif not missing[place]:
                yield block[place][0], _response(sheet, place, weights, block[place][1].each)


def _response(sheet: Sheet, place: int, weights: Sequence[Weight | None], each: bool) -> Response:
    parts = sheet.parts[place]
    assert not isinstance(parts, Response)
    scores = tuple(_scored(sheet, row, weights, each) for row in parts)
    return Response(scores=scores, prompt_tokens=sheet.begun[place], new_tokens=sum(s.tokens for s in scores))


def _scored(sheet: Sheet, units: Sequence[int], weights: Sequence[Weight | None], each: bool) -> Scored:
    own = [weight for weight in (weights[unit] for unit in units) if weight is not None]
    tokens = tuple(token for weight in own for token in weight.each) if each else ()
    count = int(sum(sheet.counts[unit] for unit in units))
    return Scored(sum(weight.logprob for weight in own), count, all(weight.greedy for weight in own), tokens)


def _weights(seat: Seat, sheet: Sheet) -> Iterator[Done]:
    """What every unit of the sheet weighs, as it is ready."""
    if sheet.trie is not None:
        yield from _walked(seat, sheet, sheet.trie)
    if sheet.rest:
        yield from _batched(seat, sheet)


def _walked(seat: Seat, sheet: Sheet, trie: Trie) -> Iterator[Done]:
    """Units of the trie: what their tokens weigh is added up in the order of the tokens, whatever the packs."""
    import numpy as np

    course = Canonical(trie, seat.device, seat.levels) if seat.levels else seat.ways.tree.course(trie, seat.device)
    known = len(sheet.users)
    total, greedy = np.zeros(known), np.ones(known, dtype=bool)
    left = np.bincount(trie.unit, minlength=known)
    wants = sheet.each[trie.unit] if sheet.each.any() else None
    single: dict[int, list[Token]] = {}
    for told in walk(trie, course, seat.budget, seat.opened, seat.device, wants, seat.ways.tree.head):
        units = trie.unit[told.targets]
        if isinstance(told.reading, Exhausted):
            gone = np.unique(units)
            left[gone] = -1  # parts of theirs may still be weighed, but never all
            yield [(unit, None) for unit in gone.tolist()]
            continue
        np.add.at(total, units, told.reading.logprob)
        greedy[units[~told.reading.greedy]] = False
        for unit, token in zip(units.tolist(), tokens_of(told.reading), strict=False):
            if sheet.each[unit]:
                single.setdefault(unit, []).append(token)
        np.subtract.at(left, units, 1)
        ready = np.unique(units[left[units] == 0])
        rows = zip(ready.tolist(), total[ready].tolist(), greedy[ready].tolist(), strict=True)
        yield [(unit, Weight(logprob, flag, tuple(single.pop(unit, ())))) for unit, logprob, flag in rows]
    if isinstance(course, Canonical):
        seat.lease.counted().filled += course.filled


def _batched(seat: Seat, sheet: Sheet) -> Iterator[Done]:
    """Units that are computed in padded batches, or alone."""
    steady, each = seat.ways.steady, bool(sheet.each.any())
    numbers = {unit: number for number, unit in sheet.rest.items()}
    long = [unit for unit in numbers if steady is not None and unit.fed > steady]
    apart = set(numbers) if seat.alone else set(long)
    together = [unit for unit in numbers if unit not in apart]
    for units, alone in ((together, False), ([unit for unit in numbers if unit in apart], True)):
        for batch, result in _computed(seat, units, each, alone):
            if isinstance(result, Exhausted):
                yield [(numbers[unit], None) for bundle in batch for unit in bundle.units]
            else:
                yield [(numbers[unit], weight) for unit, weight in result]


def _computed(
    seat: Seat, units: Sequence[Unit], each: bool, alone: bool
) -> Iterator[tuple[Sequence[Bundle], list[tuple[Unit, Weight]] | Exhausted]]:
    pairs, padded = seat.head == SEQ2SEQ, seat.ways.padded
    budget = Budget(1, seat.budget.tokens, seat.budget.logits) if alone else seat.budget
    if pairs:
        made = by_source(units, budget.rows)
    else:
        made = bundles(units, share=seat.ways.shared and not alone, most=budget.rows)

    def run(batch: Sequence[Bundle]) -> list[tuple[Unit, Weight]]:
        with seat.opened() as model:
            if pairs:
                return compute_pairs(model, batch, seat.device, seat.sources, each=each)
            return compute(model, batch, seat.device, each=each, keep_all=alone)

    def alike(bundle: Bundle) -> Any:
        return bundle if alone else (bundle.shared, None if padded else bundle.length)

    yield from in_batches(made, budget, run, alike=alike)
