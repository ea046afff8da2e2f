"""Generation requests to drafts and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness.errors import CheckpointBroken
from harness.exchange import UNASKED, Response
from harness.local.batch import Exhausted, in_batches
from harness.local.decoding import Draft, NotANumber, Writer, Written
from harness.local.folder import SEQ2SEQ
from harness.local.quiet import quiet
from harness.local.seat import Numbered, Seat, exhausted, fault, not_finite
from harness.local.slots import Slots
from harness.local.style import Style, write_batch


def generate_requests(
    seat: Seat, style: Style, writer: Writer, block: Sequence[Numbered], shown: Mapping[str, str]
) -> Iterator[tuple[int, Response]]:
    """(index, response) as they are ready; `shown` is prompt → rendered prompt.

    Raises:
        CheckpointBroken: logits that are not finite.
    """
    with quiet():
        tokens = seat.encoder.tokens(shown[request.prompt] for _, request in block)
    asked: dict[Draft, list[Numbered]] = {}
    for index, request in block:
        prompt = tokens[shown[request.prompt]] or seat.encoder.nothing
        if wrong := _unfit(seat, len(prompt), request.max_new_tokens):
            yield index, fault(wrong, finish=UNASKED)
        elif request.max_new_tokens < 1:
            yield index, Response(text="", finish="length", prompt_tokens=len(prompt))
        else:
            seed = request.seed if request.temperature > 0 else 0
            draft = Draft(tuple(prompt), request.max_new_tokens, request.stop, request.temperature, seed)
            asked.setdefault(draft, []).append((index, request))
    for draft, written in _written(seat, style, writer, asked):
        said = exhausted(seat) if isinstance(written, Exhausted) else _response(draft, written)
        for index, _ in asked[draft]:
            yield index, said


def generation_path(seat: Seat, style: Style) -> str:
    """How texts are generated, in a few words for the report."""
    if style.elaborate:
        return f"generation by transformers.generate ({', '.join(sorted(style.elaborate))})"
    if seat.slots.right:
        return "generation in slots"
    return "generation in batches" if seat.ways.shared else "generation by transformers.generate"


def _written(
    seat: Seat, style: Style, writer: Writer, asked: Mapping[Draft, list[Numbered]]
) -> Iterator[tuple[Draft, Written | Exhausted]]:
    """Every draft with what came of it, as soon as it is there: in slots those for which slots are proved."""
    covered = [draft for draft in asked if not style.elaborate and seat.slots.covers(draft)]
    slots = Slots(covered, writer, seat.budget, seat.device, curtail=seat.slots.curtailed)
    while slots.busy:
        with _named(asked), quiet(), seat.lease.model() as model:
            ended = slots.advance(model)
        yield from ended
    taken = set(covered)
    rest = [draft for draft in asked if draft not in taken]

    def run(batch: Sequence[Draft]) -> list[Written]:
        with _named(asked), quiet(), seat.lease.model() as model:
            return write_batch(
                model, seat.head, batch, writer, style, seat.device, seat.sources, cached=seat.ways.shared
            )

    for batch, result in in_batches(rest, seat.budget, run, alike=lambda draft: _alike(seat, style, draft)):
        for at, draft in enumerate(batch):
            yield draft, result if isinstance(result, Exhausted) else result[at]


def _alike(seat: Seat, style: Style, draft: Draft) -> tuple[object, ...]:
    """What drafts in one batch must agree in: the settings of one call of `generate`, and the length where there is no
    padding."""
    together = (draft.stop, draft.most) if style.elaborate or not seat.ways.shared else ()
    return (*together, None if seat.ways.padded else len(draft.prompt))


@contextmanager
def _named(asked: Mapping[Draft, list[Numbered]]) -> Iterator[None]:
    """Name the request, where its logits are not finite."""
    try:
        yield
    except NotANumber as found:
        raise CheckpointBroken(not_finite(asked[found.draft][0][1])) from found


def _unfit(seat: Seat, prompt: int, most: int) -> str:
    """Why a prompt cannot be answered whole; empty where it can."""
    limit = seat.context
    if not prompt:
        return "the prompt is empty, and the tokenizer has neither a begin nor an end token to start from"
    if limit is None or (seat.head == SEQ2SEQ and prompt <= limit) or prompt + most <= limit:
        return ""
    return (
        f"the prompt has {prompt} tokens and up to {most} new ones are asked for, but the model's context holds "
        f"{limit}; shorten the prompt or lower max_new_tokens"
    )


def _response(draft: Draft, written: Written) -> Response:
    return Response(
        text=written.text, finish=written.finish, prompt_tokens=len(draft.prompt), new_tokens=len(written.tokens)
    )
