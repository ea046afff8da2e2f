"""The command: errors become sentences and exit codes here, and nowhere else."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from harness.errors import HarnessError
from harness.verdict import Exit

STOPPED = "what was made and answered is kept, and the same command goes on from there"


class Stopped(BaseException):
    """SIGINT or SIGTERM, made an exception so that everything is closed on the way out.

    Not a KeyboardInterrupt: the command-line library would turn that into an exit code of its own, without a sentence.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


def main() -> None:
    """Run the command and exit with its code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    sys.exit(_main())


def _main() -> int:
    from harness.cli import app

    try:
        code = app(standalone_mode=False)
    except HarnessError as error:
        return _say(str(error), error.kind, error.exit_code)
    except Stopped as stop:
        if stop.number == signal.SIGTERM:
            return _say(f"terminated; {STOPPED}", "", Exit.TERMINATED)
        return _say(f"interrupted; {STOPPED}", "", Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.BROKEN)
    except Exception as error:
        return _usage(error)
    return int(code or 0)


def _usage(error: Exception) -> int:
    """A wrong command line is a sentence; anything else is a defect of the harness, and says so."""
    import typer

    if isinstance(error, typer.Abort):
        return _say("interrupted", "", Exit.INTERRUPTED)
    if hasattr(error, "format_message") and any(c.__name__ == "ClickException" for c in type(error).__mro__):
        error.show()  # type: ignore[attr-defined]
        return int(Exit.USAGE)
    if os.environ.get("HARNESS_DEBUG"):
        raise error
    text = f"the harness itself failed: {type(error).__name__}: {error} (HARNESS_DEBUG=1 shows where; please report it)"
    return _say(text, "defect", Exit.BROKEN)


def _say(text: str, kind: str, code: int) -> int:
    from harness.report.plain import visible

    if kind and "--json" in sys.argv:
        from harness.session import error_document

        sys.stdout.write(error_document(Exception(text), kind, int(code)))
    else:
        shown = "\n".join(visible(line) for line in text.splitlines())
        sys.stderr.write(f"harness: {shown}\n" if kind else f"\nharness: {shown}\n")
    return int(code)


def _stop(number: int, frame: FrameType | None) -> None:
    """Stop in order; the second signal stops at once."""
    signal.signal(number, signal.SIG_DFL)
    raise Stopped(number)


if __name__ == "__main__":
    main()
