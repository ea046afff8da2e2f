"""Scoring requests to units: what is asked of a language model about given continuations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.exchange import UNASKED, Request, Response
from harness.local.encode import Encoder, windows
from harness.local.folder import CAUSAL, SEQ2SEQ
from harness.local.quiet import quiet
from harness.local.seat import Numbered, Seat, fault, short
from harness.local.sheet import Parts, Sheet
from harness.local.trie import Unit, grow
from harness.score import INFRASTRUCTURE

PIECES = 4096
"""Continuations that are encoded together: bounds the memory of lists of ids."""


def sheet_of(seat: Seat, block: Sequence[Numbered], shown: Mapping[tuple[str, str], str]) -> Sheet:
    """The block's sheet; `shown` is (system, prompt) → rendered prompt."""
    walked, encoder = bool(seat.ways.tree.way) and not seat.alone, seat.encoder
    who = (id(encoder.tokenizer), encoder.chat, encoder.system, seat.context, walked, seat.ways.steady)
    key = (*who, _digest(block))
    return seat.lease.resident.desk.sheet(key, lambda: _make(seat, block, shown, walked))


def _digest(block: Sequence[Numbered]) -> bytes:
    """What the block asks, in a few bytes: its texts are not to be held for as long as the sheet is."""
    found = hashlib.sha256()
    for _, request in block:
        said = (request.kind, request.prompt, request.continuations, request.system, request.each)
        found.update(repr(said).encode("ascii", "backslashreplace"))
    return found.digest()


def _make(seat: Seat, block: Sequence[Numbered], shown: Mapping[tuple[str, str], str], walked: bool) -> Sheet:
    import numpy as np

    numbers: dict[Unit, int] = {}
    parts: list[Parts | Response] = []
    begun: list[int] = []
    for found in _parts(seat, block, shown):
        if isinstance(found, Response):
            parts.append(found)
            begun.append(0)
        else:
            parts.append([[numbers.setdefault(unit, len(numbers)) for unit in units] for units in found])
            begun.append(found[0][0].begin)
    users: list[list[int]] = [[] for _ in numbers]
    each = np.zeros(len(numbers), dtype=bool)
    for place, (own, (_, request)) in enumerate(zip(parts, block, strict=True)):
        if not isinstance(own, Response):
            for unit in (distinct := {unit for row in own for unit in row}):
                users[unit].append(place)
            each[list(distinct)] |= request.each
    steady = seat.ways.steady
    inside = [unit for unit in numbers if walked and (steady is None or unit.fed <= steady)]
    trie = None
    if inside:
        trie, order = grow(inside), np.array([numbers[unit] for unit in inside])
        trie = replace(trie, unit=order[trie.unit])
    kept = set(inside)
    rest = {number: unit for unit, number in numbers.items() if unit not in kept}
    counts = np.array([unit.count for unit in numbers], dtype=np.int64)
    return Sheet(parts, begun, users, counts, each, trie, rest)


def _parts(
    seat: Seat, block: Sequence[Numbered], shown: Mapping[tuple[str, str], str]
) -> Iterator[list[list[Unit]] | Response]:
    """For each request what is to be weighed, or what is wrong with it."""
    for some in _pieces([request for _, request in block]):
        pairs = [(shown[r.system, r.prompt], _continuation(r, text)) for r in some for text in r.continuations]
        with quiet():
            split = iter(_split(seat.encoder, seat.head)(pairs))
        for request in some:
            found = [
                _place(seat, text, *next(split)) for text in (_continuation(request, t) for t in request.continuations)
            ]
            wrong = next((one for one in found if isinstance(one, Response)), None)
            if not found:
                wrong = fault("nothing was given to score", INFRASTRUCTURE)
            yield wrong or [one for one in found if not isinstance(one, Response)]


def _split(encoder: Encoder, head: str) -> Callable[[Sequence[tuple[str, str]]], list[tuple[list[int], list[int]]]]:
    return encoder.separate if head == SEQ2SEQ else encoder.split


def _pieces(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Neighbours that together have so many continuations that they are worth encoding together, and no more."""
    some: list[Request] = []
    pairs = 0
    for request in requests:
        some.append(request)
        pairs += len(request.continuations)
        if pairs >= PIECES:
            yield some
            some, pairs = [], 0
    if some:
        yield some


def _continuation(request: Request, text: str) -> str:
    """A label is set off from the prompt by a blank; a continuation is taken as it is."""
    joined = not request.prompt or request.prompt[-1].isspace()
    return text if request.kind == "score" or joined else f" {text}"


def _place(seat: Seat, text: str, context: Sequence[int], ids: Sequence[int]) -> list[Unit] | Response:
    limit = seat.context
    if not ids:
        said = f"the continuation {short(text)!r} has no token of its own after this prompt"
        return fault(said, INFRASTRUCTURE)
    if not context:
        return fault("the tokenizer has no begin and no end token, so nothing can be scored after an empty prompt")
    read = max(len(context), len(ids)) if seat.head == SEQ2SEQ else len(context) + len(ids) - 1
    if limit is None or read <= limit:
        return [Unit.of(context, ids)]
    if seat.head == CAUSAL and len(context) == 1:
        return [Unit.of(before, after) for before, after in windows(list(ids), context[0], limit)]
    return fault(
        f"the prompt has {len(context)} tokens and the text to be scored after it {len(ids)}, but the model's context "
        f"holds {limit}; shorten the prompt or take fewer examples into it",
        finish=UNASKED,
    )
