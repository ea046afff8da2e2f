"""A handle or an address that means nothing"""

from __future__ import annotations

from random import Random
from string import ascii_letters
from typing import Literal

from harness.catalog import perturbation


@perturbation(keeps="meaning")
def random_token(
    text: str, rng: Random, *, kind: Literal["handle", "url", "any"] = "any",
    position: Literal["begin", "end", "any"] = "any",
) -> str:  # fmt: skip
    """The text with a random handle or web address before or after it (CheckList, Ribeiro et al. 2020).

    Options:
        kind: what is put there
        position: where
    """
    drawn = "".join(rng.choice(ascii_letters) for _ in range(6))
    token = {"handle": f"@{drawn}", "url": f"https://t.co/{drawn}"}[
        rng.choice(["handle", "url"]) if kind == "any" else kind
    ]
    first = rng.random() < 0.5 if position == "any" else position == "begin"
    return f"{token} {text}" if first else f"{text} {token}"
