"""Sequence classifiers: the labels of a head, and their log-probabilities for batches of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointBroken, nearest
from harness.local.forward import pad_right

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to be classified, in tokens."""

    tokens: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows that it takes in a batch."""
        return 1

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.tokens)

    @property
    def kept(self) -> int:
        """Positions whose logits are needed."""
        return 1


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a head, by name."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, config: Any) -> Labels:
        """The labels in a configuration; raises `CheckpointBroken` where the head is no choice between labels."""
        names = tuple(str(config.id2label[i]) for i in sorted(config.id2label))
        if config.problem_type in ("regression", "multi_label_classification") or len(names) < 2:
            kind = config.problem_type or f"a head with {len(names)} output"
            raise CheckpointBroken(f"this classifier does not choose between labels ({kind}), so it cannot be asked to")
        return cls(names)

    def find(self, wanted: Sequence[str]) -> list[int] | str:
        """The index of every wanted label (blanks around it do not count), or a sentence on the first unknown one."""
        known = {name.strip(): i for i, name in enumerate(self.names)}
        unknown = [label for label in wanted if label.strip() not in known]
        if unknown:
            return f"the classifier has no label {unknown[0]!r} in its id2label{nearest(unknown[0].strip(), known)}"
        return [known[label.strip()] for label in wanted]


def classify(model: Any, batch: Sequence[Passage], device: torch.device) -> list[list[float]]:
    """Log-probability of every label for every passage, float32 log-softmax."""
    ids, mask = pad_right([passage.tokens for passage in batch], device)
    pad = model.config.pad_token_id
    if pad:
        ids = ids.masked_fill(mask == 0, pad)
    logits = model(input_ids=ids, attention_mask=mask).logits
    return logits.float().log_softmax(-1).double().cpu().tolist()  # type: ignore[no-any-return]
