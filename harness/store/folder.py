"""A folder of fixtures by content: made once, complete or not there at all, verified whenever they are read.

fixtures/<key>/manifest.json   the key's full preimage, every file's size and digest, facts, times
fixtures/<key>/files/          what the fixture made
making/<key>.<random>/         being made; belongs to whoever holds the key's lock, rubbish otherwise
locks/<key>.lock               flock: dies with its process
quarantine/<key>/              found damaged; kept for a look, never used
answers/<model>.sqlite         see answers.py
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import harness.store.disk as disk
from harness import digest
from harness.errors import FixtureBroken, HarnessError
from harness.store.answers import Answers

SCHEMA = "urn:finetune-harness:fixture:1"


@dataclass(frozen=True, slots=True)
class Made:
    """A fixture that is there, complete and verified."""

    path: Path
    """The folder with its files; not to be written to."""
    facts: dict[str, Any]
    """What it recorded of itself."""
    cached: bool
    """Whether it was found rather than made now."""
    seconds: float
    """How long it took to make, whenever that was."""


class Damaged(Exception):
    """What stands in the store is not what was put there."""


def default_root() -> Path:
    """`HARNESS_CACHE`, else `finetune-harness` in the user's cache folder."""
    if chosen := os.environ.get("HARNESS_CACHE", ""):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # the XDG rule: a path that is not absolute is ignored
    folder = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return folder / "finetune-harness"


