"""Adversarial: worst cases searched in models of which is known what breaks them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalog import Catalog, PerturbationSpec, quantity_of
from harness.checks.adversarial import _measures
from harness.criterion import parse
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response, Scored
from harness.findings import Findings
from harness.gate import decide
from harness.perturbing.strength import distance
from harness.perturbing.withstood import curves
from harness.task import Task
from talk import CANDIDATE, CRASH, OUTAGE, Heard, Say, drive, leaf, task

Spec = PerturbationSpec
LETTERS = [Spec("typos"), Spec("swap"), Spec("drop")]
ROWS = [
    {
        "id": f"q{at}",
        "text": f"Please tell me when the last bus leaves from the station, route {at} to Willow Corner?",
        "target": "yes" if at % 3 else "no",
        "line": ("blue", "red")[at % 2],
    }
    for at in range(30)
]


def quiz(folder: Path, rows: Any = ROWS, **options: Any) -> Task:
    return task(folder, rows, **{"prompt": "{{ text }}", **options})


def run(made: Task, say: Say, specs: Any = LETTERS, **options: Any) -> Heard:
    return drive(leaf("adversarial")(CANDIDATE, Path(), Catalog(), of=made, perturbations=specs, **options), say)


def oracle(request: Request) -> str:
    """Answers from the sample's id, whatever the prompt says."""
    return "yes" if int(request.sample.split("/")[0][1:]) % 3 else "no"


def lookup(made: Task) -> Say:
    """Knows the prompts letter by letter."""
    right = {sample.prompt: sample.targets[0] for sample in made.samples()}
    return lambda request: right.get(request.prompt, "what?")


def needs(word: str) -> Say:
    return lambda request: oracle(request) if word in request.prompt else "what?"


def success(findings: Findings) -> float:
    scores = findings.scores["attack_success_rate"]
    assert not scores.missing
    return float(scores.stats[:, 0].mean())


def verdict(sentence: str, findings: Findings) -> tuple[str, str]:
    record = decide(parse(sentence), {"candidate": findings.scores}, seed="t")
    return record.verdict, record.reason


# --------------------------------------------------------------------------------------- models of which all is known


@pytest.mark.parametrize("search", ["random", "greedy"])
def test_a_model_that_looks_past_the_letters_is_never_broken(tmp_path: Path, search: str) -> None:
    heard = run(quiz(tmp_path), oracle, search=search, budget=25)
    found = heard.findings
    assert success(found) == 0.0
    assert found.scores["queries"].stats[:, 0].tolist() == [25.0] * 30
    assert len(heard.asked) == 30 * 26
    assert verdict("a.attack_success_rate <= 20%", found)[0] == "pass"
    assert found.scores["perturbation_rate"].withheld == "no attack succeeded"
    assert verdict("a.perturbation_rate >= 1%", found)[0] == "inconclusive"


