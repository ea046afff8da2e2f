"""A sentence that has nothing to do with it"""

from __future__ import annotations

import re
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from harness.catalog import perturbation
from harness.perturbing.lexicon.meaning import UNRELATED


@perturbation(keeps="meaning")
def distractor_sentence(
    text: str, rng: Random, *, count: Annotated[int, Field(ge=1, le=len(UNRELATED))] = 1,
    position: Literal["begin", "middle", "end", "any"] = "any",
) -> str:  # fmt: skip
    """The text with irrelevant sentences before it, after it, or between two of its own.

    Options:
        count: how many
        position: where they stand
    """
    if not text.strip():
        return text
    said = " ".join(rng.sample(UNRELATED, count))
    inside = [match.end() for match in re.finditer(r"[.!?]\s+(?=\S)", text)]
    places = {"begin": [0], "end": [len(text)], "middle": inside or [0], "any": [0, *inside, len(text)]}[position]
    at = rng.choice(places)
    before, after = text[:at].rstrip(), text[at:].lstrip()
    return " ".join(part for part in (before, said, after) if part)
