"""The store: complete or not there, whatever dies, fills up, flips or races."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness import digest
from harness.catalog import Catalog, Option, entry_of, fixture
from harness.errors import FixtureBroken, OutputBroken, SuiteError
from harness.exchange import Response, Scored
from harness.store import Made, Store, default_root, disk, fixture_key
from harness.store import folder as folder_module

PREIMAGE = {"fixture": "demo", "options": {"x": 1}}
KEY = digest.of(PREIMAGE)
DESCRIBE = {"name": "demo", "kind": "split", "preimage": PREIMAGE}
FILES = {"train.jsonl": b'{"a": 1}\n' * 100, "deep/er/weights.bin": bytes(range(256)) * 8}


class Maker:
    """Makes the files above and counts how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, out: Path) -> dict[str, Any]:
        self.calls += 1
        assert not list(out.iterdir())
        for name, content in FILES.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
        return {"rows": 100}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def intact(made: Made) -> bool:
    return {n: digest.of_file(made.path / n) for n in FILES} == digest.of_folder(made.path) and all(
        (made.path / name).read_bytes() == content for name, content in FILES.items()
    )


def leftovers(store: Store) -> list[str]:
    making = store.root / "making"
    return [path.name for path in making.iterdir()] if making.exists() else []


def test_made_once_then_found(store: Store) -> None:
    make = Maker()
    assert not store.has(KEY)
    first = store.fixture(KEY, make, describe=DESCRIBE)
    again = Store(store.root).fixture(KEY, make, describe=DESCRIBE)
    assert (first.cached, again.cached, make.calls) == (False, True, 1)
    assert intact(first)
    assert again == Made(first.path, {"rows": 100}, True, first.seconds)
    assert store.has(KEY)
    assert leftovers(store) == []


