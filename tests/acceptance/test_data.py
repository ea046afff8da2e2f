"""Checks of data, operations and speed through the command, on a real model and real data."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

SUITE = """
suite: readiness
models:
  base:      {{pretrained: {shared}/checkpoints/stories260K}}
  candidate: {{pretrained: {shared}/checkpoints/stories260K}}
checks:
  quiz:    {{task: {{data: quiz.jsonl, prompt: "{{{{ input }}}}", metrics: [exact_match], max_new_tokens: 2}}}}
  rows:    {{data_quality: {{data: quiz.jsonl, max_length: 60, group: style, issues: [{issues}]}}}}
  people:  {{representation: {{data: quiz.jsonl, group: style}}}}
  fit:     {{language_fit: {{data: german.jsonl, reference: english.jsonl, rows: 60}}}}
  rights:  {{license: {{declared: {{candidate: mit}}}}}}
  log:     {{drift: {{reference: quiz.jsonl, current: log.jsonl, permutations: 199}}}}
  same:    {{drift: {{reference: quiz.jsonl, current: alike.jsonl, permutations: 199}}}}
  speed:   {{latency: {{of: quiz, requests: 30}}}}
  many:    {{throughput: {{of: quiz, concurrency: 2, blocks: 32, warmup: 1}}}}
  held:    {{memory: {{of: quiz, concurrency: 4}}}}
accept:
  - rows.duplicates <= 0
  - rows.pii <= 0
  - rows.truncation <= 0
  - people.smallest >= 100
  - fit.bits_ratio <= 1.5
  - rights.denied <= 0
  - log.p >= 0.05
  - same.p >= 0.01
  - speed.first_token_p50 <= 5s
  - many.tokens_per_second >= 0.3 * base
  - held.weights <= 2MB
  - held.peak <= 1GB
"""
ISSUES = "empty, duplicates, near_duplicates, conflicts, language, pii, encoding, truncation"


def test_every_flaw_is_rejected_for_its_own_reason(harness: Callable, suite: Callable, shared: Path) -> None:
    with (shared / "data" / "banking77" / "train.csv").open(encoding="utf-8") as lines:
        questions = Random(1).sample([row["text"] for row in csv.DictReader(lines)], 900)
    rows = [
        {"id": str(at), "input": text, "target": "ok", "style": "ab"[at % 3 == 0]}
        for at, text in enumerate(questions[:300])
    ]
    rows[7]["input"] = "my mail is ann@mail.org and my card 4111 1111 1111 1111"
    rows[8]["input"] = rows[9]["input"]
    captions = {}
    for language in ("de", "en"):
        with gzip.open(shared / "data" / "multi30k" / f"val.{language}.gz", "rt", encoding="utf-8") as lines:
            captions[language] = [{"text": line.strip()} for line in islice(lines, 80)]
    spoken = [{"input": f"yo {q.lower()} lol" if at % 5 == 0 else q} for at, q in enumerate(questions[300:600])]
    done = harness(
        "run",
        suite(
            SUITE.format(shared=shared, issues=ISSUES), quiz__jsonl=rows, german__jsonl=captions["de"],
            english__jsonl=captions["en"], log__jsonl=spoken,
            alike__jsonl=[{"input": q} for q in questions[600:]],
        ),
    )  # fmt: skip
    assert done.code == 1, done.out + done.err
    verdicts = done.verdicts()
    failed = {name for name, verdict in verdicts.items() if verdict == "fail"}
    assert failed == {
        "rows.duplicates <= 0",
        "rows.pii <= 0",
        "rows.truncation <= 0",
        "fit.bits_ratio <= 1.5",
        "log.p >= 0.05",
    }
    assert {verdict for name, verdict in verdicts.items() if name not in failed} == {"pass"}
    weights = next(c["candidate"]["value"] for c in done.result["criteria"] if c["metric"] == "weights")
    file = (shared / "checkpoints" / "stories260K" / "model.safetensors").stat().st_size
    assert file - 20_000 < weights < file  # the file has a header, too
    page = (done.folder / "report.html").read_text("utf-8")
    assert "ann@mail.org" not in page.split("Rows with an issue")[1].split("Rows that repeat")[0]
    assert "Words that tell the sets apart" in page
