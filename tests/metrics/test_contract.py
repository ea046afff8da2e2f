"""What every metric in the catalog promises, whatever it measures."""

from __future__ import annotations

import doctest
import importlib
import inspect
import math
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from harness.catalog import REQUIRED, Catalog, quantity_of
from harness.exchange import Response, Scored
from harness.sample import Sample
from harness.score import Totals, table

CATALOG = Catalog()
NAMES = CATALOG.names("metric")
VOCABULARY = {"answer", "targets", "valid", "choices", "response", "sample"}

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "Bus number 5 leaves Main Street at nine o'clock.",
    "Быстрая коричневая лиса перепрыгнула через ленивую собаку.",
    "نقل الحافلة الركاب إلى المحطة الرئيسية كل صباح",
    "快速的棕色狐狸跳过了懒狗然后回家了",
    "ผู้โดยสารขึ้นรถที่สถานีหลัก",
    "👍 🚌 🚏 ✅ 🎉",
    "café déjà vu à l'été naïve œuvre",
]
JSON_TEXTS = ['{"route": ["5", "7"], "stop": ["東京"]}', '[{"type": "stop", "text": "Main St"}]', '{"route": ["é"]}']


def gold_of(name: str) -> list[str]:
    return JSON_TEXTS if name == "entity_f1" else TEXTS


def given(answer: str, target: str, *, valid: bool = True, choices: tuple[str, ...] = ()) -> dict[str, Any]:
    """Everything that the harness supplies for one sample."""
    return {
        "answer": answer if valid else "",
        "targets": [target],
        "valid": valid,
        "choices": list(choices),
        "response": Response(text=answer, scores=(Scored(-2.5 * len(answer), len(answer.encode())),)),
        "sample": Sample("1", "?", (target,), choices),
    }


def value_of(name: str, samples: list[dict[str, Any]]) -> float:
    entry = CATALOG.get("metric", name)
    quantity = quantity_of(entry, {})
    scores = table(quantity, map(str, range(len(samples))), [entry.function(**entry.bind(s, {})) for s in samples])
    if quantity.combine is None:
        return float(scores.stats[:, 0].mean())
    return float(quantity.combine(Totals(scores.stats.sum(axis=0), scores.names, np.asarray(float(len(samples))))))


def test_the_metrics_of_the_contract_are_there() -> None:
    assert {
        "accuracy", "precision", "recall", "f1", "macro_f1", "balanced_accuracy", "mcc", "exact_match", "token_f1",
        "entity_f1", "rouge", "bleu", "chrf", "meteor", "perplexity", "bits_per_byte", "valid_rate",
    } <= set(NAMES)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    entry = CATALOG.get("metric", name)
    assert set(entry.given) <= VOCABULARY
    assert entry.summary.endswith((".", ":"))
    assert entry.facts["better"] in ("higher", "lower")
    assert entry.facts["family"] in ("proportion", "mean", "corpus", "log_ratio")
    assert (entry.facts["combine"] is None) == (entry.facts["family"] in ("proportion", "mean"))
    for option in entry.options.values():
        assert option.text, f"{name}.{option.name} is not documented"
        assert option.default is not REQUIRED
        assert option.annotation is not Any


@pytest.mark.parametrize("name", NAMES)
def test_its_example_is_true(name: str) -> None:
    module = importlib.import_module(f"harness.metrics.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", [n for n in NAMES if "perplexity" not in CATALOG.get("metric", n).facts["suits"]])
def test_gold_answers_reach_the_good_bound(name: str) -> None:
    entry = CATALOG.get("metric", name)
    golds = gold_of(name)
    everything = [given(gold, gold, choices=tuple(golds)) for gold in golds]
    best = quantity_of(entry, {}).best
    assert value_of(name, everything) == pytest.approx(best, abs=1e-12)
    if entry.facts["family"] in ("proportion", "mean"):
        for gold in [*golds, "a", "5", "?", "The", ""]:
            assert value_of(name, [given(gold, gold)]) == best, gold


@pytest.mark.parametrize("name", [n for n in NAMES if "perplexity" not in CATALOG.get("metric", n).facts["suits"]])
def test_an_unparsed_answer_never_helps(name: str) -> None:
    """Replacing right answers one after the other by unparsed ones lowers the value each time."""
    golds = gold_of(name)
    values = []
    for lost in range(len(golds) + 1):
        values.append(value_of(name, [given(g, g, valid=i >= lost, choices=tuple(golds)) for i, g in enumerate(golds)]))
    assert all(before > after for before, after in pairwise(values)), values
    worst = quantity_of(CATALOG.get("metric", name), {}).worst
    assert values[-1] == pytest.approx(max(worst, 0.0))


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_any_text_and_stays_inside_its_bounds(name: str) -> None:
    entry = CATALOG.get("metric", name)
    low, high = quantity_of(entry, {}).bounds
    rng = random.Random(name)
    golds = gold_of(name)
    odd = [
        "",
        " ",
        "\n\n",
        "\x00",
        "\ufeff",
        "e\u0301",
        "\u0301",
        "a" * 3000,
        "[" * 3000,
        '{"a":',
        "…",
        *TEXTS,
        *JSON_TEXTS,
    ]
    for _ in range(40):
        samples = [given(rng.choice(odd), rng.choice(golds), valid=rng.random() < 0.8) for _ in range(6)]
        found = value_of(name, samples)
        assert low <= found <= high
        assert not math.isnan(found)
        assert value_of(name, samples) == found


@pytest.mark.parametrize("name", [n for n in NAMES if CATALOG.get("metric", n).facts["combine"]])
def test_combine_takes_all_resamples_at_once(name: str) -> None:
    entry = CATALOG.get("metric", name)
    quantity = quantity_of(entry, {})
    rng = np.random.default_rng(5)
    golds = gold_of(name)
    samples = [given(golds[rng.integers(len(golds))], golds[i % len(golds)]) for i in range(30)]
    stats = table(quantity, map(str, range(30)), [entry.function(**entry.bind(s, {})) for s in samples])
    weights = rng.multinomial(30, np.full(30, 1 / 30), size=(2, 25)).astype(float)
    assert quantity.combine is not None
    together = quantity.combine(Totals(weights @ stats.stats, stats.names, weights.sum(-1)))
    assert together.shape == (2, 25)
    for at in np.ndindex(2, 25):
        alone = quantity.combine(Totals(weights[at] @ stats.stats, stats.names, np.asarray(30.0)))
        np.testing.assert_allclose(together[at], alone, rtol=1e-12)


def test_a_metric_file_imports_no_heavy_library() -> None:
    heavy = ("numpy", "sklearn", "sacrebleu", "rouge_score", "nltk", "torch")
    for name in NAMES:
        source = inspect.getsource(importlib.import_module(f"harness.metrics.{name}"))
        top = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
        assert not [line for line in top if line.split()[1].split(".")[0] in heavy]
