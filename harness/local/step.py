"""One forward for many rows: the next token of every row that is being written, and prompts that are read.

All tokens stand in one packed row, so that the matrix multiplications are as large as they can be. In every layer, the
new keys and values go to their shelf, and a token attends to the tokens of its own row there and to those of the root
that the row shares with others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from harness.local.attention import How, Unsupported
from harness.local.keys import Shelf
from harness.local.merging import attend, merge

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

FILLED = 2
"""Times its tokens that a run of spans may come to where they are filled up to one length."""

HIDDEN = -30000.0
"""Added to the score of a key that is not to be seen. Its exponential is 0, but unlike minus infinity it gives no NaN
where a query sees no key at all; it fits into half precision, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The beginning that several rows share; its keys and values are there once, in row 0 of its shelf."""

    tokens: tuple[int, ...]
    shelf: Shelf


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens of one row that are read together."""

    start: int
    """Place of the first in the pack."""
    count: int
    shelf: Shelf
    row: int
    """Row on the shelf."""
    at: int
    """Tokens that the row has on the shelf before these."""
    source: tuple[Shelf, int] | None = None
    """Shelf and row from which those are to be copied, where they are not there yet."""
    asked: int | None = None
    """Place among the queries of its last token, where that alone is asked; None where all its tokens are."""


