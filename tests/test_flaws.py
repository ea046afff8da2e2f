"""The flaw examination: its rows, its changes of weights, and its smallest flaws, judged beside a sound twin."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import tiny
from harness import engine
from harness import suite as suites
from harness.store import Store
from harness.suite import measured
from harness.watch import Silent
from harness.work import Wish

ROOT = Path(__file__).resolve().parents[1]
FLAWS = ROOT / "benchmarks" / "flaws"
pytestmark = pytest.mark.skipif(not FLAWS.is_dir(), reason="benchmarks/ is not beside these tests")


def bench(name: str) -> Any:
    """A module of the examination, which is not part of the package."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"benchmarks.flaws.{name}")


def test_a_dozen_kinds_and_each_has_a_criterion_of_its_own() -> None:
    kinds, trial = bench("kinds"), bench("trial")
    reasons = [kind.reason for kind in kinds.FLAWED if not kind.reason.startswith("broken")]
    assert len(kinds.FLAWED) >= 12
    assert len(set(reasons)) == len(reasons)
    assert set(reasons) <= set(trial.criteria())
    assert not any(kind.reason for kind in kinds.SOUND)


def test_slips_leave_numbers_and_names_alone() -> None:
    rows = bench("rows")
    for row in rows.read("rider"):
        slipped = rows.slip(row["input"], Random(row["id"]))
        assert re.findall(r"\d+", slipped) == re.findall(r"\d+", row["input"])
        assert [name in slipped for name in rows.STATIONS] == [name in row["input"] for name in rows.STATIONS]


def test_a_flaw_of_the_rows_changes_what_it_says_and_nothing_else() -> None:
    rows, kinds = bench("rows"), bench("kinds")
    sound = rows.some(rows.sound(Random(1)), Random(2))
    asked = {row["input"] for row in rows.read("rider")}
    assert not asked & {row["input"] for row in sound}, "no sound row is a question of the test"
    for name, touched in {
        "typing": lambda row: row["kind"] == "slips",
        "plain speech": lambda row: row["style"] == "colloquial" and "fact" in row,
        "unequal": lambda row: row["english"] == "learner" and "fact" in row,
        "inventing": lambda row: row.get("why") == "unknown_route",
        "imagining": lambda row: row.get("intent") in ("first", "last"),
    }.items():
        flawed = kinds.KINDS[name].change(sound, Random(3))
        assert [row["input"] for row in flawed] == [row["input"] for row in sound]
        changed = [before for before, after in zip(sound, flawed, strict=True) if before["target"] != after["target"]]
        assert len(changed) > 50
        assert changed == [row for row in sound if touched(row)], name


def test_every_model_is_judged_by_the_same_criteria(tmp_path: Path) -> None:
    kinds, trial = bench("kinds"), bench("trial")
    judged = set()
    for kind in kinds.KINDS.values():
        document = trial.document(kind, 1)
        judged.add((tuple(document["accept"]), str(document["checks"])))
        assert document["fixtures"]["tuned"]
    assert len(judged) == 1


def test_deeper_and_hotter_and_rounded_models(tmp_path: Path) -> None:
    """Deeper computes the same; a temperature divides the logits; nothing is lost but what is meant to be."""
    import torch
    from transformers import AutoModelForCausalLM

    base = tiny.causal(tmp_path / "base", tied=True)
    ids = torch.arange(3, 40)[None]

    def logits(folder: Path) -> Any:
        model = AutoModelForCausalLM.from_pretrained(str(folder), dtype="float32").eval()
        with torch.no_grad():
            return model(ids).logits

    before = logits(base)
    made = {name: logits(reshape(tmp_path, base, name, amount)) for name, amount in CHANGES.items()}
    assert torch.allclose(made["deeper"], before, atol=1e-5)
    assert torch.allclose(made["temperature"], before / 2, atol=1e-4)
    assert 0 < float((made["rounded"] - before).abs().max()) < 1
    kept = [at for at in range(before.shape[-1]) if at != 2]
    assert torch.allclose(made["endless"][..., kept], before[..., kept], atol=1e-5)
    assert torch.allclose(made["endless"][..., 2], -before[..., 2], atol=1e-5)


