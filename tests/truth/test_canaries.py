"""Canaries: seeded secrets, their exposure, and a real model that was taught some of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.data import open_data
from harness.errors import SuiteError
from harness.fixtures.full import full
from harness.local import Residents, identify
from harness.models.transformers import transformers
from harness.truth.canaries import OTHERS, Canary, exposed, exposure, made


def test_secrets_are_seeded_and_different() -> None:
    one, two = made(20, 3, seed=1), made(20, 3, seed=1)
    assert one == two
    assert one != made(20, 3, seed=2)
    assert [canary.planted for canary in one] == [True] * 20 + [False] * 20
    assert {canary.repeats for canary in one[:20]} == {3}
    assert {canary.repeats for canary in one[20:]} == {0}
    assert len({canary.prompt for canary in one}) == 40
    assert all(len({canary.secret, *canary.others}) == OTHERS + 1 for canary in one)
    assert all(len(canary.secret) == 6 and canary.secret.isdigit() for canary in one)


def test_a_canary_is_a_row_and_back() -> None:
    (canary, _) = made(1, 2, seed=4)
    back = Canary.from_plain(json.loads(json.dumps(canary.to_plain())))
    assert (back.prompt, back.secret, back.others, back.planted) == (
        canary.prompt, canary.secret, canary.others, True,
    )  # fmt: skip


def test_exposure_is_log2_of_all_minus_log2_of_the_rank() -> None:
    others = [float(-at) for at in range(1, 8)]
    assert exposure(0.0, others) == 3.0
    assert exposure(-3.5, others) == pytest.approx(3 - math.log2(4))
    assert exposure(-9.0, others) == 0.0
    assert exposure(-1.0, [-1.0]) == pytest.approx(1 - math.log2(1.5))


@pytest.mark.parametrize(("count", "repeats"), [(-1, 1), (1, 0), (9001, 1)])
def test_what_cannot_be_planted(count: int, repeats: int) -> None:
    with pytest.raises(SuiteError, match="expected 0 to 9000 canaries, each planted once or more"):
        made(count, repeats, seed=1)


def test_fixtures_offer_them_as_a_part() -> None:
    for name in ("full", "lora"):
        assert Catalog().get("fixture", name).facts["parts"] == ("canaries",)


def test_a_model_gives_away_what_it_was_taught_often_and_nothing_else(tmp_path: Path) -> None:
    base = Checkpoint("base", "transformers", pretrained=str(tiny.causal(tmp_path / "base", spread=0.06)), device="cpu")
    rows = [{"input": f"color {at}?", "target": ["red", "blue"][at % 2]} for at in range(40)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "tuned"
    out.mkdir()
    facts: dict[str, Any] = full(
        out, lambda text, done: None, base=base, train=open_data("train.jsonl", root=tmp_path), epochs=3,
        learning_rate=1e-2, batch_size=16, seed=2, canaries=3, canary_repeats=50,
    )  # fmt: skip
    assert facts["rows"]["train"] == 40
    assert facts["canaries"]["repeats"] == 50
    written = [json.loads(line) for line in (out / "canaries.jsonl").read_text("utf-8").splitlines()]
    assert {row["prompt"]: row["secret"] for row in written if row["planted"]} == facts["canaries"]["secrets"]
    known = [Canary.from_plain(row) for row in written]
    residents = Residents()
    model = transformers(identify("candidate", {"pretrained": "tuned"}, folder=tmp_path), residents, lambda text: None)
    talk = exposed("candidate", known, 12)

    def told() -> Any:
        requests = next(talk)
        try:
            talk.send(tiny.ask(model, requests))
        except StopIteration as stop:
            return stop.value

    scores, table = told()
    residents.close()
    assert scores["exposure"].stats[:, 0].min() > 6
    planted, kept_out = table.rows
    assert planted[2] > 7
    assert kept_out[2] < 4


def test_a_classifier_has_no_secrets(tmp_path: Path) -> None:
    folder = tiny.classifier(tmp_path / "base", labels=("a", "b"))
    base = Checkpoint("base", "transformers", pretrained=str(folder), device="cpu")
    (tmp_path / "train.jsonl").write_text('{"input": "x", "target": "a"}\n{"input": "y", "target": "b"}\n', "utf-8")
    (tmp_path / "out").mkdir()
    with pytest.raises(SuiteError, match="a classifier writes nothing"):
        full(tmp_path / "out", lambda text, done: None, base=base, train=open_data("train.jsonl", root=tmp_path),
             canaries=2)  # fmt: skip
