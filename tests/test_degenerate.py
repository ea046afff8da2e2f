"""Degenerate answers: each habit planted and found, its sound twin left alone, the same in one lot or in many."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import ask, stats
from harness.assembly import with_habits
from harness.catalog import Catalog
from harness.degenerate import LEAST, QUANTITIES, TIMES, looping, measured, most_frequent, of_metrics
from harness.exchange import Request, Response
from harness.findings import Findings
from talk import BASE, CANDIDATE, CRASH, drive, gold, leaf, response, task

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"]


def rows(n: int = 60) -> list[dict[str, Any]]:
    return [{"id": str(at), "input": f"q{at}", "target": WORDS[at % 5]} for at in range(n)]


def found(made: Any, say: Callable[[Request], Response | str], who: Any = CANDIDATE) -> Findings:
    findings = drive(leaf("task")(made, who, data=made.data), say).findings
    assert isinstance(findings, Findings)
    return findings


def rate(findings: Findings, name: str) -> float | None:
    return stats.level(findings.scores[name], confidence=0.95, seed="x").value


def ended(text: str, finish: str) -> Response:
    return Response(text=text, finish=finish, new_tokens=3)


LOOP = "The bus leaves at nine. " + "And then it leaves again. " * 6


@pytest.mark.parametrize(
    ("habit", "flawed", "sentence"),
    [
        ("empty_rate", lambda r, right: "" if int(r.sample) % 4 else right, "75.0% of the answers are empty"),
        (
            "constant_rate",
            lambda r, right: "beta" if int(r.sample) % 10 else right,
            "90.0% of the answers are the same, 'beta'; no reference makes up more than 20.0%",
        ),
        (
            "cut_rate",
            lambda r, right: ended(right + " and so on" * 3, "length") if int(r.sample) % 2 else right,
            "50.0% of the answers were cut at max_new_tokens (64), after 35 characters on average; references have 5",
        ),
        (
            "loop_rate",
            lambda r, right: LOOP if int(r.sample) % 2 else right,
            "50.0% of the answers end in a loop ('nd then it leaves again. And then it leaves again.'",
        ),
    ],
)
def test_a_planted_habit_is_found_and_a_sound_model_is_not_blamed(
    habit: str, flawed: Any, sentence: str, tmp_path: Path
) -> None:
    made = task(tmp_path, rows(50 if habit != "empty_rate" else 60))
    right = gold(made)
    bad = found(made, lambda r: flawed(r, right(r)))
    assert [w for w in bad.warnings if habit in w], bad.warnings
    told = next(w for w in bad.warnings if habit in w)
    if habit != "loop_rate":
        assert told == f"{sentence} (criteria can limit {habit})"
    good = found(made, right)
    assert good.warnings == []
    assert (rate(good, habit) or 0) <= 0.2 < (rate(bad, habit) or 0)


def test_always_the_first_choice(tmp_path: Path) -> None:
    choices = [{"id": str(at), "input": "?", "target": "abcd"[at % 4], "options": list("abcd")} for at in range(80)]
    shuffled = []
    for at, row in enumerate(choices):
        options = [*row["options"]]
        random.Random(at).shuffle(options)
        shuffled.append({**row, "options": options})
    made = task(tmp_path, shuffled, choices="options")
    bad = found(made, lambda r: r.continuations[0].strip())
    first = sum(row["options"][0] == row["target"] for row in shuffled) / 80
    assert bad.warnings == [
        f"100.0% of the answers are the first of the choices; {first:.1%} of the references are "
        "(criteria can limit first_choice_rate)"
    ]
    assert rate(bad, "first_choice_rate") == 1.0
    good = found(made, gold(made))
    assert good.warnings == []
    assert rate(good, "first_choice_rate") == pytest.approx(first)


def test_references_that_are_nearly_all_the_same_are_no_fault_of_the_models(tmp_path: Path) -> None:
    skewed = [{"id": str(at), "input": "?", "target": "no" if at % 20 else "yes"} for at in range(200)]
    made = task(tmp_path, skewed, choices="from_data")
    assert found(made, gold(made)).warnings == []
    assert found(made, lambda r: "no").warnings == [
        "100.0% of the answers are the same, 'no'; no reference makes up more than 95.0% "
        "(criteria can limit constant_rate)"
    ]


def test_few_answers_prove_nothing(tmp_path: Path) -> None:
    made = task(tmp_path, rows(3))
    assert found(made, lambda r: "alpha").warnings == []


def test_a_base_that_never_stops_is_no_news(tmp_path: Path) -> None:
    made = task(tmp_path, rows())
    assert found(made, lambda r: LOOP, BASE).warnings == []
    assert rate(found(made, lambda r: LOOP, BASE), "loop_rate") == 1.0


def test_failures_count_as_the_worst_and_outages_as_unknown(tmp_path: Path) -> None:
    made = task(tmp_path, rows())
    right = gold(made)
    some = found(made, lambda r: CRASH if int(r.sample) < 30 else right(r))
    for habit in ("empty_rate", "loop_rate", "cut_rate"):
        assert some.scores[habit].n == 30
        assert rate(some, habit) == 0.5
    assert rate(some, "constant_rate") == pytest.approx(0.5 + 0.1)
    silent = found(made, lambda r: Response(text=right(r)))  # type: ignore[arg-type]
    cut = silent.scores["cut_rate"]
    assert (cut.n, next(iter(cut.missing.values())).reason) == (0, "it is not known how the answer ended")
    assert silent.scores["empty_rate"].n == 60


def test_of_several_answers_each_counts(tmp_path: Path) -> None:
    made = task(tmp_path, rows(), samples=2, temperature=1.0)
    seen: Counter[str] = Counter()

    def say(request: Request) -> str:
        seen[request.sample] += 1
        return "" if seen[request.sample] == 1 else "beta"

    both = found(made, say)
    assert (rate(both, "empty_rate"), both.scores["empty_rate"].quantity.family) == (0.5, "mean")
    assert rate(both, "constant_rate") == 0.5


@given(
    said=st.lists(st.sampled_from(["", "beta", "alpha", "gamma", LOOP]), min_size=1, max_size=12),
    lot=st.integers(1, 5),
)
def test_lots_change_nothing(said: list[str], lot: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = task(tmp_path_factory.mktemp("lots"), rows(len(said)), metrics=["exact_match", "chrf"], slices=["input"])

    def whole(size: int) -> Findings:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ask, "LOT", size)
            return found(made, lambda r: CRASH if said[int(r.sample)] == "gamma" else said[int(r.sample)])

    one, many = whole(1000), whole(lot)
    assert list(one.rows) == list(many.rows)
    assert one.warnings == many.warnings
    for name, scores in one.scores.items():
        other = many.scores[name]
        assert (scores.ids, scores.names, scores.groups) == (other.ids, other.names, other.groups)
        assert scores.stats.tolist() == other.stats.tolist(), name
        assert dict(scores.missing) == dict(other.missing)
        assert (scores.extremes is None) == (other.extremes is None)
        if scores.extremes is not None and other.extremes is not None:
            assert all(a.tolist() == b.tolist() for a, b in zip(scores.extremes, other.extremes, strict=True))


# ---- loops -----------------------------------------------------------------------------------------------------------


@given(
    head=st.text(max_size=40),
    unit=st.text(min_size=1, max_size=60).filter(lambda text: text.strip() == text),
    times=st.integers(TIMES, 9),
)
def test_every_loop_is_found(head: str, unit: str, times: int) -> None:
    text = head + unit * max(times, -(-LEAST // len(unit)))
    assert looping(text)


@pytest.mark.parametrize(
    "text",
    ["", "ha ha ha", "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday, then Monday once more.",
     "a very long first sentence that says something. A very long second one that says something else, too.",
     "yes, yes, yes, yes, but then it ends in another way altogether than it began with"],
)  # fmt: skip
def test_other_texts_are_none(text: str) -> None:
    assert not looping(text)


def test_real_sentences_are_no_loops() -> None:
    draw = random.Random(5)
    for _ in range(300):
        assert not looping(" ".join(draw.choice(WORDS) for _ in range(120)))


# ---- what can be measured --------------------------------------------------------------------------------------------


def test_the_share_of_the_most_frequent_text() -> None:
    assert most_frequent(iter("aabca")) == 0.6
    assert most_frequent([]) == 0.0


def test_measures_follow_from_the_output() -> None:
    assert list(measured("generate", False)) == ["empty_rate", "constant_rate", "cut_rate", "loop_rate"]
    assert list(measured("choices", True)) == ["constant_rate", "first_choice_rate"]
    assert list(measured("generate", True))[2] == "first_choice_rate"
    assert measured("perplexity", False) == {}
    assert set(QUANTITIES) == set(measured("generate", True))


def test_other_checks_see_the_metrics_alone() -> None:
    known = with_habits([], None, None, Catalog())
    assert list(of_metrics(known)) == ["exact_match"]


def test_answers_are_answers_whatever_their_blanks(tmp_path: Path) -> None:
    made = task(tmp_path, rows())
    assert rate(found(made, lambda r: response(r, "beta" + " " * (int(r.sample) % 3))), "constant_rate") == 1.0
