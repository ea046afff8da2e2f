"""A server's answers: well-behaved, late, broken, hostile or dear, each beside its well-behaved twin."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest

from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.errors import EndpointBroken, SuiteError
from harness.exchange import Model, Request, Response
from loopback import Asked, Reply, Script, Server, said, serving

KEY = "sk-abcdefghijklmnop0123456789"


def opened(url: str, **options: Any) -> Model:
    leaf = Catalog().get("model", "endpoint")
    given = {"model": "tiny", "retries": 3, **options}
    return leaf.function(Checkpoint("judge", "endpoint"), endpoint=url, **given)


def ask(script: Script, *prompts: str, **options: Any) -> tuple[list[Response], Server, Model]:
    """The responses to some prompts, in order."""
    requests = [Request("generate", prompt, max_new_tokens=8) for prompt in prompts]
    with serving(script) as server:
        model = opened(server.url, **options)
        try:
            found = dict(model.answer(requests))
        finally:
            model.close()
    return [found[at] for at in range(len(requests))], server, model


def one(script: Script, **options: Any) -> tuple[Response, Server, Model]:
    (response,), server, model = ask(script, "hello", **options)
    return response, server, model


def test_a_well_behaved_server_answers() -> None:
    responses, server, model = ask(lambda asked, _: f"you said {asked['messages'][-1]['content']}", "a", "b", "c")
    assert [response.text for response in responses] == ["you said a", "you said b", "you said c"]
    assert {(r.finish, r.prompt_tokens, r.new_tokens, r.fault) for r in responses} == {("stop", 10, 5, "")}
    assert all(response.seconds > 0 for response in responses)
    assert model.facts.path == "chat at 127.0.0.1, answering as tiny"
    assert model.facts.effort.calls == 3
    assert server.asked[0]["max_tokens"] == 8


def test_what_is_asked_is_what_the_request_says() -> None:
    request = Request(
        "generate", "judge this", max_new_tokens=9, stop=("\n", "b", "c", "d", "e"), temperature=0.5, seed=4,
        system="be fair", schema='{"type":"object"}',
    )  # fmt: skip
    with serving(lambda asked, _: "fine e and more") as server:
        model = opened(server.url, gen_kwargs={"top_p": 0.9})
        ((_, response),) = model.answer([request])
        model.close()
    (asked,) = server.asked
    assert asked["messages"] == [{"role": "system", "content": "be fair"}, {"role": "user", "content": "judge this"}]
    assert (asked["temperature"], asked["seed"], asked["top_p"]) == (0.5, 4, 0.9)
    assert asked["stop"] == ["\n", "b", "c", "d"]
    assert asked["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert response.text == "fin"  # the fifth stop string is applied here


def test_no_more_than_the_allowed_number_are_under_way() -> None:
    _, server, _ = ask(lambda asked, _: Reply(said("x", asked), wait=0.05), *map(str, range(9)), concurrency=3)
    assert server.busiest == 3


def test_a_busy_server_is_asked_again_when_it_says_so() -> None:
    def script(asked: Asked, number: int) -> Reply | str:
        return Reply({"error": {"message": "slow down"}}, 429, {"Retry-After": "0.3"}) if number < 2 else "at last"

    began = time.monotonic()
    response, server, _ = one(script)
    assert (response.text, len(server.asked)) == ("at last", 3)
    assert time.monotonic() - began >= 0.6


def test_a_server_that_asks_for_an_hour_ends_the_asking_at_once() -> None:
    def script(asked: Asked, number: int) -> Reply:
        return Reply({"error": {"message": "quota"}}, 429, {"Retry-After": "3600"})

    responses, server, _ = ask(script, *map(str, range(20)), concurrency=1)
    assert len(server.asked) == 1
    assert {r.blame for r in responses} == {"infrastructure"}
    assert "asks to wait 3600 s, longer than there is time for" in responses[-1].fault


def test_a_stumbling_server_recovers_and_a_fallen_one_is_given_up() -> None:
    failing = Reply({"error": {"message": "oops"}}, 500)
    response, server, _ = one(lambda asked, number: failing if number < 2 else "up again")
    assert (response.text, len(server.asked)) == ("up again", 3)
    response, server, _ = one(lambda asked, number: failing, retries=2)
    assert len(server.asked) == 3
    assert response.fault == "the server answered 500: oops; given up after 3 attempts"
    assert response.blame == "infrastructure"


@pytest.mark.parametrize("how", [{"wait": 5.0}, {"drip": 0.05}])
def test_a_server_that_hangs_or_drips_is_given_up_in_time(how: dict[str, float]) -> None:
    began = time.monotonic()
    response, _, _ = one(lambda asked, _: Reply(said("x", asked), **how), timeout=0.4, retries=0)
    assert time.monotonic() - began < 3
    assert "no whole answer within 0.4 s" in response.fault


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(b"<html>login</html>", headers={"Content-Type": "text/html"}), "'text/html', not JSON"),
        (Reply(b""), "the reply is not a completion"),
        (Reply(b'{"id": "1", "choi'), "the reply is not a completion"),
        (Reply(b"{}", headers={"Content-Length": "2000"}), "no connection (RemoteProtocolError"),
        (Reply(b"{}", headers={"Content-Length": str(1 << 30)}), "announces 1073741824 bytes"),
        (Reply(b" " * (9 << 20)), "announces 9437184 bytes"),
        (Reply(gzip.compress(b" " * 10**6), headers={"Content-Encoding": "gzip"}), "is packed ('gzip')"),
        (Reply([1, 2]), "the reply is not a completion"),
        (Reply({"model": "tiny", "choices": []}), "a reply without choices"),
    ],
)  # fmt: skip
def test_bodies_that_are_no_answer_are_faults_and_no_crash(reply: Reply, text: str) -> None:
    response, server, _ = one(lambda asked, _: reply, retries=1, timeout=5)
    assert text in response.fault
    assert response.blame == "infrastructure"
    assert len(server.asked) == 2


def test_a_redirect_is_not_followed() -> None:
    with serving(lambda asked, _: "stolen") as elsewhere:
        away = Reply({}, 307, {"Location": f"{elsewhere.url}/chat/completions"})
        with pytest.raises(EndpointBroken, match=r"sends elsewhere \(307 to .* redirects are not followed"):
            one(lambda asked, _: away)
        assert elsewhere.asked == []


def test_a_refused_key_ends_the_asking_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)
    refusal = Reply({"error": {"message": f"Incorrect API key provided: {KEY} (sk-ab***6789)"}}, 401)
    with pytest.raises(EndpointBroken) as told:
        one(lambda asked, _: refusal, api_key="${env:JUDGE_KEY}")
    assert ": the server refuses the key (401)" in str(told.value)
    assert KEY not in str(told.value)
    assert "6789" not in str(told.value)
    response, server, _ = one(lambda asked, _: "fine", api_key="${env:JUDGE_KEY}")
    assert (response.text, server.headers[0]["authorization"]) == ("fine", f"Bearer {KEY}")


def test_a_reply_of_another_model_does_not_count() -> None:
    responses, server, _ = ask(lambda asked, _: Reply(said("x", asked, model="cheap")), "a", "b", concurrency=1)
    assert [r.fault for r in responses] == ["'tiny' was asked, and 'cheap' answered"] * 2
    assert len(server.asked) == 1


def test_a_model_that_changes_midway_ends_the_asking() -> None:
    def script(asked: Asked, number: int) -> Reply:
        return Reply(said("x", asked, model=f"tiny-2026-0{1 + number // 2}-01"))

    responses, _, model = ask(script, *"abcd", concurrency=1)
    assert [bool(response.fault) for response in responses] == [False, False, True, True]
    assert "the model changed while it was asked" in responses[2].fault
    assert model.facts.path.endswith("tiny-2026-01-01")


def test_the_budget_of_calls_is_kept_attempts_included() -> None:
    responses, server, _ = ask(lambda asked, _: "x", *map(str, range(9)), concurrency=1, max_calls=4)
    assert len(server.asked) == 4
    assert responses[8].fault == "the budget of 4 calls is spent (max_calls)"


def test_money_is_overspent_by_no_more_than_what_is_under_way() -> None:
    price = {"input": 1000.0, "output": 2000.0}  # 10 read and 5 written: 0.02 a call
    responses, server, model = ask(
        lambda asked, _: "x", *map(str, range(40)), concurrency=2, max_cost=0.1, price=price
    )  # fmt: skip
    assert len(server.asked) <= 6
    assert 0.1 <= model.facts.effort.cost <= 0.12
    assert "the budget of 0.1 is spent (max_cost)" in responses[-1].fault


def test_a_server_that_hides_what_it_took_pays_the_most_it_can_have_taken() -> None:
    def script(asked: Asked, _: int) -> Reply:
        return Reply(said("x", asked, usage=None))

    _, _, model = ask(script, "hello", price={"input": 0.0, "output": 1e6}, max_cost=100.0)
    assert model.facts.effort.cost == 8.0
    assert "1 replies did not say what they took" in model.facts.warnings[0]


def test_the_deadline_ends_the_asking() -> None:
    responses, _, _ = ask(lambda asked, _: Reply(said("x", asked), wait=0.15), *"abcdefgh", concurrency=1, deadline=0.4)
    assert responses[0].text == "x"
    assert responses[-1].blame == "infrastructure"


def test_a_question_that_is_refused_fails_alone() -> None:
    def script(asked: Asked, _: int) -> Reply | str:
        long = asked["messages"][-1]["content"] == "long"
        return Reply({"error": {"message": "context length exceeded"}}, 400) if long else "fine"

    responses, server, _ = ask(script, "short", "long", "short again")
    assert [r.text for r in responses] == ["fine", None, "fine"]
    assert responses[1].fault == "the server refuses the question (400): context length exceeded"
    assert len(server.asked) == 3


def test_a_server_without_json_schemas_is_asked_without_and_says_so() -> None:
    def script(asked: Asked, _: int) -> Reply | str:
        if "response_format" in asked:
            return Reply({"error": {"message": "unknown parameter response_format"}}, 400)
        return "{}"

    with serving(script) as server:
        model = opened(server.url, concurrency=1)
        found = dict(model.answer([Request("generate", p, max_new_tokens=4, schema="{}") for p in "ab"]))
        model.close()
    assert [found[at].text for at in range(2)] == ["{}", "{}"]
    assert ["response_format" in asked for asked in server.asked] == [True, False, False]
    assert "refuses JSON schemas" in model.facts.warnings[0]


def test_a_filtered_answer_is_the_models_own_failure() -> None:
    def script(asked: Asked, _: int) -> Reply:
        reply = said("", asked)
        reply["choices"][0]["finish_reason"] = "content_filter"
        return Reply(reply)

    response, _, _ = one(script)
    assert (response.blame, response.fault) == ("candidate", "the server's filter took the answer away")


def test_a_chat_server_cannot_weigh_choices() -> None:
    model = opened("http://127.0.0.1:9/v1")
    with pytest.raises(SuiteError, match="answers in text only and cannot weigh 2 choices; give the task"):
        list(model.answer([Request("score", "is it", (" yes", " no"))]))


def test_a_completions_server_weighs_what_reaches_beyond_the_context() -> None:
    def script(asked: Asked, _: int) -> Reply:
        text = asked["prompt"]
        pieces = [text[i : i + 2] for i in range(0, len(text), 2)] + ["!"]
        told = {
            "tokens": pieces, "token_logprobs": [None, *(-0.5 * i for i in range(1, len(pieces)))],
            "text_offset": [2 * i for i in range(len(pieces) - 1)] + [len(text)],
            "top_logprobs": [None] + [{"x": -0.5 * i - (i == 2)} for i in range(1, len(pieces))],
        }  # fmt: skip
        body = {
            "id": "1", "object": "text_completion", "created": 1, "model": "tiny",
            "choices": [{"index": 0, "text": text, "finish_reason": "length", "logprobs": told}],
        }  # fmt: skip
        return Reply(body)

    with serving(script) as server:
        model = opened(server.url, api="completions")
        ((_, response),) = model.answer([Request("score", "abcd ", ("ef", "gh"))])
        model.close()
    assert [asked["prompt"] for asked in server.asked] == ["abcd ef", "abcd gh"]
    # Context "abcd" is two tokens; " e" and "f" weigh −1.0 and −1.5.
    assert [(s.logprob, s.tokens, s.greedy) for s in response.scores] == [(-2.5, 2, True)] * 2


def test_a_server_that_does_not_echo_is_no_judge_of_choices() -> None:
    def script(asked: Asked, _: int) -> Reply:
        choice = {"index": 0, "text": "x", "finish_reason": "length", "logprobs": None}
        return Reply({"id": "1", "object": "text_completion", "created": 1, "model": "tiny", "choices": [choice]})

    with serving(script) as server:
        model = opened(server.url, api="completions", retries=0)
        ((_, response),) = model.answer([Request("score", "a", (" b",))])
        model.close()
    assert "gives no log-probabilities of the prompt" in response.fault


def test_nobody_listens() -> None:
    model = opened("http://127.0.0.1:9/v1", retries=1)
    ((_, response),) = model.answer([Request("generate", "a", max_new_tokens=1)])
    model.close()
    assert response.fault.startswith("no connection (")
    assert response.blame == "infrastructure"


def test_a_budget_of_money_needs_a_price() -> None:
    with pytest.raises(SuiteError, match=r"models.judge: max_cost needs price: \{input: …, output: …\}"):
        opened("http://127.0.0.1:9/v1", max_cost=1.0)


def test_asking_stops_when_the_asker_does() -> None:
    with serving(lambda asked, _: Reply(said("x", asked), wait=0.02)) as server:
        model = opened(server.url, concurrency=2)
        for _ in model.answer([Request("generate", str(i), max_new_tokens=1) for i in range(200)]):
            break
        model.close()
        time.sleep(0.2)
        assert len(server.asked) < 20


def test_a_server_that_is_away_is_not_asked_for_ever() -> None:
    failing = Reply({"error": {"message": "oops"}}, 500)
    responses, server, _ = ask(lambda asked, _: failing, *map(str, range(100)), concurrency=1, retries=0)
    assert len(server.asked) == 16
    assert responses[15].fault == "the server answered 500: oops; given up after 1 attempts"
    assert responses[99].fault.startswith("16 questions in a row were given up, so nothing more is asked: the server")
    assert {response.blame for response in responses} == {"infrastructure"}

    responses, server, _ = ask(
        lambda asked, number: "x" if number % 16 == 15 else failing, *map(str, range(100)), concurrency=1, retries=0
    )
    assert len(server.asked) == 100
    long = Reply({"error": {"message": "too long"}}, 400)
    _, server, _ = ask(lambda asked, _: long, *map(str, range(40)), concurrency=1)
    assert len(server.asked) == 40


def test_a_deadline_that_leaves_no_time_to_try_again_is_named() -> None:
    responses, _, _ = ask(
        lambda asked, _: Reply(said("x", asked), wait=2.0), *"abc", timeout=0.2, deadline=0.3, concurrency=1
    )
    assert any("(deadline)" in response.fault for response in responses)
    assert not any("the server asks to wait" in response.fault for response in responses)
