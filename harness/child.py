"""A program of the user's own, run to its end: heard, timed, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import IO

from harness.errors import FixtureBroken

SHOWN = 20
"""Last lines of what it said, shown when it fails."""


def run_to_end(
    words: list[str],
    root: Path,
    environment: dict[str, str],
    progress: Callable[[str, float], None],
    timeout: float,
) -> deque[str]:
    """Run to the end, passing on what it says; its whole process group ends with the harness or with the time.

    Gives the last lines that it said.

    Raises:
        FixtureBroken: it cannot be started, ends with a status other than 0, or takes longer than `timeout` seconds.
    """
    said: deque[str] = deque(maxlen=SHOWN)
    try:
        process = subprocess.Popen(
            words, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise FixtureBroken(f"run: {words[0]!r} cannot be started: {error.strerror or error}") from error
    assert process.stdout is not None
    reader = Thread(target=_listen, args=(process.stdout, said, progress), daemon=True)
    reader.start()
    try:
        status = process.wait(timeout or None)
    except subprocess.TimeoutExpired as error:
        raise FixtureBroken(f"the command took longer than {timeout:g} s and was ended{tail(said)}") from error
    finally:
        _end(process)
        reader.join(5)
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        raise FixtureBroken(f"the command {words[0]} {how}{tail(said)}")
    return said


def _listen(lines: IO[str], said: deque[str], progress: Callable[[str, float], None]) -> None:
    for line in lines:
        if text := line.rstrip():
            said.append(text[:500])
            progress(text[:80], 0.5)


def _end(process: subprocess.Popen[str]) -> None:
    """End the command and everything it started."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
    elif process.poll() is None:
        process.kill()
    process.wait()


def tail(said: deque[str]) -> str:
    """What it said last, as the end of a sentence."""
    return "; it said last:\n  " + "\n  ".join(said) if said else "; it said nothing"
