"""Proving on this very model that a trie of tokens gives the numbers of plain forwards, before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.local.attention import configs_of
from harness.local.canonical import LEVELS, ROWS, Canonical
from harness.local.cuts import Pack, first
from harness.local.dense import KINDS, Dense
from harness.local.flex import Flex
from harness.local.quiet import LOG, quiet
from harness.local.slicing import Head, beheaded, prove_head
from harness.local.trie import Trie, Unit, grow
from harness.local.walk import Blocks, Course

if TYPE_CHECKING:
    import torch

SHORT = 8
"""Tokens that a sliding window or an attention chunk is made to have for the time of a proof: the probe must be longer
than it, and real ones are longer than a probe should be."""
SLICE = 2048
"""Tokens of the vocabulary that are looked at to see that the head gives the same bits for any number of rows."""
BLOCK = 6
"""Queries of a block on the probe, so that blocks are cut."""
THIRD = 3
"""One token of so many is read on the probe, where the last layer is computed for few."""
FAILURES = (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError, NotImplementedError)
"""What a model raises that cannot be computed in some way at all."""
NAMES = {"flex": "trie", "blocks": "trie", "one": "trie with masks", "windowed": "trie with masks",
         "by layer": "trie with masks"}  # fmt: skip
"""Way → what a report calls it."""


OURS = ("flex", "blocks")
"""Ways that go through our own attention."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Which way of computing a trie was proved."""

    way: str = ""
    """`flex`, `blocks`, one of `dense.KINDS`, or empty for none."""
    gap: float = float("inf")
    """Largest difference of a log-probability from that of plain forwards, over the whole vocabulary."""
    calls: int = 0
    """Attention layers that were seen, where our own attention computes."""
    head: str = ""
    """Kind of the output head, where it can be computed in slices of the vocabulary."""
    curtailed: bool = False
    """Whether the last layer may be left out where nobody reads it."""

    @property
    def sentence(self) -> str:
        """For the load gate."""
        seen = f", all {self.calls} attention layers through one function" if self.calls else ""
        late = ", the last layer only where it is read" if self.curtailed else ""
        return f"a trie of tokens gives the log-probabilities of plain forwards within {self.gap:.1g}{seen}{late}"

    def course(self, trie: Trie, device: torch.device) -> Course:
        """A walk this way."""
        if self.way == "flex":
            return Flex(trie, device, curtail=self.curtailed)
        return Blocks(trie, device, curtail=self.curtailed) if self.way == "blocks" else Dense(device, self.way)


@contextmanager
def narrowed(model: Any) -> Iterator[None]:
    """Every sliding window and attention chunk of the model made short, for the time of a proof."""
    places = [*configs_of(model), *model.modules()]
    names = ("sliding_window", "attention_chunk_size")
    wide = [(place, name, vars(place)[name]) for place in places for name in names
            if isinstance(vars(place).get(name), int) and vars(place)[name] > SHORT]  # fmt: skip
    try:
        for place, name, _ in wide:
            setattr(place, name, SHORT)
        yield
    finally:
        for place, name, value in wide:
            setattr(place, name, value)


