"""Generated text against transformers' own `generate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.exchange import Model, Request
from harness.local.decoding import Sampling, draw

Load = Callable[..., Model]

PROMPTS = [
    "the train",
    "where do I buy a ticket for the night bus? you",
    "x",
    "one two three",
    "it was a good film",
    "n",
]


def by_generate(
    folder: Path, prompts: list[str], most: int, *, ends: list[int] | None = None, **settings: Any
) -> list[tuple[str, int]]:
    """Text and number of new tokens, each prompt alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    auto = AutoModelForSeq2SeqLM if "seq2seq" in folder.name else AutoModelForCausalLM
    model, tokenizer = auto.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    found = []
    for prompt in prompts:
        ids = torch.tensor([tokenizer.encode(prompt)])
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False, **settings
        )[0]
        new = (out[1:] if "seq2seq" in folder.name else out[ids.shape[1] :]).tolist()
        ended = new[-1] in (model.generation_config.eos_token_id, *(ends or ()))
        found.append((tokenizer.decode(new[:-1] if ended else new, skip_special_tokens=True), len(new)))
    return found


@pytest.mark.parametrize("name", ["base", "bos", "gpt2", "window", "seq2seq"])
def test_greedy_text_is_generates_text(made: Path, load: Load, name: str) -> None:
    wanted = by_generate(made / name, PROMPTS, 24)
    found = tiny.ask(load(name), [Request("generate", prompt, max_new_tokens=24) for prompt in PROMPTS])
    assert [(r.text, r.new_tokens) for r in found] == wanted
    assert {r.finish for r in found} <= {"stop", "length"}


def test_rows_that_end_early_leave_and_the_rest_is_unchanged(copy: Callable[[str], Path], load: Load) -> None:
    """With many end tokens, rows end at different steps; each still says what it says alone."""
    folder = copy("base")
    ends = [2, *range(20, 384, 9)]
    tiny.edit_json(folder / "generation_config.json", eos_token_id=ends)
    prompts = [f"{a} {b}" for a in PROMPTS for b in ("", "ten", "bus?", "one")]
    found = tiny.ask(load(folder), [Request("generate", prompt, max_new_tokens=40) for prompt in prompts])
    assert [(r.text, r.new_tokens) for r in found] == by_generate(folder, prompts, 40, ends=ends)
    assert len({r.new_tokens for r in found}) > 5
    assert all((r.finish == "stop") == (r.new_tokens < 40) for r in found if r.new_tokens != 40)


def test_stop_strings_cut_the_text_before_them(made: Path, load: Load) -> None:
    whole = [text for text, _ in by_generate(made / "base", PROMPTS, 24)]
    model = load("base")
    for stop in (("e",), ("th", "Z"), (" ",), ("\x17M",)):
        found = tiny.ask(model, [Request("generate", p, max_new_tokens=24, stop=stop) for p in PROMPTS])
        for text, response in zip(whole, found, strict=True):
            places = [text.find(s) for s in stop if s in text]
            assert response.text == (text[: min(places)] if places else text)
            assert response.finish == ("stop" if places or response.new_tokens < 24 else "length")


def test_a_stop_string_stops_the_work_too(made: Path, load: Load) -> None:
    ((text, _),) = by_generate(made / "base", ["the train"], 24)
    (response,) = tiny.ask(load("base"), [Request("generate", "the train", max_new_tokens=24, stop=(text[2],))])
    assert response.new_tokens < 24
    assert response.text == text[: text.find(text[2])]


def test_a_prompt_that_does_not_fit_is_a_fault_of_the_candidate(load: Load) -> None:
    long, fits = tiny.ask(
        load("gpt2"),
        [Request("generate", "é" * 60, max_new_tokens=9), Request("generate", "é" * 60, max_new_tokens=8)],
    )
    assert long.fault == (
        "the prompt has 120 tokens and up to 9 new ones are asked for, but the model's context holds 128; shorten the "
        "prompt or lower max_new_tokens"
    )
    assert long.blame == "candidate"
    assert long.text is None
    assert fits.text is not None


def test_nothing_asked_for_is_nothing_said(load: Load) -> None:
    (response,) = tiny.ask(load("base"), [Request("generate", "the", max_new_tokens=0)])
    assert (response.text, response.finish, response.new_tokens) == ("", "length", 0)


def test_an_empty_prompt_starts_from_the_begin_token(made: Path, load: Load) -> None:
    (response,) = tiny.ask(load("base"), [Request("generate", "", max_new_tokens=6)])
    ((text, _),) = by_generate(made / "base", ["<s>"], 6)
    assert response.text == text


def test_sampling_depends_on_the_seed_and_on_nothing_else(load: Load) -> None:
    def sampled(prompt: str, seed: int) -> Request:
        return Request("generate", prompt, max_new_tokens=8, temperature=0.9, seed=seed)

    model = load("base")
    (alone,) = tiny.ask(model, [sampled("the train", 7)])
    beside = [sampled(p, s) for p in PROMPTS for s in (1, 7, 10**18)]
    together = tiny.ask(model, [*beside, Request("generate", "x", max_new_tokens=8)])
    assert together[1].text == alone.text
    assert len({r.text for r in together}) > 12
    greedy = tiny.ask(model, [Request("generate", "x", max_new_tokens=8)])[0]
    assert together[-1].text == greedy.text


