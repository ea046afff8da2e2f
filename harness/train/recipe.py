"""How to train: every number that the training options set, checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import SuiteError, nearest

CAUSAL, CLASSIFIER, SEQ2SEQ = "CAUSAL_LM", "SEQ_CLS", "SEQ_2_SEQ_LM"
TASK_TYPES = (CAUSAL, CLASSIFIER, SEQ2SEQ)
"""What a model is trained to do, in peft's words."""
SCHEDULES = (
    "cosine",
    "linear",
    "constant",
    "constant_with_warmup",
    "polynomial",
    "inverse_sqrt",
    "cosine_with_restarts",
)
"""Learning-rate schedules, in transformers' words."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of one training run; see the options of the fixture `full` for what each means."""

    epochs: int
    learning_rate: float
    batch_size: int
    schedule: str = "cosine"
    warmup: float = 0.05
    weight_decay: float = 0.01
    early_stopping: int = 0
    max_length: int = 0
    gradient_accumulation: int = 1
    max_grad_norm: float = 1.0
    seed: int = 13

    def __post_init__(self) -> None:
        """Raises `SuiteError` with everything that cannot be trained with."""
        wrong = [text for good, text in self._rules() if not good]
        if wrong:
            raise SuiteError("; ".join(wrong))

    def _rules(self) -> list[tuple[bool, str]]:
        known = self.schedule in SCHEDULES
        return [
            (self.epochs >= 1, f"epochs: expected 1 or more, found {self.epochs}"),
            (0 < self.learning_rate < 10, f"learning_rate: expected a number over 0, found {self.learning_rate}"),
            (self.batch_size >= 1, f"batch_size: expected 1 or more, found {self.batch_size}"),
            (known, f"schedule: unknown name {self.schedule!r}{'' if known else nearest(self.schedule, SCHEDULES)}"),
            (0 <= self.warmup < 1, f"warmup: expected a share of all steps from 0 to below 1, found {self.warmup}"),
            (self.weight_decay >= 0, f"weight_decay: expected 0 or more, found {self.weight_decay}"),
            (self.early_stopping >= 0, f"early_stopping: expected 0 or more epochs, found {self.early_stopping}"),
            (self.max_length >= 0, f"max_length: expected 0 or more tokens, found {self.max_length}"),
            (
                self.gradient_accumulation >= 1,
                f"gradient_accumulation: expected 1 or more, found {self.gradient_accumulation}",
            ),
            (self.max_grad_norm >= 0, f"max_grad_norm: expected 0 or more, found {self.max_grad_norm}"),
        ]


def task_type_of(asked: str, architectures: Sequence[str], *, encoder_decoder: bool) -> str:
    """The task type for a base with these architectures, unless one is asked for.

    Raises:
        SuiteError: an unknown name.
    """
    if asked == "auto":
        if encoder_decoder:
            return SEQ2SEQ
        causal = any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in architectures)
        return CAUSAL if causal else CLASSIFIER
    if asked not in TASK_TYPES:
        raise SuiteError(f"task_type: unknown name {asked!r}{nearest(asked, (*TASK_TYPES, 'auto'))}")
    return asked
