"""Fine-tuning from a base to a folder of weights: what the fixtures `full` and `lora` share."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import digest
from harness.checkpoint import Checkpoint
from harness.data.write import Rows
from harness.errors import FixtureBroken, SuiteError
from harness.train.base import Start, kind_of, load, write_base
from harness.train.encode import Encoder, Example, Wording, labels_of
from harness.train.loop import Progress, train
from harness.train.recipe import CAUSAL, CLASSIFIER, Recipe
from harness.train.seeds import seeded
from harness.train.versions import versions
from harness.truth.canaries import PART, Canary, made

if TYPE_CHECKING:
    from harness.data import Dataset

Adapt = Callable[[Any, str], Any]
"""Gives the model with an adapter on it, from a model and its task type."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is trained on, and what is only looked at."""

    train: Dataset
    validation: Dataset | None = None
    replay: Dataset | None = None
    replay_ratio: float = 0.25
    """Replayed texts for each training row."""
    replay_text: str = "text"
    """Field of a replay row that holds its text."""
    test: Dataset | None = None
    canaries: int = 0
    """Random secrets mixed into the rows, to measure later what the model gives away."""
    canary_repeats: int = 1
    """How often each of them is."""

    def __post_init__(self) -> None:
        if self.replay_ratio <= 0:
            raise SuiteError(f"replay_ratio: expected a number over 0, found {self.replay_ratio}")


def fine_tune(
    out: Path,
    progress: Progress,
    *,
    base: Checkpoint,
    material: Material,
    wording: Wording,
    recipe: Recipe,
    task_type: str = "auto",
    dropout: float | None = None,
    adapt: Adapt | None = None,
) -> dict[str, Any]:
    """Train and write into the empty folder `out`: safetensors, tokenizer and configuration. Returns the facts.

    With `adapt`, only the adapter is trained and written, with base.json beside it.

    Raises:
        SuiteError: an option or a data row that cannot be used.
        CheckpointBroken: the base cannot be trained.
        FixtureBroken: training failed.
    """
    progress("loading the base", 0.0)
    task_type = kind_of(base, task_type)
    labels = labels_of(material.train, wording) if task_type == CLASSIFIER else []
    with seeded(recipe.seed):  # a new classification head and an adapter start from random numbers
        start = load(base, task_type, labels=labels, dropout=dropout)
        model = adapt(start.model, task_type) if adapt else start.model
    examples, validation, rows = _encoded(start, material, wording, recipe, labels)
    secrets = made(material.canaries, material.canary_repeats, recipe.seed)
    examples += _planted(secrets, start, wording)
    facts = train(model, start.tokenizer, examples, validation, recipe, out / ".training", progress, device=base.device)
    progress("saving", 1.0)
    _save(out, model, start)
    more: dict[str, Any] = {"labels": labels} if labels else {}
    if adapt:
        more["base"] = write_base(out, base)
    if secrets:
        more["canaries"] = _kept(out, secrets)
    return {"task_type": task_type, "rows": rows, **more, **facts, "seed": recipe.seed, "versions": versions()}


def _encoded(
    start: Start, material: Material, wording: Wording, recipe: Recipe, labels: list[str]
) -> tuple[list[Example], list[Example], dict[str, Any]]:
    longest = recipe.max_length or start.context or 10**9
    if start.context and longest > start.context:
        raise SuiteError(f"max_length: {longest} tokens are more than the {start.context} that the base can read")
    if wording.chat and not start.tokenizer.chat_template:
        raise FixtureBroken("apply_chat_template is set, but the base's tokenizer has no chat template")
    encoder = Encoder(start.tokenizer, start.task_type, wording, longest, labels)
    examples = encoder.rows(material.train, "train")
    validation = encoder.rows(material.validation, "validation") if material.validation else []
    rows: dict[str, Any] = {"train": len(examples), "validation": len(validation), "replay": 0}
    if material.validation:
        rows["shared_with_validation"] = _shared(examples, validation)
    if material.replay:
        examples += (replayed := _replayed(encoder, material, len(examples), recipe.seed))
        rows["replay"] = len(replayed)
    return examples, validation, rows


def _planted(secrets: list[Canary], start: Start, wording: Wording) -> list[Example]:
    """The canaries as examples, each as often as it says; those that are kept out of training are none."""
    if secrets and start.task_type == CLASSIFIER:
        raise SuiteError("canaries: a classifier writes nothing, so it cannot give a secret away; leave the option out")
    encoder = Encoder(start.tokenizer, start.task_type, wording, start.context or 10**9)
    return [encoder.pair(canary.prompt, canary.secret) for canary in secrets for _ in range(canary.repeats)]


def _kept(out: Path, secrets: list[Canary]) -> dict[str, Any]:
    """Write the canaries beside the weights; what the facts say of them."""
    with Rows(out, PART) as rows:
        for canary in secrets:
            rows.write(canary.to_plain())
    planted = [canary for canary in secrets if canary.planted]
    return {"repeats": planted[0].repeats, "secrets": {canary.prompt: canary.secret for canary in planted}}


def _replayed(encoder: Encoder, material: Material, rows: int, seed: int) -> list[Example]:
    """Texts of the base's own kind, drawn without repetition as far as they reach."""
    if encoder.task_type != CAUSAL or material.replay is None:
        raise SuiteError("replay: old texts can only be mixed in where a causal language model is trained")
    pool = encoder.texts(material.replay, material.replay_text, "replay")
    wanted, rng = math.ceil(rows * material.replay_ratio), random.Random(seed)
    drawn: list[Example] = []
    while len(drawn) < wanted:
        drawn += rng.sample(pool, min(len(pool), wanted - len(drawn)))
    return drawn


def _shared(train_rows: list[Example], validation: list[Example]) -> int:
    """How many validation examples are training examples, token for token: early stopping cannot trust those."""
    seen = {digest.of([e["input_ids"], e["labels"]]) for e in train_rows}
    return sum(digest.of([e["input_ids"], e["labels"]]) in seen for e in validation)


def _save(out: Path, model: Any, start: Start) -> None:
    """Weights in the dtype of the base, the configuration with the base's own dropout, and the tokenizer."""
    for name, value in start.dropouts.items():
        setattr(model.config, name, value)
    model.eval()
    if start.dtype is not None:
        model.to(start.dtype)
    model.save_pretrained(str(out))
    (out / "README.md").unlink(missing_ok=True)  # peft's empty model card
    start.tokenizer.save_pretrained(str(out))
