"""Prompt sensitivity: templates that matter, templates that do not, and the ledger of what was tried."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import stats
from harness.catalog import Catalog, quantity_of
from harness.criterion import parse
from harness.errors import NothingSelected, SuiteError
from harness.exchange import Request
from harness.gate import decide
from harness.perturbing.formats import formats
from harness.score import Quantity
from talk import CANDIDATE, CRASH, OUTAGE, Heard, Say, drive, leaf, task

PROMPT = "Question: {{ q }}\nAnswer:"
ROWS = [
    {"id": f"q{at}", "q": f"is stop {at} open?", "target": "yes" if at % 3 else "no", "line": ("blue", "red")[at % 2]}
    for at in range(300)
]  # fmt: skip


def quiz(folder: Path, rows: Any = ROWS, **options: Any) -> Any:
    return task(folder, rows, **{"prompt": PROMPT, **options})


def run(folder: Path, say: Say, *, made: Any = None, **options: Any) -> Heard:
    return drive(leaf("prompt_sensitivity")(CANDIDATE, folder, of=made or quiz(folder), **options), say)


def luck(*parts: object) -> float:
    """A number between 0 and 1 that depends on these and nothing else."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:12], 16) / 16**12


def number(request: Request) -> int:
    return int("".join(letter for letter in request.prompt if letter.isdigit()))


def right(at: int) -> str:
    return "yes" if at % 3 else "no"


def estimate(findings: Any, name: str = "spread") -> Any:
    return stats.level(findings.scores[name], confidence=0.95, seed="t")


def p_value(estimate: Any) -> float:
    return float(estimate.note.partition("p = ")[2].split(";")[0])


def test_a_model_that_wants_its_colon(tmp_path: Path) -> None:
    """Of ten templates one has no colon; there it is right 30 points less often."""

    def say(request: Request) -> str:
        at = number(request)
        known = 0.9 if ": " in request.prompt else 0.6
        return right(at) if luck(at, request.prompt[:12]) < known else "what?"

    words = ["Question", "Asked", "Query", "Problem", "Q", "Prompt", "Case", "Task", "Item"]
    templates = [f"{word}: {{{{ q }}}}\nAnswer:" for word in words[1:]] + ["Question - {{ q }}\nAnswer -"]
    rows = [{**row, "id": f"{row['id']}-{lap}", "q": f"is stop {at + 300 * lap} open?"}
            for lap in range(3) for at, row in enumerate(ROWS)]  # fmt: skip
    found = run(tmp_path, say, made=quiz(tmp_path, rows), templates=templates).findings
    spread = estimate(found)
    assert spread.value == pytest.approx(0.30, abs=0.06)
    assert spread.low < 0.30 < spread.high
    assert p_value(spread) < 0.01
    assert "worst: template-9" in spread.note
    table = found.figures[0]
    assert table.rows[-1][0] == "template-9"
    assert table.note.endswith("template-9 the worst of 10")
    record = decide(parse("p.spread <= 15%"), {"candidate": found.scores}, seed="t")
    assert record.verdict == "fail"
    worst = decide(parse("p.worst >= 80%"), {"candidate": found.scores}, seed="t")
    assert worst.verdict == "fail"
    assert "template=template-9" in worst.reason


def test_a_model_that_does_not_care(tmp_path: Path) -> None:
    """Ten equally good formats at n = 100 show a plain spread of .12; it is not taken for one."""
    calm, values, plain = 0, [], []
    made = quiz(tmp_path, ROWS[:100])
    for seed in range(30):

        def say(request: Request, seed: int = seed) -> str:
            at = number(request)
            return right(at) if luck(seed, request.prompt) < 0.8 else "what?"

        spread = estimate(run(tmp_path, say, made=made).findings)
        calm += p_value(spread) > 0.05
        values.append(spread.value)
        plain.append(float(spread.note.partition("minus worst ")[2].split(",")[0]))
    assert calm >= 27
    assert np.mean(plain) == pytest.approx(0.12, abs=0.02)
    assert abs(np.mean(values)) < 0.012


