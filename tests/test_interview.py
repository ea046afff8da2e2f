"""Interviews: checks advanced together; one that breaks keeps its name and reason, and the others go on."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from harness.catalog import Catalog
from harness.errors import CheckBroken, CheckpointBroken, NothingSelected, OutputBroken, SuiteError
from harness.exchange import Request, Response
from harness.findings import Findings, Rounds
from harness.interview import Interview, by_model, conduct, crashed
from harness.models import replay
from harness.pool import Place, Pool
from harness.score import Quantity, table
from harness.watch import Silent


def pool(*names: str) -> tuple[Pool, list[tuple[str, str]]]:
    """A pool of models that answer with the prompt, and the log of what each was asked."""
    asked: list[tuple[str, str]] = []

    def model(name: str) -> Any:
        def say(request: Request) -> Response:
            asked.append((name, request.prompt))
            return Response(text=request.prompt)

        return replay.of(say)

    places = [Place(name, lambda name=name: model(name), None) for name in names or ("candidate",)]  # type: ignore[misc]
    return Pool(places, Silent()), asked


def question(text: str, to: str = "") -> Request:
    return Request("generate", text, max_new_tokens=4, to=to)


def talk(*rounds: list[Request]) -> Rounds:
    heard = []
    for requests in rounds:
        responses = yield requests
        heard.append([response.text for response in responses])
    return Findings(rows=[{"heard": heard}])


def raising(error: BaseException, after: int = 1) -> Rounds:
    for at in range(after):
        yield [question(f"r{at}")]
    raise error


def run(*interviews: Interview, names: tuple[str, ...] = ("candidate",)) -> list[str]:
    conduct(interviews, pool(*names)[0])
    return [str(i.broken) if i.broken else "" for i in interviews]


def test_all_checks_of_a_round_are_asked_together() -> None:
    models, asked = pool()
    one = Interview("one", "candidate", talk([question("a")], [question("b")]))
    two = Interview("two", "candidate", talk([question("c")], [question("d")], [question("e")]))
    conduct([one, two], models)
    assert [prompt for _, prompt in asked] == ["a", "c", "b", "d", "e"]
    assert one.findings is not None
    assert one.findings.rows == [{"heard": [["a"], ["b"]]}]
    assert one.done
    assert two.done


def test_a_check_may_address_models_itself() -> None:
    models, asked = pool("candidate", "judge")
    conduct([Interview("x", "candidate", talk([question("a"), question("b", to="judge")]))], models)
    assert asked == [("candidate", "a"), ("judge", "b")]


def test_findings_at_once_and_rounds_without_a_question() -> None:
    at_once = Interview("leak", "", Findings(rows=[{"n": 1}]))
    quiet = Interview("quiet", "candidate", talk([], []))
    assert run(at_once, quiet) == ["", ""]
    assert at_once.findings is not None
    assert quiet.findings is not None
    assert quiet.findings.rows == [{"heard": [[], []]}]


@pytest.mark.parametrize(
    ("talk_", "said"),
    [
        (raising(KeyError("x")), "check 'bad' crashed: KeyError: 'x'"),
        (raising(RuntimeError("boom"), after=0), "check 'bad' crashed: RuntimeError: boom"),
        (raising(CheckBroken("gold answers do not score best")), "gold answers do not score best"),
        (raising(CheckpointBroken("log-probability is NaN")), "log-probability is NaN"),
        (raising(AssertionError()), "check 'bad' crashed: AssertionError: "),
        (raising(RecursionError("too deep")), "check 'bad' crashed: RecursionError: too deep"),
        (iter([]), "check 'bad' ended without findings"),
        (None, "check 'bad' crashed: TypeError: 'NoneType' object is not an iterator"),
        (iter([5]), "check 'bad' crashed: TypeError: 'int' object is not iterable"),
        (iter([["a question"]]), "check 'bad' asked with a str; checks yield lists of Request"),
        (iter([[question("a")]]), "check 'bad' crashed: AttributeError: 'list_iterator' object has no attribute "
         "'send'"),
        (talk([question("a", to="juge")]), "check 'bad' asks the model 'juge', which this run cannot ask; did you mean "
         "'judge'? (known: candidate, judge)"),
    ],
)  # fmt: skip
def test_a_check_that_breaks_breaks_only_itself(talk_: Any, said: str) -> None:
    good = talk([question("a")], [question("b")], [question("c")])
    bad, good = Interview("bad", "candidate", talk_), Interview("good", "candidate", good)  # type: ignore[assignment]
    assert run(bad, good, names=("candidate", "judge")) == [said, ""]  # type: ignore[arg-type]
    assert bad.findings is None


def test_a_crash_keeps_its_traceback_as_the_cause() -> None:
    bad = Interview("bad", "candidate", raising(ZeroDivisionError("division by zero")))
    run(bad)
    assert bad.broken is not None
    assert isinstance(bad.broken.__cause__, ZeroDivisionError)
    assert bad.broken.__cause__.__traceback__ is not None
    assert str(crashed("x", ValueError("y"))) == "check 'x' crashed: ValueError: y"


@pytest.mark.parametrize("error", [SuiteError("row 3 has no target"), NothingSelected("no sample is left")])
def test_what_is_the_suites_fault_stops_the_run(error: Exception) -> None:
    with pytest.raises(type(error)):
        run(Interview("x", "candidate", raising(error)))


def test_an_interruption_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Interview("x", "candidate", raising(KeyboardInterrupt())))


def test_another_error_of_the_house_is_a_broken_check() -> None:
    from harness.errors import Tampered

    assert run(Interview("x", "candidate", raising(Tampered("digest differs")))) == ["check 'x': digest differs"]
    assert run(Interview("x", "candidate", raising(OutputBroken("disk full")))) == ["disk full"]


def test_one_that_was_broken_before_is_left_alone() -> None:
    never = Interview("x", "candidate", (), broken=CheckBroken("no fixture"))  # type: ignore[arg-type]
    assert run(never) == ["no fixture"]


def test_a_check_is_closed_when_its_model_breaks() -> None:
    closed: list[str] = []

    def careful(stubborn: bool) -> Rounds:
        try:
            yield [question("a")]
        finally:
            closed.append("closed")
            if stubborn:
                raise RuntimeError("while closing")
        return Findings()

    def breaks() -> Any:
        raise CheckpointBroken("missing tensor")

    interviews = [Interview("x", "candidate", careful(False)), Interview("y", "candidate", careful(True))]
    conduct(interviews, Pool([Place("candidate", breaks, None)], Silent()))
    assert [str(i.broken) for i in interviews] == ["missing tensor"] * 2
    assert closed == ["closed"] * 2


def test_time_in_the_check_is_told() -> None:
    from time import sleep

    def slow() -> Generator[list[Request], list[Response], Findings]:
        sleep(0.02)
        yield [question("a")]
        sleep(0.02)
        return Findings()

    interview = Interview("x", "candidate", slow())
    run(interview)
    assert interview.seconds >= 0.04


def test_findings_by_check_and_model() -> None:
    scores = table(Quantity("p50"), ["a"], [1.0])
    interviews = [
        Interview("task", "candidate", Findings(rows=[{"a": 1}])),
        Interview("task", "base", Findings()),
        Interview("leak", "", Findings()),
        Interview("speed", "", Findings(by_model={"base": {"p50": scores}, "candidate": {"p50": scores}})),
        Interview("bad", "candidate", raising(KeyError("x"))),
    ]
    run(*interviews)
    found = by_model(interviews)
    assert {check: set(models) for check, models in found.items()} == {
        "task": {"candidate", "base"}, "leak": {"candidate"}, "speed": {"base", "candidate"},
    }  # fmt: skip
    assert found["task"]["candidate"].rows == [{"a": 1}]
    assert found["speed"]["base"].scores == {"p50": scores}


PLUGIN = '''
"""A check of somebody else."""
from harness.catalog import check
from harness.findings import Findings
from harness.score import Quantity


@check(measures={"x": Quantity("x")})
def wild(model, *, depth: int = 1):
    """Fall over."""
    from harness.exchange import Request
    yield [Request("generate", "a", max_new_tokens=1)]
    return [][depth]
'''


def test_a_plugins_crash_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "wild.py").write_text(PLUGIN, encoding="utf-8")
    entry = Catalog((tmp_path,)).get("check", "wild")
    wild = Interview("our_wild_one", "candidate", entry.function("candidate"))
    good = Interview("good", "candidate", talk([question("b")]))
    assert run(wild, good) == ["check 'our_wild_one' crashed: IndexError: list index out of range", ""]
