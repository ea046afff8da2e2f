"""Contexts that are changed: another answer put in place of the right one, and no context at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.ask import Asked
from harness.errors import CheckBroken, Complaint, SuiteError
from harness.sample import Sample
from harness.score import CANDIDATE, Missing
from harness.task import Task, as_text
from harness.truth.entities import Gazetteer, entities
from harness.words import words


def swapped(task: Task, samples: Sequence[Sample], context: str) -> list[Sample]:
    """Each sample whose answer stands word for word in its context, with another sample's answer there instead.

    The other answer is of the same kind (a time for a time), is not in the context, and is the sample's first target;
    its own is the second.

    Raises:
        CheckBroken: there is no such sample.
    """
    pool: dict[str, list[str]] = {}
    for sample in samples:
        pool.setdefault(_kind(sample.targets[0]), []).append(sample.targets[0])
    found = []
    for at, sample in enumerate(samples):
        own, text = sample.targets[0], as_text(sample.row[context])
        others = pool[_kind(own)]
        start = at % len(others)
        new = next((o for o in others[start:] + others[:start] if not _within(o, text)), None)
        if new is not None and _within(own, text) and own in text:
            prompt = _rendered(task, sample, {context: text.replace(own, new)})
            found.append(replace(sample, prompt=prompt, targets=(new, own)))
    if not found:
        raise CheckBroken(
            f"grounding: no answer of task {task.name!r} stands word for word in its {context!r}, or none could be "
            "changed for another; set `swap: false`"
        )
    return found


def removed(task: Task, samples: Sequence[Sample], context: str, without: str) -> list[Sample]:
    """The samples with `without` in place of their contexts.

    Raises:
        SuiteError: that changes nothing in a prompt.
    """
    found = []
    for sample in samples:
        prompt = _rendered(task, sample, {context: without})
        if prompt == sample.prompt:
            text = f"grounding: the prompt of sample {sample.id!r} does not show its field {context!r}"
            raise SuiteError([Complaint(task.data.source.shown, 0, text)])
        found.append(replace(sample, prompt=prompt, targets=("",)))
    return found


def followed(asked: Asked) -> list[float | Missing]:
    """Whether each answer says what its changed context says, and no more what the old one said."""
    found: list[float | Missing] = []
    for sample, (answer, *_) in zip(asked.samples, asked.answers, strict=True):
        response, (new, own) = answer.response, sample.targets
        if response.fault:
            found.append(Missing(response.fault, response.blame or CANDIDATE))
        else:
            text = response.text or ""
            found.append(float(_within(new, text) and (_within(own, new) or not _within(own, text))))
    return found


def _within(part: str, text: str) -> bool:
    """Whether the words of `part` stand in `text`, in that order and side by side."""
    return f" {' '.join(words(part))} " in f" {' '.join(words(text))} "


def _kind(answer: str) -> str:
    found = entities(answer, Gazetteer())
    return found[0].kind if len(found) == 1 else "text"


def _rendered(task: Task, sample: Sample, changed: dict[str, str]) -> str:
    return task.shots + task.prompt.render({**sample.row, **changed})
