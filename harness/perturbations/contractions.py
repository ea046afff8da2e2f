"""do not and don't"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from harness.catalog import perturbation
from harness.perturbing.edits import Share, both_ways, replace_phrases, single
from harness.perturbing.lexicon.spoken import CONTRACTED
from harness.perturbing.spans import Span


@perturbation(keeps="meaning")
def contractions(
    text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 1.0,
    mode: Literal["contract", "expand", "both"] = "both",
) -> str:  # fmt: skip
    """The text with "do not" for "don't" and the other way round; negations stay what they are.

    Options:
        share: share of the places that change; at least one, where there is any
        mode: which way
    """
    expanded = {short: long for long, short in CONTRACTED.items()}
    tables = {"contract": single(CONTRACTED), "expand": single(expanded), "both": both_ways(CONTRACTED)}
    return replace_phrases(text, rng, protected, tables[mode], share, but=("negations",))
