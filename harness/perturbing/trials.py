"""Trials: a task's questions asked as they are and perturbed, and the answers side by side."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from harness import digest
from harness.ask import Asked, ask, must_be_whole, row_of, value_of
from harness.errors import CheckBroken, NothingSelected
from harness.exchange import Request, Response
from harness.marking import Answer
from harness.perturbing.strength import Strength, strength
from harness.perturbing.variants import Perturbation, Prepared, Variant
from harness.sample import Sample
from harness.score import Scores

Asking = Generator[list[Request], list[Response], None]
LOT = 20_000
"""Requests that are made in one round at most: what is in memory at a time."""


@dataclass(frozen=True, slots=True)
class Trials:
    """What one model answered to a lot of originals, and to every variant of them that differs from its original."""

    prepared: Prepared
    originals: Asked
    variants: tuple[Variant, ...]
    """All that were asked."""
    answers: tuple[tuple[Answer, ...], ...]
    """Repeats of each variant's answer."""
    scores: Mapping[str, Scores]
    """What each metric of the task says of the variants, in their order, by their own ids."""
    strengths: tuple[Strength, ...]
    """How strong each perturbation was, in the order of `prepared.perturbations`."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """One plain row for each variant, under its own id, with what was done to the sample."""
        for at, variant in enumerate(self.variants):
            metrics = {name: value_of(scores, at) for name, scores in self.scores.items()}
            row = row_of(replace(variant.sample, id=variant.id), self.answers[at], metrics)
            yield {**row, "perturbation": variant.label, "original": variant.before.id}


def ask_again(
    prepared: Prepared,
    head: str,
    heard: Callable[[Trials], None],
    *,
    samples: Iterable[Sample] | None = None,
    variants: int = 1,
) -> Asking:
    """Ask the originals as the task does, and every variant that differs from its original; `heard` is told lot by lot.

    A perturbation that keeps everything is asked although nothing differs: afresh, or with other random numbers where
    answers are drawn.

    Raises:
        NothingSelected: there are no samples.
        CheckBroken: no perturbation changes any prompt, or a prompt does not fit into the context.
    """
    left = iter(prepared.task.samples() if samples is None else samples)
    size = max(1, LOT // (1 + variants * len(prepared.perturbations)))
    count = asked = 0
    while lot := list(islice(left, size)):
        count += len(lot)
        asked += yield from _lot(prepared, head, heard, lot, variants)
    if not count:
        raise NothingSelected(f"check {prepared.task.name!r}: no sample is left to ask")
    if not asked:
        names = ", ".join(chosen.label for chosen in prepared.perturbations)
        text = f"none of its perturbations ({names}) changes any of {count} prompts; nothing can be measured"
        raise CheckBroken(f"check {prepared.task.name!r}: {text}")


def _lot(
    prepared: Prepared, head: str, heard: Callable[[Trials], None], samples: list[Sample], variants: int
) -> Generator[list[Request], list[Response], int]:
    """One lot; how many variants were asked."""
    made = [
        [prepared.variant(chosen, sample, at) for sample in samples for at in range(variants)]
        for chosen in prepared.perturbations
    ]
    originals = yield from ask(prepared.task, head, samples)
    kept = [
        (chosen, variant)
        for chosen, group in zip(prepared.perturbations, made, strict=True)
        for variant in group
        if variant.changed or chosen.keeps == "everything"
    ]
    requests = [_requests(prepared, chosen, variant, head) for chosen, variant in kept]
    responses = yield [request for group in requests for request in group]
    must_be_whole(prepared.task, requests, responses)
    answers: list[tuple[Answer, ...]] = []
    counted: dict[str, int] = {}
    at = 0
    for (_, variant), group in zip(kept, requests, strict=True):
        own = responses[at : at + len(group)]
        answers.append(tuple(prepared.task.read(variant.sample, response) for response in own))
        counted[variant.id] = own[0].prompt_tokens
        at += len(group)
    renamed = [replace(variant.sample, id=variant.id) for _, variant in kept]
    before = {
        s.id: given[0].response.prompt_tokens for s, given in zip(originals.samples, originals.answers, strict=True)
    }
    strengths = [
        strength(chosen, group, prepared.fields, [(before[v.before.id], counted.get(v.id, 0)) for v in group])
        for chosen, group in zip(prepared.perturbations, made, strict=True)
    ]
    scores = prepared.task.score(renamed, answers) if renamed else {}
    asked = tuple(variant for _, variant in kept)
    heard(Trials(prepared, originals, asked, tuple(answers), scores, tuple(strengths)))
    return len(kept)


def _requests(prepared: Prepared, chosen: Perturbation, variant: Variant, head: str) -> list[Request]:
    task = prepared.task
    placebo = chosen.keeps == "everything"
    if placebo and task.temperature > 0:
        task = replace(task, seed=int(digest.of([task.seed, variant.label, variant.at])[:12], 16))
    return [
        replace(request, sample=variant.id, system=variant.system, fresh=placebo and task.temperature == 0)
        for request in task.requests(variant.sample, head)
    ]
