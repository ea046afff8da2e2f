"""AUROC and the risk–coverage curve of confidences, held against scikit-learn and against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from harness.score import CANDIDATE, Missing, Quantity, Totals
from harness.stats import difference, level
from harness.stats.missing import count_failures
from harness.stats.ranking import RANKS, aurc, auroc, ranked, risk_at

AUROC, AURC = Quantity("auroc", "corpus", combine=auroc), Quantity("aurc", "corpus", "lower", combine=aurc)


def sure(n: int, seed: int, *, levels: int = 40) -> tuple[list[float], list[float]]:
    random = np.random.default_rng(seed)
    confidence = random.integers(0, levels, n) / levels
    return confidence.tolist(), (random.random(n) < 0.3 + 0.5 * confidence).astype(float).tolist()


def of(quantity: Quantity, confidence: list[float], correct: list[float]) -> float:
    made = ranked(quantity, map(str, range(len(correct))), confidence, correct)
    assert quantity.combine is not None
    return float(quantity.combine(Totals(made.stats.sum(axis=0), made.names, np.asarray(float(len(correct))))))


def by_hand(confidence: list[float], correct: list[float]) -> float:
    """Each answer: the error rate among those at least as sure as it."""
    pairs = list(zip(confidence, correct, strict=True))
    risks = []
    for own, _ in pairs:
        among = [right for other, right in pairs if other >= own]
        risks.append(1 - sum(among) / len(among))
    return sum(risks) / len(risks)


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_scikit_learn_and_to_counting(seed: int) -> None:
    confidence, correct = sure(200, seed)
    assert of(AUROC, confidence, correct) == pytest.approx(roc_auc_score(correct, confidence))
    assert of(AURC, confidence, correct) == pytest.approx(by_hand(confidence, correct))


def test_many_levels_are_ranked_with_little_loss() -> None:
    confidence, correct = sure(2000, 1, levels=100_000)
    assert len(set(confidence)) > 10 * RANKS
    assert of(AUROC, confidence, correct) == pytest.approx(roc_auc_score(correct, confidence), abs=0.005)


def test_intervals_and_paired_differences() -> None:
    ids = [str(at) for at in range(400)]
    confidence, correct = sure(400, 3)
    random = np.random.default_rng(9)
    good, blind = ranked(AUROC, ids, confidence, correct), ranked(AUROC, ids, random.random(400).tolist(), correct)
    found = level(good, confidence=0.95, seed="x")
    assert found.low is not None
    assert found.low < roc_auc_score(correct, confidence) < (found.high or 0)
    apart = difference(good, blind, confidence=0.95, seed="x")
    assert apart.low is not None
    assert apart.low > 0


def test_a_failed_answer_was_sure_and_wrong_and_a_lost_one_is_unknown() -> None:
    confidence, correct = sure(100, 2)
    ids = [str(at) for at in range(100)]
    lost = Missing("crashed", CANDIDATE)
    with_failure = ranked(AURC, ids, [lost, *confidence[1:]], correct)
    counted = count_failures(with_failure)
    assert counted.missing == {}
    assert aurc(Totals(counted.stats.sum(axis=0), counted.names, np.asarray(100.0))) == pytest.approx(
        by_hand([max(confidence[1:]), *confidence[1:]], [0.0, *correct[1:]])
    )
    away = ranked(AURC, ids, [Missing("no network"), *confidence[1:]], correct)
    assert not level(away, confidence=0.95, seed="x").known


def test_no_wrong_answer_has_no_auroc() -> None:
    found = level(ranked(AUROC, [str(at) for at in range(80)], [0.5] * 80, [1.0] * 80), confidence=0.95, seed="x")
    assert (found.value, found.low) == (None, None)
    assert "0/0" in found.note


def test_the_surest_share() -> None:
    confidence, correct = np.array([0.9, 0.8, 0.7, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])
    assert [risk_at(confidence, correct, c) for c in (0.01, 0.5, 0.75, 1.0)] == pytest.approx([0, 0, 1 / 3, 0.5])