@dataclass(slots=True, eq=False)
class Step:
    """What one forward reads: one token for each of the shelf's first rows, then the spans. A `lastlayer.Selective`."""

    shelf: Shelf
    lengths: Sequence[int]
    """Tokens that each of those rows has on the shelf already."""
    spans: Sequence[Span]
    roots: Sequence[tuple[Root, Sequence[int]]]
    """Roots, with the places in the pack of the tokens that come after them."""
    positions: Sequence[int]
    """Every token's place in its own text."""
    device: torch.device
    _known: dict[Any, Any] = field(default_factory=dict)
    """Masks and indices, which all layers share."""

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How,
        rows: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """One layer's (1, heads, tokens, width) attention; with `rows`, of the last token of each row only."""
        if rows is not None:
            ends = [*range(len(self.lengths)), *(span.start + span.count - 1 for span in self.spans)]
            if ends != rows.tolist():
                raise ValueError(f"the last tokens of the rows stand at {ends}, and {rows.tolist()} are asked for")
            return self._few(ends)._attended(layer, query, key, value, how)
        if query.shape[0] != 1 or key.shape[2] != query.shape[2]:
            raise Unsupported("this model brings keys of its own to its attention")
        return self._attended(layer, query, key, value, how)

    def _few(self, ends: Sequence[int]) -> Step:
        """The step as it is for queries that are the tokens at `ends`, the last ones of the rows."""
        live = len(self.lengths)
        place = {end: at for at, end in enumerate(ends)}
        spans = [replace(span, asked=live + at) for at, span in enumerate(self.spans)]
        roots = [(root, [place[end] for end in places if end in place]) for root, places in self.roots]
        return Step(self.shelf, self.lengths, spans, roots, [self.positions[end] for end in ends], self.device)

    def _attended(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How
    ) -> torch.Tensor:
        import torch

        count, heads = query.shape[2], key.shape[1]
        asked = query[0].transpose(0, 1).reshape(count, heads, -1, query.shape[-1])
        out = value.new_empty(*asked.shape[:3], value.shape[-1])
        at = _Layer(layer, how, asked, key[0], value[0], out, torch.empty(asked.shape[:3], device=out.device))
        if self.lengths:
            self._next(at)
        for spans in self._once(("runs", how.window), lambda: self._runs(how.window)):
            if len(spans) > 1:
                self._together(at, spans)
            else:
                self._span(at, spans[0])
        for root, places in self.roots:
            self._after(at, root, places)
        if how.sinks is not None:
            out *= (at.total - how.sinks.view(heads, -1)).sigmoid()[..., None].to(out.dtype)
        return out.flatten(1, 2).transpose(0, 1)[None]

    def _next(self, to: _Layer) -> None:
        """One token for each of the first rows, after the tokens that the row has already."""
        rows = len(self.lengths)
        keys, values = self.shelf.layer(to.at, to.key, to.value)
        at, longest = self._once("at", self._places)
        keys[at[0], :, at[1]] = to.key[:, :rows].transpose(0, 1)
        values[at[0], :, at[1]] = to.value[:, :rows].transpose(0, 1)
        mask = self._once(("next", to.how.window), lambda: self._next_mask(at[1], longest, to.how.window))
        some, sums = attend(to.asked[:rows], keys[:rows, :, :longest], values[:rows, :, :longest], to.how, mask)
        to.out[:rows], to.total[:rows] = some, sums

    def _span(self, to: _Layer, span: Span) -> None:
        """Tokens of one row, each after all before it."""
        here, end = slice(span.start, span.start + span.count), span.at + span.count
        keys, values = (room[span.row] for room in span.shelf.layer(to.at, to.key, to.value))
        if span.source:
            for room, given in zip((keys, values), span.source[0].layers[to.at], strict=True):
                room[:, : span.at] = given[span.source[1], :, : span.at]
        keys[:, span.at : end], values[:, span.at : end] = to.key[:, here], to.value[:, here]
        window, group, single = to.how.window, to.asked.shape[2], span.asked is not None
        first = max(0, (end - 1 if single else span.at) - window + 1) if window else 0
        causal = not single and not span.at and not 0 < window < end
        if span.asked is not None:
            here = slice(span.asked, span.asked + 1)
        seen = causal or single
        mask = None if seen else self._once((span.start, window), lambda: self._span_mask(span, window, first))
        some, sums = attend(
            to.asked[here].permute(1, 2, 0, 3),
            keys[:, None, first:end].expand(-1, group, -1, -1),
            values[:, None, first:end].expand(-1, group, -1, -1),
            to.how,
            mask,
            causal=causal,
        )
        to.out[here], to.total[here] = some.permute(2, 0, 1, 3), sums.permute(2, 0, 1)

    def _runs(self, window: int) -> list[list[Span]]:
        """Spans that begin their rows and stand beside each other on the shelf together, if that does not take much
        filling up; all others alone."""
        found: list[list[Span]] = []
        for span in self.spans:
            last = found[-1][-1] if found else None
            if last and self._begins(last, window) and self._begins(span, window) and span.row == last.row + 1:
                found[-1].append(span)
            else:
                found.append([span])
        filled = ((run, len(run) * max(span.count for span in run)) for run in found)
        kept = (
            [run] if full <= FILLED * sum(span.count for span in run) else [[span] for span in run]
            for run, full in filled
        )
        return [run for runs in kept for run in runs]

    def _begins(self, span: Span, window: int) -> bool:
        alone = span.at or span.source or span.asked is not None or 0 < window < span.count
        return span.shelf is self.shelf and not alone

    def _together(self, to: _Layer, spans: Sequence[Span]) -> None:
        """Whole beginnings of neighbouring rows in one call, filled up to the longest: what fills up a row stands after
        all of its own tokens, which therefore do not see it."""
        first, rows, group = spans[0], len(spans), to.asked.shape[2]
        index, own = self._once((first.start, "together"), lambda: self._padded(spans))
        longest, here = index.shape[1], slice(first.start, spans[-1].start + spans[-1].count)
        room = slice(first.row, first.row + rows)
        keys, values = (whole[room, :, :longest] for whole in self.shelf.layer(to.at, to.key, to.value))
        keys.copy_(to.key[:, index].transpose(0, 1))
        values.copy_(to.value[:, index].transpose(0, 1))
        some, sums = attend(
            to.asked[index].permute(0, 2, 3, 1, 4).flatten(0, 1),
            keys.flatten(0, 1)[:, None].expand(-1, group, -1, -1),
            values.flatten(0, 1)[:, None].expand(-1, group, -1, -1),
            to.how,
            causal=True,
        )
        to.out[here] = some.unflatten(0, (rows, -1)).permute(0, 3, 1, 2, 4).flatten(0, 1)[own]
        to.total[here] = sums.unflatten(0, (rows, -1)).permute(0, 3, 1, 2).flatten(0, 1)[own]

    def _padded(self, spans: Sequence[Span]) -> tuple[torch.Tensor, torch.Tensor]:
        """(rows, longest) places in the pack, a row's last one again after its end; and which of them, in one row, are
        not filled up."""
        import torch

        longest = max(span.count for span in spans)
        at = torch.arange(longest, device=self.device)
        starts, counts = (
            torch.tensor(numbers, device=self.device)[:, None]
            for numbers in ([span.start for span in spans], [span.count for span in spans])
        )
        return starts + torch.minimum(at, counts - 1), (at < counts).flatten().nonzero()[:, 0]

    def _after(self, to: _Layer, root: Root, places: Sequence[int]) -> None:
        """Merge in what the tokens at `places` see of the root before them."""
        import torch

        where = self._once((root, "places"), lambda: torch.tensor(places, device=self.device))
        first, mask = self._once((root, to.how.window), lambda: self._root_mask(root, where, to.how.window))
        if first >= len(root.tokens):
            return
        whole = len(places) == len(to.asked)
        some = to.asked if whole else to.asked[where]
        keys, values = (room[:, :, first : len(root.tokens)] for room in root.shelf.layers[to.at])
        heads, group = some.shape[1:3]
        if mask is not None:
            mask = mask[None, None, :, None].expand(1, 1, -1, group, -1).flatten(2, 3)
        folded = some.transpose(0, 1).reshape(1, heads, -1, some.shape[-1])
        seen, sums = attend(folded, keys, values, to.how, mask)
        seen = seen.view(heads, -1, group, seen.shape[-1]).transpose(0, 1)
        sums = sums.view(heads, -1, group).transpose(0, 1)
        here = slice(None) if whole else where
        to.out[here], to.total[here] = merge(to.out[here], to.total[here], seen, sums)

    def _once(self, name: Any, make: Callable[[], T]) -> T:
        if name not in self._known:
            self._known[name] = make()
        found: T = self._known[name]
        return found

    def _places(self) -> tuple[tuple[torch.Tensor, torch.Tensor], int]:
        """Row and place on the shelf of each next token; and how far the longest row goes with it."""
        import torch

        at = torch.tensor(self.lengths, device=self.device)
        return (torch.arange(len(self.lengths), device=self.device), at), max(self.lengths) + 1

    def _next_mask(self, at: torch.Tensor, longest: int, window: int) -> torch.Tensor | None:
        """(rows, 1, 1, keys) to be added: the longest row's keys beyond the others', and keys before the window."""
        import torch

        if min(self.lengths) + 1 == longest and not 0 < window < longest:
            return None
        places = torch.arange(longest, device=self.device)
        hidden = places > at[:, None]
        if window:
            hidden |= places <= at[:, None] - window
        return _added(hidden)[:, None, None]

    def _span_mask(self, span: Span, window: int, first: int) -> torch.Tensor:
        """(1, 1, queries, keys) to be added."""
        import torch

        own = torch.arange(span.at, span.at + span.count, device=self.device)[:, None]
        places = torch.arange(first, span.at + span.count, device=self.device)
        hidden = places > own
        if window:
            hidden |= places <= own - window
        return _added(hidden)[None, None]

    def _root_mask(self, root: Root, where: torch.Tensor, window: int) -> tuple[int, torch.Tensor | None]:
        """The first key of the root that anybody sees, and (queries, keys) to be added."""
        import torch

        at = torch.tensor(self.positions, device=self.device)[where]
        if not window or int(at.max()) < window:
            return 0, None
        first = min(max(0, int(at.min()) - window + 1), len(root.tokens))
        return first, _added(torch.arange(first, len(root.tokens), device=self.device) <= at[:, None] - window)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """What one layer asks, and what it gets."""

    at: int
    how: How
    asked: torch.Tensor
    """Queries (tokens, key heads, heads that share them, width)."""
    key: torch.Tensor
    """(key heads, tokens, width), and so the values."""
    value: torch.Tensor
    out: torch.Tensor
    """Shaped as `asked`, with the width of values."""
    total: torch.Tensor
    """Log-sum-exp of each query's scores: (tokens, key heads, heads that share them)."""


def _added(hidden: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.zeros(hidden.shape, device=hidden.device).masked_fill(hidden, HIDDEN)