def test_drawn_tokens_follow_the_distribution() -> None:
    import torch

    logits = torch.log(torch.tensor([[0.1, 0.6, 0.05, 0.25]])).expand(20000, -1)
    uniform = torch.rand(20000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    counts = Counter(draw(logits, uniform, Sampling()).tolist())
    assert [counts[i] / 20000 for i in range(4)] == pytest.approx([0.1, 0.6, 0.05, 0.25], abs=0.01)
    assert set(draw(logits, uniform, Sampling(top_k=2)).tolist()) == {1, 3}
    assert set(draw(logits, uniform, Sampling(top_p=0.8)).tolist()) == {1, 3}
    assert set(draw(logits, uniform, Sampling(top_p=0.1)).tolist()) == {1}
    edge = torch.tensor([0.0, 1.0 - 2**-53], dtype=torch.float64)
    assert draw(logits[:2], edge, Sampling()).tolist() == [1, 2]


def test_settings_that_only_generate_knows_go_through_generate(made: Path, load: Load) -> None:
    model = load("base", gen_kwargs={"repetition_penalty": 1.8, "no_repeat_ngram_size": 2})
    found = tiny.ask(model, [Request("generate", prompt, max_new_tokens=16) for prompt in PROMPTS])
    wanted = by_generate(made / "base", PROMPTS, 16, repetition_penalty=1.8, no_repeat_ngram_size=2)
    assert [r.text for r in found] == [text for text, _ in wanted]
    assert "transformers.generate (no_repeat_ngram_size, repetition_penalty)" in model.facts.path
    assert [r.text for r in found] != [text for text, _ in by_generate(made / "base", PROMPTS, 16)]


def test_the_checkpoints_own_penalty_is_honoured(copy: Callable[[str], Path], load: Load) -> None:
    folder = copy("base")
    tiny.edit_json(
        folder / "generation_config.json", repetition_penalty=1.7, do_sample=True, temperature=0.7, top_p=0.9
    )
    found = tiny.ask(load(folder), [Request("generate", prompt, max_new_tokens=16) for prompt in PROMPTS])
    assert [r.text for r in found] == [text for text, _ in by_generate(folder, PROMPTS, 16)]


def test_sampling_through_generate_is_seeded_too(load: Load) -> None:
    model = load("base", gen_kwargs={"repetition_penalty": 1.2})
    wanted = [Request("generate", p, max_new_tokens=6, temperature=1.0, seed=s) for p in PROMPTS[:2] for s in (1, 2)]
    first = tiny.ask(model, wanted)
    assert [r.text for r in tiny.ask(model, wanted[1:2])] == [first[1].text]
    assert first[0].text != first[1].text


def test_one_of_several_limits(load: Load) -> None:
    model = load("base")
    found = tiny.ask(
        model, [Request("generate", "the train", max_new_tokens=n, stop=s) for n in (3, 9) for s in ((), ("Q",))]
    )
    assert found[2].text.startswith(found[0].text)
    assert [r.new_tokens for r in found[::2]] == [3, 9]


def test_timed_answers_are_alone_and_in_order(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load("base")
    requests = [Request("generate", p, max_new_tokens=4, fresh=True) for p in PROMPTS] + [Request("score", "a", ("b",))]
    order = [(index, response.seconds) for index, response in model.answer(requests)]
    assert [index for index, _ in order] == list(range(7))
    assert all(seconds and seconds > 0 for _, seconds in order[:6])
    assert order[6][1] is None


def test_rows_of_unlike_limits_leave_a_batch_in_time(made: Path) -> None:
    """Without slots too: a row at the end of its context must not be read on while others still say something."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from harness.local.decoding import CausalSession, Draft, Writer

    model, tokenizer = (kind.from_pretrained(made / "gpt2") for kind in (AutoModelForCausalLM, AutoTokenizer))
    long, short = tuple(tokenizer.encode("é" * 62)), tuple(tokenizer.encode("the train"))
    drafts = [Draft(long, 4), Draft(short, 60), Draft(short, 30, ("e",)), Draft(short, 5), Draft(short, 50, (), 0.8, 3)]
    writer = Writer(tokenizer, (2,), Sampling())
    with torch.inference_mode():
        together = writer.write(CausalSession(model, [d.prompt for d in drafts], model.device), drafts, model.device)
        alone = [writer.write(CausalSession(model, [d.prompt], model.device), [d], model.device)[0] for d in drafts]
    assert len(long) + 4 == 128
    assert together == alone
    assert len(together[0].tokens) == 4


def test_facts_tell_how_texts_are_generated(made: Path, load: Load) -> None:
    facts = load("base").facts
    assert facts.path.endswith("; generation in slots")
    assert any(sentence.startswith("generation in slots says what plain forwards say") for sentence in facts.gate)
    pairs = load("seq2seq").facts
    assert pairs.path.endswith("; generation in batches")
    assert "generation goes in batches" in pairs.gate
