"""Text generation in batches, token by token on cached keys and values: greedy, or drawn with a seed of each request.

Rows that end leave the batch. What a row says does not depend on the rows beside it: greedy decoding takes the most
probable token; a drawn token comes from the row's own uniform numbers, by the inverse of the cumulative distribution.
"""

from __future__ import annotations

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
    """Runs sessions to their end."""

    tokenizer: Any
    ends: tuple[int, ...]
    """Ids that end a text."""
    sampling: Sampling
    stops: Stops = field(init=False)

    def __post_init__(self) -> None:
        self.stops = Stops(self.tokenizer)

    def write(self, session: Session, drafts: Sequence[Draft], device: torch.device) -> list[Written]:
        """The texts of all drafts, in their order. All must have the same stop strings and the same `most`.

        Raises:
            NotANumber: the logits of a row are not finite.
        """
        import torch

        written: list[Written | None] = [None] * len(drafts)
        alive = list(range(len(drafts)))
        said: list[list[int]] = [[] for _ in drafts]
        uniform = _uniform(drafts, device)
        logits = session.start()
        suspects = self.stops.suspects(drafts[0].stop, logits.shape[-1], device)
        ends = torch.tensor(self.ends or (-1,), device=device)
        for step in range(drafts[0].most):
            tokens = self._choose(logits, drafts, alive, uniform, step)
            look = torch.isin(tokens, ends) if suspects is None else torch.isin(tokens, ends) | suspects[tokens]
            for row, token, suspect in zip(alive, tokens.tolist(), look.tolist(), strict=True):
                if written[row] is None:
                    said[row].append(token)
                    if suspect or len(said[row]) >= drafts[row].most:
                        written[row] = self._finished(drafts[row], said[row])
            going = [at for at, row in enumerate(alive) if written[row] is None]
            if not going:
                break
            if len(going) <= len(alive) * (1 - LEAVE):
                rows = torch.tensor(going, device=device)
                session.keep(rows)
                tokens, alive = tokens[rows], [alive[at] for at in going]
            logits = session.step(tokens)
        return [done for done in written if done is not None]

    def finish(self, draft: Draft, tokens: list[int]) -> Written:
        """What came of a draft whose tokens were made elsewhere, padding after the end included."""
        at = next((i for i, token in enumerate(tokens) if token in self.ends), None)
        text = self._decode(tokens[: draft.most] if at is None else tokens[:at])
        tokens = tokens[: draft.most] if at is None else tokens[: at + 1]
        cut = self.stops.cut(text, draft.stop)
        ended = at is not None or cut is not None
        return Written(tuple(tokens), text if cut is None else cut, "stop" if ended else "length")

    def _finished(self, draft: Draft, tokens: list[int]) -> Written | None:
        """The text, if the last token ended it."""
        if tokens[-1] in self.ends:
            text = self._decode(tokens[:-1])
            cut = self.stops.cut(text, draft.stop)
            return Written(tuple(tokens), text if cut is None else cut, "stop")
        full = len(tokens) >= draft.most
        if not draft.stop and not full:
            return None
        text = self._decode(tokens)
        cut = self.stops.cut(text, draft.stop)
        if cut is not None:
            return Written(tuple(tokens), cut, "stop")
        return Written(tuple(tokens), text, "length") if full else None

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def _choose(
        self, logits: torch.Tensor, drafts: Sequence[Draft], alive: list[int], uniform: torch.Tensor | None, step: int
    ) -> torch.Tensor:
        """The next token of every row."""
        best, tokens = logits.float().max(dim=-1)
        if not bool(best.isfinite().all()):
            raise NotANumber(alive[int((~best.isfinite()).nonzero()[0])])
        if uniform is None:
            return tokens
        import torch

        heat = torch.tensor([drafts[row].temperature for row in alive], device=logits.device)
        drawn = draw(logits.float() / heat.clamp(min=1e-6)[:, None], uniform[alive, step], self.sampling)
        return torch.where(heat > 0, drawn, tokens)


class NotANumber(Exception):
    """The logits of a row are NaN or infinite; `row` says which draft's."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row} has logits that are not finite")
        self.row = row


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


def _uniform(drafts: Sequence[Draft], device: torch.device) -> torch.Tensor | None:
    """(drafts, most) numbers in [0, 1) from each draft's own seed; None where nothing is drawn."""
    import torch

    if all(draft.temperature <= 0 for draft in drafts):
        return None
    rows = torch.zeros(len(drafts), drafts[0].most, dtype=torch.float64)
    for row, draft in enumerate(drafts):
        if draft.temperature > 0:
            generator = torch.Generator().manual_seed(draft.seed % (1 << 63))
            rows[row, : draft.most] = torch.rand(draft.most, generator=generator, dtype=torch.float64)
    return rows.to(device)


def _lengthen(mask: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.cat([mask, mask.new_ones(mask.shape[0], 1)], dim=1)
