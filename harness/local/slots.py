"""Generation in slots: a row that ends leaves at once, and waiting ones take the free places.

Prompts wait in sorted order, so that what neighbours share is read once: a long beginning that many share is kept as
their `Root`, and what a prompt has in common with the one admitted before it is copied. Every step is one forward over
the next token of each row and the prompts just admitted. Memory is that of the slots, whatever the number of requests.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from harness.local.batch import EXHAUSTED, Budget, Exhausted, attempt, free
from harness.local.decoding import Chooser, Draft, Row, Written
from harness.local.gathering import Gathering, Slot, Trail
from harness.local.keys import Shelf
from harness.local.sharing import Thrift, common, runs
from harness.local.step import Root

if TYPE_CHECKING:
    import torch

REFILL = 0.125
"""Share of slots that are free before prompts are admitted."""

READ = {"cpu": 512, "gpu": 8192}
"""Tokens of prompts that one forward reads, about."""

MORE = 1.5
"""Times the room of a row that rows admitted with it may take, before they get a larger one of their own."""

LEAST = 32
"""Tokens that a forward reads of a prompt at least, however little memory there is."""

THRIFT = Thrift()

STEP = 16
"""Tokens on the shelf are a multiple of this."""

Ended = list[tuple[Draft, Written | Exhausted]]


class Slots:
    """Drafts on their way through the slots."""

    def __init__(
        self, drafts: Iterable[Draft], writer: Chooser, budget: Budget, device: torch.device, thrift: Thrift = THRIFT,
        *, curtail: bool = False,
    ) -> None:  # fmt: skip
        self._writer, self._budget, self._device, self._thrift = writer, budget, device, thrift
        self._curtail = curtail
        self._kind = "cpu" if device.type == "cpu" else "gpu"
        self._read = READ[self._kind]
        self._shelf, self._live = Shelf(0, 0), list[Slot]()
        self._root: Root | None = None
        self._trail: Trail | None = None
        self._waiting = deque(_planned([Row.of(draft) for draft in drafts], thrift))

    @property
    def busy(self) -> bool:
        """Whether there is anything left to write."""
        return bool(self._live or self._waiting)

    def advance(self, model: Any) -> Ended:
        """Step until a row ends; whatever ended.

        Out of memory, the slots are halved and rows go on from what they have said. `EXHAUSTED` comes of a draft for
        which there is no memory even alone.

        Raises:
            NotANumber: the logits of a row are not finite.
            Unsupported: the model does not attend as asked.
        """
        ended: Ended = []
        while self.busy and not ended:
            new: list[Slot] = []
            logits = attempt(lambda new=new: self._forward(model, new))  # type: ignore[misc]
            if isinstance(logits, Exhausted):
                ended += self._shrunk(len(self._live) + max(1, len(new)))
                continue
            self._live += new
            ended += self._chosen(logits)
        return ended

    def _chosen(self, logits: torch.Tensor) -> Ended:
        """Let every row say its next token; those that end leave, and the last ones take their places."""
        ended: Ended = []
        tokens = self._writer.choose(logits, [slot.row for slot in self._live])
        for at in range(len(tokens) - 1, -1, -1):
            if written := self._writer.say(self._live[at].row, tokens[at]):
                ended.append((self._live[at].row.draft, written))
                last = self._live.pop()
                if at < len(self._live):
                    self._shelf.put(at, self._shelf, len(self._live), last.length)
                    self._live[at] = last
        if not self._live and not self._waiting:
            self._shelf, self._root, self._trail = Shelf(0, 0), None, None
        return ended

    def _forward(self, model: Any, new: list[Slot]) -> torch.Tensor:
        """(rows, vocabulary) logits of the live rows and of those just admitted, which are put into `new`."""
        self._make_room()
        self._admit(model, new)
        self._shelf.clear(len(self._live) + len(new))
        step, trail = Gathering(self._shelf, self._device), self._trail
        for slot in self._live:
            step.go_on(slot)
        for at, slot in enumerate(new, len(self._live)):
            begin = trail.shared(slot, self._thrift.copied) if trail else 0
            source = trail if begin else None
            while slot.own - begin > self._read:  # only the first one admitted can be so long
                part = Gathering(self._shelf, self._device)
                part.read(slot, at, begin, begin + self._read, source)
                part.logits(model, curtail=self._curtail)
                begin, source = begin + self._read, None
            step.read(slot, at, begin, slot.own, source)
            trail = Trail(slot, self._shelf, at)
        logits = step.logits(model, curtail=self._curtail)
        for slot in self._live:
            slot.length += 1
        for slot in new:
            slot.length = slot.own
            self._waiting.popleft()
        if new:
            self._leave_trail(trail)
        return logits

    def _admit(self, model: Any, new: list[Slot]) -> None:
        """Put those into `new` that get a place now, with their roots read."""
        live, read, trail = len(self._live), 0, self._trail
        if live > (1 - REFILL) * self._places(self._shelf.length):
            return
        # Grown now, while few rows are to be moved.
        if self._shelf.rows < min(self._places(self._shelf.length), live + len(self._waiting)) and self._shelf.layers:
            self._shelf.grow(self._places(self._shelf.length), self._shelf.length)
        for slot in self._waiting:
            taken = live + len(new)
            length = self._shelf.length if taken else 0
            if slot.need > length:
                length = -(-self._needed(slot) // STEP) * STEP
            fresh = slot.own - (trail.shared(slot, self._thrift.copied) if trail else 0)
            if taken and (taken >= self._places(length) or (new and read + fresh > self._read)):
                return
            if length != self._shelf.length or taken >= self._shelf.rows:
                self._shelf.grow(max(self._places(length), taken + 1), length)
            new.append(slot)
            self._take_root(model, slot)
            read, trail = read + fresh, Trail(slot, self._shelf, taken)

    def _needed(self, slot: Slot) -> int:
        """Tokens on the shelf for a row and for those that come soon after it, if they need not many more: so that the
        shelf need not grow row by row."""
        if self._budget.halved:
            return slot.need
        soon = itertools.islice(self._waiting, self._budget.rows)
        return max(slot.need, *(other.need for other in soon if other.need <= MORE * slot.need))

    def _take_root(self, model: Any, slot: Slot) -> None:
        """Give a row its root: the last one, or a new one that begins with what it has in common with the last one."""
        tokens, slot.root = slot.tokens[: slot.depth], None
        if not tokens:
            return
        if self._root is None or self._root.tokens != tokens:
            root, begin = Root(tokens, Shelf(1, len(tokens))), 0
            if self._root is not None:
                begin = common(self._root.tokens, tokens)
                root.shelf.put(0, self._root.shelf, 0, begin)
            for at in range(begin, len(tokens), self._read):
                part = Gathering(self._shelf, self._device)
                part.read_root(root, at, min(at + self._read, len(tokens)))
                part.logits(model, curtail=self._curtail)
            self._root = root
        slot.root = self._root

    def _leave_trail(self, last: Trail | None) -> None:
        """Keep of the row admitted last what the next one begins with."""
        shared = last.shared(self._waiting[0], self._thrift.copied) if last and self._waiting else 0
        self._trail = None
        if last and shared:
            shelf = Shelf(1, shared)
            shelf.put(0, last.shelf, last.row, shared)
            self._trail = Trail(last.slot, shelf, 0)

    def _make_room(self) -> None:
        """More tokens for each row, where one has used up its own; if memory does not allow that for all, the last ones
        wait, and are read again later."""
        if all(slot.length < self._shelf.length for slot in self._live):
            return
        whole = max(slot.whole for slot in self._live)
        length = min(2 * self._shelf.length, -(-whole // STEP) * STEP)
        places = self._places(length)
        while len(self._live) > places:
            slot = self._live.pop()
            self._waiting.appendleft(Slot(slot.row, slot.row.tokens, slot.depth))
            self._trail = None
        self._shelf.grow(places, length)

    def _places(self, length: int) -> int:
        """Slots with so many tokens each that there is memory for."""
        tokens, size = self._budget.tokens, self._shelf.token_bytes
        if size and not self._budget.halved:
            tokens = max(tokens, self._budget.shelf // size)
        return max(1, min(self._budget.rows, self._budget.logits, tokens // max(1, length)))

    def _shrunk(self, tried: int) -> Ended:
        """Half the slots, and half of what is read at once; all rows wait again."""
        rows, length = [slot.row for slot in (*self._live, *self._waiting)], self._shelf.length
        self._shelf, self._live, self._root, self._trail = Shelf(0, 0), [], None, None
        self._waiting.clear()
        free()
        gone: Ended = []
        if tried > 1:
            self._budget.halve(tried, length)
        elif self._read <= LEAST:
            gone.append((rows.pop(0).draft, EXHAUSTED))
        self._read = max(LEAST, self._read // 2)
        self._waiting.extend(_planned(rows, self._thrift))
        return gone


def _planned(rows: Iterable[Row], thrift: Thrift) -> list[Slot]:
    """Rows in the order of their tokens, each with the length of the root that it shares with its neighbours."""
    ordered = sorted(rows, key=lambda row: row.tokens)
    texts = [row.tokens for row in ordered]
    return [Slot(ordered[at], texts[at], run.depth) for run in runs(texts, thrift) for at in range(run.start, run.end)]
