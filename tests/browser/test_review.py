"""Comparing answers in a real browser, with the keyboard alone: from a file, and from the desk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.review import desk, page
from harness.review.packet import FRESH, Packet, Pair, pack

pytestmark = pytest.mark.browser

PAIRS = [
    Pair(f"q{at}", f"When does route {at} leave?", f"At {at} o'clock sharp.", f"At <b>{at}</b> o'clock, maybe.")
    for at in range(12)
]


@pytest.fixture
def packet() -> Packet:
    return pack(
        PAIRS, check="answers", candidate="candidate", other="base", n=12, strategies=["random"], seed=1,
        rubric=["Is it right?"],
    )  # fmt: skip


def begin(browser: Any, url: str, name: str) -> tuple[Any, list[str]]:
    tab = browser.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.goto(url)
    tab.keyboard.type(name)
    tab.keyboard.press("Enter")
    return tab, faults


def test_a_whole_packet_by_keyboard_from_a_file(browser: Any, packet: Packet, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    file.write_text(page.render(packet), encoding="utf-8")
    tab, faults = begin(browser, file.as_uri(), "ann")
    keys = {key.key: key for key in packet.sealed}
    for card in packet.cards:
        assert tab.text_content("#left") == card.left
        assert tab.query_selector("#left b") is None
        tab.keyboard.press("1" if keys[card.key].left == "candidate" else "2")
    assert tab.is_visible("#done")
    assert tab.text_content("#count") == str(len(packet.cards))
    with tab.expect_download() as download:
        tab.click("#save")
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    said = [json.loads(line) for line in lines]
    assert [line["card"] for line in said] == [card.key for card in packet.cards]
    assert {line["rater"] for line in said} == {"ann"}
    assert all(line["seconds"] >= 0 for line in said)
    assert faults == []
    tab.close()


def test_undo_notes_differences_and_resuming(browser: Any, packet: Packet, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    file.write_text(page.render(packet), encoding="utf-8")
    tab, faults = begin(browser, file.as_uri(), "ben")
    tab.keyboard.press("d")
    assert tab.query_selector_all("#left mark, #right mark")
    tab.keyboard.press("n")
    tab.keyboard.type("12345 is no key here")
    assert tab.text_content("#count") == "0"
    tab.keyboard.press("Escape")
    tab.keyboard.press("3")
    tab.keyboard.press("u")
    assert tab.get_attribute("[data-choice=tie_good]", "aria-pressed") == "true"
    assert tab.input_value("#note") == "12345 is no key here"
    tab.keyboard.press("4")
    assert tab.text_content("#count") == "1"
    tab.reload()
    tab.keyboard.press("Enter")
    assert tab.input_value("#rater") == "ben"
    assert tab.text_content("#place") == f"Card 2 of {len(packet.cards)}"
    assert faults == []
    tab.close()


def test_the_desk_keeps_every_rating_at_once(browser: Any, packet: Packet, tmp_path: Path) -> None:
    kept = tmp_path / "ratings.jsonl"
    with desk.open_desk(packet, kept) as open_desk:
        tab, faults = begin(browser, open_desk.url, "eve")
        for key in ("1", "2", "5"):
            with tab.expect_response("**/ratings"):
                tab.keyboard.press(key)
        assert [json.loads(line)["choice"] for line in kept.read_text(encoding="utf-8").splitlines()] == [
            "left", "right", "unsure",
        ]  # fmt: skip
        assert faults == []
        tab.close()


def test_nothing_on_the_page_says_whose_is_whose(browser: Any, packet: Packet, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    file.write_text(page.render(packet), encoding="utf-8")
    tab, _ = begin(browser, file.as_uri(), "ann")
    shown = tab.content()
    assert '"candidate"' not in shown
    assert FRESH not in json.dumps([card.key for card in packet.cards])
    tab.close()