def test_a_model_that_knows_everything_passes(tmp_path: Path) -> None:
    heard = run(tmp_path, lambda r: right(number(r)))
    found = heard.findings
    assert len(heard.rounds[0]) == 300 * 11, "the task's own template and ten formats, in one round"
    assert [r.prompt for r in heard.asked if r.sample == "q7"] == ["Question: is stop 7 open?\nAnswer:"]
    scores = {"candidate": found.scores}
    for sentence in ("p.spread <= 5%", "p.worst >= 95%", "p.consistency >= 95%", "p.worst[template=format-3] >= 95%"):
        assert decide(parse(sentence), scores, seed="t").verdict == "pass", sentence
    assert found.scores["worst"].quantity.family == "proportion"


def test_consistency_is_about_answers_not_about_being_right(tmp_path: Path) -> None:
    """Wrong everywhere, and the same under two of three templates."""
    say = lambda r: "never" if r.prompt.startswith("B") else "maybe"  # noqa: E731
    found = run(tmp_path, say, templates=["A {{ q }}", "B {{ q }}"]).findings
    assert estimate(found, "consistency").value == pytest.approx(1 / 3)
    assert estimate(found).value == 0.0
    assert found.scores["spread"].names == ("task", "template-1", "template-2")


def test_the_ledger_has_every_template_with_its_hash_and_score(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "polite.txt").write_text("Please: {{ q }}\n", encoding="utf-8")
    say = lambda r: right(number(r)) if r.prompt.startswith("Please") else "no"  # noqa: E731
    found = run(tmp_path, say, templates=["prompts/polite.txt"], formats=2).findings
    best = found.prompts[0]
    assert best == {
        "template": "polite", "told": "prompts/polite.txt", "metric": "exact_match", "score": 1.0, "n": 300,
        "hash": hashlib.sha256(b"Please: {{ q }}").hexdigest()[:16], "text": "Please: {{ q }}",
    }  # fmt: skip
    assert [line["template"] for line in found.prompts] == ["polite", "task", "format-1", "format-2"]


def test_examples_are_written_in_the_same_format(tmp_path: Path) -> None:
    from harness.data import open_data

    (tmp_path / "shots.jsonl").write_text('{"q": "is it 0?", "target": "yes"}\n', encoding="utf-8")
    made = quiz(tmp_path, ROWS[:20], num_fewshot=1, fewshot=open_data("shots.jsonl", root=tmp_path))
    heard = run(tmp_path, lambda r: "yes", made=made, templates=["Q = {{ q }}\nA ="])
    prompts = [r.prompt for r in heard.asked if r.sample == "q3/template-1"]
    assert prompts == ["Q = is it 0?\nA = yes\n\nQ = is stop 3 open?\nA ="]


def test_failed_answers(tmp_path: Path) -> None:
    """The model's own failure scores worst under its template; what others break is missing, and nobody guesses."""
    template = ["Say: {{ q }}"]

    def crash(request: Request) -> Any:
        return CRASH if request.prompt.startswith("Say") and number(request) < 150 else right(number(request))

    found = run(tmp_path, crash, templates=template).findings
    assert estimate(found).value == pytest.approx(0.5, abs=0.06)
    assert found.warnings == ["150 answers failed (candidate): out of memory (first: sample q0/template-1)"]
    away = run(tmp_path, lambda r: OUTAGE if r.sample == "q4/template-1" else right(number(r)), templates=template)
    assert away.findings.scores["spread"].missing[4].reason == "template-1: the server is away"
    record = decide(parse("p.spread <= 15%"), {"candidate": away.findings.scores}, seed="t")
    assert record.verdict == "inconclusive"


