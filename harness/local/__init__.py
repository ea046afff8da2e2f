"""Local checkpoints: known by their bytes, proved before use, loaded once, asked in batches."""

from harness.local.identity import head, identify, is_adapter, must_be_unchanged
from harness.local.quiet import quiet
from harness.local.resident import Residents

__all__ = ["Residents", "head", "identify", "is_adapter", "must_be_unchanged", "quiet"]
