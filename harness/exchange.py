"""What is asked of a model and what comes back: the only way to touch a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness import digest

UNASKED = "unasked"
"""`Response.finish` where the question could not be put whole, and so was not put at all; nothing is ever cut."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model. Equal requests are asked once; `again` makes them unequal."""

    kind: str
    """`generate` text, `score` each of `continuations` after `prompt`, or `classify` `prompt` into `continuations`."""
    prompt: str
    continuations: tuple[str, ...] = ()
    max_new_tokens: int = 0
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int = 0
    """Used only where `temperature` > 0; differs by sample and by repetition."""
    sample: str = field(default="", compare=False)
    """Id of the sample it is asked for: recordings answer by it; it does not change the question."""
    to: str = field(default="", compare=False)
    """Name of the model it is addressed to; empty for the model that the check is being asked of."""
    fresh: bool = False
    """Never answered from the cache (timings)."""
    together: str = field(default="", compare=False)
    """Fresh requests that follow each other under one mark are given to the model at once and timed as one; empty for
    one by one."""
    memory: bool = field(default=False, compare=False)
    """Whether the memory that a fresh request takes is watched."""
    system: str = ""
    """A system message before the prompt, in place of the suite's own; text of models and data never stands here."""
    schema: str = ""
    """JSON Schema, as canonical JSON text, that a generated answer must follow; empty where any text will do."""
    each: bool = False
    """Whether a score must say what every single token weighs."""
    again: int = 0
    """How often the same was asked before: each asking is answered, paid and kept for itself."""

    @property
    def digest(self) -> str:
        """SHA-256 of everything that can change the answer."""
        return digest.of(
            [self.kind, self.prompt, list(self.continuations), self.max_new_tokens, list(self.stop), self.temperature]
            + ([self.seed] if self.temperature > 0 else [])
            + ([{"system": self.system}] if self.system else [])
            + ([{"schema": self.schema}] if self.schema else [])
            + ([{"each": True}] if self.each else [])
            + ([{"again": self.again}] if self.again else [])
        )


@dataclass(frozen=True, slots=True)
class Token:
    """What one token of a scored continuation weighs, among all that could have stood in its place."""

    logprob: float
    """Its own log-probability, in nats."""
    mean: float
    """Mean log-probability of the whole vocabulary there, each token weighted by its probability."""
    deviation: float
    """Standard deviation of the same."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The log-probability of one continuation, in nats, summed over its tokens."""

    logprob: float
    tokens: int
    greedy: bool = False
    """Whether every token was the most probable one."""
    each: tuple[Token, ...] = ()
    """Token by token, where the request asked for it."""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one request; exactly one of `text`, `scores` or `fault` says what happened."""

    text: str | None = None
    scores: tuple[Scored, ...] = ()
    """In the order of the request's continuations."""
    finish: str = ""
    """`stop` (ended by itself or by a stop string), `length` (cut at max_new_tokens), or UNASKED beside a fault."""
    prompt_tokens: int = 0
    new_tokens: int = 0
    seconds: float | None = None
    """Wall time of this answer alone, or of all that were asked together with it."""
    peak_bytes: int | None = None
    """Most memory while it was answered, above what was held before; where the request asked for it."""
    fault: str = ""
    """Why there is no answer, as a sentence; empty when there is one."""
    blame: str = ""
    """`candidate` (scores worst) or `infrastructure` (missing), where `fault` is set."""
    cached: bool = False

    def to_plain(self) -> dict[str, Any]:
        """Plain JSON data; `from_plain` reads it back."""
        return {
            "text": self.text,
            "scores": [_plain(s) for s in self.scores],
            "finish": self.finish,
            "prompt_tokens": self.prompt_tokens,
            "new_tokens": self.new_tokens,
            "seconds": self.seconds,
            "fault": self.fault,
            "blame": self.blame,
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any], *, cached: bool = False) -> Response:
        """The inverse of `to_plain`; raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        scores = tuple(_scored(*row) for row in data["scores"])
        return cls(
            text=data["text"], scores=scores, finish=data["finish"], prompt_tokens=int(data["prompt_tokens"]),
            new_tokens=int(data["new_tokens"]), seconds=data["seconds"], fault=data["fault"], blame=data["blame"],
            cached=cached,
        )  # fmt: skip


def _plain(scored: Scored) -> list[Any]:
    each = [[[t.logprob, t.mean, t.deviation] for t in scored.each]] if scored.each else []
    return [scored.logprob, scored.tokens, scored.greedy, *each]


def _scored(logprob: float, tokens: int, greedy: bool, each: Sequence[Sequence[float]] = ()) -> Scored:
    found = tuple(Token(float(p), float(mean), float(deviation)) for p, mean, deviation in each)
    return Scored(float(logprob), int(tokens), bool(greedy), found)


@dataclass(frozen=True, slots=True)
class Effort:
    """What answering took a model so far."""

    tokens_asked: int = 0
    """Tokens of the requests, each request counted on its own."""
    tokens_computed: int = 0
    """Tokens that went through the weights."""
    flops: float = 0.0
    """Floating-point operations that the computed tokens need."""
    seconds: float = 0.0
    """Wall time in the weights."""
    limit_share: float | None = None
    """`flops / seconds` over the rate of this machine's matrix multiplication, where that was measured."""
    peak_bytes: int = 0
    """Largest memory while answering, above what the weights take."""
    calls: int = 0
    """Calls of a server, attempts included."""
    cost: float | None = None
    """What a server's answers cost, where the suite names its price."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a model says of itself, plain data, in the words of `run.ModelRecord`."""

    dtype: str = ""
    device: str = ""
    parameters: int | None = None
    gate: tuple[str, ...] = ()
    """What was proved before anything was measured, one sentence each."""
    warnings: tuple[str, ...] = ()
    """What could not be proved, one sentence each."""
    path: str = ""
    """Which way of computing answered: plain, shared context, a recording, …"""
    head: str = ""
    """What it can answer: `causal`, `seq2seq` or `classifier`; empty where that is not known."""
    effort: Effort | None = None
    """What answering took so far; None where the model does not know (a server, a recording)."""


def lots(requests: Sequence[Request]) -> list[list[int]]:
    """Places of requests in the order in which they are timed: those marked to be asked together in one list.

    >>> lots([Request("generate", "a", together="x"), Request("generate", "b", together="x"), Request("generate", "c")])
    [[0, 1], [2]]
    """
    found: list[list[int]] = []
    for at, request in enumerate(requests):
        before = requests[found[-1][-1]] if found else None
        if before is not None and request.together and (request.together, request.to) == (before.together, before.to):
            found[-1].append(at)
        else:
            found.append([at])
    return found


class Model(Protocol):
    """Anything that answers; the seam between checks and weights, servers or recordings."""

    @property
    def facts(self) -> Facts:
        """What it is and what was proved of it."""
        ...

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield (index into `requests`, its response), each index once, in whatever order the answers are ready."""
        ...

    def close(self) -> None:
        """Let go of memory, files and connections; it answers no more."""
        ...
