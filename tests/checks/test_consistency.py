"""Consistency: the same question drawn again and asked in other words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.catalog import Catalog
from harness.errors import SuiteError
from talk import CANDIDATE, CRASH, OUTAGE, drive, leaf, task

ROWS = [
    {"id": str(at), "input": f"when does bus {at} leave?", "target": f"at {at}",
     "also": [f"departure of bus {at}?", f"bus {at}, when?"]}
    for at in range(80)
]  # fmt: skip


def run(folder: Path, say: Any, rows: Any = ROWS, metrics: Any = (), **options: Any) -> Any:
    return drive(leaf("consistency")(CANDIDATE, of=task(folder, rows, metrics=metrics), **options), say)


def number(request: Any) -> int:
    return int("".join(c for c in request.prompt if c.isdigit()))


def value(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x").value


def test_one_answer_and_many(tmp_path: Path) -> None:
    """Even buses are known; of odd ones every drawn answer is another."""

    def say(request: Any) -> str:
        at = number(request)
        return f"At {at}." if at % 2 == 0 else f"at {request.seed % 997 + 1000}"

    found = run(tmp_path, say, metrics=[("exact_match", {"ignore_case": True, "ignore_punctuation": True})]).findings
    agreement, entropy = (found.scores[name].stats[:, 0] for name in ("agreement", "entropy"))
    assert agreement[::2].tolist() == [1.0] * 40
    assert agreement[1::2].max() <= 0.6
    assert entropy[::2].tolist() == [0.0] * 40
    assert value(found.scores["auroc"]) == pytest.approx(1.0)
    spread, table = found.figures
    assert spread.counts["candidate"][0] == 40
    assert len(table.rows) == 8


def test_entropy_of_clusters(tmp_path: Path) -> None:
    """Three answers say one thing and two another, however they are written."""
    said = iter(["at 0", "The bus!", "the BUS", "bus.", "noon", "Noon"])
    found = run(tmp_path, lambda r: next(said), ROWS[:1]).findings
    assert found.scores["agreement"].stats[0, 0] == 0.6
    wanted = -(0.6 * math.log(0.6) + 0.4 * math.log(0.4)) / math.log(5)
    assert found.scores["entropy"].stats[0, 0] == pytest.approx(wanted)


def test_drawn_answers_have_seeds_of_their_own_and_the_greedy_one_is_the_tasks(tmp_path: Path) -> None:
    heard = run(tmp_path, lambda r: "at 1", samples=3, temperature=0.5)
    made = task(tmp_path, ROWS)
    assert heard.rounds[0] == [r for s in made.samples() for r in made.requests(s, "causal")]
    assert len({r.seed for r in heard.rounds[1]}) == 3 * 80
    assert {r.temperature for r in heard.rounds[1]} == {0.5}


def test_in_other_words(tmp_path: Path) -> None:
    def say(request: Any) -> str:
        return f"at {number(request)}" if "departure" not in request.prompt or number(request) < 40 else "who knows"

    heard = run(tmp_path, say, samples=0, paraphrases="also")
    ((name, scores),) = heard.findings.scores.items()
    assert name == "paraphrase_agreement"
    assert scores.stats[:, 0].tolist() == [1.0] * 40 + [0.5] * 40
    assert [r.prompt for r in heard.rounds[1][:2]] == ["departure of bus 0?", "bus 0, when?"]
    assert heard.findings.rows[50]["paraphrased"] == ["who knows", "at 50"]


def test_failed_answers(tmp_path: Path) -> None:
    def say(request: Any) -> Any:
        again = request.temperature > 0
        return CRASH if again and request.sample == "0" else OUTAGE if again and request.sample == "1" else "at 3"

    scores = run(tmp_path, say).findings.scores
    for name in ("agreement", "entropy", "auroc"):
        assert {at: why.blame for at, why in scores[name].missing.items()} == {0: "candidate", 1: "infrastructure"}
    assert stats.missing.count_failures(scores["agreement"]).stats[0, 0] == 0.0
    assert stats.missing.count_failures(scores["entropy"]).stats[0, 0] == 1.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"samples": 1}, "two samples at a temperature above 0, or `paraphrases`, are the least"),
        ({"samples": 0}, "two samples at a temperature above 0"),
        ({"temperature": 0.0}, "two samples at a temperature above 0"),
        ({"paraphrases": "alos"}, "row '0' has no field 'alos'; did you mean 'also'?"),
        ({"paraphrases": "also", "field": "inptu"}, "row '0' has no field 'inptu'; did you mean 'input'?"),
        ({"paraphrases": "also", "field": "target"}, "paraphrase 1 changes nothing in the prompt; is `field: target`"),
    ],
)
def test_what_is_wrong_is_said(options: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        run(tmp_path, lambda r: "at 1", **options)
    assert said in str(caught.value)


def test_a_row_without_other_words_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="row '1': the field 'also' must hold a text or a list of texts"):
        run(tmp_path, lambda r: "x", [ROWS[0], {**ROWS[1], "also": []}], samples=0, paraphrases="also")
    with pytest.raises(SuiteError, match="needs a task that generates text"):
        run(tmp_path, lambda r: "x", metrics=["perplexity"])


def test_what_criteria_may_speak_of() -> None:
    measures = Catalog().get("check", "consistency").facts["measures"]
    assert list(measures(5, None)) == ["agreement", "entropy", "auroc"]
    assert list(measures(0, "also")) == ["paraphrase_agreement"]
