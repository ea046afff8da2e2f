"""The gap between a reference slice and the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.errors import SuiteError
from talk import CANDIDATE, drive, leaf, task

ROWS = [
    {"id": f"{style}{at}", "input": f"{style} {at}", "target": "yes", "style": style, "who": f"u{at % 10}"}
    for style in ("formal", "plain", "learner")
    for at in range(30)
]
SHARE = {"formal": 30, "plain": 24, "learner": 12}


def gap(folder: Path, **options: Any) -> Any:
    made = task(folder, ROWS, slices=["style"], **options)
    talk = leaf("slice_gap")(CANDIDATE, of=made, slice="style", reference="formal")

    def say(request: Any) -> str:
        style, at = request.prompt.split()
        return "yes" if int(at) < SHARE[style] else "no"

    return drive(talk, say).findings.scores["gap"]


def part(scores: Any, value: str) -> Any:
    return scores.take([row for row, found in enumerate(scores.groups["style"]) if found in ("*", value)])


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def test_the_reference_minus_all_others(tmp_path: Path) -> None:
    assert level(gap(tmp_path)).value == pytest.approx(1.0 - 36 / 60)


def test_the_reference_belongs_to_every_slice(tmp_path: Path) -> None:
    scores = gap(tmp_path)
    assert scores.groups["style"][:30] == ("*",) * 30
    assert set(scores.groups["style"][30:]) == {"plain", "learner"}
    assert level(part(scores, "plain")).value == pytest.approx(1.0 - 24 / 30)
    assert level(part(scores, "learner")).value == pytest.approx(1.0 - 12 / 30)


def test_clusters_stand_on_both_sides_under_one_name(tmp_path: Path) -> None:
    scores = gap(tmp_path, cluster="who")
    assert set(scores.clusters[:30]) == set(scores.clusters[30:]) == {f"u{at}" for at in range(10)}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"slice": "stile"}, "slice_gap needs 'stile' among the `slices` of task 'quiz'; did you mean 'style'?"),
        ({"reference": "formel"}, "no row of task 'quiz' has style = 'formel'; did you mean 'formal'?"),
        ({"slice": "same", "reference": "x"}, "every row of task 'quiz' has same = 'x'; there is nothing to compare"),
        ({"metric": "acuracy"}, "the task has no metric 'acuracy'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(options: dict[str, str], said: str, tmp_path: Path) -> None:
    made = task(tmp_path, [{**row, "same": "x"} for row in ROWS], slices=["style", "same"])
    with pytest.raises(SuiteError) as caught:
        next(leaf("slice_gap")(CANDIDATE, of=made, **{"slice": "style", "reference": "formal", **options}))
    assert said in str(caught.value)
