"""Rubrics that the tests of judging share, written as a user would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.judging.rubric import Rubric, read

ITEMS = """\
rubric: manners
question: Is the answer fit for a rider?
items:
  - {id: polite, ask: Is it polite?}
  - {id: right, ask: Is it right?, weight: 3}
pass_at: 0.75
"""
LEVELS = """\
rubric: summary
question: How good is the summary?
levels: [It is of something else., It misses the point., It holds the point.]
pass_at: 1.0
"""


@pytest.fixture
def rubric(tmp_path: Path) -> Callable[[str], Rubric]:
    """`rubric(text)` reads it as a file."""

    def made(text: str) -> Rubric:
        path = tmp_path / "rubric.yaml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return made


@pytest.fixture
def items(rubric: Callable[[str], Rubric]) -> Rubric:
    """Two items; the second weighs three times as much and is enough to pass."""
    return rubric(ITEMS)


@pytest.fixture
def levels(rubric: Callable[[str], Rubric]) -> Rubric:
    """Three levels, of which only the best passes."""
    return rubric(LEVELS)
