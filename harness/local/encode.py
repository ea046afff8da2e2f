"""Text to tokens: chat templates, and where a continuation begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import SuiteError
from harness.local.beginnings import Beginnings

PIECES = 2048
"""Texts encoded in one call: keeps the memory of the tokenizer bounded."""

TEMPLATE_LIMIT = 1_000_000
"""Characters that a chat template may add to a prompt."""


class TemplateFault(Exception):
    """The chat template failed on one prompt; the message says how."""


@dataclass(slots=True)
class Encoder:
    """A tokenizer with the suite's way of writing a prompt.

    Tokens are those of lm-eval: special tokens are added as the tokenizer does by default, except where the text
    begins with the begin token already; an empty prompt is the begin token (or the end token, where there is none).
    """

    tokenizer: Any
    chat: bool = False
    system: str = ""
    prefix: int | None = field(init=False)
    """The token that stands for an empty prompt; None where the tokenizer has neither a begin nor an end token."""
    _prefix_text: str = field(init=False)
    _beginnings: Beginnings = field(init=False)
    _system_role: bool | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        bos, eos = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        self.prefix = bos if bos is not None else eos
        self._prefix_text = self.tokenizer.decode([self.prefix]) if self.prefix is not None else ""
        self._beginnings = Beginnings(self.tokenizer)
        if self.chat and not self.tokenizer.chat_template:
            raise SuiteError("apply_chat_template: true, but the checkpoint's tokenizer has no chat template")

    def render(self, prompt: str, system: str = "") -> str:
        """The prompt as the model gets it: in the chat template, or after the system instruction; `system` stands in
        place of the suite's. Where the template has no place for one, it stands before the prompt.

        Raises:
            TemplateFault: the template fails, or writes far more than it was given.
        """
        system = system or self.system
        before = f"{system}\n\n{prompt}" if system and prompt else prompt
        if not self.chat:
            return before
        user = {"role": "user", "content": prompt}
        if not system:
            text = self._write([user])
        elif self._has_system():
            text = self._write([{"role": "system", "content": system}, user])
        else:
            text = self._write([{"role": "user", "content": before}])
        if len(text) > len(prompt) + len(system) + TEMPLATE_LIMIT:
            raise TemplateFault(f"the checkpoint's chat template writes {len(text)} characters for one prompt")
        return text

    def _write(self, turns: list[dict[str, str]]) -> str:
        try:
            return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        except Exception as error:
            raise TemplateFault(f"the checkpoint's chat template fails: {type(error).__name__}: {error}") from error

    def _has_system(self) -> bool:
        """Whether the chat template writes what a system turn says; found out once."""
        if self._system_role is None:
            turns = [{"role": "system", "content": "Xsystemx"}, {"role": "user", "content": "x"}]
            try:
                self._system_role = "Xsystemx" in self._write(turns)
            except TemplateFault:
                self._system_role = False
        return self._system_role

    def tokens(self, texts: Iterable[str]) -> dict[str, list[int]]:
        """Text → its tokens, special tokens as by default."""
        distinct = list(dict.fromkeys(texts))
        begun = [t for t in distinct if self._prefix_text and t.startswith(self._prefix_text)]
        marked = set(begun)
        return self._encode([t for t in distinct if t not in marked], True) | self._encode(begun, False)

    def bare(self, texts: Iterable[str]) -> dict[str, list[int]]:
        """Text → its tokens without special ones."""
        return self._encode(list(dict.fromkeys(texts)), False)

    def split(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        """Tokens of each (rendered prompt, continuation), by lm-eval's rule.

        Blanks at the prompt's end move to the continuation; the two are encoded together, and what comes after as many
        tokens as the prompt alone has is the continuation. Either side can come out empty.
        """
        moved = [_move_blanks(prompt, continuation) for prompt, continuation in pairs]
        whole = self.tokens([p + c for p, c in moved if p] + [p for p, _ in moved if p])
        alone = self.bare(c for p, c in moved if not p)
        made = []
        for prompt, continuation in moved:
            if prompt:
                context = whole[prompt]
                made.append((context, whole[prompt + continuation][len(context) :]))
            else:
                made.append(self._after_nothing(alone[continuation]))
        return made

    def separate(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        """Tokens of each (source, continuation) for an encoder–decoder, which reads them apart."""
        moved = [_move_blanks(prompt, continuation) for prompt, continuation in pairs]
        sources, ends = self.tokens(p for p, _ in moved if p), self.bare(c for _, c in moved)
        return [(sources[p] if p else self.nothing, ends[c]) for p, c in moved]

    @property
    def nothing(self) -> list[int]:
        """The tokens that stand for an empty prompt; none where the tokenizer has neither a begin nor an end token."""
        return [] if self.prefix is None else [self.prefix]

    def _after_nothing(self, tokens: list[int]) -> tuple[list[int], list[int]]:
        if self.prefix is None:
            return [], tokens
        return (tokens[:1], tokens[1:]) if tokens[:1] == [self.prefix] else ([self.prefix], tokens)

    def _encode(self, texts: list[str], special: bool) -> dict[str, list[int]]:
        made = self._beginnings.encode(texts, special)
        rest = [text for text in texts if text not in made]
        for start in range(0, len(rest), PIECES):
            piece = rest[start : start + PIECES]
            found = self.tokenizer(piece, add_special_tokens=special, return_attention_mask=False)["input_ids"]
            made.update(zip(piece, found, strict=True))
        return made


def windows(tokens: list[int], prefix: int, context: int) -> list[tuple[list[int], list[int]]]:
    """(context, continuation) pairs that together weigh each token of a long text once, as lm-eval's rolling
    log-likelihood does: the first `context` tokens after the prefix, then each further run after all the tokens that
    still fit before it.

    >>> windows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 99, 4)
    [([99], [0, 1, 2, 3]), ([3], [4, 5, 6, 7]), ([5, 6, 7], [8, 9])]
    """
    made = [([prefix], tokens[:context])]
    for start in range(context, len(tokens), context):
        end = min(start + context, len(tokens))
        made.append((tokens[end - context - 1 : start], tokens[start:end]))
    return made


def _move_blanks(prompt: str, continuation: str) -> tuple[str, str]:
    kept = prompt.rstrip()
    return kept, prompt[len(kept) :] + continuation
