"""Log-probabilities of token continuations under a causal language model, where no trie can be walked.

Units with the same context form a `Bundle`; the bundle's context is computed once, where the model was shown to allow
that (`shared`), or every continuation is a row of its own (`plain`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.exchange import Token
from harness.local.forward import forward, pad_left, pad_right, positions_of
from harness.local.logits import read, tokens_of
from harness.local.trie import Unit

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Weight:
    """What a unit's continuation weighs."""

    logprob: float
    """Nats, summed over its tokens."""
    greedy: bool
    """Whether every token was the most probable one."""
    each: tuple[Token, ...] = ()
    """Token by token, where that was asked for."""

    def plus(self, other: Weight | None) -> Weight:
        """Both, one after the other."""
        if other is None:
            return self
        return Weight(self.logprob + other.logprob, self.greedy and other.greedy, self.each + other.each)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Distinct units with one context; `shared` says whether the context is to be computed once."""

    units: tuple[Unit, ...]
    shared: bool

    @property
    def rows(self) -> int:
        """Rows that it takes in a batch."""
        return len(self.units) if self.shared else 1

    @property
    def length(self) -> int:
        """Tokens of its longest row."""
        return max(unit.fed for unit in self.units)

    @property
    def kept(self) -> int:
        """Positions of a row whose logits are needed."""
        return max(unit.count for unit in self.units)


def bundles(units: Iterable[Unit], *, share: bool, most: int) -> list[Bundle]:
    """Distinct units in bundles of at most `most`: those that read the very same tokens always together, those with
    the same context together where `share` allows it and it saves something."""
    by_input: dict[bytes, list[Unit]] = {}
    by_context: dict[bytes, list[Unit]] = {}
    for unit in dict.fromkeys(units):
        by_context.setdefault(unit.read_first, []).append(unit)
    made: list[Bundle] = []
    for same in by_context.values():
        for start in range(0, len(same), most):
            some = same[start : start + most]
            if share and len(some) > 1 and max(unit.count for unit in some) > 1:
                made.append(Bundle(tuple(some), True))
                continue
            for unit in some:
                by_input.setdefault(unit.input, []).append(unit)
    return made + [Bundle(tuple(some), False) for some in by_input.values()]


def compute(
    model: Any, batch: Sequence[Bundle], device: torch.device, *, each: bool = False, keep_all: bool = False
) -> list[tuple[Unit, Weight]]:
    """What every unit of the batch weighs; the batch's bundles are all shared or all plain. `keep_all` takes the logits
    of every token, so that their number does not depend on what is read of them."""
    if batch[0].shared:
        return _shared(model, batch, device, each)
    return _plain(model, batch, device, each, keep_all)


def _plain(
    model: Any, batch: Sequence[Bundle], device: torch.device, each: bool, keep_all: bool
) -> list[tuple[Unit, Weight]]:
    """One row for each bundle; all units of a bundle are read from the end of its row."""
    rows = [bundle.units[0].fed_ids for bundle in batch]
    padded = pad_left(rows, device)
    keep = 0 if keep_all else max(unit.count for bundle in batch for unit in bundle.units)
    logits, _ = forward(model, padded.ids, mask=padded.mask, positions=positions_of(padded.mask), keep=keep)
    units = [(row, unit) for row, bundle in enumerate(batch) for unit in bundle.units]
    end = logits.shape[1]
    places = [(row, end - u.count + i, token) for row, u in units for i, token in enumerate(u.continuation)]
    weights = add_up(logits, places, [unit.count for _, unit in units], each=each)
    return [(unit, weight) for (_, unit), weight in zip(units, weights, strict=True)]


def _shared(model: Any, batch: Sequence[Bundle], device: torch.device, each: bool) -> list[tuple[Unit, Weight]]:
    """Contexts once; then the rest of every continuation on a copy of its context's keys and values."""
    import torch

    padded = pad_left([bundle.units[0].context for bundle in batch], device)
    first, cache = forward(
        model, padded.ids, mask=padded.mask, positions=positions_of(padded.mask), use_cache=True, keep=1
    )
    units = [(row, unit) for row, bundle in enumerate(batch) for unit in bundle.units]
    longer = [(row, unit) for row, unit in units if unit.count > 1]
    at = torch.tensor([row for row, _ in longer], device=device)
    ids, mask = pad_right([unit.continuation[:-1] for _, unit in longer], device)
    before = padded.mask if padded.mask is not None else torch.ones_like(padded.ids)
    positions = padded.lengths[at][:, None] + torch.arange(ids.shape[1], device=device)
    rest, _ = forward(
        model, ids, mask=torch.cat([before[at], mask], dim=1), positions=positions, cache=select_rows(cache, at),
        use_cache=True,
    )  # fmt: skip
    begun = add_up(first, [(row, 0, unit.continuation[0]) for row, unit in units], [1] * len(units), each=each)
    places = [(row, i, token) for row, (_, unit) in enumerate(longer) for i, token in enumerate(unit.continuation[1:])]
    more = add_up(rest, places, [unit.count - 1 for _, unit in longer], each=each)
    ended = {unit: weight for (_, unit), weight in zip(longer, more, strict=True)}
    return [(unit, weight.plus(ended.get(unit))) for (_, unit), weight in zip(units, begun, strict=True)]


def select_rows(cache: Any, rows: torch.Tensor) -> Any:
    """A cache with these rows of `cache`, which itself stays as it is."""
    chosen = copy.copy(cache)
    chosen.layers = [copy.copy(layer) for layer in cache.layers]
    chosen.batch_select_indices(rows)
    return chosen


def add_up(
    logits: torch.Tensor, places: Sequence[tuple[int, int, int]], counts: Sequence[int], *, each: bool = False
) -> list[Weight]:
    """Weigh (row, position, token) triples and add up runs of `counts` of them."""
    import torch

    index = torch.tensor(places, device=logits.device)
    spots, at = torch.unique(index[:, 0] * logits.shape[1] + index[:, 1], return_inverse=True)
    order = at.argsort(stable=True)
    found = read(logits.reshape(-1, logits.shape[-1])[spots], at[order], index[order, 2], each=each).shuffled(order)
    values, flags, tokens = found.logprob.tolist(), found.greedy.tolist(), tokens_of(found)
    made, start = [], 0
    for count in counts:
        own = slice(start, start + count)
        made.append(Weight(math.fsum(values[own]), all(flags[own]), tuple(tokens[own])))
        start += count
    return made
