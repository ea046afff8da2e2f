"""The pool: what all checks want to know of one model, asked once, from the cache where it was asked before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter

from harness.errors import Broken, CheckpointBroken, HarnessError, OutputBroken
from harness.exchange import Facts, Model, Request, Response, lots
from harness.footprint import footprint
from harness.run import Traffic
from harness.store import Answers, Recall
from harness.watch import Watch

KEPT_AT_ONCE = 256
"""Answers are stored in lots of this many: what an interruption can lose."""


@dataclass(slots=True)
class Place:
    """One model's place in the pool: opened when something must really be asked."""

    name: str
    open: Callable[[], Model]
    answers: Answers | None
    """Its cache; None where answers are not kept (recordings)."""
    by_sample: bool = False
    """Whether equal prompts of different samples may have different answers (recordings)."""
    model: Model | None = None
    broken: Broken | None = None
    """Why it answers no more."""
    counted: dict[str, float] = field(default_factory=dict)
    known: Recall = field(default_factory=Recall)
    """What was answered in this run, by `key`."""

    def key(self, request: Request) -> str:
        """What two requests must share to be answered once: the question, and for a recording the sample."""
        return f"{request.digest}{request.sample}" if self.by_sample else request.digest

    def opened(self) -> Model:
        """The model, loaded and past its gate.

        Raises:
            Broken: it cannot be trusted, or not be loaded; the same at every call.
        """
        if self.broken is not None:
            raise self.broken
        if self.model is None:
            with self.watched("loading"):
                self.model = self.open()
        return self.model

    @contextmanager
    def watched(self, doing: str) -> Iterator[None]:
        """What goes wrong inside is this model's fault, and its end: a crash too.

        Raises:
            Broken: what went wrong, also kept in `broken`.
        """
        try:
            yield
        except OutputBroken:
            raise  # the disk, not the model
        except Broken as error:
            self.broken = error
            raise
        except HarnessError:
            raise
        except Exception as error:
            text = f"the model {self.name} crashed while {doing}: {type(error).__name__}: {error}"
            self.broken = CheckpointBroken(text)
            raise self.broken from error

    @property
    def facts(self) -> Facts | None:
        """What the model says of itself, if it was opened."""
        return self.model.facts if self.model is not None else None

    def count(self, **numbers: float) -> None:
        """Add to this model's traffic."""
        for name, number in numbers.items():
            self.counted[name] = self.counted.get(name, 0) + number

    def traffic(self) -> Traffic:
        """What was asked of this model so far."""
        whole = {name: int(number) for name, number in self.counted.items() if name != "seconds"}
        return Traffic(**whole, seconds=self.counted.get("seconds", 0.0))


