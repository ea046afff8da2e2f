"""A finished run of two recorded models, to be reviewed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import session
from harness.order import Order


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which the candidate answers 30 of 40 questions rightly, and base 10."""
    folder = tmp_path_factory.mktemp("finished")
    rows = [{"id": f"q{at}", "input": f"say <b>{at}</b>", "target": f"right {at}"} for at in range(40)]

    def said(right: int, wrong: str) -> list[dict[str, str]]:
        return [{"id": f"q{at}", "response": f"right {at}" if at < right else f"{wrong} {at}"} for at in range(40)]

    for name, lines in (("rows", rows), ("mine", said(30, "no")), ("theirs", said(10, "well"))):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    suite = {
        "suite": "reviewed",
        "models": {"candidate": {"replay": "mine.jsonl"}, "base": {"replay": "theirs.jsonl"}},
        "checks": {"quiz": {"task": {"data": "rows.jsonl", "metrics": ["exact_match"]}}},
        "accept": ["quiz.exact_match >= 0.5"],
    }
    (folder / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")
    order = Order(str(folder / "suite.yaml"), runs=folder / "runs", cache=folder / "cache", quiet=2)
    assert session.run(order) == 0
    return (folder / "runs" / "reviewed" / "latest").resolve()
