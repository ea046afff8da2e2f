"""summary.md fits where it is posted, is found again, and holds nothing live."""

from __future__ import annotations

import re

import pytest

import runs
from harness.figure import Example, Examples
from harness.report import markdown


@pytest.mark.parametrize("name", runs.ALL)
def test_it_is_small_the_same_each_time_and_begins_with_its_marker(name: str) -> None:
    text = markdown.render(runs.ALL[name]())
    assert text == markdown.render(runs.ALL[name]())
    assert len(text.encode()) <= markdown.LIMIT
    assert re.match(r"<!-- harness:[\w.-]+ -->\n", text)


def test_the_verdict_and_what_failed_stand_first() -> None:
    text = markdown.render(runs.rejected())
    assert text.index("Rejected") < text.index("riders.exact_match >= 0.8") < text.index("riders.exact_match > base")
    assert "<details><summary>5 passed</summary>" in text
    assert "harness:transit" in text


def live_parts(text: str) -> str:
    """The summary without its code blocks, code spans and our own markup."""
    text = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    for own in ("<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"):
        text = text.replace(own, "")
    return re.sub(r"\A<!-- .*? -->", "", text)


def test_nothing_that_was_said_is_live() -> None:
    text = live_parts(markdown.render(runs.attacked()))
    assert not re.search(r"(?<!\\)<", text)
    assert not re.search(r"@\w", text)
    assert not re.search(r"#\d", text)
    assert "://" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_every_table_row_has_its_cells() -> None:
    rows = [row for row in markdown.render(runs.attacked()).split("\n") if row.startswith("| ") and "---" not in row]
    assert rows
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 7, row


def test_huge_texts_are_cut_by_section_and_it_is_said() -> None:
    run = runs.rejected()
    huge = [Example(id=f"{i}", prompt="x" * 200_000, target="y", candidate="`" * 50_000) for i in range(3)]
    check = run.checks["riders"].model_copy(update={"figures": [Examples(title="e", items=huge, total=3)]})
    many = [
        run.criteria[0].model_copy(update={"id": f"a{i}", "that": f"riders.m{i}{'漢' * 300} >= 0.8"})
        for i in range(200)
    ]
    text = markdown.render(run.model_copy(update={"checks": {"riders": check}, "criteria": many}))
    assert len(text.encode()) <= markdown.LIMIT
    assert "did not fit; they are in report.html" in text


def test_worst_examples_come_from_what_fails_first() -> None:
    found = markdown.worst(runs.rejected())
    assert [item.id for _, item in found] == ["riders-0171", "unknown-0009", "riders-0032"]
    assert markdown.worst(runs.accepted()) == []
