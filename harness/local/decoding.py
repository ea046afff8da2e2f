"""Text generation token by token: what is asked, what came of it, and how each next token is chosen.

What a row says does not depend on the rows beside it: greedy decoding takes the most probable token; a drawn token
comes from the row's own uniform numbers, by the inverse of the cumulative distribution.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from harness.local.forward import forward, pad_left, positions_of
from harness.local.stopping import Stops

if TYPE_CHECKING:
    import torch

LEAVE = 0.25
"""Share of ended rows at which the rest moves together."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One text to be generated."""

    prompt: tuple[int, ...]
    most: int
    """Tokens at most."""
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int = 0

    @property
    def rows(self) -> int:
        """Rows that it takes in a batch."""
        return 1

    @property
    def length(self) -> int:
        """Tokens that its row can grow to."""
        return len(self.prompt) + self.most

    @property
    def kept(self) -> int:
        """Positions whose logits are needed at once."""
        return 1


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a draft."""

    tokens: tuple[int, ...]
    """Generated tokens, the end token included."""
    text: str
    """Without the end token, and cut before a stop string."""
    finish: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn where a draft's temperature is above 0."""

    top_k: int = 0
    top_p: float = 1.0


@dataclass(slots=True, eq=False)
class Row:
    """A draft being written."""

    draft: Draft
    said: list[int] = field(default_factory=list)
    uniform: Sequence[float] = ()
    """A number in [0, 1) for each token that may be drawn; none where nothing is drawn."""

    @classmethod
    def of(cls, draft: Draft) -> Row:
        """Nothing said yet; the numbers come from the draft's own seed."""
        import torch

        if draft.temperature <= 0:
            return cls(draft)
        generator = torch.Generator().manual_seed(draft.seed % (1 << 63))
        return cls(draft, [], torch.rand(draft.most, generator=generator, dtype=torch.float64).tolist())

    @property
    def tokens(self) -> tuple[int, ...]:
        """The prompt and what was said after it."""
        return (*self.draft.prompt, *self.said) if self.said else self.draft.prompt


