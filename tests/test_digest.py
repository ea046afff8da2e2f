"""Digests: one spelling for equal data, different ones for different data, and none for what cannot be told apart."""

from __future__ import annotations

import doctest
import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def test_it_is_the_sha_256_of_canonical_json() -> None:
    assert digest.canonical_bytes({"b": [1, 1.5, None, True], "a": "é"}) == b'{"a":"\\u00e9","b":[1,1.5,null,true]}'
    assert digest.of("x") == hashlib.sha256(b'"x"').hexdigest()


@given(PLAIN)
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    def backwards(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: backwards(data[key]) for key in reversed(data)}
        return [backwards(part) for part in data] if isinstance(data, list) else data

    assert digest.of(backwards(value)) == digest.of(value)


@given(PLAIN)
def test_it_survives_json(value: Any) -> None:
    assert digest.of(json.loads(json.dumps(value))) == digest.of(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (True, 1), ("1", 1), (None, "null"), ([], {}), ([1, [2]], [[1], 2]), ("", None), (0.0, -0.0)],
)
def test_different_data_have_different_digests(one: Any, other: Any) -> None:
    assert digest.of(one) != digest.of(other)


def test_tuples_are_lists() -> None:
    assert digest.of((1, (2,))) == digest.of([1, [2]])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "not a finite number"),
        ([float("inf")], "not a finite number"),
        ({1: "a"}, "keys are not all text"),
        ({"a": {2, 3}}, "cannot digest a set"),
        (b"x", "cannot digest a bytes"),
        (date(2030, 1, 1), "cannot digest a date"),
        (Path("x"), r"digest its content with of_path\(\)"),
        (object(), "cannot digest a object"),
    ],
)
def test_what_has_no_digest(value: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        digest.of(value)


def test_lone_surrogates_have_a_digest() -> None:
    assert digest.of("\ud800") != digest.of("\ud801")
    assert digest.of_text("\ud800") != digest.of_text("\ud801")


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b" / "c.txt").write_bytes(b"two" * 1_000_000)
    listed = digest.of_folder(tmp_path)
    assert list(listed) == ["a.txt", "b/c.txt"]
    assert listed["a.txt"] == hashlib.sha256(b"one").hexdigest() == digest.of_path(tmp_path / "a.txt")
    before = digest.of_path(tmp_path)
    (tmp_path / "b" / "c.txt").rename(tmp_path / "b" / "d.txt")
    assert digest.of_path(tmp_path) != before, "names count"


def test_it_is_the_same_in_every_process() -> None:
    code = "from harness import digest; print(digest.of({'z': 1, 'a': {'y', }.pop()}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_the_examples_in_the_text() -> None:
    assert doctest.testmod(digest).failed == 0
