"""Sources of encoder–decoders: encoded once, with the numbers of the plain encoder, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import tiny
from harness.exchange import Model, Request
from harness.local.sources import Sources

Load = Callable[..., Model]
SOURCES = [(5, 6, 7, 1), (8, 1), (5, 6, 7, 1), (9, 10, 11, 12, 13, 1)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoModelForSeq2SeqLM

    folder = tiny.seq2seq(tmp_path_factory.mktemp("t5"))
    return AutoModelForSeq2SeqLM.from_pretrained(folder).eval()


@pytest.fixture
def rows(model: Any) -> Iterator[list[int]]:
    """Rows of every pass through the encoder."""
    seen: list[int] = []
    hook = model.get_encoder().register_forward_hook(
        lambda part, args, given, out: seen.append(len(given["input_ids"])), with_kwargs=True
    )
    yield seen
    hook.remove()


def plain(model: Any, source: tuple[int, ...]) -> torch.Tensor:
    hidden: torch.Tensor = model.get_encoder()(input_ids=torch.tensor([source])).last_hidden_state[0]
    return hidden


@torch.inference_mode()
def test_each_source_is_encoded_once(model: Any, rows: list[int]) -> None:
    sources = Sources()
    hidden, mask = sources.encoded(model, SOURCES, torch.device("cpu"))
    assert mask.tolist() == [[1] * len(one) + [0] * (6 - len(one)) for one in SOURCES]
    again, _ = sources.encoded(model, [SOURCES[1], SOURCES[3], (4, 1)], torch.device("cpu"))
    assert rows == [3, 1], "three distinct ones, then the one that is new"
    for at, source in enumerate(SOURCES):
        assert torch.allclose(hidden[at, : len(source)], plain(model, source), atol=1e-4, rtol=1e-4)
        assert not hidden[at, len(source) :].any()
    assert torch.equal(again[0, :2], hidden[1, :2])
    assert torch.equal(again[1], hidden[3])


@torch.inference_mode()
def test_room_is_kept_for_the_newest_only(model: Any, rows: list[int]) -> None:
    one = plain(model, SOURCES[1]).nbytes
    rows.clear()
    sources = Sources(room=2 * one)
    for first in (8, 9, 8, 10, 9):
        sources.encoded(model, [(first, 1)], torch.device("cpu"))
    assert rows == [1, 1, 1, 1], "9 was let go for 10, since 8 was wanted after it"
    hidden, _ = sources.encoded(model, SOURCES, torch.device("cpu"))
    assert torch.allclose(hidden[3], plain(model, SOURCES[3]), atol=1e-4, rtol=1e-4), "more than there is room for"
    assert sources._held <= 2 * one


@torch.inference_mode()
def test_alone_neighbours_change_no_bit(model: Any, rows: list[int]) -> None:
    hidden, _ = Sources(alone=True).encoded(model, SOURCES, torch.device("cpu"))
    assert rows == [1, 1, 1]
    for at, source in enumerate(SOURCES):
        assert torch.equal(hidden[at, : len(source)], plain(model, source))


def test_what_is_scored_in_many_batches_and_then_written_is_encoded_once(tmp_path: Path, load: Load) -> None:
    tiny.seq2seq(tmp_path)
    prompts = ["the train leaves", "where do I buy a ticket", "it was a good film"]
    ends = (" at noon", " yes", " no", " a ticket", " the bus")
    wanted = [Request("score", prompt, ends) for prompt in prompts]
    wanted += [Request("generate", prompt, max_new_tokens=n) for prompt in prompts for n in (4, 6)]
    model = load(tmp_path, batch_size=2)
    encoder = model._seat.lease.resident.loaded.model.get_encoder()  # type: ignore[attr-defined]
    seen: list[int] = []
    encoder.register_forward_hook(lambda p, a, given, out: seen.append(len(given["input_ids"])), with_kwargs=True)
    few = tiny.ask(model, wanted)
    assert sum(seen) == len(prompts), "two rows at a time: three batches of choices and two texts for each source"
    for some, all_ in zip(few, tiny.ask(load(tmp_path), wanted), strict=True):
        assert some.text == all_.text
        assert [s.logprob for s in some.scores] == pytest.approx([s.logprob for s in all_.scores], abs=1e-4)


def test_what_is_timed_is_encoded_anew(tmp_path: Path, load: Load) -> None:
    """A latency that leaves the encoder out, because another check asked the same before, would be none."""
    tiny.seq2seq(tmp_path)
    model = load(tmp_path)
    encoder = model._seat.lease.resident.loaded.model.get_encoder()  # type: ignore[attr-defined]
    seen: list[int] = []
    encoder.register_forward_hook(lambda p, a, given, out: seen.append(len(given["input_ids"])), with_kwargs=True)
    asked = Request("generate", "the train leaves", max_new_tokens=4)
    said = [tiny.ask(model, [replace(asked, fresh=fresh)])[0].text for fresh in (False, False, True, True)]
    assert seen == [1, 1, 1], "once for both that are not timed"
    assert len(set(said)) == 1
