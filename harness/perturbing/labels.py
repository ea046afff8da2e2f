"""Labels: what criteria call the perturbations of a check."""

from __future__ import annotations

from collections.abc import Sequence

from harness.catalog import PerturbationSpec
from harness.errors import SuiteError


def labels(specs: Sequence[PerturbationSpec]) -> tuple[str, ...]:
    """What criteria call each perturbation: its name; where that stands twice, its options beside it.

    Raises:
        SuiteError: two are the same in everything.

    >>> from harness.catalog import PerturbationSpec as Spec
    >>> labels([Spec("ocr"), Spec("typos", {"rate": 0.1}), Spec("typos")])
    ('ocr', 'typos rate 0.1', 'typos')
    """
    names = [spec.name for spec in specs]
    found = [
        " ".join([spec.name, *(f"{key} {value}" for key, value in sorted(spec.options.items()))])
        if names.count(spec.name) > 1
        else spec.name
        for spec in specs
    ]
    for label in found:
        if found.count(label) > 1:
            raise SuiteError(f"`perturbations` has {label} twice with the same options; once is enough")
    return tuple(found)
