"""What answering takes: tokens, operations, seconds and memory, counted where the weights are used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.exchange import Effort, Response
from harness.local.attention import spared

if TYPE_CHECKING:
    import torch

GEMM_SECONDS = 0.03
"""How long the rate of matrix multiplication is measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Numbers that one token, one place of the head, and one pair of query and key are multiplied with."""

    body: int
    head: int
    pair: int
    encoder: int = 0

    @classmethod
    def of(cls, model: Any, more: int = 0) -> Cost:
        """Of a model with `more` parameters of an adapter on it.

        A token meets every matrix but the embeddings once; of a mixture of experts, those of the experts it is sent to.
        """
        config = model.config.get_text_config()
        embeddings = {id(p) for m in model.modules() if m.__class__.__name__.endswith("Embedding")
                      for p in m.parameters(recurse=False)}  # fmt: skip
        out = model.get_output_embeddings()
        head = 0 if out is None else sum(p.numel() for p in out.parameters(recurse=False) if p.ndim == 2)
        spared = embeddings | ({id(p) for p in out.parameters()} if out is not None else set())
        experts = int(getattr(config, "num_local_experts", 0) or getattr(config, "num_experts", 0) or 0)
        used = int(getattr(config, "num_experts_per_tok", 0) or 0)
        share = used / experts if experts and used else 1.0

        def met(part: Any) -> int:
            counted = [(n, p) for n, p in part.named_parameters() if p.ndim > 1 and id(p) not in spared]
            kept = [(n, p) for n, p in counted if "lora_" not in n]
            return int(sum(p.numel() * (share if "experts" in n else 1.0) for n, p in kept))

        whole = met(model) + more
        encoder = met(model.get_encoder()) if getattr(model.config, "is_encoder_decoder", False) else 0
        heads = int(getattr(config, "num_attention_heads", 0) or 0)
        size = int(getattr(config, "head_dim", 0) or (config.hidden_size // heads if heads else 0))
        return cls(whole - encoder, head, heads * size * int(config.num_hidden_layers), encoder)


@dataclass(slots=True, eq=False)
class Meter:
    """Counts for one model that answers."""

    cost: Cost
    device: torch.device
    dtype: torch.dtype
    asked: int = 0
    computed: int = 0
    filled: int = 0
    """Rows that were computed only to fill up a shape."""
    flops: float = 0.0
    seconds: float = 0.0
    peak: int = 0
    _pairs: Any = 0
    """Pairs of query and key; a number, or a tensor that is read late, as reading waits for the device."""
    _held: int = 0
    _high: int = 0

    def __post_init__(self) -> None:
        self._held, self._high = _memory(self.device), _highest(self.device)

    def ask(self, response: Response) -> None:
        """Count what a request would have taken on its own: each continuation after its own prompt."""
        if response.text is not None:
            self.asked += response.prompt_tokens + response.new_tokens
        self.asked += sum(response.prompt_tokens + max(0, scored.tokens - 1) for scored in response.scores)

    def saw(self, tokens: int, places: int, pairs: Any, *, encoder: bool = False, spared: int = 0) -> None:
        """Count one forward pass, which was spared so many multiplications."""
        self.computed += tokens
        self.flops += 2.0 * tokens * (self.cost.encoder if encoder else self.cost.body) + 2.0 * places * self.cost.head
        self.flops -= 2.0 * spared
        self._pairs = self._pairs + pairs

    @contextmanager
    def working(self) -> Iterator[None]:
        """The time inside is time in the weights."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start
            highest = _highest(self.device)
            now = highest if highest > self._high else _memory(self.device)
            self.peak = max(self.peak, now - self._held)

    @property
    def effort(self) -> Effort:
        """What it took so far."""
        flops = self.flops + 4.0 * self.cost.pair * float(self._pairs)
        share = flops / self.seconds / gemm_rate(self.device, self.dtype) if self.seconds and flops else None
        return Effort(self.asked, self.computed - self.filled, flops, self.seconds, share, self.peak)


def count(model: Any, now: Callable[[], Meter | None]) -> None:
    """From now on, let each forward pass of the model be counted by the meter that `now` gives, if any."""

    def saw(part: Any, args: Any, given: dict[str, Any], out: Any) -> None:
        if (meter := now()) is not None:
            _count(meter, args, given, out, encoder=part is encoder)

    encoder = model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else None
    for part in (model, encoder) if encoder is not None else (model,):
        part.register_forward_hook(saw, with_kwargs=True)


def _count(meter: Meter, args: Any, given: dict[str, Any], out: Any, *, encoder: bool) -> None:
    ids = given.get("decoder_input_ids")
    ids = ids if ids is not None else given.get("input_ids", args[0] if args else None)
    if ids is None:
        return
    logits, positions = getattr(out, "logits", None), given.get("position_ids")
    rows, length = ids.shape
    if positions is not None:
        pairs: Any = (positions + 1).sum() * (rows // positions.shape[0])
    else:
        cache = given.get("past_key_values")
        past = int(cache.get_seq_length()) - length if cache is not None and hasattr(cache, "get_seq_length") else 0
        pairs = rows * (length * max(0, past) + length * (length if encoder else length + 1) // (1 if encoder else 2))
    places = 0 if logits is None else logits.shape[:-1].numel()
    meter.saw(ids.numel(), places, pairs, encoder=encoder, spared=spared())


@lru_cache(maxsize=8)
def gemm_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of this machine's matrix multiplication, by a product of middle size; measured
    once in a process."""
    import torch

    size = 1024 if device.type == "cpu" else 8192
    with torch.inference_mode():
        one, two = (torch.full((size // part, size), 0.5, device=device, dtype=dtype) for part in (4, 1))
        best, until = float("inf"), time.perf_counter() + GEMM_SECONDS
        while best == float("inf") or time.perf_counter() < until:
            start = time.perf_counter()
            one @ two.T
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            best = min(best, time.perf_counter() - start)
    return float(2 * one.shape[0] * size * size / best)


def _memory(device: torch.device) -> int:
    """Bytes held now: of the device, or of this process."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    return _status("VmRSS")


def _highest(device: torch.device) -> int:
    """The most bytes that were ever held."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return _status("VmHWM")


def _status(name: str) -> int:
    """A line of what the system says of this process, in bytes; 0 where it says nothing."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), 0)
