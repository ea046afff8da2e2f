"""Batches and packs as large as memory allows: a budget found from the model and the memory that is free, halved when
memory runs out all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

LOGIT_BYTES = {"cpu": 1 << 28, "gpu": 1 << 31}
"""Bytes of logits that one batch may make."""

ROWS = {"cpu": 128, "gpu": 512}
TOKENS = {"cpu": 8192, "gpu": 65536}
PACK = {"cpu": (384, 1536), "gpu": (1024, 16384)}
"""Fewest and most tokens of a trie that go through the weights together: enough to keep matrix multiplication busy."""
MADE_BYTES = {"cpu": 20 << 20, "gpu": 1 << 32}
"""Bytes that a layer may make of one pack: small models take more tokens, so that what a pack costs by itself weighs
less; large ones are as fast with few."""
MADE = 24
"""Numbers that a layer makes of one token, for each number of its width; about."""
PACK_BYTES = {"cpu": 1 << 27, "gpu": 1 << 31}
"""Bytes of float32 logits that one pack may make."""
SHELF_BYTES = {"cpu": 1 << 31, "gpu": 1 << 34}
"""Bytes of keys and values that texts being written may take, where the budget's tokens take less."""
UNTOLD = 1 << 60
"""Bytes that are taken to be free where nobody knows."""
LEAST = 64
"""Tokens of a pack at least, however little memory is free."""


class Sized(Protocol):
    """What goes into a batch."""

    @property
    def rows(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def kept(self) -> int: ...


T = TypeVar("T", bound=Sized)
R = TypeVar("R")


class Exhausted:
    """The result of an item that does not fit into memory even alone."""


EXHAUSTED = Exhausted()


@dataclass(slots=True)
class Budget:
    """How much one batch may hold; it shrinks as memory runs out, and never grows again."""

    rows: int
    tokens: int
    logits: int
    """Logits, in numbers."""
    pack: int = PACK["cpu"][0]
    """Tokens of a pack."""
    places: int = PACK["cpu"][0]
    """Places of a pack whose logits are read."""
    asked: int | None = None
    """Rows in a batch, where the suite says how many; a pack is then no larger than so many of the longest text."""
    shelf: int = SHELF_BYTES["cpu"]
    """Bytes of keys and values of texts being written."""
    halved: int = 0

    @classmethod
    def of(
        cls, device: str, vocabulary: int, asked: int | str = "auto", *, width: int = 512, item: int = 4,
        free: int | None = None,
    ) -> Budget:  # fmt: skip
        """The budget for a model on a device.

        Args:
            device: `cpu`, or any other.
            vocabulary: logits of one place.
            asked: a number of rows, or `auto`.
            width: numbers of one token between layers (`hidden_size`).
            item: bytes of each.
            free: bytes of memory that nobody uses; None where nobody knows.
        """
        kind = "cpu" if device == "cpu" else "gpu"
        free = UNTOLD if free is None else free
        quarter, token, (few, many) = free // 4, MADE * max(1, width) * item, PACK[kind]
        pack = max(few, min(many, MADE_BYTES[kind] // token))
        pack = max(LEAST, min(pack, quarter // token) // LEAST * LEAST)
        logits = max(1, min(LOGIT_BYTES[kind], quarter) // (4 * vocabulary))
        places = max(16, min(PACK_BYTES[kind], quarter) // (4 * vocabulary))
        shelf = min(SHELF_BYTES[kind], free // 2)
        if isinstance(asked, int):
            return cls(asked, asked << 20, asked << 20, pack, places, asked, shelf)
        tokens = max(pack, min(TOKENS[kind], quarter // token))
        return cls(ROWS[kind], tokens, logits, pack, places, None, shelf)

    def packed(self, longest: int) -> int:
        """Tokens of a pack where the longest sequence has so many."""
        return self.pack if self.asked is None else min(self.pack, self.asked * longest)

    def fits(self, rows: int, length: int, kept: int) -> bool:
        """Whether a batch of that shape is within the budget."""
        return rows <= self.rows and rows * length <= self.tokens and rows * kept <= self.logits

    def halve(self, rows: int, length: int) -> None:
        """Half of what was too much: of the rows, and of the tokens."""
        self.rows = max(1, min(self.rows, rows) // 2)
        self.tokens = max(1, min(self.tokens, rows * length) // 2)
        self.halved += 1

    def halve_pack(self, tokens: int) -> None:
        """Half of a pack that was too much."""
        self.pack = max(1, tokens // 2)
        self.halved += 1


def in_batches(
    items: Sequence[T],
    budget: Budget,
    run: Callable[[Sequence[T]], R],
    *,
    alike: Callable[[T], Any] = lambda item: None,
) -> Iterator[tuple[Sequence[T], R | Exhausted]]:
    """(batch, its result), longest items first, items in one batch only where `alike` agrees.

    A batch that runs out of memory is tried again in halves; an item that does not fit alone gives `EXHAUSTED`.
    """
    waiting = sorted(items, key=lambda item: -item.length)
    start = 0
    while start < len(waiting):
        end = _end(waiting, start, budget, alike)
        batch = waiting[start:end]
        result = attempt(lambda batch=batch: run(batch))  # type: ignore[misc]
        if isinstance(result, Exhausted):
            free()
            if len(batch) > 1:
                budget.halve(sum(item.rows for item in batch), batch[0].length)
                continue
        yield batch, result
        start = end


def _end(items: Sequence[T], start: int, budget: Budget, alike: Callable[[T], Any]) -> int:
    """Where a batch that begins at `start` ends: at least one item."""
    kind, length = alike(items[start]), items[start].length
    rows, kept, end = items[start].rows, items[start].kept, start + 1
    while end < len(items):
        item = items[end]
        rows, kept = rows + item.rows, max(kept, item.kept)
        if alike(item) != kind or not budget.fits(rows, length, kept):
            break
        end += 1
    return end


def attempt(run: Callable[[], R]) -> R | Exhausted:
    """The result, or `EXHAUSTED`; what the failed attempt held is free again when this returns."""
    try:
        return run()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        error.__traceback__ = None
        return EXHAUSTED


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on whatever device."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text


def free() -> None:
    """Give back what a failed attempt held."""
    import gc

    import torch

    gc.collect(1)  # what the failed attempt left is young
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
