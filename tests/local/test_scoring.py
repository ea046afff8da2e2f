"""Log-probabilities against transformers' own forward and against lm-eval's HFLM."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tiny
from harness.exchange import Model, Request
from harness.local.scoring import bundles
from harness.local.trie import Unit

Load = Callable[..., Model]

PROMPTS = ["the answer is", "where do I buy a ticket for the night bus?", "x", "one two three ", "a\n\nb  ", "   "]
ENDS = [" yes", " no way at all", "ticket", " four", "\nnew line", "é"]


def requests() -> list[Request]:
    """A mixture of shared and single, short and long."""
    made = [Request("score", p, tuple(ENDS[: 1 + at % 5]), sample=str(at)) for at, p in enumerate(PROMPTS * 2)]
    made += [Request("score", "", (end + " " + PROMPTS[1],)) for end in ENDS]
    made += [Request("score", "letters: ", ("A", "B", "C"))]
    return made


@pytest.fixture(scope="module")
def lm_eval_model() -> Callable[[Path, int], Any]:
    """lm-eval's own model over a folder."""
    import logging

    from lm_eval.models.huggingface import HFLM
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    logging.getLogger("lm_eval").setLevel(logging.ERROR)

    def build(folder: Path, batch: int) -> Any:
        auto = AutoModelForSeq2SeqLM if "seq2seq" in folder.name else AutoModelForCausalLM
        model = auto.from_pretrained(folder)
        return HFLM(pretrained=model, tokenizer=AutoTokenizer.from_pretrained(folder), batch_size=batch)

    return build


def asked(pairs: list[tuple[str, ...]]) -> list[Any]:
    return [SimpleNamespace(args=pair) for pair in pairs]


@pytest.mark.parametrize("name", ["base", "bos", "gpt2", "window", "seq2seq"])
def test_the_same_numbers_as_lm_eval(made: Path, load: Load, lm_eval_model: Any, name: str) -> None:
    wanted = requests()
    if name == "seq2seq":
        wanted = [request for request in wanted if request.prompt.strip()]
    oracle = lm_eval_model(made / name, 1)
    pairs = [(r.prompt, c) for r in wanted for c in r.continuations]
    blank = {pair for pair in pairs if pair[0] and not pair[0].strip()}
    theirs = (
        dict(
            zip(
                pairs,
                oracle.loglikelihood(asked([p for p in pairs if p not in blank]), disable_tqdm=True),
                strict=False,
            )
        )
        if not blank
        else {}
    )
    kept = [p for p in pairs if p not in blank]
    kept = [p for p in pairs if p not in blank]
    theirs = dict(zip(kept, oracle.loglikelihood(asked(kept), disable_tqdm=True), strict=True))
    for request, response in zip(wanted, tiny.ask(load(name), wanted), strict=True):
        assert not response.fault
        for text, scored in zip(request.continuations, response.scores, strict=True):
            if (request.prompt, text) in blank:
                continue
            logprob, greedy = theirs[request.prompt, text]
            assert scored.logprob == pytest.approx(logprob, abs=1e-4)
            assert scored.greedy == greedy


