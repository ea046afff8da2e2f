"""A local checkpoint that answers: requests in, batches through the weights, responses out as they are ready."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.exchange import Facts, Request, Response, lots
from harness.local.batch import Budget
from harness.local.canonical import ROWS
from harness.local.classifying import classify_requests
from harness.local.decoding import Writer
from harness.local.encode import Encoder, TemplateFault
from harness.local.folder import CLASSIFIER
from harness.local.generating import generate_requests, generation_path
from harness.local.labels import Labels
from harness.local.probe import context_length, probe_ids
from harness.local.proof import OURS, narrowed, prove_canonical
from harness.local.resident import Lease
from harness.local.room import free_bytes
from harness.local.seat import Numbered, Seat, fault
from harness.local.sources import Sources
from harness.local.style import Style
from harness.local.weighing import weigh_requests

BLOCK = 16384
"""Requests that are encoded and answered together: bounds memory for any number of them."""
TEXT = 1 << 26
"""Characters of prompts, each counted with every continuation, that are encoded together: the same for long ones."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suite says about asking this model."""

    batch_size: int | str = "auto"
    chat: bool = False
    system: str = ""
    gen_kwargs: Mapping[str, Any] | None = None
    reproducible: bool = False


class Answerer:
    """The `Model` of a local checkpoint."""

    def __init__(self, lease: Lease, settings: Settings) -> None:
        model = lease.resident.loaded.model
        budget = _budget(lease, settings.batch_size)
        encoder = Encoder(lease.tokenizer, settings.chat, settings.system)
        levels = _levels(lease) if settings.reproducible else ()
        context = context_length(model.config, lease.tokenizer)
        sources = Sources(alone=settings.reproducible)
        self._seat = Seat(lease, encoder, budget, context, settings.reproducible, levels, sources)
        self._meter = lease.counted()
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
        path = self._path()
        if self._labels is None:
            path += f"; {generation_path(seat, self._style)}"
        if seat.budget.halved:
            path += f"; halved {seat.budget.halved} times for want of memory, to {seat.budget.rows} rows"
            path += f" or packs of {seat.budget.pack} tokens"
        return Facts(
            dtype=str(lease.resident.dtype).removeprefix("torch."), device=str(seat.device), head=seat.head,
            parameters=lease.parameters, gate=(*lease.proved, *self._promise()), warnings=lease.warnings, path=path,
            effort=self._meter.effort,
        )  # fmt: skip

    def _path(self) -> str:
        seat = self._seat
        if seat.alone:
            return "plain, reproducible"
        path = seat.ways.path
        if seat.levels:
            return f"{path} in canonical shapes, reproducible (packs of {min(ROWS, seat.budget.pack)} tokens)"
        return f"{path} (packs of up to {seat.budget.pack} tokens)" if seat.ways.tree.way else path

    def _promise(self) -> tuple[str, ...]:
        """What is proved of reproducible scores, and what they cost."""
        if not self._seat.reproducible:
            return ()
        if self._seat.alone:
            return ("scores are reproducible bit for bit: each text is computed by itself, sharing nothing",)
        meter = self._meter
        cost = (
            f"; {meter.filled / meter.computed:.0%} of all rows computed only fill up shapes" if meter.computed else ""
        )
        return (f"scores do not depend, to the last bit, on what else is asked: shown on the probe{cost}",)

    def close(self) -> None:
        """Give the weights back; they stay for others who use them."""
        if not self._closed:
            self._closed = True
            self._seat.lease.release()

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """(index, response) as they are ready. Requests marked fresh are answered first, one by one or as many as are
        to be asked together, and timed.

        Raises:
            CheckpointBroken: logits that are not finite.
        """
        if self._closed:
            raise RuntimeError("this model was closed")
        numbered = list(enumerate(requests))
        fresh = [pair for pair in numbered if pair[1].fresh]
        for lot in lots([request for _, request in fresh]):
            self._seat.sources.forget()  # what is timed must not be known already
            start = time.perf_counter()
            answered = list(self._answer([fresh[at] for at in lot]))
            seconds = time.perf_counter() - start
            for index, response in answered:
                self._meter.ask(response)
                yield index, replace(response, seconds=seconds)
        for block in _blocks([pair for pair in numbered if not pair[1].fresh]):
            for index, response in self._answer(block):
                self._meter.ask(response)
                yield index, response

    def _answer(self, block: Sequence[Numbered]) -> Iterator[tuple[int, Response]]:
        if self._labels is not None:
            yield from classify_requests(self._seat, self._labels, block)
            return
        # Text scored after nothing stays plain text, in a chat too, as in lm-eval's perplexity tasks.
        weighed, shown = yield from self._shown([pair for pair in block if pair[1].kind != "generate"], {("", ""): ""})
        yield from weigh_requests(self._seat, weighed, shown)
        written: dict[str, list[Numbered]] = {}
        for pair in block:
            if pair[1].kind == "generate":
                written.setdefault(pair[1].system, []).append(pair)
        for system, pairs in written.items():
            good, shown = yield from self._shown(pairs, {})
            prompts = {request.prompt: shown[system, request.prompt] for _, request in good}
            yield from generate_requests(self._seat, self._style, self._writer, good, prompts)

    def _shown(
        self, block: Sequence[Numbered], shown: dict[tuple[str, str], str]
    ) -> Generator[tuple[int, Response], None, tuple[list[Numbered], Mapping[tuple[str, str], str]]]:
        """The requests whose prompts can be written, with (system, prompt) → text as the model gets it; the others fail
        here."""
        good: list[Numbered] = []
        for index, request in block:
            try:
                if (key := (request.system, request.prompt)) not in shown:
                    shown[key] = self._seat.encoder.render(request.prompt, request.system)
                good.append((index, request))
            except TemplateFault as failed:
                yield index, fault(str(failed))
        return good, shown


def _budget(lease: Lease, asked: int | str) -> Budget:
    """How much may be computed together: by the model's own numbers and the memory that its weights have left."""
    resident, config = lease.resident, lease.resident.loaded.model.config.get_text_config()
    vocabulary, width = (int(getattr(config, name, 0) or 1) for name in ("vocab_size", "hidden_size"))
    item, free = resident.dtype.itemsize, free_bytes(resident.device)
    return Budget.of(resident.device.type, vocabulary, asked, width=width, item=item, free=free)


def _blocks(pairs: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    """All of it where that is little; else, sorted by prompts so that neighbours share most, so much at a time."""
    sizes = [len(request.prompt) * max(1, len(request.continuations)) for _, request in pairs]
    if len(pairs) <= BLOCK and sum(sizes) <= TEXT:
        if pairs:
            yield pairs
        return
    order = sorted(range(len(pairs)), key=lambda at: (pairs[at][1].kind, pairs[at][1].system, pairs[at][1].prompt))
    block: list[Numbered] = []
    held = 0
    for at in order:
        if block and (len(block) == BLOCK or held + sizes[at] > TEXT):
            yield block
            block, held = [], 0
        block.append(pairs[at])
        held += sizes[at]
    yield block


def _levels(lease: Lease) -> tuple[int, ...]:
    """Places read in packs of canonical shapes; none where these do not keep scores from depending on each other."""
    if lease.ways.tree.way not in OURS:
        return ()
    with lease.model() as model, narrowed(model):
        return prove_canonical(model, probe_ids(model), lease.ways.tree.head)
