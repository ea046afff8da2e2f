"""The control of `slice_gap`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response

STYLES = ("formal", "colloquial")


@control()
def slice_gap(seed: int) -> Control:
    """A model that understands formal questions only, beside one that understands both kinds."""
    rng = Random(seed)
    rows = [
        {
            "id": str(at),
            "input": f"{STYLES[at % 2]}: {number} + 1 =",
            "target": str(number + 1),
            "style": STYLES[at % 2],
        }
        for at, number in enumerate(rng.sample(range(10**6), 400))
    ]
    luck = {row["input"]: rng.random() for row in rows}
    return Control(
        checks={
            "sums": {"task": {"data": "sums.jsonl", "metrics": ["exact_match"], "slices": ["style"]}},
            "styles": {"slice_gap": {"of": "sums", "slice": "style", "reference": "formal"}},
        },
        criterion="styles.gap[colloquial] <= 0.2",
        flawed=Situation({"sums.jsonl": rows}, {"candidate": _voice(luck, {"formal": 0.9, "colloquial": 0.45})}),
        sound=Situation({"sums.jsonl": rows}, {"candidate": _voice(luck, {"formal": 0.85, "colloquial": 0.85})}),
        flaw="90 % right on formal questions, 45 % on colloquial ones",
    )


def _voice(luck: dict[str, float], shares: dict[str, float]) -> Voice:
    def voice(request: Request) -> Response:
        style, _, sum_ = request.prompt.partition(": ")
        right = luck[request.prompt] < shares[style]
        return Response(text=str(int(sum_.split()[0]) + 1) if right else "?", finish="stop", new_tokens=2)

    return voice
