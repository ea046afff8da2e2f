"""Faults: why answers failed, each kind once, with how often and where first; never a line for every answer"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.exchange import Response

KINDS = 5
"""Kinds of failure that are told; how many more there were is said in one sentence."""


@dataclass(slots=True)
class Faults:
    """Adds up. Memory is bounded by the kinds of failure, which engines keep few: no text of theirs names a sample."""

    kinds: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    """(blame, fault) → how many answers failed so, and the first sample of them."""

    def add(self, sample: str, response: Response) -> None:
        """One more answer, which may be a whole one."""
        if response.fault:
            key = (response.blame, response.fault)
            count, first = self.kinds.get(key, (0, sample))
            self.kinds[key] = (count + 1, first)

    def told(self, of: int | None = None) -> list[str]:
        """One sentence for each kind, the most frequent ones where there are many; `of` is how many were asked."""
        ranked = sorted(self.kinds.items(), key=lambda item: -item[1][0]) if len(self.kinds) > KINDS else None
        shown = list(self.kinds.items()) if ranked is None else ranked[:KINDS]
        whole = "" if of is None else f"of {of} "
        said = [
            f"{count} {whole}answers failed ({blame}): {fault} (first: sample {first})"
            for (blame, fault), (count, first) in shown
        ]
        if ranked is not None:
            rest = [count for _, (count, _) in ranked[KINDS:]]
            said.append(
                f"{sum(rest)} {whole}answers failed in {len(rest)} other ways; "
                "each is in the column `fault` of samples.parquet"
            )
        return said
