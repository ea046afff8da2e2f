"""Every Word With A Capital"""

from __future__ import annotations

from collections.abc import Sequence

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, words, written
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def titlecase(text: str, protected: Sequence[Span] = ()) -> str:
    """The Text With Every Word Capitalised."""
    found = words(text, protected)
    return written(text, [Edit(word.start(), word.end(), word[0][:1].upper() + word[0][1:].lower()) for word in found])
