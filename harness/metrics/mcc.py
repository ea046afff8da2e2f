"""Matthews correlation coefficient."""

from __future__ import annotations

from collections.abc import Mapping

from harness import confusion
from harness.catalog import metric


@metric(better="higher", bounds=(-1, 1), family="corpus", combine=confusion.mcc)
def mcc(answer: str, targets: list[str], choices: list[str] | None = None, valid: bool = True) -> Mapping[str, float]:
    """Correlation of answer and gold label over all classes (Gorodkin 2004): 1 all right, 0 no better than constant.

    Answers that were not parsed or are none of the choices are one more class, which no sample has. Where all answers
    are the same it is 0; where all gold labels are the same it is unknown.

    >>> dict(mcc("refund", ["refund"]))
    {'gold=refund': 1.0, 'pred=refund': 1.0, 'tp=refund': 1.0}
    """
    return confusion.outcome(answer, targets, valid, choices or ())
