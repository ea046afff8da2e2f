"""The gate: every kind of criterion, every verdict, and the sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from harness.criterion import Waiver, parse
from harness.errors import CheckBroken
from harness.gate import claim_failures, decide, settle
from harness.run import CriterionRecord
from harness.score import BROKEN, CANDIDATE, Missing, Quantity, Scores, table
from harness.verdict import Outcome

ACCURACY = Quantity("accuracy", "proportion")
RATE = Quantity("rate", "census", better="lower")
SECONDS = Quantity("p95", "quantile", better="lower", bounds=(0, float("inf")), unit="s", quantile=0.95)


def ids(n: int) -> list[str]:
    return [f"s{i:05d}" for i in range(n)]


def right(good: int, n: int, quantity: Quantity = ACCURACY, **more: object) -> Scores:
    return table(quantity, ids(n), [1.0] * good + [0.0] * (n - good), **more)  # type: ignore[arg-type]


def verdict(that: str, candidate: Scores, base: Scores | None = None, **more: object) -> CriterionRecord:
    criterion = parse(that)
    criterion = replace(criterion, **{k: v for k, v in more.items() if k in ("severity", "confidence", "on", "waive")})
    scores = {"candidate": {criterion.metric: candidate}}
    if base is not None:
        scores["base"] = {criterion.metric: base}
    rest = {k: v for k, v in more.items() if k not in ("severity", "confidence", "on", "waive")}
    return decide(criterion, scores, seed="suite/13", **rest)  # type: ignore[arg-type]


def pairs(both: int, lost: int, gained: int, neither: int) -> tuple[Scores, Scores]:
    """Candidate and base with these counts of pairs."""
    n = both + lost + gained + neither
    new = [1.0] * both + [0.0] * lost + [1.0] * gained + [0.0] * neither
    old = [1.0] * both + [1.0] * lost + [0.0] * gained + [0.0] * neither
    return table(ACCURACY, ids(n), new), table(ACCURACY, ids(n), old)


@pytest.mark.parametrize(
    ("good", "n", "wanted"),
    [(87, 100, "pass"), (73, 100, "inconclusive"), (72, 100, "fail"), (80, 100, "inconclusive")],
)
def test_level_is_decided_on_exact_bounds(good: int, n: int, wanted: str) -> None:
    assert verdict("t.accuracy >= 0.8", right(good, n)).verdict == wanted


def test_the_sentence_has_the_numbers_in_it() -> None:
    record = verdict("t.accuracy >= 0.70", right(290, 320))
    assert record.reason == "accuracy is 0.906 [0.875, 0.932]; at least 0.7 was wanted"


def test_inconclusive_says_how_many_samples_would_settle_it() -> None:
    record = verdict("t.accuracy >= 0.85", right(176, 200))
    assert record.verdict == "inconclusive"
    assert record.n_needed is not None
    assert 250 < record.n_needed < 700
    assert f"about {record.n_needed:,} samples would if the value stays what it is" in record.reason
    settled = verdict("t.accuracy >= 0.85", right(round(record.n_needed * 0.88), record.n_needed))
    assert settled.verdict == "pass"


def test_on_the_bound_counts_for_at_least_and_not_for_more_than() -> None:
    from harness.stats import level

    low = level(right(95, 100), confidence=0.95, seed="").low
    assert verdict(f"t.accuracy >= {low!r}", right(95, 100)).verdict == "pass"
    assert verdict(f"t.accuracy > {low!r}", right(95, 100)).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("counts", "that", "wanted"),
    [
        ((95, 0, 0, 5), "t.accuracy >= base - 0.02", "inconclusive"),
        ((95, 0, 0, 5), "t.accuracy >= base - 0.03", "pass"),
        ((140, 18, 2, 40), "t.accuracy >= base - 0.05", "inconclusive"),
        ((140, 18, 2, 40), "t.accuracy >= base - 0.01", "fail"),
        ((100, 5, 30, 65), "t.accuracy > base", "pass"),
        ((100, 30, 5, 65), "t.accuracy > base", "fail"),
        ((500, 2, 2, 496), "t.accuracy in [base - 0.02, base + 0.02]", "pass"),
        ((100, 2, 80, 18), "t.accuracy in [base - 0.02, base + 0.02]", "fail"),
        ((150, 0, 0, 50), "t.accuracy >= 0.9 * base", "pass"),
    ],
)
def test_comparisons_are_paired(counts: tuple[int, int, int, int], that: str, wanted: str) -> None:
    assert verdict(that, *pairs(*counts)).verdict == wanted


@pytest.mark.parametrize("n", [1, 2, 10, 100, 3000])
@pytest.mark.parametrize("family", ["proportion", "mean", "corpus", "unbounded"])
def test_a_model_is_never_better_than_itself_and_never_worse(family: str, n: int) -> None:
    combine = (lambda t: t.sums[..., 0] / t.n) if family == "corpus" else None
    quantity = Quantity("accuracy", family, combine=combine)
    same = table(quantity, ids(n), [float(i % 3 > 0) for i in range(n)])
    assert verdict("t.accuracy > base", same, same).verdict == "inconclusive"
    assert verdict("t.accuracy >= base", same, same).verdict != "fail"
    assert verdict("t.accuracy >= base - 0.02", same, same).verdict in ("pass", "inconclusive")


def test_a_census_passes_exactly() -> None:
    record = verdict("clean.rate <= 0", right(0, 40, RATE))
    assert record.verdict == "pass"
    assert record.candidate is not None
    assert (record.candidate.low, record.candidate.high) == (0, 0)
    assert record.reason == "rate is 0 (exact); at most 0 was wanted"
    assert verdict("clean.rate <= 0", right(1, 40, RATE)).verdict == "fail"


@pytest.mark.parametrize(("n", "wanted"), [(58, "inconclusive"), (59, "pass")])
def test_a_percentile_needs_enough_samples(n: int, wanted: str) -> None:
    record = verdict("speed.p95 <= 200ms", table(SECONDS, ids(n), [0.1] * n))
    assert record.verdict == wanted
    if n == 58:
        assert "at least 59 samples" in record.reason


def test_units_are_converted_or_refused() -> None:
    slow = verdict("speed.p95 <= 300ms", table(SECONDS, ids(100), [0.5] * 100))
    assert slow.verdict == "fail"
    assert slow.reason == "p95 is 500 [500, 500] ms; at most 300 ms was wanted"
    in_ms = replace(SECONDS, unit="ms")
    assert verdict("speed.p95 <= 300ms", table(in_ms, ids(100), [200.0] * 100)).verdict == "pass"
    record = verdict("t.accuracy <= 300ms", right(5, 100))
    assert record.verdict == "broken"
    assert "the bound is given in s, but the quantity has no unit" in record.reason


def test_missing_must_not_matter() -> None:
    values = [1.0] * 180 + [0.0] * 2 + [Missing("timeout")] * 18
    record = verdict("t.accuracy >= 0.9", table(ACCURACY, ids(200), values))
    assert record.verdict == "inconclusive"
    assert "18 of 200 samples are missing" in record.reason
    values = [1.0] * 180 + [0.0] * 2 + [Missing("out of memory", CANDIDATE)] * 18
    assert verdict("t.accuracy >= 0.95", table(ACCURACY, ids(200), values)).verdict == "fail"
    everything = table(ACCURACY, ids(200), [Missing("no network")] * 200)
    assert verdict("t.accuracy >= 0.1", everything).verdict == "inconclusive"
    failed = table(ACCURACY, ids(200), [Missing("crash", CANDIDATE)] * 200)
    assert verdict("t.accuracy >= 0.1", failed).verdict == "fail"


def test_samples_that_one_model_lacks_are_missing_not_dropped() -> None:
    new, old = right(200, 200), right(100, 150)
    record = verdict("t.accuracy >= base - 0.3", new, old)
    assert record.difference is not None
    assert record.difference.missing == 50
    assert "50 samples have no partner (s00150, s00151" in record.difference.note
    assert verdict("t.accuracy > base", right(200, 200), right(110, 110)).verdict == "inconclusive"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_sample_decides_nothing(n: int) -> None:
    record = verdict("t.accuracy >= 0.8", right(n, n))
    assert record.verdict == ("broken" if n == 0 else "inconclusive")


def sliced(*groups: tuple[str, int, int]) -> Scores:
    values = [v for _, good, n in groups for v in [1.0] * good + [0.0] * (n - good)]
    names = [name for name, _, n in groups for _ in range(n)]
    return table(ACCURACY, ids(len(values)), values, groups={"channel": names})


def test_worst_slice_must_pass_in_every_slice() -> None:
    good = sliced(("mail", 98, 100), ("chat", 95, 100))
    record = verdict("t.accuracy[worst channel] >= 0.85", good)
    assert record.verdict == "pass"
    assert record.reason.startswith("accuracy of channel=chat is 0.950 [")
    bad = sliced(("mail", 98, 100), ("chat", 60, 100), ("fax", 10, 100))
    record = verdict("t.accuracy[worst channel] >= 0.85", bad)
    assert record.verdict == "fail"
    assert record.reason.startswith("accuracy of channel=fax is 0.100 [")
    assert "channel=chat also fail" in record.reason


def test_small_slices_are_named_and_decide_nothing() -> None:
    record = verdict("t.accuracy[worst channel] >= 0.85", sliced(("mail", 98, 100), ("fax", 0, 5)))
    assert record.verdict == "inconclusive"
    assert "too few samples in channel=fax (5)" in record.reason
    assert (
        verdict("t.accuracy[channel=fax] >= 0.85", sliced(("mail", 98, 100), ("fax", 0, 5))).verdict == "inconclusive"
    )
    assert verdict("t.accuracy[mail] >= 0.85", sliced(("mail", 98, 100), ("fax", 0, 5))).verdict == "pass"


def test_a_slice_fails_only_through_holm() -> None:
    slices = [(f"c{i:02d}", 28, 30) for i in range(20)] + [("odd", 22, 30)]
    alone = verdict("t.accuracy[channel=odd] >= 0.87", sliced(*slices))
    assert alone.verdict == "fail"
    assert verdict("t.accuracy[worst channel] >= 0.87", sliced(*slices)).verdict == "inconclusive"


def test_slices_of_a_comparison_are_matched_by_id() -> None:
    new = sliced(("mail", 90, 100), ("chat", 20, 100))
    old = sliced(("mail", 90, 100), ("chat", 90, 100))
    record = verdict("t.accuracy[each channel] >= base - 0.05", new, old)
    assert record.verdict == "fail"
    assert record.reason.startswith("accuracy of channel=chat is 0.200, base has 0.900; difference -0.700 [")
    assert record.reason.endswith("no more than 0.05 below base was wanted in every channel")


def test_a_missing_slice_is_the_suites_fault() -> None:
    record = verdict("t.accuracy[channel=chta] >= 0.5", sliced(("chat", 9, 20)))
    assert (record.verdict, record.blame) == ("broken", "the suite")
    assert "did you mean 'chat'?" in record.reason
    assert "'channel'" in verdict("t.accuracy[worst chanel] >= 0.5", sliced(("chat", 9, 20))).reason


def test_an_absent_base_is_broken_never_zero() -> None:
    record = verdict("t.accuracy > base", right(90, 100))
    assert (record.verdict, record.blame) == ("broken", "base")
    record = verdict("t.accuracy > base", right(90, 100), lost={"base": "NaN in layer 3"})
    assert record.reason == "accuracy could not be measured: base could not be measured: NaN in layer 3"
    record = verdict("t.accuracy > base", right(90, 100), lost={"base": CheckBroken("gold answers score 0.4")})
    assert (record.verdict, record.blame) == ("broken", "the check")
    record = verdict("t.accuracy >= 0.5", right(90, 100), broken="gold answers score 0.4", blame="the check")
    assert (record.verdict, record.blame) == ("broken", "the check")
    assert record.candidate is None


def test_on_point_is_decided_on_the_value() -> None:
    record = verdict("t.accuracy >= 0.85", right(17, 20), on="point")
    assert record.verdict == "pass"
    assert record.reason.endswith("decided on the value alone")
    assert verdict("t.accuracy > 0.85", right(17, 20), on="point").verdict == "fail"


def test_waivers_excuse_until_their_day_and_hide_nothing_broken() -> None:
    waive = Waiver(date(2026, 3, 1), "rosa", "new labels come in February")
    on_time, late = date(2026, 3, 1), date(2026, 3, 2)
    record = verdict("t.accuracy >= 0.95", right(50, 100), waive=waive, today=on_time)
    assert record.verdict == "waived"
    assert record.reason.endswith("waived by rosa until 2026-03-01: new labels come in February")
    record = verdict("t.accuracy >= 0.95", right(95, 100), waive=waive, today=late)
    assert record.verdict == "fail"
    assert "the waiver by rosa expired on 2026-03-01" in record.reason
    assert verdict("t.accuracy >= 0.5", right(95, 100), waive=waive, today=late).verdict == "pass"
    assert verdict("t.accuracy >= 0.5", right(95, 100), waive=waive, today=on_time, broken="x").verdict == "broken"


def claims(*p: float, verdicts: str = "") -> list[CriterionRecord]:
    record = verdict("t.accuracy >= 0.85", right(60, 100))
    words = {"f": "fail", "p": "pass", "i": "inconclusive", "b": "broken", "w": "waived"}
    marks = verdicts or "".join("f" if value <= 0.05 else "i" for value in p)
    return [
        record.model_copy(update={"id": f"c{at}", "p_fail": value, "verdict": words[mark]})
        for at, (value, mark) in enumerate(zip(p, marks, strict=True))
    ]  # fmt: skip


def test_a_failure_is_claimed_after_holm_over_the_required_criteria() -> None:
    outcome, sentence, multiplicity = settle(claims(0.02, 0.3, 0.5, 0.6))
    assert outcome is Outcome.INCONCLUSIVE
    assert "not after allowing for 4 criteria" in sentence
    assert "Holm" in multiplicity
    assert settle(claims(0.0124, 0.3, 0.5, 0.6))[0] is Outcome.REJECTED
    warned = [r.model_copy(update={"severity": "warn"}) for r in claims(0.3, 0.5, 0.6)]
    assert settle(claims(0.02) + warned)[0] is Outcome.REJECTED
    once = claim_failures(claims(0.02, 0.3, 0.5, 0.6))
    assert claim_failures(once) == once


@pytest.mark.parametrize(
    ("marks", "outcome"),
    [
        ("ppp", Outcome.ACCEPTED), ("ppw", Outcome.ACCEPTED), ("www", Outcome.INCONCLUSIVE), ("", Outcome.INCONCLUSIVE),
        ("ppi", Outcome.INCONCLUSIVE), ("pib", Outcome.BROKEN), ("fib", Outcome.REJECTED), ("fpp", Outcome.REJECTED),
    ],
)  # fmt: skip
def test_the_suites_verdict(marks: str, outcome: Outcome) -> None:
    p = [{"f": 1e-9}.get(mark, 1.0) for mark in marks]
    assert settle(claims(*p, verdicts=marks))[0] is outcome


def test_the_sentence_names_what_failed() -> None:
    bad = verdict("intents.accuracy >= 0.85", right(60, 100))
    worse = verdict("typing.accuracy >= 0.85", right(10, 100))
    third = verdict("more.accuracy >= 0.85", right(70, 100))
    sentence = settle([bad, worse, third, verdict("fine.accuracy >= 0.5", right(99, 100))])[1]
    assert sentence == (
        "Rejected: typing.accuracy is 0.100 [0.055, 0.164]; at least 0.85 was wanted; intents.accuracy is 0.600 "
        "[0.513, 0.682]; at least 0.85 was wanted; and 1 more (more.accuracy); 1 passed."
    )


def test_adding_a_criterion_never_changes_anothers_pass() -> None:
    records = claims(0.001, 1.0, 1.0, verdicts="fpp")
    for extra in claims(0.02, 0.9, 1.0, 1.0, verdicts="fibw"):
        kept = claim_failures([*records, extra])
        assert [r.verdict for r in kept[1:3]] == ["pass", "pass"]
        assert kept[0].verdict in ("fail", "inconclusive")


@pytest.mark.parametrize(
    ("that", "wanted"),
    [
        ("t.accuracy >= base", "inconclusive"),
        ("t.accuracy >= base + 0.01", "inconclusive"),
        ("t.accuracy >= base + 0.2", "fail"),
        ("t.accuracy in [base, base]", "inconclusive"),
        ("t.accuracy in [base + 0.3, base + 0.4]", "fail"),
        ("t.accuracy <= base", "inconclusive"),
        ("t.accuracy < base", "inconclusive"),
    ],
)
def test_margins_of_zero_and_beyond_never_pass_an_identical_model(that: str, wanted: str) -> None:
    same = right(160, 200)
    assert verdict(that, same, same).verdict == wanted


def test_criteria_that_contradict_each_other_cannot_both_pass() -> None:
    for good in range(0, 201, 5):
        found = {verdict(that, right(good, 200)).verdict for that in ("t.accuracy >= 0.7", "t.accuracy <= 0.6")}
        assert found != {"pass"}


def test_an_all_empty_group_and_a_group_of_one() -> None:
    lone = table(ACCURACY, ids(21), [1.0] * 21, groups={"channel": ["mail"] * 20 + [""]})
    record = verdict("t.accuracy[worst channel] >= 0.5", lone)
    assert record.verdict == "inconclusive"
    assert "too few samples in channel= (1)" in record.reason


def test_a_perfect_macro_f1_passes() -> None:
    from harness import confusion

    gold = ["a", "b", "c"] * 100
    rows = [confusion.outcome(g, [g], True, ["a", "b", "c"]) for g in gold]
    ends = [(confusion.outcome("", [g], False, ["a", "b", "c"]), row) for g, row in zip(gold, rows, strict=True)]
    quantity = Quantity("macro_f1", "corpus", combine=confusion.f1)
    record = verdict("t.macro_f1 >= 0.95", table(quantity, ids(300), rows, extremes=ends))
    assert record.verdict == "pass"
    assert record.reason.startswith("macro_f1 is 1 [0.995, 1]; ")


def test_infrastructure_failures_of_a_corpus_metric_are_taken_both_ways() -> None:
    from harness import confusion

    gold = ["a", "b", "c"] * 100
    rows: list[object] = [confusion.outcome(g, [g], True, ["a", "b", "c"]) for g in gold]
    ends = [(confusion.outcome("", [g], False, ["a", "b", "c"]), row) for g, row in zip(gold, rows, strict=True)]
    rows[:30] = [Missing("timeout")] * 30
    quantity = Quantity("macro_f1", "corpus", combine=confusion.f1)
    holed = table(quantity, ids(300), rows, extremes=ends)  # type: ignore[arg-type]
    assert verdict("t.macro_f1 >= 0.95", holed).verdict == "inconclusive"
    assert verdict("t.macro_f1 >= 0.85", holed).verdict == "pass"
    blind = table(quantity, ids(300), rows)  # type: ignore[arg-type]
    record = verdict("t.macro_f1 >= 0.5", blind)
    assert record.verdict == "inconclusive"
    assert "30 of 300 samples are missing" in record.reason


def test_a_sample_that_could_not_be_measured_breaks_every_criterion_that_needs_it() -> None:
    """A task of lm-eval without answers breaks what is said of it and of all tasks together, and nothing else."""
    values: list[float | Missing] = [Missing("1 of 20 documents of t had no answer", BROKEN), *[1.0] * 39]
    tasks = ["t"] * 20 + ["u"] * 20
    found = table(Quantity("acc", "proportion"), [str(at) for at in range(40)], values, groups={"task": tasks})
    verdicts = {
        sentence: decide(parse(sentence), {"candidate": {"acc": found}, "base": {"acc": found}}, seed="x")
        for sentence in ("c.acc >= 0.5", "c.acc[t] >= 0.5", "c.acc[worst task] >= 0.5", "c.acc >= base - 0.3")
    }
    assert {done.verdict for done in verdicts.values()} == {"broken"}
    assert verdicts["c.acc >= 0.5"].reason == "acc could not be measured: 1 of 20 documents of t had no answer"
    assert verdicts["c.acc >= 0.5"].blame == "the check"
    assert decide(parse("c.acc[u] >= 0.5"), {"candidate": {"acc": found}}, seed="x").verdict == "pass"
