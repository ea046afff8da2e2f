"""Grounding: what a table of facts holds, what a context holds, and what a model makes up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.catalog import Catalog
from harness.errors import CheckBroken, NothingSelected, SuiteError
from talk import CANDIDATE, CRASH, OUTAGE, data, drive, leaf, task

FACTS = [
    {"route": "47", "stop": "Five Points", "first": "5:10 am", "last": "11:40 pm", "fare": "$2.50"},
    {"route": "12", "stop": "Elm Street", "first": "6:00 am", "last": "10:15 pm", "fare": "$3.00"},
    {"route": "8", "stop": "Harbor", "first": "4:45 am", "last": "9:00 pm", "fare": "$1.75"},
]
ASKED = [
    {
        "id": f"q{at}",
        "route": f["route"],
        "input": f"When does route {f['route']} start?",
        "target": f"At {f['first']}.",
    }
    for at, f in enumerate(FACTS * 10)
]
RIGHT = {f["route"]: f"Route {f['route']} starts at {f['first']} at {f['stop']}." for f in FACTS}


def route(request: Any) -> str:
    return str(request.prompt.split("route ")[1].split(" ")[0])


def known(folder: Path, say: Any, *, rows: Any = ASKED, facts: Any = FACTS, names: Any = ("route", "stop"),
          metrics: Any = (), **options: Any) -> Any:  # fmt: skip
    table = data(folder, facts, "facts.jsonl") if facts is not None else None
    made = task(folder, rows, metrics=metrics)
    return drive(leaf("grounding")(CANDIDATE, of=made, knowledge=table, names=list(names), **options), say)


def rates(heard: Any) -> dict[str, float | None]:
    return {n: stats.level(s, confidence=0.95, seed="x").value for n, s in heard.findings.scores.items()}


@pytest.mark.parametrize(
    ("say", "unsupported", "nonexistent", "wrong"),
    [
        (lambda r: RIGHT[route(r)], 0.0, 0.0, 0.0),
        (lambda r: "I do not know.", 0.0, 0.0, 0.0),
        (lambda r: f"Route {route(r)} starts at 3:33 am.", 1.0, 1.0, 0.0),
        (lambda r: "Take route 99.", 1.0, 1.0, 0.0),
        (lambda r: "It starts at 6 am." if route(r) == "47" else RIGHT[route(r)], 1 / 3, 0.0, 1 / 3),
        (lambda r: "At 6:00 from nowhere at 3:33 for $99.", 1.0, 1.0, 2 / 3),
        (lambda r: "5 past nine, at Elm street" if route(r) != "12" else "ok", 2 / 3, 2 / 3, 2 / 3),
    ],
    ids=["right", "declined", "made up", "no such route", "of another row", "both", "in words"],
)
def test_what_the_table_does_not_hold(
    say: Any, unsupported: float, nonexistent: float, wrong: float, tmp_path: Path
) -> None:
    found = rates(known(tmp_path, say))
    assert found == pytest.approx(
        {"unsupported_rate": unsupported, "nonexistent_rate": nonexistent, "wrong_rate": wrong}
    )


def test_what_the_question_names_is_no_claim_and_supports_nothing_else(tmp_path: Path) -> None:
    rows = [*ASKED[:3], {"id": "u", "route": "99", "input": "When does route 99 start?", "target": "There is none."}]
    heard = known(tmp_path, lambda r: "There is no route 99." if "99" in r.prompt else "ok", rows=rows)
    assert rates(heard)["unsupported_rate"] == 0.0
    heard = known(tmp_path, lambda r: "Route 99 starts at 5:10 am." if "99" in r.prompt else "ok", rows=rows)
    assert rates(heard) == {"unsupported_rate": 0.25, "nonexistent_rate": 0.0, "wrong_rate": 0.25}


def test_a_key_says_which_rows_are_asked_about(tmp_path: Path) -> None:
    rows = [{"id": "1", "route": "8", "input": "When is the first one?", "target": "At 4:45 am."}]
    assert rates(known(tmp_path, lambda r: "6:00 am", rows=rows, key="route"))["wrong_rate"] == 1.0
    assert rates(known(tmp_path, lambda r: "6:00 am", rows=rows))["wrong_rate"] == 0.0, "then it is about every row"


def test_a_question_about_two_rows(tmp_path: Path) -> None:
    rows = [{"id": "1", "input": "Is route 47 earlier than route 12?", "target": "Yes, 5:10 am and 6 am."}]
    assert rates(known(tmp_path, lambda r: "5:10 am against 6:00 am", rows=rows))["unsupported_rate"] == 0.0
    assert rates(known(tmp_path, lambda r: "4:45 am", rows=rows))["wrong_rate"] == 1.0


def test_a_number_alone_in_the_table_may_be_a_price_but_that_of_a_name_may_not(tmp_path: Path) -> None:
    facts = [{"line": "3", "fare": "2.50"}, {"line": "4", "fare": 4}]
    rows = [{"id": "a", "input": "What does line 3 cost?", "target": "It costs 2.50 dollars."}]

    def unsupported(answer: str) -> float | None:
        return rates(known(tmp_path, lambda request: answer, rows=rows, facts=facts, names=("line",)))[
            "unsupported_rate"
        ]

    assert [unsupported(f"It costs {price}.") for price in ("$2.50", "2.50 dollars", "€2.5", "2.50")] == [0.0] * 4
    assert [unsupported(f"It costs {price}.") for price in ("$2.60", "$3", "$4.00")] == [1.0] * 3


def test_gold_answers_must_be_in_the_table(tmp_path: Path) -> None:
    rows = [{"id": "g", "input": "When does route 47 start?", "target": "At 5:11 am."}]
    with pytest.raises(CheckBroken) as caught:
        known(tmp_path, lambda r: "x", rows=rows)
    assert "the gold answer 'At 5:11 am.' of sample g in task 'quiz' names what its own" in str(caught.value)
    assert "(time 05:11)" in str(caught.value)


def test_figures_slices_and_failures(tmp_path: Path) -> None:
    say = lambda r: CRASH if r.sample == "q0" else OUTAGE if r.sample == "q1" else "Take route 99."  # noqa: E731
    found = known(tmp_path, say).findings
    assert {at: why.blame for at, why in found.scores["unsupported_rate"].missing.items()} == {
        0: "candidate", 1: "infrastructure",
    }  # fmt: skip
    assert stats.missing.count_failures(found.scores["nonexistent_rate"]).stats[0, 0] == 1.0
    counts, examples = found.figures
    assert counts.rows == [["route", 28, 0]]
    assert (examples.total, examples.items[0].note) == (28, "route 99 (nowhere)")
    assert found.rows[5]["unsupported"] == ["route 99"]
    assert len(found.warnings) == 2


LAST = ("Ames", "Boyd", "Cole", "Dunn", "Ebel")
OWNERS = [f"{first} {last}" for first in ("Ann", "Bob", "Cid", "Dee") for last in LAST]
CONTEXTS = [
    {"id": f"c{at}", "input": f"Who owns shop {at}?", "target": name, "context": f"Shop {at} of Mill: {name} has it."}
    for at, name in enumerate(OWNERS)
]
PROMPT = "{{ context }}\nQ: {{ input }}\nA:"


def reading(request: Any) -> str:
    """Reads its context, and says so where there is none."""
    text = request.prompt.split("\nQ:")[0]
    return text.split(": ")[1].removesuffix(" has it.") if ": " in text else "I do not know."


def by_heart(request: Any) -> str:
    """Knows the answers and reads nothing."""
    return next(row["target"] for row in CONTEXTS if row["id"] == request.sample)


def context(folder: Path, say: Any, *, rows: Any = CONTEXTS, prompt: str = PROMPT, **options: Any) -> Any:
    made = task(folder, rows, prompt=prompt)
    return drive(leaf("grounding")(CANDIDATE, of=made, source="context", **options), say)


def test_who_reads_follows_and_who_knows_by_heart_does_not(tmp_path: Path) -> None:
    assert rates(context(tmp_path, reading)) == {"unsupported_rate": 0.0, "follow_rate": 1.0, "abstained_without": 1.0}
    assert rates(context(tmp_path, by_heart)) == {"unsupported_rate": 0.0, "follow_rate": 0.0, "abstained_without": 0.0}


def test_what_stands_in_neither_context_nor_question(tmp_path: Path) -> None:
    def say(request: Any) -> str:
        return "Rex Quill owns it, for $5" if request.sample in ("c0", "c1") else reading(request)

    heard = context(tmp_path, say, swap=False, remove=False)
    assert rates(heard) == {"unsupported_rate": 0.1}
    assert heard.findings.rows[0]["unsupported"] == ["price USD 5.00"] or "price" in str(heard.findings.rows[0])


def test_contexts_are_changed_and_taken_away(tmp_path: Path) -> None:
    heard = context(tmp_path, reading, without="(no document)")
    asked, other, bare = heard.rounds
    assert len(asked) == len(other) == len(bare) == 20
    first = CONTEXTS[0]["target"]
    assert first in asked[0].prompt
    assert first not in other[0].prompt
    assert other[0].prompt.endswith("Q: Who owns shop 0?\nA:")
    assert bare[0].prompt == "(no document)\nQ: Who owns shop 0?\nA:"


def test_answers_of_one_kind_take_each_others_place(tmp_path: Path) -> None:
    rows = [{"id": "t", "input": "When?", "target": "5:10", "context": "It starts at 5:10."},
            {"id": "u", "input": "When?", "target": "6:20", "context": "It starts at 6:20."},
            {"id": "w", "input": "Who?", "target": "Ann", "context": "It is Ann."},
            {"id": "x", "input": "Who?", "target": "Bob", "context": "Here is Bob."}]  # fmt: skip
    heard = context(tmp_path, lambda r: "x", rows=rows, remove=False)
    assert [r.prompt.split("\n")[0] for r in heard.rounds[1]] == [
        "It starts at 6:20.", "It starts at 5:10.", "It is Bob.", "Here is Ann.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "options", "said"),
    [
        (known, {"facts": None}, "`source: knowledge` needs the table of facts under `knowledge`"),
        (known, {"names": ["rout"]}, "facts.jsonl:1: grounding: the row has no field 'rout'; did you mean 'route'?"),
        (known, {"key": "stop"}, "grounding: row 'q0' has no field 'stop'"),
        (known, {"question": "inptu"}, "grounding: row 'q0' has no field 'inptu'; did you mean 'input'?"),
        (known, {"metrics": ["perplexity"]}, "grounding needs a task that generates text"),
        (context, {"context": "contxt"}, "row 'c0' has no field 'contxt'; did you mean 'context'?"),
        (context, {"prompt": "Q: {{ input }}", "swap": False}, "does not show its field 'context'"),
        (context, {"patterns": ["("]}, "is not a regular expression"),
    ],
)
def test_what_is_wrong_is_said(ask: Any, options: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        ask(tmp_path, lambda r: "I do not know.", **options)
    assert said in str(caught.value)


def test_nothing_to_look_up(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected, match=r"facts.jsonl has no rows"):
        known(tmp_path, lambda r: "x", facts=[])
    rows = [{"id": "1", "input": "Who?", "target": "nobody at all", "context": "It is Ann."}]
    with pytest.raises(CheckBroken, match="no answer of task 'quiz' stands word for word in its 'context'"):
        context(tmp_path, lambda r: "x", rows=rows)


def test_what_criteria_may_speak_of() -> None:
    measures = Catalog().get("check", "grounding").facts["measures"]
    assert list(measures("knowledge", True, True)) == ["unsupported_rate", "nonexistent_rate", "wrong_rate"]
    assert list(measures("context", True, False)) == ["unsupported_rate", "follow_rate"]
