"""Everything in small letters"""

from __future__ import annotations

from collections.abc import Sequence

from harness.catalog import perturbation
from harness.perturbing.edits import convert
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def lowercase(text: str, protected: Sequence[Span] = ()) -> str:
    """The text in small letters."""
    return convert(text, protected, str.lower)
