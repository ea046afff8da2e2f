"""How much memory does it take?"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response
from harness.figure import Table
from harness.findings import Findings, Rounds
from harness.footprint import Weights, weights
from harness.sample import Sample
from harness.score import CANDIDATE, Missing, Quantity, Scores, table
from harness.task import Task

_INFINITE = float("inf")
_MEASURES = {
    "peak": Quantity("peak", "census", "lower", (0.0, _INFINITE), "B"),
    "weights": Quantity("weights", "census", "lower", (0.0, _INFINITE), "B"),
    "answering": Quantity("answering", "census", "lower", (0.0, _INFINITE), "B"),
    "parameters": Quantity("parameters", "census", "lower", (0.0, _INFINITE)),
}
ROWS = 500


@check(measures=_MEASURES, asks="together")
def memory(models: tuple[Checkpoint, ...], *, of: Task, concurrency: int = 8, rounds: int = 3) -> Rounds:
    """Answer the longest questions of a task at once, and watch the memory.

    `weights` are the bytes of all parameters as they are loaded, `parameters` how many there are; `answering` is the
    most that is held above them while answering (of the device where one is used, else of the process); `peak` is both
    together: `memory.peak <= 2GB`.

    Options:
        of: the task whose questions are asked; the longest of its first 500
        concurrency: how many are answered at once
        rounds: how often, after once for warming up; the most of them counts
    """
    if concurrency < 1 or rounds < 1:
        raise SuiteError(f"memory: `concurrency: {concurrency}`, `rounds: {rounds}`: write 1 or more")
    if not models:
        raise CheckBroken("memory: no model is left whose memory could be watched")
    once = replace(of, repeats=1)
    longest = sorted(islice(once.samples(), ROWS), key=lambda s: (-len(s.prompt), s.id))[:concurrency]
    if not longest:
        raise NothingSelected(f"memory: task {of.name!r} has no sample to ask")
    asked = [
        _watched(once, sample, model, f"{model.name}/{turn}")
        for model in models
        for turn in range(rounds + 1)
        for sample in longest
    ]
    responses = yield asked
    size, scored = len(longest), {}
    held = {}
    for at, model in enumerate(models):
        mine = responses[at * size * (rounds + 1) :][size : size * (rounds + 1)]
        held[model.name] = weights(model)
        scored[model.name] = _scores(_most(mine), held[model.name])
    return Findings(by_model=scored, figures=[_table(scored, held, size)])


def _watched(task: Task, sample: Sample, model: Checkpoint, lot: str) -> Request:
    request = task.requests(sample, model.head)[0]
    return replace(request, to=model.name, fresh=True, memory=True, together=lot)


def _most(responses: list[Response]) -> float | Missing:
    """The largest peak; a model that fails to answer has none."""
    if failed := next((r for r in responses if r.fault), None):
        return Missing(failed.fault, failed.blame or CANDIDATE)
    peaks = [r.peak_bytes for r in responses if r.peak_bytes is not None]
    return float(max(peaks)) if peaks else Missing("its memory cannot be watched from here")


def _scores(answering: float | Missing, held: Weights | None) -> dict[str, Scores]:
    absent = Missing("its weights are not here as safetensors files")
    size: float | Missing = float(held.size) if held else absent
    values: dict[str, float | Missing] = {
        "weights": size,
        "parameters": float(held.parameters) if held else absent,
        "answering": answering,
        "peak": next((v for v in (size, answering) if isinstance(v, Missing)), 0.0),
    }
    if not isinstance(size, Missing) and not isinstance(answering, Missing):
        values["peak"] = size + answering
    return {name: table(_MEASURES[name], ["all"], [value]) for name, value in values.items()}


def _table(scored: dict[str, dict[str, Scores]], held: dict[str, Weights | None], size: int) -> Table:
    rows: list[list[str | float | int | None]] = []
    for name, scores in scored.items():
        numbers = [
            None if scores[q].missing else round(float(scores[q].stats[0, 0]) / 1e6, 1)
            for q in ("weights", "answering", "peak")
        ]
        found = held[name]
        rows.append([name, found.parameters if found else None, *numbers])
    columns = ["model", "parameters", "weights (MB)", "answering (MB)", "peak (MB)"]
    return Table(title=f"Memory, {size} questions at once", columns=columns, rows=rows)
