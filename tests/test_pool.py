"""The pool: every question once, from the cache where it was asked before, and one broken model breaks only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness.errors import CheckpointBroken, OutputBroken, SuiteError
from harness.exchange import Facts, Model, Request, Response, Scored
from harness.findings import Findings, Rounds
from harness.interview import Interview, by_model, conduct
from harness.pool import KEPT_AT_ONCE, Place, Pool
from harness.store import Store, recall
from harness.watch import Silent


@dataclass
class Fake:
    """A model that notes what it is asked."""

    say: Callable[[Request], Response] = lambda request: Response(text=f"re: {request.prompt}", new_tokens=2)
    asked: list[Request] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    backwards: bool = False
    closed: bool = False

    @property
    def facts(self) -> Facts:
        return Facts(dtype="float32")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        self.calls.append(len(requests))
        order = list(enumerate(requests))
        for at, request in reversed(order) if self.backwards else order:
            self.asked.append(request)
            yield at, self.say(request)

    def close(self) -> None:
        self.closed = True


@dataclass
class Counting(Silent):
    """A watch that adds up."""

    done: int = 0
    cached: int = 0
    tokens: int = 0

    def advance(self, n: int = 1, tokens: int = 0, *, cached: int = 0) -> None:
        self.done += n
        self.cached += cached
        self.tokens += tokens


def generate(prompt: str, **more: object) -> Request:
    return replace(Request("generate", prompt, max_new_tokens=8), **more)  # type: ignore[arg-type]


def pool_of(*places: Place, watch: Silent | None = None) -> Pool:
    return Pool(places, watch or Silent())


def place(model: Model, store: Path | None = None, name: str = "candidate", **more: bool) -> Place:
    answers = Store(store).answers("m" * 64) if store else None
    return Place(name, lambda: model, answers, **more)


def ask(pool: Pool, *requests: Request, name: str = "candidate") -> list[Response]:
    return pool.answer([(name, request) for request in requests])


# ---- asking once ----------------------------------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_questions(tmp_path: Path) -> None:
    model = Fake(backwards=True)
    asked = [generate(f"q{at}") for at in range(10)]
    assert [r.text for r in ask(pool_of(place(model)), *asked)] == [f"re: q{at}" for at in range(10)]


def test_equal_questions_are_asked_once_in_one_round_and_over_rounds() -> None:
    model = Fake()
    pool = pool_of(place(model))
    first = ask(pool, generate("a", sample="1"), generate("a", sample="2"), generate("b"))
    again = ask(pool, generate("b", sample="9"), generate("a"), generate("c"))
    assert [r.prompt for r in model.asked] == ["a", "b", "c"]
    assert first[0] == first[1] == again[1]
    traffic = pool.places["candidate"].traffic()
    assert (traffic.asked, traffic.distinct, traffic.computed, traffic.cached) == (6, 3, 3, 0)
    assert traffic.new_tokens == 6


def test_questions_that_begin_alike_reach_the_model_together() -> None:
    model = Fake()
    asked = [generate(prompt) for prompt in ("b 2", "a 1", "b 1", "a 2")] + [generate("a 0", system="s")]
    found = ask(pool_of(place(model)), *asked)
    assert [(r.system, r.prompt) for r in model.asked] == [
        ("", "a 1"),
        ("", "a 2"),
        ("", "b 1"),
        ("", "b 2"),
        ("s", "a 0"),
    ]
    assert [r.text for r in found] == ["re: b 2", "re: a 1", "re: b 1", "re: a 2", "re: a 0"]


def test_answers_beyond_what_fits_into_memory_are_known_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "KEPT", 4)
    model = Fake()
    pool = pool_of(place(model))
    asked = [generate(f"q{at}") for at in range(30)]
    assert ask(pool, *asked) == ask(pool, *asked)
    assert len(model.asked) == 30
    assert pool.known("candidate", asked[0]) == Response(text="re: q0", new_tokens=2)


def test_what_changes_the_answer_makes_another_question() -> None:
    model = Fake()
    hot = generate("a", temperature=1.0)
    variants = [
        generate("a"), generate("a", stop=("\n",)), generate("a", max_new_tokens=9), replace(hot, seed=1),
        replace(hot, seed=2), Request("score", "a", ("x",)), Request("score", "a", ("x", "y")),
        Request("classify", "a", ("x", "y")),
    ]  # fmt: skip
    ask(pool_of(place(model)), *variants)
    assert len(model.asked) == len(variants)
    assert len({request.digest for request in variants}) == len(variants)


def test_every_model_is_asked_what_is_addressed_to_it() -> None:
    one, two = Fake(), Fake(say=lambda r: Response(text="two"))
    pool = pool_of(place(one, name="candidate"), place(two, name="base"))
    found = pool.answer([("candidate", generate("a")), ("base", generate("a")), ("candidate", generate("b"))])
    assert [r.text for r in found] == ["re: a", "two", "re: b"]
    assert one.calls == [2], "all questions of a round stand together"


def test_a_model_that_is_not_asked_is_not_loaded() -> None:
    def never() -> Model:
        raise AssertionError("loaded")

    pool = pool_of(Place("candidate", never, None), place(Fake(), name="base"))
    pool.answer([("base", generate("a"))])
    assert ask(pool) == []
    assert pool.places["candidate"].facts is None
    pool.close()


def test_closing_closes_what_was_opened() -> None:
    used, unused = Fake(), Fake()
    pool = pool_of(place(used), place(unused, name="base"))
    ask(pool, generate("a"))
    pool.close()
    assert (used.closed, unused.closed) == (True, False)


# ---- the cache ------------------------------------------------------------------------------------------------------


def test_what_was_asked_before_is_not_asked_again(tmp_path: Path) -> None:
    scored = Response(scores=(Scored(-1.5, 2, True), Scored(-2.5, 3)), prompt_tokens=4)
    model = Fake(say=lambda r: scored if r.kind == "score" else Response(text="é\ud800", finish="stop"))
    asked = [generate("a"), Request("score", "a", ("x", "y"))]
    first = ask(pool_of(place(model, tmp_path)), *asked)
    watch = Counting()

    def never() -> Model:
        raise AssertionError("loaded though everything is cached")

    later = Pool([Place("candidate", never, Store(tmp_path).answers("m" * 64))], watch)
    found = ask(later, *asked)
    assert [replace(r, cached=False) for r in found] == first
    assert all(r.cached for r in found)
    assert (watch.done, watch.cached) == (2, 2)
    assert later.places["candidate"].traffic().cached == 2


def test_answers_of_other_weights_are_not_taken(tmp_path: Path) -> None:
    ask(pool_of(place(Fake(), tmp_path)), generate("a"))
    other = Fake()
    ask(pool_of(Place("candidate", lambda: other, Store(tmp_path).answers("n" * 64))), generate("a"))
    assert len(other.asked) == 1


def test_faults_are_not_cached(tmp_path: Path) -> None:
    fault = Response(fault="out of memory", blame="candidate")
    first = Fake(say=lambda r: fault if r.prompt == "a" else Response(text="ok"))
    pool = pool_of(place(first, tmp_path))
    assert [r.fault for r in ask(pool, generate("a"), generate("b"))] == ["out of memory", ""]
    ask(pool, generate("a"))
    assert len(first.asked) == 2, "but not tried again in the same run"
    later = Fake()
    ask(pool_of(place(later, tmp_path)), generate("a"), generate("b"))
    assert [r.prompt for r in later.asked] == ["a"]


def test_recordings_answer_by_sample_and_are_not_cached(tmp_path: Path) -> None:
    model = Fake(say=lambda r: Response(text=f"{r.sample}: {r.prompt}"))
    pool = pool_of(place(model, by_sample=True))
    found = ask(pool, generate("a", sample="1"), generate("a", sample="2"), generate("a", sample="1"))
    assert [r.text for r in found] == ["1: a", "2: a", "1: a"]
    assert len(model.asked) == 2
    assert list(tmp_path.iterdir()) == []


# ---- timed requests -------------------------------------------------------------------------------------------------


def test_fresh_requests_are_asked_one_by_one_in_order_and_never_cached(tmp_path: Path) -> None:
    order: list[str] = []

    def noting(name: str) -> Callable[[Request], Response]:
        def say(request: Request) -> Response:
            order.append(f"{name}:{request.prompt}")
            return Response(text="x", new_tokens=1)

        return say

    one, two = Fake(say=noting("candidate")), Fake(say=noting("base"))
    pool = pool_of(place(one, tmp_path), place(two, name="base"))
    fresh = [("candidate", generate("a", fresh=True)), ("base", generate("a", fresh=True)),
             ("base", generate("b", fresh=True)), ("candidate", generate("a", fresh=True))]  # fmt: skip
    found = pool.answer([*fresh, ("candidate", generate("c"))])
    assert order == ["candidate:c", "candidate:a", "base:a", "base:b", "candidate:a"]
    assert one.calls == [1, 1, 1]
    assert all(r.seconds is not None and r.seconds >= 0 for r in found[:4])
    assert Store(tmp_path).answers("m" * 64).count() == 1
    pool.answer(fresh)
    assert len(order) == 9


def test_seconds_that_a_model_or_a_recording_says_stay() -> None:
    told = Fake(say=lambda r: Response(text="x", seconds=0.25))
    assert ask(pool_of(place(told)), generate("a", fresh=True))[0].seconds == 0.25
    untold = Fake(say=lambda r: Response(text="x"))
    assert ask(pool_of(place(untold, by_sample=True)), generate("a", fresh=True))[0].seconds is None
    failed = Fake(say=lambda r: Response(fault="no", blame="candidate"))
    assert ask(pool_of(place(failed)), generate("a", fresh=True))[0].seconds is None


# ---- interruptions and breakages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, CheckpointBroken("nan"), ValueError("bug")])
def test_answers_are_kept_however_it_ends(stop: BaseException | type[BaseException], tmp_path: Path) -> None:
    def say(request: Request) -> Response:
        if request.prompt == "q5":
            raise stop
        return Response(text="ok")

    asked = [generate(f"q{at}") for at in range(9)]
    pool = pool_of(place(Fake(say=say), tmp_path))
    if isinstance(stop, Exception):
        assert {r.blame for r in ask(pool, *asked)} == {"candidate"}
    else:
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            ask(pool, *asked)
    later = Fake()
    ask(pool_of(place(later, tmp_path)), *asked)
    assert [r.prompt for r in later.asked] == ["q5", "q6", "q7", "q8"]


def test_answers_are_kept_in_lots(tmp_path: Path) -> None:
    kept: list[int] = []

    def say(request: Request) -> Response:
        kept.append(Store(tmp_path).answers("m" * 64).count())
        return Response(text="ok")

    ask(pool_of(place(Fake(say=say), tmp_path)), *(generate(f"q{at}") for at in range(2 * KEPT_AT_ONCE + 1)))
    assert kept[KEPT_AT_ONCE - 1] == 0
    assert kept[KEPT_AT_ONCE] == KEPT_AT_ONCE
    assert kept[-1] == 2 * KEPT_AT_ONCE


def test_a_cache_that_cannot_be_written_is_the_disks_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.store import Answers

    def full(self: Answers, answers: object) -> None:
        raise OutputBroken("disk full")

    monkeypatch.setattr(Answers, "put_many", full)
    pool = pool_of(place(Fake(), tmp_path))
    with pytest.raises(OutputBroken, match="disk full"):
        ask(pool, generate("a"))
    assert pool.places["candidate"].broken is None


def breaking(error: Exception, at: str = "q1") -> Fake:
    def say(request: Request) -> Response:
        if request.prompt == at:
            raise error
        return Response(text="ok")

    return Fake(say=say)


def test_a_broken_model_gives_faults_and_is_not_asked_again() -> None:
    broken = breaking(CheckpointBroken("its weights are NaN"))
    pool = pool_of(place(broken), place(Fake(), name="base"))
    found = pool.answer([("candidate", generate("q0")), ("candidate", generate("q1")), ("base", generate("q1"))])
    assert [r.fault for r in found] == ["its weights are NaN", "its weights are NaN", ""]
    calls = list(broken.calls)
    assert ask(pool, generate("q7"))[0].fault == "its weights are NaN"
    assert ask(pool, generate("q7", fresh=True))[0].fault == "its weights are NaN"
    assert broken.calls == calls


def test_a_crash_of_a_model_is_its_end_with_a_sentence() -> None:
    crash = ZeroDivisionError("division by zero")
    pool = pool_of(place(breaking(crash)))
    said = "the model candidate crashed while answering: ZeroDivisionError: division by zero"
    assert ask(pool, generate("q1"))[0].fault == said
    broken = pool.places["candidate"].broken
    assert isinstance(broken, CheckpointBroken)
    assert broken.__cause__ is crash
    assert ask(pool_of(place(breaking(crash))), generate("q1", fresh=True))[0].fault == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CheckpointBroken("missing tensor"), "missing tensor"),
        (OSError("no such device"), "the model candidate crashed while loading: OSError: no such device"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_tried_once(error: Exception, said: str) -> None:
    tries: list[int] = []

    def fails() -> Model:
        tries.append(1)
        raise error

    pool = pool_of(Place("candidate", fails, None))
    assert ask(pool, generate("a"), generate("b"))[1].fault == said
    assert ask(pool, generate("c"))[0].fault == said
    assert len(tries) == 1


def test_a_wrong_suite_is_not_the_models_fault() -> None:
    def fails() -> Model:
        raise SuiteError("no such recording")

    with pytest.raises(SuiteError):
        ask(pool_of(Place("candidate", fails, None)), generate("a"))


def test_a_question_that_is_left_unanswered_breaks_the_model() -> None:
    class Silent_(Fake):
        def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
            yield from [(0, Response(text="ok"))][: len(requests) - 1]

    pool = pool_of(place(Silent_()))
    said = "the model candidate left 1 of 2 requests unanswered: 'b'"
    assert [r.fault for r in ask(pool, generate("a"), generate("b"))] == [said, said]
    fault = ask(pool_of(place(Silent_())), generate("a", fresh=True))[0].fault
    assert fault == "the model candidate left a request unanswered: 'a'"


# ---- together with interviews ---------------------------------------------------------------------------------------


def talk(*prompts: str) -> Rounds:
    """Ask one question a round; the findings say what was answered."""
    said = []
    for prompt in prompts:
        (response,) = yield [generate(prompt)]
        said.append({"doc_id": prompt, "said": response.text})
    return Findings(rows=said)


def test_two_checks_share_what_they_ask() -> None:
    model = Fake()
    interviews = [Interview("one", "candidate", talk("a", "b")), Interview("two", "candidate", talk("b", "a", "c"))]
    conduct(interviews, pool_of(place(model)))
    assert [r.prompt for r in model.asked] == ["a", "b", "c"]
    assert [[row["said"] for row in i.findings.rows] for i in interviews if i.findings] == [
        ["re: a", "re: b"],
        ["re: b", "re: a", "re: c"],
    ]


def test_a_model_that_breaks_in_the_middle_breaks_only_its_own_interviews() -> None:
    bad = breaking(CheckpointBroken("its weights are NaN"))
    pool = pool_of(place(bad), place(Fake(), name="base"))
    interviews = [
        Interview("long", "candidate", talk("q0", "q1", "q2")),
        Interview("short", "candidate", talk("q0")),
        Interview("long", "base", talk("q0", "q1", "q2")),
    ]
    conduct(interviews, pool)
    assert [str(i.broken) if i.broken else "" for i in interviews] == ["its weights are NaN", "", ""]
    assert set(by_model(interviews)) == {"short", "long"}
    assert set(by_model(interviews)["long"]) == {"base"}
