"""Keys and values of rows that are being written: room taken ahead, so that nothing grows token by token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class Shelf:
    """Room for the keys and values of `rows` rows with `length` tokens each, in every layer.

    A layer's room is made when the layer first puts something there, because only then its shape is known: heads and
    widths may differ from layer to layer, and keys may be wider than values. A row is cleared before it is first used,
    as what is masked out must be a number; memory that no row has used is only promised by the system, not taken.
    """

    rows: int
    length: int
    layers: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    """Keys and values, each (rows, heads, length, width)."""
    used: int = 0
    """Rows that were used, or cleared to be."""

    def layer(self, at: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The room of layer `at`; `keys` and `values` (heads, tokens, width) show the shape where it is new."""
        if at == len(self.layers):
            self.layers.append((self._room(keys), self._room(values)))
        return self.layers[at]

    def clear(self, rows: int) -> None:
        """Make the first `rows` rows fit for use."""
        if rows > self.used:
            for both in self.layers:
                for room in both:
                    room[self.used : rows] = 0
            self.used = rows

    def grow(self, rows: int, length: int) -> None:
        """Room for more, with everything that is there."""
        for at, (keys, values) in enumerate(self.layers):
            self.layers[at] = (self._larger(keys, rows, length), self._larger(values, rows, length))
        self.rows, self.length, self.used = rows, length, min(rows, self.used)

    def put(self, row: int, source: Shelf, other: int, length: int) -> None:
        """Begin a row with the first `length` tokens of another one, of this or of another shelf."""
        self.used = max(self.used, row + 1)
        if not self.layers:
            self.layers = [(self._room(keys), self._room(values)) for keys, values in source.layers]
        for mine, theirs in zip(self.layers, source.layers, strict=True):
            for room, given in zip(mine, theirs, strict=True):
                room[row, :, :length] = given[other, :, :length]

    @property
    def token_bytes(self) -> int:
        """Bytes of one token of one row, in all layers together."""
        return sum(room.shape[1] * room.shape[3] * room.element_size() for both in self.layers for room in both)

    def _room(self, like: torch.Tensor) -> torch.Tensor:
        room = like.new_empty(self.rows, like.shape[-3], self.length, like.shape[-1])
        room[: self.used] = 0
        return room

    def _larger(self, room: torch.Tensor, rows: int, length: int) -> torch.Tensor:
        made = room.new_empty(rows, room.shape[1], length, room.shape[3])
        many, long = min(rows, self.used), min(length, room.shape[2])
        made[:many, :, :long], made[:many, :, long:] = room[:many, :, :long], 0
        return made
