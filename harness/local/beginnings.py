"""Tokenising texts that begin alike: each common beginning once, where that is shown to change nothing.

Sorted texts form a tree of common beginnings. Each is cut at a blank between two words, and its pieces overlap by a few
words: a piece goes on from its parent at a place in the overlap where both end a word, with another word behind it on
which both agree. From such a place on a tokenizer says the same whatever stood before, because

- it cuts text into words by a pattern that does not look back, and merges only inside words; or
- it cuts nothing beforehand, but no token of its vocabulary goes on over a blank, so that no merge can.

Whatever is neither, and every text whose pieces do not agree, is encoded whole. Some texts of every call are encoded
both ways; if one differs, nothing of this tokenizer is joined any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

from harness.prefix import common

OVERLAP = 3
"""Words by which pieces overlap: one to begin with, one to agree on, and one whose end is not trusted."""
PIECES = 2048
"""Pieces encoded in one call: keeps the memory of the tokenizer bounded."""
GAIN = 160
"""Characters that a common beginning must save to be worth a piece of its own."""
SEEN = 400
"""Characters before the end of a common beginning in which its cuts are sought."""
FEWEST = 8
"""Texts that are worth a plan."""
AUDITED = 4
"""Texts of a call that are encoded both ways."""

_CUT = re.compile(r"(?<=[^\W_]) (?=[^\W\d_])")
"""A blank between a letter or digit and a letter."""


@dataclass(slots=True)
class _Piece:
    """A stretch of one text, or the common beginning of several."""

    text: str
    start: int
    """Where it begins in the whole text."""
    parent: _Piece | None
    last: bool = False
    """Whether it is the end of a text, and nobody's parent."""
    ids: list[int] | None = None
    """Tokens of the whole text up to its end; None where it could not be joined."""
    words: dict[int, int] = field(default_factory=dict)
    """Where in the text a word begins → the index of its first token."""


