"""How fast does it answer, measured beside the models it is compared with?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response
from harness.figure import Histogram, Table
from harness.findings import Findings, Rounds
from harness.sample import Sample
from harness.score import CANDIDATE, Missing, Quantity, Scores, Stat, Totals, table
from harness.task import Task

if TYPE_CHECKING:
    from harness.score import Array


def _rate(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["0"] / totals["1"]


def _measures() -> dict[str, Quantity]:
    infinite = (0.0, float("inf"))
    return {
        "p50": Quantity("p50", "quantile", "lower", infinite, "s", quantile=0.50),
        "p95": Quantity("p95", "quantile", "lower", infinite, "s", quantile=0.95),
        "p99": Quantity("p99", "quantile", "lower", infinite, "s", quantile=0.99),
        "first_token_p50": Quantity("first_token_p50", "quantile", "lower", infinite, "s", quantile=0.50),
        "first_token_p95": Quantity("first_token_p95", "quantile", "lower", infinite, "s", quantile=0.95),
        "tokens_per_second": Quantity("tokens_per_second", "log_ratio", "higher", infinite, combine=_rate),
        "tokens_per_answer": Quantity("tokens_per_answer", "unbounded", "lower", infinite, "tokens"),
    }


@check(measures=_measures, asks="together")
def latency(
    models: tuple[Checkpoint, ...], *, of: Task, requests: int = 100, warmup: int = 3, first_token: bool = True
) -> Rounds:
    """Time single answers, one at a time, the models taking turns so that all see the same machine.

    `p50`, `p95`, `p99` are quantiles of the seconds of one answer; `first_token_p50` and `first_token_p95` those of the
    first token, for which each question is asked once more and stopped after it; `tokens_per_second` counts new tokens
    over the time of whole answers; `tokens_per_answer` is how long the answers are. Nothing is taken from the cache.

    Options:
        of: the task whose questions are asked
        requests: how many of its rows are timed
        warmup: how many answers of each model are thrown away first
        first_token: whether the first token is timed too; only where the task generates text
    """
    if requests < 2 or warmup < 0:
        raise SuiteError(
            f"latency: `requests: {requests}`, `warmup: {warmup}`: two requests and no warm-up are the least"
        )
    if not models:
        raise CheckBroken("latency: no model is left that could be timed")
    once = replace(of, repeats=1)
    samples = list(islice(once.samples(), requests))
    if not samples:
        raise NothingSelected(f"latency: task {of.name!r} has no sample to time")
    warm = [_timed(once, samples[0], model) for model in models for _ in range(warmup)]
    rounds = [(sample, model) for at, sample in enumerate(samples) for model in (models, models[::-1])[at % 2]]
    split = first_token and once.output == "generate"
    asked = [request for sample, model in rounds for request in _asked(once, sample, model, split)]
    responses = yield [*warm, *asked]
    step, timed = 1 + split, responses[len(warm) :]
    answered: dict[str, list[tuple[Sample, Response]]] = {model.name: [] for model in models}
    first: dict[str, list[tuple[Sample, Response]]] = {model.name: [] for model in models}
    for at, (sample, model) in enumerate(rounds):
        answered[model.name].append((sample, timed[step * at]))
        first[model.name].append((sample, timed[step * at + 1] if split else Response()))
    scored = {name: _scores(pairs, first[name]) for name, pairs in answered.items()}
    return Findings(by_model=scored, figures=[_histogram(scored), _table(scored)], warnings=_noise(scored))


def _timed(task: Task, sample: Sample, model: Checkpoint) -> Request:
    return replace(task.requests(sample, model.head)[0], to=model.name, fresh=True)


def _asked(task: Task, sample: Sample, model: Checkpoint, split: bool) -> list[Request]:
    """A question, and the same again for its first token only."""
    whole = _timed(task, sample, model)
    return [whole, replace(whole, max_new_tokens=1)] if split else [whole]


def _scores(pairs: list[tuple[Sample, Response]], first: list[tuple[Sample, Response]]) -> dict[str, Scores]:
    ids = [sample.id for sample, _ in pairs]

    def values(number: str) -> list[Stat | Missing]:
        found: list[Stat | Missing] = []
        for _, response in first if number.startswith("first_token") else pairs:
            if response.fault:
                found.append(Missing(response.fault, response.blame or CANDIDATE))
            elif number == "tokens_per_answer":
                found.append(float(response.new_tokens))
            elif response.seconds is None:  # a recording without seconds, which is not the model's fault
                found.append(Missing("the answer was not timed"))
            elif number == "tokens_per_second":
                found.append((float(response.new_tokens), response.seconds))
            else:
                found.append(response.seconds)
        return found

    return {name: table(quantity, ids, values(name)) for name, quantity in _measures().items()}


def _seconds(scores: Mapping[str, Scores]) -> Array:
    return scores["p50"].present().stats[:, 0]


def _histogram(scored: Mapping[str, Mapping[str, Scores]]) -> Histogram:
    import numpy as np

    everything = np.concatenate([_seconds(scores) for scores in scored.values()])
    if not len(everything):
        return Histogram(
            title="Seconds of one answer", unit="s", edges=[0.0, 1.0], counts={name: [0] for name in scored}
        )
    low, high = max(everything.min(), 1e-6), max(everything.max(), 2e-6)
    edges = np.geomspace(low * 0.999, high * 1.001, 25)
    counts = {name: np.histogram(_seconds(scores), edges)[0].tolist() for name, scores in scored.items()}
    return Histogram(title="Seconds of one answer", unit="s", edges=edges.tolist(), counts=counts)


def _table(scored: Mapping[str, Mapping[str, Scores]]) -> Table:
    import numpy as np

    rows: list[list[str | float | int | None]] = []
    for name, scores in scored.items():
        seconds, tokens = _seconds(scores), scores["tokens_per_answer"].present().stats[:, 0]
        started = scores["first_token_p50"].present().stats[:, 0]
        marks = [float(np.quantile(seconds, q)) if len(seconds) else None for q in (0.5, 0.95, 0.99)]
        start = float(np.quantile(started, 0.5)) if len(started) else None
        rows.append([name, len(seconds), *marks, start, float(tokens.mean()) if len(tokens) else None])
    columns = ["model", "answers", "p50 (s)", "p95 (s)", "p99 (s)", "first token, p50 (s)", "tokens per answer"]
    return Table(title="Timed answers", columns=columns, rows=rows)


def _noise(scored: Mapping[str, Mapping[str, Scores]]) -> list[str]:
    """A warning where the first and the second half of the same model's answers differ much: the machine was busy."""
    import numpy as np

    warnings = []
    for name, scores in scored.items():
        timed = [row for row in range(len(scores["p50"].ids)) if row not in scores["p50"].missing]
        per_token = _seconds(scores) / np.maximum(scores["tokens_per_answer"].stats[timed, 0], 1.0)
        if len(per_token) < 20:
            continue
        halves = np.median(per_token[: len(per_token) // 2]), np.median(per_token[len(per_token) // 2 :])
        if max(halves) > 1.3 * min(halves):
            warnings.append(
                f"the timing of {name} drifted by more than 30 % during the check; the machine was not quiet"
            )
    return warnings
