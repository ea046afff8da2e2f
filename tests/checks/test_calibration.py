"""Calibration: confidences of choices and of texts, held against simulated models whose calibration is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from harness import stats
from harness.errors import CheckBroken, SuiteError
from harness.exchange import Response, Scored
from harness.truth.confidence import of_options
from talk import BASE, CANDIDATE, CRASH, OUTAGE, drive, leaf, task

N = 600


def rows(n: int = N, choices: Any = None) -> list[dict[str, Any]]:
    return [
        {"id": str(at), "input": f"q {at}", "target": "yes", "side": "odd" if at % 2 else "even"} for at in range(n)
    ]


def outcomes(n: int, *, boast: float, seed: int = 1) -> list[tuple[float, bool]]:
    """Confidences, and whether each answer is right: as often as it says for `boast` 0, less often above."""
    random = np.random.default_rng(seed)
    true = random.uniform(0.5, 0.95, n)
    right = random.random(n) < true
    return list(zip(np.clip(true + boast, 0.01, 0.995).tolist(), right.tolist(), strict=True))


def choosing(known: list[tuple[float, bool]]) -> Any:
    """Two options: the chosen one has the confidence."""

    def say(request: Any) -> Response:
        sure, right = known[int(request.prompt.split()[1])]
        weights = {"yes": sure if right else 1 - sure, "no": 1 - sure if right else sure}
        return Response(scores=tuple(Scored(math.log(weights[c.strip()]), 1) for c in request.continuations))

    return say


def writing(known: list[tuple[float, bool]], tokens: int = 3) -> Any:
    def say(request: Any) -> Any:
        sure, right = known[int(request.prompt.split()[1])]
        if request.kind == "score":
            return Response(scores=(Scored(tokens * math.log(sure), tokens),))
        return "yes" if right else "no"

    return say


def run(folder: Path, say: Any, *, n: int = N, who: Any = CANDIDATE, choices: bool = True, **options: Any) -> Any:
    extra = {"choices": ["yes", "no"]} if choices else {}
    made = task(folder, rows(n), slices=["side"], **extra)
    return drive(leaf("calibration")(who, of=made, **options), say)


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


@pytest.mark.parametrize("choices", [True, False], ids=["choices", "generated"])
def test_numbers_are_those_of_scikit_learn(choices: bool, tmp_path: Path) -> None:
    known = outcomes(N, boast=0.1)
    heard = run(tmp_path, choosing(known) if choices else writing(known), choices=choices)
    sure, right = (np.array(side, dtype=float) for side in zip(*known, strict=True))
    scores = heard.findings.scores
    assert level(scores["brier"]).value == pytest.approx(brier_score_loss(right, sure))
    assert level(scores["nll"]).value == pytest.approx(log_loss(right, sure))
    assert level(scores["auroc"]).value == pytest.approx(roc_auc_score(right, sure), abs=0.01)
    assert level(scores["overconfidence"]).value == pytest.approx(sure.mean() - right.mean())
    assert len(heard.rounds) == (1 if choices else 2)


def test_a_calibrated_model_and_one_that_boasts(tmp_path: Path) -> None:
    honest = level(run(tmp_path, choosing(outcomes(N, boast=0.0))).findings.scores["ece"])
    assert honest.low < 0 < honest.high
    boastful = level(run(tmp_path, choosing(outcomes(N, boast=0.2))).findings.scores["ece"])
    assert boastful.low > 0.05


def test_few_answers_decide_nothing(tmp_path: Path) -> None:
    """A perfectly calibrated model of 100 answers shows an error of 0.1; others print it as it stands."""
    found = level(run(tmp_path, choosing(outcomes(100, boast=0.0)), n=100).findings.scores["ece"])
    assert not found.known
    assert "100 answers are too few for a calibration error; at least 500 are needed" in found.note


def test_against_base(tmp_path: Path) -> None:
    tuned = run(tmp_path, choosing(outcomes(N, boast=0.2))).findings
    base = run(tmp_path, choosing(outcomes(N, boast=0.0)), who=BASE).findings
    for name, least in (("ece", 0.02), ("overconfidence", 0.1)):
        found = stats.difference(tuned.scores[name], base.scores[name], confidence=0.95, seed="x")
        assert found.low is not None, name
        assert found.low > least, name
    reliability, coverage = tuned.compare({"candidate": tuned, "base": base})
    assert {model: len(bins) for model, bins in reliability.bins.items()} == {"candidate": 10, "base": 10}
    assert sum(b.n for b in reliability.bins["base"]) == N
    assert all(b.low <= b.accuracy <= b.high for bins in reliability.bins.values() for b in bins)
    assert [series.name for series in coverage.series] == ["candidate", "base"]


def test_text_is_weighed_as_it_was_written(tmp_path: Path) -> None:
    heard = run(tmp_path, writing(outcomes(20, boast=0.0)), n=20, choices=False)
    first, second = heard.rounds
    assert (len(first), len(second)) == (20, 20)
    assert second[0].continuations == (f" {('yes' if outcomes(20, boast=0.0)[0][1] else 'no')}",)


def test_answers_that_fail_were_sure_and_wrong(tmp_path: Path) -> None:
    known = choosing(outcomes(N, boast=0.0))
    heard = run(tmp_path, lambda r: CRASH if r.sample == "0" else OUTAGE if r.sample == "1" else known(r))
    scores = heard.findings.scores
    for name in scores:
        assert {at: why.blame for at, why in scores[name].missing.items()} == {0: "candidate", 1: "infrastructure"}
    assert stats.missing.count_failures(scores["brier"]).stats[0, 0] == 1.0
    assert stats.missing.count_failures(scores["ece"]).stats[0].tolist() == [1.0, 0.0]
    assert not level(scores["ece"]).known


def test_an_empty_answer_has_no_likelihood(tmp_path: Path) -> None:
    heard = run(tmp_path, lambda r: "", n=10, choices=False)
    assert all("has no likelihood" in why.reason for why in heard.findings.scores["brier"].missing.values())
    assert heard.findings.figures == []


def test_softmax_of_options() -> None:
    assert of_options([-1000.0, -1001.0]) == pytest.approx(1 / (1 + math.exp(-1)))
    assert of_options([0.0, 0.0, 0.0]) == pytest.approx(1 / 3)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="`bins: 1`"):
        run(tmp_path, choosing([]), bins=1)
    with pytest.raises(SuiteError, match="'sid' is not among the `slices`"):
        run(tmp_path, choosing([]), slices=["sid"])
    made = task(tmp_path, rows(10), metrics=["perplexity"])
    with pytest.raises(CheckBroken, match=r"first metric of task 'quiz' \(perplexity\) does not say whether"):
        drive(leaf("calibration")(CANDIDATE, of=made), lambda r: "yes")


def test_slices(tmp_path: Path) -> None:
    heard = run(tmp_path, choosing(outcomes(N, boast=0.0)), slices=["side"])
    assert set(heard.findings.scores["brier"].groups["side"]) == {"odd", "even"}
