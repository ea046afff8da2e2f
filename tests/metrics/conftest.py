"""What every metric test uses: the value of a metric over samples, as a check would compute it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.catalog import Catalog, quantity_of
from harness.score import Totals, table

CATALOG = Catalog()


def measure(name: str, samples: list[dict[str, Any]], **options: Any) -> float:
    """The metric's value: every sample's statistics summed and combined (default: their mean)."""
    entry = CATALOG.get("metric", name)
    quantity = quantity_of(entry, options)
    values = [entry.function(**entry.bind(sample, options)) for sample in samples]
    scores = table(quantity, [str(i) for i in range(len(values))], values)
    if quantity.combine is None:
        return float(scores.stats[:, 0].mean())
    return float(quantity.combine(Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(scores.n)))))


@pytest.fixture(scope="session")
def value() -> Callable[..., float]:
    """`value(name, samples, **options)`: one number of a metric over samples."""
    return measure
