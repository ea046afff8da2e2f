"""A picture of a run's report for the README: python tools/report_picture.py RUN docs/report.png [dark]"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

WIDTH, HEIGHT = 1280, 1180


def picture(run: Path, out: Path, scheme: str = "light") -> None:
    """Open the report of a recorded run in Chromium and keep what stands above the fold.

    Raises:
        SystemExit: there is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    from harness.report import html, json

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no chromium on the path")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page_file = Path(folder) / "report.html"
        page_file.write_text(html.render(json.load(run)), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
        page.goto(page_file.as_uri())
        out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(out))
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    picture(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
