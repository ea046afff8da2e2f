"""The cases that write text: with shared shots, with short answers, and without shots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.engine import models, workload
from benchmarks.engine.meter import measured
from benchmarks.engine.models import Bench
from benchmarks.engine.peers import HFLM
from benchmarks.engine.row import Row
from benchmarks.engine.scoring import Setting
from harness.exchange import Model, Request
from harness.local import Residents

BATCHES = (1, 8, 32, 64)
"""Batch sizes of HFLM that are tried, on as many prompts as the largest has."""


def generation(setting: Setting) -> Iterator[Row]:
    """The three shapes of generation."""
    folder = models.causal(setting.folder / "m", "m", models.WIDE_AWAKE)
    shared = workload.prompts(setting.many(96, 16))
    yield _case("shared 5-shot, up to 64 tokens", folder, shared, setting, (64, 45.0), (4, 7))
    yield _case(
        "0-shot, up to 64 tokens",
        folder,
        workload.prompts(setting.many(96, 16), number=0),
        setting,
        (64, 45.0),
        (1.5, 2),
    )
    folder = models.causal(setting.folder / "s", "s", models.WIDE_AWAKE)
    shared = workload.prompts(setting.many(128, 16))
    yield _case("shared 5-shot, short answers, up to 256", folder, shared, setting, (256, 6.7), (8, 12))


def _case(what: str, folder: Path, prompts: list[str], setting: Setting, length: tuple[int, float],
          expected: tuple[float, float]) -> Row:  # fmt: skip
    """`length` is the most tokens and their wished mean; `expected` the floor and the aim."""
    most, mean = length
    model = Bench(Residents(), setting.device).open(folder)
    stop = _stop(model, prompts, most, mean)
    requests = [Request("generate", prompt, max_new_tokens=most, stop=stop) for prompt in prompts]
    with measured() as ours:
        answers = dict(model.answer(requests))
    model.close()
    peer = HFLM(folder, device=setting.device)
    some = requests[: BATCHES[-1]]
    peer.write(some[:1])
    peer.tuned(lambda: peer.write(some), BATCHES)
    with measured() as spent:
        theirs = peer.write(requests)
    differ = sum(answers[at].text != text for at, text in enumerate(theirs))
    lengths = sorted(answers[at].new_tokens for at in range(len(requests)))
    return Row(
        "generation", f"{len(prompts)} prompts, {what}", f"HFLM, batch {peer.batch}", ours.cpu, spent.cpu,
        spent.cpu / ours.cpu, spent.wall / ours.wall, *expected, gap=float(differ), texts=True,
        note=f"{sum(lengths) / len(lengths):.1f} tokens written on average ({lengths[0]} to {lengths[-1]}), "
        f"stop strings {stop[0]!r} and {stop[1]!r}; {model.facts.path}",
    )  # fmt: skip


def _stop(model: Model, prompts: list[str], most: int, mean: float) -> tuple[str, ...]:
    """Two stop strings that together end answers nearest to the wished mean length: a random model ends by itself
    only by chance."""
    import numpy as np

    some = [Request("generate", prompt, max_new_tokens=most) for prompt in prompts[:24]]
    answers = dict(model.answer(some))
    texts = [answers[at].text or "" for at in range(len(some))]
    rates = [max(1, len(text)) / max(1, answers[at].new_tokens) for at, text in enumerate(texts)]
    parts = {
        text[at : at + size]
        for text, rate in zip(texts, rates, strict=True)
        for size in (2, 3, 4, 8, 16, 24)  # long ones, because a random model soon writes the same again and again
        for at in range(min(len(text) - size + 1, int(4 * mean * rate)))
    }
    usable = sorted(part for part in parts if "\ufffd" not in part and part.strip())
    ends = np.array(
        [[_end(text, part, rate, most) for text, rate in zip(texts, rates, strict=True)] for part in usable]
    )
    alone = min(2 * mean, (mean + most) / 2)  # where one of two that end equally often would end them by itself
    nearest = np.argsort(np.abs(ends.mean(axis=1) - alone), kind="stable")[:300]
    pairs = np.minimum(ends[nearest][:, None], ends[nearest][None]).mean(axis=2)
    one, two = np.unravel_index(np.abs(pairs - mean).argmin(), pairs.shape)
    return usable[nearest[one]], usable[nearest[two]]


def _end(text: str, part: str, rate: float, most: int) -> float:
    """Tokens after which a text is stopped, at so many characters a token."""
    at = text.find(part)
    return float(most) if at < 0 else (at + len(part)) / rate
