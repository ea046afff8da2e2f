"""Swaps of identity: the same text, of another person; only the term changes, everywhere it stands."""

from __future__ import annotations

from harness.swaps.swap import KINDS, Matters, Swap, Unfit, swap

__all__ = ["KINDS", "Matters", "Swap", "Unfit", "swap"]
