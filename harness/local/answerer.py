"""A local checkpoint that answers: requests in, batches through the weights, responses out as they are ready."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.exchange import Facts, Request, Response
from harness.local.batch import Budget
from harness.local.classifying import classify_requests
from harness.local.decoding import Writer
from harness.local.encode import Encoder, TemplateFault
from harness.local.folder import CLASSIFIER
from harness.local.generating import generate_requests
from harness.local.labels import Labels
from harness.local.probe import context_length
from harness.local.resident import Lease
from harness.local.seat import Numbered, Seat, fault
from harness.local.style import Style
from harness.local.weighing import weigh_requests

BLOCK = 16384
"""Requests that are encoded and answered together: bounds memory for any number of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suite says about asking this model."""

    batch_size: int | str = "auto"
    chat: bool = False
    system: str = ""
    gen_kwargs: Mapping[str, Any] | None = None


class Answerer:
    """The `Model` of a local checkpoint."""

    def __init__(self, lease: Lease, settings: Settings) -> None:
        model = lease.resident.loaded.model
        vocabulary = int(getattr(model.config.get_text_config(), "vocab_size", 0) or 1)
        budget = Budget.of(lease.resident.device.type, vocabulary, settings.batch_size)
        encoder = Encoder(lease.tokenizer, settings.chat, settings.system)
        self._seat = Seat(lease, encoder, budget, context_length(model.config, lease.tokenizer))
        self._labels: Labels | None = None
        if self._seat.head == CLASSIFIER:
            self._labels = Labels.of(model.config)
        else:
            self._style = Style.of(model, lease.tokenizer, settings.gen_kwargs or {})
            self._writer = Writer(lease.tokenizer, self._style.ends, self._style.sampling)
        self._closed = False

    @property
    def facts(self) -> Facts:
        """What the load gate proved, and how answers are computed."""
        lease, seat = self._seat.lease, self._seat
        path = seat.ways.path
        if self._labels is None and self._style.elaborate:
            path += f"; generation by transformers.generate ({', '.join(sorted(self._style.elaborate))})"
        if seat.budget.halved:
            path += f"; batches halved {seat.budget.halved} times for want of memory, to {seat.budget.rows} rows"
        return Facts(
            dtype=str(lease.resident.dtype).removeprefix("torch."), device=str(seat.device), head=seat.head,
            parameters=lease.parameters, gate=lease.proved, warnings=lease.warnings, path=path,
        )  # fmt: skip

    def close(self) -> None:
        """Give the weights back; they stay for others who use them."""
        if not self._closed:
            self._closed = True
            self._seat.lease.release()

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """(index, response) as they are ready. Requests marked fresh are answered first, one by one, and timed.

        Raises:
            CheckpointBroken: logits that are not finite.
        """
        if self._closed:
            raise RuntimeError("this model was closed")
        numbered = list(enumerate(requests))
        for pair in (pair for pair in numbered if pair[1].fresh):
            start = time.perf_counter()
            ((index, response),) = self._answer([pair])
            yield index, replace(response, seconds=time.perf_counter() - start)
        rest = [pair for pair in numbered if not pair[1].fresh]
        for at in range(0, len(rest), BLOCK):
            yield from self._answer(rest[at : at + BLOCK])

    def _answer(self, block: Sequence[Numbered]) -> Iterator[tuple[int, Response]]:
        if self._labels is not None:
            yield from classify_requests(self._seat, self._labels, block)
            return
        written = yield from self._shown([pair for pair in block if pair[1].kind == "generate"], {})
        # Text scored after nothing stays plain text, in a chat too, as in lm-eval's perplexity tasks.
        weighed = yield from self._shown([pair for pair in block if pair[1].kind != "generate"], {"": ""})
        yield from weigh_requests(self._seat, *weighed)
        yield from generate_requests(self._seat, self._style, self._writer, *written)

    def _shown(
        self, block: Sequence[Numbered], shown: dict[str, str]
    ) -> Generator[tuple[int, Response], None, tuple[list[Numbered], Mapping[str, str]]]:
        """The requests whose prompts can be written, with prompt → text as the model gets it; the others fail here."""
        good: list[Numbered] = []
        for index, request in block:
            try:
                if request.prompt not in shown:
                    shown[request.prompt] = self._seat.encoder.render(request.prompt)
                good.append((index, request))
            except TemplateFault as failed:
                yield index, fault(str(failed))
        return good, shown
