"""The cases that write text: with shared shots, with short answers, and without shots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.engine import models, workload
from benchmarks.engine.meter import Spent, measured
from benchmarks.engine.models import Bench
from benchmarks.engine.peers import HFLM
from benchmarks.engine.row import Row
from benchmarks.engine.scoring import Setting
from harness.exchange import Model, Request
from harness.local import Residents

BATCHES = (1, 8, 32, 64)
"""Batch sizes of HFLM that are tried, on as many prompts as the largest has."""

ROUNDS = 3
"""Times that all is written, by us and by HFLM in turn: one round takes too short a time to be repeatable."""

SOME = 24
"""Texts in which stop strings are looked for; how well they do is seen on all."""


def generation(setting: Setting) -> Iterator[Row]:
    """With shared shots, and without any."""
    folder = models.causal(setting.folder / "m", "m", models.WIDE_AWAKE)
    shared = workload.prompts(setting.many(96, 16))
    yield _case("generation", "shared 5-shot, up to 64 tokens", folder, shared, setting, (64, 45.0), (4, 7))
    yield _case(
        "generation",
        "0-shot, up to 64 tokens",
        folder,
        workload.prompts(setting.many(96, 16), number=0),
        setting,
        (64, 45.0),
        (1.5, 2),
    )


def short(setting: Setting) -> Iterator[Row]:
    """Short answers after shared shots, where many tokens are allowed."""
    folder = models.causal(setting.folder / "s", "s", models.WIDE_AWAKE)
    shared = workload.prompts(setting.many(128, 16))
    yield _case("short", "shared 5-shot, short answers, up to 256", folder, shared, setting, (256, 6.7), (8, 12))


def _case(name: str, what: str, folder: Path, prompts: list[str], setting: Setting, length: tuple[int, float],
          expected: tuple[float, float]) -> Row:  # fmt: skip
    """`length` is the most tokens and their wished mean; `expected` the floor and the aim."""
    most, mean = length
    model = Bench(Residents(), setting.device).open(folder)
    stop = _stop(model, prompts, most, mean)
    requests = [Request("generate", prompt, max_new_tokens=most, stop=stop) for prompt in prompts]
    peer = HFLM(folder, device=setting.device)
    some = requests[: BATCHES[-1]]
    peer.write(some[:1])
    peer.tuned(lambda: peer.write(some), BATCHES)
    ours, spent = Spent(), Spent()
    for _ in range(ROUNDS):
        with measured() as once:
            answers = dict(model.answer(requests))
        ours = ours.plus(once)
        with measured() as once:
            theirs = peer.write(requests)
        spent = spent.plus(once)
    model.close()
    differ = sum(answers[at].text != text for at, text in enumerate(theirs))
    lengths = sorted(answers[at].new_tokens for at in range(len(requests)))
    return Row(
        name, f"{len(prompts)} prompts, {what}", f"HFLM, batch {peer.batch}",
        ours.cpu / ROUNDS, spent.cpu / ROUNDS, spent.cpu / ours.cpu, spent.wall / ours.wall, *expected,
        gap=float(differ), texts=True,
        note=f"{sum(lengths) / len(lengths):.1f} tokens written on average ({lengths[0]} to {lengths[-1]}), "
        f"stop strings {stop[0]!r} and {stop[1]!r}; {model.facts.path}",
    )  # fmt: skip


def _stop(model: Model, prompts: list[str], most: int, mean: float) -> tuple[str, ...]:
    """Two stop strings that together end answers nearest to the wished mean length: a random model ends by itself
    only by chance."""
    import numpy as np

    answers = dict(model.answer([Request("generate", prompt, max_new_tokens=most) for prompt in prompts]))
    texts = [answers[at].text or "" for at in range(len(prompts))]
    rates = [max(1, len(text)) / max(1, answers[at].new_tokens) for at, text in enumerate(texts)]

    def ends(parts: list[str], many: int) -> Any:
        """(parts, the first so many texts) tokens after which each stops each."""
        told = list(zip(texts[:many], rates[:many], strict=True))
        return np.array([[_end(text, part, rate, most) for text, rate in told] for part in parts])

    found = {
        text[at : at + size]
        for text, rate in zip(texts[:SOME], rates[:SOME], strict=True)
        for size in (2, 3, 4, 8)
        for at in range(min(len(text) - size + 1, int(4 * mean * rate)))
    }
    usable = sorted(part for part in found if "\ufffd" not in part and part.strip())
    alone = min(2 * mean, (mean + most) / 2)  # where one of two that end equally often would end them by itself
    nearest = np.argsort(np.abs(ends(usable, SOME).mean(axis=1) - alone), kind="stable")[:300]
    best = [usable[at] for at in nearest]
    each = ends(best, len(texts))
    pairs = np.minimum(each[:, None], each[None]).mean(axis=2)
    # Where two overlap in a text, HFLM cuts by the first that is named, and we by the first that stands there.
    pairs[np.array([[not set(one).isdisjoint(two) for two in best] for one in best])] = np.inf
    one, two = np.unravel_index(np.abs(pairs - mean).argmin(), pairs.shape)
    return best[one], best[two]


def _end(text: str, part: str, rate: float, most: int) -> float:
    """Tokens after which a text is stopped, at so many characters a token."""
    at = text.find(part)
    return float(most) if at < 0 else (at + len(part)) / rate
