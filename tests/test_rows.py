"""Rows: a list that may be longer than the memory, read again as often as anybody likes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import rows as module
from harness.errors import OutputBroken
from harness.findings import Findings
from harness.rows import KEPT, LOT, Rows, Sheets, measured


def row(at: int) -> dict[str, Any]:
    return {"doc_id": f"s{at}", "prompt": f"Wörter \ud800 {at}", "metrics": {"f1": at / 7, "rouge": None}}


def many(count: int) -> Iterator[dict[str, Any]]:
    return (row(at) for at in range(count))


@pytest.mark.parametrize("count", [0, 1, KEPT, KEPT + LOT - 1, KEPT + LOT, KEPT + 3 * LOT + 17])
def test_they_are_a_list(count: int) -> None:
    found, wanted = Rows.of(many(count)), list(many(count))
    assert len(found) == count
    assert list(found) == wanted == list(found)
    assert found == wanted
    assert found != [*wanted, row(0)]
    assert found[3:9] == wanted[3:9]
    assert found[:-2] == wanted[:-2]
    for at in (0, count // 2, count - 1, -1):
        if count:
            assert found[at] == wanted[at]
    for at in (count, -count - 1):
        with pytest.raises(IndexError, match=f"row {at} of {count}"):
            found[at]


def test_two_readers_do_not_disturb_each_other() -> None:
    found = Rows.of(many(KEPT + 2 * LOT))
    pairs = zip(found, reversed(found), strict=True)
    assert all((a["doc_id"], b["doc_id"]) == (f"s{i}", f"s{KEPT + 2 * LOT - 1 - i}") for i, (a, b) in enumerate(pairs))


@given(
    st.lists(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.none(), max_size=3), max_size=40)
)
def test_what_goes_to_the_disk_comes_back(made: list[dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LOT", 3)
        patch.setattr(module, "KEPT", 4)
        assert list(Rows.of(iter(made))) == made


def test_numbers_of_numpy_become_plain() -> None:
    made = Rows.of({"f": np.float32(0.5), "n": np.int64(3), "m": MappingProxyType({"a": 1})} for _ in range(KEPT + LOT))
    assert made[0] == {"f": 0.5, "n": 3, "m": {"a": 1}}


def test_what_is_no_plain_data_is_refused() -> None:
    with pytest.raises(TypeError, match="a row holds a set, which is no plain data"):
        Rows.of({"s": {1}} for _ in range(KEPT + LOT))


def test_names_of_metrics_are_known_without_reading() -> None:
    first = Rows.of([{"metrics": {"b": 1.0}}, {"metrics": {"a": 0.0, "b": 0.0}}])
    assert list(first.names) == ["b", "a"]
    sheets = Sheets([("c", "m", first), ("d", "m", [{"rate": 0.5, "doc_id": "x"}])])
    assert list(sheets.names) == ["b", "a", "rate"]
    assert len(sheets) == 3
    assert list(sheets)[2] == {"check": "d", "model": "m", "rate": 0.5, "doc_id": "x"}
    assert list(sheets) == list(sheets)


def test_metrics_of_a_row() -> None:
    assert measured({"metrics": {"a": None}, "rate": 0.5}) == {"a": None}
    assert measured({"rate": 0.5, "n": 3, "name": "x"}) == {"rate": 0.5}


def test_memory_stays_the_same_however_many_there_are() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        found = Rows.of(many(count))
        assert sum(1 for _ in found) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(KEPT + LOT)
    few, lots = peak(2 * KEPT), peak(10 * KEPT)
    assert lots < 1.2 * few


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(OutputBroken, match=r"rows could not be kept in .*: No space left on device; set TMPDIR to"):
        Rows.of(many(KEPT + LOT))


@pytest.mark.parametrize("given", [[{"a": 1}], ({"a": 1},), iter([{"a": 1}]), lambda: iter([{"a": 1}])])
def test_findings_take_rows_in_any_form(given: Any) -> None:
    found = Findings(rows=given)
    assert list(found.rows) == list(found.rows) == [{"a": 1}]
    assert isinstance(found.rows[0], Mapping)
    assert not Findings().rows
