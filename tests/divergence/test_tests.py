"""Two-sample tests against scipy and scikit-learn, at their nominal rate where nothing differs, never with p = 0."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from harness.divergence import bins, classifier, kernel
from harness.divergence.texts import points

WORDS = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "rstlnm"]


def texts(seed: int, n: int, words: list[str] = WORDS) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(words, 8)) for _ in range(n)]


LATER = np.arange(120) >= 60


def test_halves_of_one_set_pass_at_the_nominal_rate() -> None:
    """80 comparisons of like sets: at 5 %, between none and ten rejections (P(more than 10) < 0.3 %)."""
    auc, mmd = [], []
    for seed in range(80):
        placed = points(texts(seed, 120))
        auc.append(classifier.apart(placed, LATER, permutations=99, seed=seed).p)
        mmd.append(kernel.discrepancy(placed.dense(seed), LATER, permutations=99, seed=seed).p)
    for found in (auc, mmd):
        assert sum(p <= 0.05 for p in found) <= 10
        assert 0.35 < float(np.mean(found)) < 0.65


def test_p_is_never_zero_and_the_seed_decides_alone() -> None:
    """A p-value of 0 claims more than any number of permutations shows; unseeded ones cannot be repeated."""
    placed = points(texts(0, 60) + texts(1, 60, ["entirely", "other", "speech", "here"]))
    one, two = (classifier.apart(placed, LATER, permutations=99, seed=3) for _ in range(2))
    assert (one.p, one.auc) == (0.01, 1.0) == (two.p, two.auc)
    assert one.wins.tolist() == two.wins.tolist()
    first, second = (kernel.discrepancy(placed.dense(3), LATER, permutations=99, seed=3) for _ in range(2))
    assert first == second
    assert first.p == 0.01


def test_every_row_is_judged_by_folds_that_did_not_see_it() -> None:
    """One split leaves half of the rows unused and depends on luck; here each row is scored out of its fold."""
    found = classifier.apart(points(texts(5, 120)), LATER, permutations=99, seed=0)
    assert found.wins.shape == (120,)
    assert found.auc < 0.75  # in sample, eight rare words would tell every text apart
    for side in (LATER, ~LATER):
        assert found.wins[side].mean() == pytest.approx(found.auc, abs=0.03)


def test_the_auc_is_scikit_learns() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    scores, positive = random.integers(0, 20, 50).astype(float), random.random(50) < 0.4
    wanted = roc_auc_score(positive, scores)
    pairs = positive.sum() * (~positive).sum()
    assert classifier._wins(scores[:, None], positive[:, None])[0] / pairs == pytest.approx(wanted)
    each = classifier._each(scores, positive)
    assert each[positive].mean() == pytest.approx(wanted)
    assert each[~positive].mean() == pytest.approx(wanted)


def test_the_discrepancy_by_its_definition() -> None:
    random = np.random.default_rng(0)
    table = random.normal(size=(14, 3))
    later = np.arange(14) >= 6
    distances = ((table[:, None] - table[None]) ** 2).sum(axis=2)
    width = np.median(distances[np.triu_indices(14, 1)])
    gauss = np.exp(-distances / width)

    def mean(a: range, b: range) -> float:
        return float(np.mean([gauss[i, j] for i in a for j in b if i != j]))

    wanted = mean(range(6), range(6)) + mean(range(6, 14), range(6, 14)) - 2 * mean(range(6), range(6, 14))
    assert kernel.discrepancy(table, later, permutations=9, seed=0).value == pytest.approx(wanted)


def test_the_words_that_tell_are_named() -> None:
    given = texts(0, 60) + [f"{text} lol" for text in texts(1, 60)]
    told = classifier.telling(points(given), LATER, 3)
    assert told[0][0] == "lol"
    assert told[0][1] > 0


@pytest.mark.parametrize("given", [[""] * 40, ["same words"] * 40, ["x" * 100_000, *[""] * 39], ["שלום 👍"] * 40])
def test_texts_that_say_nothing(given: list[str]) -> None:
    placed, later = points(given), np.arange(40) >= 20
    assert 0 < classifier.apart(placed, later, permutations=99, seed=0).p <= 1
    assert 0 < kernel.discrepancy(placed.dense(0), later, permutations=99, seed=0).p <= 1


def test_what_chance_gives_is_taken_off_the_stability_index() -> None:
    """Of like sets of 60 rows in ten bins the plain index is above 0.1 nearly always; what is left here rarely is."""
    random = np.random.default_rng(0)
    plain, less = [], []
    for _ in range(300):
        first, second = random.normal(size=60), random.normal(size=60)
        counts = bins.binned(first.tolist(), second.tolist())
        less.append(bins.stability(*counts))
        p, q = ((np.array(c) + 0.5) / (60 + 0.5 * len(c)) for c in counts)
        plain.append(float(((p - q) * np.log(p / q)).sum()))
    assert np.mean(np.array(plain) > 0.1) > 0.8
    assert np.mean(np.array(less) > 0.1) < 0.35
    assert np.mean(less) < 0.08


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any), st.data())
def test_the_stability_index_is_symmetric_and_not_negative(first: list[int], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.integers(0, 50), min_size=len(first), max_size=len(first)).filter(any))
    found = bins.stability(first, second)
    assert found >= 0
    assert found == pytest.approx(bins.stability(second, first))
    assert bins.stability(first, first) == 0.0


def test_chi_square_is_scipys_where_counts_are_large() -> None:
    first, second = ["a"] * 200 + ["b"] * 150 + ["c"] * 150, ["a"] * 170 + ["b"] * 190 + ["c"] * 140
    wanted = scipy_stats.chi2_contingency([[200, 150, 150], [170, 190, 140]]).pvalue
    assert bins.chi_square(first, second, permutations=9999, seed=0) == pytest.approx(wanted, abs=0.01)
    assert bins.chi_square(["a"] * 9, ["a"] * 7, permutations=99, seed=0) == 1.0
    assert bins.chi_square(["a"] * 300, ["b"] * 300, permutations=99, seed=0) == 0.01


def test_rare_categories_keep_the_rate() -> None:
    random = np.random.default_rng(1)
    found = []
    for seed in range(200):
        both = [str(v) for v in random.integers(0, 40, 120)]
        found.append(bins.chi_square(both[:60], both[60:], permutations=99, seed=seed))
    assert sum(p <= 0.05 for p in found) <= 21  # P(more) < 0.1 % at 5 %