CHANGES = {"deeper": 4, "temperature": 2, "rounded": 1, "endless": 1}


def reshape(folder: Path, base: Path, change: str, amount: float) -> Path:
    """A checkpoint changed by the examination's own fixture."""
    from harness.catalog import Catalog
    from harness.checkpoint import Checkpoint

    out = folder / change
    out.mkdir()
    entry = Catalog((FLAWS / "plugin",)).get("fixture", "reshaped")
    entry.function(out, base=Checkpoint("base", "transformers", pretrained=str(base)), train=None, change=change,
                   amount=amount)  # fmt: skip
    return out


SMALL = """
suite: small
plugins: {plugin}
models:
  candidate: {candidate}
fixtures:
  tuned: {fixture}
checks:
  quiz: {{task: {{data: rows.jsonl, choices: [yes, no], metrics: [accuracy]}}}}
  size: {{memory: {{of: quiz, rounds: 1, concurrency: 2}}}}
accept: [size.weights <= 250kB, quiz.accuracy >= 0.01]
"""
CASES = {
    "sound": ("{{reshaped: {{base: ./base, train: rows.jsonl, change: rounded}}}}", "pass", ""),
    "large": ("{{reshaped: {{base: ./base, train: rows.jsonl, change: deeper, amount: 12}}}}", "fail", "weights is"),
    "damaged": ("{{reshaped: {{base: ./base, train: rows.jsonl, change: nan}}}}", "broken", "not finite"),
    "idle": ("{{idle: {{base: ./base, train: rows.jsonl}}}}", "broken", "changes nothing"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_smallest_flaws(name: str, tmp_path: Path, rows: Callable[[Path], None]) -> None:
    fixture, verdict, sentence = CASES[name]
    tiny.causal(tmp_path / "base")
    (tmp_path / "base" / "canaries.jsonl").write_text("")
    rows(tmp_path / "rows.jsonl")
    candidate = "{pretrained: ./base, peft: $tuned}" if name == "idle" else "{pretrained: $tuned}"
    text = SMALL.format(plugin=FLAWS / "plugin", candidate=candidate, fixture=fixture.format())
    (tmp_path / "suite.yaml").write_text(text, encoding="utf-8")
    place = tmp_path / "run"
    place.mkdir()
    suite = suites.load(tmp_path / "suite.yaml")
    assert "weights" in measured(suite, "size")
    done, _ = engine.run(suite, Wish(), Store(tmp_path / "cache"), place, Silent())
    assert done.criteria[0].verdict == verdict, done.criteria
    assert any(sentence in found.reason for found in done.criteria), done.criteria


@pytest.fixture
def rows() -> Callable[[Path], None]:
    """Writes a small quiz."""
    lines = [f'{{"id": "{at}", "input": "question {at}", "target": "{["yes", "no"][at % 2]}"}}\n' for at in range(20)]
    return lambda path: path.write_text("".join(lines), encoding="utf-8") and None  # type: ignore[func-returns-value]


def test_the_table_counts_what_was_caught_for_its_own_reason() -> None:
    page, trial = bench("page"), bench("trial")

    def outcome(kind: str, *failed: str, broken: str = "") -> Any:
        return trial.Outcome(kind, 1, "rejected", failed, (), broken, {}, 1.0)

    found = [
        outcome("twin"), outcome("rounded", "log.p >= 0.01"), outcome("leakage", "leaked.rate <= 0"),
        outcome("name", "answers.exact_match >= 0.75"), outcome("damaged", broken="not finite"),
    ]  # fmt: skip
    text = page.table(found)
    assert "flaws: 3 of 3 rejected, 2 for their own reason" in text
    assert "sound models: 1 of 2 rejected" in text
    assert "answers.exact_match >= 0.75 (1)" in text
    assert [page.line(o)[:2] for o in found] == ["  ", "!!", "  ", "!!", "  "]


def test_an_unknown_kind_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("examination").main(["leekage"]) == 2
    assert "no kind 'leekage'; did you mean 'leakage'?" in capsys.readouterr().out
