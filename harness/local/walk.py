"""Walking a trie in packs: every token goes through the weights once, and only the path to the cursor is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.local.attention import Unsupported, attending
from harness.local.batch import Budget, Exhausted, attempt, free
from harness.local.cuts import BLOCK, Pack, cut, first
from harness.local.forward import accepts
from harness.local.lastlayer import FEW, Selective, curtailed
from harness.local.logits import Reading, read
from harness.local.slicing import Head, beheaded, read_sliced
from harness.local.track import InBlocks, Track
from harness.local.trie import Trie

if TYPE_CHECKING:
    import numpy as np
    import torch


class Course(Protocol):
    """One way of computing packs, for one walk; it keeps what later packs need of earlier ones."""

    def logits(self, model: Any, pack: Pack, rows: np.ndarray[Any, Any]) -> torch.Tensor:
        """(rows, vocabulary) logits at `rows`, counted in the pack."""
        ...

    def cut(self, trie: Trie, start: int, most: int, places: int) -> int:
        """Where a pack that begins at `start` ends: after at most `most` nodes, at most `places` of which are read
        after."""
        ...

    def commit(self, pack: Pack) -> None:
        """The pack was computed; the next one follows it."""
        ...

    def forget(self) -> None:
        """The pack failed, and may be tried again in parts."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """Targets of a trie with what they weigh, or without where memory did not allow it."""

    targets: slice
    reading: Reading | Exhausted


def walk(
    trie: Trie,
    course: Course,
    budget: Budget,
    opened: Callable[[], AbstractContextManager[Any]],
    device: torch.device,
    each: np.ndarray[Any, Any] | None = None,
    head: str = "",
) -> Iterator[Told]:
    """What every target weighs, pack by pack; `opened` gives the model for the time of one pack.

    A pack that runs out of memory is tried again in halves, from where it began; tokens that do not fit alone leave out
    whatever follows them. `each` (targets,) of bool says which targets need the mean and the deviation; `head` is the
    kind of the model's head, where that was proved (see `slicing`): its logits are then not held.
    """
    start, before = 0, first(trie)
    most = budget.packed(trie.deepest)
    with opened() as model:
        kind = head if head and Head.of(model, head) is not None else ""
    places = most if kind else budget.places
    while start < len(trie):
        pack = Pack(trie, start, course.cut(trie, start, min(most, budget.pack), places), before)
        result = attempt(lambda pack=pack: _weigh(pack, course, opened, device, each, kind))  # type: ignore[misc]
        if isinstance(result, Exhausted):
            course.forget()
            free()
            if len(pack) > 1:
                budget.halve_pack(len(pack))
                continue
            lost = Pack(trie, start, int(trie.end[start]), before)
            yield Told(lost.targets(), result)
            start = lost.stop
            before = before[: int(trie.depth[start])] if start < len(trie) else before[:0]
            continue
        course.commit(pack)
        yield Told(pack.targets(), result)
        start, before = pack.stop, pack.after


def _weigh(
    pack: Pack,
    course: Course,
    opened: Callable[[], AbstractContextManager[Any]],
    device: torch.device,
    each: np.ndarray[Any, Any] | None,
    kind: str,
) -> Reading:
    import numpy as np
    import torch

    wanted = pack.targets()
    places, at = np.unique(pack.trie.at[wanted] - pack.start, return_inverse=True)
    every = each is not None and bool(each[wanted].any())
    rows, tokens = (torch.from_numpy(array).to(device) for array in (at, pack.trie.target[wanted]))
    with opened() as model:
        head = Head.of(model, kind) if kind else None
        if head is None:
            return read(course.logits(model, pack, places), rows, tokens, each=every)
        with beheaded(model) as taken:
            after = course.logits(model, pack, places)
        found = read_sliced(head, taken[0], rows, tokens, each=every)
        if not bool(after.isfinite().all()):  # what comes after the head made it so
            found.logprob[:] = float("nan")
        return found


class Blocks:
    """Packs through our own attention, in blocks of queries."""

    def __init__(self, trie: Trie, device: torch.device, size: int = BLOCK, *, curtail: bool = False) -> None:
        self._track, self._device, self._size, self._curtail = Track(trie.deepest), device, size, curtail
        self.calls = 0
        """Attention calls of the last pack."""

    def logits(self, model: Any, pack: Pack, rows: np.ndarray[Any, Any]) -> torch.Tensor:
        """See `Course`."""
        attender = InBlocks(pack, self._track, self._device, self._size)
        tokens = pack.trie.token[pack.start : pack.stop]
        logits, self.calls = attended(model, attender, tokens, pack.positions(), rows, self._device, self._curtail)
        return logits

    def cut(self, trie: Trie, start: int, most: int, places: int) -> int:
        """See `Course`."""
        return cut(trie, start, most, places)

    def commit(self, pack: Pack) -> None:
        """See `Course`."""
        self._track.commit(pack)

    def forget(self) -> None:
        """See `Course`."""
        self._track.forget()


def attended(
    model: Any,
    attender: Selective,
    tokens: np.ndarray[Any, Any],
    positions: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
    device: torch.device,
    curtail: bool,
) -> tuple[torch.Tensor, int]:
    """What `through` gives with the attention of `attender`, and how many layers called it; where `curtail`, the last
    layer is computed only at `rows` (ascending), if these are few.

    Raises:
        Unsupported: the model does not attend as asked.
    """
    import numpy as np
    import torch

    with attending(model, attender) as current:
        wanted = rows if len(rows) else np.zeros(1, dtype=np.int64)
        if not curtail or len(wanted) > FEW * len(tokens):
            return through(model, tokens, positions, rows, device), current.calls
        with curtailed(model, current, attender, torch.from_numpy(wanted).to(device), len(tokens)):
            found = through(model, tokens, positions, np.arange(len(wanted)), device)
        if len(found) != len(wanted):
            raise Unsupported("this model's last layer does not go token by token")
        return found[: len(rows)], current.calls


def through(
    model: Any,
    tokens: np.ndarray[Any, Any],
    positions: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
    device: torch.device,
    mask: Any = None,
) -> torch.Tensor:
    """(rows, vocabulary) logits at `rows` of one row of tokens at explicit positions."""
    import torch

    known = accepts(model.__class__)
    keep = torch.from_numpy(rows).to(device)
    arguments: dict[str, Any] = {"input_ids": _row(tokens, device), "use_cache": False}
    if mask is not None:
        arguments["attention_mask"] = mask
    if "position_ids" in known:
        arguments["position_ids"] = _row(positions, device)
    if "logits_to_keep" not in known:
        return model(**arguments).logits[0][keep]
    # No place at all is asked for as the first one: not every model takes nothing.
    return model(**arguments, logits_to_keep=keep if len(rows) else 1).logits[0][: len(rows)]


def _row(numbers: np.ndarray[Any, Any], device: torch.device) -> torch.Tensor:
    import torch

    return torch.from_numpy(numbers.astype("int64")).to(device)[None]
