"""Errors: whose fault, which exit code, which sentence."""

from __future__ import annotations

import doctest
import inspect

import pytest

from harness import errors
from harness.errors import Complaint, HarnessError, SuiteError, nearest

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HarnessError)]


def test_exit_codes() -> None:
    assert {kind.__name__: kind.exit_code for kind in CLASSES} == {
        "HarnessError": 4, "SuiteError": 2, "NothingSelected": 5, "Broken": 4, "FixtureBroken": 4,
        "CheckpointBroken": 4, "EndpointBroken": 4, "CheckBroken": 4, "OutputBroken": 4, "Tampered": 6,
    }  # fmt: skip


@pytest.mark.parametrize("kind", CLASSES)
def test_each_says_whose_fault_it_is(kind: type[HarnessError]) -> None:
    assert kind.kind
    assert kind.blame
    assert kind.__doc__


def test_the_tree_in_the_text_is_the_tree() -> None:
    assert errors.__doc__ is not None
    assert all(kind.__name__ in errors.__doc__ for kind in CLASSES)


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        (Complaint("a.yaml", 3, "no"), "a.yaml:3: no"),
        (Complaint("a.yaml", 0, "no"), "a.yaml: no"),
        (Complaint("", 0, "no"), "no"),
        (Complaint("a.yaml", 3, "no", "warning"), "a.yaml:3: warning: no"),
    ],
)
def test_a_complaint_is_one_line(complaint: Complaint, said: str) -> None:
    assert str(complaint) == said


def test_complaints_are_ordered_by_place() -> None:
    late, early = Complaint("a", 10, "x"), Complaint("a", 9, "y")
    assert sorted([late, early]) == [early, late]


def test_a_suite_error_is_all_its_complaints() -> None:
    error = SuiteError([Complaint("a", 1, "x"), Complaint("a", 2, "y")])
    assert str(error) == "a:1: x\na:2: y"
    assert str(SuiteError("only words")) == "only words"
    assert SuiteError("only words").complaints == (Complaint("", 0, "only words"),)


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("rogue", ["rouge"], "; did you mean 'rouge'? (known: rouge)"),
        ("x", ["rouge"], " (known: rouge)"),
        ("x", [], " (none is known here)"),
        ("x", ["b", "a", "b"], " (known: a, b)"),
    ],
)
def test_nearest(name: str, known: list[str], said: str) -> None:
    assert nearest(name, known) == said


def test_nearest_is_short() -> None:
    assert nearest("x", map(str, range(30)), show=2) == " (known: 0, 1 and 28 more)"


def test_the_examples_in_the_text() -> None:
    assert doctest.testmod(errors).failed == 0
