"""Every case by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.engine import overhead, scoring, sharing, tokenising, writing
from benchmarks.engine.row import Row
from benchmarks.engine.scoring import Setting

CASES: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "choices": scoring.choices,
    "ten": scoring.ten,
    "perturbed": scoring.perturbed,
    "random": scoring.random_shots,
    "letters": scoring.letters,
    "vocabulary": scoring.vocabulary,
    "generation": writing.generation,
    "short": writing.short,
    "adapter": sharing.adapter,
    "suite": sharing.suite,
    "perplexity": sharing.perplexity,
    "stories260K": scoring.real,
    "tokenising": tokenising.tokenising,
    "overhead": overhead.share,
    "growth": overhead.growth,
}
