"""Talking with checks by hand: data on disk, a task over it, and a check driven round by round with made-up answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.assembly import build
from harness.catalog import Catalog, MetricSpec
from harness.checkpoint import Checkpoint
from harness.data import Dataset, open_data
from harness.exchange import Request, Response, Scored
from harness.task import Task

CANDIDATE = Checkpoint("candidate", "transformers")
BASE = Checkpoint("base", "transformers")

CRASH = Response(fault="out of memory", blame="candidate")
OUTAGE = Response(fault="the server is away", blame="infrastructure")

Say = Callable[[Request], "Response | str"]


def data(folder: Path, rows: Iterable[Mapping[str, Any]], name: str = "rows.jsonl") -> Dataset:
    """The rows in a file, opened."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")
    return open_data(name, root=folder)


def task(folder: Path, rows: Iterable[Mapping[str, Any]], *, metrics: Iterable[Any] = (), seed: int = 0,
         limit: int | None = None, **options: Any) -> Task:  # fmt: skip
    """A task called `quiz` over rows; `metrics` are names, or (name, options)."""
    specs = [MetricSpec(metric) if isinstance(metric, str) else MetricSpec(*metric) for metric in metrics]
    given = {"data": data(folder, rows), **({"metrics": specs} if specs else {}), **options}
    return build("quiz", given, Catalog(), seed=seed, limit=limit)


def leaf(name: str) -> Callable[..., Any]:
    """The function of a check."""
    return Catalog().get("check", name).function


@dataclass(slots=True)
class Heard:
    """What came of driving a check."""

    findings: Any = None
    rounds: list[list[Request]] = field(default_factory=list)

    @property
    def asked(self) -> list[Request]:
        """Every request of every round."""
        return [request for requests in self.rounds for request in requests]


def drive(talk: Generator[list[Request], list[Response], Any], say: Say) -> Heard:
    """Answer a check until it ends."""
    heard = Heard()
    try:
        requests = next(talk)
        while True:
            heard.rounds.append(list(requests))
            requests = talk.send([response(request, say(request)) for request in requests])
    except StopIteration as stop:
        heard.findings = stop.value
    return heard


def response(request: Request, said: Response | str) -> Response:
    """A text as the answer to a request: generated, or as the one of its continuations that is probable."""
    if isinstance(said, Response):
        return said
    if request.kind == "generate":
        return Response(text=said, finish="stop", new_tokens=max(1, len(said.split())))
    return chosen(request, said)


def chosen(request: Request, said: str) -> Response:
    """Scores that make one continuation the most probable."""
    return Response(scores=tuple(Scored(-1.0 if c.strip() == said else -5.0, 1) for c in request.continuations))


def gold(task: Task) -> Say:
    """Always right."""
    by_id = {sample.id: sample for sample in task.samples()}
    return lambda request: by_id[request.sample].targets[0]
