"""The glossary explains what a report uses, each term at one address."""

from __future__ import annotations

from harness.report.glossary import Glossary, anchor, terms


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
