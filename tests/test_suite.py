"""The loader: what a suite may say, and the sentence for everything that it may not."""

# ruff: noqa: E501 (the complaints stand here as they are printed)

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.catalog import MetricSpec, PerturbationSpec
from harness.document import parse
from harness.errors import SuiteError
from harness.suite import Suite, load, measured

PLUGIN = Path(__file__).parent / "plugin"

GOOD = """\
suite: good
seed: 13
models:
  base: {pretrained: $ground}
  candidate: {peft: $tuned, dtype: float32}
fixtures:
  data: {cut: {from: rows.jsonl, ratios: [0.8, 0.2]}}
  ground: {forge: {corpus: rows.jsonl}}
  tuned: {graft: {base: base, train: $data.train, rate: 1}}
checks:
  quiz: {quiz: {data: $data.test, prompt: "{{ input }}", metrics: [hits, marks: {top: 5}], slices: [channel]}}
  clean: {contact: {train: $candidate.train, test: $data.test}}
  noisy: {shake: {of: quiz, perturbations: [wobble: {rate: 0.2}, flip]}}
accept:
  - quiz.hits >= 85%
  - quiz.hits >= base - 0.02
  - quiz.hits[worst channel] >= 0.75
  - noisy.drop[flip] <= 5%
  - clean.rate <= 0
  - clean.p95 <= 300ms
  - {that: clean.size <= 2GB, severity: warn, on: point, confidence: 0.9}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a suite, `GOOD` with texts replaced, beside a file of rows."""
    (tmp_path / "rows.jsonl").write_text('{"input": "a", "target": "b", "channel": "web"}\n' * 3)

    def make(*changes: tuple[str, str], text: str = GOOD) -> Path:
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "suite.yaml"
        path.write_text(text)
        return path

    return make


