"""The glossary explains what a report uses, each term at one address."""

from __future__ import annotations

import re
from pathlib import Path

import harness
from harness.report.glossary import Glossary, anchor, terms

PACKAGE = Path(harness.__file__).parent


def test_every_term_has_an_address_of_its_own_and_a_sentence() -> None:
    addresses = [anchor(name) for name in terms()]
    assert len(addresses) == len(set(addresses))
    assert all(meaning.endswith((".", "…")) for _, meaning in terms().values())


def test_a_term_is_linked_and_an_unknown_one_is_text() -> None:
    glossary = Glossary()
    assert glossary.term("clopper_pearson") == '<a class="term" href="#term-clopper-pearson">Clopper–Pearson</a>'
    assert glossary.term("<b>\x1b") == "&lt;b&gt;␛"
    assert [name for _, name, _ in glossary.used()] == ["Clopper–Pearson"]


def test_every_metric_check_and_fixture_of_the_catalog_is_explained() -> None:
    from harness.catalog import Catalog

    catalog = Catalog()
    missing = [name for kind in ("metric", "check", "fixture") for name in catalog.names(kind) if name not in terms()]
    assert missing == []


def test_a_measure_means_what_its_check_means_by_it() -> None:
    glossary = Glossary()
    assert glossary.measure("abstention", "recall") == '<a class="term" href="#term-abstention-recall">recall</a>'
    assert glossary.measure("task", "recall") == '<a class="term" href="#term-recall">recall</a>'
    assert [name for _, name, _ in glossary.used()] == ["recall", "recall (abstention)"]


def test_every_measure_of_every_check_is_explained() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    named = set(re.findall(r'Quantity\(\s*(?:name=)?"([a-z_0-9]+)"', source))
    assert len(named) > 60
    explained = {name.rpartition(".")[2] for name in terms()}
    assert sorted(named - explained) == []


def test_every_method_of_the_statistics_is_explained() -> None:
    """Methods are named where they are computed; a report that shows one must say what it is."""
    source = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "stats").glob("*.py"))
    named = set(re.findall(r'\b(?:method|METHOD)(?:, \w+)*\s*=\s*"(\w+)"', source))
    assert {"prediction_powered", "post_stratified", "betting"} <= named
    assert sorted(named - set(terms())) == []
