"""The control of `data_quality`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation

_PLAIN = ("please", "help", "me", "with", "my", "the", "about", "now")
_TOPICS = {
    "billing": "invoice charge refund payment card fee receipt price bank amount",
    "travel": "train ticket platform delay seat station journey luggage timetable bus",
    "account": "password login email profile username reset settings security code lock",
}


@control()
def data_quality(seed: int) -> Control:
    """Labels that were flipped in one row of ten."""
    rng = Random(seed)
    rows = []
    for at in range(400):
        topic = rng.choice(list(_TOPICS))
        words = rng.choices(_TOPICS[topic].split(), k=5) + rng.choices(_PLAIN, k=4)
        rng.shuffle(words)
        rows.append({"id": str(at), "input": " ".join(words), "target": topic})
    wrong = set(rng.sample(range(400), 40))
    flipped = [
        {**row, "target": rng.choice([t for t in _TOPICS if t != row["target"]])} if at in wrong else row
        for at, row in enumerate(rows)
    ]
    return Control(
        checks={"rows": {"data_quality": {"data": "train.jsonl"}}},
        criterion="rows.label_errors <= 0.05",
        flawed=Situation(files={"train.jsonl": flipped}),
        sound=Situation(files={"train.jsonl": rows}),
        flaw="40 of 400 labels flipped",
    )
