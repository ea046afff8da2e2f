"""The flaw examination: models with one planted flaw each, and sound ones, all judged by the same criteria.

    python -m benchmarks flaws                         every kind, five seeds
    python -m benchmarks flaws --seeds 2 typing name   some of them
    python -m benchmarks flaws --write                 and docs/flaws.md from all that has been examined

What was trained and answered once is taken from the store, and what was examined once with the same code and data is
not examined again, so that an examination can be stopped and goes on from there.
"""

from benchmarks.flaws.examination import main

__all__ = ["main"]
