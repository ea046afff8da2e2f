"""The confusion matrix against scikit-learn's."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from harness import confusion
from harness.confusion import count


def test_examples() -> None:
    assert doctest.testmod(confusion).failed == 0


@given(data=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcx")), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_equals_sklearn(data: list[tuple[str, str]]) -> None:
    found = count([g for g, _ in data], [a for _, a in data], list("abc"))
    expected = confusion_matrix([g for g, _ in data], [a for _, a in data], labels=list("abcx"))[:3]
    if any(a == "x" for _, a in data):
        assert found.answers == ["a", "b", "c", "unparsed"]
        np.testing.assert_array_equal(found.counts, expected)
    else:
        assert found.answers == ["a", "b", "c"]
        np.testing.assert_array_equal(found.counts, expected[:, :3])


def test_two_models_side_by_side() -> None:
    good, bad = count(["a", "b"], ["a", "b"], ["a", "b"]), count(["a", "b"], ["?", "a"], ["a", "b"])
    answers = list(dict.fromkeys([*good.answers, *bad.answers]))
    assert good.widened(answers) == [[1, 0, 0], [0, 1, 0]]
    assert bad.widened(answers) == [[0, 0, 1], [1, 0, 0]]


def test_one_of_several_right_answers() -> None:
    assert count(["a\nb"], ["b"], ["a", "b"]).counts == [[0, 0], [0, 1]]
    assert count(["z\nb"], ["a"], ["a", "b"]).counts == [[0, 0], [1, 0]]


def test_an_unknown_gold_label_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the gold label 'refun' is not among the labels; did you mean 'refund'\?"):
        count(["refun"], ["refund"], ["refund", "cancel"])
