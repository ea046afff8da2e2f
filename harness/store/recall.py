"""What one model answered in this run: the newest answers in memory, all others in a temporary file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from harness.errors import OutputBroken
from harness.exchange import Response

KEPT = 50_000
"""Answers in memory at most."""
_TOGETHER = 500
_TABLE = "CREATE TABLE answers (key TEXT PRIMARY KEY, response TEXT NOT NULL, cached INTEGER NOT NULL) WITHOUT ROWID"


class Recall:
    """Key → response, for any number of them: what is put in stays, and comes back as it was.

    The file is SQLite's own temporary one, which nobody else sees and which is gone with this object.
    """

    def __init__(self) -> None:
        self._near: dict[str, Response] = {}
        self._far: sqlite3.Connection | None = None

    def get(self, key: str) -> Response | None:
        """The answer, if there is one."""
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Response]:
        """The answers that there are.

        Raises:
            OutputBroken: the temporary file cannot be read.
        """
        found: dict[str, Response] = {}
        away: list[str] = []
        for key in dict.fromkeys(keys):
            if (response := self._near.get(key)) is not None:
                found[key] = response
            else:
                away.append(key)
        if self._far is not None:
            for start in range(0, len(away), _TOGETHER):
                found.update(self._fetch(self._far, away[start : start + _TOGETHER]))
        return found

    def put(self, key: str, response: Response) -> None:
        """Remember an answer.

        Raises:
            OutputBroken: the temporary file cannot be written.
        """
        self._near[key] = response
        if len(self._near) > KEPT:
            self._move()

    def put_many(self, answers: Mapping[str, Response]) -> None:
        """Remember answers."""
        for key, response in answers.items():
            self.put(key, response)

    def _move(self) -> None:
        """The older half of what is in memory goes to the file."""
        old = list(self._near)[: KEPT // 2]
        rows = [(key, json.dumps(self._near[key].to_plain()), self._near[key].cached) for key in old]
        try:
            if self._far is None:
                self._far = sqlite3.connect("", isolation_level=None)
                self._far.execute("PRAGMA journal_mode = OFF")
                self._far.execute(_TABLE)
            self._far.execute("BEGIN")
            self._far.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)
            self._far.execute("COMMIT")
        except sqlite3.Error as error:
            raise _broken("written", error) from error
        for key in old:
            del self._near[key]

    @staticmethod
    def _fetch(far: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Response]:
        marks = ",".join("?" * len(keys))
        try:
            rows = far.execute(f"SELECT key, response, cached FROM answers WHERE key IN ({marks})", keys).fetchall()
        except sqlite3.Error as error:
            raise _broken("read back", error) from error
        return {key: Response.from_plain(json.loads(text), cached=bool(cached)) for key, text, cached in rows}


def _broken(doing: str, error: sqlite3.Error) -> OutputBroken:
    return OutputBroken(
        f"the temporary file of this run's answers could not be {doing}: {error}; make room where SQLite keeps its "
        "temporary files, or set SQLITE_TMPDIR to a folder on another disk"
    )