def test_a_model_that_looks_its_prompts_up_always_is(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    found = run(made, lookup(made)).findings
    assert success(found) == 1.0
    assert found.scores["queries"].stats[:, 0].tolist() == [1.0] * 30
    assert verdict("a.attack_success_rate <= 20%", found)[0] == "fail"
    assert 0 < found.scores["perturbation_rate"].stats[:, 0].max() <= 0.3


def test_greedy_search_finds_the_word_that_matters(tmp_path: Path) -> None:
    """Of thirteen words one decides; random search needs many more queries once that is known."""
    found = run(quiz(tmp_path), needs("station"), search="greedy", budget=40).findings
    assert success(found) == 1.0
    queries = found.scores["queries"].stats[:, 0]
    weighed = len(re.findall(r"[A-Za-z]+", ROWS[0]["text"]))
    assert queries.max() <= weighed + len(LETTERS)
    for pair in found.figures[1].items:
        changed = [
            one for one, two in zip(pair.left.split(), pair.right.split(), strict=True) if one != two
        ]  # fmt: skip
        assert changed == ["station,"]


def test_greedy_search_keeps_what_makes_the_right_answer_less_probable(tmp_path: Path) -> None:
    """A choice that only three changed words together turn around."""
    words = ["Please", "leaves", "station"]
    made = quiz(tmp_path, choices=["yes", "no"])

    def say(request: Request) -> Response:
        hurt = sum(word not in request.prompt for word in words)
        right = oracle(request)
        return Response(scores=tuple(
            Scored(-1.0 if (c.strip() == right) == (hurt < 3) else -1.1 - abs(3 - hurt), 1)
            for c in request.continuations
        ))  # fmt: skip

    found = run(made, say, search="greedy", budget=50, most=0.6).findings
    assert success(found) == 1.0
    row = found.rows[0]
    assert not any(word in row["attack_prompt"] for word in words)


def test_protected_spans_are_never_touched(tmp_path: Path) -> None:
    for search in ("random", "greedy"):
        heard = run(quiz(tmp_path), oracle, search=search, entities=["Willow Corner"], budget=30, most=0.5)
        attacks = [r for r in heard.asked if "/attack-" in r.sample]
        assert len(attacks) == 30 * 30
        for request in attacks:
            number = request.sample.split("/")[0][1:]
            assert re.findall(r"\d+", request.prompt) == [number]
            left_out = search == "greedy" and int(request.sample.rsplit("-", 1)[1]) <= 16
            assert "Willow Corner" in request.prompt or left_out
        assert len({r.prompt for r in attacks}) == len(attacks), "no query is put twice"


# ------------------------------------------------------------------------------------------------------------- budget


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), word=st.sampled_from(["station", "last", "leaves"]), cut=st.integers(1, 39))
def test_a_larger_budget_never_finds_less(tmp_path_factory: Any, seed: int, word: str, cut: int) -> None:
    made = quiz(tmp_path_factory.mktemp("quiz"), ROWS[:6], seed=seed)
    for search in ("random", "greedy"):
        small = max(cut, 20) if search == "greedy" else cut
        ends = []
        for budget in (small, 40):
            found = run(made, needs(word), search=search, budget=budget).findings
            ends.append({row["doc_id"]: (row["attack"], row["attack_queries"], row["attack_prompt"])
                         for row in found.rows})  # fmt: skip
        for name, (end, queries, prompt) in ends[1].items():
            if end == "fell" and queries <= small:
                assert ends[0][name] == (end, queries, prompt)
            else:
                assert ends[0][name][0] == "held"


