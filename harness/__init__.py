"""Acceptance tests for fine-tuned language models.

The command is `harness`; these are the names that plugins and scripts use. They are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Checkpoint": "checkpoint",
    "Dataset": "data",
    "Estimate": "estimate",
    "Findings": "findings",
    "HarnessError": "errors",
    "MetricSpec": "catalog",
    "Missing": "score",
    "Quantity": "score",
    "Request": "exchange",
    "Response": "exchange",
    "Rounds": "findings",
    "Run": "run",
    "Sample": "sample",
    "Scores": "score",
    "Task": "task",
    "Totals": "score",
    "Verdict": "verdict",
    "check": "catalog",
    "fixture": "catalog",
    "metric": "catalog",
    "model": "catalog",
    "perturbation": "catalog",
    "table": "score",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(import_module(f"harness.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
