"""Memory: the longest questions at once, the largest of several rounds, and weights as their files declare them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness import stats
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.errors import CheckBroken, NothingSelected, SuiteError
from harness.exchange import Request, Response, lots
from talk import BASE, CANDIDATE, CRASH, drive, leaf, task

ROWS = [{"id": str(at), "input": "q" * (at + 1), "target": "x"} for at in range(30)]


def value(scores: Any) -> Any:
    return stats.level(scores, confidence=0.95, seed="x")


def held(size: int | None) -> Response:
    return Response(text="x", new_tokens=1, finish="stop", peak_bytes=size)


def test_the_longest_questions_are_asked_at_once(tmp_path: Path) -> None:
    heard = drive(
        leaf("memory")((BASE, CANDIDATE), of=task(tmp_path, ROWS), concurrency=4, rounds=2), lambda r: held(1)
    )
    (asked,) = heard.rounds
    blocks = [[asked[at] for at in lot] for lot in lots(asked)]
    assert [[r.sample for r in block] for block in blocks] == [["29", "28", "27", "26"]] * 6
    assert Counter(r.to for r in asked) == {"base": 12, "candidate": 12}
    assert all(r.fresh and r.memory for r in asked)


def test_the_most_of_the_rounds_counts_and_the_first_does_not(tmp_path: Path) -> None:
    sizes = {0: 900, 1: 10, 2: 30, 3: 20}

    def say(request: Request) -> Response:
        return held(sizes[int(request.together.split("/")[1])])

    findings = drive(leaf("memory")((CANDIDATE,), of=task(tmp_path, ROWS)), say).findings
    assert value(findings.by_model["candidate"]["answering"]).value == 30


def test_weights_are_counted_with_the_adapter_and_as_loaded(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    base = tiny.causal(tmp_path / "base")
    adapter = tiny.lora(tmp_path / "adapter", base)
    plain = AutoModelForCausalLM.from_pretrained(str(base))
    count = sum(p.numel() for p in plain.parameters())
    models = (
        Checkpoint("base", "transformers", pretrained=str(base)),
        Checkpoint("half", "transformers", pretrained=str(base), dtype="bfloat16"),
        Checkpoint("candidate", "transformers", pretrained=str(base), peft=str(adapter)),
    )
    assert plain.dtype == torch.float32
    found = drive(leaf("memory")(models, of=task(tmp_path, ROWS)), lambda r: held(1000)).findings.by_model
    assert value(found["base"]["parameters"]).value == count
    assert value(found["base"]["weights"]).value == 4 * count
    assert value(found["half"]["weights"]).value == 2 * count
    assert value(found["candidate"]["parameters"]).value > count
    peak = value(found["base"]["peak"])
    assert (peak.value, peak.low, peak.high, peak.unit) == (4 * count + 1000, 4 * count + 1000, 4 * count + 1000, "B")


def test_what_cannot_be_seen_is_missing(tmp_path: Path) -> None:
    findings = drive(leaf("memory")((CANDIDATE,), of=task(tmp_path, ROWS)), lambda r: held(None)).findings
    scores = findings.by_model["candidate"]
    assert {name: value(s).value for name, s in scores.items()} == dict.fromkeys(scores)
    assert scores["weights"].missing[0].reason == "its weights are not here as safetensors files"
    crashed = drive(leaf("memory")((CANDIDATE,), of=task(tmp_path, ROWS)), lambda r: CRASH).findings
    assert crashed.by_model["candidate"]["answering"].missing[0].blame == "candidate"
    assert value(crashed.by_model["candidate"]["peak"]).high is None


@pytest.mark.parametrize(
    ("models", "options", "limit", "kind", "said"),
    [
        ((CANDIDATE,), {"concurrency": 0}, None, SuiteError, "write 1 or more"),
        ((CANDIDATE,), {"rounds": 0}, None, SuiteError, "write 1 or more"),
        ((), {}, None, CheckBroken, "no model is left whose memory could be watched"),
        ((CANDIDATE,), {}, 0, NothingSelected, "memory: task 'quiz' has no sample to ask"),
    ],
)
def test_what_is_wrong_is_said(models: Any, options: Any, limit: Any, kind: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=said):
        next(leaf("memory")(models, of=task(tmp_path, ROWS, limit=limit), **options))
    assert all(option.text for option in Catalog().get("check", "memory").options.values())
