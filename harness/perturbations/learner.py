"""English as learners write it"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, like, some, words, written
from harness.perturbing.spans import Span

_PREPOSITIONS = {"at": "in", "in": "at", "on": "in", "for": "since", "to": "at", "from": "of", "by": "with"}
_VERBS = {
    "am": "is", "are": "is", "is": "are", "was": "is", "were": "was", "has": "have", "does": "do", "goes": "go",
    "went": "go", "took": "take", "came": "come", "saw": "see", "ate": "eat", "bought": "buy", "left": "leave",
    "made": "make", "thought": "think", "knew": "know", "gave": "give", "got": "get", "told": "tell", "ends": "end",
    "leaves": "leave", "starts": "start", "costs": "cost", "runs": "run", "stops": "stop", "takes": "take",
    "opens": "open", "closes": "close", "arrives": "arrive", "departs": "depart", "going": "go", "coming": "come",
}  # fmt: skip
_COUNTED = {
    "information": "informations", "advice": "advices", "luggage": "luggages", "furniture": "furnitures",
    "people": "peoples", "children": "childs", "news": "a news", "much": "many", "many": "much", "fewer": "less",
}  # fmt: skip
_ARTICLE = re.compile(r"(?<!\w)(?:an?|the)\s+(?=\w)", re.IGNORECASE)
_SWAPPED = {**_PREPOSITIONS, **_VERBS, **_COUNTED}
_WORD = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_SWAPPED, key=len, reverse=True))})(?!\w)", re.IGNORECASE)


@perturbation(keeps="meaning")
def learner(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 0.5) -> str:
    """The text with mistakes of learners: no articles, other prepositions, verbs and plurals.

    Options:
        share: share of the places for a mistake that get one; at least one, where there is any
    """
    edits = [Edit(match.start(), match.end(), "") for match in words(text, protected, _ARTICLE)]
    for match in words(text, protected, _WORD):
        if new := _SWAPPED.get(match[0].lower()):
            edits.append(Edit(match.start(), match.end(), like(new, match[0])))
    return written(text, some(sorted(edits), share, rng))
