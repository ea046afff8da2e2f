"""`harness review export|serve|import`: the commands of human review."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from harness.errors import NothingSelected, SuiteError, nearest
from harness.journal import write
from harness.review import desk, shelf
from harness.review.packet import Packet, pack
from harness.review.page import render
from harness.review.unsealing import Rater, opened, raters
from harness.run import Run


def packed(
    run: Run, folder: Path, *, check: str, against: str, n: int, strategies: Sequence[str], seed: int
) -> Packet:  # fmt: skip
    """A new packet of a run, kept in its folder.

    Raises:
        SuiteError: no such check or model.
        NothingSelected: nothing that both answered.
    """
    asked = [name for name, record in run.checks.items() if record.samples]
    name = check or next((c.check for c in run.criteria if c.check in asked), asked[0] if asked else "")
    if name not in run.checks:
        raise SuiteError(f"no check named {name!r} in this run{nearest(name, run.checks)}")
    if "candidate" not in run.models or against not in run.models:
        missing = against if "candidate" in run.models else "candidate"
        raise SuiteError(f"no model named {missing!r} in this run{nearest(missing, run.models)}")
    pairs = shelf.pairs(folder, name, "candidate", against)
    packet = pack(
        pairs, check=name, candidate="candidate", other=against, n=n, strategies=strategies, seed=seed,
        run=run.run_id,
    )  # fmt: skip
    shelf.keep(packet, folder)
    return packet


def export(packet: Packet, folder: Path, out: Path | None) -> Path:
    """The page as a file to be given to raters."""
    place = out or folder / "review" / f"{packet.id}.html"
    write(place, render(packet))
    return place


def serve(packet: Packet, folder: Path, port: int, *, tell: Callable[[str], None], wait: Callable[[], bool]) -> int:
    """Serve the page until `wait` says no more; the number of ratings that came in."""
    place = folder / "review" / f"{packet.id}.ratings.jsonl"
    with desk.open_desk(packet, place, port) as open_desk:
        tell(open_desk.url)
        while wait():
            time.sleep(0.2)
    return len(place.read_text(encoding="utf-8").splitlines()) if place.is_file() else 0


def take_in(folder: Path, files: Sequence[Path], out: Path | None) -> tuple[Path, list[Rater], int]:
    """Match ratings with their sealed packets; where they went, how each rater worked, and how many there are.

    Raises:
        NothingSelected: there are no packets, or no ratings.
        SuiteError: a line is no rating of these packets.
        Tampered: a key is not the one that was promised.
    """
    packets = shelf.packets(folder)
    if not packets:
        raise NothingSelected(f"{folder} has no review packets; make one with `harness review export` or `serve`")
    served = sorted((folder / "review").glob("*.ratings.jsonl"))
    found = shelf.ratings([*served, *files], packets)
    if not found:
        raise NothingSelected("no ratings: give the files that raters saved, or serve the packet first")
    rows = opened(found, packets)
    place = out or folder / "review" / "ratings.jsonl"
    write(place, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return place, raters(found, packets), len(rows)


def told(place: Path, worked: Sequence[Rater], count: int, *, as_json: bool) -> None:
    """Say what came in and how each rater worked."""
    if as_json:
        known = {"ratings": str(place), "count": count, "raters": [asdict(rater) for rater in worked]}
        sys.stdout.write(json.dumps(known, ensure_ascii=True) + "\n")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("rater", "rated", "cannot tell", "same again", "controls passed", "left won"):
        table.add_column(title, justify="left" if title == "rater" else "right")
    for one in worked:
        table.add_row(
            escape(one.name), str(one.rated), str(one.unsure), f"{one.same} of {one.repeated}",
            f"{one.passed} of {one.controls}", f"{one.left} of {one.decided}",
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(f"{count} ratings, opened: {escape(str(place))}")
    console.print("Use them: [bold]people: {human: {of: CHECK, ratings: ratings.jsonl}}[/] under checks,")
    console.print("or to hold a judge against: [bold]better: {pairwise: {…, labels: ratings.jsonl}}[/].")
