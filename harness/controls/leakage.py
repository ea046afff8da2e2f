"""The control of `leakage`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation


@control()
def leakage(seed: int) -> Control:
    """Test rows copied from the training rows."""
    rng = Random(seed)
    words = [f"{a}{b}" for a in ("sta", "tra", "blu", "mor", "ven", "kil", "ros") for b in ("ne", "mp", "rd", "lly")]
    rows = [{"id": str(i), "input": " ".join(rng.sample(words, 9)), "target": rng.choice(words)} for i in range(160)]
    train, test = rows[:100], rows[100:]
    copied = [{**row, "id": f"copy-{row['id']}"} for row in rng.sample(train, 6)]
    return Control(
        checks={"clean": {"leakage": {"train": "train.jsonl", "test": "test.jsonl"}}},
        criterion="clean.rate <= 0",
        flawed=Situation(files={"train.jsonl": train, "test.jsonl": test[6:] + copied}),
        sound=Situation(files={"train.jsonl": train, "test.jsonl": test}),
        flaw="6 of 60 test rows copied from the training rows",
    )