@pytest.mark.parametrize("name", ["base", "bos", "gpt2"])
def test_the_same_numbers_as_one_plain_forward_each(made: Path, load: Load, name: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(made / name).eval()
    tokenizer = AutoTokenizer.from_pretrained(made / name)
    wanted = [r for r in requests() if r.prompt.strip()]
    for request, response in zip(wanted, tiny.ask(load(name), wanted), strict=True):
        for text, scored in zip(request.continuations, response.scores, strict=True):
            kept = request.prompt.rstrip()
            context = tokenizer.encode(kept)
            end = tokenizer.encode(request.prompt + text)[len(context) :]
            with torch.no_grad():
                logits = model(torch.tensor([context + end[:-1]])).logits[0, -len(end) :].log_softmax(-1)
            assert scored.tokens == len(end)
            assert scored.logprob == pytest.approx(sum(float(logits[i, t]) for i, t in enumerate(end)), abs=1e-4)
            assert scored.greedy == (logits.argmax(-1).tolist() == end)


def test_greedy_continuations_are_greedy(load: Load) -> None:
    """What the model itself would say is flagged as such."""
    model = load("base")
    (written,) = tiny.ask(model, [Request("generate", "the train", max_new_tokens=1)])
    (response,) = tiny.ask(model, [Request("score", "the train", (written.text, "zzz"))])
    assert [s.greedy for s in response.scores] == [True, False]


def test_a_text_longer_than_the_context_is_read_in_windows(made: Path, lm_eval_model: Any, load: Load) -> None:
    text = " ".join(random.Random(1).choices(["train", "bus", "ticket", "the", "ten"], k=400))
    oracle = lm_eval_model(made / "gpt2", 4)
    (theirs,) = oracle.loglikelihood_rolling(asked([(text,)]), disable_tqdm=True)
    (response,) = tiny.ask(load("gpt2"), [Request("score", "", (text,))])
    assert response.scores[0].tokens > 128 * 2
    assert response.scores[0].logprob == pytest.approx(theirs, abs=1e-3)


def test_a_prompt_longer_than_the_context_is_never_cut(load: Load) -> None:
    long = "train " * 200
    (scored, classified) = tiny.ask(
        load("gpt2"), [Request("score", long, (" yes", " no")), Request("classify", long, ("yes",))]
    )
    assert scored.blame == classified.blame == "candidate"
    assert scored.fault.endswith("but the model's context holds 128; shorten the prompt or take fewer examples into it")
    assert scored.fault.startswith("the prompt has ")
    assert not scored.scores


def test_the_last_token_need_not_fit(load: Load) -> None:
    """As in lm-eval, the last token is predicted but not read: context + 1 tokens are scored."""
    model = load("gpt2")
    fits, too_long = (Request("score", "é" * n, ("é",)) for n in (64, 65))
    assert [bool(r.fault) for r in tiny.ask(model, [fits, too_long])] == [True, True]
    fits = Request("score", "é" * 63 + "1", ("22",))
    (response,) = tiny.ask(model, [fits])
    assert response.prompt_tokens + response.new_tokens == 129
    assert not response.fault


def test_empty_texts_are_faults_not_best_answers(load: Load) -> None:
    empty, nothing = tiny.ask(load("base"), [Request("score", "the", (" yes", "")), Request("score", "the", ())])
    assert empty.fault == "the continuation '' has no token of its own after this prompt"
    assert empty.blame == "infrastructure"
    assert nothing.fault == "nothing was given to score"


def test_a_tokenizer_without_begin_and_end_cannot_score_after_nothing(copy: Callable[[str], Path], load: Load) -> None:
    folder = copy("base")
    tiny.edit_json(folder / "tokenizer_config.json", bos_token=..., eos_token=...)
    after_nothing, after, written = tiny.ask(
        load(folder),
        [Request("score", "", ("yes",)), Request("score", "the", (" yes",)), Request("generate", "", max_new_tokens=2)],
    )
    assert "no begin and no end token" in after_nothing.fault
    assert not after.fault
    assert "neither a begin nor an end token" in written.fault


def test_labels_of_a_language_model_are_set_off_by_a_blank(load: Load) -> None:
    model = load("base")
    asked_as_labels, asked_as_text, closed = tiny.ask(
        model,
        [
            Request("classify", "it was", ("good", "bad")),
            Request("score", "it was", (" good", " bad")),
            Request("classify", "it was: ", ("good", "bad")),
        ],
    )
    assert asked_as_labels.scores == asked_as_text.scores
    (plain,) = tiny.ask(model, [Request("score", "it was: ", ("good", "bad"))])
    found, wanted = ([s.logprob for s in response.scores] for response in (closed, plain))
    assert found == pytest.approx(wanted, abs=1e-5)


def test_equal_questions_are_computed_once(load: Load) -> None:
    model = load("base")
    responses = tiny.ask(model, [Request("score", "the answer is", (" yes", " no"), sample=str(i)) for i in range(50)])
    assert len(set(responses)) == 1
    effort = model.facts.effort
    assert effort is not None
    read = responses[0].prompt_tokens + responses[0].new_tokens - 2
    assert effort.tokens_asked == 50 * (2 * responses[0].prompt_tokens + responses[0].new_tokens - 2)
    assert effort.tokens_computed == read, "the prompt once, and the continuations but for their last tokens"


def test_bundles_hold_every_unit_once() -> None:
    units = [Unit.of((1, 2), end) for end in ((3,), (4,), (3, 4), (5, 6, 7))] + [
        Unit.of((9,), (1,)),
        Unit.of((9,), (2,)),
    ]
    for share in (True, False):
        made = bundles(units * 2, share=share, most=3)
        held = [unit for bundle in made for unit in bundle.units]
        assert sorted(map(hash, held)) == sorted(map(hash, units))
        assert all(bundle.shared <= share for bundle in made)
    one_row = next(b for b in bundles(units, share=True, most=8) if b.units[0].context == (9,))
    assert (one_row.rows, len(one_row.units), one_row.shared) == (1, 2, False)


@pytest.mark.parametrize("name", ["base", "gpt2", "window"])
def test_what_else_is_asked_does_not_change_an_answer(load: Load, name: str) -> None:
    model, wanted = load(name), requests()
    together = tiny.ask(model, wanted)
    for request, response in zip(wanted[:8], together[:8], strict=True):
        (alone,) = tiny.ask(model, [request])
        for one, two in zip(alone.scores, response.scores, strict=True):
            assert math.isclose(one.logprob, two.logprob, abs_tol=1e-4)
            assert one.greedy == two.greedy
