"""Glimpses: what can be said so far, cheaply, and how much is shared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import glimpse
from harness.criterion import parse
from harness.exchange import Effort, Facts, Request, Response
from harness.glimpse import Glimpser
from harness.pool import Place, Pool
from harness.watch import Provisional, Silent
from talk import CANDIDATE, leaf, task


class Seen(Silent):
    """A watch that remembers."""

    def __init__(self) -> None:
        self.rows: list[Provisional] = []
        self.shared: list[tuple[int, int]] = []

    def provisional(self, rows: Any) -> None:
        self.rows = list(rows)

    def effort(self, asked: int, computed: int) -> None:
        self.shared.append((asked, computed))


def looking(folder: Path, n: int, known: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Glimpser, Seen]:
    """A glimpser at a task of `n` samples, of which the first `known` are answered, two of three rightly."""
    monkeypatch.setattr(glimpse, "PATIENCE", 0.0)
    monkeypatch.setattr(glimpse, "HEARTBEAT", 0.0)
    made = task(folder, [{"id": str(at), "input": f"q{at}", "target": "x"} for at in range(n)])
    watch, place = Seen(), Place("candidate", lambda: None, None)  # type: ignore[arg-type, return-value]
    pool = Pool([place], watch)
    for sample in list(made.samples())[:known]:
        request = Request("generate", sample.prompt, max_new_tokens=64, sample=sample.id)
        place.known.put(place.key(request), Response(text="x" if int(sample.id) % 3 else "y", finish="stop"))
    start = {("quiz", "candidate"): lambda: leaf("task")(glimpse._short(made), CANDIDATE, data=made.data)}
    return Glimpser([parse("quiz.exact_match >= 0.5")], start, pool, watch, "seed"), watch


def test_what_is_answered_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look, watch = looking(tmp_path, 90, 60, monkeypatch)
    look()
    (row,) = watch.rows
    assert (row.n, row.value) == (60, pytest.approx(2 / 3))


def test_nothing_is_said_before_there_is_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look, watch = looking(tmp_path, 9, 0, monkeypatch)
    look()
    assert watch.rows == [Provisional("quiz.exact_match >= 0.5", None)]


def test_a_long_task_is_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glimpse, "LOOKED_AT", 30)
    look, watch = looking(tmp_path, 900, 60, monkeypatch)
    look()
    assert watch.rows[0].n == 30


def test_a_limit_stays_a_limit(tmp_path: Path) -> None:
    made = task(tmp_path, [{"id": "1", "input": "a", "target": "x"}], limit=1)
    assert glimpse._short(made).limit == 1
    assert glimpse._short("text") == "text"


def test_how_much_is_shared_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look, watch = looking(tmp_path, 9, 3, monkeypatch)
    look()
    assert watch.shared == [], "a model that does not know says nothing"
    told = SimpleNamespace(facts=Facts(effort=Effort(tokens_asked=900, tokens_computed=100)))
    look.pool.places["candidate"].model = told  # type: ignore[assignment]
    look()
    assert watch.shared == [(900, 100)]
