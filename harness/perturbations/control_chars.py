"""A long tail of control characters"""

from __future__ import annotations

from random import Random
from typing import Literal

from harness.catalog import perturbation
from harness.perturbing.edits import Count


@perturbation(keeps="meaning")
def control_chars(
    text: str, rng: Random, *, count: Count = 100, kind: Literal["return", "backspace", "any"] = "any"
) -> str:
    """The text, followed by many carriage returns or backspaces.

    Options:
        count: how many
        kind: which of them
    """
    return text + {"return": "\r", "backspace": "\b", "any": rng.choice("\r\b")}[kind] * count
