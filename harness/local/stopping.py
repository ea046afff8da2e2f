"""Stop strings: found as soon as the token that completes one is there, without decoding every token of every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

UNSURE = "\ufffd"
"""What a tokenizer shows for a part of a character."""


class Stops:
    """Decides when generated text contains a stop string."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._pieces: list[str] = []
        self._tables: dict[tuple[str, ...], torch.Tensor] = {}

    def suspects(self, stop: tuple[str, ...], vocabulary: int, device: torch.device) -> torch.Tensor | None:
        """(vocabulary,) of bool: tokens that can complete one of `stop`; None where there is none to look for."""
        import torch

        if not stop:
            return None
        if stop not in self._tables:
            self._tables[stop] = torch.tensor(self._mark(stop, vocabulary), device=device)
        return self._tables[stop]

    def cut(self, text: str, stop: Sequence[str]) -> str | None:
        """The text before the first stop string in it; None where there is none."""
        found = [at for s in stop if s and (at := text.find(s)) >= 0]
        return text[: min(found)] if found else None

    def _mark(self, stop: tuple[str, ...], vocabulary: int) -> list[bool]:
        """A token completes a stop string only if the stop string's last character is in it; where a token's own text
        does not say everything (part of a character, blanks that depend on the neighbour), it is suspected."""
        lasts = {s[-1] for s in stop if s}
        if any(last.isspace() and last != "\n" for last in lasts):
            return [True] * vocabulary
        if not self._pieces:
            known = len(self._tokenizer)
            self._pieces = self._tokenizer.batch_decode([[i] for i in range(known)], skip_special_tokens=True)
        marked = [UNSURE in piece or not lasts.isdisjoint(piece) for piece in self._pieces[:vocabulary]]
        return marked + [False] * (vocabulary - len(marked))
