"""The issues of data: their names, what each needs, and what is measured of each."""

from __future__ import annotations

from collections.abc import Mapping

from harness.errors import SuiteError, nearest
from harness.inspecting.classes import imbalance
from harness.score import Quantity

ABOUT = {
    "empty": "no input or no target",
    "duplicates": "repeats an earlier row",
    "near_duplicates": "nearly repeats an earlier row",
    "conflicts": "the same input, another target",
    "label_errors": "its label is probably wrong",
    "class_imbalance": "1 - k · share of the rarest of k classes",
    "group_imbalance": "1 - k · share of the rarest of k groups",
    "language": "surely not in the main language",
    "pii": "holds personal data",
    "boilerplate": "its target holds a common passage",
    "encoding": "damaged or invisible characters",
    "truncation": "longer than fits",
    "template": "written in another template",
    "eos": "ends otherwise than most",
    "age": "too old",
    "license": "under a licence that is not allowed",
}
"""Issue → what it is, in a few words; in the order of the page."""
NEEDS = {"group_imbalance": "group", "truncation": "max_length", "age": "date", "license": "license_field"}
"""Issue → the option without which it cannot be looked for."""
WITH_TARGET = ("conflicts", "label_errors", "class_imbalance", "eos")


def chosen_of(issues: list[str] | None, given: Mapping[str, object], target: str | None) -> list[str]:
    """The issues that are looked for: those named, or all that the options allow."""
    for issue in issues or ():
        if issue not in ABOUT:
            raise SuiteError(f"data_quality: no issue {issue!r}{nearest(issue, ABOUT, show=len(ABOUT))}")
        if issue in NEEDS and given[NEEDS[issue]] is None:
            raise SuiteError(f"data_quality: the issue {issue!r} needs the option `{NEEDS[issue]}`")
        if issue in WITH_TARGET and target is None:
            raise SuiteError(f"data_quality: the issue {issue!r} needs rows with a target; set `target`")
    possible = [i for i in ABOUT if given.get(NEEDS.get(i, ""), True) is not None]
    return list(issues or (i for i in possible if target is not None or i not in WITH_TARGET))


def quantity_of(name: str) -> Quantity:
    """What is measured of an issue."""
    if name.endswith("_imbalance"):
        return imbalance(name)
    return Quantity(name, "proportion" if name == "label_errors" else "census", "lower")
