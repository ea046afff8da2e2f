"""Labels: what criteria call the perturbations of a check."""

from __future__ import annotations

from collections.abc import Sequence

from harness.catalog import PerturbationSpec
from harness.errors import SuiteError


def labels(specs: Sequence[PerturbationSpec]) -> tuple[str, ...]:
    """What criteria call each perturbation: its name; where that stands twice, its options beside it.

    >>> labels([PerturbationSpec("ocr"), PerturbationSpec("typos", {"rate": 0.1}), PerturbationSpec("typos")])
    ('ocr', 'typos rate 0.1', 'typos')
    """
    names = [spec.name for spec in specs]
    return tuple(
        " ".join([spec.name, *(f"{key} {value}" for key, value in sorted(spec.options.items()))])
        if names.count(spec.name) > 1
        else spec.name
        for spec in specs
    )


def check_labels(specs: Sequence[PerturbationSpec]) -> None:
    """Refuse two perturbations that are the same in everything.

    Raises:
        SuiteError: with the one that stands twice.
    """
    found = labels(specs)
    for label in found:
        if found.count(label) > 1:
            raise SuiteError(f"`perturbations` has {label} twice with the same options; once is enough")
