"""Words in, exit code out. Nothing heavy is imported before a command really needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.order import Order
from harness.review.words import review

app = typer.Typer(
    name="harness",
    help="Acceptance tests for fine-tuned language models: may this checkpoint ship?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(review, name="review")

SuiteName = Annotated[
    str, typer.Argument(metavar="SUITE", help="A suite file, its folder, or the name of a bundled suite.")
]
Candidate = Annotated[
    str | None,
    typer.Option("--candidate", envvar="HARNESS_CANDIDATE", help="Another candidate: a fixture, a model, or a folder."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", envvar="HARNESS_SET", help="Override the suite: models.candidate.peft=./out"),
]
Also = Annotated[
    list[str] | None, typer.Option("--with", envvar="HARNESS_WITH", help="A further column: a fixture or model.")
]
Select = Annotated[
    str, typer.Option("-k", envvar="HARNESS_K", help="Only criteria that match: 'intents and not macro'.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", envvar="HARNESS_LIMIT", min=2, help="Only the first rows of each data set.")
]
Runs = Annotated[Path, typer.Option("--runs", envvar="HARNESS_RUNS", help="Where the folders of runs are.")]
Cache = Annotated[
    Path | None,
    typer.Option("--cache", envvar="HARNESS_CACHE", help="Where fixtures and answers are kept between runs."),
]
Json = Annotated[bool, typer.Option("--json", envvar="HARNESS_JSON", help="One JSON document on standard output.")]
Quiet = Annotated[
    int, typer.Option("-q", "--quiet", envvar="HARNESS_QUIET", count=True, help="One line; -qq: exit code only.")
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", envvar="HARNESS_OFFLINE", help="Ask nothing beyond this machine: cached answers, or missing ones."
    ),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "-o", "--output", envvar="HARNESS_OUTPUT", help="A further report, by its ending: .html .xml .md .json"
    ),
]


@app.command()
def run(
    suite: SuiteName,
    candidate: Candidate = None,
    sets: Sets = None,
    also: Also = None,
    select: Select = "",
    exit_first: Annotated[
        bool, typer.Option("-x", "--exitfirst", envvar="HARNESS_EXITFIRST", help="Skip timed checks after a break.")
    ] = False,
    last_failed: Annotated[
        bool, typer.Option("--lf", "--last-failed", envvar="HARNESS_LF", help="Only what did not pass last time.")
    ] = False,
    collect_only: Annotated[
        bool, typer.Option("--collect-only", envvar="HARNESS_COLLECT_ONLY", help="List the criteria, run nothing.")
    ] = False,
    durations: Annotated[
        int, typer.Option("--durations", envvar="HARNESS_DURATIONS", min=0, help="Show the slowest N steps.")
    ] = 0,
    junitxml: Annotated[
        Path | None, typer.Option("--junitxml", envvar="HARNESS_JUNITXML", help="A JUnit report here, too.")
    ] = None,
    outputs: Outputs = None,
    limit: Limit = None,
    runs: Runs = Path("runs"),
    cache: Cache = None,
    offline: Offline = False,
    json: Json = False,
    quiet: Quiet = 0,
) -> None:
    """Make what the suite needs, ask, decide; the exit code is the verdict."""
    from harness import session

    wanted = [*(outputs or ()), *([junitxml] if junitxml else ())]
    order = Order(
        suite, candidate, tuple(sets or ()), tuple(also or ()), select, exit_first, last_failed, limit, runs, cache,
        tuple(wanted), json, quiet, durations, offline,
    )  # fmt: skip
    if collect_only:
        from harness import overview

        overview.collected(session.load(order), select)
        return
    raise typer.Exit(session.run(order))


@app.command()
def validate(
    suite: SuiteName,
    candidate: Candidate = None,
    sets: Sets = None,
    cache: Cache = None,
    offline: Offline = False,
    json: Json = False,
    quiet: Quiet = 0,
) -> None:
    """Check every name, option, template, criterion and data file, without loading weights."""
    from harness import overview, session

    told = session.validate(Order(suite, candidate, tuple(sets or ()), cache=cache, offline=offline))
    overview.validated(suite, told, json=json, quiet=quiet)


@app.command()
def plan(
    suite: SuiteName,
    candidate: Candidate = None,
    sets: Sets = None,
    also: Also = None,
    select: Select = "",
    limit: Limit = None,
    runs: Runs = Path("runs"),
    cache: Cache = None,
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Show what would be made and asked, what is cached, and what this many samples can decide."""
    from harness import overview, session

    order = Order(
        suite, candidate, tuple(sets or ()), tuple(also or ()), select, limit=limit, runs=runs, cache=cache,
        offline=offline,
    )  # fmt: skip
    overview.planned(session.load(order), order, json=json)


@app.command()
def lock(
    suite: SuiteName,
    reason: Annotated[
        str, typer.Option("--reason", envvar="HARNESS_REASON", help="Why it is locked anew; stays in the lock.")
    ] = "",
    sets: Sets = None,
    cache: Cache = None,
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Promise the criteria, samples and settings of a suite before its candidate is measured: suite.lock."""
    from harness import overview, session

    order = Order(suite, None, tuple(sets or ()), cache=cache, offline=offline)
    overview.locked(session.load(order), order, reason, json=json)


@app.command("list")
def list_(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="checks, metrics, perturbations, fixtures, models, controls, judges or suites."
        ),
    ],
    json: Json = False,
) -> None:
    """List the known names of a kind, one and its meaning a row."""
    from harness import overview

    overview.listed(what, json=json)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="RUN|NAME", help="A run (folder or suite name), or a check, metric, fixture …")
    ],
    runs: Runs = Path("runs"),
    json: Json = False,
) -> None:
    """Show a run again, or what a check, metric or fixture does and its options."""
    from harness import overview

    overview.shown(name, runs, json=json)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A run: folder, result.json or suite name.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The run to compare it with.")],
    runs: Runs = Path("runs"),
    json: Json = False,
) -> None:
    """Compare two runs: what differs in provenance, which criteria flipped, every metric side by side."""
    from harness import overview

    overview.compared(first, second, runs, json=json)


@app.command()
def report(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run: folder, result.json or suite name.")],
    outputs: Outputs = None,
    runs: Runs = Path("runs"),
) -> None:
    """Render the reports of a run again from its result.json."""
    from harness import overview

    overview.reported(name, tuple(outputs or ()), runs)


@app.command()
def selftest(
    checks: Annotated[list[str] | None, typer.Argument(metavar="[CHECK]...", help="Only these checks.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, envvar="HARNESS_SEEDS", help="Controls of each check.")] = 20,
    workers: Annotated[
        int, typer.Option("--workers", min=0, envvar="HARNESS_WORKERS", help="Processes; 0: one for each core.")
    ] = 0,
    json: Json = False,
    quiet: Quiet = 0,
) -> None:
    """Plant a flaw for every check: is it caught, and is its sound twin left alone? Exit code 1 where not."""
    from harness import environment, examination

    processes = workers or environment.cores()
    raise typer.Exit(examination.selftest(checks or (), seeds, processes, as_json=json, quiet=quiet))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to put the files.")] = Path("."),
) -> None:
    """Write a first suite, a little data, and the JSON Schema that gives editors completion."""
    from harness import overview

    overview.started(folder)
