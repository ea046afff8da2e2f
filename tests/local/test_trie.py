"""The trie in arrays, against one made of every beginning of every sequence."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.local.cuts import Pack, blocks, cut, exactly, first, visible
from harness.local.trie import Unit, grow, packed

ids = st.lists(st.integers(0, 2), min_size=1, max_size=5)
some_units = st.lists(st.builds(Unit.of, ids, ids), min_size=1, max_size=14, unique=True)


def beginnings(units: list[Unit]) -> list[tuple[int, ...]]:
    """Every beginning of what is fed, sorted: the nodes in preorder."""
    return sorted({unit.fed_ids[:end] for unit in units for end in range(1, unit.fed + 1)})


def test_a_unit_gives_back_its_tokens() -> None:
    unit = Unit.of([1, 70000], [5])
    assert (unit.context, unit.continuation, unit.fed_ids) == ((1, 70000), (5,), (1, 70000))
    assert (unit.count, unit.fed, unit.begin) == (1, 2, 2)
    assert packed([1, 258]) < packed([2]) < packed([256]), "bytes sort as the ids do"


@given(some_units)
def test_every_beginning_is_there_once(units: list[Unit]) -> None:
    trie, nodes = grow(units), beginnings(units)
    assert [node[-1] for node in nodes] == trie.token.tolist()
    assert [len(node) - 1 for node in nodes] == trie.depth.tolist()
    for at, node in enumerate(nodes):
        below = [other for other in nodes if other[: len(node)] == node]
        assert trie.end[at] == at + len(below)
    assert trie.deepest == max(unit.fed for unit in units)


@given(some_units)
def test_every_token_is_weighed_after_its_own_beginning(units: list[Unit]) -> None:
    trie, nodes = grow(units), beginnings(units)
    found = sorted(zip(trie.unit.tolist(), trie.at.tolist(), trie.target.tolist(), strict=True))
    wanted = [
        (number, nodes.index(unit.context + unit.continuation[:place]), token)
        for number, unit in enumerate(units)
        for place, token in enumerate(unit.continuation)
    ]
    assert found == sorted(wanted)
    assert (np.diff(trie.at) >= 0).all()


@given(some_units, st.integers(1, 9), st.integers(1, 4), st.integers(1, 5), st.integers(0, 3))
def test_packs_and_blocks_show_each_token_its_own_path(
    units: list[Unit], most: int, places: int, size: int, window: int
) -> None:
    trie, nodes = grow(units), beginnings(units)
    start, before = 0, first(trie)
    while start < len(trie):
        pack = Pack(trie, start, cut(trie, start, most, places), before)
        assert start < pack.stop <= start + most + most // 2
        deep = trie.depth[start + 1 : start + most + 1].max(initial=0)
        assert pack.stop <= start + most or 2 * trie.depth[pack.stop] < deep, "a text ends there"
        assert len(np.unique(trie.at[pack.targets()])) <= places
        assert [nodes[start][: i + 1] for i in range(len(before))] == [nodes[node] for node in before]
        covered = 0
        for block in blocks(pack, size):
            assert block.start == covered < block.stop <= covered + size
            covered = block.stop
            queries = np.arange(start + block.start, start + block.stop)
            seen = visible(trie, queries, block.keys, window)
            for query, row in zip(queries, seen, strict=True):
                own = [nodes[query][: i + 1] for i in range(len(nodes[query]))][-window:]
                assert [nodes[key] for key in block.keys[row]] == own
        assert covered == len(pack)
        start, before = pack.stop, pack.after


def test_a_pack_ends_at_the_shallowest_branch_of_its_second_half() -> None:
    units = [Unit.of([9, 9, question], [one, two, 0]) for question in (1, 2) for one in (1, 2) for two in (1, 2)]
    trie = grow(units)
    assert trie.depth.tolist() == [0, 1, 2, 3, 4, 4, 3, 4, 4, 2, 3, 4, 4, 3, 4, 4]
    assert cut(trie, 0, 11, 99) == 9, "the second question begins there"
    assert cut(trie, 0, 16, 99) == 16
    assert exactly(trie, 0, 11, 99) == 11
    assert cut(trie, 0, 4, 99) == 4, "where nothing branches, the whole pack"
    assert exactly(trie, 0, 16, 2) == 4, "two places: after the question, and after the first of two tokens"


def test_a_pack_goes_on_to_the_end_of_a_text_of_which_most_would_be_carried() -> None:
    units = [Unit.of([9, text, *range(10, 20)], [1, 2]) for text in (3, 4, 5)]
    trie = grow(units)
    assert [start for start in range(len(trie)) if trie.depth[start] == 1] == [1, 13, 25]
    assert cut(trie, 0, 9, 99) == 13, "four nodes more, and nothing of this text is carried but what all share"
    assert cut(trie, 0, 7, 99) == 7, "its end is more than half a pack away"
    assert cut(trie, 13, 20, 99) == 25, "a branch in the second half comes first"
    shared = grow([Unit.of([*range(10, 20), text, text], [1, 2]) for text in (3, 4, 5)])
    assert cut(shared, 0, 9, 99) == 9, "further on, more is carried: all texts share it"