class Store:
    """Fixtures and answers under one folder; any number of processes may use it at once."""

    def __init__(self, root: Path | None = None, *, tell: Callable[[str], None] = lambda text: None) -> None:
        """Nothing is written before something is made. `tell` gets warnings and "waiting for …" lines."""
        self.root = (root or default_root()).absolute()
        self.warnings: list[str] = []
        """What was found damaged and remade, for the report."""
        self._tell = tell

    def fixture(self, key: str, make: Callable[[Path], Mapping[str, Any]], *, describe: Mapping[str, Any]) -> Made:
        """The fixture of this key: found, or made by `make` in an empty folder.

        Args:
            key: digest of everything that can change the result.
            make: fills the folder that it is given and returns facts (plain JSON data).
            describe: plain JSON data for the manifest: `name`, `kind`, and `preimage`, what `key` is the digest of.

        Raises:
            FixtureBroken: it failed or left nothing usable; nothing is kept.
            OutputBroken: the store could not be written.
        """
        name = str(describe.get("name", key[:12]))
        if found := self._find(key, describe):
            return found
        with self._lock(key, name):
            # somebody else may have made it while we waited
            if found := self._find(key, describe, mend=True):
                return found
            self._sweep(key)
            return self._make(key, name, make, describe)

    def has(self, key: str) -> bool:
        """Whether a fixture of this key is there; a plan asks, so its files are not read."""
        return (self.root / "fixtures" / key / "manifest.json").is_file()

    def answers(self, model_digest: str) -> Answers:
        """The cached answers of one model; close it, or use it in a `with`."""
        return Answers(self.root, model_digest, warn=self._warn)

    def sweep(self) -> int:
        """Remove what dead processes left half made; how many folders that were."""
        making = self.root / "making"
        keys = {path.name.split(".")[0] for path in making.iterdir()} if making.is_dir() else set()
        swept = 0
        (self.root / "locks").mkdir(parents=True, exist_ok=True)
        for key in keys:
            with suppress(Timeout), FileLock(self._lock_path(key), timeout=0):
                swept += self._sweep(key)
        return swept

    # ------------------------------------------------------------------------------------------------------- reading

    def _find(self, key: str, describe: Mapping[str, Any], *, mend: bool = False) -> Made | None:
        """The stored fixture, verified; with `mend` (under the lock) a damaged one is moved away."""
        folder = self.root / "fixtures" / key
        if not folder.exists():
            return None
        try:
            manifest = _verified(folder, key, describe)
        except Damaged as damage:
            if mend:
                self._warn(
                    f"the cached fixture {describe.get('name', key[:12])} is damaged ({damage}); it is made again"
                )
                self._quarantine(folder, key)
            return None
        except OSError:
            return None  # removed while we read: the same as never there
        return Made(folder / "files", manifest["facts"], True, manifest["seconds"])

    def _quarantine(self, folder: Path, key: str) -> None:
        away = self.root / "quarantine" / key
        with disk.writing("moving a damaged fixture out of the cache", away):
            away.parent.mkdir(parents=True, exist_ok=True)
            disk.remove(away)
            disk.move(folder, away)

    def _warn(self, text: str) -> None:
        self.warnings.append(text)
        self._tell(text)

    # -------------------------------------------------------------------------------------------------------- making

    def _make(
        self, key: str, name: str, make: Callable[[Path], Mapping[str, Any]], describe: Mapping[str, Any]
    ) -> Made:
        final = self.root / "fixtures" / key
        with disk.writing(f"preparing the folder of the fixture {name}", final):
            (self.root / "making").mkdir(parents=True, exist_ok=True)
            final.parent.mkdir(parents=True, exist_ok=True)
            working = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=self.root / "making"))
        try:
            with disk.writing(f"preparing the folder of the fixture {name}", working):
                (working / "files").mkdir()
            started = time.monotonic()
            facts = _run(make, working / "files", name)
            seconds = time.monotonic() - started
            with disk.writing(f"storing the fixture {name}", final):
                manifest = {
                    "schema": SCHEMA,
                    "key": key,
                    "describe": dict(describe),
                    "facts": facts,
                    "files": _inventory(working / "files", name),
                    "made": datetime.now(UTC).isoformat(timespec="seconds"),
                    "seconds": seconds,
                }
                disk.write(working / "manifest.json", digest_bytes(manifest))
                disk.sync_tree(working)
                disk.move(working, final)
        finally:
            disk.remove(working)
        return Made(final / "files", facts, False, seconds)

    def _sweep(self, key: str) -> int:
        """Remove half-made folders of a key; its lock is held, so their makers are dead."""
        left = list((self.root / "making").glob(f"{key}.*"))
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
        return len(left)

    def _lock_path(self, key: str) -> Path:
        return self.root / "locks" / f"{key}.lock"

    @contextmanager
    def _lock(self, key: str, name: str) -> Iterator[None]:
        path = self._lock_path(key)
        lock = FileLock(path)
        with disk.writing(f"locking the fixture {name}", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._tell(f"another run is making {name}; waiting for it")
                lock.acquire()
        try:
            yield
        finally:
            lock.release()


def digest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as one line with its own SHA-256 on a second, so that a change of either is seen."""
    body = digest.canonical_bytes(manifest)
    return body + b"\n" + digest.of_text(body.decode("ascii")).encode("ascii") + b"\n"


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        body, seal = path.read_bytes().decode("ascii").split("\n", 1)
    except (UnicodeDecodeError, ValueError):
        raise Damaged("its manifest is cut off or no text") from None
    if digest.of_text(body) != seal.strip():
        raise Damaged("its manifest was changed")
    found = json.loads(body)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise Damaged("its manifest is of another version")
    return found


def _verified(folder: Path, key: str, describe: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a stored fixture, after every file was compared with it."""
    if not (folder / "manifest.json").is_file():
        raise Damaged("it has no manifest")
    manifest = _read_manifest(folder / "manifest.json")
    wanted = digest.canonical(dict(describe)).get("preimage")
    if manifest["key"] != key or manifest["describe"].get("preimage") != wanted:
        raise Damaged("it was made from something else")
    there = {path.relative_to(folder / "files").as_posix(): path for path in _files(folder / "files")}
    for missing in sorted(manifest["files"].keys() - there.keys()):
        raise Damaged(f"{missing} is missing")
    for extra in sorted(there.keys() - manifest["files"].keys()):
        raise Damaged(f"{extra} does not belong to it")
    for name, (size, sha256) in manifest["files"].items():
        if there[name].is_symlink() or there[name].stat().st_size != size or digest.of_file(there[name]) != sha256:
            raise Damaged(f"{name} was changed")
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    """Every name below a folder that is no folder; links are not followed."""
    for here, folders, files in os.walk(folder):
        for name in files + [name for name in folders if Path(here, name).is_symlink()]:
            yield Path(here, name)


def _run(make: Callable[[Path], Mapping[str, Any]], folder: Path, name: str) -> dict[str, Any]:
    """Call `make`; whatever it raises leaves here as a sentence."""
    try:
        facts = make(folder)
    except HarnessError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in disk.DISK:
            raise disk.broken(f"making the fixture {name}", folder, error) from error
        raise FixtureBroken(f"the fixture {name} failed: {type(error).__name__}: {error}") from error
    try:
        return dict(digest.canonical(dict(facts)))
    except (TypeError, ValueError) as error:
        raise FixtureBroken(f"the fixture {name} must return its facts as plain data: {error}") from error


def _inventory(folder: Path, name: str) -> dict[str, list[Any]]:
    """Relative path → [size, SHA-256] of every file made."""
    found: dict[str, list[Any]] = {}
    for path in sorted(_files(folder)):
        relative = path.relative_to(folder).as_posix()
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FixtureBroken(
                f"the fixture {name} left {relative}, which is no plain file; copy files, do not link them"
            )
        found[relative] = [path.stat().st_size, digest.of_file(path)]
    if not found:
        raise FixtureBroken(f"the fixture {name} left no file")
    return found
