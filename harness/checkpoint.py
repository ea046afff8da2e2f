"""A checkpoint: exact weights, known by the digests of their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from harness import digest

ASKING = frozenset({
    "batch_size", "api_key", "concurrency", "timeout", "retries", "patience", "deadline", "max_calls", "max_cost",
    "price", "allow_private",
})  # fmt: skip
"""Options that say how it is asked, and cannot change an answer."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What one name under `models:` stands for, once every fixture it needs is made."""

    __reference__: ClassVar[str] = "model"
    """An option with this annotation is written in YAML as a model's name, a $fixture, a folder or a hub id."""

    name: str
    """The role or name in the suite: candidate, base, baseline, …"""
    kind: str
    """`transformers`, `endpoint` or `replay`."""
    pretrained: str = ""
    """Folder or hub id of the full weights (of the base, for an adapter)."""
    peft: str = ""
    """Folder or hub id of an adapter on `pretrained`; empty for full weights."""
    revision: str = ""
    peft_revision: str = ""
    dtype: str = "auto"
    device: str = "auto"
    options: dict[str, object] = field(default_factory=dict)
    """The remaining keys of the suite entry: batch_size, apply_chat_template, system_instruction, gen_kwargs, …"""
    files: dict[str, str] = field(default_factory=dict)
    """Relative path → SHA-256 of every file of the weights, tokenizer and adapter (adapter files under `peft/`)."""
    source: Path | None = None
    """The recording, for a replay."""
    head: str = "causal"
    """What it can be asked: `causal`, `seq2seq`, `classifier`, or `` where that is not known before asking."""

    @property
    def digest(self) -> str:
        """One digest for all that can change an answer: bytes, dtype and options; not the name, nor the batch."""
        options = {key: value for key, value in self.options.items() if key not in ASKING}
        return digest.of({"kind": self.kind, "files": self.files, "dtype": self.dtype, "options": options})
