"""Classification requests to passages and back, each distinct text computed once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.errors import CheckpointBroken
from harness.exchange import UNASKED, Response, Scored
from harness.local.batch import Exhausted, in_batches
from harness.local.labels import Labels, Passage, classify
from harness.local.quiet import quiet
from harness.local.seat import Numbered, Seat, exhausted, fault, not_finite
from harness.score import INFRASTRUCTURE


def classify_requests(seat: Seat, labels: Labels, block: Sequence[Numbered]) -> Iterator[tuple[int, Response]]:
    """(index, response) batch by batch; whatever is to be scored must be labels of the head.

    Raises:
        CheckpointBroken: logits that are not finite.
    """
    with quiet():
        tokens = seat.encoder.tokens(request.prompt for _, request in block)
    asked: dict[Passage, list[tuple[int, list[int]]]] = {}
    for index, request in block:
        ids, places = tokens[request.prompt], labels.find(request.continuations)
        if request.kind == "generate":
            yield index, fault("a sequence classifier writes no text; ask it for labels (output: label)")
        elif isinstance(places, str):
            yield index, fault(places, INFRASTRUCTURE)
        elif not places or not ids:
            yield index, fault("nothing was given to classify", INFRASTRUCTURE)
        elif seat.context is not None and len(ids) > seat.context:
            told = f"the text has {len(ids)} tokens, but the model's context holds {seat.context}"
            yield index, fault(told, finish=UNASKED)
        else:
            asked.setdefault(Passage(tuple(ids)), []).append((index, places))

    def run(batch: Sequence[Passage]) -> list[list[float]]:
        with quiet(), seat.lease.model() as model:
            return classify(model, batch, seat.device)

    requests, padded = dict(block), seat.ways.padded and not seat.alone
    for batch, result in in_batches(list(asked), seat.budget, run, alike=lambda passage: None if padded else passage):
        for at, passage in enumerate(batch):
            for index, places in asked[passage]:
                if isinstance(result, Exhausted):
                    yield index, exhausted(seat)
                elif all(math.isfinite(value) for value in result[at]):
                    yield index, _response(result[at], places, passage)
                else:
                    raise CheckpointBroken(not_finite(requests[index]))


def _response(row: Sequence[float], places: Sequence[int], passage: Passage) -> Response:
    best = max(range(len(row)), key=row.__getitem__)
    scores = tuple(Scored(row[place], 1, place == best) for place in places)
    return Response(scores=scores, prompt_tokens=passage.length)