def test_the_manifest_says_what_it_is(store: Store) -> None:
    made = store.fixture(KEY, Maker(), describe=DESCRIBE)
    body, seal = (made.path.parent / "manifest.json").read_text().splitlines()
    manifest = json.loads(body)
    assert manifest["describe"]["preimage"] == PREIMAGE
    assert digest.of(manifest["describe"]["preimage"]) == manifest["key"] == KEY
    assert manifest["files"]["train.jsonl"] == [900, digest.of_file(made.path / "train.jsonl")]
    assert seal == digest.of_text(body)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def pickled(path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (os.system, (f"touch {path.parent / 'owned'}",))

    path.write_bytes(pickle.dumps(Evil()))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "flipped": lambda folder: flip(folder / "files" / "train.jsonl"),
    "truncated": lambda folder: os.truncate(folder / "files" / "train.jsonl", 450),
    "emptied": lambda folder: (folder / "files" / "train.jsonl").write_bytes(b""),
    "same size": lambda folder: (folder / "files" / "train.jsonl").write_bytes(b'{"a": 2}\n' * 100),
    "pickle": lambda folder: pickled(folder / "files" / "train.jsonl"),
    "missing": lambda folder: (folder / "files" / "deep/er/weights.bin").unlink(),
    "extra": lambda folder: (folder / "files" / "extra.bin").write_bytes(b"x"),
    "link": lambda folder: (
        (folder / "files" / "train.jsonl").rename(folder.parent / "away"),
        (folder / "files" / "train.jsonl").symlink_to(folder.parent / "away"),
    ),
    "linked folder": lambda folder: (folder / "files" / "other").symlink_to(folder.parent),
    "manifest flipped": lambda folder: flip(folder / "manifest.json"),
    "manifest emptied": lambda folder: (folder / "manifest.json").write_bytes(b""),
    "manifest missing": lambda folder: (folder / "manifest.json").unlink(),
    "manifest facts edited": lambda folder: (folder / "manifest.json").write_text(
        (folder / "manifest.json").read_text().replace('"rows":100', '"rows":999')
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_fixture_is_moved_away_and_made_again(store: Store, damage: str) -> None:
    make = Maker()
    folder = store.fixture(KEY, make, describe=DESCRIBE).path.parent
    DAMAGES[damage](folder)
    told: list[str] = []
    later = Store(store.root, tell=told.append)
    made = later.fixture(KEY, make, describe=DESCRIBE)
    assert (made.cached, make.calls) == (False, 2)
    assert intact(made)
    assert made.facts == {"rows": 100}
    assert "the cached fixture demo is damaged" in later.warnings[0]
    assert told == later.warnings
    assert (store.root / "quarantine" / KEY).exists()
    assert not list(store.root.rglob("owned"))
    assert later.fixture(KEY, make, describe=DESCRIBE).cached


def test_another_fixture_in_its_place_is_noticed(store: Store) -> None:
    other = {"fixture": "other"}
    store.fixture(KEY, Maker(), describe=DESCRIBE)
    there = store.fixture(digest.of(other), Maker(), describe={"name": "other", "preimage": other}).path.parent
    disk.remove(store.root / "fixtures" / KEY)
    there.rename(store.root / "fixtures" / KEY)
    assert not store.fixture(KEY, Maker(), describe=DESCRIBE).cached
    assert "made from something else" in store.warnings[0]


# ---------------------------------------------------------------------------------------------------- failing fixtures


def test_a_failed_make_leaves_nothing(store: Store) -> None:
    def fails(out: Path) -> dict[str, Any]:
        (out / "half").write_text("x")
        raise RuntimeError("loss is NaN")

    with pytest.raises(FixtureBroken, match="the fixture demo failed: RuntimeError: loss is NaN"):
        store.fixture(KEY, fails, describe=DESCRIBE)
    assert not store.has(KEY)
    assert leftovers(store) == []
    assert intact(store.fixture(KEY, Maker(), describe=DESCRIBE))


def test_a_complaint_of_the_fixture_passes_as_it_is(store: Store) -> None:
    def complains(out: Path) -> dict[str, Any]:
        raise SuiteError("ratios")

    with pytest.raises(SuiteError, match=r"^ratios$"):
        store.fixture(KEY, complains, describe=DESCRIBE)


def test_an_interrupt_passes_and_leaves_nothing(store: Store) -> None:
    def interrupted(out: Path) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.fixture(KEY, interrupted, describe=DESCRIBE)
    assert leftovers(store) == []


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda out: {"a": 1}, "left no file"),
        (lambda out: (out / "x").write_text("x") and {"loss": float("nan")}, "facts as plain data"),
        (lambda out: (out / "x").write_text("x") and {"path": out}, "facts as plain data"),
        (lambda out: ((out / "x").symlink_to("/etc/passwd"), {})[1], "left x, which is no plain file"),
        (lambda out: ((out / "d").symlink_to("/etc"), {})[1], "left d, which is no plain file"),
        (lambda out: (os.mkfifo(out / "pipe"), {})[1], "left pipe, which is no plain file"),
        (lambda out: (out / "missing").read_text() and {}, "FileNotFoundError"),
    ],
)
def test_an_unusable_result_is_not_kept(store: Store, make: Any, expected: str) -> None:
    with pytest.raises(FixtureBroken, match=expected):
        store.fixture(KEY, make, describe=DESCRIBE)
    assert not store.has(KEY)
    assert leftovers(store) == []


# -------------------------------------------------------------------------------------------------------- failing disk


def test_a_full_disk_is_a_sentence(store: Store) -> None:
    def fills(out: Path) -> dict[str, Any]:
        (out / "a").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputBroken, match=r"making the fixture demo failed: the disk is full .*HARNESS_CACHE"):
        store.fixture(KEY, fills, describe=DESCRIBE)
    assert leftovers(store) == []


CALLS = ("fsync", "mkdir", "rename", "open")


@pytest.mark.parametrize("call", CALLS)
def test_whichever_disk_call_fails_nothing_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Fail the N-th call of one kind, for N = 1, 2, … until nothing fails any more."""
    real = getattr(os, call)
    failures = 0
    for nth in range(1, 200):
        root = tmp_path / str(nth)
        store = Store(root)
        seen = 0

        def failing(*args: Any, nth: int = nth, **options: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == nth:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            try:
                made = store.fixture(KEY, Maker(), describe=DESCRIBE)
            except OutputBroken as error:
                failures += 1
                assert "the disk is full" in str(error)  # noqa: PT017  the loop ends where nothing is raised
                made = None
        assert made is None or intact(made)
        # the fault is gone: the same result as without it, found or made again
        assert intact(Store(root).fixture(KEY, Maker(), describe=DESCRIBE))
        assert leftovers(store) == []
        if seen < nth:
            break
    assert failures


def test_a_fixture_in_a_read_only_cache_is_used(store: Store) -> None:
    store.fixture(KEY, Maker(), describe=DESCRIBE)
    disk.remove(store.root / "locks")
    with read_only(store.root):
        assert store.fixture(KEY, Maker(), describe=DESCRIBE).cached


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputBroken, match="a file stands where a folder is needed"):
        Store(tmp_path / "file").fixture(KEY, Maker(), describe=DESCRIBE)
    with pytest.raises(OutputBroken, match="a file stands where a folder is needed"):
        Store(tmp_path / "file").answers("m").put_many([("r", Response(text="x"))])
    if os.geteuid():
        (tmp_path / "closed").mkdir()
        with read_only(tmp_path / "closed"), pytest.raises(OutputBroken, match="no permission"):
            Store(tmp_path / "closed").fixture(KEY, Maker(), describe=DESCRIBE)


class read_only:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        self.folder.chmod(stat.S_IRUSR | stat.S_IXUSR)

    def __exit__(self, *error: object) -> None:
        self.folder.chmod(stat.S_IRWXU)


# -------------------------------------------------------------------------------------------------- dying, two at once

CHILD = """
import sys, time
from pathlib import Path
from harness.store import Store
root, key, mode, log = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])

