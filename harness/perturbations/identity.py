"""Nothing at all: the placebo, which tells how much answers differ by themselves"""

from __future__ import annotations

from harness.catalog import perturbation


@perturbation(keeps="everything")
def identity(text: str) -> str:
    """The text as it is, asked again: the noise floor of everything else."""
    return text
