"""Data quality: every issue is found at its planted rate, with the rows shown, and sound rows are left alone."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

import talk
from harness import stats
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.data import open_data
from harness.errors import NothingSelected, SuiteError
from harness.findings import Findings
from harness.suite import load
from talk import leaf

TOPICS = {"billing": "invoice charge refund payment fee", "travel": "train ticket platform delay seat"}


def rows(n: int, seed: int = 0) -> list[dict[str, Any]]:
    """Sound rows of two classes, every one different."""
    rng, made = Random(seed), []
    for at in range(n):
        topic = list(TOPICS)[at % 2]
        words = rng.choices(TOPICS[topic].split(), k=4)
        made.append(
            {"id": f"r{at}", "input": f"please help me with the {' '.join(words)} number {at * 7919}", "target": topic}
        )
    return made


def answers(n: int, seed: int = 0) -> list[dict[str, Any]]:
    """Sound rows with free text as targets."""
    rng, made = Random(seed), []
    words = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "rstlnm"]
    for _ in range(n):
        made.append({"input": " ".join(rng.sample(words, 9)), "target": " ".join(rng.sample(words, 12))})
    return made


def look(folder: Path, given: list[dict[str, Any]], models: tuple[Checkpoint, ...] = (), **options: Any) -> Findings:
    found = leaf("data_quality")(models, 7, data=talk.data(folder, given), **options)
    assert isinstance(found, Findings)
    return found


def share(found: Findings, issue: str) -> float | None:
    return stats.level(found.scores[issue], confidence=0.95, seed="x").value


def test_sound_rows_have_no_issue(tmp_path: Path) -> None:
    found = look(tmp_path, rows(300), near_duplicate=1.0)
    assert {name: share(found, name) for name in found.scores} == dict.fromkeys(found.scores, 0.0)
    assert sorted(found.scores) == sorted([
        "empty", "duplicates", "near_duplicates", "conflicts", "label_errors", "class_imbalance", "language", "pii",
        "boilerplate", "encoding", "template", "eos",
    ])  # fmt: skip
    assert (found.warnings, found.rows) == ([], [])


PLANTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "empty": ({"target": " \u200b"}, {}),
    "language": ({"input": "Ich möchte gern wissen, wann der Bus am Abend fährt und wo er hält", "target": "nie"}, {}),
    "pii": ({"input": "my mail is ann@mail.org and my phone +49 30 901820"}, {}),
    "encoding": ({"target": "It\u00e2\u20ac\u2122s late"}, {}),
    "truncation": ({"input": "word " * 60}, {"max_length": 40}),
    "template": ({"input": "### Instruction:\nsay it\n### Response:"}, {}),
    "eos": ({"target": "the end.</s>"}, {}),
    "age": ({"when": "2022-03-01"}, {"date": "when", "as_of": "2026-01-31", "max_age": 730}),
    "license": ({"licence": "CC-BY-NC-4.0"}, {"license_field": "licence"}),
}


@pytest.mark.parametrize("issue", PLANTED)
def test_an_issue_is_counted_and_shown(issue: str, tmp_path: Path) -> None:
    change, options = PLANTED[issue]
    given = [
        {**row, "id": f"r{at}", "when": "2025-06-01T10:00:00", "licence": "MIT"} for at, row in enumerate(rows(200))
    ]
    for at in range(10, 18):
        given[at] = {**given[at], **change}
    found = look(tmp_path, given, issues=[issue], **options)
    assert share(found, issue) == pytest.approx(0.04)
    assert [row["doc_id"] for row in found.rows] == [f"r{at}" for at in range(10, 18)]
    shown = next(figure for figure in found.figures if figure.title == "Rows with an issue")
    assert [row[1] for row in shown.rows] == [f"r{at}" for at in range(10, 18)]
    assert not any("ann@mail.org" in json.dumps(figure.model_dump()) for figure in found.figures)
    clean = look(tmp_path, given[20:], issues=[issue], **options)
    assert share(clean, issue) == 0.0


def test_repeats_and_conflicts_stand_side_by_side(tmp_path: Path) -> None:
    given = [{**row, "id": f"r{at}"} for at, row in enumerate(answers(100))]
    given += [{**given[at], "id": f"copy{at}", "input": given[at]["input"].upper() + " !"} for at in range(5)]
    given += [{**given[at], "id": f"near{at}", "input": given[at]["input"] + "s"} for at in range(10, 13)]
    given += [{**given[at], "id": f"other{at}", "target": "something else"} for at in range(20, 24)]
    found = look(tmp_path, given)
    n = len(given)
    assert (share(found, "duplicates"), share(found, "near_duplicates")) == (5 / n, 3 / n)
    assert share(found, "conflicts") == 8 / n
    pairs = next(figure for figure in found.figures if figure.kind == "pairs")
    assert pairs.total == 16
    assert {(p.left_id, p.right_id) for p in pairs.items} >= {
        ("r0", "copy0"),
        ("r10", "near10"),
        ("r20", "other20"),
        ("other20", "r20"),
    }


def test_a_footer_in_a_third_of_the_targets_is_found_with_its_text(tmp_path: Path) -> None:
    given, footer = answers(200), "Was this page helpful? Call the service desk."
    planted = [{**row, "target": f"{row['target']} {footer}"} if at % 3 == 0 else row for at, row in enumerate(given)]
    found = look(tmp_path, planted)
    assert share(found, "boilerplate") == 67 / 200
    passages = next(figure for figure in found.figures if figure.title == "Passages that many targets hold")
    assert passages.rows[0] == ["was this page helpful call the service desk.", 67]
    assert share(look(tmp_path, given), "boilerplate") == 0.0
    refusal = [
        {**row, "target": "Sorry, I do not know that at all."} if at % 2 else row for at, row in enumerate(given)
    ]
    assert share(look(tmp_path, refusal), "boilerplate") == 0.0  # one answer given often is no passage scraped along


def test_the_transit_agencys_footers(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "suites" / "transit" / "data"
    if not folder.is_dir():
        pytest.skip("needs the checkout")
    look_at = leaf("data_quality")
    scraped = look_at((), 13, data=open_data("faq.jsonl", root=folder), target="scraped", issues=["boilerplate"])
    assert share(scraped, "boilerplate") == 1.0
    repaired = look_at((), 13, data=open_data("train.jsonl", root=folder), issues=["boilerplate", "conflicts"])
    assert (share(repaired, "boilerplate"), share(repaired, "conflicts")) == (0.0, 0.0)


def test_flipped_labels_are_estimated_with_an_interval(tmp_path: Path) -> None:
    given = rows(400)
    wrong = Random(3).sample(range(400), 40)
    for at in wrong:
        given[at] = {**given[at], "target": "travel" if given[at]["target"] == "billing" else "billing"}
    found = look(tmp_path, given)
    estimate = stats.level(found.scores["label_errors"], confidence=0.975, seed="x")
    assert estimate.low < 0.1 < estimate.high
    assert estimate.high < 0.16
    named = {row["doc_id"] for row in found.rows if row["label_errors"] == 1.0}
    assert len(named & {f"r{at}" for at in wrong}) >= 36
    shown = next(figure for figure in found.figures if figure.title == "Rows with an issue")
    assert any("probably" in str(row[3]) for row in shown.rows)


def test_rows_drawn_for_labels_are_the_same_whatever_the_order(tmp_path: Path) -> None:
    given = rows(400)
    one = look(tmp_path, given, issues=["label_errors"], label_rows=150).scores["label_errors"]
    two = look(tmp_path, given[::-1], issues=["label_errors"], label_rows=150).scores["label_errors"]
    assert len(one.ids) == 150
    assert set(one.ids) == set(two.ids)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answers(80), "the targets are no labels: 80 different ones in 80 rows"),
        (
            [{**row, "target": str(at % 2)} for at, row in enumerate(answers(80))],
            "a simple classifier is right on only",
        ),
        (
            [{"input": f"q {at}", "target": "ab"[at > 28]} for at in range(31)],
            "only 2[0-9] rows are of a class with 5 rows",
        ),
    ],
)
def test_labels_that_cannot_be_judged_are_not_called_right(given: Any, said: str, tmp_path: Path) -> None:
    found = look(tmp_path, given, issues=["label_errors"])
    estimate = stats.level(found.scores["label_errors"], confidence=0.95, seed="x")
    assert estimate.value is None or (estimate.low, estimate.high) == (0.0, 1.0)
    assert len(found.scores["label_errors"].missing) == len(given)
    import re

    assert any(re.search(said, warning) for warning in found.warnings), found.warnings


def test_imbalance_of_classes_and_groups(tmp_path: Path) -> None:
    given = [
        {**row, "target": "rare" if at < 2 else "common", "who": "a" if at < 25 else "b"}
        for at, row in enumerate(rows(100))
    ]
    found = look(tmp_path, given, group="who")
    assert share(found, "class_imbalance") == pytest.approx(0.96)
    assert share(found, "group_imbalance") == pytest.approx(0.5)
    assert set(found.scores["empty"].groups["group"]) == {"a", "b"}
    alone = look(tmp_path, [{**row, "who": None} for row in given], group="who")
    assert share(alone, "group_imbalance") is None
    assert set(alone.scores["empty"].groups["group"]) == {"(missing)"}


def test_training_and_serving_prompts_must_be_equal_to_the_blank(tmp_path: Path) -> None:
    task = talk.task(tmp_path, rows(5), prompt="Q: {{ input }}\nA:")
    same = look(tmp_path, rows(5), issues=["template"], prompt="Q: {{ input }}\nA:", of=task)
    other = look(tmp_path, rows(5), issues=["template"], prompt="Q: {{ input }}\nA: ", of=task)
    assert (share(same, "template"), share(other, "template")) == (0.0, 1.0)
    missing = look(tmp_path, rows(5), issues=["template"], prompt="{{ question }}", of=task)
    assert share(missing, "template") == 1.0


def test_tokens_are_those_of_the_candidate_where_its_tokenizer_is_here(tmp_path: Path) -> None:
    import tiny

    tiny.tokenizer(tmp_path / "model")
    model = Checkpoint("candidate", "transformers", pretrained=str(tmp_path / "model"))
    given = [{"input": "naïve " * 6, "target": "x"}, {"input": "the", "target": "x"}]
    found = look(tmp_path, given, (model,), issues=["truncation"], max_length=20)
    assert share(found, "truncation") == 0.5
    assert "tokens of candidate" in found.figures[0].rows[0][3]
    assert share(look(tmp_path, given, issues=["truncation"], max_length=20), "truncation") == 0.0


def test_dates_and_licences_that_cannot_be_read_are_unknown_not_fine(tmp_path: Path) -> None:
    given = [{"input": f"text {at}", "target": "x", "when": "2025-05-05"} for at in range(10)]
    given[3]["when"], given[4]["when"] = "last year", None
    found = look(tmp_path, given, issues=["age"], date="when", as_of="2026-01-31")
    estimate = stats.level(found.scores["age"], confidence=0.95, seed="x")
    assert (estimate.low, estimate.high, estimate.missing) == (0.0, 0.2, 2)
    assert "age: 2 of 10 rows cannot be judged" in found.warnings[0] or "age: 1 of 10" in found.warnings[0]
    licensed = look(tmp_path, given, issues=["license"], license_field="licence")
    assert stats.level(licensed.scores["license"], confidence=0.95, seed="x").value is None


def test_odd_texts_do_no_harm(tmp_path: Path) -> None:
    texts = [
        "",
        " ",
        "x" * 100_000,
        "שלום עולם, מה שלומך היום",
        "👩‍🚀" * 500,
        "a\u0301" * 1000,
        "日本語" * 3000,
        "{{ x }}",
    ]
    given = [{"input": text, "target": text, "g": at % 2} for at, text in enumerate(texts)]
    (tmp_path / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    found = leaf("data_quality")((), 1, data=open_data("odd.jsonl", root=tmp_path), group="g", max_length=50)
    assert share(found, "empty") == 2 / 8
    for figure in found.figures:
        assert len(figure.model_dump_json()) < 60_000


def test_empty_fields_count_and_absent_ones_are_an_error(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        [{"input": "a b c"}, {"input": "d e f", "target": "x"}, {"input": None, "target": "y"}],
        issues=["empty"],
    )
    assert share(found, "empty") == pytest.approx(2 / 3)
    with pytest.raises(SuiteError, match=r"no row has anything in 'targets'; did you mean 'target'\?.*set `target`"):
        look(tmp_path, rows(3), target="targets")
    with pytest.raises(SuiteError, match=r"no row has anything in 'inptu'; did you mean 'input'\?.*set `group`"):
        look(tmp_path, rows(3), group="inptu")
    with pytest.raises(NothingSelected, match="has no rows"):
        look(tmp_path, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"issues": ["dupes"]}, "no issue 'dupes'"),
        ({"issues": ["duplicate"]}, "did you mean 'duplicates'"),
        ({"issues": ["age"]}, "the issue 'age' needs the option `date`"),
        ({"issues": ["conflicts"], "target": None}, "needs rows with a target"),
        ({"near_duplicate": 0.0}, "write a share above 0"),
        ({"boilerplate_share": 2.0}, "write a share above 0"),
        ({"label_rows": 0}, "`label_rows: 0` is too small"),
        ({"date": "when", "as_of": "soon"}, "`as_of: soon` is no day"),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=said):
        look(tmp_path, rows(3), **options)


def test_rows_without_targets(tmp_path: Path) -> None:
    found = look(tmp_path, [{"text": row["input"]} for row in answers(30)], input="text", target=None)
    assert set(found.scores) == {
        "empty",
        "duplicates",
        "near_duplicates",
        "language",
        "pii",
        "boilerplate",
        "encoding",
        "template",
    }


def test_criteria_may_name_what_the_options_allow(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(rows(1)[0]) + "\n")
    (tmp_path / "answers.jsonl").write_text('{"id": "1", "response": "x"}\n')

    def suite(criterion: str, options: str = "") -> Path:
        checks = f"{{d: {{data_quality: {{data: rows.jsonl{options}}}}}}}"
        text = f"suite: s\nmodels: {{candidate: {{replay: answers.jsonl}}}}\nchecks: {checks}\n"
        (tmp_path / "suite.yaml").write_text(f"{text}accept: ['{criterion}']\n")
        return tmp_path / "suite.yaml"

    load(suite("d.duplicates <= 1%"))
    load(suite("d.age <= 0", ", date: when"))
    load(suite("d.pii[worst who] <= 0", ", group: who"))
    with pytest.raises(SuiteError, match="measures no 'age'"):
        load(suite("d.age <= 0"))
    assert all(option.text for option in Catalog().get("check", "data_quality").options.values())
