"""Sources of an encoder–decoder: each distinct one goes through the encoder once, however many batches need it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.local.forward import pad_right

if TYPE_CHECKING:
    import torch

    Encoded = tuple[torch.Tensor, torch.Tensor]

ROOM = 1 << 28
"""Bytes of encoded sources that are kept; those that were wanted longest ago are let go first."""


@dataclass(slots=True, eq=False)
class Sources:
    """What the encoder made of the sources seen last, for one model with one adapter."""

    room: int = ROOM
    alone: bool = False
    """Each source is encoded by itself, so that its numbers do not depend on its neighbours."""
    _known: OrderedDict[tuple[int, ...], torch.Tensor] = field(default_factory=OrderedDict)
    _held: int = 0

    def encoded(self, model: Any, sources: Sequence[tuple[int, ...]], device: torch.device) -> Encoded:
        """(rows, longest, width) hidden states of token ids, 0 beyond their ends, and the (rows, longest) mask."""
        import torch

        found = {source: self._known[source] for source in sources if source in self._known}
        fresh = list(dict.fromkeys(source for source in sources if source not in found))
        size = 1 if self.alone else len(fresh)
        for start in range(0, len(fresh), max(1, size)):
            found |= _encoded(model, fresh[start : start + size], device)
        self._keep(found)
        rows = [found[source] for source in sources]
        _, mask = pad_right(sources, device)
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), mask

    def forget(self) -> None:
        """Remember nothing: what comes next takes as long as if it was asked first."""
        self._known.clear()
        self._held = 0

    def _keep(self, found: dict[tuple[int, ...], torch.Tensor]) -> None:
        for source, hidden in found.items():
            if source not in self._known:
                self._known[source] = hidden
                self._held += hidden.nbytes
            self._known.move_to_end(source)
        while self._held > self.room:
            _, gone = self._known.popitem(last=False)
            self._held -= gone.nbytes


def _encoded(
    model: Any, sources: Sequence[tuple[int, ...]], device: torch.device
) -> dict[tuple[int, ...], torch.Tensor]:
    """Source → its own (tokens, width) hidden states, each in memory of its own."""
    ids, mask = pad_right(sources, device)
    hidden = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    return {source: hidden[row, : len(source)].clone() for row, source in enumerate(sources)}
