"""The same letters as other code points"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from harness.catalog import perturbation
from harness.perturbing.edits import convert
from harness.perturbing.spans import Span

_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@perturbation(keeps="meaning")
def unicode_normalize(
    text: str, protected: Sequence[Span] = (), *, form: Literal["NFC", "NFD", "NFKC", "NFKD", "fullwidth"] = "NFD"
) -> str:
    """The text in another Unicode form; plain English is the same in all of them but fullwidth.

    Options:
        form: a normal form, or fullwidth, the wide letters of East Asian fonts
    """
    if form == "fullwidth":
        return convert(text, protected, lambda part: part.translate(_WIDE))
    return convert(text, protected, lambda part: unicodedata.normalize(form, part))
