"""A perturbation: for tests of the loader."""

from __future__ import annotations

from random import Random

from harness.catalog import perturbation


@perturbation(keeps="meaning")
def wobble(text: str, rng: Random, *, rate: float = 0.1) -> str:
    """The text, shaken.

    Options:
        rate: share of the letters that move
    """
    return "".join(sorted(text, key=lambda _: rng.random())) if rate else text
