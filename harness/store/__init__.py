"""The store: fixtures and answers by content, on disk, atomic, locked and verified whenever they are read."""

from harness.store.answers import Answers
from harness.store.folder import Made, Store, default_root
from harness.store.keys import fixture_key
from harness.store.recall import Recall

__all__ = ["Answers", "Made", "Recall", "Store", "default_root", "fixture_key"]
