"""Texts that are the same, nearly the same, or stand inside each other."""

from harness.overlap.copies import Copies, Copy, Text
from harness.overlap.near import Neighbour, Neighbours, bands
from harness.overlap.passages import Passages, ngrams
from harness.overlap.texts import jaccard, normalise, pieces, similarity

__all__ = [
    "Copies",
    "Copy",
    "Neighbour",
    "Neighbours",
    "Passages",
    "Text",
    "bands",
    "jaccard",
    "ngrams",
    "normalise",
    "pieces",
    "similarity",
]
