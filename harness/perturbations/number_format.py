"""12 and twelve"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from harness.catalog import perturbation
from harness.perturbing.edits import Edit, Share, like, some, words, written
from harness.perturbing.spans import Span

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DIGITS = re.compile(r"(?<![\w$€£¥#.,:/+-])(?:0|[1-9]\d{0,2})(?!\w|\s?%|[.,:/-]\d|\s?(?:[ap]\.?m\b|o'clock))")
_WORDS = {}
for _number in range(100):
    _tens, _one = divmod(_number, 10)
    _WORDS[_ONES[_number] if _number < 20 else _TENS[_tens - 2] + (f"-{_ONES[_one]}" if _one else "")] = _number
_WORD = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![\w-]|\s(?:hundred|thousand|million))",
    re.IGNORECASE,
)


@perturbation(keeps="meaning")
def number_format(text: str, rng: Random, protected: Sequence[Span] = (), *, share: Share = 1.0) -> str:
    """The text with small whole numbers in words for those in digits, and in digits for those in words.

    Options:
        share: share of these numbers that change; at least one, where there is any
    """
    edits = [Edit(m.start(), m.end(), _spoken(int(m[0]))) for m in words(text, protected, _DIGITS, but=("numbers",))]
    for match in words(text, protected, _WORD, but=("numbers",)):
        if match[0].lower() not in ("one", "zero"):  # "the one that …"
            edits.append(Edit(match.start(), match.end(), str(_WORDS[match[0].lower()])))
    return written(text, [Edit(e.start, e.stop, like(e.text, text[e.start])) for e in some(sorted(edits), share, rng)])


def _spoken(number: int) -> str:
    """A number below a thousand in words."""
    hundreds, rest = divmod(number, 100)
    names = [name for name, value in _WORDS.items() if value == rest] if rest or not hundreds else []
    return " ".join([*([f"{_ONES[hundreds]} hundred"] if hundreds else []), *names[:1]])
