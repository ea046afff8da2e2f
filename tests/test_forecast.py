"""The forecast: what a run would ask, counted by playing the checks through, compared with what they really ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.catalog import REQUIRED
from harness.checkpoint import Checkpoint
from harness.exchange import Request, Response
from harness.forecast import Cost, costs
from harness.interview import Interview, conduct
from harness.models import replay
from harness.plan import Plan, draw, opened, task_of
from harness.pool import Place, Pool
from harness.store import Store
from harness.suite import load
from harness.watch import Silent
from harness.workshop import Workshop

ROWS = [{"input": f"q{at}", "target": "yes" if at % 2 else "no", "lang": "de" if at % 3 else "fr"} for at in range(60)]
SUITE: dict[str, Any] = {
    "suite": "costly",
    "models": {"candidate": {"replay": "said.jsonl"}, "base": {"replay": "said.jsonl"}},
    "fixtures": {"data": {"split": {"from": "rows.jsonl", "ratios": [0.4, 0.2, 0.4]}}},
    "checks": {
        "quiz": {"task": {"data": "rows.jsonl", "prompt": "Q: {{ input }}", "max_new_tokens": 8, "slices": ["lang"]}},
        "gap": {"slice_gap": {"of": "quiz", "slice": "lang", "reference": "de"}},
        "speed": {"latency": {"of": "quiz", "requests": 10, "warmup": 2}},
        "clean": {"leakage": {"train": "rows.jsonl", "test": "rows.jsonl"}},
        "labels": {"task": {"data": "rows.jsonl", "choices": "from_data"}},
    },
    "accept": ["quiz.exact_match >= 0.5", "gap.gap <= 1", "speed.p95 <= 1s", "clean.rate <= 1", "labels.accuracy >= 0"],
}


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., tuple[Plan, Workshop]]:
    for name, rows in (("rows", ROWS), ("said", [{"prompt": "q0", "response": "no"}])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def make(suite: dict[str, Any] = SUITE, **options: Any) -> tuple[Plan, Workshop]:
        (tmp_path / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")
        workshop = Workshop(load(tmp_path / "suite.yaml"), Store(tmp_path / "store"), Silent())
        return draw(workshop.suite, workshop, **options), workshop

    return make


def by_model(found: list[Cost]) -> dict[str, Cost]:
    return {cost.model: cost for cost in found}


def test_every_model_is_counted(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    found = by_model(costs(*planned()))
    assert set(found) == {"candidate", "base"}
    assert found["candidate"] == Cost(
        "candidate",
        requests=60 + 60 + 12 + 10 + 60,
        distinct=60 + 12 + 10 + 60,
        characters=found["base"].characters,
        new_tokens=(60 + 12) * 8 + 10,
    )
    assert found["base"].requests == found["candidate"].requests


def test_it_counts_what_is_really_asked(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    plan, workshop = planned(select="quiz or gap or labels")
    asked: list[Request] = []

    def say(request: Request) -> Response:
        asked.append(request)
        from harness.exchange import Scored

        return Response(text="no", scores=tuple(Scored(-1.0, 1) for _ in request.continuations))

    pool = Pool([Place("candidate", lambda: replay.of(say), None)], Silent())
    interviews = []
    for check in plan.checks:
        options = opened(check, workshop)
        task = task_of(workshop.suite, check, workshop, None)
        if "of" in check.options:
            options["of"] = task
        given = {"own": task, "model": Checkpoint("candidate", "transformers")}
        interviews.append(Interview(check.name, "candidate", check.entry.function(**check.entry.bind(given, options))))
    conduct(interviews, pool)
    cost = by_model(costs(plan, workshop))["candidate"]
    traffic = pool.places["candidate"].traffic()
    assert (cost.requests, cost.distinct) == (traffic.asked, traffic.distinct)
    assert cost.characters == sum(len(r.prompt) + sum(map(len, r.continuations)) for r in asked)


def test_a_limit_counts(planned: Callable[..., tuple[Plan, Workshop]]) -> None:
    found = by_model(costs(*planned(select="quiz", limit=7)))
    assert (found["candidate"].requests, found["candidate"].new_tokens) == (7, 56)


def test_data_that_is_not_made_yet_is_not_counted_and_not_made(
    planned: Callable[..., tuple[Plan, Workshop]], tmp_path: Path
) -> None:
    suite = json.loads(json.dumps(SUITE))
    suite["checks"]["quiz"]["task"]["data"] = "$data.test"
    plan, workshop = planned(suite)
    found = by_model(costs(plan, workshop))
    assert set(found["base"].unknown) == {"quiz", "gap"}
    assert set(found["candidate"].unknown) == {"quiz", "gap", "speed"}
    assert found["base"].requests == 60
    assert not (tmp_path / "store" / "fixtures").exists()
    workshop.fixture("data")
    again = by_model(costs(*planned(suite)))
    assert again["base"].unknown == ()
    assert again["base"].requests > 60


def test_a_check_of_several_rounds_is_played_to_its_end(
    planned: Callable[..., tuple[Plan, Workshop]], tmp_path: Path
) -> None:
    (tmp_path / "hopeless.jsonl").write_text("".join(json.dumps({"input": f"u{at}"}) + "\n" for at in range(9)))
    suite = json.loads(json.dumps(SUITE))
    suite["checks"] = {
        "quiz": suite["checks"]["quiz"],
        "honest": {"abstention": {"of": "quiz", "unanswerable": "hopeless.jsonl"}},
    }
    suite["accept"] = ["quiz.exact_match >= 0", "honest.recall >= 0"]
    found = by_model(costs(*planned(suite)))
    assert (found["candidate"].requests, found["candidate"].distinct) == (60 + 60 + 9, 60 + 9)


def test_a_check_that_breaks_without_answers_counts_what_it_asked(
    planned: Callable[..., tuple[Plan, Workshop]], tmp_path: Path
) -> None:
    suite = json.loads(json.dumps(SUITE))
    suite["checks"] = {"quiz": {"task": {"data": "rows.jsonl", "metrics": ["perplexity"]}}}
    suite["accept"] = ["quiz.perplexity <= 100"]
    assert by_model(costs(*planned(suite)))["base"].requests == 60


JUDGED: dict[str, Any] = {
    "suite": "judged",
    "models": {
        "candidate": {"replay": "said.jsonl"},
        "base": {"replay": "said.jsonl"},
        "judge": {
            "endpoint": "http://127.0.0.1:9/v1", "model": "tiny", "price": {"input": 3, "output": 15}, "max_cost": 2,
        },
    },
    "checks": {
        "quiz": {"task": {"data": "rows.jsonl", "metrics": ["exact_match"], "max_new_tokens": 8}},
        "good": {"rubric": {"of": "quiz", "judge": "judge", "labels": "labels.jsonl", "probe": 2}},
        "better": {"pairwise": {"of": "quiz", "judge": "judge", "probe": 2}},
    },
    "accept": ["good.pass_rate >= 0.5", "better.win_rate >= 0.5"],
}  # fmt: skip


def test_what_a_judge_will_cost_is_known_before_it_is_spent(
    planned: Callable[..., tuple[Plan, Workshop]], tmp_path: Path
) -> None:
    rows = [{"question": f"asked {at}", "answer": "yes", "label": 1} for at in range(7)]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    plan, workshop = planned(JUDGED)
    assert (plan.models, plan.judges) == (("candidate", "base"), ("judge",))
    voices = {name: replay.of(lambda request: f"{request.to} on {request.sample}") for name in plan.models}
    voices["judge"] = replay.of(lambda request: "I cannot say.")
    pool = Pool([Place(name, lambda name=name: voices[name], None) for name in voices], Silent())
    models = tuple(Checkpoint(name, "transformers") for name in plan.models)
    interviews = []
    for check in plan.checks:
        defaults = {name: o.default for name, o in check.entry.options.items() if o.default is not REQUIRED}
        options = {**defaults, **opened(check, workshop)}
        task = task_of(workshop.suite, check, workshop, None)
        if "of" in check.options:
            options["of"] = task
        for model in models:
            given = {
                "own": task, "model": model, "models": models, "root": tmp_path, "seed": workshop.suite.seed,
                "backends": {"judge": "endpoint"},
            }  # fmt: skip
            talk = check.entry.function(**check.entry.bind(given, options))
            interviews.append(Interview(check.name, model.name, talk))
    conduct(interviews, pool)

    found = by_model(costs(plan, workshop))
    asked = pool.places["judge"].traffic().asked
    assert found["judge"].requests == asked / 2  # every reply was malformed, and asked for once more
    judge = found["judge"]
    assert judge.about is not None
    assert judge.most is not None
    assert judge.about == pytest.approx((judge.characters / 4 * 3 + judge.new_tokens * 15) / 1e6)
    assert judge.about < judge.most
    assert judge.max_cost == 2
    assert found["candidate"].about is None
