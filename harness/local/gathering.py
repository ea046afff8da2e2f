"""Rows in slots, and the tokens of one step gathered from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.local.attention import Unsupported
from harness.local.decoding import Row
from harness.local.forward import accepts
from harness.local.keys import Shelf
from harness.local.sharing import common
from harness.local.step import Root, Span, Step
from harness.local.walk import attended

if TYPE_CHECKING:
    import torch

AHEAD = 64
"""New tokens that a row gets room for at first."""


@dataclass(slots=True, eq=False)
class Slot:
    """A row in its place, or waiting for one."""

    row: Row
    tokens: tuple[int, ...]
    """What is to be read when it is admitted."""
    depth: int
    """Tokens of its root."""
    root: Root | None = None
    length: int = 0
    """Tokens on the shelf."""

    @property
    def own(self) -> int:
        """Tokens to be read after the root."""
        return len(self.tokens) - self.depth

    @property
    def need(self) -> int:
        """Tokens on the shelf that it needs room for at first."""
        return self.own + min(self.row.draft.most - len(self.row.said), AHEAD)

    @property
    def whole(self) -> int:
        """Tokens on the shelf that it can come to need room for."""
        return len(self.row.draft.prompt) + self.row.draft.most - self.depth


@dataclass(frozen=True, slots=True)
class Trail:
    """A row that was read, and where its keys and values are: the next one may begin like it."""

    slot: Slot
    shelf: Shelf
    row: int

    def shared(self, slot: Slot, least: int) -> int:
        """Tokens after the root that `slot` can copy; 0 where these are fewer than `least`."""
        depth, other = slot.depth, self.slot
        if other.depth != depth or other.tokens[:depth] != slot.tokens[:depth]:
            return 0
        alike = min(common(slot.tokens[depth:], other.tokens[depth:]), slot.own - 1)
        return alike if alike >= least else 0


@dataclass(slots=True)
class Gathering:
    """The tokens of one step."""

    shelf: Shelf
    device: torch.device
    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    roots: dict[Root, list[int]] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    """Places after which somebody's next token is chosen."""

    def go_on(self, slot: Slot) -> None:
        """The last token that a live row has said; all of them come first, in the order of their places."""
        self.lengths.append(slot.length)
        self._add(slot.row.said[-1:], slot.depth + slot.length, slot.root)

    def read(self, slot: Slot, row: int, begin: int, end: int, source: Trail | None) -> None:
        """A row's own tokens from `begin` to `end`; what is before them is copied from `source`, if there is one."""
        copied = None if source is None else (source.shelf, source.row)
        self.spans.append(Span(len(self.tokens), end - begin, self.shelf, row, begin, copied))
        self._add(slot.tokens[slot.depth + begin : slot.depth + end], slot.depth + begin, slot.root)

    def read_root(self, root: Root, begin: int, end: int) -> None:
        """A root's tokens from `begin` to `end`."""
        self.spans.append(Span(len(self.tokens), end - begin, root.shelf, 0, begin))
        self._add(root.tokens[begin:end], begin, None)

    def logits(self, model: Any, *, curtail: bool = False) -> torch.Tensor:
        """(rows, vocabulary) after the last token of each row; where `curtail`, the last layer is computed for these
        only.

        Raises:
            Unsupported: the model does not attend as asked.
        """
        import numpy as np

        if "position_ids" not in accepts(model.__class__):
            raise Unsupported("this model takes no positions")
        step = Step(self.shelf, self.lengths, self.spans, list(self.roots.items()), self.positions, self.device)
        found, calls = attended(
            model, step, np.array(self.tokens), np.array(self.positions), np.array(self.ends), self.device, curtail
        )
        if calls != int(model.config.get_text_config().num_hidden_layers):
            raise Unsupported("this model has layers with code of their own")
        return found

    def _add(self, tokens: Sequence[int], position: int, root: Root | None) -> None:
        start = len(self.tokens)
        self.tokens += tokens
        self.positions += range(position, position + len(tokens))
        self.ends.append(len(self.tokens) - 1)
        if root is not None:
            self.roots.setdefault(root, []).extend(range(start, len(self.tokens)))
