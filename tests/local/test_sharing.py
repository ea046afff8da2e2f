"""Which beginnings are kept once: cuts of sorted texts, against a look at every pair of neighbours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.local.sharing import Run, Thrift, common, runs

TEXT = st.lists(st.integers(0, 2), min_size=1, max_size=12).map(tuple)


@given(st.lists(st.integers(0, 3), max_size=40), st.lists(st.integers(0, 3), max_size=40), st.integers(0, 30))
def test_what_two_texts_begin_with(one: list[int], two: list[int], alike: int) -> None:
    second = one[:alike] + two
    expected = next((i for i, (a, b) in enumerate(zip(one, second, strict=False)) if a != b), None)
    assert common(one, second) == (min(len(one), len(second)) if expected is None else expected)


@given(st.lists(TEXT, max_size=40), st.integers(2, 5), st.integers(1, 4))
def test_runs_cover_all_texts_and_share_what_they_say(some: list[tuple[int, ...]], many: int, long: int) -> None:
    texts = sorted(some)
    found = runs(texts, Thrift(many, long))
    assert [at for run in found for at in range(run.start, run.end)] == list(range(len(texts)))
    for run in found:
        group = texts[run.start : run.end]
        assert len({text[: run.depth] for text in group}) == 1
        assert all(len(text) > run.depth for text in group), "a token is left to be read"
        assert run.depth == 0 or run.depth >= long
        sharing = [text for text in texts if text[: run.depth] == group[0][: run.depth]]
        assert run.depth == 0 or len(sharing) >= many


def test_a_branch_of_its_own_gets_a_root_of_its_own() -> None:
    """Two tasks with shots of their own behind three common tokens, and one text that has nothing in common."""
    one = [(1, 2, 3, *range(10, 50), i) for i in range(5)]
    two = [(1, 2, 3, *range(60, 100), i) for i in range(6)]
    texts = sorted([*one, *two, (0, 9)])
    assert runs(texts, Thrift(many=4, long=32)) == [Run(0, 1, 0), Run(1, 6, 43), Run(6, 12, 43)]
    assert runs(texts, Thrift(many=6, long=32)) == [Run(0, 6, 0), Run(6, 12, 43)]
    assert runs(texts, Thrift(many=4, long=64)) == [Run(0, 12, 0)]


def test_a_deeper_root_inside_a_root() -> None:
    shots = tuple(range(40))
    texts = sorted([(*shots, 100 + i) for i in range(6)] + [(*shots, *range(200, 240), i) for i in range(6)])
    assert runs(texts, Thrift(many=4, long=32)) == [Run(0, 6, 40), Run(6, 12, 80)]


def test_texts_that_are_all_the_same_share_all_but_the_last_token() -> None:
    assert runs([tuple(range(40))] * 12, Thrift()) == [Run(0, 12, 39)]
    assert runs([tuple(range(40))] * 11, Thrift()) == [Run(0, 11, 0)]
    assert runs([], Thrift()) == []
