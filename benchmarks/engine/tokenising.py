"""Text to tokens for very many requests with fixed shots, beside lm-eval's own function."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.engine import models, workload
from benchmarks.engine.meter import measured
from benchmarks.engine.peers import HFLM
from benchmarks.engine.row import Row
from benchmarks.engine.scoring import Setting
from harness.local.encode import Encoder

TENTH = 10
"""lm-eval is given every tenth document, and its time taken times ten: it looks at each request by itself."""
LOT = 4_000
"""Documents that are encoded together, as the engine does it."""


def tokenising(setting: Setting) -> Iterator[Row]:
    """100,000 continuations, after fixed and after random shots."""
    folder = models.causal(setting.folder / "s", "s")
    peer = HFLM(folder).lm
    for what, shape, floor in (("fixed", workload.fixed, 10.0), ("random", workload.drawn, None)):
        asked = workload.items(setting.many(25_000 if floor else 5_000, 40), 3)
        pairs = [(r.prompt, text) for r in shape(asked) for text in r.continuations]
        encoder, ours, mine = Encoder(peer.tokenizer), 0.0, []
        wall = 0.0
        for low in range(0, len(pairs), 4 * LOT):
            with measured() as spent:
                found = encoder.split(pairs[low : low + 4 * LOT])
            ours, wall = ours + spent.cpu, wall + spent.wall
            mine += found[:: 4 * TENTH]
        some = [pair for at in range(0, len(pairs), 4 * TENTH) for pair in pairs[at : at + 4]]
        with measured() as spent:
            told = [peer._encode_pair(*pair) for pair in some]
        differ = sum(a != tuple(map(list, b)) for a, b in zip(mine, told[::4], strict=True))
        theirs = spent.cpu * len(pairs) / len(some)
        yield Row(
            "tokenising", f"tokens of {len(pairs):,} continuations, {what} shots", "lm-eval's _encode_pair", ours,
            theirs, theirs / ours, spent.wall * len(pairs) / len(some) / wall, floor, floor,
            gap=float(differ), texts=True,
            note=f"lm-eval: every tenth document, times ten; {1e3 * ours / len(pairs):.2f} ms each",
        )  # fmt: skip
