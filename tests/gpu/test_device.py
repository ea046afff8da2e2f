"""The same questions on a GPU and on the processor: the same answers, as far as the number format carries."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

import tiny
from harness.exchange import Model, Request, Response

pytestmark = pytest.mark.gpu
Open = Callable[..., Model]

WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "bus",
    "stop",
    "street",
    "sits",
    "runs",
    "waits",
    "on",
    "under",
    "near",
    "old",
    "then",
]
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.03}
"""Share of a log-probability that sums of products in another order may differ by, in each number format."""
CAUSAL = ["base", "window", "gpt2", "adapter"]


def text(draw: random.Random, least: int, most: int) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(least, most)))


def questions(kind: str, n: int = 40) -> list[Request]:
    """Questions of one kind; many share their beginning."""
    draw = random.Random(11)
    shots = text(draw, 30, 30)
    made = []
    for at in range(n):
        prompt = f"{shots if at % 3 else text(draw, 1, 20)} {text(draw, 1, 6)}"
        choices = tuple(f" {text(draw, 1, 4)}" for _ in range(4))
        if kind == "generate":
            made.append(Request("generate", prompt, max_new_tokens=12, sample=str(at)))
        elif kind == "classify":
            made.append(Request("classify", prompt[-60:], tiny.LABELS, sample=str(at)))
        else:
            made.append(Request("score", prompt, choices, sample=str(at)))
    return made


def asked(model: Model, requests: Sequence[Request]) -> list[Response]:
    """Answers in the order of the questions; none is a fault."""
    found = tiny.ask(model, requests)
    assert [response.fault for response in found] == [""] * len(requests)
    return found


def apart(one: Sequence[Response], other: Sequence[Response]) -> float:
    """The largest difference of two log-probabilities, beside their size."""
    return max(
        abs(a.logprob - b.logprob) / (1 + abs(b.logprob))
        for mine, theirs in zip(one, other, strict=True)
        for a, b in zip(mine.scores, theirs.scores, strict=True)
    )


@pytest.mark.parametrize(
    # The weights of the encoder–decoder are drawn so wide that bfloat16 says nothing of them.
    ("name", "dtype"), [*((name, dtype) for name in CAUSAL for dtype in TOLERANCE), ("seq2seq", "float32")],
)  # fmt: skip
def test_scores_are_those_of_the_processor(name: str, dtype: str, device: str, load: Open) -> None:
    requests = questions("score")
    theirs = asked(load(name, device, dtype), requests)
    assert apart(theirs, asked(load(name, "cpu", "float32"), requests)) < TOLERANCE[dtype]
    chosen = [max(range(4), key=lambda i, r=r: r.scores[i].logprob) for r in theirs]  # type: ignore[misc]
    assert len(set(chosen)) > 1, "the questions tell nothing apart"


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_classes_are_those_of_the_processor(dtype: str, device: str, load: Open) -> None:
    requests = questions("classify")
    found = asked(load("classifier", device, dtype), requests)
    assert apart(found, asked(load("classifier", "cpu", "float32"), requests)) < TOLERANCE[dtype]


@pytest.mark.parametrize("name", [*CAUSAL, "seq2seq"])
def test_texts_are_those_of_the_processor(name: str, device: str, load: Open) -> None:
    requests = questions("generate")
    here, there = (asked(load(name, place), requests) for place in ("cpu", device))
    same = [a.text == b.text and a.finish == b.finish for a, b in zip(here, there, strict=True)]
    assert sum(same) >= len(same) - 1, "but for one near tie, every greedy text is the same"


@pytest.mark.parametrize("name", CAUSAL)
def test_texts_in_bfloat16_begin_like_those_of_the_processor(name: str, device: str, load: Open) -> None:
    requests = questions("generate")
    here, there = (asked(load(name, *place), requests) for place in (("cpu", "float32"), (device, "bfloat16")))
    begun = [(a.text or "")[:1] == (b.text or "")[:1] for a, b in zip(here, there, strict=True)]
    assert sum(begun) >= 0.8 * len(begun)


@pytest.mark.parametrize("kind", ["score", "generate"])
def test_who_else_is_asked_changes_little(kind: str, device: str, load: Open) -> None:
    model = load("base", device)
    requests = questions(kind)
    together = asked(model, requests)
    alone = [asked(model, [request])[0] for request in requests[:8]]
    if kind == "score":
        assert apart(together[:8], alone) < TOLERANCE["float32"]
    else:
        assert sum(a.text == b.text for a, b in zip(together, alone, strict=False)) >= 7


def test_reproducible_scores_are_the_same_to_the_last_bit(device: str, load: Open) -> None:
    model = load("base", device, reproducible=True)
    requests = questions("score")
    together = asked(model, requests)
    for at in (0, 7, 39):
        (alone,) = asked(model, [requests[at]])
        assert [s.logprob for s in alone.scores] == [s.logprob for s in together[at].scores]


def test_the_model_says_where_it_runs_and_what_it_took(device: str, load: Open) -> None:
    model = load("base", device, "bfloat16")
    asked(model, questions("score"))
    facts = model.facts
    assert facts.device.startswith(device)
    assert facts.dtype == "bfloat16"
    assert facts.path
    assert facts.effort is not None
    assert 0 < facts.effort.tokens_computed < facts.effort.tokens_asked
    assert facts.effort.seconds > 0
