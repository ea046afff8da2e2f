"""Asking a task: one round, faults in words, and the gap between two sets of samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.ask import ask, gap, gap_quantity, proportion, survey, value_of
from harness.errors import CheckBroken, NothingSelected
from harness.exchange import UNASKED, Response
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores, Totals, table
from talk import CRASH, OUTAGE, drive, gold, task

ACCURACY = Quantity("accuracy", "proportion")


def scored(values: list[float | Missing], start: int = 0, clusters: list[str] | None = None) -> Scores:
    return table(ACCURACY, [f"s{start + at}" for at in range(len(values))], values, clusters=clusters)


def test_everything_is_asked_in_one_round_in_the_samples_order(tmp_path: Path) -> None:
    rows = [{"id": str(at), "input": f"q{at}", "target": str(at)} for at in range(5)]
    made = task(tmp_path, rows, samples=2, temperature=1.0)
    heard = drive(ask(made, "causal"), gold(made))
    assert [len(requests) for requests in heard.rounds] == [10]
    assert [request.sample for request in heard.asked] == list("0011223344")
    assert [len(answers) for answers in heard.findings.answers] == [2] * 5


def test_only_the_samples_that_are_given(tmp_path: Path) -> None:
    made = task(tmp_path, [{"id": str(at), "input": f"q{at}", "target": "x"} for at in range(5)])
    samples = list(made.samples())[3:]
    heard = drive(ask(made, "causal", samples), gold(made))
    assert heard.findings.scores["exact_match"].ids == ("3", "4")


def test_faults_are_counted_by_kind(tmp_path: Path) -> None:
    made = task(tmp_path, [{"id": str(at), "input": f"q{at}", "target": "x"} for at in range(5)])
    said = {"1": CRASH, "2": OUTAGE, "4": CRASH}
    heard = drive(ask(made, "causal"), lambda r: said.get(r.sample, "x"))
    assert heard.findings.faults() == [
        "2 of 5 answers failed (candidate): out of memory (first: sample 1)",
        "1 of 5 answers failed (infrastructure): the server is away (first: sample 2)",
    ]


@pytest.mark.parametrize(("better", "gap_better"), [("higher", "lower"), ("lower", "higher")])
def test_what_a_gap_measures(better: str, gap_better: str) -> None:
    quantity = gap_quantity("gap", Quantity("f", "mean", better, (0.0, 10.0)))
    assert (quantity.family, quantity.better, quantity.bounds) == ("gap", gap_better, (-10.0, 10.0))


def test_a_gap_is_the_difference_of_the_means() -> None:
    first, second = scored([1, 1, 0, 1]), scored([1, 0, 0], 10)
    made = gap(gap_quantity("gap", ACCURACY), first, second, {"channel": ["web", "app", "web"]})
    assert made.ids == ("reference/s0", "reference/s1", "reference/s2", "reference/s3", "s10", "s11", "s12")
    assert made.groups == {"channel": ("*", "*", "*", "*", "web", "app", "web")}
    assert made.clusters is None
    totals = Totals(made.stats.sum(axis=0), made.names, np.asarray(7.0))
    assert made.quantity.combine is not None
    assert float(made.quantity.combine(totals)) == pytest.approx(3 / 4 - 1 / 3)
    estimate = stats.level(made, confidence=0.95, seed="x")
    assert estimate.value == pytest.approx(3 / 4 - 1 / 3)


def test_a_gap_of_an_empty_side_is_unknown() -> None:
    made = gap(gap_quantity("gap", ACCURACY), scored([1, 0]), scored([]), {})
    assert stats.level(made, confidence=0.95, seed="x").value is None


def test_a_failure_of_the_model_never_makes_a_gap_smaller() -> None:
    crash, outage = Missing("out of memory", CANDIDATE), Missing("away", INFRASTRUCTURE)
    quantity = gap_quantity("gap", ACCURACY)
    whole = gap(quantity, scored([1, 1, 1, 1] * 20), scored([1, 1, 1, 0] * 20, 100), {})
    other = gap(quantity, scored([1, 1, 1, 1] * 20), scored([1, 1, 1, crash] * 20, 100), {})
    assert np.array_equal(whole.stats, other.stats), "in the other set it counts as wrong"
    assert other.missing == {}
    seen = gap(quantity, scored([1, crash, outage, 1] * 20), scored([1, 1, outage, 0] * 20, 100), {})
    assert {why.blame for why in seen.missing.values()} == {INFRASTRUCTURE}
    assert len(seen.missing) == 60
    known, unsure = (stats.level(made, confidence=0.95, seed="x") for made in (whole, seen))
    assert known.high is not None
    assert unsure.high is None or unsure.high > known.high


def test_a_gap_keeps_what_belongs_together() -> None:
    rows = [1.0, 0.0] * 20
    grouped = [f"c{at // 4}" for at in range(40)]
    made = gap(gap_quantity("gap", ACCURACY), scored(rows, clusters=grouped), scored(rows, 100), {})
    assert made.clusters is not None
    assert made.clusters[:40] == tuple(grouped)
    assert len(set(made.clusters[40:])) == 40


def test_a_proportion_of_flags() -> None:
    made = proportion("recall", "higher", ["a", "b"], [1.0, Missing("away")], kind=["x", "y"])
    assert (made.quantity.family, made.groups, list(made.missing)) == ("proportion", {"kind": ("x", "y")}, [1])


def test_values_of_single_samples() -> None:
    assert value_of(scored([1.0, Missing("away")]), 0) == 1.0
    assert value_of(scored([1.0, Missing("away")]), 1) is None
    sums = table(Quantity("bleu", "corpus", combine=lambda t: t["0"]), ["a"], [(1.0, 2.0)])
    assert value_of(sums, 0) is None
    nats = table(
        Quantity("perplexity", "log_ratio", "lower", combine=lambda t: t["0"]), ["a", "b"], [(6.0, 3.0), (0.0, 0.0)]
    )
    assert (value_of(nats, 0), value_of(nats, 1)) == (2.0, None)


# ---- very many ------------------------------------------------------------------------------------------------------


def numbers(folder: Path, n: int, **options: Any) -> Any:
    return task(folder, [{"id": str(at), "input": f"q{at}", "target": str(at % 3)} for at in range(n)], **options)


@pytest.mark.parametrize("lot", [3, 10, 11, 100])
def test_a_survey_finds_what_asking_finds(lot: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = numbers(tmp_path, 10, metrics=["exact_match", "macro_f1"], slices=["target"])
    said = {"1": CRASH, "2": OUTAGE, "4": CRASH, "7": "?"}
    whole = drive(ask(made, "causal"), lambda r: said.get(r.sample, "1")).findings
    monkeypatch.setattr("harness.ask.LOT", lot)
    heard = drive(survey(made, "causal"), lambda r: said.get(r.sample, "1"))
    assert [len(requests) for requests in heard.rounds] == [min(lot, 10 - at) for at in range(0, 10, lot)]
    found = heard.findings
    assert list(found.rows) == list(whole.rows())
    assert found.faults == whole.faults()
    assert set(found.scores) == {"exact_match", "macro_f1"}
    for name, scores in found.scores.items():
        assert scores.ids == whole.scores[name].ids
        assert scores.groups == whole.scores[name].groups
        assert dict(scores.missing) == dict(whole.scores[name].missing)
        columns = [scores.names.index(column) for column in whole.scores[name].names]
        assert scores.stats[:, columns].tolist() == whole.scores[name].stats.tolist()
    assert found.scores["macro_f1"].ids is found.scores["exact_match"].ids


def test_the_last_few_are_not_held_against_a_metric_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BLEU of a single short reference is 0, right as it is."""
    rows = [{"id": str(at), "input": "?", "target": "the cat sat on the mat"} for at in range(6)]
    made = task(tmp_path, [*rows, {"id": "6", "input": "?", "target": "yes"}], metrics=["bleu"])
    monkeypatch.setattr("harness.ask.LOT", 6)
    assert len(drive(survey(made, "causal"), gold(made)).findings.rows) == 7


