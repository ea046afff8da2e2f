"""Generation requests to drafts and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.errors import CheckpointBroken
from harness.exchange import UNASKED, Response
from harness.local.batch import Exhausted, in_batches
from harness.local.decoding import Draft, NotANumber, Writer, Written
from harness.local.folder import SEQ2SEQ
from harness.local.quiet import quiet
from harness.local.seat import Numbered, Seat, exhausted, fault, not_finite
from harness.local.style import Style, write_batch


def generate_requests(
    seat: Seat, style: Style, writer: Writer, block: Sequence[Numbered], shown: Mapping[str, str]
) -> Iterator[tuple[int, Response]]:
    """(index, response) batch by batch; `shown` is prompt → rendered prompt.

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
    run = _writing(seat, style, writer, asked)
    for batch, result in in_batches(list(asked), seat.budget, run, alike=lambda draft: _alike(seat, draft)):
        for at, draft in enumerate(batch):
            said = exhausted(seat) if isinstance(result, Exhausted) else _response(draft, result[at])
            for index, _ in asked[draft]:
                yield index, said


def _alike(seat: Seat, draft: Draft) -> tuple[object, ...]:
    return draft.stop, draft.most, None if seat.ways.padded else draft.length


def _writing(
    seat: Seat, style: Style, writer: Writer, asked: Mapping[Draft, list[Numbered]]
) -> Callable[[Sequence[Draft]], list[Written]]:
    def run(batch: Sequence[Draft]) -> list[Written]:
        try:
            with quiet(), seat.lease.model() as model:
                return write_batch(model, seat.head, batch, writer, style, seat.device, cached=seat.ways.shared)
        except NotANumber as found:
            raise CheckpointBroken(not_finite(asked[batch[found.row]][0][1])) from found

    return run


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
