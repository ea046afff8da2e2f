"""Robustness: what a perturbation costs a model, measured on models of which that is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.catalog import Catalog, PerturbationSpec
from harness.checks.robustness import _measures
from harness.criterion import parse
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response
from harness.findings import Findings
from harness.gate import decide
from harness.perturbing.drops import quantities
from harness.score import Quantity, Scores, table
from harness.task import Task
from talk import BASE, CANDIDATE, CRASH, OUTAGE, Heard, Say, data, drive, leaf, task

Spec = PerturbationSpec
ROWS = [
    {
        "id": f"q{at}",
        "text": f"Please tell me when the last bus leaves from the station, number {at}?",
        "target": "yes" if at % 3 else "no",
        "channel": "web" if at % 2 else "mail",
    }
    for at in range(60)
]
SEVERAL = [Spec("typos", {"rate": 0.1}), Spec("lowercase"), Spec("ocr", {"rate": 0.1}), Spec("distractor_sentence")]


def quiz(folder: Path, rows: list[dict[str, Any]] = ROWS, **options: Any) -> Task:
    return task(folder, rows, **{"prompt": "{{ text }}", "choices": ["neither", "yes", "no"], **options})


def asked(
    made: Task, specs: list[Spec], say: Say, *, root: Path = Path(), model: Any = CANDIDATE, **more: Any
) -> Heard:
    return drive(leaf("robustness")(model, root, Catalog(), of=made, perturbations=specs, **more), say)


def oracle(made: Task) -> Say:
    """Answers from the sample's id, whatever the prompt says."""
    right = {sample.id: sample.targets[0] for sample in made.samples()}
    return lambda request: right[request.sample.split("/")[0]]


def lookup(made: Task, otherwise: str = "") -> Say:
    """Knows the prompts letter by letter."""
    right = {sample.prompt: sample.targets[0] for sample in made.samples()}
    return lambda request: right.get(request.prompt, otherwise)


def mean(scores: Scores, of: str = "") -> float:
    chosen = [r for r in range(len(scores.ids)) if r not in scores.missing]
    if of:
        chosen = [r for r in chosen if scores.groups["perturbation"][r] == of]
    return float(np.mean(scores.stats[chosen, 0]))


def verdict(that: str, findings: Findings, base: Findings | None = None) -> tuple[str, str]:
    check, found = parse(that).check, {"candidate": findings.scores, **({"base": base.scores} if base else {})}
    assert check == "typing"
    record = decide(parse(that), found, seed="t")
    return record.verdict, record.reason


# ---------------------------------------------------------------------------------------- models of which all is known


