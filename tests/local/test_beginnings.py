"""Texts that begin alike are tokenised piece by piece, and come out as if each had been tokenised alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import tiny
from harness.local import beginnings
from harness.local.beginnings import Beginnings
from harness.local.encode import Encoder

GPT4 = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
"""The words of cl100k and Llama 3: punctuation takes the line break after it along."""


def _wrapped(core: Tokenizer, **special: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=core, clean_up_tokenization_spaces=False, **special)


def _bytes(pattern: str = "", *, prefix_space: bool = False, bos: bool = False) -> Any:
    """Byte-level BPE with the words of GPT-2, or of a pattern."""
    core = Tokenizer(models.BPE())
    ours = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space, use_regex=not pattern)
    core.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), ours]) if pattern else ours
    )
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(
        [*tiny.TEXT, "a.\n\nb 123 1234\n\n"] * 3,
        trainers.BpeTrainer(
            vocab_size=500, special_tokens=["<pad>", "<s>", "</s>"], show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )  # fmt: skip
    if bos:
        core.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    return _wrapped(core, bos_token="<s>", eos_token="</s>")


def _sentences(*, over_blanks: bool = False) -> Any:
    """BPE over whole texts, as Llama 1 and 2 have it: blanks are marks, and nothing is cut beforehand."""
    mark = "\u2581"
    core = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    core.normalizer = normalizers.Sequence([normalizers.Prepend(mark), normalizers.Replace(" ", mark)])
    core.pre_tokenizer = None if over_blanks else pre_tokenizers.Metaspace(prepend_scheme="never")
    alphabet = [mark, *(f"<0x{i:02X}>" for i in range(256))]
    core.train_from_iterator(
        tiny.TEXT,
        trainers.BpeTrainer(
            vocab_size=600, special_tokens=["<unk>", "<s>", "</s>", *alphabet[1:]], show_progress=False
        ),
    )  # fmt: skip
    core.pre_tokenizer = None
    return _wrapped(core, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def _unigram() -> Any:
    core = Tokenizer(models.Unigram())
    core.normalizer = normalizers.NFKC()
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.train_from_iterator(
        tiny.TEXT * 5, trainers.UnigramTrainer(vocab_size=120, special_tokens=["<unk>", "</s>"], unk_token="<unk>",
                                               show_progress=False),
    )  # fmt: skip
    core.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return _wrapped(core, unk_token="<unk>", eos_token="</s>")


def _wordpiece() -> Any:
    core = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    core.normalizer = normalizers.BertNormalizer()
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.train_from_iterator(
        tiny.TEXT,
        trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False),
    )
    core.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return _wrapped(core, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", eos_token="[SEP]")


MAKERS: dict[str, Callable[[], Any]] = {
    "gpt2": _bytes,
    "gpt4": lambda: _bytes(GPT4),
    "prefix space, specials": lambda: _bytes(prefix_space=True, bos=True),
    "whole sentences": _sentences,
    "unigram": _unigram,
    "wordpiece": _wordpiece,
}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return {name: make() for name, make in MAKERS.items()}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Join wherever it is allowed at all, and audit nothing, so that only what is proved keeps the tokens right."""
    monkeypatch.setattr(beginnings, "GAIN", 20)
    monkeypatch.setattr(beginnings, "FEWEST", 2)
    monkeypatch.setattr(Beginnings, "_same", lambda self, made, special: True)


def whole(tokenizer: Any, texts: list[str], special: bool) -> dict[str, list[int]]:
    return dict(zip(texts, tokenizer(texts, add_special_tokens=special)["input_ids"], strict=True))


WORD = st.one_of(
    st.sampled_from(
        [
            "the",
            "train",
            "ticket",
            "yes,",
            "no.",
            "(ten)",
            "don't",
            "12",
            "12345",
            "a",
            "I's",
            "x́e",
            "é",
            "日本",
            "😀",
            "<s>",
            "</s>",
        ]
    ),
    st.text(max_size=4),
)
BLANK = st.sampled_from([" "] * 8 + ["  ", "\n", "\n\n", " \n", "\t", ". ", ".\n\n", "\u00a0", ""])


