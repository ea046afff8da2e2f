"""How much does it answer in a second, when it is asked many things at once?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response
from harness.figure import Table
from harness.findings import Findings, Rounds
from harness.sample import Sample
from harness.score import CANDIDATE, Missing, Quantity, Scores, Stat, Totals, table
from harness.task import Task

if TYPE_CHECKING:
    from harness.score import Array

Block = list[Response]
"""What was answered at once."""


def _rate(totals: Totals) -> Array:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return totals["0"] / totals["1"]


_MEASURES = {
    name: Quantity(name, "log_ratio", "higher", (0.0, float("inf")), combine=_rate)
    for name in ("tokens_per_second", "requests_per_second")
}


@check(measures=_MEASURES, asks="together")
def throughput(
    models: tuple[Checkpoint, ...], *, of: Task, concurrency: int = 8, blocks: int = 40, warmup: int = 2
) -> Rounds:
    """Time blocks of questions that are asked at once, the models taking turns so that all see the same machine.

    `tokens_per_second` counts the tokens that were written (read, where the task writes none), `requests_per_second`
    the questions, over the time of whole blocks. Nothing is taken from the cache; a block in which a question fails
    has no rate. The error comes from the blocks, of which 30 are the least for an interval.

    Options:
        of: the task whose questions are asked, from the beginning again where they do not suffice
        concurrency: how many questions are asked at once
        blocks: how many blocks of each model are timed
        warmup: how many blocks of each model are thrown away first
    """
    if concurrency < 1 or blocks < 2 or warmup < 0:
        numbers = f"`concurrency: {concurrency}`, `blocks: {blocks}`, `warmup: {warmup}`"
        raise SuiteError(f"throughput: {numbers}: one question, two blocks and no warm-up are the least")
    if not models:
        raise CheckBroken("throughput: no model is left that could be timed")
    once = replace(of, repeats=1)
    samples = list(islice(once.samples(), concurrency * blocks))
    if not samples:
        raise NothingSelected(f"throughput: task {of.name!r} has no sample to ask")
    turns = [(-1 - at, model) for model in models for at in range(warmup)]
    turns += [(at, model) for at in range(blocks) for model in (models, models[::-1])[at % 2]]
    asked = [_block(once, samples, at, model, concurrency) for at, model in turns]
    responses = yield [request for block in asked for request in block]
    timed: dict[str, list[Block]] = {model.name: [] for model in models}
    for number, (at, model) in enumerate(turns):
        if at >= 0:
            timed[model.name].append(responses[number * concurrency : (number + 1) * concurrency])
    scored = {name: _scores(found) for name, found in timed.items()}
    return Findings(by_model=scored, figures=[_table(timed, concurrency)], warnings=_noise(scored))


def _block(task: Task, samples: list[Sample], at: int, model: Checkpoint, size: int) -> list[Request]:
    """The questions of a block; all models get the same ones, the warm-up those of the first."""
    first = max(at, 0) * size
    chosen = [samples[(first + i) % len(samples)] for i in range(size)]
    mark = f"{model.name}/{at}"
    return [replace(task.requests(s, model.head)[0], to=model.name, fresh=True, together=mark) for s in chosen]


def _scores(blocks: list[Block]) -> dict[str, Scores]:
    ids = [f"block {at + 1}" for at in range(len(blocks))]
    tokens = [_of(block, float(sum(_tokens(r) for r in block))) for block in blocks]
    requests = [_of(block, float(len(block))) for block in blocks]
    values = {"tokens_per_second": tokens, "requests_per_second": requests}
    return {name: table(_MEASURES[name], ids, values[name]) for name in _MEASURES}


def _tokens(response: Response) -> int:
    return response.new_tokens or response.prompt_tokens + sum(scored.tokens for scored in response.scores)


def _of(block: Block, amount: float) -> Stat | Missing:
    if failed := next((r for r in block if r.fault), None):
        return Missing(failed.fault, failed.blame or CANDIDATE)
    seconds = [r.seconds for r in block if r.seconds is not None]
    if len(seconds) < len(block):
        return Missing("the block was not timed as one")
    return amount, max(seconds)


def _table(timed: Mapping[str, list[Block]], concurrency: int) -> Table:
    rows: list[list[str | float | int | None]] = []
    for name, blocks in timed.items():
        whole = [b for b in blocks if not isinstance(_of(b, 1.0), Missing)]
        seconds = sum(max(r.seconds or 0.0 for r in b) for b in whole)
        tokens, asked = sum(_tokens(r) for b in whole for r in b), sum(map(len, whole))
        rates = [tokens / seconds, asked / seconds] if seconds else [None, None]
        rows.append([name, len(whole), len(blocks) - len(whole), *rates])
    columns = ["model", "blocks", "failed", "tokens a second", "requests a second"]
    return Table(title=f"Throughput, {concurrency} questions at once", columns=columns, rows=rows)


def _noise(scored: Mapping[str, Mapping[str, Scores]]) -> list[str]:
    """A warning where the first and the second half of a model's blocks differ much: the machine was busy."""
    import numpy as np

    told = []
    for name, scores in scored.items():
        stats = scores["tokens_per_second"].present().stats
        if len(stats) < 10 or stats.shape[1] < 2:
            continue
        rates = stats[:, 1] / np.maximum(stats[:, 0], 1.0)
        halves = np.median(rates[: len(rates) // 2]), np.median(rates[len(rates) // 2 :])
        if max(halves) > 1.3 * min(halves):
            told.append(
                f"the throughput of {name} drifted by more than 30 % during the check; the machine was not quiet"
            )
    return told
