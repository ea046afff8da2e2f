"""The command: errors become sentences and exit codes here, and nowhere else."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from harness.errors import HarnessError
from harness.verdict import Exit


class Terminated(KeyboardInterrupt):
    """SIGTERM, made an exception so that everything is closed on the way out."""


def main() -> None:
    """Run the command and exit with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_main())


def _main() -> int:
    from harness.cli import app

    try:
        code = app(standalone_mode=False)
    except HarnessError as error:
        return _say(str(error), error.kind, error.exit_code)
    except Terminated:
        return _say(
            "terminated; what was made and answered is kept, and the same command goes on from there",
            "",
            Exit.TERMINATED,
        )
    except KeyboardInterrupt:
        return _say(
            "interrupted; what was made and answered is kept, and the same command goes on from there",
            "",
            Exit.INTERRUPTED,
        )
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


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


if __name__ == "__main__":
    main()
