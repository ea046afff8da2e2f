"""Confident learning, against the paper's own published data and against planted errors."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from harness.errors import SuiteError
from harness.inspecting.labels import calibrated, cleanlab, confident_joint, doubts, out_of_sample, usable


def test_the_93_rows_of_the_20_newsgroups_test_set(shared: Path) -> None:
    """The authors had the 93 rows that confident learning named checked by five people each; 82 were errors."""
    folder = shared / "data" / "label_errors"
    probabilities = np.load(folder / "20news_test_set_pyx.npy", allow_pickle=False)
    labels = np.load(folder / "20news_test_set_original_labels.npy", allow_pickle=False).astype(np.int64)
    checked = json.loads((folder / "20news_mturk.json").read_text("utf-8"))
    found = doubts(labels, probabilities)
    assert len(labels) == 7532
    assert len(found.rows) == len(checked) == 93
    assert set(found.rows.tolist()) == {row["id"] for row in checked}
    wrong = {row["id"] for row in checked if row["mturk"]["given"] < 3}
    assert len(wrong) == 82
    assert len(set(found.rows[:50].tolist()) & wrong) >= 42  # the surer half is at least as often right
    guesses = dict(zip(found.rows.tolist(), found.guesses.tolist(), strict=True))
    assert sum(guesses[row["id"]] == row["our_guessed_label"] for row in checked) == 93
    assert found.accuracy == pytest.approx(0.9233935, abs=1e-6)


def test_the_joint_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.45, 0.55]])
    # thresholds: mean of .9 .8 .1 is .6, of .8 .9 .55 is .75; the last row reaches neither
    joint = confident_joint(labels, probabilities)
    assert joint.tolist() == [[2, 1], [0, 2]]
    assert calibrated(joint, labels).tolist() == [[2.0, 1.0], [0.0, 3.0]]
    assert doubts(labels, probabilities).rows.tolist() == [2]


def planted(seed: int, share: float) -> tuple[list[str], np.ndarray, set[int]]:
    rng, topics = Random(seed), [[f"t{t}w{w}" for w in range(12)] for t in range(4)]
    classes = [rng.randrange(4) for _ in range(400)]
    texts = [" ".join(rng.choices(topics[c], k=4) + rng.choices(["a", "the", "of", "it"], k=4)) for c in classes]
    wrong = set(rng.sample(range(400), round(400 * share)))
    given = [(c + rng.randrange(1, 4)) % 4 if at in wrong else c for at, c in enumerate(classes)]
    return texts, np.array(given), wrong


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_errors_are_counted_and_named(seed: int) -> None:
    texts, given, wrong = planted(seed, 0.1)
    found = doubts(given, out_of_sample(texts, given, seed))
    assert len(found.rows) / 400 == pytest.approx(0.1, abs=0.02)
    assert len(set(found.rows[:40].tolist()) & wrong) / 40 >= 0.9
    clean_texts, clean, _ = planted(seed, 0.0)
    assert len(doubts(clean, out_of_sample(clean_texts, clean, seed)).rows) / 400 <= 0.02


def test_rare_classes_are_not_usable() -> None:
    assert usable(["a"] * 5 + ["b"] * 4 + ["c"] * 9) == {"a": 0, "c": 1}


def test_cleanlab_says_the_same_or_that_it_is_not_there(shared: Path) -> None:
    folder = shared / "data" / "label_errors"
    probabilities = np.load(folder / "20news_test_set_pyx.npy", allow_pickle=False)
    labels = np.load(folder / "20news_test_set_original_labels.npy", allow_pickle=False).astype(np.int64)
    try:
        from cleanlab.count import compute_confident_joint
    except ImportError:
        with pytest.raises(SuiteError, match="needs cleanlab, which is not installed"):
            cleanlab(labels, probabilities)
        return
    assert (
        compute_confident_joint(labels, probabilities, calibrate=False) == confident_joint(labels, probabilities)
    ).all()
    assert len(cleanlab(labels, probabilities).rows) > 50