def test_a_model_that_looks_past_the_letters_loses_nothing(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    found = asked(made, SEVERAL, oracle(made)).findings
    assert {name: mean(scores) for name, scores in found.scores.items()} == {
        "drop": 0.0, "worst_case": 1.0, "flip_rate": 0.0, "consistency": 1.0, "relative_drop": 0.0, "failure_rate": 0.0,
    }  # fmt: skip
    assert verdict("typing.drop[worst] <= 10%", found)[0] == "pass"


def test_a_model_that_looks_letters_up_loses_what_was_changed(tmp_path: Path) -> None:
    """The drop is over the samples that were changed, and these are told: here all, and with rare words some."""
    rows = [{**row, "text": f"{row['text']} {'What colour' if at % 4 == 0 else 'What'}"} for at, row in enumerate(ROWS)]
    made = quiz(tmp_path, rows)
    found = asked(made, [Spec("lowercase"), Spec("british_american")], lookup(made, "neither")).findings
    assert mean(found.scores["drop"], "lowercase") == mean(found.scores["drop"], "british_american") == 1.0
    assert found.scores["drop"].groups["perturbation"].count("british_american") == 15
    strengths = next(f for f in found.figures if f.kind == "table")
    assert [row[2:4] for row in strengths.rows] == [[60, 60], [15, 60]]
    assert mean(found.scores["worst_case"]) == 0.0
    assert verdict("typing.drop[lowercase] <= 10%", found)[0] == "fail"


def test_only_casing_hurts_a_model_that_reads_capitals(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    right = {sample.id: sample.targets[0] for sample in made.samples()}

    def say(request: Request) -> str:
        capital = request.prompt.startswith("P") and not request.prompt[1:4].isupper()
        return right[request.sample.split("/")[0]] if capital else "neither"

    specs = [Spec(n) for n in ("lowercase", "uppercase", "zero_width", "punctuation_strip", "swap", "punctuation_add")]
    drop = asked(made, specs, say).findings.scores["drop"]
    hurt = {label for label in set(drop.groups["perturbation"]) if mean(drop, label) > 0}
    assert hurt == {"lowercase", "uppercase"}


def test_a_model_that_ignores_negation_fails_it_and_passes_the_rest(tmp_path: Path) -> None:
    rows = [{"id": str(at), "text": f"The film {at} is {word}.", "target": label}
            for at in range(30) for word, label in [("good", "yes") if at % 2 else ("bad", "no")]]  # fmt: skip
    made = quiz(tmp_path, rows)
    deaf = lambda r: "yes" if "good" in r.prompt.lower() else "no"  # noqa: E731

    def hearing(request: Request) -> str:
        good, denied = "good" in request.prompt.lower(), " not " in request.prompt.lower()
        return "yes" if good != denied else "no"

    specs = [Spec("negation"), Spec("antonym"), Spec("uppercase")]
    for say, failed in ((deaf, {"negation": 1.0, "antonym": 0.0, "uppercase": 0.0}),
                        (hearing, {"negation": 0.0, "antonym": 0.0, "uppercase": 0.0})):  # fmt: skip
        found = asked(made, specs, say).findings
        rates = found.scores["failure_rate"]
        assert {label: mean(rates, label) for label in failed} == failed
        assert set(found.scores["drop"].groups["perturbation"]) == {"uppercase"}, (
            "an answer that must change is no drop"
        )
    assert verdict("typing.failure_rate[worst] <= 20%", found)[0] == "pass"


def test_contrast_sets_have_a_right_answer_of_their_own(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    data(
        tmp_path, [{"id": f"q{at}", "text": f"Turned around, {at}?", "target": "maybe"} for at in range(12)], "c.jsonl"
    )
    made = quiz(tmp_path, choices=["yes", "no", "maybe"])
    spec = [Spec("contrast_set", {"file": "c.jsonl"})]
    learned = lambda r: "maybe" if "Turned" in r.prompt else "yes"  # noqa: E731
    other = lambda r: "no" if "Turned" in r.prompt else "yes"  # noqa: E731
    for say, rate in ((learned, 0.0), (other, 1.0)):
        found = asked(made, spec, say, root=tmp_path).findings
        assert list(found.scores) == ["failure_rate"]
        assert mean(found.scores["failure_rate"]) == rate
        assert len(found.scores["failure_rate"].ids) == 12


# -------------------------------------------------------------------------------------------------------------- scores


def test_flips_are_not_drops(tmp_path: Path) -> None:
    """A wrong answer that becomes another wrong one changed, and nothing was lost."""
    made = quiz(tmp_path, choices=["yes", "no", "maybe", "never"])
    say = lambda r: "never" if "/" in r.sample else "maybe"  # noqa: E731
    found = asked(made, [Spec("lowercase")], say).findings
    assert mean(found.scores["drop"]) == 0.0
    assert mean(found.scores["flip_rate"]) == 1.0
    assert mean(found.scores["consistency"]) == 0.0
    assert mean(found.scores["failure_rate"]) == 1.0


def test_several_variants_are_one_sample(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    right = {sample.id: sample.targets[0] for sample in made.samples()}

    def say(request: Request) -> str:
        name, _, rest = request.sample.partition("/")
        return "neither" if rest.endswith("/2") else right[name]

    found = asked(made, [Spec("typos", {"rate": 0.1}), Spec("swap")], say, variants=4).findings
    drop = found.scores["drop"]
    assert mean(drop) == mean(found.scores["flip_rate"]) == 0.25
    assert drop.ids[:2] == ("q0/typos", "q1/typos")
    assert len(drop.ids) == 120
    assert len(set(drop.clusters or ())) == 60
    assert drop.quantity.family == "mean"
    assert mean(found.scores["worst_case"]) == 0.0
    assert mean(found.scores["failure_rate"]) == 1.0, "a sample fails where any of its variants does"
    assert mean(found.scores["consistency"]) == pytest.approx((7 * 6 + 2 * 1) / (9 * 8))


def test_the_worst_case_of_a_metric_of_which_less_is_better_is_the_most() -> None:
    """HELM takes the least whatever the metric."""
    from harness.perturbing.drops import Item, _drop, _worst

    less = Quantity("errors", "mean", "lower", (0.0, 10.0))
    found: Any = Flat(less, [3.0, 7.0, 1.0])
    item = Item(None, 2.0, (), {"typos": [0, 1, 2]})  # type: ignore[arg-type]
    assert _worst(found, item, ["typos"]) == 7.0
    assert _drop(found, item, "typos") == pytest.approx(11 / 3 - 2)
    more: Any = Flat(Quantity("points", "mean", "higher", (0.0, 10.0)), [3.0, 7.0, 1.0])
    assert _worst(more, item, ["typos"]) == 1.0
    assert _drop(more, item, "typos") == pytest.approx(2 - 11 / 3)


class Flat:
    """A ledger of which only values are asked."""

    def __init__(self, metric: Quantity, values: list[float]) -> None:
        self.metric, self.values = metric, values

    def at(self, place: int) -> float:
        return self.values[place]


def test_labels_that_moved_are_the_same_answer(tmp_path: Path) -> None:
    rows = [{"id": str(at), "options": ["red", "blue", "green"], "target": "ABC"[at % 3]} for at in range(12)]
    made = quiz(tmp_path, rows, prompt="{% for o in options %}{{ 'ABC'[loop.index0] }}. {{ o }}\n{% endfor %}Which?",
                choices=["A", "B", "C"])  # fmt: skip
    right = {s.id: s.row["options"]["ABC".index(s.targets[0])] for s in made.samples()}

    def say(request: Request) -> str:
        """Looks for the word, and says what stands before it."""
        line = next(line for line in request.prompt.split("\n") if line.endswith(right[request.sample.split("/")[0]]))
        return line.split(".")[0]

    found = asked(made, [Spec("option_order"), Spec("option_label")], say).findings
    assert mean(found.scores["drop"]) == mean(found.scores["flip_rate"]) == 0.0
    first = asked(made, [Spec("option_order")], lambda r: "A").findings
    assert mean(first.scores["flip_rate"]) == 1.0, "always the first one is always another option"


def test_the_placebo_is_asked_again(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    right = {sample.id: sample.targets[0] for sample in made.samples()}

    def say(request: Request) -> str:
        name, _, rest = request.sample.partition("/")
        shaky = rest == "identity" and int(name[1:]) < 6
        return "neither" if shaky or (rest == "lowercase" and int(name[1:]) < 15) else right[name]

    heard = asked(made, [Spec("identity"), Spec("lowercase")], say)
    again = [r for r in heard.rounds[1] if r.fresh]
    assert [r.prompt for r in again] == [r.prompt for r in heard.rounds[0]]
    found = heard.findings.scores
    assert mean(found["noise_floor"]) == 0.1
    assert mean(found["drop"]) == 0.25
    assert mean(found["excess"]) == pytest.approx(0.15)
    assert set(found["drop"].groups["perturbation"]) == {"lowercase"}


def test_the_placebo_of_a_drawn_answer_has_other_random_numbers(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}", temperature=1.0, samples=2)
    heard = asked(made, [Spec("identity"), Spec("lowercase")], lambda r: "yes")
    first, second = heard.rounds
    placebo = second[: len(first)]
    assert [r.prompt for r in placebo] == [r.prompt for r in first]
    assert not {r.seed for r in placebo} & {r.seed for r in first}
    assert not any(r.fresh for r in second)
    assert [r.seed for r in second[len(first) :]] == [r.seed for r in first], "the same luck as the original"


def test_relative_drops_are_only_there_where_something_was_right(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    nothing = asked(made, [Spec("lowercase")], lambda r: "neither").findings.scores["relative_drop"]
    assert stats.level(nothing, confidence=0.95, seed="x").value is None
    half = lambda r: "neither" if "/" in r.sample and int(r.sample[1:].split("/")[0]) % 2 else oracle(made)(r)  # noqa: E731
    some = asked(made, [Spec("lowercase")], half).findings.scores["relative_drop"]
    assert stats.level(some, confidence=0.95, seed="x").value == pytest.approx(0.5)
    assert "relative_drop" not in quantities(Quantity("wer", "mean", "lower"), ["meaning"])
    assert "relative_drop" not in quantities(Quantity("bias", "mean", "higher", (-1.0, 1.0)), ["meaning"])


# ------------------------------------------------------------------------------------------------------------ criteria


def test_the_worst_perturbation_decides(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    say = lambda r: "neither" if r.sample.endswith("/ocr") else oracle(made)(r)  # noqa: E731
    found = asked(made, SEVERAL, say).findings
    for that in ("typing.drop[worst] <= 5%", "typing.drop[worst perturbation] <= 5%", "typing.drop[ocr] <= 5%"):
        outcome, why = verdict(that, found)
        assert outcome == "fail"
        assert "perturbation=ocr" in why
    assert verdict("typing.drop[typos] <= 10%", found)[0] == "pass"
    assert verdict("typing.drop[worst] <= 100%", found)[0] == "pass"


def test_a_perturbation_that_changes_nothing_is_never_passed_over(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    found = asked(made, [Spec("lowercase"), Spec("british_american")], oracle(made)).findings
    assert found.warnings == ["british_american changes none of 60 prompts: nothing can be said of it"]
    outcome, why = verdict("typing.drop[worst] <= 10%", found)
    assert outcome == "inconclusive"
    assert "british_american" in why
    assert verdict("typing.drop[lowercase] <= 10%", found)[0] == "pass"
    with pytest.raises(CheckBroken, match=r"\(british_american\) changes any of 60 prompts; nothing can be measured"):
        asked(made, [Spec("british_american")], oracle(made))


def test_against_base_it_is_a_difference_in_differences(tmp_path: Path) -> None:
    """A better model that loses as much as its base falls from higher, and is no less robust."""
    rows = [{**row, "id": f"q{at}", "text": f"{row['text']} {at}"} for at, row in enumerate(ROWS * 5)]
    made = quiz(tmp_path, rows)
    right = {sample.id: sample.targets[0] for sample in made.samples()}

    def knows(most: int, lost: int) -> Say:
        def say(request: Request) -> str:
            name, _, rest = request.sample.partition("/")
            at = int(name[1:]) % 100
            return right[name] if at < most and not (rest and at < lost) else "neither"

        return say

    specs = [Spec("lowercase"), Spec("typos", {"rate": 0.1})]
    base = asked(made, specs, knows(50, 20), model=BASE).findings
    better = asked(made, specs, knows(95, 20)).findings
    worse = asked(made, specs, knows(95, 60)).findings
    assert verdict("typing.drop <= base + 0.05", better, base)[0] == "pass"
    assert verdict("typing.drop[worst] <= base + 0.05", better, base)[0] == "pass"
    assert verdict("typing.drop <= base + 0.05", worse, base)[0] == "fail"
    assert verdict("typing.drop[typos] <= base + 0.05", worse, base)[0] == "fail"
    assert worse.compare is not None
    (drawn,) = worse.compare({"base": base, "candidate": worse})
    assert [(s.label, s.base, s.candidate, s.n) for s in drawn.items] == [
        ("lowercase", 0.2, 0.6, 300), ("typos", 0.2, 0.6, 300),
    ]  # fmt: skip
    assert all(s.low is not None and 0.3 < s.low < 0.4 < (s.high or 0) < 0.5 for s in drawn.items)
    assert worse.compare({"candidate": worse}) == []


def test_slices_and_clusters_of_the_task_stay(tmp_path: Path) -> None:
    made = quiz(tmp_path, slices=["channel"], cluster="channel")
    say = lambda r: "neither" if "/" in r.sample and int(r.sample[1:].split("/")[0]) % 2 else oracle(made)(r)  # noqa: E731
    found = asked(made, [Spec("lowercase"), Spec("british_american")], say).findings
    drop = found.scores["drop"]
    assert set(drop.clusters or ()) == {"web", "mail", "*/british_american"}
    by = {
        c: float(np.mean([drop.stats[r, 0] for r, v in enumerate(drop.groups["channel"]) if v == c]))
        for c in ("web", "mail")
    }
    assert by == {"web": 1.0, "mail": 0.0}
    heat = next(f for f in found.figures if f.title.startswith("Drop by channel"))
    assert (heat.columns, heat.values) == (["mail", "web"], [[0.0, 1.0], [None, None]])


# ---------------------------------------------------------------------------------------------- failures and bad input


def test_failures_are_never_drops_of_nothing(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    fails = {"q0": CRASH, "q1": OUTAGE, "q2/lowercase": CRASH, "q3/lowercase": OUTAGE}
    heard = asked(made, [Spec("lowercase")], lambda r: fails.get(r.sample, oracle(made)(r)))
    found = heard.findings.scores
    assert {row: why.blame for row, why in found["drop"].missing.items()} == {
        0: "infrastructure", 1: "infrastructure", 3: "infrastructure",
    }  # fmt: skip
    assert found["drop"].stats[2, 0] == 1.0, "the model's own failure on a variant is the worst"
    assert {row: why.blame for row, why in found["flip_rate"].missing.items()}[2] == "candidate"
    assert found["worst_case"].stats[2, 0] == 0.0
    assert heard.findings.warnings == [
        "2 answers failed (candidate): out of memory (first: sample q0)",
        "2 answers failed (infrastructure): the server is away (first: sample q1)",
    ]


def test_no_answers_at_all_decide_nothing(tmp_path: Path) -> None:
    """As a plan plays it."""
    made = quiz(tmp_path)
    heard = asked(made, [Spec("identity"), *SEVERAL], lambda r: Response(fault="not asked", blame="infrastructure"))
    assert len(heard.asked) == 60 * 6
    assert verdict("typing.drop[worst] <= 99%", heard.findings)[0] == "inconclusive"


def test_a_prompt_that_does_not_fit_breaks_it(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    long = Response(fault="3,000 tokens, 512 fit", blame="candidate", finish="unasked")
    say = lambda r: long if len(r.prompt) > 3000 else "yes"  # noqa: E731
    with pytest.raises(CheckBroken, match="60 of 60 prompts do not fit: 3,000 tokens, 512 fit"):
        asked(made, [Spec("context_padding", {"words": 1000})], say)


@pytest.mark.parametrize(
    "text", ["", "x" * 100_000, "מתי יוצא האוטובוס האחרון בקו 47?", "👍🏽🚌 47", "Wann fährt 公交车 47 из центра?"]
)
def test_texts_of_all_kinds(tmp_path: Path, text: str) -> None:
    made = task(tmp_path, [{"id": "1", "text": text, "target": "yes"}], prompt="{{ text }} #")
    specs = [Spec(name) for name in ("typos", "uppercase", "zero_width", "emoji", "punctuation_add",
                                     "distractor_sentence",
                                     "random_token", "speech", "control_chars")]  # fmt: skip
    heard = asked(made, specs, lambda r: "yes")
    assert mean(heard.findings.scores["drop"]) == 0.0
    assert all("47" in r.prompt for r in heard.asked) or "47" not in text


def test_no_samples(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match="no sample is left to ask"):
        asked(quiz(tmp_path, [], choices=["yes", "no"]), [Spec("typos")], lambda r: "")


def test_the_originals_are_those_of_the_task_and_variants_have_names_of_their_own(tmp_path: Path) -> None:
    """A recording that answers by id must not answer a perturbed prompt with what was said to the original."""
    made = quiz(tmp_path)
    heard = asked(made, SEVERAL, oracle(made))
    assert heard.rounds[0] == [r for s in made.samples() for r in made.requests(s, "causal")]
    names = [r.sample for r in heard.asked]
    assert len(set(names)) == len(names)


def test_many_samples_are_asked_in_lots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.perturbing import trials

    made = quiz(tmp_path, slices=["channel"])
    say = lookup(made, "yes")
    specs = [*SEVERAL, Spec("identity"), Spec("british_american")]
    whole = asked(made, specs, say).findings
    monkeypatch.setattr(trials, "LOT", 70)
    heard = asked(made, specs, say)
    assert max(map(len, heard.rounds)) <= 70
    parts = heard.findings
    for name, scores in whole.scores.items():
        one, two = (dict(zip(s.ids, s.stats.tolist(), strict=True)) for s in (scores, parts.scores[name]))
        assert one == two
    assert [f.model_dump() for f in parts.figures] == [f.model_dump() for f in whole.figures]
    assert parts.warnings == whole.warnings
    assert len(parts.rows) == len(whole.rows)


def test_what_is_kept_of_each_variant(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    rows = list(asked(made, [Spec("uppercase")], oracle(made)).findings.rows)
    assert rows[5]["doc_id"] == "q5/uppercase"
    assert (rows[5]["original"], rows[5]["perturbation"], rows[5]["metrics"]) == ("q5", "uppercase", {"accuracy": 1.0})
    assert rows[5]["prompt"].startswith("PLEASE")


def test_the_worst_pairs_are_shown(tmp_path: Path) -> None:
    made = quiz(tmp_path)
    pairs = asked(made, [Spec("uppercase")], lookup(made, "yes")).findings.figures[-1]
    assert (pairs.kind, pairs.total, len(pairs.items)) == ("pairs", 20, 8)
    for pair in pairs.items:
        assert pair.right_id == f"{pair.left_id}/uppercase"
        assert pair.note == "uppercase: lost 1; no → yes"
        assert pair.right.startswith("PLEASE TELL")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"perturbations": []}, "`perturbations` is empty; name some"),
        ({"variants": 0}, "`variants: 0` of robustness"),
        ({"perturbations": [Spec("ocr"), Spec("ocr")]}, "`perturbations` has ocr twice"),
        ({"metric": "f2"}, "the task has no metric 'f2'"),
        ({"of": {"n": Quantity("n", "mean", "neither")}}, "n is neither"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(options: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"of": {"accuracy": Quantity("accuracy", "proportion")}, "perturbations": [Spec("ocr")],
                             "metric": None, "variants": 1, "catalog": Catalog(), **options}  # fmt: skip
    with pytest.raises(SuiteError) as caught:
        _measures(**given)
    assert said in str(caught.value)


def test_what_can_be_measured_depends_on_what_is_kept() -> None:
    of = Quantity("accuracy", "proportion")
    assert list(quantities(of, ["nothing"])) == ["failure_rate"]
    assert list(quantities(of, ["everything"])) == ["noise_floor"]
    assert "excess" not in quantities(of, ["meaning"])
    assert {"excess", "noise_floor"} <= set(quantities(of, ["meaning", "everything"]))


# ---------------------------------------------------------------------------------------------------------- statistics


def test_ten_perturbations_that_cost_nothing_are_rarely_called_costly() -> None:
    """giskard corrects ten of them by the places of a sort and not by ranks, and finds something in 22 % of runs."""
    found, most = 0, 120
    for seed in range(most):
        rng = Random(seed)
        ids = [f"{at}/{name}" for name in range(10) for at in range(60)]
        values = [float(rng.random() < 0.8) - float(rng.random() < 0.8) for _ in ids]
        quantity = Quantity("drop", "proportion", "lower", (-1.0, 1.0))
        scores = table(quantity, ids, values, clusters=[name.split("/")[0] for name in ids],
                       groups={"perturbation": [name.split("/")[1] for name in ids]})  # fmt: skip
        found += verdict("typing.drop[worst] <= 0", Findings(scores={"drop": scores}))[0] == "fail"
    assert found / most <= 0.08


@pytest.mark.parametrize(("variants", "family"), [(1, "proportion"), (3, "mean")])
def test_intervals_of_a_drop_cover_it(variants: int, family: str) -> None:
    """200 suites of 300 samples and two perturbations each, with a drop that is known."""
    kept, held, most = 0.8, 0, 200
    for seed in range(most):
        rng = Random(seed)
        values, ids = [], []
        for at in range(300):
            ease = rng.random()
            before = float(ease < 0.9)
            for name in ("a", "b"):
                after = sum(float(ease < 0.9 and rng.random() < kept) for _ in range(variants)) / variants
                values.append(before - after)
                ids.append(f"{at}/{name}")
        quantity = Quantity("drop", family, "lower", (-1.0, 1.0))
        scores = table(quantity, ids, values, clusters=[name.split("/")[0] for name in ids])
        found = stats.level(scores, confidence=0.975, seed=str(seed))
        held += (found.low or 0) <= 0.9 * (1 - kept) <= (found.high or 0)
    assert 0.92 <= held / most <= 0.99


# ----------------------------------------------------------------------------------------------------------- real data

POSITIVE = (
    "good great excellent amazing extraordinary beautiful fantastic nice incredible exceptional awesome perfect fun "
)
POSITIVE += (
    "happy adorable brilliant exciting sweet wonderful like love enjoy appreciate recommend admire liked loved enjoyed"
)
NEGATIVE = (
    "awful bad horrible weird rough lousy unhappy average difficult poor sad frustrating hard lame nasty annoying "
)
NEGATIVE += (
    "boring creepy dreadful ridiculous terrible ugly unpleasant dislike hate despise regret disliked hated despised"
)


def sentiment(request: Request) -> str:
    """A small word-list model, deaf to negation."""
    words = {word.strip(".,!?").lower() for word in request.prompt.split()}
    score = len(words & set(POSITIVE.split())) - len(words & set(NEGATIVE.split()))
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


def suite_rows(shared: Path, kind: str, test: str) -> list[dict[str, Any]]:
    path = shared / "data/checklist/sentiment_suite.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [row for row in rows if row["type"] == kind and row["test"] == test and row["inputs"]]


def wilson(failures: int, n: int) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(failures, n, alpha=0.05, method="wilson")
    return float(low), float(high)


@pytest.mark.parametrize(
    "name", ["typos", "2 typos", "punctuation", "contractions", "change names", "add random urls and handles"]
)
def test_checklists_invariance_tests(shared: Path, tmp_path: Path, name: str) -> None:
    """The suite's own rewritings as a file; the failure rate is that of counting by hand, with its interval."""
    cases = suite_rows(shared, "INV", name)
    rows = [{"id": str(at), "text": case["inputs"][0], "target": "neutral"} for at, case in enumerate(cases)]
    made = task(tmp_path, rows, prompt="{{ text }}", choices=["negative", "neutral", "positive"])
    others = [
        {"id": str(at), "text": text} for at, case in enumerate(cases) for text in case["inputs"][1:] if text.strip()
    ]
    data(tmp_path, others, "rewritten.jsonl")
    most = max(len(case["inputs"]) for case in cases) - 1
    heard = asked(made, [Spec("paraphrase", {"file": "rewritten.jsonl"})], sentiment, root=tmp_path, variants=most)
    rates = heard.findings.scores["failure_rate"]

    def says(text: str) -> str:
        return sentiment(Request("generate", text))

    changed = [case["inputs"] for case in cases if set(filter(str.strip, case["inputs"][1:])) - {case["inputs"][0]}]
    failed = sum(any(says(text) != says(texts[0]) for text in texts[1:] if text.strip()) for texts in changed)
    assert len(rates.ids) == len(changed)
    assert int(rates.stats.sum()) == failed
    estimate = stats.level(rates, confidence=0.975, seed="x")
    low, high = wilson(failed, len(changed))
    assert estimate.low == pytest.approx(low, abs=0.03)
    assert estimate.high == pytest.approx(high, abs=0.03)


def test_checklists_minimum_tests_with_negation(shared: Path, tmp_path: Path) -> None:
    """A model deaf to negation knows plain words (MFT), keeps its answers (INV), and fails where it must turn."""
    plain = [case for case in suite_rows(shared, "MFT", "Sentiment-laden words in context") if case["label"] in (0, 2)]
    rows = [{"id": str(at), "text": case["inputs"], "target": ["negative", "", "positive"][case["label"]]}
            for at, case in enumerate(plain)]  # fmt: skip
    made = task(tmp_path, rows, prompt="{{ text }}", choices=["negative", "neutral", "positive"])
    specs = [Spec("negation"), Spec("uppercase"), Spec("random_token"), Spec("antonym")]
    found = asked(made, specs, sentiment).findings
    rates = found.scores["failure_rate"]
    known = sum(sentiment(Request("generate", row["text"])) == row["target"] for row in rows) / len(rows)
    assert known >= 0.8
    assert mean(rates, "uppercase") == mean(rates, "random_token") == 0.0
    assert mean(rates, "negation") == 1.0
    assert verdict("typing.failure_rate[negation] <= 10%", found)[0] == "fail"
    assert verdict("typing.failure_rate[uppercase] <= 10%", found)[0] == "pass"


def test_the_control_differs_from_seed_to_seed() -> None:
    control: Callable[[int], Any] = Catalog().get("control", "robustness").function
    assert control(1).flaw
    assert control(1).flawed.files != control(2).flawed.files