def test_nothing_to_survey(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match="check 'quiz': no sample is left to ask"):
        drive(survey(numbers(tmp_path, 3), "causal", []), lambda r: "")


def test_a_prompt_that_does_not_fit_ends_a_survey_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.ask.LOT", 4)
    long = Response(fault="9000 tokens of 512", blame="candidate", finish=UNASKED)
    talk = survey(numbers(tmp_path, 10), "causal")
    assert len(next(talk)) == 4
    with pytest.raises(CheckBroken, match=r"1 of 4 prompts do not fit: 9000 tokens of 512 \(sample 1\)"):
        talk.send([Response(text="0", finish="stop"), long, *[Response(text="0", finish="stop")] * 2])


def test_memory_does_not_grow_with_prompts_and_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    monkeypatch.setattr("harness.ask.LOT", 200)
    monkeypatch.setattr("harness.rows.KEPT", 200)
    monkeypatch.setattr("harness.rows.LOT", 100)

    def peak(n: int) -> int:
        rows = [{"id": str(at), "input": f"{at} " + "long " * 400, "target": str(at % 3)} for at in range(n)]
        made = task(tmp_path, rows)
        rows.clear()
        tracemalloc.start()
        drive_quietly(survey(made, "causal"), "1" * 500)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(300)
    few, many = peak(500), peak(1500)
    assert many - few < 1000 * 500, "half a kilobyte a sample, of two and a half"


def drive_quietly(talk: Any, said: str) -> None:
    """Answer all rounds and keep nothing."""
    try:
        asked = next(talk)
        while True:
            asked = talk.send([Response(text=said, finish="stop") for _ in asked])
    except StopIteration:
        pass
