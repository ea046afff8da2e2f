"""The control of `representation`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation


@control()
def representation(seed: int) -> Control:
    """One group that carries the good label three times less often."""
    rng = Random(seed)

    def rows(rates: dict[str, float]) -> list[dict[str, str]]:
        made = []
        for at in range(600):
            who = "bc"[rng.random() < 0.6]
            made.append({"id": str(at), "who": who, "target": "approved" if rng.random() < rates[who] else "refused"})
        return made

    options = {"data": "train.jsonl", "group": "who", "favorable": ["approved"], "privileged": "c"}
    return Control(
        checks={"people": {"representation": options}},
        criterion="people.disparate_impact >= 0.6",
        flawed=Situation(files={"train.jsonl": rows({"c": 0.75, "b": 0.25})}),
        sound=Situation(files={"train.jsonl": rows({"c": 0.6, "b": 0.6})}),
        flaw="favourable labels for 75 % of one group and 25 % of the other",
    )
