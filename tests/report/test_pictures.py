"""Heat maps, slopes, reliability diagrams and pairs: what is drawn says what the numbers say, and escapes its texts."""

from __future__ import annotations

import pytest
from lxml import etree
from lxml import html as pages

import runs
from harness.figure import Bin, Figure, Heat, Pair, Pairs, Reliability, Slope, Slopes
from harness.report import html, pictures
from harness.run import CheckRecord

HEAT = Heat(
    title="Drop", rows=["typos", "ocr <b>"], columns=["drop", "flips"], values=[[0.0, 0.3], [0.6, None]],
    better="lower", bounds=(0, 0.6),
)  # fmt: skip
SLOPES = Slopes(
    title="Skills",
    items=[
        Slope(label="opposites", base=0.9, candidate=0.3, low=-0.7, high=-0.5, n=100),
        Slope(label="months", base=0.8, candidate=0.82, low=-0.05, high=0.1, n=50),
        Slope(label="sums", base=0.2, candidate=0.7, low=0.3, high=0.6),
        Slope(label="lost to us", base=None, candidate=0.5),
    ],
)
RELIABILITY = Reliability(
    title="Reliability",
    bins={
        "base": [Bin(confidence=0.25, accuracy=0.5, low=0.4, high=0.6, n=40)],
        "candidate": [Bin(confidence=1.0, accuracy=0.0, low=0.0, high=0.2, n=9)],
    },
)
PAIRS = Pairs(
    title="Leaks", left="training row", right="test row", total=7,
    items=[Pair(left="route 5 <script>", right="route 7 <script>", left_id="a", right_id="b", note="near")],
)  # fmt: skip


def page(*figures: Figure) -> pages.HtmlElement:
    """A report with one more check that shows these figures."""
    run = runs.accepted()
    check = CheckRecord(kind="robustness", figures=list(figures))
    return pages.fromstring(html.render(run.model_copy(update={"checks": {"typing": check}})))


def parsed(markup: str) -> etree._Element:
    return etree.fromstring(f"<all>{markup}</all>")


def test_a_heat_map_writes_the_number_in_each_cell_and_colours_the_bad_ones() -> None:
    table = page(HEAT).find(".//table[@class='matrix heat-map']")
    cells = [[(cell.text_content(), cell.get("class")) for cell in row.findall("td")] for row in table.findall(".//tr")]
    assert cells[1:] == [
        [("0.000", "wrong h0"), ("0.300", "wrong h4")],
        [("0.600", "wrong h9"), ("–", "nothing")],
    ]
    assert [row.find("th").text_content() for row in table.findall("tbody/tr")] == ["typos", "ocr <b>"]


@pytest.mark.parametrize(
    ("better", "value", "shade"), [("higher", 1.0, "h0"), ("higher", -5, "h9"), ("lower", 2, "h9")]
)
def test_the_worse_the_stronger_and_never_beyond_the_scale(better: str, value: float, shade: str) -> None:
    figure = HEAT.model_copy(update={"better": better, "bounds": (0, 1)})
    assert pictures.shade(figure, value) == f"wrong {shade}"


def test_bounds_of_no_width_do_not_divide_by_zero() -> None:
    assert pictures.shade(HEAT.model_copy(update={"bounds": (0.5, 0.5)}), 0.5) == "wrong h0"


def test_a_slope_is_lost_or_gained_only_where_the_interval_says_so() -> None:
    assert [pictures.fate(SLOPES, item) for item in SLOPES.items] == ["lost", "kept", "gained", "unknown"]
    lower = SLOPES.model_copy(update={"better": "lower"})
    assert [pictures.fate(lower, item) for item in lower.items] == ["gained", "kept", "lost", "unknown"]


def test_every_known_slope_is_drawn_from_base_to_candidate() -> None:
    tree = parsed(pictures.slopes(SLOPES, "Skills"))
    assert sorted(line.get("class") for line in tree.iter("line") if "slope" in line.get("class")) == [
        "slope gained", "slope kept", "slope lost",
    ]  # fmt: skip
    rows = page(SLOPES).findall(".//figure[@class='slopes']//tbody/tr")
    first = ["opposites", "0.900", "0.300", "−0.6 [−0.7, −0.5]", "100", "lost"]
    assert [cell.text_content() for cell in rows[0]] == first
    assert [cell.text_content() for cell in rows[3]] == ["lost to us", "unknown", "0.500", "", "", "unknown"]


def test_no_slope_at_all_can_be_drawn() -> None:
    assert "nan" not in pictures.slopes(Slopes(title="x", items=[]), "x")


def test_reliability_draws_each_bin_at_its_place() -> None:
    tree = parsed(pictures.reliability(RELIABILITY, "<x>"))
    dots = {dot.get("class"): (dot.get("cx"), dot.get("cy")) for dot in tree.iter("circle")}
    assert dots == {"dot s0": ("100.00%", "100.00%"), "dot s1": ("25.00%", "50.00%")}
    assert tree.find(".//line[@class='best']") is not None
    assert "candidate" in page(RELIABILITY).find(".//figure[@class='reliability']").text_content()


def test_pairs_stand_side_by_side_with_what_differs_marked() -> None:
    figure = page(PAIRS).find(".//figure[@class='pairs']")
    assert [mark.text_content() for mark in figure.iter("mark")] == ["5", "7"]
    assert [said.text_content() for said in figure.iter("dd")] == ["route 5 <script>", "route 7 <script>"]
    assert figure.find(".//script") is None
    assert "1 of 7." in figure.text_content()
