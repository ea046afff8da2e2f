"""Contamination: exposure planted into made-up models, its clean twin, and texts that peers turn into NaN."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.catalog import Catalog
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response, Scored, Token
from talk import BASE, CANDIDATE, CRASH, OUTAGE, data, drive, leaf

ITEMS = [{"id": str(at), "text": f"item {at} " + "word " * (3 + at % 5)} for at in range(150)]
TWINS = [{"id": row["id"], "text": row["text"].replace("item", "twin")} for row in ITEMS]


def weigh(known: float = 0.0, *, seed: str = "x", easier: float = 0.0) -> Any:
    """Every text costs about two nats a token; an item `known` less, and `easier` less for every model."""

    def say(request: Request) -> Response:
        scores = []
        for text in request.continuations:
            size = max(1, len(text.split()))
            shared = random.Random(text).gauss(0, 0.3)
            own = random.Random(seed + text).gauss(0, 0.2)
            nats = 2.0 + shared + own - (known + easier) * ("item" in text.lower())
            each = tuple(Token(-nats + 0.1 * (at % 3 - 1), -2.5, 1.0) for at in range(size)) if request.each else ()
            scores.append(Scored(-nats * size, size, each=each))
        return Response(scores=tuple(scores))

    return say


def run(folder: Path, say: Any, *, base: Any = None, who: Any = CANDIDATE, items: Any = ITEMS, twins: Any = TWINS,
        models: Any = (CANDIDATE, BASE), limit: int | None = None, **options: Any) -> Any:  # fmt: skip
    answers = {"candidate": say, "base": base or weigh(seed="base")}
    given = {"test": data(folder, items, "test.jsonl"), "twins": data(folder, twins, "twins.jsonl"), "pair": "id"}
    talk = leaf("contamination")(who, models, 3, limit, **{**given, **options})
    return drive(talk, lambda request: answers[request.to or who.name](request))


def level(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


@pytest.mark.parametrize("pair", ["id", None], ids=["pairs", "two sets"])
def test_exposure_is_found(pair: str | None, tmp_path: Path) -> None:
    found = run(tmp_path, weigh(0.4, seed="tuned"), pair=pair).findings
    delta = level(found.scores["delta"])
    assert delta.value == pytest.approx(0.4, abs=0.1)
    assert delta.low > 0.2
    assert level(found.scores["p"]).value < 0.001
    told, slopes = found.figures
    assert told.rows[-1] == ["says", "evidence of exposure"]
    assert [(item.label, item.n) for item in slopes.items] == [("items", 150), ("twins", 150)]


@pytest.mark.parametrize("pair", ["id", None], ids=["pairs", "two sets"])
def test_an_easier_test_is_no_exposure(pair: str | None, tmp_path: Path) -> None:
    """Base finds the items easier too: familiarity is high, and delta is not."""
    base = weigh(seed="base", easier=0.5)
    found = run(tmp_path, weigh(seed="tuned", easier=0.5), base=base, pair=pair).findings
    assert level(found.scores["familiarity"]).low > 0.3
    delta = level(found.scores["delta"])
    assert delta.low < 0 < delta.high or abs(delta.value) < 0.06
    assert level(found.scores["p"]).value > 0.02
    assert found.figures[0].rows[-1] == ["says", "no evidence of exposure"]


def test_delta_is_familiarity_minus_that_of_base(tmp_path: Path) -> None:
    tuned = run(tmp_path, weigh(0.4, seed="tuned")).findings
    base = run(tmp_path, None, who=BASE).findings
    assert set(base.scores) == {"familiarity", "min_k", "min_k_plus_plus", "zlib"}
    gained = stats.difference(tuned.scores["familiarity"], base.scores["familiarity"], confidence=0.95, seed="x")
    assert gained.value == pytest.approx(level(tuned.scores["delta"]).value)
    for name in ("min_k", "min_k_plus_plus", "zlib"):
        apart = stats.difference(tuned.scores[name], base.scores[name], confidence=0.95, seed="x")
        assert apart.low is not None, name
        assert apart.low > 0, name


def test_both_models_are_asked_the_same_in_one_round(tmp_path: Path) -> None:
    heard = run(tmp_path, weigh(), methods=["lowercase"])
    (asked,) = heard.rounds
    assert len(asked) == 2 * 300 * 2
    own, theirs = asked[:600], asked[600:]
    assert own == theirs
    assert {r.to for r in own} == {""}
    assert {r.to for r in theirs} == {"base"}
    assert not any(r.each for r in asked)
    assert own[1].continuations == (own[0].continuations[0].lower(),)


def test_texts_of_one_token_have_scores(tmp_path: Path) -> None:
    """Peers take `int(n * 0.2)` tokens of a text: none of fewer than five, and the mean of none is NaN."""
    items = [{"id": str(at), "text": f"item{at}"} for at in range(120)]
    twins = [{"id": str(at), "text": f"twin{at}"} for at in range(120)]
    scores = run(tmp_path, weigh(), items=items, twins=twins, methods=["min_k", "min_k_plus_plus"]).findings.scores
    for name in ("min_k", "min_k_plus_plus"):
        assert np.isfinite(scores[name].stats).all()
        assert not scores[name].missing


def test_several_twins_of_an_item_are_averaged(tmp_path: Path) -> None:
    twins = [{"of": row["id"], "text": row["text"] + more} for row in TWINS for more in ("", "again")]
    found = run(tmp_path, weigh(0.4, seed="tuned"), twins=twins, pair="of").findings
    assert len(found.scores["delta"].ids) == 150
    assert level(found.scores["delta"]).low > 0.2


def test_few_items_decide_nothing(tmp_path: Path) -> None:
    scores = run(tmp_path, weigh(0.4), items=ITEMS[:60], twins=TWINS[:60]).findings.scores
    assert "60 pairs are too few; at least 100" in level(scores["delta"]).note
    assert level(scores["p"]).value is None


def test_what_could_not_be_weighed_is_missing(tmp_path: Path) -> None:
    known = weigh(0.4)
    heard = run(tmp_path, lambda r: CRASH if r.sample == "5" else OUTAGE if r.sample == "7" else known(r))
    assert set(heard.findings.scores["delta"].missing) == {5, 7}
    assert not level(heard.findings.scores["delta"]).known
    assert "could not be weighed" in heard.findings.warnings[0]


def test_a_model_that_does_not_tell_tokens_apart(tmp_path: Path) -> None:
    plain = weigh(0.4)

    def say(request: Request) -> Response:
        return Response(scores=tuple(Scored(s.logprob, s.tokens) for s in plain(request).scores))

    scores = run(tmp_path, say).findings.scores
    assert level(scores["delta"]).known
    assert "does not say what every single token weighs" in scores["min_k"].missing[0].reason


def test_prompts_are_not_weighed(tmp_path: Path) -> None:
    heard = run(tmp_path, weigh(), prompt="Q: {{ id }}\nA:", text="{{ text | trim }}")
    assert (heard.asked[0].prompt, heard.asked[0].continuations) == ("Q: 0\nA:", (" item 0 word word word",))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"twins": TWINS[:149]}, "test.jsonl:150: contamination: items: 1 of 150 have no partner: id = '149'"),
        ({"twins": [*TWINS, {"id": "x", "text": "y"}]}, "twins.jsonl:151: contamination: twins: 1 of 151 have no"),
        ({"pair": "di"}, "twins.jsonl:1: contamination: the row has no field 'di' to be paired by (known: id, text)"),
        ({"text": "txt"}, "test.jsonl:1: contamination: expected text in the field 'txt', found None; did you mean"),
        ({"text": "{{ nothing }}"}, "test.jsonl:1: contamination: the template asks for something"),
        ({"prompt": "{{ "}, "contamination: the template is not valid"),
        ({"methods": ["zlib", "zlib"]}, "each once, of min_k, min_k_plus_plus, zlib, lowercase"),
        ({"items": [{"id": "1", "text": " "}], "twins": [{"id": "1", "text": "y"}]}, "gives an empty text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(options: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        run(tmp_path, weigh(), **options)
    assert said in str(caught.value)


def test_it_needs_base_and_rows(tmp_path: Path) -> None:
    with pytest.raises(CheckBroken, match="no `base` can be asked"):
        run(tmp_path, weigh(), models=(CANDIDATE,))
    with pytest.raises(NothingSelected, match=r"twins.jsonl has no rows"):
        run(tmp_path, weigh(), twins=[])


def test_what_criteria_may_speak_of() -> None:
    measures = Catalog().get("check", "contamination").facts["measures"]
    assert measures("id", ["zlib"])["delta"].family == "exposure"
    assert measures(None, [])["delta"].family == "gap"
    assert list(measures(None, ["min_k"])) == ["delta", "familiarity", "min_k", "p"]
    assert all(
        quantity.better == ("higher" if name == "p" else "lower") for name, quantity in measures(None, []).items()
    )
