"""Stop strings: found as soon as the token that completes one is there, without decoding every token of every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

UNSURE = "\ufffd"
"""What a tokenizer shows for a part of a character."""

MARGIN = 8
"""Tokens decoded beyond what a stop string can span: the first of them may look different without its neighbours."""


class Stops:
    """Decides when generated text contains a stop string."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._pieces: dict[int, str] = {}
        self._lasts: dict[tuple[str, ...], frozenset[str]] = {}

    def completed(self, tokens: Sequence[int], stop: tuple[str, ...]) -> bool:
        """Whether the last token may have completed one of `stop`; most tokens are known not to, and of the text only
        the end is decoded."""
        if not stop or not self._suspect(tokens[-1], stop):
            return False
        longest = max(map(len, stop))
        if len(tokens) <= longest + MARGIN:
            return True
        tail = self.decode(tokens[-longest - MARGIN :])
        return len(tail) < longest + MARGIN or self.cut(tail, stop) is not None

    def cut(self, text: str, stop: Sequence[str]) -> str | None:
        """The text before the first stop string in it; None where there is none."""
        found = [at for s in stop if s and (at := text.find(s)) >= 0]
        return text[: min(found)] if found else None

    def decode(self, tokens: Sequence[int]) -> str:
        """Tokens as text, without special tokens."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def _suspect(self, token: int, stop: tuple[str, ...]) -> bool:
        """A token completes a stop string only if the stop string's last character is in it; where a token's own text
        does not say everything (part of a character, blanks that depend on the neighbour), it is suspected."""
        if stop not in self._lasts:
            self._lasts[stop] = frozenset(s[-1] for s in stop if s)
        lasts = self._lasts[stop]
        if any(last.isspace() and last != "\n" for last in lasts):
            return True
        if token not in self._pieces:
            self._pieces[token] = self.decode((token,))
        piece = self._pieces[token]
        return UNSURE in piece or not lasts.isdisjoint(piece)