@st.composite
def family(draw: st.DrawFn) -> list[str]:
    """Texts that begin alike, on two levels."""
    rng = random.Random(draw(st.integers(0, 10_000)))
    parts = draw(st.lists(st.tuples(WORD, BLANK), min_size=1, max_size=12))
    known = " ".join(tiny.TEXT).split()

    def text(n: int) -> str:
        own = [(rng.choice(known), " ") for _ in range(n)] + rng.choices(parts, k=n // 2)
        rng.shuffle(own)
        return "".join(a + b for a, b in own)

    roots = [text(16) for _ in range(2)]
    stems = [root + text(10) for root in roots for _ in range(3)]
    return list(dict.fromkeys([*roots, *stems, *(stem + text(rng.randint(0, 4)) for stem in stems for _ in range(3))]))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", MAKERS)
def test_joined_tokens_are_those_of_the_whole_text(made: dict[str, Any], name: str) -> None:
    tokenizer, joined = made[name], 0

    @settings(max_examples=15)
    @given(family(), st.booleans())
    def same(texts: list[str], special: bool) -> None:
        nonlocal joined
        found = Beginnings(tokenizer).encode(texts, special)
        joined += len(found)
        wanted = whole(tokenizer, texts, special)
        assert {text: wanted[text] for text in found} == found

    same()
    assert joined > 100, "nothing was shown if nothing was joined"


def test_the_audit_does_not_hide_what_is_wrong(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without the audit: the rule alone keeps every token."""
    monkeypatch.setattr(beginnings, "GAIN", 20)
    monkeypatch.setattr(Beginnings, "_same", lambda self, made, special: True)
    rng = random.Random(3)
    known = [*" ".join(tiny.TEXT).split(), "12345", "don't", "(x)", "a.\n\nb", "\u65e5\u672c", " ", "\n"]
    prefix = " ".join(rng.choices(known, k=80))
    texts = [f"{prefix} {' '.join(rng.choices(known, k=12))}" for _ in range(60)]
    for name, tokenizer in made.items():
        found = Beginnings(tokenizer).encode(texts, True)
        assert len(found) == 60, name
        assert found == whole(tokenizer, texts, True), name


def test_what_is_not_known_to_be_right_is_not_joined() -> None:
    texts = [
        f"{' '.join(tiny.TEXT)} and {word} more"
        for word in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    ]
    sound = _bytes()
    assert len(Beginnings(sound).encode(texts, True)) == len(texts)
    assert Beginnings(sound).encode(texts[:3], True) == {}, "too few to be worth it"
    assert Beginnings(sound).encode([f"{at} {text}" for at, text in enumerate(texts)], True) == {}, "nothing is shared"
    back = _bytes(r"(?<=a)n|\w+|\W")
    assert Beginnings(back).encode(texts, True) == {}, "its words look back"
    assert Beginnings(_sentences(over_blanks=True)).encode(texts, True) == {}, "its tokens go on over blanks"
    spanning = _bytes()
    spanning.add_tokens(["the bus to the harbour"])
    assert Beginnings(spanning).encode(texts, True) == {}, "an added token spans words"
    wavering = _bytes()
    wavering.backend_tokenizer.model.dropout = 0.1
    assert Beginnings(wavering).encode(texts, True) == {}, "it merges by chance"


def test_a_tokenizer_that_differs_after_all_is_found_out_and_nothing_is_joined_any_more() -> None:
    """One that counts its characters: what it says of a piece is not what it says of the whole."""
    texts = [
        f"{' '.join(tiny.TEXT)} and {word} more"
        for word in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    ]
    sound = _bytes()

    class Odd:
        is_fast = True
        backend_tokenizer = sound.backend_tokenizer

        def get_added_vocab(self) -> dict[str, int]:
            return {}

        def __call__(self, given: list[str], **options: Any) -> Any:
            found = sound(given, **options)
            if options.get("return_token_type_ids") is None:
                found["input_ids"] = [
                    [*ids[:-1], len(text)] for text, ids in zip(given, found["input_ids"], strict=True)
                ]
            return found

    odd = Beginnings(Odd())
    assert odd.encode(texts, False) == {}
    assert odd.encode(texts, False) == {}
    assert odd.joined == 0


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", MAKERS)
def test_pairs_are_split_by_lm_evals_own_function(made: dict[str, Any], name: str) -> None:
    from lm_eval.models.huggingface import HFLM

    tokenizer = made[name]
    theirs = HFLM.__new__(HFLM)
    theirs.tokenizer, theirs.add_bos_token, theirs.backend = tokenizer, None, "causal"
    if tokenizer.bos_token_id is None:  # as HFLM takes it, too
        theirs.custom_prefix_token_id = tokenizer.eos_token_id
    else:
        theirs.custom_prefix_token_id = None
    ours = Encoder(tokenizer)

    @settings(max_examples=15)
    @given(family(), st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3))
    def same(prompts: list[str], ends: list[str]) -> None:
        pairs = [(prompt, end) for prompt in prompts if prompt.strip() for end in [" yes", ".\n\nno", *ends]]
        assert ours.split(pairs) == [tuple(map(list, theirs._encode_pair(*pair))) for pair in pairs]

    same()


def test_stories260k(shared: Path) -> None:
    from transformers import AutoTokenizer

    folder = shared / "checkpoints" / "stories260K"
    if not folder.is_dir():
        pytest.skip("no stories260K there")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prefix = "Once upon a time there was a little girl who liked to play in the park with her friend. " * 4
    texts = [
        f"{prefix}One day {name} went  out.\n\nShe {what}" for name in ("Lily", "Tom", "Zo\u00eb") for what in tiny.TEXT
    ]
    joiner = Beginnings(tokenizer)
    assert joiner.encode(texts, True) == whole(tokenizer, texts, True)
    assert joiner.joined == len(texts)
