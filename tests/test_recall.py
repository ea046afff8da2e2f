"""What was answered stays known, in memory or on the disk, exactly as it was."""

from __future__ import annotations

import sqlite3
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import OutputBroken
from harness.exchange import Response, Scored, Token
from harness.store import Recall, recall

TOKEN = Token(-1.25, -7.5, 0.1)
RESPONSES = st.one_of(
    st.builds(Response, text=st.text(), finish=st.sampled_from(["stop", "length"]), new_tokens=st.integers(0, 9)),
    st.builds(
        lambda values: Response(scores=tuple(Scored(v, 2, True, (TOKEN,)) for v in values), prompt_tokens=3),
        st.lists(st.floats(-1e300, 0), max_size=3),
    ),
    st.builds(Response, fault=st.text(min_size=1), blame=st.just("candidate"), cached=st.booleans()),
)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 30).map(str), RESPONSES), max_size=60))
def test_it_is_a_dictionary_that_forgets_nothing(pairs: list[tuple[str, Response]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recall, "KEPT", 5)
        known, plain = Recall(), dict[str, Response]()
        for key, response in pairs:
            known.put(key, response)
            plain[key] = response
        assert known.get_many(map(str, range(40))) == plain
        assert known.get("gone") is None


def test_an_answer_that_is_given_again_replaces_the_old_one_wherever_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "KEPT", 2)
    known = Recall()
    known.put_many({str(at): Response(text=str(at)) for at in range(9)})
    known.put("0", Response(text="new"))
    known.put_many({f"more {at}": Response(text="x") for at in range(9)})
    assert known.get("0") == Response(text="new")


def test_memory_does_not_grow_with_the_number_of_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "KEPT", 1000)
    known, answer = Recall(), Response(text="x" * 200, finish="stop")

    def grow(first: int, count: int) -> int:
        tracemalloc.start()
        for at in range(first, first + count):
            known.put(f"{at:064}", replace(answer, text=f"{at}{answer.text}"))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return held

    grow(0, 2000)
    assert grow(2000, 20_000) < 2_000_000, "20,000 answers take more than 10 MB"
    assert known.get(f"{7:064}") == replace(answer, text=f"7{answer.text}")


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "KEPT", 2)

    def full(*args: object, **more: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(recall.sqlite3, "connect", full)
    known = Recall()
    with pytest.raises(OutputBroken, match=r"could not be written: database or disk is full; .*SQLITE_TMPDIR"):
        known.put_many({str(at): Response(text="x") for at in range(9)})
