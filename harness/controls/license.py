"""The control of `license`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation


@control()
def license(seed: int) -> Control:
    """Training data that may not be used commercially."""
    rng = Random(seed)
    rows = [{"input": f"{rng.randrange(10**6)}", "target": "x"} for _ in range(5)]
    free, bound = rng.choice(["MIT", "Apache-2.0", "CC-BY-4.0"]), rng.choice(["CC-BY-NC-4.0", "llama2", "GPL-3.0"])

    def checks(said: str) -> dict[str, object]:
        return {"rights": {"license": {"data": "train.jsonl", "whose": ["candidate"], "declared": {"candidate": said}}}}

    # the model's licence is declared in both; the data's stands in a card beside the rows
    return Control(
        checks=checks("apache-2.0"),
        criterion="rights.denied <= 0",
        flawed=Situation(files={"train.jsonl": rows}, make=lambda folder: _card(folder, bound)),
        sound=Situation(files={"train.jsonl": rows}, make=lambda folder: _card(folder, free)),
        flaw=f"training data under {bound}",
    )


def _card(folder: object, name: str) -> None:
    from pathlib import Path

    Path(str(folder), "README.md").write_text(f"---\nlicense: {name}\n---\n\nRows.\n", encoding="utf-8")
