"""report.html is one inert page: every text is text, nothing is fetched, the same run gives the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

import pytest
from lxml import etree
from lxml import html as parser

import runs
from harness.figure import Confusion, Curves, Example, Examples, Interval, Intervals, Series, Table
from harness.report import html, plain
from harness.run import CheckRecord, Run

PAGES = {name: html.render(make()) for name, make in runs.ALL.items()}
TREES = {name: parser.fromstring(page) for name, page in PAGES.items()}


def text_of(name: str) -> str:
    """All text of a page with single blanks."""
    return " ".join(TREES[name].text_content().split())


@pytest.mark.parametrize("name", runs.ALL)
def test_the_same_run_gives_the_same_bytes(name: str) -> None:
    assert html.render(runs.ALL[name]()).encode() == PAGES[name].encode()


@pytest.mark.parametrize("name", runs.ALL)
def test_nothing_in_the_page_can_run_or_fetch(name: str) -> None:
    tree = TREES[name]
    for tag in ("script", "iframe", "object", "embed", "img", "form", "base", "audio", "video", "foreignobject"):
        assert not tree.xpath(f"//{tag}"), tag
    for element in tree.iter():
        for attribute, value in element.attrib.items():
            assert not attribute.startswith("on"), attribute
            assert attribute != "style", etree.tostring(element)[:200]
            if attribute in ("href", "src", "xlink:href", "action"):
                assert value.startswith(("#", "data:,")), value
    assert len(tree.xpath("//style")) == 1
    for sink in ("innerHTML", "insertAdjacentHTML", "document.write", "@import", "url("):
        assert sink not in tree.xpath("string(//style)"), sink


@pytest.mark.parametrize("name", runs.ALL)
def test_the_policy_allows_this_style_sheet_and_nothing_else(name: str) -> None:
    policy = TREES[name].xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    style = re.search(r"<style>(.*?)</style>", PAGES[name], re.DOTALL)
    assert style
    fingerprint = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        policy
        == f"default-src 'none'; style-src 'sha256-{fingerprint}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert PAGES[name].index("Content-Security-Policy") < PAGES[name].index("<style>")


@pytest.mark.parametrize("attack", runs.ATTACKS)
def test_an_attack_is_shown_as_the_text_it_is(attack: str) -> None:
    shown = " ".join(plain.visible(attack).split())
    assert shown in text_of("attacked")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", PAGES["attacked"])


@pytest.mark.parametrize("name", runs.ALL)
def test_every_address_in_the_page_leads_somewhere_once(name: str) -> None:
    ids = TREES[name].xpath("//@id")
    assert len(ids) == len(set(ids))
    targets = {href[1:] for href in TREES[name].xpath("//a/@href")}
    assert targets <= set(ids)


@pytest.mark.parametrize(
    ("name", "word"),
    [("rejected", "Rejected"), ("accepted", "Accepted"), ("inconclusive", "Inconclusive"), ("broken", "Broken")],
)
def test_the_verdict_is_a_word_a_sign_and_a_sentence(name: str, word: str) -> None:
    head = TREES[name].xpath("//h1")[0]
    assert head.text_content() == word
    assert head.xpath(".//svg")
    assert runs.ALL[name]().sentence in text_of(name)
    assert "What would change this verdict" in text_of(name) or name == "accepted"


def test_every_criterion_stands_there_with_its_numbers_failing_first() -> None:
    run = runs.rejected()
    bodies = TREES["rejected"].xpath("//table[contains(@class, 'forest')]/tbody")
    assert len(bodies) == len(run.criteria)
    states = [body.get("class") for body in bodies]
    assert states == sorted(states, key=["fail", "broken", "inconclusive", "warn", "waived", "pass"].index)
    first = " ".join(bodies[0].text_content().split())
    for shown in (
        "riders.exact_match >= 0.8",
        "0.244",
        "[0.204, 0.288]",
        "0.000",
        "307",
        "Clopper–Pearson",
        "suite.yaml:41",
    ):
        assert shown in first, shown


def test_waivers_limits_warnings_and_locks_are_said_at_the_top() -> None:
    assert "Waived: typing.drop[worst] <= 0.05 by m.oakes until 2026-12-31" in text_of("rejected")
    assert "Smoke run only." in text_of("inconclusive")
    assert runs.rejected().warnings[1] in text_of("rejected")
    assert "not locked" in text_of("rejected")
    assert "not locked" not in text_of("accepted")


def test_unknown_is_said_and_not_drawn_as_zero() -> None:
    body = TREES["inconclusive"].xpath("//tbody[contains(., 'riders.token_f1 >= 0.7')]")[0]
    assert "[unknown, unknown]" in body.text_content()
    assert body.xpath(".//line[contains(@class, 'unknown')]")
    assert "not measured" in text_of("broken")


def test_words_that_differ_from_what_was_wanted_are_marked() -> None:
    marks = [mark.text_content() for mark in TREES["rejected"].xpath("//div[contains(@class, 'own')]//mark")]
    assert "first" in marks
    assert any("Harbor City Transit" in mark for mark in marks)


def test_many_passing_criteria_are_folded() -> None:
    run = runs.accepted()
    many = [
        run.criteria[0].model_copy(update={"id": f"riders.m{i} >= 0.8", "that": f"riders.m{i} >= 0.8"})
        for i in range(30)
    ]
    page = parser.fromstring(html.render(run.model_copy(update={"criteria": many})))
    assert "30 criteria passed" in page.xpath("string(//details[contains(@class, 'folded')]/summary)")


def test_terms_are_explained_once_and_only_if_used() -> None:
    terms = TREES["rejected"].xpath("//dl[@class='glossary']//dfn/text()")
    assert len(terms) == len(set(terms))
    assert {"Clopper–Pearson", "perplexity", "digest", "leakage"} <= set(terms)
    assert "perplexity" not in TREES["broken"].xpath("//dl[@class='glossary']//dfn/text()")


@pytest.mark.parametrize("name", ["rejected", "accepted", "broken"])
def test_the_page_is_small(name: str) -> None:
    assert len(PAGES[name].encode()) <= 250_000


def with_figures(*figures: object) -> str:
    """A page whose only check has these figures."""
    check = CheckRecord(kind="task", figures=list(figures))  # type: ignore[arg-type]
    return html.render(runs.accepted().model_copy(update={"checks": {"one": check}}))


def test_large_confusions_become_a_list_of_mistakes() -> None:
    labels = [f"label {i}" for i in range(77)]
    counts = [[3 if (i + 1) % 77 == j else 20 if i == j else 0 for j in range(77)] for i in range(77)]
    page = with_figures(
        Confusion(title="c", labels=labels, answers=labels, counts={"candidate": counts, "base": counts})
    )
    assert "77 labels; these are the most frequent mistakes" in page
    assert len(page) < 250_000


def test_long_texts_are_cut_and_it_is_said() -> None:
    item = Example(id="1", prompt="p" * 5000, target="t", candidate="", base=None)
    page = with_figures(Examples(title="e", items=[item], total=40))
    assert "3,800 more characters" in page
    assert "empty answer" in page
    assert "1 of 40" in page


def test_long_curves_are_thinned_and_it_is_said() -> None:
    points = [(float(i), 1.0 / (i + 1)) for i in range(20_000)]
    page = with_figures(Curves(title="loss", x="step", y="loss", series=[Series(name="training", points=points)]))
    assert "60 of 20,000 points" in page
    assert len(page) < 250_000


def test_a_table_shows_nothing_as_a_dash_and_text_as_text() -> None:
    page = with_figures(Table(title="t", columns=["a", "b"], rows=[[None, "<b>"], [1234, 0.5]]))
    assert "&lt;b&gt;" in page
    assert "1,234" in page


def test_names_that_look_alike_get_different_addresses() -> None:
    assert len({html.slug(name) for name in ("a b", "a-b", "a/b", "A b", "漢字", "漢宇")}) == 6
    assert html.slug("riders.f1") == "riders.f1"


def test_a_run_without_anything_is_still_a_page() -> None:
    empty = Run.model_validate(
        {
            **runs.broken().model_dump(by_alias=True),
            "criteria": [],
            "checks": {},
            "models": {},
            "fixtures": {},
            "traffic": {},
        }
    )
    page = html.render(empty)
    assert "No criterion was decided" in unescape(page)


def test_a_criterion_against_another_model_names_it() -> None:
    run = runs.accepted()
    other = run.criteria[2].model_copy(
        update={
            "reference": runs.Reference(model="baseline", estimate=runs.est(0.8, 0.7, 0.9)),
            "that": "skills.acc > baseline",
        }
    )
    changed = run.model_copy(update={"criteria": [other], "models": {**run.models, "baseline": run.models["base"]}})
    body = parser.fromstring(html.render(changed)).xpath("//tbody[contains(@class, 'pass')]")[0]
    assert "baseline" in body.xpath("string(.//td[3])") + body.xpath("string(.//td[2])")


def test_a_run_in_which_everything_passed_does_not_say_that_nothing_was_decided() -> None:
    run = runs.accepted()
    passed = next(criterion for criterion in run.criteria if criterion.verdict == "pass")
    criteria = [passed.model_copy(update={"id": f"c{at}"}) for at in range(30)]
    page = html.render(run.model_copy(update={"criteria": criteria}))
    assert "30 criteria passed" in page
    assert "No criterion was decided" not in page


def test_of_many_charts_those_that_decide_are_shown_and_the_others_folded() -> None:
    item = Interval(label="web", model="candidate", value=0.5, low=0.4, high=0.6)
    charts = [Intervals(title=f"{name} by channel", items=[item]) for name in ("bleu", "exact_match", "rouge", "chrf")]
    check = CheckRecord(kind="task", figures=charts)
    tree = parser.fromstring(html.render(runs.accepted().model_copy(update={"checks": {"riders": check}})))
    assert tree.xpath("//*[@id='check-riders']/div/figure//h4/bdi/text()") == ["exact_match by channel"]
    assert "Further charts (3)" in tree.text_content()


def test_the_same_sentence_twice_has_two_addresses() -> None:
    run = runs.accepted()
    tree = parser.fromstring(html.render(run.model_copy(update={"criteria": [run.criteria[0]] * 3})))
    ids = tree.xpath("//tbody/@id")
    assert len(ids) == len(set(ids)) == 3
