"""The words of `harness review`: its subcommands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

review = typer.Typer(no_args_is_help=True, help="Let people compare answers, blind: export or serve, then import.")
Runs = Annotated[Path, typer.Option("--runs", envvar="HARNESS_RUNS", help="Where the folders of runs are.")]

ReviewRun = Annotated[str, typer.Argument(metavar="RUN", help="A run: folder, result.json or suite name.")]
ReviewCheck = Annotated[str, typer.Option("--check", help="Whose samples; the first criterion's check unless said.")]
Against = Annotated[str, typer.Option("--against", help="The model beside the candidate.")]
Number = Annotated[int, typer.Option("-n", "--n", min=1, help="Samples at most.")]
Strategy = Annotated[
    str, typer.Option("--strategy", help="disagreement, regression, improvement, random; several with commas.")
]
Seed = Annotated[int, typer.Option("--seed", help="Draws samples, sides and order.")]


@review.command("export")
def review_export(
    name: ReviewRun,
    check: ReviewCheck = "",
    against: Against = "base",
    n: Number = 200,
    strategy: Strategy = "disagreement,random",
    seed: Seed = 0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the page goes.")] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Write review.html, one file to give to raters; the key to the sides stays in the run's folder."""
    from harness import session
    from harness.review import command

    run, folder = session.record(name, runs)
    chosen = strategy.split(",")
    packet = command.packed(run, folder, check=check, against=against, n=n, strategies=chosen, seed=seed)
    typer.echo(f"{len(packet.cards)} cards: {command.export(packet, folder, output)}")


@review.command("serve")
def review_serve(
    name: ReviewRun,
    check: ReviewCheck = "",
    against: Against = "base",
    n: Number = 200,
    strategy: Strategy = "disagreement,random",
    seed: Seed = 0,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: a free one.")] = 0,
    runs: Runs = Path("runs"),
) -> None:
    """Serve the page on this machine until Ctrl-C, and keep each rating as it is made."""
    from harness import session
    from harness.review import command

    run, folder = session.record(name, runs)
    chosen = strategy.split(",")
    packet = command.packed(run, folder, check=check, against=against, n=n, strategies=chosen, seed=seed)
    try:
        command.serve(packet, folder, port, tell=lambda url: typer.echo(f"{url}  (Ctrl-C ends)"), wait=lambda: True)
    except KeyboardInterrupt:
        typer.echo(f"ratings are kept below {folder / 'review'}; `harness review import {name}` opens them")


@review.command("import")
def review_import(
    name: ReviewRun,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="What raters saved.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the opened ratings go.")] = None,
    runs: Runs = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Open the sealed sides, say how each rater worked, and write ratings.jsonl for the check `human`."""
    from harness import session
    from harness.review import command

    _, folder = session.record(name, runs)
    place, worked, count = command.take_in(folder, files or (), output)
    command.told(place, worked, count, as_json=json)