def test_the_same_whatever_else_is_asked_and_in_whatever_order(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    (tmp_path / "other").mkdir()
    other = quiz(tmp_path / "other", ROWS[20:3:-2])
    one, two = (run(each, needs("station")).findings for each in (made, other))
    tried = {row["doc_id"]: (row["attack_prompt"], row["attack_queries"]) for row in one.rows}
    assert all(tried[row["doc_id"]] == (row["attack_prompt"], row["attack_queries"]) for row in two.rows)


def test_the_curve_ends_where_the_rate_is(tmp_path: Path) -> None:
    found = run(quiz(tmp_path), needs("station"), budget=12).findings
    (curve,) = curves({"candidate": found}, 12)
    points = curve.series[0].points
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (12.0, pytest.approx(success(found)))
    assert [y for _, y in points] == sorted(y for _, y in points)


def test_no_change_is_larger_than_allowed(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    heard = run(made, oracle, [Spec("typos", {"rate": 0.2}), Spec("drop", {"rate": 0.02})], budget=10, most=0.05)
    texts = {row["id"]: row["text"] for row in ROWS}
    rates = [distance(texts[r.sample.split("/")[0]], r.prompt) / len(texts[r.sample.split("/")[0]])
             for r in heard.asked]  # fmt: skip
    assert 0 < max(rates) <= 0.05


# --------------------------------------------------------------------------------------- nothing to attack is no pass


def test_nothing_that_is_right_is_not_robust(tmp_path: Path) -> None:
    """TextAttack reports a success rate of 0, which reads as robust, where nothing could be attacked."""
    found = run(quiz(tmp_path), lambda r: "what?").findings
    ruled, reason = verdict("a.attack_success_rate <= 100%", found)
    assert ruled == "inconclusive"
    assert "nothing could be attacked: of 30 samples 30 were wrong before" in reason
    assert verdict("a.attack_success_rate <= 20%", found)[0] == "inconclusive"
    assert verdict("a.queries >= 0", found)[0] == "inconclusive"
    assert found.warnings == ["nothing could be attacked: of 30 samples 30 were wrong before"]


def test_nothing_that_may_change_is_not_robust(tmp_path: Path) -> None:
    rows = [{"id": f"q{at}", "text": f"{at} 17 4711", "target": "yes" if at % 3 else "no"} for at in range(12)]
    for search in ("random", "greedy"):
        heard = run(quiz(tmp_path, rows), oracle, search=search)
        assert len(heard.rounds) == 1
        ruled, reason = verdict("a.attack_success_rate <= 20%", heard.findings)
        assert ruled == "inconclusive"
        assert "typos, swap, drop may change nothing in 12 (protected spans, and `most: 0.3`)" in reason


def test_only_what_was_right_is_attacked(tmp_path: Path) -> None:
    say = lambda r: oracle(r) if int(r.sample.split("/")[0][1:]) < 12 else "what?"  # noqa: E731
    heard = run(quiz(tmp_path), say, budget=5)
    assert {r.sample.split("/")[0] for r in heard.asked if "/" in r.sample} == {f"q{at}" for at in range(12)}
    assert heard.findings.scores["attack_success_rate"].ids == tuple(f"q{at}" for at in range(12))
    assert {row["attack"] for row in heard.findings.rows} == {"held", "wrong before"}


def test_failed_answers(tmp_path: Path) -> None:
    """A model that crashes is broken; a server that is away says nothing of the sample."""

    def say(request: Request) -> Any:
        name, _, attack = request.sample.partition("/")
        if name == "q1" and attack:
            return CRASH
        if (name == "q2" and attack == "attack-3") or name == "q3":
            return OUTAGE
        return CRASH if name == "q4" else oracle(request)

    found = run(quiz(tmp_path), say, budget=6).findings
    ends = {row["doc_id"]: row["attack"] for row in found.rows}
    assert [ends[f"q{at}"] for at in range(5)] == ["held", "fell", "not known", "not known", "wrong before"]
    scores = found.scores["attack_success_rate"]
    assert {scores.ids[at]: why.reason for at, why in scores.missing.items()} == {
        "q2": "the server is away", "q3": "the server is away",
    }  # fmt: skip
    assert "failed: out of memory" in found.figures[1].items[0].note


def test_slices_clusters_and_limit(tmp_path: Path) -> None:
    made = quiz(tmp_path, slices=["line"], cluster="line")
    found = run(made, oracle, budget=3).findings.scores["attack_success_rate"]
    assert set(found.groups["line"]) == {"red", "blue"}
    assert set(found.clusters or ()) == {"red", "blue"}
    few, more = (
        {r.sample.split("/")[0] for r in run(made, oracle, budget=1, limit=limit).asked} for limit in (5, 9)
    )  # fmt: skip
    assert (len(few), len(more)) == (5, 9)
    assert few < more


# -------------------------------------------------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"perturbations": []}, "`perturbations` of adversarial is empty"),
        ({"perturbations": [Spec("negation")]}, "adversarial cannot search with negation: it needs perturbations that"),
        ({"perturbations": [Spec("option_order")]}, "adversarial cannot search with option_order"),
        ({"perturbations": [Spec("random_token")]}, "adversarial cannot search with random_token"),
        ({"perturbations": [Spec("typos"), Spec("typos")]}, "has typos twice"),
        ({"budget": 0}, "`budget: 0` of adversarial: random search takes 1 to 10,000 queries"),
        ({"search": "greedy", "budget": 10}, "`budget: 10` of adversarial: greedy search takes 20 to 10,000 queries"),
        ({"most": 0.0}, "`most: 0` of adversarial"),
        ({"limit": 0}, "`limit: 0` of adversarial"),
        ({"metric": "rouge"}, "the task has no metric 'rouge'"),
    ],
)
def test_what_is_wrong_is_said(given: Any, said: str) -> None:
    of = {"exact_match": quantity_of(Catalog().get("metric", "exact_match"), {})}
    plain = {"of": of, "perturbations": LETTERS, "budget": 50, "search": "random", "most": 0.3, "limit": None}
    assert list(_measures(**plain, metric=None, catalog=Catalog())) == [
        "attack_success_rate", "queries", "perturbation_rate",
    ]  # fmt: skip
    with pytest.raises(SuiteError) as caught:
        _measures(**{**plain, "metric": None, **given}, catalog=Catalog())
    assert said in str(caught.value)


def test_a_metric_with_values_between_says_not_what_is_right() -> None:
    of = {"rouge": quantity_of(Catalog().get("metric", "rouge"), {})}
    with pytest.raises(
        SuiteError, match="needs a metric that is right or wrong, such as exact_match or accuracy; rouge"
    ):
        _measures(of, LETTERS, 50, "random", 0.3, None, None, Catalog())


def test_a_perturbation_that_crashes_breaks_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.perturbations.typos as leaf_of_typos

    monkeypatch.setattr(leaf_of_typos, "scatter", lambda *given: 1 / 0)
    for search in ("random", "greedy"):
        with pytest.raises(CheckBroken, match="the perturbation typos crashed on sample q0: ZeroDivisionError"):
            run(quiz(tmp_path), oracle, search=search)
    with pytest.raises(NothingSelected):
        run(quiz(tmp_path, limit=0), oracle)
