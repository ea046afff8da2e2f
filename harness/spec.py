"""A suite once it has been read and checked: frozen, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.catalog import Catalog, Entry
from harness.criterion import Criterion
from harness.errors import Complaint
from harness.place import Document, Key, Place

NAME = r"[A-Za-z_][\w-]*"
"""What models, fixtures and checks may be called: criteria and `$name.part` spell these names."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One fixture or check: a name of the suite, and which leaf it is with which options."""

    name: str
    kind: str
    """Its name in the catalog: lora, task, …"""
    entry: Entry
    options: Mapping[str, Any]
    """What the suite says, checked; defaults are not filled in. Names of data, models and checks stay text."""
    line: int = 0


FixtureSpec = Spec
CheckSpec = Spec


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One entry under `models:`."""

    name: str
    kind: str
    """Its backend's name in the catalog: transformers, endpoint or replay."""
    options: Mapping[str, Any]
    """The keys of the entry as written; a plain string has become `pretrained`. `api_key` is still `${env:NAME}`."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AtLeast:
    """One item of `accept:` of the form `{at_least: 2, of: [sentences]}`."""

    least: int
    members: tuple[str, ...]
    """Ids of the criteria of which so many must hold."""
    confidence: float = 0.95
    """One-sided, of the claim about all of them."""
    line: int = 0

    @property
    def id(self) -> str:
        """What it is told apart by."""
        return f"at least {self.least} of ({'; '.join(self.members)})"


@dataclass(frozen=True, slots=True)
class Terms:
    """How the criteria are combined, beyond "all must pass"."""

    looks: int = 1
    """How many times the evidence may be looked at, each time at more of the samples."""
    candidates: int = 1
    """Of how many candidates the best one will be shipped."""
    noise_floor: bool = False
    """Whether the models compared with are measured a second time."""
    unions: tuple[AtLeast, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """Everything that a suite file says."""

    name: str
    path: Path
    """The YAML file; paths in it are relative to its folder."""
    seed: int
    digest: str
    """SHA-256 of what the file says, `--set` included; which candidate is held against it is not part of it."""
    models: Mapping[str, ModelSpec]
    fixtures: Mapping[str, FixtureSpec]
    checks: Mapping[str, CheckSpec]
    accept: tuple[Criterion, ...]
    plugins: tuple[Path, ...]
    catalog: Catalog
    warnings: tuple[Complaint, ...] = ()
    lines: Document = field(default_factory=lambda: Document(None, Place("", 0)))
    """Where everything stands: `lines.line("checks", name)`, `lines.complaint(path, text)`."""
    candidate: str = "candidate"
    """What stands as the candidate: `candidate` as the suite has it, or what was given instead."""
    terms: Terms = Terms()

    @property
    def root(self) -> Path:
        """The folder that paths in the suite are relative to."""
        return self.path.parent


@dataclass(slots=True)
class Reading:
    """A suite while it is being read: what has been found wrong so far."""

    document: Document
    root: Path
    catalog: Catalog
    complaints: list[Complaint] = field(default_factory=list)
    offline: bool = False
    """Whether servers elsewhere will not be asked, so that nobody needs their keys."""

    def wrong(self, path: tuple[Key, ...], text: str) -> None:
        """Note an error at a place of the file."""
        self.complaints.append(self.document.complaint(path, text))

    def warn(self, path: tuple[Key, ...], text: str) -> None:
        """Note a warning at a place of the file."""
        self.complaints.append(self.document.complaint(path, text, "warning"))
