"""The task check: scores, confusion matrices and the worst regressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.catalog import Catalog
from harness.figure import Confusion, Examples
from harness.findings import Findings
from talk import BASE, CANDIDATE, CRASH, drive, gold, leaf, task

LABELS = ["yes", "no", "maybe", "no", "yes", "yes"]
ROWS = [{"id": str(at), "input": f"row {at}", "target": label, "lang": "de"} for at, label in enumerate(LABELS)]


def found(made: Any, said: dict[str, Any], who: Any = CANDIDATE) -> Findings:
    findings = drive(leaf("task")(made, who, data=made.data), lambda r: said.get(r.sample, gold(made)(r))).findings
    assert isinstance(findings, Findings)
    return findings


def figures(**findings: Findings) -> dict[str, Any]:
    first = next(iter(findings.values()))
    assert first.compare is not None
    return {type(figure).__name__: figure for figure in first.compare(findings)}


def test_it_brings_scores_rows_and_warnings(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, choices="from_data", metrics=["accuracy", "macro_f1"], slices=["lang"])
    findings = found(made, {"1": "yes", "2": CRASH})
    assert set(findings.scores) == {"accuracy", "macro_f1", "constant_rate", "first_choice_rate"}
    assert findings.scores["accuracy"].groups == {"lang": ("de",) * 6}
    assert [row["doc_id"] for row in findings.rows] == list("012345")
    assert findings.warnings == ["1 of 6 answers failed (candidate): out of memory (first: sample 2)"]


def test_its_measures_are_known_before_it_runs() -> None:
    measures = Catalog().get("check", "task").facts["measures"]
    choosing, writing = measures([], None, ["a", "b"], Catalog()), measures([], None, None, Catalog())
    assert list(choosing) == ["accuracy", "constant_rate", "first_choice_rate"]
    assert list(writing) == ["exact_match", "empty_rate", "constant_rate", "cut_rate", "loop_rate"]


def test_confusion_of_every_model(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, choices="from_data", output="generate")
    assert made.output == "generate"
    made = task(tmp_path, ROWS, choices="from_data")
    drawn = figures(candidate=found(made, {"0": "no"}), base=found(made, {"2": "no", "1": "maybe"}))
    confusion = drawn["Confusion"]
    assert isinstance(confusion, Confusion)
    assert confusion.labels == ["maybe", "no", "yes"]
    at = {label: place for place, label in enumerate(confusion.labels)}
    assert confusion.counts["candidate"][at["yes"]][at["no"]] == 1
    assert confusion.counts["base"][at["maybe"]][at["no"]] == 1
    assert sum(map(sum, confusion.counts["candidate"])) == 6


def test_the_worst_regressions_stand_side_by_side(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS)
    base = found(made, {"5": "?", "4": "??"}, BASE)
    candidate = found(made, {"0": "wrong", "3": CRASH, "4": "??"})
    examples = figures(candidate=candidate, base=base)["Examples"]
    assert isinstance(examples, Examples)
    assert examples.title == "Worst against base"
    assert [(item.id, item.base, item.candidate) for item in examples.items] == [
        ("0", "yes", "wrong"),
        ("3", "no", "out of memory"),
    ]
    assert examples.total == 2


def test_without_a_regression_the_wrong_ones_are_shown(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS)
    both = found(made, {"4": "??"})
    examples = figures(candidate=both, base=found(made, {"4": "!"}, BASE))["Examples"]
    assert [item.id for item in examples.items] == ["4"]
    alone = figures(candidate=both)["Examples"]
    assert (alone.title, [item.id for item in alone.items], alone.items[0].base) == ("Wrong answers", ["4"], None)
    right = figures(candidate=found(made, {}))["Examples"]
    assert (right.total, right.note) == (0, "No sample to show: none is wrong.")


@pytest.mark.parametrize("metric", ["perplexity", "bits_per_byte"])
def test_where_low_is_good_the_worst_is_the_most_surprised(metric: str, tmp_path: Path) -> None:
    from harness.exchange import Response, Scored

    made = task(tmp_path, ROWS, metrics=[metric])

    def surprised(nats: dict[str, float]) -> Findings:
        said = {str(at): Response(scores=(Scored(-nats.get(str(at), 1.0), 2),)) for at in range(6)}
        return found(made, said)

    drawn = figures(candidate=surprised({"1": 3.0, "2": 9.0, "3": 0.5}), base=surprised({}))["Examples"]
    assert [item.id for item in drawn.items] == ["2", "1"]
    assert drawn.items[0].candidate is not None
    assert metric in drawn.items[0].candidate
