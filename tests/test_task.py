"""Tasks: rows into questions, answers into scores, and a sentence with the line for every row that does not fit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.ask import ask
from harness.assembly import averaged, build, measures
from harness.catalog import Catalog, MetricSpec
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response, Scored
from harness.score import CANDIDATE, INFRASTRUCTURE
from harness.task import Answer, Task, as_text
from talk import CRASH, OUTAGE, data, drive, gold, task

ROWS = [
    {"id": "a", "input": "2+2?", "target": "4", "kind": "sum", "who": "x"},
    {"id": "b", "input": "3*3?", "target": "9", "kind": "product", "who": "x"},
    {"id": "c", "input": "1+1?", "target": "2", "kind": "sum", "who": "y"},
]
LABELS = [
    {"id": str(at), "input": f"row {at}", "target": label}
    for at, label in enumerate(["yes", "no", "maybe", "no", "yes", "yes"])
]


def wrong(folder: Path, rows: list[dict[str, Any]], **options: Any) -> str:
    """The complaint about a task or its rows."""
    with pytest.raises(SuiteError) as caught:
        list(task(folder, rows, **options).samples())
    return str(caught.value)


def value(scores: Any) -> float:
    """The value of scores without an interval."""
    import numpy as np

    from harness.score import Totals

    if scores.quantity.combine is None:
        return float(scores.present().stats[:, 0].mean())
    totals = Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(scores.n)))
    return float(scores.quantity.combine(totals))


# ---- rows into samples ----------------------------------------------------------------------------------------------


def test_rows_become_samples_in_their_order(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="Q: {{ input }}", slices=["kind"], cluster="who")
    samples = list(made.samples())
    assert [s.id for s in samples] == ["a", "b", "c"]
    assert samples[0].prompt == "Q: 2+2?"
    assert samples[0].targets == ("4",)
    assert samples[1].slices == {"kind": "product"}
    assert [s.cluster for s in samples] == ["x", "x", "y"]
    assert samples[2].row == ROWS[2]


def test_slices_and_clusters_are_spelled_as_in_the_file(tmp_path: Path) -> None:
    rows = [{"input": "x", "target": "y", "night": True, "zone": 3, "who": None}]
    (sample,) = task(tmp_path, rows, slices=["night", "zone"], cluster="who").samples()
    assert sample.slices == {"night": "true", "zone": "3"}
    assert sample.cluster == "null"


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    assert [s.id for s in task(tmp_path, ROWS, limit=2).samples()] == ["a", "b"]


@pytest.mark.parametrize(
    ("rows", "options", "targets"),
    [
        ([{"input": "x", "target": ["a", "b"]}], {}, ("a", "b")),
        ([{"input": "x", "target": ["a", None]}], {}, ("a",)),
        ([{"input": "x", "target": 7}], {}, ("7",)),
        ([{"input": "x", "target": True}], {}, ("true",)),
        ([{"input": "x", "answer": "b"}], {"target": "answer"}, ("b",)),
        ([{"input": "x", "n": 3, "unit": "km"}], {"target": "{{ n }} {{ unit }}"}, ("3 km",)),
        ([{"input": "x", "target": {"ü": [1, 2]}}], {}, ('{"ü": [1, 2]}',)),
    ],
)
def test_targets(rows: list[dict[str, Any]], options: dict[str, Any], targets: tuple[str, ...], tmp_path: Path) -> None:
    (sample,) = task(tmp_path, rows, **options).samples()
    assert sample.targets == targets


@pytest.mark.parametrize(
    ("row", "options", "said"),
    [
        ({"input": "x", "targets": "4"}, {}, "rows.jsonl:4: check 'quiz': the row has no field 'target' for the target;"
         " did you mean 'targets'?"),
        ({"input": "x", "target": None}, {}, "rows.jsonl:4: check 'quiz': the target field 'target' is empty"),
        ({"input": "x", "target": []}, {}, "rows.jsonl:4: check 'quiz': the target field 'target' is empty"),
        ({"input": "x", "n": ""}, {"target": "{{ n }}"}, "rows.jsonl:4: check 'quiz': the target '{{ n }}' gives an "
         "empty text"),
        ({"imput": "x", "target": "4"}, {}, "rows.jsonl:4: check 'quiz': the template asks for something the row does "
         "not have: 'input' is undefined; did you mean 'imput'?"),
        ({"input": "x", "target": "4"}, {"slices": ["kind"]}, "rows.jsonl:4: check 'quiz': the slice field 'kind' is "
         "missing"),
        ({"input": "x", "target": "4"}, {"cluster": "who"}, "rows.jsonl:4: check 'quiz': the cluster field 'who' is "
         "missing"),
        ({"input": "x", "target": "5"}, {"choices": ["4", "9", "2"]}, "rows.jsonl:4: check 'quiz': the target '5' is "
         "not among the choices (known: 2, 4, 9)"),
        ({"input": "x", "target": "5"}, {"parse": {"4": "four", "9": "nine", "2": "two"}}, "rows.jsonl:4: check "
         "'quiz': the target '5' is none of the labels of `parse`"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_named_by_its_line(
    row: dict[str, Any], options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    known = [{**r, "n": 1} for r in ROWS]
    assert said in wrong(tmp_path, [*known, row], **options)


@pytest.mark.parametrize("options", [[], ["a"], "a", None, 3])
def test_choices_of_a_row_are_two_or_more(options: Any, tmp_path: Path) -> None:
    row = {"input": "x", "target": "a", "options": options}
    said = wrong(tmp_path, [row], choices="options", metrics=["accuracy"])
    assert "rows.jsonl:1: check 'quiz': the field 'options' must list two choices or more, found" in said


def test_choices_of_each_row(tmp_path: Path) -> None:
    rows = [{"input": "x", "target": "a", "options": ["a", "b"]}, {"input": "y", "target": "3", "options": [3, 4, 5]}]
    made = task(tmp_path, rows, choices="options")
    assert [s.choices for s in made.samples()] == [("a", "b"), ("3", "4", "5")]
    assert made.output == "choices"


def test_choices_from_data(tmp_path: Path) -> None:
    assert task(tmp_path, LABELS, choices="from_data").choices == ("maybe", "no", "yes")
    several = [{"input": "x", "target": ["b", "a"]}, {"input": "y", "target": "c"}]
    assert task(tmp_path, several, choices="from_data").choices == ("a", "b", "c")
    written = [{"input": "x", "n": 1}, {"input": "y", "n": 2}]
    assert task(tmp_path, written, choices="from_data", target="no. {{ n }}").choices == ("no. 1", "no. 2")
    assert "found 1 different targets" in wrong(tmp_path, LABELS[:1], choices="from_data")
    assert "rows.jsonl:2" in wrong(tmp_path, [*written[:1], {"input": "z"}], choices="from_data", target="{{ n }}")


@pytest.mark.parametrize("choices", [["a"], ["a", "a"]])
def test_listed_choices_differ(choices: list[str], tmp_path: Path) -> None:
    assert "`choices` must be two or more different texts" in wrong(tmp_path, LABELS, choices=choices)


# ---- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "chioces"}, "check 'quiz': no output 'chioces'; did you mean 'choices'?"),
        ({"output": "label"}, "check 'quiz': output 'label' needs `choices`: a list, a field, or from_data"),
        ({"normalize": "bytes"}, "no normalize 'bytes' (known: characters, none, tokens)"),
        ({"samples": 3}, "`samples: 3` needs a `temperature` above 0; greedy answers never differ"),
        ({"samples": 0}, "`samples: 0` is too small; write 1 or more"),
        ({"max_new_tokens": 0}, "`max_new_tokens: 0` is too small; write 1 or more"),
        ({"temperature": -1.0}, "`temperature: -1.0` is too small; write 0 or more"),
        ({"temperature": math.nan}, "`temperature: nan` is too small"),
        ({"num_fewshot": 2}, "`num_fewshot: 2` needs `fewshot:`"),
        ({"parse": "("}, "check 'quiz': `parse`"),
        ({"metrics": ["accuracy", "accuracy"]}, "`metrics` names accuracy twice"),
        ({"metrics": ["perplexity", "accuracy"]}, "the metric perplexity suits tasks with output perplexity; this one "
         "has generate"),
        ({"metrics": ["rouge"], "choices": ["4", "9"]}, "the metric rouge suits tasks with output generate; this one "
         "has choices"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_together(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert said in wrong(tmp_path, ROWS, **options)


@pytest.mark.parametrize(
    ("options", "output", "metric"),
    [
        ({}, "generate", "exact_match"),
        ({"choices": ["4", "9", "2"]}, "choices", "accuracy"),
        ({"choices": "from_data", "output": "label"}, "label", "accuracy"),
        ({"metrics": ["bits_per_byte"]}, "perplexity", "bits_per_byte"),
        ({"output": "perplexity"}, "perplexity", "perplexity"),
    ],
)
def test_output_and_metric_are_inferred(options: dict[str, Any], output: str, metric: str, tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, **options)
    assert (made.output, made.measures[0].quantity.name) == (output, metric)
    specs = [MetricSpec(name) for name in options.get("metrics", ())]
    assert list(measures(specs, options.get("output"), options.get("choices"), Catalog())) == [metric]


def test_a_gap_needs_an_average(tmp_path: Path) -> None:
    known = {m.quantity.name: m.quantity for m in task(tmp_path, ROWS, metrics=["bleu", "token_f1"]).measures}
    assert averaged(known, None).name == "token_f1"
    with pytest.raises(SuiteError, match="bleu is not"):
        averaged(known, "bleu")
    with pytest.raises(SuiteError, match="no metric 'blue'; did you mean 'bleu'"):
        averaged(known, "blue")


# ---- samples into requests ------------------------------------------------------------------------------------------


def test_generation(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, max_new_tokens=9, stop=["\n"])
    (request,) = made.requests(next(iter(made.samples())), "causal")
    assert request == Request("generate", "2+2?", max_new_tokens=9, stop=("\n",))
    assert request.sample == "a"
    assert request.seed == 0


def test_repeats_have_seeds_of_their_own(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, samples=4, temperature=0.7, seed=3)
    asked = [made.requests(sample, "causal") for sample in made.samples()]
    seeds = [request.seed for requests in asked for request in requests]
    assert [len(requests) for requests in asked] == [4, 4, 4]
    assert len(set(seeds)) == 12
    assert seeds == [r.seed for s in made.samples() for r in made.requests(s, "causal")]
    other = replace(made, seed=4)
    assert not {r.seed for s in other.samples() for r in other.requests(s, "causal")} & set(seeds)
    backwards = task(tmp_path, ROWS[::-1], samples=4, temperature=0.7, seed=3)
    turned = {s.id: [r.seed for r in backwards.requests(s, "causal")] for s in backwards.samples()}
    assert turned["a"] == seeds[:4], "a row's seeds do not depend on its place"


@pytest.mark.parametrize(("prompt", "glue"), [("{{ input }}", " "), ("{{ input }}\n", ""), ("", "")])
def test_choices_are_scored_after_a_blank(prompt: str, glue: str, tmp_path: Path) -> None:
    made = task(tmp_path, LABELS, choices=["yes", "no", "maybe"], prompt=prompt)
    (request,) = made.requests(next(iter(made.samples())), "causal")
    assert request.kind == "score"
    assert request.continuations == tuple(glue + choice for choice in ("yes", "no", "maybe"))


def test_a_classifier_is_asked_to_classify(tmp_path: Path) -> None:
    made = task(tmp_path, LABELS, choices=["yes", "no", "maybe"])
    sample = next(iter(made.samples()))
    assert made.requests(sample, "classifier")[0].kind == "classify"
    assert made.requests(sample, "classifier")[0].continuations == ("yes", "no", "maybe")
    label = replace(made, output="label")
    assert label.requests(sample, "causal")[0].kind == "classify"


def test_perplexity_scores_the_target_alone(tmp_path: Path) -> None:
    plain = task(tmp_path, ROWS, metrics=["perplexity"])
    (request,) = plain.requests(next(iter(plain.samples())), "causal")
    assert (request.kind, request.prompt, request.continuations) == ("score", "", ("4",))


def test_examples_stand_before_every_prompt(tmp_path: Path) -> None:
    examples = data(
        tmp_path, [{"input": "5+5?", "target": "10"}, {"input": "6+6?", "target": ["12", "twelve"]}], "e.jsonl"
    )
    made = task(tmp_path, ROWS, prompt="Q: {{ input }}\nA:", num_fewshot=2, fewshot=examples)
    sample = next(iter(made.samples()))
    assert sample.prompt == "Q: 5+5?\nA: 10\n\nQ: 6+6?\nA: 12\n\nQ: 2+2?\nA:"


def test_examples_that_cannot_be_taken(tmp_path: Path) -> None:
    examples = data(tmp_path, [{"input": "5+5?", "target": "10"}, {"input": "6+6?"}], "e.jsonl")
    assert "`num_fewshot: 3`, but e.jsonl has 2 rows" in wrong(tmp_path, ROWS, num_fewshot=3, fewshot=examples)
    said = wrong(tmp_path, ROWS, num_fewshot=2, fewshot=examples)
    assert said.startswith("e.jsonl:2: check 'quiz': example of `fewshot`: the row has no field 'target'")
    tested = data(tmp_path, ROWS)
    assert "examples would hold the answers" in wrong(tmp_path, ROWS, num_fewshot=1, fewshot=tested)


# ---- responses into answers -----------------------------------------------------------------------------------------


def read(made: Task, response: Response) -> Answer:
    return made.read(next(iter(made.samples())), response)


def test_the_most_probable_choice(tmp_path: Path) -> None:
    made = task(tmp_path, LABELS, choices=["yes", "no", "maybe"])
    scores = (Scored(-3.0, 3), Scored(-2.0, 1), Scored(-4.0, 8))
    assert read(made, Response(scores=scores)).text == "no"
    assert read(replace(made, normalize="tokens"), Response(scores=scores)).text == "maybe"
    assert read(replace(made, normalize="characters"), Response(scores=scores)).text == "maybe"
    assert read(made, Response(scores=(Scored(-1.0, 1),) * 3)).text == "yes"


def test_probabilities_that_are_none_are_no_answer(tmp_path: Path) -> None:
    made = task(tmp_path, LABELS, choices=["yes", "no", "maybe"])
    scores = (Scored(-3.0, 1), Scored(math.nan, 1), Scored(-4.0, 1))
    assert not read(made, Response(scores=scores)).valid
    with pytest.raises(CheckBroken, match="2 scores for the 3 choices of sample 0"):
        read(made, Response(scores=scores[:2]))


@pytest.mark.parametrize(
    ("options", "text", "answer", "valid"),
    [
        ({}, "  yes \n", "yes", True),
        ({"parse": "answer: (yes|no|maybe)"}, "the answer: no.", "no", True),
        ({"parse": "answer: (yes|no|maybe)"}, "I do not know", "", False),
        ({"parse": {"yes": "(?i)yes", "no": "(?i)no", "maybe": "(?i)may"}}, "YES!", "yes", True),
        ({"parse": {"yes": "(?i)yes", "no": "(?i)no", "maybe": "(?i)may"}}, "yes and no", "", False),
        ({"choices": ["yes", "no", "maybe"], "output": "generate"}, "maybe", "maybe", True),
        ({"choices": ["yes", "no", "maybe"], "output": "generate"}, "perhaps", "perhaps", False),
        ({"choices": ["yes", "no", "maybe"], "output": "generate", "parse": "=(.*)"}, "it is =no", "no", True),
        ({"choices": ["yes", "no", "maybe"], "output": "generate", "parse": "=(.*)"}, "it is =nope", "", False),
    ],
)  # fmt: skip
def test_texts_are_read(options: dict[str, Any], text: str, answer: str, valid: bool, tmp_path: Path) -> None:
    found = read(task(tmp_path, LABELS, **options), Response(text=text))
    assert (found.text, found.valid) == (answer, valid)


def test_equal_json_is_equal(tmp_path: Path) -> None:
    rows = [{"input": "x", "target": {"b": 1, "a": [1, 2]}}, {"input": "y", "target": '{ "c" : 3 }'}]
    made = task(tmp_path, rows, parse="json")
    said = {
        s.id: text for s, text in zip(made.samples(), ['ok: {"a": [1,2], "b":1}', '```json\n{"c":3}\n```'], strict=True)
    }
    heard = drive(ask(made, "causal"), lambda request: said[request.sample])
    assert value(heard.findings.scores["exact_match"]) == 1.0


# ---- answers into scores --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"metrics": ["exact_match", "token_f1", "chrf", "rouge", "valid_rate"]},
        {"choices": "from_data", "metrics": ["accuracy", "macro_f1", "balanced_accuracy", "mcc"]},
        {"parse": "(yes|no|maybe)"},
        {"parse": {"yes": "yes", "no": "no", "maybe": "maybe"}},
    ],
)
def test_gold_answers_score_best(options: dict[str, Any], tmp_path: Path) -> None:
    made = task(tmp_path, LABELS, **options)
    heard = drive(ask(made, "causal"), gold(made))
    assert heard.findings.faults() == []
    for measure in made.measures:
        assert value(heard.findings.scores[measure.quantity.name]) == pytest.approx(measure.quantity.best)


def test_a_metric_that_cannot_judge_the_data_breaks_the_check_before_a_model_is_asked(tmp_path: Path) -> None:
    made = task(tmp_path, [*ROWS, {"id": "d", "input": "?", "target": "a b"}], metrics=["bleu"])
    with pytest.raises(CheckBroken) as caught:
        next(ask(made, "causal"))
    assert "check 'quiz': the gold answers themselves score 0 on bleu, not 100" in str(caught.value)
    made = task(tmp_path, [*ROWS, {"id": "d", "input": "?", "target": "a b"}])
    digits = replace(made.measures[0], entry=replace(made.measures[0].entry, function=only_digits))
    with pytest.raises(CheckBroken, match=r"score 0.75 on .* cannot judge this data \(sample d, target 'a b'\)"):
        next(ask(replace(made, measures=(digits,)), "causal"))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_metric_that_gives_no_number_breaks_the_check(number: float, tmp_path: Path) -> None:
    def strange(answer: str) -> float:
        return 1.0 if answer else number

    made = task(tmp_path, ROWS)
    measure = replace(made.measures[0], entry=replace(made.measures[0].entry, function=strange, given=("answer",)))
    with pytest.raises(CheckBroken, match="check 'quiz': exact_match of sample 'b' is not a finite number"):
        drive(ask(replace(made, measures=(measure,)), "causal"), lambda r: "" if r.sample == "b" else "x")


def only_digits(answer: str, targets: list[str], valid: bool) -> float:
    return float(valid and answer.isdigit() and answer in targets)


def test_without_a_sample_nothing_is_asked(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match="check 'quiz': no sample is left to ask"):
        next(ask(task(tmp_path, ROWS, limit=0), "causal"))


def test_infrastructure_faults_are_missing(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, metrics=["exact_match", "chrf"])
    right = gold(made)
    heard = drive(ask(made, "causal"), lambda r: OUTAGE if r.sample == "b" else right(r))
    for scores in heard.findings.scores.values():
        assert {at: (why.reason, why.blame) for at, why in scores.missing.items()} == {
            1: ("the server is away", INFRASTRUCTURE)
        }
    assert heard.findings.faults() == ["1 of 3 answers failed (infrastructure): the server is away (first: sample b)"]


def test_the_candidates_own_faults_score_worst(tmp_path: Path) -> None:
    from harness.stats.missing import count_failures

    exact = task(tmp_path, ROWS)
    heard = drive(ask(exact, "causal"), lambda r: CRASH if r.sample == "b" else gold(exact)(r))
    assert heard.findings.scores["exact_match"].missing[1].blame == CANDIDATE
    counted = count_failures(heard.findings.scores["exact_match"])
    assert counted.missing == {}
    assert value(counted) == pytest.approx(2 / 3)

    labels = task(tmp_path, LABELS, choices="from_data", metrics=["macro_f1"])
    heard = drive(ask(labels, "causal"), lambda r: CRASH if r.sample == "2" else gold(labels)(r))
    assert value(heard.findings.scores["macro_f1"]) == pytest.approx(2 / 3), "the only `maybe` is a miss"
    assert heard.findings.scores["macro_f1"].missing == {}

    surprise = task(tmp_path, ROWS, metrics=["perplexity"])
    said = Response(scores=(Scored(-1.0, 1),))
    heard = drive(ask(surprise, "causal"), lambda r: CRASH if r.sample == "b" else said)
    assert heard.findings.scores["perplexity"].missing[1].blame == CANDIDATE
    assert count_failures(heard.findings.scores["perplexity"]).missing, "no number stands for an infinite surprise"


def test_repeats_are_averaged(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, samples=4, temperature=1.0, metrics=["exact_match"])
    seen: dict[str, int] = {}

    def say(request: Request) -> str:
        seen[request.sample] = seen.get(request.sample, 0) + 1
        return gold(made)(request) if seen[request.sample] <= {"a": 4, "b": 1, "c": 0}[request.sample] else "?"  # type: ignore[return-value]

    scores = drive(ask(made, "causal"), say).findings.scores["exact_match"]
    assert scores.stats[:, 0].tolist() == [1.0, 0.25, 0.0]
    assert scores.quantity.family == "mean"


def test_repeats_of_counts_are_averaged_too(tmp_path: Path) -> None:
    made = task(
        tmp_path, LABELS, choices="from_data", output="generate", samples=2, temperature=1.0, metrics=["macro_f1"]
    )
    turn: list[str] = []

    def say(request: Request) -> str:
        turn.append(request.sample)
        return "no" if turn.count(request.sample) == 2 else str(gold(made)(request))

    scores = drive(ask(made, "causal"), say).findings.scores["macro_f1"]
    first = dict(zip(scores.names, scores.stats[0].tolist(), strict=True))
    assert first["gold=yes"] == 1.0
    assert first["tp=yes"] == first["pred=yes"] == first["pred=no"] == 0.5


def test_scores_carry_slices_and_clusters(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, slices=["kind"], cluster="who")
    scores = drive(ask(made, "causal"), gold(made)).findings.scores["exact_match"]
    assert scores.ids == ("a", "b", "c")
    assert scores.groups == {"kind": ("sum", "product", "sum")}
    assert scores.clusters == ("x", "x", "y")


# ---- rows of the record ---------------------------------------------------------------------------------------------


def test_rows_have_lm_evals_names(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, metrics=["exact_match", "bleu"], slices=["kind"], parse="([0-9]+)")
    with pytest.raises(CheckBroken):
        next(ask(made, "causal"))  # BLEU needs four words
    made = task(tmp_path, ROWS, metrics=["exact_match"], slices=["kind"], parse="([0-9]+)")
    said = {"a": "it is 4", "b": "no idea", "c": CRASH}
    rows = drive(ask(made, "causal"), lambda r: said[r.sample]).findings.rows()
    assert {"doc_id", "target", "resps", "filtered_resps", "doc_hash", "prompt_hash", "target_hash"} <= rows[0].keys()
    assert (rows[0]["doc_id"], rows[0]["resps"], rows[0]["filtered_resps"]) == ("a", ["it is 4"], ["4"])
    assert rows[0]["metrics"] == {"exact_match": 1.0}
    assert (rows[1]["valid"], rows[1]["metrics"]) == (False, {"exact_match": 0.0})
    assert (rows[2]["fault"], rows[2]["metrics"]) == ("out of memory", {"exact_match": None})
    assert rows[0]["slices"] == {"kind": "sum"}
    assert len({row["doc_hash"] for row in rows}) == len({row["prompt_hash"] for row in rows}) == 3


def test_perplexity_is_shown_per_token(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, metrics=["perplexity"])
    heard = drive(ask(made, "causal"), lambda r: Response(scores=(Scored(-6.0, 3),)))
    assert heard.findings.rows()[0]["metrics"] == {"perplexity": 2.0}
    assert value(heard.findings.scores["perplexity"]) == pytest.approx(math.exp(2.0))


def test_a_task_that_is_built_twice_is_equal_where_it_matters(tmp_path: Path) -> None:
    options = {"data": data(tmp_path, ROWS), "prompt": "{{ input }}"}
    one, two = (build("quiz", options, Catalog(), seed=1) for _ in range(2))
    assert [one.requests(s, "causal") for s in one.samples()] == [two.requests(s, "causal") for s in two.samples()]


@pytest.mark.parametrize(("field", "text"), [("a", "a"), (1, "1"), (1.5, "1.5"), (None, "null"), (["é"], '["é"]')])
def test_fields_as_a_model_would_write_them(field: Any, text: str) -> None:
    assert as_text(field) == text
