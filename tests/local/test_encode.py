"""Where a continuation begins, chat templates, and windows over long texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tiny
from harness.errors import SuiteError
from harness.exchange import Model, Request
from harness.local.encode import Encoder, TemplateFault, windows

Load = Callable[..., Model]


@pytest.fixture(scope="module")
def plain(made: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(made / "base")


@pytest.fixture(scope="module")
def begun(made: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(made / "bos")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(min_size=1, max_size=8)), min_size=1, max_size=5))
def test_pairs_split_as_in_lm_eval(plain: Any, begun: Any, pairs: list[tuple[str, str]]) -> None:
    """The rule, spelled out one pair at a time."""
    for tokenizer in (plain, begun):
        for (prompt, continuation), (context, end) in zip(pairs, Encoder(tokenizer).split(pairs), strict=True):
            moved = len(prompt) - len(prompt.rstrip())
            continuation = prompt[len(prompt) - moved :] + continuation
            prompt = prompt[: len(prompt) - moved]
            if not prompt:
                assert [*context, *end] in (
                    [1, *tokenizer.encode(continuation, add_special_tokens=False)],
                    tokenizer.encode(continuation, add_special_tokens=False),
                )
                assert context == [1]
                continue
            special = not prompt.startswith("<s>")
            assert context == tokenizer.encode(prompt, add_special_tokens=special)
            assert end == tokenizer.encode(prompt + continuation, add_special_tokens=special)[len(context) :]


def test_the_begin_token_is_not_added_twice(begun: Any) -> None:
    encoder = Encoder(begun)
    assert encoder.tokens(["the", "<s>the"]) == {
        "the": encoder.tokens(["<s>the"])["<s>the"],
        "<s>the": begun.encode("the"),
    }
    assert begun.encode("the")[0] == 1
    assert encoder.split([("", "<s>the")]) == [([1], begun.encode("the")[1:])]


@given(st.integers(1, 60), st.integers(1, 12))
def test_windows_weigh_every_token_once_with_all_the_context_that_fits(n: int, context: int) -> None:
    made = windows(list(range(n)), -1, context)
    assert [token for _, run in made for token in run] == list(range(n))
    reached = 0
    for before, run in made:
        assert len(before) + len(run) - 1 <= context
        assert before == ([-1] if reached == 0 else list(range(reached + len(run) - context - 1, reached)))
        reached += len(run)


def test_windows_are_those_of_lm_eval() -> None:
    from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

    for n, context in ((1, 4), (4, 4), (5, 4), (10, 4), (23, 7), (9, 1)):
        theirs = [make_disjoint_window(pair) for pair in get_rolling_token_windows(list(range(n)), 99, context, 1)]
        assert windows(list(range(n)), 99, context) == theirs


def test_chat_templates_are_applied_to_prompts_but_not_to_plain_text(load: Load) -> None:
    plain, chat = load("bos"), load("bos", apply_chat_template=True, system_instruction="Be brief.")
    wanted = "<|system|>Be brief.\n<|user|>where?\n<|assistant|>"
    for kind, more in (("generate", {"max_new_tokens": 6}), ("score", {"continuations": (" here", " at ten")})):
        templated, spelled = Request(kind, "where?", **more), Request(kind, wanted, **more)  # type: ignore[arg-type]
        assert tiny.ask(chat, [templated]) == tiny.ask(plain, [spelled])
    text = Request("score", "", ("the train",))
    assert tiny.ask(chat, [text]) == tiny.ask(plain, [text])
    (empty,) = tiny.ask(chat, [Request("generate", "", max_new_tokens=2)])
    assert empty.prompt_tokens > 10


def test_a_system_instruction_without_a_chat_stands_before_the_prompt(load: Load) -> None:
    told = tiny.ask(load("base", system_instruction="Be brief."), [Request("generate", "where?", max_new_tokens=6)])
    assert told == tiny.ask(load("base"), [Request("generate", "Be brief.\n\nwhere?", max_new_tokens=6)])


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('no system turn here') }}", "TemplateError: no system turn here"),
        ("{{ messages.append(1) }}", "SecurityError"),
        ("{{ cycler.__init__.__globals__.os.popen('id') }}", "Error"),
        ("{% for i in range(200) %}{{ 'x' * 9999 }}{% endfor %}", "writes 1999800 characters for one prompt"),
    ],
)
def test_a_chat_template_that_fails_is_a_fault_of_the_candidate(
    copy: Callable[[str], Path], load: Load, template: str, said: str
) -> None:
    folder = copy("base")
    tiny.tokenizer(folder, chat=template)
    (response, other) = tiny.ask(
        load(folder, apply_chat_template=True),
        [Request("generate", "where?", max_new_tokens=3), Request("score", "", ("the train",))],
    )
    assert response.blame == "candidate"
    assert said in response.fault
    assert not other.fault


def test_no_template_is_told_at_once(plain: Any) -> None:
    with pytest.raises(SuiteError, match="has no chat template"):
        Encoder(plain, chat=True)
    assert issubclass(TemplateFault, Exception)
