"""One model of the examination through the harness: its files, its suite, and what the criteria said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from benchmarks.flaws import rows
from benchmarks.flaws.kinds import BROKEN, TUNING, Kind
from harness import engine
from harness import suite as suites
from harness.run import Run
from harness.store import Store
from harness.watch import Silent
from harness.work import Wish

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the examination said of one model."""

    kind: str
    seed: int
    verdict: str
    failed: tuple[str, ...]
    """Criteria that rejected it."""
    inconclusive: tuple[str, ...]
    broken: str
    """What could not be measured and why; empty where everything was."""
    values: Mapping[str, float | None]
    """Criterion → what was measured."""
    seconds: float

    def right(self, kind: Kind) -> bool:
        """Whether a flaw was rejected for its own reason, or a sound model by no criterion at all."""
        if kind.reason.startswith(BROKEN):
            return kind.reason.removeprefix(BROKEN) in self.broken
        return not self.broken and (kind.reason in self.failed if kind.reason else not self.failed)


def examine(kind: Kind, seed: int, folder: Path, store: Store) -> Outcome:
    """Make the model, ask it, and hold it against the criteria that all are held against."""
    began = perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    _files(kind, seed, folder)
    text = json.dumps(document(kind, seed), ensure_ascii=False, indent=1)
    (folder / "suite.json").write_text(text, encoding="utf-8")
    place = folder / "run"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    done, _ = engine.run(suites.load(folder / "suite.json"), Wish(), store, place, Silent())
    return _outcome(kind, seed, done, perf_counter() - began)


def document(kind: Kind, seed: int) -> dict[str, Any]:
    """The common suite with one candidate in it."""
    suite = _common()
    suite |= {"seed": seed, "plugins": str(HERE / "plugin")}
    if not kind.steps:
        suite["fixtures"]["tuned"] = {"full": {k: v for k, v in ({**TUNING, **kind.training}).items() if v is not None}}
        suite["models"]["candidate"] = {"pretrained": "$tuned"}
        return suite
    suite["fixtures"]["twin"] = {"full": dict(TUNING)}
    for at, step in enumerate(kind.steps[:-1]):
        suite["fixtures"][f"step{at}"] = step
    suite["fixtures"]["tuned"] = kind.steps[-1]
    suite["models"]["candidate"] = {"pretrained": "$twin", "peft": "$tuned"} if kind.peft else {"pretrained": "$tuned"}
    return suite


def criteria() -> list[str]:
    """Every criterion of the examination."""
    return list(_common()["accept"])


def _common() -> dict[str, Any]:
    """A copy of the common suite, as plain data."""
    from ruamel.yaml import YAML

    plain = YAML(typ="safe").load((HERE / "suite.yaml").read_text(encoding="utf-8"))
    return dict(json.loads(json.dumps(plain)))  # without the anchors, which would share what one candidate changes


def _files(kind: Kind, seed: int, folder: Path) -> None:
    """Every file of the suite, drawn from the seed; only the training rows and the log depend on the kind."""
    rng = Random(seed)
    whole = rows.sound(rng)
    short = rows.some(whole, rng)
    asked, fresh = rows.riders(rng)
    unknown = rng.sample(rows.read("unanswerable"), 100)
    files: dict[str, Any] = {
        "sound": whole,
        "train": kind.change(short, Random(f"{seed} {kind.name}")) if kind.change else short,
        "riders": asked,
        "fresh": fresh,
        "named": rows.named(rng),
        "slipped": rows.slipped(Random(f"{seed} slipped")),
        "few": rng.sample(asked, 40),
        "unknown": unknown,
        "general": rng.sample(rows.read("general"), 100),
        "log": rows.log(Random(f"{seed} log"), drifted=kind.log == "drifted"),
        "corpus": rows.read("corpus"),
    }
    for name, found in files.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    shutil.copyfile(rows.TRANSIT / "data" / "knowledge.csv", folder / "knowledge.csv")
    shutil.copytree(rows.TRANSIT / "tasks", folder / "tasks", dirs_exist_ok=True)


def _outcome(kind: Kind, seed: int, done: Run, seconds: float) -> Outcome:
    said = {criterion.id: criterion for criterion in done.criteria}
    blamed = [c.reason for c in said.values() if c.verdict == "broken"]
    return Outcome(
        kind.name, seed, done.verdict,
        tuple(name for name, c in said.items() if c.verdict == "fail"),
        tuple(name for name, c in said.items() if c.verdict == "inconclusive"),
        " | ".join(dict.fromkeys(blamed)),
        {name: c.candidate.value if c.candidate else None for name, c in said.items()},
        seconds,
    )  # fmt: skip
