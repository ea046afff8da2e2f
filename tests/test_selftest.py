"""The self-test: each check's control, and that the self-test itself can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import selftest
from harness.catalog import Catalog
from harness.control import Control, Situation
from harness.errors import CheckBroken, SuiteError

CATALOG = Catalog()
OPEN: set[str] = set()
"""Checks that have no control yet; none may be added."""


def test_every_check_has_a_control() -> None:
    assert set(CATALOG.names("check")) - set(CATALOG.names("control")) == OPEN


@pytest.mark.parametrize("check", CATALOG.names("control"))
def test_the_flaw_is_caught_and_the_sound_twin_is_not_flagged(check: str) -> None:
    for outcome in selftest.examine(check, 1):
        assert outcome.right, f"{outcome.side}: {outcome.verdict}: {outcome.reason}"


@pytest.mark.parametrize("check", CATALOG.names("control"))
def test_every_seed_plants_another_flaw_and_the_same_seed_the_same(check: str) -> None:
    def files(seed: int) -> tuple[object, object]:
        control: Control = CATALOG.get("control", check).function(seed)
        return control.flawed.files, control.sound.files

    assert files(1) == files(1)
    control: Control = CATALOG.get("control", check).function(1)
    assert control.flaw
    assert control.criterion.split(".")[0] in control.checks
    assert not control.flawed.files or files(1) != files(2)


def test_a_control_that_plants_nothing_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    control: Control = CATALOG.get("control", "leakage").function(1)
    entry = replace(CATALOG.get("control", "leakage"), function=lambda seed: replace(control, flawed=control.sound))
    monkeypatch.setattr(Catalog, "get", _giving(entry))
    flawed, sound = selftest.examine("leakage", 1)
    assert (flawed.verdict, flawed.right) == ("pass", False)
    assert sound.right


def test_a_control_whose_suite_is_wrong_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    control: Control = CATALOG.get("control", "leakage").function(1)
    broken = replace(control, flawed=Situation(), sound=Situation())
    entry = replace(CATALOG.get("control", "leakage"), function=lambda seed: broken)
    monkeypatch.setattr(Catalog, "get", _giving(entry))
    with pytest.raises(CheckBroken, match=r"the control of 'leakage' \(flawed, seed 1\) cannot be run: .*train.jsonl"):
        list(selftest.examine("leakage", 1))


def test_an_unknown_control_is_named() -> None:
    with pytest.raises(SuiteError, match="no control named 'leekage'; did you mean 'leakage'"):
        selftest.controls(["leekage"])


def _giving(entry: object) -> object:
    real = Catalog.get

    def get(self: Catalog, kind: str, name: str) -> object:
        return entry if kind == "control" else real(self, kind, name)

    return get
