"""Answers of one model, by the digest of what was asked: a SQLite file that several processes may use at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TypeVar

from filelock import FileLock

import harness.store.disk as disk
from harness.errors import OutputBroken
from harness.exchange import Response

T = TypeVar("T")

_TABLE = "CREATE TABLE IF NOT EXISTS answers (request TEXT PRIMARY KEY, response TEXT NOT NULL, sha256 TEXT NOT NULL)"
_TOGETHER = 500
_PATIENCE = 30.0
"""Seconds to wait for another process's write."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""Result codes of a file that is no (or no longer a) database of ours; SQLITE_ERROR: other tables in it."""


class Answers:
    """The cached answers of one model. Every row carries a digest and is checked when read; nothing is unpickled."""

    def __init__(self, root: Path, model_digest: str, *, warn: Callable[[str], None] = lambda text: None) -> None:
        self.path = root / "answers" / f"{model_digest}.sqlite"
        self._root = root
        self._model = model_digest
        self._warn = warn
        self._mutex = RLock()
        self._connection: sqlite3.Connection | None = None
        self._file = 0
        """The file that was opened last, by its inode: another process may have put a new one in its place."""

    def get_many(self, digests: Sequence[str]) -> dict[str, Response]:
        """Request digest → response, of those that are there and whole; damaged rows are deleted and left out.

        Raises:
            OutputBroken: the file cannot be opened.
        """
        if not self.path.is_file():
            return {}
        wanted = list(dict.fromkeys(digests))
        return self._guarded("reading cached answers", lambda db: self._get(db, wanted), {})

    def put_many(self, answers: Iterable[tuple[str, Response]]) -> None:
        """Keep responses by request digest; faults are not kept, so that they are tried again.

        Raises:
            OutputBroken: the file cannot be written.
        """
        rows = [row for request, response in answers if (row := self._row(request, response))]
        if rows:
            self._guarded("keeping answers", lambda db: _put(db, rows), None)

    def count(self) -> int:
        """How many answers there are."""
        if not self.path.is_file():
            return 0
        return self._guarded(
            "counting answers", lambda db: int(db.execute("SELECT count(*) FROM answers").fetchone()[0]), 0
        )

    def close(self) -> None:
        """Close the file; using it again opens it again."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Answers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _row(self, request: str, response: Response) -> tuple[str, str, str] | None:
        if response.fault:
            return None
        try:
            text = json.dumps(response.to_plain(), allow_nan=False, ensure_ascii=True, separators=(",", ":"))
        except ValueError:
            return None  # a NaN or infinite score has no place in a cache; it is asked for again
        return request, text, self._seal(request, text)

    def _seal(self, request: str, text: str) -> str:
        """Over model, request and response, so that a whole row in the wrong place is noticed too."""
        return sha256(f"{self._model}\n{request}\n{text}".encode("utf-8", "surrogateescape")).hexdigest()

    def _get(self, db: sqlite3.Connection, wanted: list[str]) -> dict[str, Response]:
        found: dict[str, Response] = {}
        damaged: list[tuple[str]] = []
        for start in range(0, len(wanted), _TOGETHER):
            some = wanted[start : start + _TOGETHER]
            marks = ",".join("?" * len(some))
            for request, text, seal in db.execute(
                f"SELECT request, response, sha256 FROM answers WHERE request IN ({marks})", some
            ):
                response = self._response(request, text, seal)
                if response is None:
                    damaged.append((request,))
                else:
                    found[request] = response
        if damaged:
            self._warn(f"{len(damaged)} cached answers were damaged; they are asked for again")
            with db:
                db.executemany("DELETE FROM answers WHERE request = ?", damaged)
        return found

    def _response(self, request: str, text: object, seal: object) -> Response | None:
        if not isinstance(text, str) or self._seal(request, text) != seal:
            return None
        try:
            return Response.from_plain(json.loads(text), cached=True)
        except (KeyError, TypeError, ValueError):
            return None  # written by a harness with other fields

    # ------------------------------------------------------------------------------------------------- the file itself

    def _guarded(self, doing: str, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do something with the database; a damaged file is moved away, and the work is tried on a new one once."""
        with self._mutex:
            for attempt in range(3):
                try:
                    return work(self._open())
                except sqlite3.DatabaseError as error:
                    self.close()
                    damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
                    if not damaged or attempt == 2:
                        raise self._broken(doing, error) from error
                # The first time, a quick check decides; a file that fails twice is damaged, whatever that says.
                self._replace(failed_twice=self._file if attempt else 0)
            return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            door = self._root / "locks" / f"open-{self._model}.lock"
            with disk.writing("opening the cache of answers", self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                door.parent.mkdir(parents=True, exist_ok=True)
            # One process at a time: two that turn on the write-ahead log at once find each other's lock, unasked.
            with FileLock(door):
                self._connection = self._connected()
        return self._connection

    def _connected(self) -> sqlite3.Connection:
        """A new connection to a database that is ours, or an error that says it is not."""
        db = sqlite3.connect(self.path, timeout=_PATIENCE, check_same_thread=False)
        try:
            # A damaged row may not be UTF-8; it must reach its seal, which tells that it is damaged.
            db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            db.execute("PRAGMA journal_mode = WAL")
            self._file = self.path.stat().st_ino
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(_TABLE)
            db.execute("SELECT request, response, sha256 FROM answers LIMIT 1").fetchone()
        except BaseException:
            db.close()
            raise
        return db

    def _replace(self, *, failed_twice: int = 0) -> None:
        """Move a damaged file to the quarantine, unless another process has done so already."""
        lock = self._root / "locks" / f"answers-{self._model}.lock"
        with disk.writing("moving a damaged cache of answers away", self.path):
            lock.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(lock):
                if failed_twice:
                    if not self.path.exists() or self.path.stat().st_ino != failed_twice:
                        return
                elif self._sound():
                    return
                self._warn(f"the cached answers of model {self._model[:12]} are damaged; they are asked for again")
                away = self._root / "quarantine" / self.path.name
                away.parent.mkdir(parents=True, exist_ok=True)
                for tail in ("-wal", "-shm", ""):
                    with suppress(FileNotFoundError):
                        Path(f"{self.path}{tail}").rename(f"{away}{tail}")

    def _sound(self) -> bool:
        try:
            rows = self._open().execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError:
            return False
        finally:
            self.close()
        return bool(rows == [("ok",)])

    def _broken(self, doing: str, error: sqlite3.DatabaseError) -> OutputBroken:
        return OutputBroken(
            f"{doing} failed: {error} ({self.path}); make room, free the file, or set HARNESS_CACHE to another folder"
        )


def _put(db: sqlite3.Connection, rows: list[tuple[str, str, str]]) -> None:
    with db:
        db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)
