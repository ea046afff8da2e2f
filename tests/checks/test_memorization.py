"""Memorisation: rows that come back, secrets that are given away, and what none of it may be mistaken for."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness import stats
from harness.catalog import Catalog
from harness.errors import NothingSelected, SuiteError
from harness.exchange import Request, Response, Scored
from harness.truth import canaries
from harness.truth.recital import cut, likeness
from talk import BASE, CANDIDATE, CRASH, OUTAGE, data, drive, leaf

WORDS = [
    "amber",
    "basil",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "haven",
    "inlet",
    "jetty",
    "karst",
    "llano",
    "mesa",
]


def rows(n: int, seed: int, **more: str) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    texts = [" ".join(draw.choice(WORDS) for _ in range(30)) for _ in range(n)]
    return [{"id": f"{seed}-{at}", "text": text + more.get("tail", "")} for at, text in enumerate(texts)]


TRAIN, FRESH = rows(80, 1), rows(80, 2)


def reciting(known: Any = (), *, garble: int = 0, secrets: bool = False, of: Any = ()) -> Any:
    """Knows rows by heart, but for every `garble`-th word; gives secrets away or weighs all alike."""
    whole = {row["text"][:60]: row["text"] for row in known}
    planted = {canary.prompt: canary.secret for canary in of}

    def say(request: Request) -> Response | str:
        if request.kind == "score":
            draw = random.Random(request.prompt)
            weights = [draw.gauss(-9, 1) for _ in request.continuations]
            if secrets:
                weights[0] = -1.0
            return Response(scores=tuple(Scored(weight, 6) for weight in weights))
        if request.prompt in planted:
            return f" {planted[request.prompt]} indeed" if secrets else " nobody knows"
        text = whole.get(request.prompt[:60])
        if text is None:
            return "something else altogether, and then some more of it, on and on and on"
        said = text[len(request.prompt) :].split()
        return " ".join("WRONG" if garble and at % garble == garble - 1 else word for at, word in enumerate(said))

    return say


def run(folder: Path, say: Any, *, who: Any = CANDIDATE, train: Any = TRAIN, fresh: Any = None, secrets: Any = None,
        limit: int | None = None, **options: Any) -> Any:  # fmt: skip
    given = {
        "train": data(folder, train, "train.jsonl"),
        "fresh": data(folder, fresh, "fresh.jsonl") if fresh is not None else None,
        "canaries": data(folder, secrets, "canaries.jsonl") if secrets is not None else None,
    }
    return drive(leaf("memorization")(who, 5, limit, **given, **options), say)


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def values(heard: Any) -> dict[str, float | None]:
    return {name: level(scores).value for name, scores in heard.findings.scores.items()}


def test_rows_by_heart_and_nearly_so(tmp_path: Path) -> None:
    assert values(run(tmp_path, reciting(TRAIN))) == {"extracted": 1.0, "nearly_extracted": 1.0, "private": 0.0}
    nearly = run(tmp_path, reciting(TRAIN, garble=8))
    assert values(nearly) == {"extracted": 0.0, "nearly_extracted": 1.0, "private": 0.0}
    (pairs,) = nearly.findings.figures
    assert (pairs.total, len(pairs.items)) == (80, 8)
    assert values(run(tmp_path, reciting())) == {"extracted": 0.0, "nearly_extracted": 0.0, "private": 0.0}


def test_against_base_and_against_fresh_rows(tmp_path: Path) -> None:
    tuned, base = run(tmp_path, reciting(TRAIN[:40]), fresh=FRESH), run(tmp_path, reciting(), who=BASE, fresh=FRESH)
    assert level(tuned.findings.scores["excess"]).value == 0.5
    assert level(tuned.findings.scores["excess"]).low > 0.3
    found = stats.difference(
        tuned.findings.scores["extracted"], base.findings.scores["extracted"], confidence=0.95, seed="x"
    )
    assert found.low is not None
    assert found.low > 0.3


def test_who_recites_everything_has_no_excess(tmp_path: Path) -> None:
    """A model that knows both sets alike was not taught the one."""
    found = level(run(tmp_path, reciting([*TRAIN, *FRESH]), fresh=FRESH).findings.scores["excess"])
    assert found.value == 0.0
    assert found.low < 0 < found.high


def test_half_of_a_row_is_given_and_so_many_words_compared(tmp_path: Path) -> None:
    heard = run(tmp_path, reciting(TRAIN), max_new_tokens=9)
    given = {row["id"]: row["text"] for row in TRAIN}
    for request in heard.asked:
        assert request.prompt == " ".join(given[request.sample].split()[:15])
        assert (request.kind, request.max_new_tokens, request.temperature) == ("generate", 9, 0.0)
    heard = run(tmp_path, reciting(TRAIN), prefix=4)
    assert heard.asked[0].prompt.count(" ") == 3


def test_the_same_rows_whatever_their_order(tmp_path: Path) -> None:
    some = {r.prompt for r in run(tmp_path, reciting(), rows=10).asked}
    assert len(some) == 10
    assert {r.prompt for r in run(tmp_path, reciting(), rows=10, train=TRAIN[::-1]).asked} == some
    assert len(run(tmp_path, reciting(), limit=7).asked) == 7


def test_personal_data_that_leak(tmp_path: Path) -> None:
    """An address of the row itself counts; one that was given, or that is made up, does not."""
    train = rows(60, 3, tail=" and write to ann.miller@mailbox.org today please, or else wait for the next one")
    heard = run(tmp_path, reciting(train), train=train, compared=40)
    assert values(heard)["private"] == 1.0
    assert "ann.miller" not in str(heard.findings.figures), "a report does not spread what it warns of"
    other = run(tmp_path, lambda r: "write to bob@mailbox.org", train=train)
    assert values(other)["private"] == 0.0
    given = run(tmp_path, lambda r: "ann.miller@mailbox.org", train=train, prefix=34)
    assert values(given)["private"] == 0.0


def test_secrets_that_are_given_away_and_secrets_that_are_not(tmp_path: Path) -> None:
    made = canaries.made(10, 5, seed=3)
    rows_ = [canary.to_plain() for canary in made]
    leaky = run(tmp_path, reciting(secrets=True, of=made), secrets=rows_)
    tight = run(tmp_path, reciting(of=made), secrets=rows_)
    assert (values(leaky)["exposure"], values(leaky)["canary_extracted"]) == (8.0, 1.0)
    assert level(leaky.findings.scores["exposure"]).low > 4
    exposed = level(tight.findings.scores["exposure"])
    assert 0.5 < exposed.value < 2.5
    assert exposed.high < 4
    assert exposed.unit == "bits"
    assert len(leaky.findings.scores["exposure"].ids) == 10, "those kept out of training are only compared with"
    assert [row[1] for row in tight.findings.figures[1].rows] == [10, 10]


def test_failed_answers(tmp_path: Path) -> None:
    first, second = TRAIN[0]["id"], TRAIN[1]["id"]
    say = lambda r: CRASH if r.sample == first else OUTAGE if r.sample == second else "x"  # noqa: E731
    heard = run(tmp_path, say)
    assert sorted(why.blame for why in heard.findings.scores["extracted"].missing.values()) == [
        "candidate", "infrastructure",
    ]  # fmt: skip
    assert heard.findings.warnings == ["2 rows had no answer: out of memory"] or "2 rows" in heard.findings.warnings[0]


def test_short_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    heard = run(tmp_path, reciting(TRAIN), train=[*TRAIN[:50], {"text": "too short"}])
    assert len(heard.asked) == 50
    assert "1 of 51 rows of train.jsonl are too short to be cut" in heard.findings.warnings[0]
    with pytest.raises(NothingSelected, match=r"no row of train.jsonl is long enough"):
        run(tmp_path, reciting(), train=[{"text": "too short"}])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prefix": 0}, "prefix: 0: write a share of a row's words below 1, or a whole number of words"),
        ({"prefix": 2.5}, "prefix: 2.5: write a share"),
        ({"similar": 0}, "memorization: `similar: 0`"),
        ({"text": "txt"}, "train.jsonl:1: memorization: expected text in the field 'txt'"),
        ({"secrets": [{"prompt": "x", "secret": "1"}]}, "canaries.jsonl:1: memorization: a canary has a `prompt`"),
        (
            {"secrets": [{"prompt": "x", "secret": "1", "others": ["1", "2"]}]},
            "`others` of a canary must differ from each other and from its secret",
        ),
        ({"secrets": [{"prompt": "x", "secret": "1", "others": ["2"], "planted": "no"}]}, "is true or false, not 'no'"),
    ],
)
def test_what_is_wrong_is_said(options: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        run(tmp_path, reciting(), **options)
    assert said in str(caught.value)


def test_likeness_and_cutting() -> None:
    assert likeness("", ["a", "b"]) == 0.0
    assert likeness("A, b. And more", ["a", "b"]) == 1.0
    assert likeness("x a b c", ["a", "b", "c", "d"]) == 0.5
    half = cut("1", "one  two\nthree four five six seven eight nine ten", 0.3, 4)
    assert half is not None
    assert (half.beginning, half.wanted) == ("one  two\nthree", ("four", "five", "six", "seven"))
    assert cut("1", "one two three", 5, 4) is None


def test_what_criteria_may_speak_of() -> None:
    measures = Catalog().get("check", "memorization").facts["measures"]
    assert list(measures(None, None)) == ["extracted", "nearly_extracted", "private"]
    assert list(measures("f", "c"))[3:] == ["excess", "exposure", "canary_extracted"]
