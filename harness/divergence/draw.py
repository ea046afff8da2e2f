"""Rows drawn by their content, so that neither their order nor later rows move the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from heapq import heappush, heapreplace

from harness.data import Row


def draw(rows: Iterable[Row], most: int, seed: int) -> tuple[list[Row], int]:
    """At most `most` rows in their order, and how many there were; holds no more than those."""
    kept: list[tuple[int, int, Row]] = []
    count = 0
    for at, row in enumerate(rows):
        count += 1
        text = f"{seed} {row.id}".encode("utf-8", "replace")
        item = (-int.from_bytes(hashlib.sha256(text).digest()[:8], "big"), at, row)
        if len(kept) < most:
            heappush(kept, item)
        elif item[:2] > kept[0][:2]:
            heapreplace(kept, item)
    return [row for _, _, row in sorted(kept, key=lambda item: item[1])], count
