"""What the engine is asked: made-up text, a tokenizer learned from it, and questions in the shapes that suites ask."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from harness.exchange import Request

LETTERS = "ABCDEFGHIJ"
ONSETS = ("b", "br", "c", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v")
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
ENDS = ("", "", "n", "r", "s", "l", "t", "m", "nd")


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its choices."""

    question: str
    choices: tuple[str, ...]
    right: int


@cache
def words(count: int = 24_000) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Made-up words, and how often each is used, added up (Zipf's law)."""
    rng = random.Random(1)
    made: dict[str, None] = {}
    while len(made) < count:
        parts = (rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(ENDS) for _ in range(rng.randint(1, 4)))
        made["".join(parts)] = None
    return tuple(made), tuple(accumulate(1.0 / (rank + 3) for rank in range(count)))


def sentence(rng: random.Random, length: int) -> str:
    """So many words."""
    names, weights = words()
    return " ".join(rng.choices(names, cum_weights=weights, k=length))


def tokenizer(folder: Path, size: int) -> Any:
    """A byte-level BPE of `size` tokens, learned from made-up text; written to `folder`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    rng = random.Random(2)
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<pad>", "<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    text = (f"Question: {sentence(rng, 30)}?\nAnswer: {sentence(rng, 6)}." for _ in range(20_000))
    core.train_from_iterator(text, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", bos_token="<s>", eos_token="</s>", clean_up_tokenization_spaces=False
    )
    made.save_pretrained(str(folder))
    return made


def items(count: int, seed: int, *, choices: int = 4, length: int = 42, answer: int = 5) -> list[Item]:
    """Questions of about `length` words with as many choices of about `answer` words."""
    rng = random.Random(f"items {seed}")
    return [
        Item(
            sentence(rng, rng.randint(length - 10, length + 10)),
            tuple(sentence(rng, rng.randint(answer - 2, answer + 2)) for _ in range(choices)),
            rng.randrange(choices),
        )
        for _ in range(count)
    ]


def shown(item: Item, *, letters: bool = False) -> str:
    """A question up to where its answer begins."""
    listed = "".join(f"{letter}. {text}\n" for letter, text in zip(LETTERS, item.choices, strict=False))
    return f"Question: {item.question}?\n{listed if letters else ''}Answer:"


def shots(examples: Iterable[Item], *, letters: bool = False) -> str:
    """Worked examples."""
    told = ((shown(i, letters=letters), LETTERS[i.right] if letters else i.choices[i.right]) for i in examples)
    return "".join(f"{question} {answer}\n\n" for question, answer in told)


def score(prefix: str, item: Item, *, letters: bool = False) -> Request:
    """Weigh every choice of a question after a prefix."""
    names = LETTERS[: len(item.choices)] if letters else item.choices
    return Request("score", prefix + shown(item, letters=letters), tuple(f" {name}" for name in names))


def fixed(asked: Sequence[Item], *, letters: bool = False, seed: int = 9, number: int = 5) -> list[Request]:
    """Every question after the same worked examples."""
    prefix = shots(items(number, seed, choices=len(asked[0].choices)), letters=letters)
    return [score(prefix, item, letters=letters) for item in asked]


def drawn(asked: Sequence[Item], *, letters: bool = False, number: int = 5) -> list[Request]:
    """Every question after worked examples drawn for it, as lm-eval does by default."""
    pool, rng = items(200, 8, choices=len(asked[0].choices)), random.Random(5)
    return [score(shots(rng.sample(pool, number), letters=letters), item, letters=letters) for item in asked]


def disturbed(item: Item, seed: int) -> Item:
    """The question with typing errors: two letters swapped in one word of twenty."""
    rng = random.Random(f"{seed} {item.question}")
    told = item.question.split()
    for at, word in enumerate(told):
        if len(word) > 2 and rng.random() < 0.05:
            cut = rng.randrange(len(word) - 1)
            told[at] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return replace(item, question=" ".join(told))


def perturbed(asked: Sequence[Item]) -> list[Request]:
    """Every question as it is and with five disturbances."""
    return fixed([item if seed == 0 else disturbed(item, seed) for item in asked for seed in range(6)])


def suite(asked: Sequence[Item]) -> dict[str, list[Request]]:
    """Check → what it asks: checks that overlap as those of a real suite do."""
    rng = random.Random(6)
    names, _ = words()
    pairs = [replace(item, question=f"{item.question} {rng.choice(names)}") for item in asked for _ in range(2)]
    prompts = [f"{told}\n\n" for told in ("Answer well.", "Choose the best answer.", "You know the answer.")]
    wrapped = fixed(asked)
    return {
        "task": wrapped,
        "robustness": perturbed(asked),
        "bias": fixed(pairs),
        "prompts": [replace(request, prompt=told + request.prompt) for told in prompts for request in wrapped],
        "forgetting": drawn(items(len(asked), 11)),
    }


def documents(count: int, seed: int, *, length: int = 520) -> list[Request]:
    """Plain texts of very unequal length, each weighed as a whole."""
    rng = random.Random(f"documents {seed}")
    texts = (sentence(rng, max(20, int(length * rng.lognormvariate(-0.2, 0.6)))) for _ in range(count))
    return [Request("score", "", (text,)) for text in texts]


def prompts(count: int, *, number: int = 5) -> list[str]:
    """Questions whose answer is to be written, after the same `number` worked examples."""
    prefix = shots(items(number, 9, length=45)) if number else ""
    return [prefix + shown(item) for item in items(count, 4, length=45)]