def test_slices_and_metrics_of_which_less_is_better(tmp_path: Path) -> None:
    def say(request: Request) -> str:
        lost = request.prompt.startswith("Say") and not number(request) % 2
        return "what?" if lost else right(number(request))

    made = quiz(tmp_path, slices=["line"])
    found = run(tmp_path, say, made=made, templates=["Say: {{ q }}"]).findings
    scores = {"candidate": found.scores}
    assert decide(parse("p.spread[line=blue] <= 20%"), scores, seed="t").verdict == "fail"
    assert decide(parse("p.spread[line=red] <= 20%"), scores, seed="t").verdict == "pass"


def test_formats_are_the_same_for_a_seed_and_fewer_are_the_first_of_more() -> None:
    for template in (PROMPT, "{{ input }}"):
        ten = formats(template, 10, seed=1)
        assert ten[:4] == formats(template, 4, seed=1)
        assert ten != formats(template, 10, seed=2)
        assert len({one.text for one in ten} | {template}) == 11
    with pytest.raises(SuiteError, match=r"`formats: 50`: this prompt has only \d+ different formats; ask for those"):
        formats("A: {{ b }}", 50, seed=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"templates": ["ask.txt"]}, "'ask.txt' is neither a template with a {{ field }} nor a file beside the suite"),
        ({"templates": ["rows.jsnl"]}, "did you mean 'rows.jsonl'"),
        ({"templates": [PROMPT]}, "template-1 is the same as task; once is enough"),
        ({"templates": ["{{ q"]}, "the template is not valid"),
        ({"templates": ["{{ quest }}"]}, "the row does not have"),
        ({"templates": [], "formats": 0}, "one template only"),
    ],
)
def test_what_is_wrong_is_said(options: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        run(tmp_path, lambda r: "yes", **options)
    assert said in str(caught.value)


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    measures = Catalog().get("check", "prompt_sensitivity").facts["measures"]
    match = {"exact_match": quantity_of(Catalog().get("metric", "exact_match"), {})}
    assert list(measures(match, None, [], None)) == ["spread", "worst", "consistency"]
    assert measures(match, None, [], None)["worst"].whole == "worst"
    for arguments, said in (
        ((match, None, [], 51), "`formats: 51` of prompt_sensitivity"),
        ((match, None, [], 0), "one template only"),
        ((match, None, ["{{ a }}"] * 45, 6), "50 are the most"),
        (({"nll": Quantity("nll", "unbounded", "lower", (0, float("inf")))}, None, [], 3), "nll has none"),
    ):
        with pytest.raises(SuiteError, match=said):
            measures(*arguments)
    with pytest.raises(SuiteError, match="only weighs texts"):
        run(tmp_path, lambda r: "x", made=quiz(tmp_path, metrics=["perplexity"], prompt=""))
    with pytest.raises(NothingSelected):
        run(tmp_path, lambda r: "x", made=quiz(tmp_path, limit=0))


def test_every_run_adds_to_the_ledger_of_its_suite(tmp_path: Path) -> None:
    from harness import engine, selftest
    from harness import suite as suites
    from harness.store import Store
    from harness.watch import Silent
    from harness.work import Wish

    control = Catalog().get("control", "prompt_sensitivity").function(1)
    voices = selftest._write(control, control.flawed, 1, tmp_path)
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        suite = suites.load(tmp_path / "suite.yaml")
        engine.run(suite, Wish(voices=voices), Store(tmp_path / "cache"), tmp_path / "runs" / name, Silent())
    text = (tmp_path / "runs" / "prompts.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["run"] for line in lines] == ["one"] * 4 + ["two"] * 4
    first = lines[3]
    assert (first["check"], first["model"], first["template"]) == ("prompts", "candidate", "template-1")
    assert first["score"] == pytest.approx(0.6)
    assert first["text"].startswith("Question - {{ q }}")
    assert [{**line, "at": "", "run": ""} for line in lines[:4]] == [
        {**line, "at": "", "run": ""} for line in lines[4:]
    ]
