"""Kinship: a judge that is one of the models it judges, or has the same weights; models prefer their own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.checkpoint import Checkpoint


def warnings(check: str, judges: Sequence[str], models: Sequence[str], known: Mapping[str, Checkpoint]) -> list[str]:
    """One sentence for each judge that judges itself (self-preference: Panickssery et al. 2024).

    Args:
        check: whose judges they are.
        judges: their names.
        models: the models that are judged.
        known: name → checkpoint, of all that there are.
    """
    told = []
    for judge in judges:
        kin = [model for model in models if model == judge or _same(judge, model, known)]
        if kin:
            who = "itself" if kin == [judge] else f"{' and '.join(kin)}, which it is"
            told.append(f"{check}: {judge} judges {who}: models prefer their own words (self-preference)")
    return told


def _same(one: str, two: str, known: Mapping[str, Checkpoint]) -> bool:
    return one in known and two in known and bool(known[one].digest) and known[one].digest == known[two].digest