class Chooser(Protocol):
    """Chooses tokens, and decides when a text ends."""

    def choose(self, logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
        """The next token of every row, from (rows, vocabulary) logits."""
        ...

    def say(self, row: Row, token: int) -> Written | None:
        """Add a token to a row; what came of the draft, if that ended it."""
        ...


class Session(Protocol):
    """A batch of rows being decoded."""

    def start(self) -> torch.Tensor:
        """(rows, vocabulary) logits of the first new token."""
        ...

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """(rows, vocabulary) logits after one more token for each row."""
        ...

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        ...


@dataclass(slots=True)
class CausalSession:
    """Decoder-only decoding."""

    model: Any
    prompts: Sequence[Sequence[int]]
    device: torch.device
    _cache: Any = None
    _mask: Any = None
    _lengths: Any = None

    def start(self) -> torch.Tensor:
        """Read the prompts."""
        padded = pad_left(self.prompts, self.device)
        self._mask, self._lengths = padded.mask, padded.lengths
        logits, self._cache = forward(
            self.model, padded.ids, mask=padded.mask, positions=positions_of(padded.mask), use_cache=True, keep=1
        )
        return logits[:, -1]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read one token a row."""
        if self._mask is not None:
            self._mask = _lengthen(self._mask)
        positions = self._lengths[:, None]
        logits, self._cache = forward(
            self.model, tokens[:, None], mask=self._mask, positions=positions, cache=self._cache, use_cache=True, keep=1
        )
        self._lengths = self._lengths + 1
        return logits[:, -1]

    def keep(self, rows: torch.Tensor) -> None:
        """Drop the other rows' keys and values."""
        self._cache.batch_select_indices(rows)
        self._lengths = self._lengths[rows]
        self._mask = None if self._mask is None else self._mask[rows]


@dataclass(slots=True)
class Writer:
    """Chooses tokens as a checkpoint's settings say, and runs sessions to their end. A `Chooser`."""

    tokenizer: Any
    ends: tuple[int, ...]
    """Ids that end a text."""
    sampling: Sampling
    stops: Stops = field(init=False)

    def __post_init__(self) -> None:
        self.stops = Stops(self.tokenizer)

    def write(self, session: Session, drafts: Sequence[Draft], device: torch.device) -> list[Written]:
        """The texts of all drafts, in their order.

        Raises:
            NotANumber: the logits of a row are not finite.
        """
        import torch

        written: dict[int, Written] = {}
        rows = [Row.of(draft) for draft in drafts]
        alive = list(range(len(drafts)))
        logits = session.start()
        for step in itertools.count(1):
            tokens = self.choose(logits, [rows[at] for at in alive])
            for at, token in zip(alive, tokens, strict=True):
                if at not in written and (done := self.say(rows[at], token)):
                    written[at] = done
            going = [place for place, at in enumerate(alive) if at not in written]
            if not going:
                break
            full = any(drafts[at].most <= step for at in alive if at in written)  # there may be no room for more
            if full or len(going) <= len(alive) * (1 - LEAVE):
                session.keep(torch.tensor(going, device=device))
                tokens, alive = [tokens[place] for place in going], [alive[place] for place in going]
            logits = session.step(torch.tensor(tokens, device=device))
        return [written[at] for at in range(len(drafts))]

    def choose(self, logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
        """The next token of every row, from (rows, vocabulary) logits.

        Raises:
            NotANumber: the logits of a row are not finite.
        """
        import torch

        best, tokens = logits.max(dim=-1)
        if not bool(best.isfinite().all()):
            raise NotANumber(rows[int((~best.isfinite()).nonzero()[0])].draft)
        chosen: list[int] = tokens.tolist()
        drawn = [at for at, row in enumerate(rows) if row.uniform]
        if drawn:
            heat = torch.tensor([rows[at].draft.temperature for at in drawn], device=logits.device)
            at = [min(len(rows[at].said), len(rows[at].uniform) - 1) for at in drawn]
            uniform = torch.tensor([rows[r].uniform[i] for r, i in zip(drawn, at, strict=True)], dtype=torch.float64)
            some = logits[torch.tensor(drawn, device=logits.device)].float() / heat.clamp(min=1e-6)[:, None]
            for place, token in zip(drawn, draw(some, uniform.to(logits.device), self.sampling).tolist(), strict=True):
                chosen[place] = token
        return chosen

    def say(self, row: Row, token: int) -> Written | None:
        """Add a token to a row; what came of the draft, if that ended it."""
        row.said.append(token)
        draft, said = row.draft, row.said
        ended, full = token in self.ends, len(said) >= draft.most
        if not (ended or full or self.stops.completed(said, draft.stop)):
            return None
        text = self.stops.decode(said[:-1] if ended else said)
        cut = self.stops.cut(text, draft.stop)
        if cut is None and not ended and not full:
            return None
        return Written(tuple(said), text if cut is None else cut, "stop" if ended or cut is not None else "length")

    def finish(self, draft: Draft, tokens: list[int]) -> Written:
        """What came of a draft whose tokens were made elsewhere, padding after the end included."""
        at = next((i for i, token in enumerate(tokens) if token in self.ends), None)
        text = self.stops.decode(tokens[: draft.most] if at is None else tokens[:at])
        tokens = tokens[: draft.most] if at is None else tokens[: at + 1]
        cut = self.stops.cut(text, draft.stop)
        ended = at is not None or cut is not None
        return Written(tuple(tokens), text if cut is None else cut, "stop" if ended else "length")


class NotANumber(Exception):
    """The logits of a row are NaN or infinite; `draft` says of which."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("a row has logits that are not finite")
        self.draft = draft


def draw(logits: torch.Tensor, uniform: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """One token a row, by the inverse of the cumulative distribution at `uniform` (rows,); likeliest first."""
    import torch

    values, order = logits.sort(dim=-1, descending=True, stable=True)
    if sampling.top_k:
        values, order = values[:, : sampling.top_k], order[:, : sampling.top_k]
    share = values.double().softmax(-1)
    if sampling.top_p < 1.0:
        before = share.cumsum(-1) - share
        share = share.masked_fill(before >= sampling.top_p, 0.0)
        share = share / share.sum(-1, keepdim=True)
    at = (share.cumsum(-1) <= uniform.double()[:, None]).sum(-1)
    last = (share > 0).sum(-1) - 1
    return order.gather(-1, torch.minimum(at, last)[:, None])[:, 0]


def _lengthen(mask: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.cat([mask, mask.new_ones(mask.shape[0], 1)], dim=1)
