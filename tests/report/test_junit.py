"""junit.xml says the same as the run in the words of every CI system, and is never green by omission."""

from __future__ import annotations

import pytest
from lxml import etree

import runs
from harness.report import junit


def parsed(name: str, **options: bool) -> etree._Element:
    return etree.fromstring(junit.render(runs.ALL[name](), **options))


@pytest.mark.parametrize("name", runs.ALL)
def test_it_parses_and_its_counts_are_true(name: str) -> None:
    root = parsed(name)
    for element in [root, *root.iter("testsuite")]:
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(element.get(count)) == sum(case.find(tag) is not None for case in cases)
    assert len(list(root.iter("testcase"))) == len(runs.ALL[name]().criteria)
    names = [case.get("name") for case in root.iter("testcase")]
    assert len(names) == len(set(names))


def case_of(root: etree._Element, that: str) -> etree._Element:
    return next(case for case in root.iter("testcase") if case.get("name") == that)


def test_verdicts_become_outcomes_with_the_numbers_in_them() -> None:
    root = parsed("rejected")
    failed = case_of(root, "riders.exact_match >= 0.8")
    assert failed.find("failure").get("message").startswith("0.244 [0.204, 0.288] is below 0.8")
    assert failed.find("failure").text == "0.244 now, required ≥ 0.8: 0.556 short"
    assert (failed.get("file"), failed.get("line")) == ("suites/transit/suite.yaml", "41")
    properties = {p.get("name"): p.get("value") for p in failed.iter("property")}
    assert properties["value"] == "0.244"
    assert properties["low"] == "0.204"
    assert properties["n"] == "307"
    assert properties["method"] == "clopper_pearson"
    assert properties["base"] == "0"
    assert case_of(root, "styles.gap <= 0.15").find("skipped").get("message").startswith("inconclusive: ")
    assert case_of(root, "rambling.boilerplate <= 0.01").find("skipped").get("message").startswith("warning, fail: ")
    waived = case_of(root, "typing.drop[worst] <= 0.05")
    assert waived.find("failure") is None
    assert "by: m.oakes" in waived.find("properties/property[@name='waived']").get("value")


def test_strict_makes_open_questions_failures() -> None:
    assert parsed("inconclusive").get("failures") == "0"
    strict = parsed("inconclusive", strict=True)
    assert strict.get("failures") == "2"
    assert strict.find(".//failure").get("type") == "inconclusive"


def test_broken_is_an_error_that_names_whose_fault_it_is() -> None:
    root = parsed("broken")
    assert root.get("errors") == "2"
    assert root.find(".//error").text == "the fault is with the checkpoint"


def test_a_run_that_broke_before_any_criterion_is_not_green() -> None:
    run = runs.broken().model_copy(update={"criteria": [], "checks": {}})
    root = etree.fromstring(junit.render(run))
    assert (root.get("tests"), root.get("errors")) == ("1", "1")
    assert run.sentence in root.find(".//error").get("message")


def test_a_broken_check_without_criteria_is_an_error() -> None:
    run = runs.accepted()
    checks = {
        **run.checks,
        "extra": run.checks["riders"].model_copy(update={"broken": "no data", "blame": "the check"}),
    }
    root = etree.fromstring(junit.render(run.model_copy(update={"checks": checks})))
    assert case_of(root, "extra can be measured").find("error").get("message") == "no data"


def test_two_criteria_of_the_same_sentence_are_two_cases() -> None:
    run = runs.accepted()
    root = etree.fromstring(junit.render(run.model_copy(update={"criteria": [run.criteria[0]] * 3})))
    names = [case.get("name") for case in root.iter("testcase")]
    assert len(set(names)) == 3


def test_illegal_characters_are_shown_and_no_case_is_lost() -> None:
    data = junit.render(runs.attacked()).decode("utf-8")
    assert "␛[31mred" in data
    assert "⟪U+FFFE⟫" in data
    assert "⟪U+D800⟫" in data
    assert junit.render(runs.attacked()) == data.encode()