class Beginnings:
    """Joined encoding with one tokenizer, as far as it was shown to be the same."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._starts = _word_starts(tokenizer)
        """Indices of tokens that begin a word; None where nothing may be joined."""
        self._around = _around(tokenizer) if self._starts is not None else ([], [])
        self.joined = 0
        """Texts that were put together from pieces."""

    def encode(self, texts: Sequence[str], special: bool) -> dict[str, list[int]]:
        """Text → tokens, of those of the distinct texts that could be joined; the others are left out."""
        if self._starts is None or len(texts) < FEWEST or (special and self._around is None):
            return {}
        pieces, leaves = _plan(sorted(texts))
        if not pieces:
            return {}
        self._join(pieces, self._starts)
        before, after = self._around if special and self._around else ([], [])
        made = {t: [*before, *leaf.ids, *after] for t, leaf in leaves.items() if leaf.parent and leaf.ids is not None}
        if not self._same(made, special):
            self._starts = None
            return {}
        self.joined += len(made)
        return made

    def _join(self, pieces: list[_Piece], starts: Callable[[Any], list[int]]) -> None:
        """Encode all pieces, and join each to its parent; parents come first."""
        for low in range(0, len(pieces), PIECES):
            some = pieces[low : low + PIECES]
            texts = list(dict.fromkeys(piece.text for piece in some))
            found = self._tokenizer(
                texts, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False
            ).encodings
            encoded = dict(zip(texts, found, strict=True))
            for piece in some:
                _go_on(piece, encoded[piece.text], starts)

    def _same(self, made: dict[str, list[int]], special: bool) -> bool:
        """Whether some of the texts, encoded whole, give the same tokens."""
        chosen = list(made)[:: max(1, len(made) // AUDITED)][:AUDITED]
        if not chosen:
            return True
        whole = self._tokenizer(chosen, add_special_tokens=special, return_attention_mask=False)["input_ids"]
        return all(made[text] == ids for text, ids in zip(chosen, whole, strict=True))


def _go_on(piece: _Piece, encoding: Any, starts: Callable[[Any], list[int]]) -> None:
    """Join a piece to its parent; it is left without tokens where they do not agree."""
    ids, offsets, parent = encoding.ids, encoding.offsets, piece.parent
    begun = [(piece.start + offsets[at][0], at) for at in starts(encoding)]
    if parent is None:
        piece.ids, piece.words = ids, dict(begun)
    elif parent.ids is not None and (place := _place(parent, ids, begun)):
        theirs, ours = place
        piece.ids = parent.ids[:theirs] + ids[ours:]
        if not piece.last:
            piece.words = {at: index - ours + theirs for at, index in begun if index >= ours}


def _place(parent: _Piece, ids: list[int], begun: list[tuple[int, int]]) -> tuple[int, int] | None:
    """(index in the parent's tokens, index in ours) of the last word of the overlap that both begin, and after which
    both have the same whole word; None where there is none."""
    assert parent.ids is not None
    end = parent.start + len(parent.text)
    both = [
        (parent.words[at], index) for at, index in takewhile(lambda pair: pair[0] < end, begun) if at in parent.words
    ]
    for (theirs, ours), (after, next_one) in reversed(list(pairwise(both))):
        if ids[ours:next_one] == parent.ids[theirs:after]:
            return theirs, ours
    return None


def _plan(texts: list[str]) -> tuple[list[_Piece], dict[str, _Piece]]:
    """All pieces, parents first, and the last piece of each text; nothing where no beginning is worth it."""
    import numpy as np

    shares = np.array([0, *(common(a, b) for a, b in pairwise(texts))])
    pieces: list[_Piece] = []
    leaves: dict[str, _Piece] = {}
    waiting: list[tuple[int, int, int, _Piece | None]] = [(0, len(texts), 0, None)]
    while waiting:
        low, high, start, parent = waiting.pop()
        if high - low == 1:
            leaves[texts[low]] = leaf = _Piece(texts[low][start:], start, parent, last=True)
            if parent is not None:
                pieces.append(leaf)
            continue
        shared = shares[low + 1 : high]
        least = int(shared.min())
        if least - start >= GAIN and (cut := _cut(texts[low], start, least)):
            end, begin = cut
            parent = _Piece(texts[low][start:end], start, parent)
            pieces.append(parent)
            start = begin
        edges = [low, *(np.flatnonzero(shared < least + GAIN) + low + 1).tolist(), high]
        waiting += [(a, b, start, parent) for a, b in pairwise(edges)]
    return pieces, leaves


def _cut(text: str, start: int, shared: int) -> tuple[int, int] | None:
    """(end of the piece, beginning of the next): the last blank between words, and one some words before it."""
    base = max(start, shared - SEEN)
    found = [base + match.start() for match in _CUT.finditer(text[base : shared + 1]) if base + match.end() <= shared]
    return (found[-1], found[-1 - OVERLAP]) if len(found) > OVERLAP + 1 else None


def _word_starts(tokenizer: Any) -> Callable[[Any], list[int]] | None:
    """How to find the tokens of an encoding that begin a word; None where joining is not known to be right."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not getattr(tokenizer, "is_fast", False) or backend is None:
        return None
    if any(any(c.isspace() for c in str(token)) for token in tokenizer.get_added_vocab()):
        return None  # a token that spans words could begin in one piece and end in the next
    try:
        model = {name: getattr(backend.model, name, None) for name in ("dropout", "ignore_merges")}
        cutter = json.loads(backend.pre_tokenizer.__getstate__()) if backend.pre_tokenizer else None
        writer = json.loads(backend.normalizer.__getstate__()) if backend.normalizer else None
    except Exception:  # made by the user's own code, which cannot be looked into
        return None
    if model["dropout"]:
        return None
    told = json.dumps([cutter, writer])
    if "(?<" in told:
        return None  # a pattern that looks back
    if cutter is not None:
        return _new_words
    return _after_blanks(tokenizer, backend)


def _new_words(encoding: Any) -> list[int]:
    """Tokens that begin another word than the one before them."""
    words = encoding.word_ids
    return [at for at in range(1, len(words)) if words[at] != words[at - 1]]


def _after_blanks(tokenizer: Any, backend: Any) -> Callable[[Any], list[int]] | None:
    """The same for BPE without words beforehand, where no token goes on over a blank."""
    mark = "\u2581"
    vocabulary = backend.get_vocab(with_added_tokens=False)
    if type(backend.model).__name__ != "BPE" or mark not in vocabulary:
        return None
    if any(mark in token.lstrip(mark) for token in vocabulary):
        return None
    begins = {index for token, index in vocabulary.items() if token.startswith(mark)}
    blank = {index for token, index in vocabulary.items() if token.endswith(mark)}

    def starts(encoding: Any) -> list[int]:
        ids = encoding.ids
        return [at for at in range(1, len(ids)) if ids[at] in begins and ids[at - 1] not in blank]

    return starts


def _around(tokenizer: Any) -> tuple[list[int], list[int]] | None:
    """Special tokens before and after every text; None where they are not simply that."""
    texts = ["a word", "and some more words"]
    plain = tokenizer(texts, add_special_tokens=False)["input_ids"]
    whole = tokenizer(texts, add_special_tokens=True)["input_ids"]
    found = []
    for bare, full in zip(plain, whole, strict=True):
        extra = len(full) - len(bare)
        at = next((at for at in range(extra + 1) if full[at : at + len(bare)] == bare), None)
        if at is None:
            return None
        found.append((full[:at], full[at + len(bare) :]))
    return found[0] if found[0] == found[1] else None