class Pool:
    """Every model of a run by name; `answer` is the only way to ask one."""

    def __init__(self, places: Iterable[Place], watch: Watch) -> None:
        self.places = {place.name: place for place in places}
        self.glance: Callable[[], None] = lambda: None
        """Called now and then while answers come in."""
        self._watch = watch

    def known(self, name: str, request: Request) -> Response | None:
        """The answer of a model to a request, if it was given in this run."""
        place = self.places[name]
        return place.known.get(place.key(request))

    def answer(self, asked: Sequence[tuple[str, Request]]) -> list[Response]:
        """One response for each (model name, request), in order; a model that breaks (`place.broken`) gives faults.

        Fresh requests are asked in the order given, after everything else: one by one, or at once where they are marked
        to be asked together.
        """
        responses: dict[int, Response] = {}
        for name in dict.fromkeys(model for model, _ in asked):
            at = [i for i, (model, request) in enumerate(asked) if model == name and not request.fresh]
            place = self.places[name]
            try:
                found = self._batch(place, [asked[i][1] for i in at])
            except Broken as error:
                if place.broken is not error:
                    raise
                found = [_fault(error)] * len(at)
            responses.update(zip(at, found, strict=True))
        fresh = [i for i, (_, request) in enumerate(asked) if request.fresh]
        for lot in lots([replace(asked[i][1], to=asked[i][0]) for i in fresh]):
            at = [fresh[i] for i in lot]
            place = self.places[asked[at[0]][0]]
            responses.update(zip(at, self._timed(place, [asked[i][1] for i in at]), strict=True))
        return [responses[i] for i in range(len(asked))]

    def close(self) -> None:
        """Close every model that was opened."""
        for place in self.places.values():
            if place.model is not None:
                place.model.close()

    def _batch(self, place: Place, requests: Sequence[Request]) -> list[Response]:
        keys = [place.key(request) for request in requests]
        found = place.known.get_many(keys)
        distinct = {key: request for key, request in zip(keys, requests, strict=True) if key not in found}
        place.count(asked=len(requests), distinct=len(distinct))
        if place.answers is not None and distinct:
            cached = place.answers.get_many(list(distinct))
            found |= cached
            place.known.put_many(cached)
            place.count(cached=len(cached))
            self._watch.advance(len(cached), cached=len(cached))
        if rest := sorted(((key, r) for key, r in distinct.items() if key not in found), key=_in_order):
            found |= self._compute(place, [key for key, _ in rest], [request for _, request in rest])
        return [found[key] for key in keys]

    def _compute(self, place: Place, keys: Sequence[str], requests: Sequence[Request]) -> dict[str, Response]:
        began = perf_counter()
        fresh: dict[str, Response] = {}
        try:
            with place.watched("answering"):
                return self._ask(place, keys, requests, fresh)
        finally:
            self._keep(place, fresh)
            place.count(seconds=perf_counter() - began)

    def _ask(
        self, place: Place, keys: Sequence[str], requests: Sequence[Request], fresh: dict[str, Response]
    ) -> dict[str, Response]:
        """Key → response of each; answers are stored in lots, and what is not stored yet stands in `fresh`."""
        found: dict[str, Response] = {}
        for at, response in place.opened().answer(requests):
            found[keys[at]] = response
            place.known.put(keys[at], response)
            place.count(computed=1, prompt_tokens=response.prompt_tokens, new_tokens=response.new_tokens)
            if not response.fault:
                fresh[keys[at]] = response
            if len(fresh) >= KEPT_AT_ONCE:
                self._keep(place, fresh)
            self._watch.advance(1, response.prompt_tokens + response.new_tokens)
            self.glance()
        silent = [request for key, request in zip(keys, requests, strict=True) if key not in found]
        if silent:
            text = f"{len(silent)} of {len(requests)} requests unanswered: {silent[0].prompt[:80]!r}"
            raise CheckpointBroken(f"the model {place.name} left {text}")
        return found

    @staticmethod
    def _keep(place: Place, fresh: dict[str, Response]) -> None:
        if place.answers is not None and fresh:
            place.answers.put_many(fresh.items())
        fresh.clear()

    def _timed(self, place: Place, requests: list[Request]) -> list[Response]:
        """Requests that are asked at once; a recording has the seconds of single answers only."""
        try:
            with place.watched("answering"):
                model = place.opened()
                with footprint(watched=any(request.memory for request in requests)) as taken:
                    began = perf_counter()
                    found = dict(model.answer(requests))
                    seconds = perf_counter() - began
                if silent := [request for at, request in enumerate(requests) if at not in found]:
                    text = f"the model {place.name} left a request unanswered: {silent[0].prompt[:80]!r}"
                    raise CheckpointBroken(text)
        except Broken as error:
            if place.broken is not error:
                raise
            return [_fault(error)] * len(requests)
        answered = [found[at] for at in range(len(requests))]
        place.count(asked=len(requests), distinct=len(requests), computed=len(requests), seconds=seconds,
                    prompt_tokens=sum(r.prompt_tokens for r in answered),
                    new_tokens=sum(r.new_tokens for r in answered))  # fmt: skip
        for response in answered:
            self._watch.advance(1, response.prompt_tokens + response.new_tokens)
        return [_clocked(place, response, seconds, len(requests), taken.peak) for response in answered]


def _clocked(place: Place, response: Response, seconds: float, asked: int, peak: int | None) -> Response:
    """A response with the wall time and the memory that it took, with all that was asked at once with it."""
    if response.fault:
        return response
    if place.by_sample:
        return response if asked == 1 else replace(response, seconds=None)
    own = asked == 1 and response.seconds is not None
    return replace(response, seconds=response.seconds if own else seconds, peak_bytes=peak)


def _in_order(pair: tuple[str, Request]) -> tuple[str, ...]:
    """Requests that begin alike stand together, so that whoever answers can keep what they share."""
    request = pair[1]
    return (request.system, request.prompt, *request.continuations)


def _fault(error: Broken) -> Response:
    return Response(fault=str(error), blame="candidate")
