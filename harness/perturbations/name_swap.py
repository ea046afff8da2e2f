"""Other first names"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, words, written
from harness.perturbing.lexicon.people import MEN, WOMEN
from harness.perturbing.spans import Span

_KIND = {name: names for names in (WOMEN, MEN) for name in names}
_KNOWN = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_KIND, key=len, reverse=True))})(?!\w)")


@perturbation(keeps="meaning")
def name_swap(text: str, rng: Random, protected: Sequence[Span] = ()) -> str:
    """The text with each first name replaced by another one, the same everywhere; right answers stay."""
    found = words(text, protected, _KNOWN)
    there = {match[0] for match in _KNOWN.finditer(text)}
    new: dict[str, str] = {}
    for match in found:
        if match[0] not in new:
            free = [other for other in _KIND[match[0]] if other not in there and other not in new.values()]
            new[match[0]] = rng.choice(free) if free else match[0]
    return written(text, [Edit(match.start(), match.end(), new[match[0]]) for match in found])
