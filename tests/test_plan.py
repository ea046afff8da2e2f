"""The plan: what is selected, what must be made for it, and which task stands behind each check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import NothingSelected, SuiteError
from harness.plan import Plan, draw, filled, matches, opened, root_task, task_of
from harness.store import Store
from harness.suite import load
from harness.watch import Silent
from harness.workshop import Workshop

JUDGED: dict[str, Any] = {
    "suite": "judged",
    "models": {
        "candidate": {"replay": "said.jsonl"},
        "other": {"replay": "said.jsonl"},
        "grader": {"pretrained": "$grader"},
    },
    "fixtures": {"grader": {"pretrain": {"corpus": "rows.jsonl"}}},
    "checks": {
        "quiz": {"task": {"data": "rows.jsonl"}},
        "good": {"rubric": {"of": "quiz", "judge": "grader"}},
    },
    "accept": ["quiz.exact_match >= 0.5", "good.pass_rate >= 0.5"],
}
ROWS = [{"input": f"q{at}", "target": "yes" if at % 2 else "no", "lang": "de"} for at in range(20)]
SUITE: dict[str, Any] = {
    "suite": "planned",
    "models": {
        "candidate": {"replay": "said.jsonl"},
        "base": {"replay": "said.jsonl"},
    },
    "fixtures": {
        "data": {"split": {"from": "rows.jsonl", "ratios": [0.5, 0.2, 0.3]}},
        "unused": {"split": {"from": "rows.jsonl", "ratios": [0.5, 0.5]}},
    },
    "checks": {
        "quiz": {"task": {"data": "$data.test", "metrics": ["exact_match", "token_f1"], "slices": ["lang"],
                          "fewshot": "$data.validation", "num_fewshot": 1}},
        "learned": {"overfit": {"of": "quiz", "train": "$data.train"}},
        "speed": {"latency": {"of": "quiz", "requests": 5}},
        "other": {"task": {"data": "rows.jsonl"}},
    },
    "accept": [
        "quiz.exact_match >= 0.5",
        "quiz.token_f1 >= base - 0.02",
        "learned.gap <= 0.1",
        "speed.p95 <= 300ms",
        {"that": "other.exact_match >= 0.5", "severity": "warn"},
    ],
}  # fmt: skip


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., tuple[Plan, Workshop]]:
    for name, rows in (("rows", ROWS), ("said", [{"prompt": "q0", "response": "no"}])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def make(suite: dict[str, Any] = SUITE, **options: Any) -> tuple[Plan, Workshop]:
        (tmp_path / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")
        workshop = Workshop(load(tmp_path / "suite.yaml"), Store(tmp_path / "store"), Silent())
        return draw(workshop.suite, workshop, **options), workshop

    return make


# ---- -k -------------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["intents", "ACC", "macro_f1", "0.8", "base", "speed", "p95", "worst"])
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        inner.map(lambda e: f"not {e}"),
        inner.map(lambda e: f"({e})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.lists(NAMES, max_size=4).map(" ".join))
def test_selection_is_pytests(expression: str, text: str) -> None:
    from _pytest.mark.expression import Expression

    wanted = Expression.compile(expression).evaluate(lambda name, **_: name.lower() in text.lower())
    assert matches(expression, text) is wanted


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("", "anything", True),
        ("  ", "anything", True),
        ("quiz", "quiz quiz.exact_match >= 0.5", True),
        ("exact_match", "quiz quiz.exact_match >= 0.5", True),
        ("not quiz or speed", "speed speed.p95 <= 300ms", True),
        ("not (quiz or speed)", "speed speed.p95 <= 300ms", False),
        ("f1[worst", "quiz quiz.f1[worst lang] >= 0.5", True),
    ],
)
def test_selection(expression: str, text: str, found: bool) -> None:
    assert matches(expression, text) is found


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("quiz and", "a name is missing"),
        ("and quiz", "a name is missing"),
        ("not", "a name is missing"),
        ("()", "a name is missing"),
        ("(quiz", "a closing bracket is missing"),
        ("quiz)", "cannot read it from ')' on"),
        ("quiz speed", "cannot read it from 'speed' on; join names with and, or, not"),
        ("(" * 5000, "nested too deeply"),
        ("not " * 5000 + "x", "nested too deeply"),
    ],
)
def test_a_selection_that_cannot_be_read(expression: str, said: str) -> None:
    with pytest.raises(SuiteError) as caught:
        matches(expression, "x")
    assert said in str(caught.value)
    assert str(caught.value).startswith("-k ")


# ---- drawing --------------------------------------------------------------------------------------------------------


def test_the_whole_suite(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, _ = planned()
    assert plan.models == ("candidate", "base")
    assert [check.name for check in plan.checks] == ["quiz", "learned", "speed", "other"]
    assert len(plan.criteria) == 5
    assert plan.left_out == ()
    assert plan.fixtures == ("data",), "what nothing needs is not made"


def test_a_part_of_it(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, _ = planned(select="other")
    assert [check.name for check in plan.checks] == ["other"]
    assert plan.fixtures == ()
    assert [c.id for c in plan.left_out] == [c for c in SUITE["accept"][:4]]


def test_what_stands_behind_of_is_made_too(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, _ = planned(select="speed")
    assert [check.name for check in plan.checks] == ["speed"]
    assert plan.fixtures == ("data",)


def test_examples_of_the_task_behind_of_are_made_too(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    suite = json.loads(json.dumps(SUITE))
    suite["fixtures"]["shots"] = {"split": {"from": "rows.jsonl", "ratios": [0.5, 0.5], "seed": 9}}
    suite["checks"]["quiz"]["task"]["fewshot"] = "$shots.train"
    plan, _ = planned(suite, select="speed")
    assert set(plan.fixtures) == {"data", "shots"}


def test_only_what_did_not_pass(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, _ = planned(only=["learned.gap <= 0.1", "gone.since >= 1"])
    assert [c.id for c in plan.criteria] == ["learned.gap <= 0.1"]
    with pytest.raises(NothingSelected, match="matches the criteria that did not pass last time"):
        planned(only=[])


def test_nothing_is_selected(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    with pytest.raises(NothingSelected, match="no criterion of 'planned' matches -k 'qiuz'"):
        planned(select="qiuz")


def test_further_columns(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, _ = planned(also=["base"])
    assert plan.models == ("candidate", "base")
    with pytest.raises(SuiteError, match=r"--with bse: no model or fixture of that name; did you mean 'base'\?"):
        planned(also=["bse"])


def test_the_task_behind_each_check(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, workshop = planned()
    suite = workshop.suite
    names = {check.name: (root.name if (root := root_task(suite, check)) else None) for check in plan.checks}
    assert names == {"quiz": "quiz", "learned": "quiz", "speed": "quiz", "other": "other"}
    task = task_of(suite, suite.checks["speed"], workshop, limit=2)
    assert task is not None
    assert (task.name, task.limit, str(task.data)) == ("quiz", 2, "$data.test")
    assert [m.quantity.name for m in task.measures] == ["exact_match", "token_f1"]


def test_a_check_without_a_task(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    suite = json.loads(json.dumps(SUITE))
    suite["checks"]["clean"] = {"leakage": {"train": "$data.train", "test": "$data.test"}}
    plan, workshop = planned(suite)
    check = next(check for check in plan.checks if check.name == "clean")
    assert root_task(workshop.suite, check) is None
    assert task_of(workshop.suite, check, workshop, None) is None
    assert {name: str(value) for name, value in opened(check, workshop).items()} == {
        "train": "$data.train", "test": "$data.test",
    }  # fmt: skip


def test_options_with_their_defaults_are_plain_data(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, _ = planned()
    options = filled(plan.checks[0])
    assert options["metrics"] == ["exact_match", "token_f1"]
    assert options["max_new_tokens"] == 64
    assert json.loads(json.dumps(options)) == options


def test_a_judge_is_made_only_for_the_check_that_it_judges_in(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    whole, _ = planned(JUDGED)
    assert (whole.models, whole.judges, whole.fixtures) == (("candidate", "other"), ("grader",), ("grader",))
    part, _ = planned(JUDGED, select="quiz")
    assert (part.models, part.judges, part.fixtures) == (("candidate", "other"), (), ())
    asked_for, _ = planned(JUDGED, select="quiz", also=["grader"])
    assert (asked_for.models, asked_for.fixtures) == (("candidate", "other", "grader"), ("grader",))
