"""A crew gives the numbers that one process gives, and says so where a process is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness import crew as module
from harness.catalog import Catalog, MetricSpec
from harness.crew import TRIED, Crew, Worker
from harness.errors import CheckBroken
from harness.exchange import Response, Scored
from harness.marking import Answer, Measure, evaluated, measure_of
from harness.sample import Sample
from talk import drive, leaf, task

PLUGIN = '''
"""A metric of a user's own."""
import os
from harness.catalog import metric

@metric(better="higher", family="{family}")
def odd({given}) -> float:
    """Something.

    Options:
        weight: a number
    """
    print("this must not stand between the values")
    {body}
'''


def own(folder: Path, body: str, given: str = "answer: str, *, weight: float = 1.0", family: str = "mean") -> Measure:
    """A plugin's metric with this body."""
    file = folder / "acme" / "metrics" / "odd.py"
    file.parent.mkdir(parents=True)
    file.write_text(PLUGIN.format(body=body, given=given, family=family), encoding="utf-8")
    return measure_of(MetricSpec("odd", {"weight": 0.5} if "weight" in given else {}), Catalog((folder / "acme",)))


def pairs(n: int = 400) -> list[tuple[Sample, Answer]]:
    texts = [f"The bus {at} leaves at {at % 24} o'clock from \ud800 Straße {at % 7}" for at in range(n)]
    return [
        (Sample(str(at), "?", (texts[at], texts[at - 1])), Answer(text, at % 9 > 0, Response(text=text)))
        for at, text in enumerate(reversed(texts))
    ]


@pytest.fixture
def crew() -> Any:
    made = Crew(size=2, worth=0.0)
    yield made
    made.close()


@pytest.mark.parametrize("name", ["rouge", "bleu", "chrf", "meteor", "exact_match", "f1", "token_f1"])
def test_the_numbers_are_the_same(name: str, crew: Crew) -> None:
    measure = measure_of(MetricSpec(name), Catalog())
    made = pairs(120)
    found = crew(measure, made)
    assert found == evaluated(measure, made)
    assert [type(value) for value in found] == [type(value) for value in evaluated(measure, made)]
    assert 1 <= crew.started <= 2


def test_a_response_and_options_and_plugins_travel_too(crew: Crew, tmp_path: Path) -> None:
    measure = own(tmp_path, "return weight * response.scores[0].logprob", "response, *, weight: float = 1.0")
    made = [(Sample(str(i), "", ("x",)), Answer("x", True, Response(scores=(Scored(-i / 3, 2),)))) for i in range(90)]
    assert crew(measure, made) == [-i / 6 for i in range(90)]
    assert crew.started


def test_little_work_is_done_here(tmp_path: Path) -> None:
    crew = Crew(size=4)
    measure = measure_of(MetricSpec("exact_match"), Catalog())
    assert len(crew(measure, pairs())) == 400
    assert crew.started == 0


def test_much_work_is_shared_and_what_was_spent_counts(tmp_path: Path) -> None:
    measure = own(tmp_path, "import time; time.sleep(0.002); return weight")
    crew = Crew(size=2, worth=600.0)
    assert crew(measure, pairs(200)) == [0.5] * 200
    assert crew.started == 0, "less than a second is not worth it"
    crew.worth = 0.5
    assert crew(measure, pairs(200)) == [0.5] * 200
    assert crew.started > 0, "what was spent before counts"
    crew.close()
    assert crew(measure, pairs(TRIED + 20)) == [0.5] * (TRIED + 20)
    crew.close()


@pytest.mark.parametrize("size", [1, 2])
def test_what_cannot_be_sent_is_computed_here(size: int, tmp_path: Path) -> None:
    measure = own(tmp_path, "return float(len(sample.prompt))", "sample")
    crew = Crew(size=size, worth=0.0)
    assert crew(measure, pairs(100)) == [1.0] * 100
    assert crew.started == 0


def test_a_metric_that_fails_is_named(crew: Crew, tmp_path: Path) -> None:
    here = os.getpid()
    measure = own(tmp_path, f"return 1.0 if os.getpid() == {here} else 1 / 0")
    with pytest.raises(CheckBroken, match="the metric odd failed: ZeroDivisionError: division by zero"):
        crew(measure, pairs())


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("os._exit(7)", "ended with exit code 7"),
        ("os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("import sys; sys.stderr.write('out of luck'); sys.stderr.flush(); os._exit(3)", "exit code 3.*out of luck"),
    ],
)
def test_a_process_that_dies_is_told_of(body: str, end: str, crew: Crew, tmp_path: Path) -> None:
    measure = own(tmp_path, f"return 1.0 if os.getpid() == {os.getpid()} else ({body})" if ";" not in body else
                  f"if os.getpid() == {os.getpid()}:\n        return 1.0\n    {body}")  # fmt: skip
    with pytest.raises(CheckBroken, match=f"the metric odd was computed in a process that .*{end}"):
        crew(measure, pairs())


def test_a_process_that_falls_silent_is_ended(crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 1.5)
    measure = own(
        tmp_path, f"if os.getpid() == {os.getpid()}:\n        return 1.0\n    import time\n    time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(CheckBroken, match="was ended by signal 9"):
        crew(measure, pairs(TRIED + 10))
    assert time.monotonic() - began < 30


def test_no_process_is_left(tmp_path: Path) -> None:
    crew = Crew(size=2, worth=0.0)
    crew(measure_of(MetricSpec("rouge"), Catalog()), pairs(600))
    processes = [worker.process for worker in crew._all]
    assert processes
    crew.close()
    assert all(process.poll() is not None for process in processes)


def test_a_worker_ends_with_the_one_who_started_it() -> None:
    code = (
        "import sys; from harness.crew import Worker; worker = Worker.start(); "
        "print(worker.process.pid); sys.stdout.flush(); import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the worker outlived its parent")


def test_a_folder_of_the_same_name_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    worker = Worker.start()
    try:
        lot = {"metric": "exact_match", "options": {}, "room": "", "items": [{"answer": "a", "targets": ["a"]}]}
        assert worker.ask(lot) == [1.0]
    finally:
        worker.close()


def test_a_lost_process_breaks_the_check_and_not_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH", 0.0)
    own(tmp_path, f"return 1.0 if os.getpid() == {os.getpid()} else os._exit(7)")
    rows = [{"id": str(at), "input": "?", "target": "x"} for at in range(TRIED + 5)]
    made = task(tmp_path, rows)
    from dataclasses import replace

    made = replace(made, measures=(measure_of(MetricSpec("odd"), Catalog((tmp_path / "acme",))),))
    monkeypatch.setattr("harness.tally.Crew", lambda: Crew(size=2, worth=0.0))
    from talk import CANDIDATE

    with pytest.raises(CheckBroken, match="exit code 7"):
        drive(leaf("task")(made, CANDIDATE, data=made.data), lambda r: "x")
