"""The engine's benchmark counts, compares and judges as it says; it is not run here."""

from __future__ import annotations

import importlib
import math
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks" / "engine").is_dir(), reason="benchmarks/ is not beside these tests"
)


def bench(name: str) -> Any:
    """A module of benchmarks/, which is not part of the package."""
    import sys

    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"benchmarks.engine.{name}")


TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=6)


@given(st.lists(st.tuples(TOKENS, TOKENS), min_size=1, max_size=8))
def test_the_limit_counts_every_prefix_once(pairs: list[tuple[list[int], list[int]]]) -> None:
    config = SimpleNamespace(vocab_size=10, hidden_size=4, num_hidden_layers=3)
    found = bench("meter").work(config, 100, 30, pairs)
    fed = {tuple((c + t)[:end]) for c, t in pairs for end in range(1, len(c) + len(t))}
    scored = {tuple(c + t[:at]) for c, t in pairs for at in range(len(t))}
    assert found.unique == len(fed)
    assert found.asked == sum(len(c) + len(t) - 1 for c, t in pairs)
    attention = 4 * 4 * 3 * sum(len(prefix) for prefix in fed)
    spared = 30 * (len(fed) - len(scored))  # nothing is read after them, so the last layer need not go on with them
    assert found.flops == 2 * 100 * len(fed) - 2 * spared + 2 * 10 * 4 * len(scored) + attention


@pytest.mark.parametrize(
    ("more", "reached"),
    [
        ({"ratio": 28.0}, "aim"),
        ({"ratio": 20.0}, "floor"),
        ({"ratio": 19.9}, "below"),
        ({"ratio": 28.0, "gap": 2e-4}, "WRONG"),
        ({"ratio": 28.0, "gap": math.inf}, "WRONG"),
        ({"ratio": 28.0, "gap": 1e-5, "flags": 1}, "WRONG"),
        ({"ratio": 28.0, "gap": 1.0, "texts": True}, "WRONG"),
        ({"ratio": 4.0, "floor": 5.0, "aim": 4.0, "lower": True}, "aim"),
        ({"ratio": 6.0, "floor": 5.0, "aim": 4.0, "lower": True}, "below"),
        ({"ratio": None}, ""),
    ],
)
def test_a_fast_wrong_answer_reaches_nothing(more: dict[str, Any], reached: str) -> None:
    row = bench("row").Row("case", "what", **{"floor": 20.0, "aim": 27.0, **more})
    assert row.reached == reached


def test_not_a_number_is_never_the_same() -> None:
    largest = bench("peers").largest
    assert largest([(-1.0, True)], [(-1.5, False)]) == (0.5, 1)
    assert largest([(math.nan, True)], [(-1.5, True)])[0] == math.inf


def test_the_questions_are_the_same_every_time_and_share_what_they_say() -> None:
    workload = bench("workload")
    asked = workload.items(3, 1)
    assert asked == workload.items(3, 1) != workload.items(3, 2)
    first, second, third = (request.prompt for request in workload.fixed(asked))
    assert first.split("\n\n")[:5] == second.split("\n\n")[:5] == third.split("\n\n")[:5]
    drawn = workload.drawn(asked)
    assert drawn[0].prompt.split("\n\n")[0] != drawn[1].prompt.split("\n\n")[0]
    assert len(workload.perturbed(asked)) == 18
    assert workload.perturbed(asked)[0].prompt == first
    assert {len(request.continuations) for request in workload.fixed(asked, letters=True)} == {4}
    assert len({item.question for item in (workload.disturbed(asked[0], seed) for seed in range(1, 6))}) > 1


def test_a_case_that_is_measured_again_takes_the_place_of_its_old_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, row = bench("page"), bench("row").Row
    monkeypatch.setattr(page, "KEPT", tmp_path / "rows.jsonl")
    monkeypatch.setattr(page, "PAGE", tmp_path / "engine.md")
    when = datetime(2026, 1, 2, tzinfo=UTC)
    page.write("late", [row("late", "new things", ratio=4.0, floor=3.0)], 1.0, when, ["early", "late"])
    page.write("early", [row("early", "old things", ratio=2.0), row("early", "more")], 0.25, when, ["early", "late"])
    page.write("early", [row("early", "other things", ratio=2.5)], 1.0, when, ["early", "late"])
    text = (tmp_path / "engine.md").read_text(encoding="utf-8")
    assert text.index("other things") < text.index("new things")
    assert "old things" not in text
    assert "| more |" not in text
    assert "- early, late: 2026-01-02" in text
    assert "% of the documents" not in text
