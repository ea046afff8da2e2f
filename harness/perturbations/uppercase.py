"""Everything in capitals"""

from __future__ import annotations

from collections.abc import Sequence

from harness.catalog import perturbation
from harness.perturbing.edits import convert
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def uppercase(text: str, protected: Sequence[Span] = ()) -> str:
    """The text in capitals."""
    return convert(text, protected, str.upper)
