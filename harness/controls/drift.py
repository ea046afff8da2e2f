"""The control of `drift`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation

_WHAT = ("bus", "train", "ferry", "tram", "night bus", "airport shuttle")
_WHERE = ("harbour", "market", "airport", "stadium", "library", "old town", "hospital", "university")
_WHEN = ("today", "tomorrow", "on Monday", "tonight", "on holidays", "at noon")
_FORMAL = ("When does the {} to the {} leave {}?", "Please tell me when the {} to the {} leaves {}.")
_COLLOQUIAL = ("yo whens the {} to the {} {} thx", "hey gotta catch the {} 2 the {} {} lol")


@control()
def drift(seed: int) -> Control:
    """Three questions in ten come in plain speech that the accepted ones did not have."""
    rng = Random(seed)
    log = [{"id": str(at), "input": _question(rng, _FORMAL)} for at in range(600)]
    before, after = log[:300], log[300:]
    changed = set(rng.sample(range(300), 90))
    spoken = [{**row, "input": _question(rng, _COLLOQUIAL)} if at in changed else row for at, row in enumerate(after)]
    return Control(
        checks={"log": {"drift": {"reference": "accepted.jsonl", "current": "log.jsonl"}}},
        criterion="log.p >= 0.01",
        flawed=Situation(files={"accepted.jsonl": before, "log.jsonl": spoken}),
        sound=Situation(files={"accepted.jsonl": before, "log.jsonl": after}),
        flaw="90 of 300 questions in plain speech",
    )


def _question(rng: Random, wordings: tuple[str, ...]) -> str:
    return rng.choice(wordings).format(rng.choice(_WHAT), rng.choice(_WHERE), rng.choice(_WHEN))
