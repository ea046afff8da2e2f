"""samples.parquet: every answer, written one row group after another."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import runs
from harness.report import publish
from harness.rows import Rows, Sheets


def rows(n: int) -> Iterator[dict[str, Any]]:
    for at in range(n):
        yield {
            "doc_id": f"s{at}", "prompt": f"q{at} \ud800", "resps": ["x"], "filtered_resps": ["x"],
            "target": ["a", "b"],
            "valid": True, "slices": {"lang": "de"}, "metrics": {"f1": at / 2} if at % 2 else {"rouge": None},
        }  # fmt: skip


def test_every_answer_stands_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "LOT", 40)
    sheets = Sheets([("intents", "candidate", Rows.of(rows(90))), ("intents", "base", list(rows(5)))])
    (tmp_path / "run").mkdir()
    publish.publish(runs.accepted(), sheets, tmp_path / "run")
    file = pq.ParquetFile(tmp_path / "run" / "samples.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [40, 40, 15]
    found = file.read().to_pylist()
    assert list(found[0])[:4] == ["check", "model", "doc_id", "prompt"]
    assert list(found[0])[-2:] == ["rouge", "f1"]
    assert [row["model"] for row in found] == ["candidate"] * 90 + ["base"] * 5
    assert (found[3]["doc_id"], found[3]["f1"], found[3]["rouge"]) == ("s3", 1.5, None)
    assert (found[0]["target"], found[0]["slices"], found[0]["prompt"]) == ("a\nb", '{"lang": "de"}', "q0 \\ud800")


@pytest.mark.parametrize("given", [[], iter([]), [{"check": "c", "model": "m", "doc_id": "1", "rate": 0.5}]])
def test_plain_rows_will_do(given: Any, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    publish.publish(runs.accepted(), given, tmp_path / "run")
    assert pq.read_table(tmp_path / "run" / "samples.parquet").num_rows in (0, 1)
    assert (tmp_path / "run" / "result.json").is_file()


def test_memory_is_that_of_one_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "LOT", 200)

    def peak(n: int) -> int:
        sheets = Sheets([("c", "m", Rows.of(rows(n)))])
        tracemalloc.start()
        publish._samples(sheets, tmp_path / f"{n}.parquet")  # type: ignore[arg-type]
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(3500)
    assert peak(9000) < 1.5 * peak(4500)
