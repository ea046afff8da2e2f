"""Training leaves every random generator as it found it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from harness.train import seeded


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), float(torch.rand(1))  # noqa: NPY002


def test_the_same_seed_draws_the_same_and_leaves_no_trace() -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    undisturbed = draw()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    with seeded(7):
        first = draw()
    assert draw() == undisturbed
    with seeded(7):
        assert draw() == first
    with seeded(8):
        assert draw() != first


def test_the_states_come_back_after_a_failure() -> None:
    random.seed(3)
    expected = random.Random(3).random()
    with pytest.raises(RuntimeError), seeded(7):
        raise RuntimeError
    assert random.random() == expected