def make(out):
    with log.open("a") as handle:
        handle.write("made\\n")
    (out / "train.jsonl").write_bytes(b'{"a": 1}\\n' * 50)
    print("half", flush=True)
    if mode == "hang":
        time.sleep(60)
    time.sleep(0.5)
    (out / "train.jsonl").write_bytes(b'{"a": 1}\\n' * 100)
    (out / "deep/er").mkdir(parents=True)
    (out / "deep/er/weights.bin").write_bytes(bytes(range(256)) * 8)
    return {"rows": 100}

preimage = {"fixture": "demo", "options": {"x": 1}}
store = Store(root, tell=lambda text: print(text, flush=True))
made = store.fixture(key, make, describe={"name": "demo", "preimage": preimage})
print("cached" if made.cached else "fresh", flush=True)
"""


def child(store: Store, mode: str, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(store.root), KEY, mode, str(log)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip


def test_killed_half_way_it_is_made_again_at_once(store: Store, tmp_path: Path) -> None:
    process = child(store, "hang", tmp_path / "log")
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(leftovers(store)) == 1
    assert not store.has(KEY)
    make = Maker()
    started = time.monotonic()
    made = store.fixture(KEY, make, describe=DESCRIBE)
    assert time.monotonic() - started < 5
    assert make.calls == 1
    assert intact(made)
    assert leftovers(store) == []


def test_sweep_removes_what_the_dead_left_and_spares_the_living(store: Store, tmp_path: Path) -> None:
    process = child(store, "hang", tmp_path / "log")
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    assert store.sweep() == 0
    process.kill()
    process.wait()
    assert store.sweep() == 1
    assert leftovers(store) == []


def test_of_two_at_once_one_makes_and_the_other_waits(store: Store, tmp_path: Path) -> None:
    first = child(store, "slow", tmp_path / "log")
    assert first.stdout is not None
    assert first.stdout.readline() == "half\n"
    second = child(store, "slow", tmp_path / "log")
    out, _ = second.communicate(timeout=60)
    assert out.splitlines() == ["another run is making demo; waiting for it", "cached"]
    assert first.communicate(timeout=60)[0].splitlines() == ["fresh"]
    assert (tmp_path / "log").read_text() == "made\n"


# ------------------------------------------------------------------------------------------------------------- answers

ANSWERS = [
    ("r1", Response(text="hällo \u2028 \ud800", finish="stop", prompt_tokens=3, new_tokens=2, seconds=0.5)),
    ("r2", Response(scores=(Scored(-1.5, 3, True), Scored(-0.1 - 0.2, 1)))),
    ("r3", Response(text="")),
]


def plain(found: dict[str, Response]) -> dict[str, dict[str, Any]]:
    return {name: response.to_plain() for name, response in found.items()}


def test_answers_come_back_as_they_went(store: Store) -> None:
    with store.answers("m1") as answers:
        assert answers.get_many(["r1"]) == {}
        assert not answers.path.exists()
        answers.put_many(ANSWERS)
    with Store(store.root).answers("m1") as answers:
        found = answers.get_many(["r3", "r1", "r2", "r1", "nothing"])
        assert plain(found) == plain(dict(ANSWERS))
        assert all(response.cached for response in found.values())
        assert answers.count() == 3
    with store.answers("m2") as other:
        assert other.get_many(["r1"]) == {}


def test_thousands_at_once(store: Store) -> None:
    many = [(f"r{n}", Response(text=str(n))) for n in range(3000)]
    with store.answers("m") as answers:
        answers.put_many(many)
        found = answers.get_many([name for name, _ in many])
    assert [found[name].text for name, _ in many] == [str(n) for n in range(3000)]


def test_faults_and_nan_are_never_kept(store: Store) -> None:
    with store.answers("m") as answers:
        answers.put_many(
            [
                ("fault", Response(fault="the server is away", blame="infrastructure")),
                ("nan", Response(scores=(Scored(float("nan"), 1),))),
                ("inf", Response(scores=(Scored(float("-inf"), 1),))),
                ("good", Response(text="x")),
            ]
        )
        assert set(answers.get_many(["fault", "nan", "inf", "good"])) == {"good"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE answers SET response = replace(response, 'one', 'two') WHERE request = 'a'",
        "UPDATE answers SET sha256 = '' WHERE request = 'a'",
        "UPDATE answers SET response = x'80049525' WHERE request = 'a'",
        "UPDATE answers SET response = (SELECT response FROM answers WHERE request = 'b'),"
        " sha256 = (SELECT sha256 FROM answers WHERE request = 'b') WHERE request = 'a'",
    ],
)
def test_a_changed_row_is_a_miss_and_is_deleted(store: Store, statement: str) -> None:
    with store.answers("m") as answers:
        answers.put_many([("a", Response(text="one")), ("b", Response(text="three"))])
    with sqlite3.connect(answers.path) as db:
        assert db.execute(statement).rowcount == 1
    db.close()
    with store.answers("m") as answers:
        assert set(answers.get_many(["a", "b"])) == {"b"}
        assert "1 cached answers were damaged" in store.warnings[0]
        assert answers.count() == 1


def test_the_file_of_another_model_is_not_believed(store: Store) -> None:
    with store.answers("m1") as answers:
        answers.put_many(ANSWERS)
    answers.path.rename(answers.path.with_name("m2.sqlite"))
    with store.answers("m2") as other:
        assert other.get_many(["r1", "r2", "r3"]) == {}


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, pickle.dumps({})])
def test_a_file_that_is_no_database_is_replaced(store: Store, content: bytes) -> None:
    with store.answers("m") as answers:
        answers.put_many(ANSWERS)
    answers.path.write_bytes(content)
    with store.answers("m") as answers:
        assert answers.get_many(["r1"]) == {}
        answers.put_many(ANSWERS)
        assert plain(answers.get_many(["r1"])) == plain(dict(ANSWERS[:1]))
    if content:  # an empty file is an empty database
        assert "are damaged; they are asked for again" in store.warnings[0]
        assert (store.root / "quarantine" / "m.sqlite").read_bytes()[:50] == content[:50]


@given(st.integers(0, 40_000), st.integers(1, 4000), st.binary(min_size=1, max_size=4))
@example(17829, 4, b"\x80")  # a row that is no longer UTF-8
@settings(max_examples=25, deadline=None)
def test_whatever_byte_of_the_database_changes_no_wrong_answer_comes_back(
    tmp_path_factory: pytest.TempPathFactory, at: int, length: int, noise: bytes
) -> None:
    store = Store(tmp_path_factory.mktemp("cache"))
    many = [(f"r{n}", Response(text=f"answer {n}")) for n in range(200)]
    with store.answers("m") as answers:
        answers.put_many(many)
    content = bytearray(answers.path.read_bytes())
    at %= len(content)
    content[at : at + length] = (noise * length)[: len(content[at : at + length])]
    answers.path.write_bytes(content)
    with store.answers("m") as answers:
        found = answers.get_many([name for name, _ in many])
        answers.put_many(many)
        found_again = answers.get_many([name for name, _ in many])
    for name, response in [*found.items(), *found_again.items()]:
        assert response.text == f"answer {name[1:]}"


def test_a_database_with_other_tables_is_replaced(store: Store) -> None:
    path = store.root / "answers" / "m.sqlite"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE answers (something TEXT)")
    db.close()
    with store.answers("m") as answers:
        answers.put_many(ANSWERS)
        assert len(answers.get_many(["r1", "r2", "r3"])) == 3


WRITER = """
import sys
from pathlib import Path
from harness.exchange import Response
from harness.store import Store
root, who = Path(sys.argv[1]), sys.argv[2]
with Store(root).answers("m") as answers:
    for n in range(150):
        answers.put_many([(f"{who}-{n}", Response(text=who)), (f"both-{n}", Response(text="same"))])
        assert answers.get_many([f"{who}-{n}"])[f"{who}-{n}"].text == who
