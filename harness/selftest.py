"""The self-test: every check's control through the whole pipeline, the planted flaw and its sound twin."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import suite as suites
from harness.catalog import Catalog
from harness.control import Control, Situation, Voice
from harness.engine import run
from harness.errors import CheckBroken, HarnessError
from harness.exchange import Facts, Request, Response
from harness.store import Store
from harness.watch import Silent
from harness.work import Wish

SIDES = ("flawed", "sound")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check said of one situation."""

    check: str
    seed: int
    side: str
    """`flawed` or `sound`."""
    verdict: str
    """The criterion's: pass, fail, inconclusive or broken."""
    reason: str
    flaw: str
    criterion: str

    @property
    def right(self) -> bool:
        """Whether a flaw was caught, or a sound twin left alone."""
        return self.verdict == "fail" if self.side == "flawed" else self.verdict in ("pass", "inconclusive")


def controls(names: Sequence[str] = ()) -> list[str]:
    """The checks that have a control, or those named.

    Raises:
        SuiteError: no control of that name.
    """
    catalog = Catalog()
    for name in names:
        catalog.get("control", name)
    return list(names) or catalog.names("control")


def examine(check: str, seed: int) -> Iterator[Outcome]:
    """Both situations of one check's control, planted with `seed`.

    Raises:
        CheckBroken: the control itself is wrong: its suite cannot be run.
    """
    entry = Catalog().get("control", check)
    control: Control = entry.function(seed)
    for side in SIDES:
        with tempfile.TemporaryDirectory(prefix=f"control-{check}-") as folder:
            yield _run(check, control, side, seed, Path(folder))


def _run(check: str, control: Control, side: str, seed: int, folder: Path) -> Outcome:
    situation: Situation = control.flawed if side == "flawed" else control.sound
    voices = _write(control, situation, seed, folder)
    try:
        suite = suites.load(folder / "suite.yaml")
        place = folder / "run"
        place.mkdir()
        done, _ = run(suite, Wish(voices=voices), Store(folder / "cache"), place, Silent())
    except HarnessError as error:
        raise CheckBroken(f"the control of {check!r} ({side}, seed {seed}) cannot be run: {error}") from error
    (criterion,) = done.criteria
    return Outcome(check, seed, side, criterion.verdict, criterion.reason, control.flaw, control.criterion)


def _write(control: Control, situation: Situation, seed: int, folder: Path) -> Mapping[str, _Voiced]:
    """The situation as files, and the models that answer for its voices."""
    for name, rows in situation.files.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(text, encoding="utf-8")
    if situation.make is not None:
        situation.make(folder)
    models: dict[str, Any] = {}
    voices: dict[str, _Voiced] = {}
    for name, given in (situation.models or {"candidate": _silence}).items():
        if isinstance(given, Mapping):
            models[name] = dict(given)
            continue
        recording = f"voice-{name}.jsonl"
        line = json.dumps({"prompt": f"{name}, {seed}", "response": ""})
        (folder / recording).write_text(line + "\n", encoding="utf-8")
        models[name] = {"replay": recording}
        voices[name] = _Voiced(given)
    document = {
        "suite": "control",
        "seed": seed,
        "models": models,
        "checks": dict(control.checks),
        "accept": [control.criterion],
    }
    (folder / "suite.yaml").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return voices


def _silence(request: Request) -> Response:
    return Response(text="", finish="stop")


@dataclass(frozen=True, slots=True)
class _Voiced:
    """A voice as a model."""

    voice: Voice

    @property
    def facts(self) -> Facts:
        """It is made up."""
        return Facts(path="a made-up model", head="causal")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """What the voice says to each."""
        for index, request in enumerate(requests):
            yield index, self.voice(request)

    def close(self) -> None:
        """Nothing to let go of."""
