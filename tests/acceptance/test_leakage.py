"""A real leak between real data sets: 866 of SST-2's 1,821 test sentences stand in the MR reviews."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

SUITE = """
suite: reviews-leak
models:
  candidate: {{replay: answers.jsonl}}
checks:
  clean:
    leakage:
      train: {{path: {shared}/data/sentconv/rt-polarity.all, format: lines, encoding: latin-1, columns: [label, text]}}
      test: {{path: {shared}/data/sentconv/stsa.binary.test, format: lines, columns: [label, text]}}
      input: text
      target: label
accept:
  - clean.exact <= 0
"""


def test_sst2_stands_in_mr(harness: Callable, suite: Callable, shared: Path) -> None:
    done = harness("run", suite(SUITE.format(shared=shared), answers__jsonl=[{"id": "1", "response": "x"}]))

    assert done.code == 1, done.out + done.err
    (criterion,) = done.result["criteria"]
    assert criterion["candidate"]["n"] == 1821
    assert round(criterion["candidate"]["value"] * 1821) == 866
    assert criterion["candidate"]["method"] == "census"
    assert "clean" in done.out
