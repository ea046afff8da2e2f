"""Verdicts: of a criterion, and of a whole suite; the exit code is the suite's."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What is known of one criterion."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """The evidence does not decide; says how many samples would."""
    BROKEN = "broken"
    """Could not be measured; says whose fault."""
    WAIVED = "waived"
    """Did not pass, and somebody took responsibility until a date."""


class Outcome(StrEnum):
    """What is known of the candidate."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"
    BROKEN = "broken"


class Exit(IntEnum):
    """The command's exit codes."""

    ACCEPTED = 0
    REJECTED = 1
    USAGE = 2
    """The suite or the command is wrong; nothing was evaluated."""
    INCONCLUSIVE = 3
    BROKEN = 4
    """A fixture, model, judge or output failed."""
    NOTHING = 5
    """Nothing was selected."""
    INTEGRITY = 6
    """A lock, digest or signature does not match."""
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_OF = {
    Outcome.ACCEPTED: Exit.ACCEPTED,
    Outcome.REJECTED: Exit.REJECTED,
    Outcome.INCONCLUSIVE: Exit.INCONCLUSIVE,
    Outcome.BROKEN: Exit.BROKEN,
}
