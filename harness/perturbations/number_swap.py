"""Another number, and so another question"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, words, written
from harness.perturbing.spans import Span

_WHOLE = re.compile(r"(?<![\w.,:/-])\d{1,9}(?![\w]|[.,:/-]\d)")


@perturbation(keeps="nothing")
def number_swap(text: str, rng: Random, protected: Sequence[Span] = ()) -> str:
    """The text with each whole number replaced by another one near it, the same everywhere: the answer must change."""
    found = words(text, protected, _WHOLE, but=("numbers",))
    new = {number: str(_near(int(number), rng)) for number in dict.fromkeys(match[0] for match in found)}
    return written(text, [Edit(match.start(), match.end(), new[match[0]]) for match in found])


def _near(number: int, rng: Random) -> int:
    """Another number, at most a fifth away, or three where that is less."""
    reach = max(3, number // 5)
    return (
        rng.choice([other for other in range(max(0, number - reach), number + reach + 1) if other != number])
        if reach < 1000
        else number + rng.choice((-1, 1)) * rng.randint(1, reach)
    )
