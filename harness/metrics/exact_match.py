"""Exact match of free text with a reference."""

from __future__ import annotations

from harness.catalog import metric
from harness.words import normalize


@metric(better="higher", bounds=(0, 1), family="proportion")
def exact_match(
    answer: str,
    targets: list[str],
    valid: bool = True,
    *,
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
) -> float:
    """1 if the answer equals one of the references, else 0; white space around either does not count.

    Options:
        ignore_case: compare without regard to upper and lower case
        ignore_punctuation: leave out punctuation and double spaces; also signs and decimal points, so 1.5 is 15

    >>> exact_match("Paris.", ["paris"]), exact_match("Paris.", ["paris"], ignore_case=True, ignore_punctuation=True)
    (0.0, 1.0)
    """

    def shown(text: str) -> str:
        return normalize(text, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation)

    return float(valid and shown(answer) in {shown(target) for target in targets})