@pytest.fixture
def wrong(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """The complaints about a changed suite, without the name of its file: `7: no …`."""

    def found(*changes: tuple[str, str], text: str = GOOD, **more: Any) -> list[str]:
        path = write(*changes, text=text)
        with pytest.raises(SuiteError) as caught:
            load(path, plugins=[PLUGIN], **more)
        return [str(complaint).removeprefix(f"{path}:") for complaint in caught.value.complaints]

    return found


@pytest.fixture
def warned(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """The warnings of a changed suite that is right."""

    def found(*changes: tuple[str, str], text: str = GOOD, **more: Any) -> list[str]:
        path = write(*changes, text=text)
        suite = load(path, plugins=[PLUGIN], **more)
        return [str(complaint).removeprefix(f"{path}:") for complaint in suite.warnings]

    return found


def load_good(write: Callable[..., Path], *changes: tuple[str, str], **more: Any) -> Suite:
    return load(write(*changes), plugins=[PLUGIN], **more)


def test_a_suite_that_is_right(write: Callable[..., Path]) -> None:
    suite = load_good(write)
    assert (suite.name, suite.seed, suite.candidate, suite.warnings) == ("good", 13, "candidate", ())
    assert suite.models["candidate"].options == {"peft": "$tuned", "dtype": "float32"}
    assert suite.models["candidate"].kind == "transformers"
    assert suite.fixtures["tuned"].options == {"base": "base", "train": "$data.train", "rate": 1.0}
    assert suite.fixtures["data"].kind == "cut"
    assert suite.fixtures["data"].line == 7
    quiz = suite.checks["quiz"]
    assert quiz.options["metrics"] == [MetricSpec("hits"), MetricSpec("marks", {"top": 5})]
    assert suite.checks["noisy"].options == {
        "of": "quiz", "perturbations": [PerturbationSpec("wobble", {"rate": 0.2}), PerturbationSpec("flip")],
    }  # fmt: skip
    assert [c.line for c in suite.accept] == list(range(15, 22))
    last = suite.accept[-1]
    assert (last.severity, last.on, last.confidence, suite.accept[0].confidence) == ("warn", "point", 0.9, 0.95)
    assert suite.lines.line("checks", "clean") == 12
    assert suite.root == suite.path.parent


def test_it_is_frozen(write: Callable[..., Path]) -> None:
    with pytest.raises(FrozenInstanceError):
        load_good(write).seed = 3  # type: ignore[misc]


def test_the_shortest_suite(tmp_path: Path, write: Callable[..., Path]) -> None:
    (tmp_path / "out").mkdir()
    text = "suite: x\nmodels: {candidate: ./out}\nchecks: {a: {quiz: {data: rows.jsonl}}}\naccept: [a.hits >= 0.5]\n"
    suite = load(write(text=text), plugins=[PLUGIN])
    assert suite.models["candidate"].options == {"pretrained": "./out"}
    assert suite.seed == 0


@pytest.mark.parametrize("section", ["models", "checks", "fixtures"])
def test_a_section_is_a_mapping(wrong: Callable[..., list[str]], section: str) -> None:
    text = "suite: x\n" + "".join(f"{key}: [a]\n" for key in ("models", "fixtures", "checks")) + "accept: [a.b > 0]\n"
    assert any(f"`{section}` is a mapping" in said for said in wrong(text=text))
    assert any(f"`{section}` is a mapping" in said for said in wrong(text="suite: x\n" + f"{section}: 5\n"))


def test_a_folder_stands_for_its_suite(write: Callable[..., Path]) -> None:
    assert load(write().parent, plugins=[PLUGIN]).name == "good"


def test_a_missing_suite(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"none\.yaml: cannot be read: No such file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "- a\n", "hello\n", "12\n"])
def test_what_is_no_suite(wrong: Callable[..., list[str]], text: str) -> None:
    assert wrong(text=text) == ["1: a suite is a mapping with the keys suite, models, checks, accept"]


def test_what_is_missing(wrong: Callable[..., list[str]]) -> None:
    said = wrong(text="model: {candidate: x}\naccepts: []\n")
    assert [s for s in said if "is missing" in s] == [
        "1: the key `accept` is missing; did you mean 'accepts'? (known: accepts, model)",
        "1: the key `checks` is missing (known: accepts, model)",
        "1: the key `models` is missing; did you mean 'model'? (known: accepts, model)",
    ]
    assert "2: unknown key 'accepts'; did you mean 'accept'?" in said[-1]


KNOWN_TOP = "(known: accept, candidates, checks, confidence, fixtures, looks, models, noise_floor, plugins, profile, seed, suite)"

COMPLAINTS: list[tuple[str, str, str]] = [
    # the head
    ("seed: 13", "sede: 13", f"2: unknown key 'sede'; did you mean 'seed'? {KNOWN_TOP}"),
    ("seed: 13", "seed: -1", "2: `seed` is a whole number from 0 to 2**32 - 1; found -1"),
    ("seed: 13", "seed: true", "2: `seed` is a whole number from 0 to 2**32 - 1; found true"),
    ("seed: 13", "seed: 013", "2: 013 is 13 in YAML 1.2 but octal in YAML 1.1"),
    ("suite: good", "suite: ../x", '1: `suite` is its name: letters, digits, `.`, `_` and `-`, such as my-intents; '
     'found "../x"'),
    ("seed: 13", "profile: realease", "2: `profile` sets the confidence of all criteria; found \"realease\"; "
     "did you mean 'release'?"),
    ("seed: 13", "confidence: 95", "2: a confidence is above 0.5 and below 1, such as 0.95; found 95; write 0.95"),
    ("seed: 13", "confidence: high", '2: `confidence` is a number such as 0.95; found "high"'),
    ("seed: 13", "plugins: ./nowhere", "is no plugin: it needs a folder of one of these names: metrics"),
    ("seed: 13", "plugins: 5", "2: `plugins` is a folder beside the suite, or a list of such folders"),
    # models
    ("  candidate:", "  cadidate:", "3: `models` needs `candidate`, the model to be accepted; did you mean 'cadidate'?"),
    ("dtype: float32", "dtyp: float32", "5: model 'candidate': unknown key 'dtyp'; did you mean 'dtype'?"),
    ("dtype: float32", "dtype: fp32", "5: 'dtype' of model 'candidate' wants one of auto, float32, float16, bfloat16"),
    ("dtype: float32", "trust_remote_code: yes", "found \"yes\"; in YAML 1.2 'yes' is text: write true"),
    ("dtype: float32", "batch_size: 0", "wants a whole number or auto (input should be greater than 0); found 0"),
    ("dtype: float32", "batch_size: atuo", "found \"atuo\"; did you mean 'auto'?"),
    ("dtype: float32", "peft_revision: abc", "5: model 'candidate': 'peft_revision' needs 'peft' with a hub id"),
    ("dtype: float32", "replay: a.jsonl", "5: model 'candidate': 'peft' has no meaning for replay"),
    ("{peft: $tuned,", "{pretrained: $tuned,", "5: model 'candidate': $tuned makes an adapter; write {peft: $tuned}"),
    ("base: {pretrained: $ground}", "base: {pretrained: o/b, peft: $ground}",
     "4: model 'base': $ground makes full weights; write {pretrained: $ground}"),
    ("{peft: $tuned,", "{pretrained: $data.train,", "5: 'pretrained' of model 'candidate': 'data' makes data (cut)"),
    ("{peft: $tuned,", "{pretrained: $tune,", "5: 'pretrained' of model 'candidate': no fixture named 'tune'; did you "
     "mean 'tuned'?"),
    ("{peft: $tuned,", "{pretrained: a, endpoint: b,", "5: model 'candidate' has pretrained and endpoint; keep exactly "
     "one of pretrained, endpoint, replay"),
    ("{peft: $tuned,", "{pretraned: $tuned,", "5: model 'candidate' needs one of pretrained, peft (an adapter on base), "
     "endpoint, replay; did you mean 'pretrained'?"),
    ("{peft: $tuned,", "{pretrained: ./nope,", "5: 'pretrained' of model 'candidate': no such folder: "),
    ("{peft: $tuned,", "{pretrained: nope,", "5: 'pretrained' of model 'candidate': no folder nope beside the suite, "
     "and a hub id is written owner/name"),
    ("{peft: $tuned,", "{pretrained: rows.jsonl,", "rows.jsonl is a file; a checkpoint is a folder"),
    ("{peft: $tuned,", "{pretrained: base,", "'base' is a model of this suite; name its folder or $fixture here"),
    ("{peft: $tuned, dtype: float32}", "[a]", "5: model 'candidate' is a folder, a hub id, a $fixture, or a mapping"),
    ("{peft: $tuned, dtype: float32}", "{replay: rows.json}", "no such recording: "),
    ("base: {pretrained: $ground}", "basis: {pretrained: $ground}",
     "5: model 'candidate' is an adapter on `base`, and there is no model `base`"),
    ("base: {pretrained: $ground}", "base: {peft: $tuned}", "4: model 'base' is an adapter on nothing"),
    ("base: {pretrained: $ground}", "base: {replay: rows.jsonl}", "which must then be weights"),
    ("base: {pretrained: $ground}", "base: {replay: $ground}", "4: 'replay' of model 'base': 'ground' makes a model"),
    ("base: {pretrained: $ground}", "base: {pretrained: o/b, revision: 4e53}",
     "4: 'revision' of model 'base' wants text; found 4e+53; put what you wrote in quotes"),
    ("base: {pretrained: $ground}", "base: ''", "4: 'pretrained' of model 'base': is empty"),
    ("base: {pretrained: $ground}", "base: {pretrained: o/b}\n  a b: {pretrained: o/b}", "5: 'a b' cannot name a model"),
    ("base: {pretrained: $ground}", "base: {endpoint: https://u:s3cret@h/v1, model: m}",
     "4: model 'base': the address holds a user or password; use api_key"),
    ("base: {pretrained: $ground}", "base: {endpoint: h/v1, model: m}", "4: model 'base': 'h/v1' is no address"),
    ("base: {pretrained: $ground}", "base: {endpoint: http://h/v1}", "4: model 'base': an endpoint needs `model`"),
    ("base: {pretrained: $ground}", "base: {endpoint: http://h/v1, model: m, api_key: '${env:NO_SUCH_KEY_HERE}'}",
     "4: model 'base': the environment variable NO_SUCH_KEY_HERE is not set; export it first"),
    # fixtures
    ("{cut: {", "{cutt: {", "7: fixture 'data': no fixture named 'cutt'; did you mean 'cut'?"),
    ("{cut: {from: rows.jsonl, ratios: [0.8, 0.2]}}", "{cut: {}, b: {}}", "7: fixture 'data': write a name, or one name "
     "with its options"),
    ("from: rows.jsonl,", "", "7: fixture cut needs the option 'from': the rows"),
    ("from: rows.jsonl", "from: row.jsonl", "7: option 'from' of cut: data row.jsonl: no such file"),
    ("from: rows.jsonl", "from: http://a/b.jsonl", "addresses are not fetched"),
    ("from: rows.jsonl", "from: 5", "7: option 'from' of cut wants data: a file, hub:NAME, $fixture.part"),
    ("from: rows.jsonl", "from: $tuned", "7: option 'from' of cut: 'tuned' makes a model (graft), and data is wanted"),
    ("ratios: [0.8, 0.2]", "ratio: [0.8, 0.2]", "7: no option of fixture cut named 'ratio'; did you mean 'ratios'? "
     "(known: by, from, ratios)"),
    ("ratios: [0.8, 0.2]", 'ratios: [0.8, "0.2"]', "7: item 2 of option 'ratios' of cut wants a number; found \"0.2\"; "
     "in YAML 1.2 that is text: write 0.2"),
    ("ratios: [0.8, 0.2]", "ratios: 0.8", "7: option 'ratios' of cut wants a list (each item a number); found 0.8; "
     "write [0.8]"),
    ("ratios: [0.8, 0.2]", "ratios: [80%, 20%]", "found \"80%\"; in YAML 1.2 that is text: write 0.8"),
    ("ratios: [0.8, 0.2]", "ratios: [0.8, true]", "7: item 2 of option 'ratios' of cut wants a number; found true"),
    ("ratios: [0.8, 0.2]", "by: 12", "7: option 'by' of cut wants text or null; found 12; write \"12\" in quotes"),
    ("rate: 1}", "rate: 1_000}", "in YAML 1.2 that is text: write 1000"),
    ("rate: 1}", "rate: 1:30}", "found \"1:30\"; in YAML 1.2 that is text: write 90 (that is how YAML 1.1 reads it)"),
    ("rate: 1}", 'prompt: "{{ input"}', "9: option 'prompt': the template is not valid (its line 1)"),
    ("rate: 1}", 'prompt: "{% for %}"}', "9: option 'prompt': the template is not valid"),
    ("{base: base,", "{base: bas,", "9: option 'base' of graft: no folder bas beside the suite, and a hub id is written "
     "owner/name; did you mean 'base'?"),
    ("train: $data.train,", "train: $data.tarin,", "9: option 'train' of graft: fixture 'data' has no part 'tarin'; did "
     "you mean 'train'? (known: test, train)"),
    ("train: $data.train,", "train: $data,", "fixture 'data' has parts; say which one: $data.train, $data.test"),
    ("train: $data.train,", "train: $daat.train,", "no fixture named 'daat'; did you mean 'data'?"),
    ("train: $data.train,", "train: $candidate.train,", "$candidate stands only in checks, with an option"),
    ("train: $data.train,", "train: $,", "'$' is not a reference; write $fixture or $fixture.part"),
    ("  data: {cut", "  da.ta: {cut", "7: 'da.ta' cannot name a fixture"),
    # circles
    ("corpus: rows.jsonl}", "corpus: rows.jsonl, base: base}",
     "these fixtures and models need each other in a circle: ground → base → ground"),
    ("corpus: rows.jsonl}", "corpus: rows.jsonl, base: $tuned}",
     "these fixtures and models need each other in a circle: ground → tuned → base → ground"),
    ("from: rows.jsonl", "from: $data.train", "7: these fixtures need each other in a circle: data → data"),
    ("{forge: {corpus: rows.jsonl}}", "{shell: {run: [sh], inputs: {a: [$ground]}}}",
     "8: these fixtures need each other in a circle: ground → ground"),
    ("{forge: {corpus: rows.jsonl}}", "{shell: {run: [sh, $daat.train]}}",
     "8: option 'run' of shell: no fixture named 'daat'; did you mean 'data'?"),
    ("{forge: {corpus: rows.jsonl}}", "{shell: {run: [sh], script: row.jsonl}}",
     "8: option 'script' of shell: there is no "),
    ("{forge: {corpus: rows.jsonl}}", "{shell: {run: [sh], script: 5}}",
     "8: option 'script' of shell wants a file or folder beside the suite or null; found 5"),
    ("{forge: {corpus: rows.jsonl}}", "{shell: {run: [sh], script: $ground}}",
     "8: these fixtures need each other in a circle: ground → ground"),
    # checks
    ("quiz: {quiz: {", "quiz: {quis: {", "11: check 'quiz': no check named 'quis'; did you mean 'quiz'?"),
    ("[hits,", "[hit,", "11: item 1 of option 'metrics' of quiz: no metric named 'hit'; did you mean 'hits'?"),
    ("marks: {top: 5}", "marks: {tpo: 5}", "11: no option of metric marks named 'tpo'; did you mean 'top'? "
     "(known: top, variant)"),
    ("marks: {top: 5}", "marks: {top: 0}", "11: option 'top' of marks wants a whole number (input should be greater than "
     "0); found 0"),
    ("marks: {top: 5}", "marks: {variant: lenent}", "11: option 'variant' of marks wants one of strict, lenient; found "
     "\"lenent\"; did you mean 'lenient'?"),
    ("marks: {top: 5}", "{a: {}, b: {}}", "11: item 2 of option 'metrics' of quiz: write a name, or one name with its"),
    ("metrics: [hits, marks: {top: 5}]", "metrics: hits", "11: option 'metrics' of quiz wants a list (each item a metric: "
     "name, or {name: {option: value}}); found \"hits\"; write [hits]"),
    ("metrics: [hits, marks: {top: 5}]", "metrics: [5]", "11: item 1 of option 'metrics' of quiz wants a metric"),
    ("metrics: [hits, marks: {top: 5}]", "shuffle: no", "found \"no\"; in YAML 1.2 'no' is text: write false"),
    ("metrics: [hits, marks: {top: 5}]", "choices: [1, 2]", "11: item 1 of option 'choices' of quiz wants text; found 1; "
     "write \"1\" in quotes"),
    ("flip]", "flop]", "13: item 2 of option 'perturbations' of shake: no perturbation named 'flop'; did you mean 'flip'?"),
    ("{of: quiz,", "{of: quizz,", "13: option 'of' of shake: no check named 'quizz'; did you mean 'quiz'?"),
    ("{of: quiz,", "{of: clean,", "13: option 'of' of shake: 'clean' is a contact, and a task is wanted here (known: quiz)"),
    ("{of: quiz,", "{", "13: check shake needs the option 'of': the check whose task is used"),
    ("{of: quiz,", "{of: noisy,", "13: these checks need each other in a circle: noisy → noisy"),
    ("$candidate.train", "$candidate.trian", "12: $candidate.trian: fixture 'tuned' (graft) sets no 'trian'; did you mean "
     "'train'?"),
    ("$candidate.train", "$candidate", "12: option 'train' of contact: $candidate stands only in checks, with an option: $candidate.train"),
    ("quiz: {quiz:", "qu.iz: {quiz:", "11: 'qu.iz' cannot name a check"),
    ("{of: quiz,", "{of: quiz, metric: hit,", "13: check 'noisy': the task has no metric 'hit'"),
    ("{of: quiz,", "{of: [quiz],", "13: option 'of' of shake wants the name of a check; found [\"quiz\"]"),
    # criteria
    ("quiz.hits >= 85%", "quizz.hits >= 85%", "15: 'quizz.hits >= 85%': no check named 'quizz'; did you mean 'quiz'?"),
    ("quiz.hits >= 85%", "quiz.hit >= 85%", "15: 'quiz.hit >= 85%': check 'quiz' measures no 'hit'; did you mean 'hits'? "
     "(known: hits, marks)"),
    ("quiz.hits >= 85%", "quiz.hits = 85%", "15: '=' in 'quiz.hits = 85%' is not an operator of criteria"),
    ("quiz.hits >= 85%", "quiz hits 5", "15: cannot read the criterion 'quiz hits 5'; write <check>.<metric> <op> <bound>"),
    ("quiz.hits >= 85%", "quiz.hits >= 1.2", "15: 'quiz.hits >= 1.2' can never hold: hits lies between 0 and 1; write "
     "1.2% or 0.012"),
    ("quiz.hits >= 85%", "quiz.hits >= 85", "can never hold: hits lies between 0 and 1; write 85% or 0.85"),
    ("quiz.hits >= 85%", "quiz.hits > 1", "15: 'quiz.hits > 1' can never hold"),
    ("quiz.hits >= 85%", "quiz.hits < 0", "15: 'quiz.hits < 0' can never hold"),
    ("quiz.hits >= 85%", "quiz.hits in [1.1, 1.5]", "15: 'quiz.hits in [1.1, 1.5]' can never hold"),
    ("quiz.hits >= 85%", "quiz.hits in [0.9, 0.8]", "15: the range in 'quiz.hits in [0.9, 0.8]' is empty"),
    ("quiz.hits >= 85%", "quiz.marks >= 85%", "15: 'quiz.marks >= 85%': marks runs to 100, not to 1; write the number "
     "without %"),
    ("quiz.hits >= 85%", "quiz.hits >= 300ms", "15: 'quiz.hits >= 300ms': hits has no unit, so s does not fit"),
    ("quiz.hits >= 85%", "quiz.hits >= bas", "15: 'quiz.hits >= bas': no model named 'bas' under models; did you mean "
     "'base'? (known: base)"),
    ("quiz.hits >= 85%", "quiz.hits >= candidate", "15: 'quiz.hits >= candidate' compares the candidate with itself"),
    ("quiz.hits >= 85%", "quiz.hits > base - 0", "15: the margin in 'quiz.hits > base - 0' must be above zero"),
    ("quiz.hits >= 85%", "quiz.hits > base - -0.1", "15: the margin in 'quiz.hits > base - -0.1' must be above zero"),
    ("quiz.hits >= 85%", "quiz.hits[worst chanel] >= 0.5", "15: 'quiz.hits[worst chanel] >= 0.5': 'chanel' is not among "
     "the slices; did you mean 'channel'? (known: channel)"),
    ("quiz.hits >= 85%", "quiz.hits[channel=] >= 0.5", "15: 'quiz.hits[channel=] >= 0.5': which channel?"),
    ("quiz.hits >= 85%", "clean.rate[worst channel] <= 0.5", "check 'clean' has no slices; add `slices: [channel]` to it"),
    ("noisy.drop[flip]", "noisy.drop[perturbation=flop]", "no slice 'flop'; did you mean 'flip'? (known: flip, wobble)"),
    ("clean.p95 <= 300ms", "clean.p95 <= 300", "20: 'clean.p95 <= 300': p95 is measured in s; write a unit, such as 300ms"),
    ("clean.p95 <= 300ms", "clean.p95 <= 2GB", "20: 'clean.p95 <= 2GB': p95 is measured in s, so B does not fit"),
    ("clean.p95 <= 300ms", "clean.p95 <= 5%", "20: 'clean.p95 <= 5%': p95 is measured in s; write a unit"),
    ("clean.p95 <= 300ms", "clean.p95 <= -1s", "20: 'clean.p95 <= -1s' can never hold"),
    ("clean.p95 <= 300ms", "quiz.hits   >=  85%", "20: 'quiz.hits >= 85%' stands here twice: see line 15; keep one"),
    ("clean.p95 <= 300ms", "quiz.hits >= 0.85", "20: 'quiz.hits >= 0.85' stands here twice: see line 15; keep one"),
    ("clean.p95 <= 300ms", "quiz.hits <= 0.8", "20: 'quiz.hits <= 0.8' contradicts 'quiz.hits >= 85%' (line 15): they "
     "cannot both hold"),
    ("clean.p95 <= 300ms", "quiz.hits < 0.85", "contradicts 'quiz.hits >= 85%' (line 15)"),
    ("clean.p95 <= 300ms", "quiz.hits in [0.1, 0.2]", "contradicts 'quiz.hits >= 85%' (line 15)"),
    ("clean.p95 <= 300ms", "quiz.hits < base - 0.1", "contradicts 'quiz.hits >= base - 0.02' (line 16)"),
    ("severity: warn", "severty: warn", "21: unknown key 'severty' of a criterion; did you mean 'severity'?"),
    ("severity: warn", "severity: waning", "21: 'severity' of a criterion wants one of require, warn; found \"waning\""),
    ("confidence: 0.9", "confidence: 90", "21: a confidence is above 0.5 and below 1, such as 0.95; found 90; write 0.9"),
    ("confidence: 0.9", "waive: {by: a}", "21: a waiver needs until, why"),
    ("confidence: 0.9", "waive: {until: soon, by: a, why: b}", "21: 'soon' is no date; write it as 2030-01-31"),
    ("confidence: 0.9", "waive: {untl: soon, by: a, why: b}", "21: unknown key 'untl' of a waiver; did you mean 'until'?"),
    ("{that: clean.size <= 2GB, severity: warn, on: point, confidence: 0.9}", "{severity: warn}",
     "21: a criterion is a sentence, or {that: a sentence, severity: …}"),
    ("{that: clean.size <= 2GB, severity: warn, on: point, confidence: 0.9}", "5", "21: a criterion is a sentence"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), COMPLAINTS, ids=[new.strip()[:50] for _, new, _ in COMPLAINTS])
def test_a_complaint(wrong: Callable[..., list[str]], old: str, new: str, said: str) -> None:
    found = wrong((old, new))
    assert any(said in complaint for complaint in found), found
    if said[0].isdigit():
        assert any(complaint.startswith(said) for complaint in found), found


WARNINGS: list[tuple[str, str, str]] = [
    ("quiz.hits >= 85%", "quiz.hits >= 0", "15: warning: 'quiz.hits >= 0' always holds: hits lies between 0 and 1"),
    ("quiz.hits >= 85%", "quiz.hits in [0, 1]", "15: warning: 'quiz.hits in [0, 1]' always holds"),
    ("quiz.hits >= 85%", "quiz.hits <= 85%", "15: warning: 'quiz.hits <= 85%': of hits, higher is better; `<=` asks for "
     "the opposite"),
    ("quiz.hits >= 85%", "noisy.drop >= 0.1", "15: warning: 'noisy.drop >= 0.1': of drop, lower is better"),
    ("quiz.hits >= 85%", "quiz.hits >= base", "15: warning: 'quiz.hits >= base': without a margin, a candidate exactly as "
     "good as base can hardly be shown to pass; write >= base - a margin, or > base if it must be better"),
    ("quiz.hits >= 85%", "quiz.hits > base - 1", "15: warning: 'quiz.hits > base - 1': the margin is as wide as the "
     "whole range of hits (0 to 1); it can decide nothing"),
    ("quiz.hits >= 85%", "quiz.hits > base - 0.01\n  - quiz.hits > base - 0.05", "16: warning: 'quiz.hits > base - 0.05' "
     "adds nothing to 'quiz.hits > base - 0.01'"),
    ("dtype: float32", "trust_remote_code: true", "5: warning: model 'candidate': trust_remote_code runs Python code"),
    ("dtype: float32", "allow_pickle: true", "5: warning: model 'candidate': allow_pickle loads weights in a format"),
    ("confidence: 0.9", "waive: {until: 2020-01-01, by: a, why: b}", "21: warning: this waiver ended on 2020-01-01 and no "
     "longer counts"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), WARNINGS, ids=[new[:50] for _, new, _ in WARNINGS])
def test_a_warning(warned: Callable[..., list[str]], old: str, new: str, said: str) -> None:
    found = warned((old, new))
    assert any(complaint.startswith(said) for complaint in found), found


RIGHT = [
    ("base: {pretrained: $ground}", "base: o/b\n  old: {replay: $data.train}"),
    ("quiz.hits >= 85%", "quiz.hits in [0.2, 0.9]"),
    ("quiz.hits >= 85%", "quiz.hits in [base - 0.02, base + 0.02]"),
    ("quiz.hits >= 85%", "quiz.hits > base + 0.02"),
    ("quiz.hits >= 85%", "quiz.marks >= 85"),
    ("quiz.hits >= 85%", "quiz.hits[web] >= 85%"),
    ("quiz.hits >= 85%", "quiz.hits[channel=web] >= 85%"),
    ("quiz.hits >= 85%", "quiz.hits[each channel] >= 85%"),
    ("quiz.hits >= 85%", "quiz.hits[worst] >= 85%"),
    ("quiz.hits >= 85%", "noisy.drop[worst perturbation] <= 5%"),
    ("quiz.hits >= 85%", "noisy.hits[worst channel] >= 5%"),
    ("quiz.hits >= 85%", "clean.tokens in [10, 200]"),
    ("quiz.hits >= 85%", "clean.p95 <= 0.9 * base"),
    ("quiz.hits >= 85%", "clean.p95 <= base + 20ms"),
    ("seed: 13", "profile: release"),
    ("seed: 13", "confidence: 0.99"),
    ("confidence: 0.9", "waive: {until: 2999-01-01, by: a, why: b}"),
    ("from: rows.jsonl", "from: {path: rows.jsonl, format: jsonl}"),
    ("from: rows.jsonl", "from: hub:owner/name#train"),
    ("base: {pretrained: $ground}", "base: {pretrained: o/b, revision: 4e53f736}"),
    ("base: {pretrained: $ground}", "base: o/b"),
    ("train: $data.train,", "train: rows.jsonl,"),
    ("{forge: {corpus: rows.jsonl}}", "{shell: {run: [sh, rows.jsonl], script: rows.jsonl}}"),
    ("corpus: rows.jsonl}", "corpus: rows.jsonl, base: o/b, replay: [rows.jsonl, $data.train]}"),
    ("dtype: float32", "gen_kwargs: {top_p: 0.9}, batch_size: auto, system_instruction: hi"),
]


@pytest.mark.parametrize(("old", "new"), RIGHT, ids=[new[:50] for _, new in RIGHT])
def test_what_is_right(warned: Callable[..., list[str]], old: str, new: str) -> None:
    assert warned((old, new)) == []


def test_a_profile_sets_the_confidence(write: Callable[..., Path]) -> None:
    suite = load_good(write, ("seed: 13", "profile: release"))
    assert {c.confidence for c in suite.accept[:-1]} == {0.975}
    assert suite.accept[-1].confidence == 0.9


def test_all_complaints_come_at_once_and_in_order(wrong: Callable[..., list[str]]) -> None:
    found = wrong(
        ("seed: 13", "sede: 13"),
        ("dtype: float32", "dtyp: float32"),
        ("ratios:", "ratio:"),
        ("[hits,", "[hit,"),
        ("noisy.drop[flip] <= 5%", "noisy.drp <= 5%"),
        ("clean.p95 <= 300ms", "clean.p95 <= -300ms"),
        ("severity: warn", "severity: none"),
    )
    assert [int(said.split(":")[0]) for said in found] == [2, 5, 7, 11, 18, 20, 21]


def test_a_wrong_check_does_not_hide_its_criteria(wrong: Callable[..., list[str]]) -> None:
    found = wrong(("marks: {top: 5}", "marks: {tpo: 5}"), ("quiz.hits >= 85%", "quiz.hits >= 1.5"))
    assert [said.split(":")[0] for said in found] == ["11", "15"]


def test_duplicate_keys_are_found_with_everything_else(wrong: Callable[..., list[str]]) -> None:
    found = wrong(("seed: 13", "suite: again"), ("[hits,", "[hit,"))
    assert found[0] == "2: the key 'suite' is here twice: first in line 1; keep one"
    assert len(found) == 2


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("", "`accept` says nothing that must hold"),
        (" []", "`accept` says nothing that must hold"),
        (" quiz.hits >= 0.5", "`accept` is a list"),
        ("\n  quiz.hits: 0.5", "`accept` is a list"),
        ("\n  - {that: quiz.hits >= 0.5, severity: warn}", "nothing could ever be rejected"),
    ],
)
def test_a_list_that_accepts_everything(wrong: Callable[..., list[str]], accept: str, said: str) -> None:
    text = GOOD[: GOOD.index("accept:")] + f"accept:{accept}\n"
    (found,) = wrong(text=text)
    assert said in found


def test_a_criterion_as_a_key_says_how_to_write_it(wrong: Callable[..., list[str]]) -> None:
    text = GOOD[: GOOD.index("accept:")] + "accept:\n  quiz.hits: >= 0.7\n"
    (found,) = wrong(text=text)
    assert "`- check.metric >= 0.7`" in found


def test_perplexity_alone_is_warned_of(warned: Callable[..., list[str]]) -> None:
    text = GOOD[: GOOD.index("accept:")].replace("[hits, marks: {top: 5}]", "[surprise_perplexity]")
    (found,) = warned(text=text + "accept:\n  - quiz.surprise_perplexity <= 20\n")
    assert "only perplexity decides here" in found
    found = warned(text=text + "accept:\n  - quiz.surprise_perplexity >= 20\n")[-1]
    assert "of surprise_perplexity, lower is better; `>=` asks for the opposite" in found


def test_a_literal_key_is_refused_and_never_shown(wrong: Callable[..., list[str]]) -> None:
    change = ("base: {pretrained: $ground}", "base: {endpoint: http://h/v1, model: m, api_key: sk-s3cret}")
    found = wrong(change)
    assert any("write api_key as ${env:NAME}" in said for said in found)
    assert "s3cret" not in "\n".join(found)
    found = wrong(sets={"models.base": "{endpoint: http://h/v1, model: m, api_key: sk-s3cret}"})
    assert "s3cret" not in "\n".join(found)
    found = wrong(("base: {pretrained: $ground}", "base: {endpoint: 'http://u:s3cret[@h/v1', model: m}"))
    assert "s3cret" not in "\n".join(found)


def test_a_key_from_the_environment(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "s3cret")
    change = (
        "base: {pretrained: $ground}",
        "base: o/b\n  judge: {endpoint: http://h, model: m, api_key: '${env:JUDGE_KEY}'}",
    )
    suite = load_good(write, change)
    assert suite.models["judge"].options["api_key"] == "${env:JUDGE_KEY}"
    assert suite.models["judge"].kind == "endpoint"
    assert "s3cret" not in repr(suite)


class TestSets:
    """`--set path=value`."""

    def test_values_are_read_as_yaml(self, write: Callable[..., Path]) -> None:
        suite = load_good(
            write,
            sets={
                "seed": "7",
                "fixtures.tuned.graft.rate": "1e-4",
                "models.base": "o/b",
                "accept.0": "quiz.hits >= 0.5",
            },
        )
        assert suite.seed == 7
        assert suite.fixtures["tuned"].options["rate"] == 1e-4
        assert suite.models["base"].options == {"pretrained": "o/b"}
        assert suite.accept[0].that == "quiz.hits >= 0.5"

    def test_short_forms_are_written_out(self, write: Callable[..., Path]) -> None:
        suite = load_good(
            write,
            ("base: {pretrained: $ground}", "base: $ground"),
            ("{shake: {of: quiz, perturbations: [wobble: {rate: 0.2}, flip]}}", "shake"),
            sets={
                "models.base.dtype": "float16",
                "checks.noisy.shake.of": "quiz",
                "checks.noisy.shake.perturbations": "[flip]",
            },
        )
        assert suite.models["base"].options == {"pretrained": "$ground", "dtype": "float16"}
        assert suite.checks["noisy"].options["of"] == "quiz"

    def test_complaints_name_the_flag(self, wrong: Callable[..., list[str]]) -> None:
        assert wrong(sets={"models.candidate.dtype": "fp32"})[0].startswith(
            "--set models.candidate.dtype: 'dtype' of model 'candidate' wants"
        )
        assert wrong(sets={"seed": "012"})[0].startswith("--set seed:1: 012 is 12 in YAML 1.2")
        assert wrong(sets={"models.": "1"}) == [
            "--set models.: write a path of keys with dots between, such as models.candidate.peft"
        ]
        assert wrong(sets={"accept.99": "1"}) == [
            "--set accept.99: there is no list item 99; the list has 7, counted from 0"
        ]
        assert wrong(sets={"accept.0.that": "1"}) == [
            "--set accept.0.that: there is no list item or mapping at accept.0"
        ]
        assert "unknown key 'sed'" in wrong(sets={"sed": "1"})[0]

    def test_it_is_part_of_the_digest(self, write: Callable[..., Path]) -> None:
        assert load_good(write, sets={"seed": "7"}).digest != load_good(write).digest
        assert load_good(write, sets={"seed": "13"}).digest == load_good(write).digest


class TestCandidate:
    """`--candidate NAME|PATH`."""

    def test_a_fixture_that_makes_an_adapter(self, write: Callable[..., Path]) -> None:
        suite = load_good(write, ("{peft: $tuned,", "{pretrained: $ground,"), ("$candidate.train", "$candidate.corpus"))
        assert suite.checks["clean"].options["train"] == "rows.jsonl"
        suite = load_good(write, ("{peft: $tuned,", "{pretrained: $ground,"), candidate="tuned")
        assert suite.models["candidate"].options == {"peft": "$tuned", "dtype": "float32"}
        assert suite.candidate == "tuned"
        assert suite.checks["clean"].options["train"] == "$data.train"

    def test_a_fixture_that_makes_full_weights(self, write: Callable[..., Path]) -> None:
        suite = load_good(write, ("$candidate.train", "$data.train"), candidate="ground")
        assert suite.models["candidate"].options == {"pretrained": "$ground", "dtype": "float32"}

    def test_a_model_of_the_suite(self, write: Callable[..., Path]) -> None:
        suite = load_good(write, ("$candidate.train", "$data.train"), candidate="base")
        assert suite.models["candidate"].options == suite.models["base"].options

    def test_a_folder(self, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        elsewhere = tmp_path / "elsewhere"
        (elsewhere / "out").mkdir(parents=True)
        monkeypatch.chdir(elsewhere)
        changes = [("$candidate.train", "$data.train"), ("dtype: float32", "trust_remote_code: true, dtype: float16")]
        suite = load_good(write, *changes, candidate="./out")
        assert suite.models["candidate"].options == {"pretrained": str(elsewhere / "out"), "dtype": "float16"}
        (elsewhere / "out" / "adapter_config.json").write_text("{}")
        suite = load_good(write, *changes, candidate="out")
        assert suite.models["candidate"].options["peft"] == str(elsewhere / "out")

    def test_what_it_cannot_be(self, wrong: Callable[..., list[str]]) -> None:
        assert wrong(candidate="tund") == [
            "--candidate tund: 'tund' is no model or fixture of this suite and no folder; did you mean 'tuned'? "
            "(known: base, candidate, ground, tuned)"
        ]
        assert wrong(candidate="data") == ["--candidate data: fixture 'data' (cut) makes data, not a model"]

    def test_what_no_fixture_made_has_no_options(self, wrong: Callable[..., list[str]], tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (found,) = wrong(candidate=str(tmp_path / "out"))
        assert found == (
            "12: $candidate.train: no fixture of this suite made the candidate; say what is meant, here or with --set"
        )

    def test_it_is_no_part_of_the_digest(self, write: Callable[..., Path]) -> None:
        change = ("$candidate.train", "$data.train")
        assert load_good(write, change, candidate="ground").digest == load_good(write, change).digest


def test_the_digest_is_of_what_is_said(write: Callable[..., Path]) -> None:
    digest = load_good(write).digest
    assert load_good(write, ("seed: 13", "seed: 13  # thirteen")).digest == digest
    assert load_good(write, ("85%", "86%")).digest != digest


def test_measured_names_what_criteria_may_speak_of(write: Callable[..., Path]) -> None:
    suite = load_good(write)
    assert list(measured(suite, "noisy")) == ["drop", "hits", "marks"]
    assert measured(suite, "clean")["p95"].unit == "s"
    with pytest.raises(SuiteError, match="no check named 'noise'; did you mean 'noisy'"):
        measured(suite, "noise")


def test_a_plugin_may_not_hide_a_leaf_of_the_harness(tmp_path: Path, wrong: Callable[..., list[str]]) -> None:
    (tmp_path / "acme" / "metrics").mkdir(parents=True)
    (tmp_path / "acme" / "metrics" / "accuracy.py").write_text("")
    (found,) = wrong(("seed: 13", "plugins: ./acme"))
    assert found.endswith("accuracy.py: the harness has a metric 'accuracy'; rename yours")


def test_a_plugin_that_fails_is_named(tmp_path: Path, wrong: Callable[..., list[str]]) -> None:
    (tmp_path / "acme" / "metrics").mkdir(parents=True)
    (tmp_path / "acme" / "metrics" / "crash.py").write_text("raise RuntimeError('no')\n")
    found = wrong(("seed: 13", "plugins: [./acme]"), ("[hits,", "[hits, crash,"))
    assert "crash.py fails when imported: RuntimeError: no" in found[0]


def test_a_circle_is_told_once(wrong: Callable[..., list[str]]) -> None:
    assert len([s for s in wrong(("from: rows.jsonl", "from: $data.train")) if "circle" in s]) == 1


def test_a_command_may_make_either(warned: Callable[..., list[str]]) -> None:
    made = "  own: {shell: {run: [make], inputs: {rows: $data.train}}}\nchecks:"
    change = ("checks:", made), ("$candidate.train", "$data.train")
    assert warned(*change, ("{peft: $tuned,", "{peft: $own,")) == []
    assert warned(*change, ("{peft: $tuned,", "{pretrained: $own,")) == []


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**6)
    | st.floats(-2, 2)
    | st.sampled_from(
        [
            "",
            "$",
            "$data.train",
            "$tuned",
            "$candidate.train",
            "base",
            "quiz",
            "hits",
            "a/b",
            "../x",
            "no",
            "quiz.hits >= base",
            "hub:x",
            "{{",
            "rows.jsonl",
            "flip",
            "http://[",
            "${env:X}",
            "\x00",
            "é",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["candidate", "base", "that", "path", "of", "data", "quiz", "cut", "marks", "top", "", "x y"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 200), ANYTHING, st.booleans()), min_size=1, max_size=3))
def test_no_suite_makes_the_loader_stumble(write: Callable[..., Path], changes: list[tuple[int, Any, bool]]) -> None:
    """Whatever stands anywhere: a suite, or sentences about it."""
    data = parse(GOOD).data
    for at, value, drop in changes:
        spots = list(places(data))
        holder, key = spots[at % len(spots)]
        if drop and isinstance(holder, dict):
            holder.pop(key, None)
        else:
            holder[key] = value
    path = write(text=json.dumps(data))
    try:
        made: Suite | str = load(path, plugins=[PLUGIN])
    except SuiteError as error:
        made = str(error)
    assert made
    if isinstance(made, str):
        assert "Traceback" not in made
        assert "object at 0x" not in made


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) in plain data."""
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield data, key
        yield from places(data[key])


def test_loading_is_fast_and_light(write: Callable[..., Path]) -> None:
    path = write()
    code = (
        "import sys, time; from pathlib import Path; began = time.perf_counter(); from harness.suite import load; "
        f"load(Path({str(path)!r}), plugins=[Path({str(PLUGIN)!r})]); "
        "heavy = {'torch', 'transformers', 'pandas', 'numpy', 'pyarrow', 'datasets', 'scipy', 'sklearn'}; "
        "print(time.perf_counter() - began, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = done.stdout.split(" ", 1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 2


def test_a_large_suite_is_read_quickly(write: Callable[..., Path]) -> None:
    more = "".join(f"  - quiz.hits >= 0.{at:03d}\n" for at in range(1, 200))
    path = write(text=GOOD.replace("  - quiz.hits >= 85%\n", more))
    began = time.perf_counter()
    load(path, plugins=[PLUGIN])
    assert time.perf_counter() - began < 5