"""


def test_two_processes_write_answers_at_once(store: Store) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.root), who],
            stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
        )
        for who in ("left", "right")
    ]  # fmt: skip
    assert [(p.communicate(timeout=60)[1], p.returncode) for p in running] == [("", 0), ("", 0)]
    with store.answers("m") as answers:
        assert answers.count() == 450


def test_a_locked_or_full_database_is_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.store import answers as module

    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    with store.answers("m") as first:
        first.put_many(ANSWERS)
    holder = sqlite3.connect(first.path)
    holder.execute("BEGIN IMMEDIATE")
    with store.answers("m") as second, pytest.raises(OutputBroken, match="keeping answers failed: database is locked"):
        second.put_many([("new", Response(text="x"))])
    holder.rollback()
    holder.close()
    with store.answers("m") as third:
        third.put_many([("new", Response(text="x"))])
        third._open().execute("PRAGMA max_page_count = 1")
        with pytest.raises(OutputBroken, match="database or disk is full"):
            third.put_many([(f"n{n}", Response(text="x" * 5000)) for n in range(50)])


# ----------------------------------------------------------------------------------------------------------------- keys


@fixture(parts=("a",), makes="data")
def demo(out: Path, *, rank: int = 8, from_: str, rate: float = 0.1) -> dict[str, Any]:
    """Make something.

    Options:
        rank: a number
        from: what it is made of
        rate: another
    """
    return {}


SOURCE = "from harness.data import Rows\nimport numpy\n"
ENTRY = entry_of("fixture", "demo", demo, {"parts": ("a",), "makes": "data"}, SOURCE)


def test_a_key_knows_defaults_and_is_the_digest_of_its_preimage() -> None:
    key, preimage = fixture_key(ENTRY, {}, {"from": "d1"})
    assert key == digest.of(preimage)
    assert fixture_key(ENTRY, {"rank": 8, "rate": 0.1}, {"from": "d1"})[0] == key
    assert preimage["options"] == {"rank": 8, "rate": 0.1}
    assert "harness.data.write" in preimage["modules"]
    assert "harness.errors" not in preimage["modules"]
    assert set(preimage["versions"]) >= {"numpy", "pyarrow"}


def test_an_input_counts_by_its_content_not_by_its_name() -> None:
    one = fixture_key(ENTRY, {"from": "tickets.jsonl"}, {"from": "d1"})[0]
    assert fixture_key(ENTRY, {"from": "renamed.jsonl"}, {"from": "d1"})[0] == one
    assert fixture_key(ENTRY, {"from": "tickets.jsonl"}, {"from": "d2"})[0] != one


def test_whatever_can_change_the_result_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = fixture_key(ENTRY, {}, {"from": "d1"})[0]
    others = [fixture_key(ENTRY, {"rank": 9}, {"from": "d1"})[0]]
    others.append(fixture_key(ENTRY, {"rate": 1}, {"from": "d1"})[0])
    changed = entry_of("fixture", "demo", demo, ENTRY.facts, SOURCE + "# a change\n")
    others.append(fixture_key(changed, {}, {"from": "d1"})[0])
    more = entry_of("fixture", "demo", demo, {**ENTRY.facts, "versions": ("scipy",)}, SOURCE)
    others.append(fixture_key(more, {}, {"from": "d1"})[0])
    from harness.store import keys

    monkeypatch.setattr(keys, "version", lambda name: "0.0.1")
    others.append(fixture_key(ENTRY, {}, {"from": "d1"})[0])
    monkeypatch.setattr(keys, "_module_digest", lambda name: "changed")
    others.append(fixture_key(ENTRY, {}, {"from": "d1"})[0])
    assert len({key, *others}) == 7


def test_every_fixture_of_the_harness_has_a_key() -> None:
    catalog = Catalog()
    for name in catalog.names("fixture"):
        entry = catalog.get("fixture", name)
        needed = {o.name: "d" for o in entry.options.values() if o.default is Option("x", int).default}
        key, preimage = fixture_key(entry, {}, needed)
        assert key == digest.of(preimage)
        assert preimage["modules"]


def test_the_root_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "mine"))
    assert default_root() == tmp_path / "mine"
    monkeypatch.delenv("HARNESS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_root() == tmp_path / "finetune-harness"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_root() == Path.home() / ".cache" / "finetune-harness"
    assert folder_module.SCHEMA
