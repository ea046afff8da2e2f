"""Language fit: bits per byte and tokens a word beside a reference, and pieces of characters counted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import talk
import tiny
from harness import stats
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.errors import NothingSelected, SuiteError
from harness.exchange import UNASKED, Request, Response, Scored
from talk import CANDIDATE, CRASH, drive, leaf


def sides(folder: Path, n: int = 40) -> dict[str, Any]:
    wanted = [{"id": f"{at}", "text": f"wörter {at} und mehr"} for at in range(n)]
    known = [{"id": f"{at}", "text": f"words {at} and some more of them"} for at in range(n)]
    return {"data": talk.data(folder, wanted, "de.jsonl"), "reference": talk.data(folder, known, "en.jsonl")}


def reader(request: Request) -> Response:
    text = request.continuations[0]
    german, noise = "und" in text, 1 + len(text) % 3 / 10
    return Response(
        scores=(
            Scored(-len(text.encode()) * noise * (2.0 if german else 1.0), len(text.split()) * (3 if german else 1)),
        )
    )


def value(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def test_what_is_measured(tmp_path: Path) -> None:
    heard = drive(leaf("language_fit")(CANDIDATE, **sides(tmp_path)), reader)
    assert len(heard.asked) == 80
    assert {(r.kind, r.prompt) for r in heard.asked} == {("score", "")}
    found = heard.findings.scores
    texts = [r.continuations[0] for r in heard.asked]
    bits = [
        sum(-reader(r).scores[0].logprob for r in part)
        / sum(len(r.continuations[0].encode()) for r in part)
        / math.log(2)
        for part in (heard.asked[:40], heard.asked[40:])
    ]
    assert value(found["bits_per_byte"]).value == pytest.approx(bits[0])
    assert value(found["bits_ratio"]).value == pytest.approx(bits[0] / bits[1])
    assert value(found["bits_ratio"]).low > 1.5
    assert value(found["fertility"]).value == pytest.approx(3.0)
    assert value(found["fertility_ratio"]).value == pytest.approx(3.0)
    assert value(found["unknown"]).value is None  # no tokenizer is here
    assert len(texts) == len(set(texts))


def test_pieces_of_characters_are_counted(tmp_path: Path) -> None:
    tiny.tokenizer(tmp_path / "model")
    model = Checkpoint("candidate", "transformers", pretrained=str(tmp_path / "model"))
    data = talk.data(tmp_path, [{"text": "日本語"}, {"text": "the train"}], "a.jsonl")
    found = drive(leaf("language_fit")(model, data=data, reference=data), reader).findings
    assert found.scores["unknown"].stats[:, 0].tolist() == [1.0, 0.0]


def test_failures_are_not_dropped(tmp_path: Path) -> None:
    given = sides(tmp_path)
    crashed = drive(leaf("language_fit")(CANDIDATE, **given), lambda r: CRASH if r.sample == "data/3" else reader(r))
    assert crashed.findings.scores["bits_ratio"].missing[3].blame == "candidate"
    assert value(crashed.findings.scores["bits_ratio"]).low is None
    unasked = Response(fault="too long", blame="candidate", finish=UNASKED)
    whole = drive(leaf("language_fit")(CANDIDATE, **given), lambda r: unasked if r.sample == "data/3" else reader(r))
    assert whole.findings.scores["bits_ratio"].missing[3].blame == "infrastructure"


def test_long_and_empty_texts(tmp_path: Path) -> None:
    rows = [{"text": "x" * 100_000}, {"text": " "}, {"text": "שלום 👍"}]
    data = talk.data(tmp_path, rows, "odd.jsonl")
    heard = drive(leaf("language_fit")(CANDIDATE, data=data, reference=data, characters=100), reader)
    assert [len(r.continuations[0]) for r in heard.asked] == [100, 6, 100, 6]
    assert heard.findings.warnings == ["1 rows of odd.jsonl are empty and were left out"] * 2


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    given = sides(tmp_path)
    with pytest.raises(SuiteError, match="write 1 or more"):
        drive(leaf("language_fit")(CANDIDATE, **given, rows=0), reader)
    with pytest.raises(SuiteError, match="no field 'txt'; did you mean 'text'"):
        drive(leaf("language_fit")(CANDIDATE, **given, field="txt"), reader)
    empty = talk.data(tmp_path, [{"text": ""}], "empty.jsonl")
    with pytest.raises(NothingSelected, match=r"empty\.jsonl has no text"):
        drive(leaf("language_fit")(CANDIDATE, data=empty, reference=given["reference"]), reader)
    assert all(option.text for option in Catalog().get("check", "language_fit").options.values())
