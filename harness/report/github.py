"""What GitHub Actions shows: annotations at the criteria's lines, and the step summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from harness.errors import OutputBroken
from harness.report import markdown, plain, words
from harness.run import CriterionRecord, Run

MOST = 10
"""Annotations of one kind that a step shows; more are dropped without a word."""


def commands(run: Run) -> list[str]:
    """Workflow commands: an error for what fails or is broken, a warning for what is open; the worst nine of a kind,
    then one that counts the rest."""
    rows = words.ordered(run.criteria)
    errors = [row for row in rows if words.state(row) in ("fail", "broken")]
    warnings = [row for row in rows if words.state(row) in ("inconclusive", "warn", "waived")]
    return [*_commands("error", errors, run), *_commands("warning", warnings, run)]


def _commands(kind: str, rows: list[CriterionRecord], run: Run) -> list[str]:
    shown = rows if len(rows) <= MOST else rows[: MOST - 1]
    lines = [_command(kind, row, run) for row in shown]
    if len(rows) > len(shown):
        lines.append(
            f"::{kind} title={_property(run.suite.name)}::and {len(rows) - len(shown)} more; see the step summary"
        )
    return lines


def _command(kind: str, row: CriterionRecord, run: Run) -> str:
    facts = {
        "file": run.suite.path,
        "line": str(row.line) if row.line else "",
        "title": f"{row.that} {words.STATES[words.state(row)][1].lower()}",
    }
    given = ",".join(f"{name}={_property(value)}" for name, value in facts.items() if value)
    return f"::{kind} {given}::{_data(plain.line(row.reason, 1000))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(plain.line(text, 200)).replace(":", "%3A").replace(",", "%2C")


def summarise(run: Run, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Append the summary to the file that GITHUB_STEP_SUMMARY names; the file, or None outside of GitHub Actions.

    Raises:
        OutputBroken: the file cannot be written.
    """
    named = environment.get("GITHUB_STEP_SUMMARY")
    if not named:
        return None
    try:
        with Path(named).open("a", encoding="utf-8") as handle:
            handle.write(markdown.render(run))
    except OSError as error:
        raise OutputBroken(f"the step summary {named} could not be written: {error.strerror}") from error
    return Path(named)
