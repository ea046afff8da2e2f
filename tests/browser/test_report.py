"""The report in a real browser: opened from the disk, light and dark, wide and narrow, on paper, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import runs

pytestmark = pytest.mark.browser

CONTRAST = """() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  const over = (below, colour) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = below; pen.fillRect(0, 0, 1, 1);
    pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = pen.getImageData(0, 0, 1, 1).data; return `rgb(${r},${g},${b})`;
  };
  const light = c => { const [r, g, b] = c.match(/\\d+/g).map(v => { v /= 255;
    return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const own = e => getComputedStyle(e).backgroundColor;
  const behind = e => e === null ? 'rgb(255,255,255)' : over(behind(e.parentElement), own(e));
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.textContent.trim() || !e.getClientRects().length || e.closest('.skip, .hidden')) continue;
    const below = behind(e), colour = over(below, e.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(colour), light(below)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    const large = parseFloat(style.fontSize) >= 24;
    const said = node.textContent.trim().slice(0, 40);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${colour} on ${below}: ${said}`);
  }
  return poor;
}"""


class Opened:
    """A page with everything that happened in it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self.asked.append(request.url))


@contextmanager
def opened(browser: Any, file: Path, width: int = 1280, **options: Any) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    try:
        found = Opened(context.new_page())
        found.page.goto(file.as_uri())
        yield found
    finally:
        context.close()


@pytest.mark.parametrize("name", runs.ALL)
def test_it_opens_in_silence(browser: Any, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as it:
        it.page.wait_for_timeout(50)
        assert it.said == []
        assert [url for url in it.asked if not url.startswith("data:")] == [pages[name].as_uri()]
        assert it.page.evaluate("window.pwned") is None
        assert it.page.evaluate("getComputedStyle(document.querySelector('.verdict')).borderRadius") != "0px"


def test_attacks_are_read_verbatim_and_do_nothing(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["attacked"]) as it:
        it.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        text = it.page.evaluate("document.body.innerText")
        for attack in ("</script><script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "⟪RLO⟫evil"):
            assert attack in text
        assert (
            it.page.evaluate(
                "document.scripts.length + document.images.length + document.querySelectorAll('iframe').length"
            )
            == 0
        )
        assert it.said == []


def test_without_javascript_it_is_the_same_picture(browser: Any, pages: dict[str, Path]) -> None:
    shots = []
    for scripts in (True, False):
        with opened(browser, pages["rejected"], java_script_enabled=scripts) as it:
            shots.append(it.page.screenshot())
    assert shots[0] == shots[1]


def test_details_open_by_hand_without_javascript(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["rejected"], java_script_enabled=False) as it:
        row = it.page.locator(".forest tbody").first
        assert not row.get_by_text("p-value").is_visible()
        row.locator("summary").click()
        assert row.get_by_text("p-value").is_visible()


@pytest.mark.parametrize("name", runs.ALL)
def test_light_and_dark_are_both_drawn_and_readable(browser: Any, pages: dict[str, Path], name: str) -> None:
    shots = {}
    for scheme in ("light", "dark"):
        with opened(browser, pages[name], color_scheme=scheme, bypass_csp=True) as it:
            shots[scheme] = it.page.screenshot()
            it.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert it.page.evaluate(CONTRAST) == []
    assert min(map(len, shots.values())) > 20_000
    assert shots["light"] != shots["dark"]


@pytest.mark.parametrize("width", [360, 820, 1280, 1920])
@pytest.mark.parametrize("name", runs.ALL)
def test_no_width_scrolls_sideways(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    with opened(browser, pages[name], width) as it:
        it.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert it.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 1280])
def test_one_threshold_line_goes_through_all_rows(browser: Any, pages: dict[str, Path], width: int) -> None:
    with opened(browser, pages["rejected"], width) as it:
        middles = it.page.evaluate(
            "[...document.querySelectorAll('.forest svg.plot')].map(s => { const r = s.getBoundingClientRect();"
            " return r.left + r.width / 2 })"
        )
        cells = it.page.evaluate(
            "[...document.querySelectorAll('.forest .margin')].map(s => { const r = s.getBoundingClientRect();"
            " return r.left + r.width / 2 })"
        )
        assert len(middles) == len(cells) == 18
        assert max([*middles, *cells]) - min([*middles, *cells]) < 1
        sides = it.page.evaluate(
            "[...document.querySelectorAll('.forest tbody')].map(b => { const s = b.querySelector('svg.plot')"
            ".getBoundingClientRect(), m = b.querySelector('.mark').getBoundingClientRect();"
            " return [b.className, m.left + m.width / 2 - s.left - s.width / 2] })"
        )
        assert all(offset < 0 for state, offset in sides if state == "fail")
        assert all(offset > 0 for state, offset in sides if state == "pass")


def test_paper_shows_what_is_folded(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["rejected"]) as it:
        folded = it.page.locator(".why dl").first
        assert not folded.is_visible()
        it.page.emulate_media(media="print")
        assert folded.is_visible()
        assert it.page.locator("nav").is_hidden()
        assert it.page.pdf().startswith(b"%PDF")


def test_every_link_of_the_page_leads_to_something_visible(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["rejected"]) as it:
        lost = it.page.evaluate(
            "[...document.links].filter(a => { const t = document.getElementById(decodeURIComponent(a.hash.slice(1)));"
            " return !t || !t.getClientRects().length }).map(a => a.hash)"
        )
        assert lost == []


def test_it_can_be_walked_by_keyboard(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["rejected"]) as it:
        it.page.keyboard.press("Tab")
        assert it.page.evaluate("document.activeElement.textContent") == "Skip to the criteria"
        assert it.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        row = it.page.locator(".forest summary").first
        row.focus()
        it.page.keyboard.press("Enter")
        assert it.page.locator(".forest details[open]").count() == 1


def test_forced_colours_keep_the_marks(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["rejected"], forced_colors="active") as it:
        fill = it.page.evaluate("getComputedStyle(document.querySelector('.forest .mark')).fill")
        assert fill not in ("none", "rgba(0, 0, 0, 0)")
