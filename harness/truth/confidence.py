"""How sure a model was of its answer: the share of the chosen option, or the likelihood of the generated text."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from harness.ask import Asked
from harness.errors import CheckBroken
from harness.exchange import Request, Response, Scored
from harness.sample import Sample
from harness.score import CANDIDATE, Missing
from harness.task import Task, evaluate

LEAST = 2.0**-53
"""Nearest that a confidence comes to 0 or to 1, where its logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Sure:
    """One answer's confidence and whether it is right; each of them Missing where it is not known."""

    confidence: float | Missing
    correct: float | Missing


def how_sure(asked: Asked) -> Generator[list[Request], list[Response], list[Sure]]:
    """The confidence in every answer of a task; generated texts are weighed in a second round.

    Choices and labels: the softmax over the options' log-probabilities, as the task normalises them. Generated texts:
    the geometric mean of the probabilities of their tokens (length-normalised sequence likelihood).

    Raises:
        CheckBroken: the task's first metric does not say of a single answer whether it is right.
    """
    correct = [_correct(asked, at) for at in range(len(asked.samples))]
    sure: Sequence[float | Missing | None]
    if asked.task.output == "generate":
        answers = [answers[0] for answers in asked.answers]
        texts = [None if a.response.fault else a.response.text or "" for a in answers]
        sure = yield from likelihoods(asked.samples, texts)
    else:
        sure = [None if isinstance(flag, Missing) else _of_options(asked, at) for at, flag in enumerate(correct)]
    return [
        Sure(flag if own is None and isinstance(flag, Missing) else own, flag)  # type: ignore[arg-type]
        for own, flag in zip(sure, correct, strict=True)
    ]


def likelihoods(
    samples: Sequence[Sample], texts: Sequence[str | None]
) -> Generator[list[Request], list[Response], list[float | Missing | None]]:
    """How likely each answer was, token by token, in one more round; None where there is none to be weighed.

    A text is weighed as it was written, with a blank between prompt and answer where neither has one.
    """
    asked: dict[int, Request] = {}
    for at, (sample, text) in enumerate(zip(samples, texts, strict=True)):
        if text:
            glue = "" if not sample.prompt or sample.prompt[-1].isspace() or text[0].isspace() else " "
            asked[at] = Request("score", sample.prompt, (glue + text,), sample=sample.id)
    responses = yield list(asked.values())
    heard = dict(zip(asked, responses, strict=True))
    found: list[float | Missing | None] = []
    for at, text in enumerate(texts):
        if text is None:
            found.append(None)
        elif at not in heard:
            found.append(Missing("an empty answer has no likelihood", CANDIDATE))
        elif heard[at].fault or not heard[at].scores:
            why = heard[at].fault or "the answer could not be weighed"
            found.append(Missing(why, heard[at].blame or CANDIDATE))
        else:
            found.append(of_sequence(heard[at].scores[0]))
    return found


def of_options(weights: Sequence[float]) -> float:
    """The softmax of log-probabilities at their maximum.

    >>> round(of_options([math.log(0.2), math.log(0.6)]), 3)
    0.75
    """
    top = max(weights)
    return 1.0 / math.fsum(math.exp(weight - top) for weight in weights)


def of_sequence(scored: Scored) -> float:
    """The geometric mean of the probabilities of a text's tokens."""
    return min(1.0, math.exp(scored.logprob / max(scored.tokens, 1)))


def log_loss(confidence: float, correct: float) -> float:
    """Nats that the outcome costs, given how sure the model was: finite, for no confidence counts as quite 0 or 1."""
    sure = min(max(confidence, LEAST), 1.0 - LEAST)
    return -(correct * math.log(sure) + (1.0 - correct) * math.log(1.0 - sure))


def proven(task: Task, check: str) -> Task:
    """The task asked once and greedily, if its first metric can say whether one answer is right.

    Raises:
        CheckBroken: it cannot, or the task has no answers at all.
    """
    first = task.measures[0].quantity if task.measures else None
    if task.output == "perplexity" or first is None or first.combine is not None or first.bounds != (0.0, 1.0):
        named = first.name if first else "none"
        raise CheckBroken(
            f"{check}: the first metric of task {task.name!r} ({named}) does not say whether an answer is right; "
            "put exact_match or accuracy first"
        )
    return replace(task, repeats=1, temperature=0.0)


def _correct(asked: Asked, at: int) -> float | Missing:
    answer, measure = asked.answers[at][0], asked.task.measures[0]
    if answer.response.fault:
        return Missing(answer.response.fault, answer.response.blame or CANDIDATE)
    value = evaluate(measure, asked.samples[at], answer)
    assert isinstance(value, float | int)
    return float(value == measure.quantity.best)


def _of_options(asked: Asked, at: int) -> float | Missing:
    (answer,) = asked.answers[at]
    if not answer.response.scores:
        return Missing("the model gave no probabilities of the options")
    weights = asked.task.weights(asked.samples[at], answer.response)  # by which the answer was chosen
    if not all(map(math.isfinite, weights)):
        return Missing("a probability of the options is not a finite number", CANDIDATE)
    return of_options(weights)
