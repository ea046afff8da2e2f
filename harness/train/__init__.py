"""Training: rows into token ids, a quiet repeatable loop on transformers' Trainer, and the facts it leaves."""

from harness.train.encode import Encoder, Wording
from harness.train.loop import train
from harness.train.recipe import Recipe
from harness.train.seeds import seeded
from harness.train.tune import Material, fine_tune
from harness.train.versions import versions

__all__ = ["Encoder", "Material", "Recipe", "Wording", "fine_tune", "seeded", "train", "versions"]
