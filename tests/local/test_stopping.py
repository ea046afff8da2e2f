"""Stop strings: found with the token that completes them, whatever the tokens are cut into."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiny
from harness.local.stopping import MARGIN, Stops


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny.tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def stops(tokenizer: Any) -> Stops:
    return Stops(tokenizer)


STOP = st.sampled_from(["e", " ", "\n", "th", "the ", "né", "é", "。", "bus to", "\n\n", "a b", "</s>", "", "😀"])
PIECE = st.sampled_from(["the", " train", " ", "\n", "né", "é", "bus", " to", "a", " b", "e", "😀", "。", "x" * 9])


@settings(max_examples=150)
@given(st.lists(PIECE, min_size=1, max_size=30), st.lists(STOP, max_size=3).map(tuple), st.integers(0, 3))
def test_found_at_the_token_where_the_whole_text_would_show_it(
    tokenizer: Any, stops: Stops, pieces: list[str], stop: tuple[str, ...], bytewise: int
) -> None:
    """Against decoding everything after every token; tokens are merges, or single bytes of characters."""
    tokens: list[int] = []
    for piece in pieces:
        ids = tokenizer.encode(piece)
        tokens += ids if bytewise else [tokenizer.convert_tokens_to_ids(c) for t in ids
                                        for c in tokenizer.convert_ids_to_tokens(t)]  # fmt: skip
    for end in range(1, len(tokens) + 1):
        text = tokenizer.decode(tokens[:end], skip_special_tokens=True)
        places = [at for s in stop if s and (at := text.find(s)) >= 0]
        assert stops.cut(text, stop) == (text[: min(places)] if places else None)
        if places:
            assert stops.completed(tokens[:end], stop), "found no later than it is there"
            break
        if end > max(map(len, stop), default=0) + 3 * MARGIN and text.isascii():
            assert not stops.completed(tokens[:end], stop), "the end of the text does not show one"


def test_most_tokens_cost_no_decoding(tokenizer: Any) -> None:
    """A token is decoded once to know it; then only those that may end a stop string cost anything."""
    calls: list[int] = []

    class Counting:
        def decode(self, tokens: Any, **given: Any) -> str:
            calls.append(len(tokens))
            return str(tokenizer.decode(tokens, **given))

    stops = Stops(Counting())
    tokens = tokenizer.encode("the train to the airport leaves at ten " * 6)
    assert not any(stops.completed(tokens[:end], ("Q:",)) for end in range(1, len(tokens) + 1))
    assert calls == [1] * len(set(tokens))
    calls.clear()
    assert not stops.completed(tokens, ("zen ",))
    assert calls == [len("zen ") + MARGIN]


def test_without_stop_strings_nothing_is_looked_at() -> None:
    assert not Stops(None).completed([1], ())
    assert Stops(None).cut("text", ("", "x")) == "te"
