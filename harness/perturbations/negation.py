"""The opposite, by a word: the answer must change"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, words, written
from harness.perturbing.spans import Span

_VERBS = "am|is|are|was|were|can|could|will|would|should|must|may|might|does|do|did|has|have|had"
_PLAIN = re.compile(rf"(?<![\w'’])(?:{_VERBS})(?![\w'’])(?!\s+(?:not|never)\b)", re.IGNORECASE)
_NEGATED = re.compile(rf"(?<![\w'’])({_VERBS})\s+(?:not|never)\b|(?<![\w'’])({_VERBS})n['’]t(?!\w)", re.IGNORECASE)
_ODD = re.compile(r"(?<![\w'’])(cannot|can['’]t|won['’]t)(?!\w)", re.IGNORECASE)
_QUESTION = re.compile(
    rf"(?:^|[.!?,]\s*|\b(?:who|what|which|where|when|why|how)\s+)(?:{_VERBS})\s+"
    r"((?:(?:the|a|an|this|that|my|your|his|her|our|their)\s+)?[\w'’-]+)",
    re.IGNORECASE,
)


@perturbation(keeps="nothing")
def negation(text: str, protected: Sequence[Span] = ()) -> str:
    """The text with its first statement denied, or no longer denied, so that the answer must change."""
    free = ("negations",)
    for pattern in (_NEGATED, _ODD):
        for match in words(text, protected, pattern, but=free)[:1]:
            plain = {"c": "can", "w": "will"}[match[0][0].lower()] if pattern is _ODD else match[1] or match[2]
            return written(text, [Edit(match.start(), match.end(), plain)])
    for match in words(text, protected, _PLAIN, but=free)[:1]:
        asked = _QUESTION.match(text, match.start())
        at = asked.end(1) if asked else match.end()
        return written(text, [Edit(at, at, " not")])
    return text