def branches(ids: Sequence[int]) -> list[Unit]:
    """Three branches after a shared beginning, two of which share more; every token of each is weighed."""
    third = max(2, len(ids) // 3)
    stem, rest = list(ids[:third]), list(ids[third:])
    ends = [rest, rest[: len(rest) // 2] + rest[: (len(rest) + 1) // 2][::-1], rest[::-1]]
    return [Unit.of(stem[:1], stem[1:] + end) for end in ends]


def prove_tree(model: Any, ids: Sequence[int], limit: float) -> Tree:
    """The first way whose log-probabilities are those of plain forwards, within `limit`."""
    import torch

    device = next(model.parameters()).device
    trie = grow(units := branches(ids))
    with quiet():
        wanted = _plain(model, units, trie, device)
    makers: list[tuple[str, Callable[[], Course]]] = [("blocks", lambda: Blocks(trie, device, BLOCK))]
    if device.type == "cuda":
        makers.insert(0, ("flex", lambda: Flex(trie, device)))
    makers += [(kind, lambda kind=kind: Dense(device, kind)) for kind in KINDS]  # type: ignore[misc]
    layers = int(model.config.get_text_config().num_hidden_layers)
    for way, make in makers:
        course = make()
        gap = _gap(lambda course=course: _largest(_logprobs(model, course, trie, len(ids)), wanted))  # type: ignore[misc]
        calls = getattr(course, "calls", 0)
        if gap <= limit and (way in KINDS or calls == layers):
            fewer = way not in KINDS and _curtails(model, way, trie, wanted, limit)
            return Tree(way, gap, calls, _head(model, ids, limit), fewer)
        LOG.debug("a trie by way of %s differs by %s, with %s attention calls in %s layers", way, gap, calls, layers)
        del course
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return Tree()


def _curtails(model: Any, way: str, trie: Trie, wanted: torch.Tensor, limit: float) -> bool:
    """Whether every third token weighs the same where the last layer is computed for no others."""
    import torch

    calls = 0

    def compare() -> float:
        nonlocal calls
        course = Tree(way, curtailed=True).course(trie, wanted.device)
        found = torch.cat(list(_packs(model, course, trie, len(trie), THIRD)))
        calls = getattr(course, "calls", 0)
        return _largest(found.float().log_softmax(-1), wanted[::THIRD])

    return _gap(compare) <= limit and calls == int(model.config.get_text_config().num_hidden_layers)


def _head(model: Any, ids: Sequence[int], limit: float) -> str:
    found = ""

    def compare() -> float:
        nonlocal found
        found = prove_head(model, ids, limit, _largest)
        return 0.0

    _gap(compare)
    return found


def prove_canonical(model: Any, ids: Sequence[int], kind: str) -> tuple[int, ...]:
    """How many places may be read in a pack of canonical shapes, so that packs, neighbours and their number change no
    bit; nothing where they do. `kind` is that of the head, if it is computed in slices."""
    import torch

    device = next(model.parameters()).device
    units = branches(ids)
    trie = grow(units)

    def told(trie: Trie, levels: Sequence[int], most: int = ROWS) -> torch.Tensor:
        course = Canonical(trie, device, levels)
        if not kind:
            return torch.cat(list(_packs(model, course, trie, most)))
        with beheaded(model) as taken:
            sizes = [len(piece) for piece in _packs(model, course, trie, most)]
        head = Head.of(model, kind)
        assert head is not None
        slices = [
            head.logits(rows, 0, min(SLICE, head.weight.shape[0]))[:n] for rows, n in zip(taken, sizes, strict=True)
        ]
        return torch.cat(
            [torch.cat([rows[:n] for rows, n in zip(taken, sizes, strict=True)]), torch.cat(slices)], dim=1
        )

    def same(levels: Sequence[int]) -> float:
        whole = told(trie, levels[-1:])
        others = [told(trie, (level,), min(level, ROWS)) for level in levels] + [told(trie, levels, 7)]
        alone = [told(grow([unit]), levels) for unit in units]
        paths = [whole[_path(trie, at)] for at in range(len(units))]
        pairs = [(whole, other) for other in others] + list(zip(paths, alone, strict=True))
        return 0.0 if all(torch.equal(one, two) for one, two in pairs) else 1.0

    for levels in (LEVELS, LEVELS[-1:]):
        if _gap(lambda levels=levels: same(levels)) == 0.0:  # type: ignore[misc]
            return levels
    return ()


def _plain(model: Any, units: Sequence[Unit], trie: Trie, device: torch.device) -> torch.Tensor:
    """(nodes, vocabulary) log-probabilities of plain forwards, without mask, cache or batch."""
    import torch

    made: torch.Tensor | None = None
    for at, unit in enumerate(units):
        tokens = unit.context + unit.continuation
        logits = model(torch.tensor([tokens[:-1]], device=device)).logits[0].float().log_softmax(-1)
        made = logits.new_zeros(len(trie), logits.shape[-1]) if made is None else made
        made[_path(trie, at)] = logits
    assert made is not None
    return made


def _path(trie: Trie, unit: int) -> torch.Tensor:
    """Nodes of a unit whose context is one token, from the root on."""
    import torch

    return torch.from_numpy(trie.at[trie.unit == unit])


def _logprobs(model: Any, course: Course, trie: Trie, most: int) -> torch.Tensor:
    import torch

    return torch.cat([logits.float().log_softmax(-1) for logits in _packs(model, course, trie, most)])


def _packs(model: Any, course: Course, trie: Trie, most: int, every: int = 1) -> Iterator[torch.Tensor]:
    """Logits of every node, or of every so many of a pack's, pack by pack."""
    import numpy as np

    start, before = 0, first(trie)
    while start < len(trie):
        pack = Pack(trie, start, course.cut(trie, start, most, len(trie)), before)
        with quiet():
            logits = course.logits(model, pack, np.arange(0, len(pack), every))
        course.commit(pack)
        yield logits
        start, before = pack.stop, pack.after


def _largest(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """The largest difference; infinite where one is not a number, none where both are the same infinity."""
    gap = (found - wanted).abs().masked_fill(found == wanted, 0.0)
    return float(gap.nan_to_num(nan=float("inf")).max())


def _gap(compare: Callable[[], float]) -> float:
    """What `compare` finds; infinite where this way of computing is not possible with this model at all."""
    try:
        return compare()
    except FAILURES as error:
        LOG.debug("a way of computing fails on the probe: %s", error)
        return float("inf")
