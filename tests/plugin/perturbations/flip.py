"""A perturbation without options: for tests of the loader."""

from __future__ import annotations

from harness.catalog import perturbation


@perturbation(keeps="meaning")
def flip(text: str) -> str:
    """The text, backwards."""
    return text[::-1]
