"""Offline, through the command: a judge elsewhere speaks from the cache or not at all, and the report says which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facts import files, sound
from loopback import Server, serving

SUITE = """
suite: judged
models:
  candidate: {replay: said.jsonl}
  judge: {endpoint: URL, model: tiny, timeout: 20, retries: 0, allow_private: true, api_key: "${env:JUDGE_KEY}"}
checks:
  answers: {task: {data: rows.jsonl, metrics: [valid_rate]}}
  good: {rubric: {of: answers, judge: judge, rubric: rubric.yaml, labels: labels.jsonl, probe: 0, retest: 0}}
accept: [good.pass_rate >= 0.5]
"""
ELSEWHERE = "http://10.97.1.2:8000/v1"
"""An address that nobody here has; a proxy on this machine answers for it."""
FILES = files(40)

Command = Callable[..., Any]


@pytest.fixture
def elsewhere(harness: Command, suite: Callable[..., Path]) -> Callable[..., Any]:
    """`elsewhere(server, *words)` runs the suite with a judge on another machine, which a server here plays."""

    def run(server: Server, *words: str, text: str = SUITE, url: str = ELSEWHERE, **environment: str) -> Any:
        proxy = {"http_proxy": server.url.removesuffix("/v1"), "no_proxy": "", "NO_PROXY": "", "JUDGE_KEY": "k"}
        return harness("run", suite(text.replace("URL", url), **FILES), *words, **{**proxy, **environment})

    return run


def told(done: Any) -> str:
    return "\n".join([*done.result["warnings"], *done.result["checks"]["good"]["warnings"]])


def test_offline_decides_by_what_was_answered_before(elsewhere: Command) -> None:
    with serving(sound) as server:
        online = elsewhere(server)
        assert (online.code, online.verdicts()) == (0, {"good.pass_rate >= 0.5": "pass"})
        assert len(server.asked) == 140
        assert "offline" not in told(online)

        done = elsewhere(server, "--offline", JUDGE_KEY="")  # nobody is asked, so nobody needs a key
        assert len(server.asked) == 140
    assert (done.code, done.verdicts()) == (0, {"good.pass_rate >= 0.5": "pass"})
    assert done.result["measurements"] == online.result["measurements"]
    sentence = "judge: offline: 10.97.1.2 was not asked; 140 answers came from the cache, nothing is missing"
    assert sentence in done.result["warnings"]
    assert sentence in " ".join(done.out.split())
    assert sentence in (done.folder / "report.html").read_text("utf-8")
    assert sentence in (done.folder / "summary.md").read_text("utf-8")


@pytest.mark.parametrize(("words", "environment"), [(["--offline"], {}), ([], {"HARNESS_OFFLINE": "1"})])
def test_offline_without_anything_in_the_cache_decides_nothing(
    elsewhere: Command, words: list[str], environment: dict[str, str]
) -> None:
    with serving(sound) as server:
        done = elsewhere(server, *words, JUDGE_KEY="", **environment)
        assert (done.code, done.result["verdict"]) == (3, "inconclusive")
        assert server.asked == []
        assert "judge: offline: 10.97.1.2 was not asked; 0 answers came from the cache, 140 could not be asked" in told(
            done
        )
        assert "40 of 40 answers have no verdict: the judge gave no answer: offline: the server was not asked" in told(
            done
        )
        assert "the judge is not trusted" in done.result["criteria"][0]["reason"]
        judged = next(m for m in done.result["measurements"] if m["metric"] == "raw_pass_rate")
        assert (judged["n"], judged["missing"], judged["value"]) == (0, 40, None)
        assert done.result["models"]["judge"]["path"].startswith("offline: 10.97.1.2 was not asked")

        # Having been offline leaves nothing behind: the next run asks, and needs its key.
        refused = elsewhere(server, JUDGE_KEY="")
        assert (refused.code, server.asked) == (2, [])
        assert elsewhere(server).code == 0


def test_offline_with_a_part_in_the_cache_counts_the_rest_as_missing(elsewhere: Command) -> None:
    with serving(sound) as server:
        part = elsewhere(server, text=SUITE.replace("probe: 0", "probe: 0, rows: 25"))
        assert (part.code, len(server.asked)) == (0, 125)
        done = elsewhere(server, "--offline")
        assert len(server.asked) == 125
    assert "125 answers came from the cache, 15 could not be asked and are missing" in told(done)
    judged = next(m for m in done.result["measurements"] if m["metric"] == "raw_pass_rate")
    assert (judged["n"], judged["missing"]) == (25, 15)
    # The 15 are taken both ways: at worst none of them passes, and 25 of 40 do not show one half.
    assert (done.code, done.verdicts()) == (3, {"good.pass_rate >= 0.5": "inconclusive"})


def test_a_server_on_this_machine_is_asked_offline_too(elsewhere: Command) -> None:
    with serving(sound) as server:
        done = elsewhere(server, "--offline", url=server.url)
        assert (done.code, len(server.asked)) == (0, 140)
    assert "offline" not in told(done)


def test_a_candidate_elsewhere_is_missing_offline_and_not_wrong(elsewhere: Command) -> None:
    text = """
suite: served
models: {candidate: {endpoint: URL, model: tiny, allow_private: true, retries: 0}}
checks: {answers: {task: {data: rows.jsonl, metrics: [valid_rate]}}}
accept: [answers.valid_rate >= 0.5]
"""
    with serving(lambda asked, _: "an answer") as server:
        done = elsewhere(server, "--offline", text=text)
        assert (done.code, done.result["verdict"], server.asked) == (3, "inconclusive", [])
        assert "candidate: offline: 10.97.1.2 was not asked" in "\n".join(done.result["warnings"])
        assert elsewhere(server, text=text).code == 0
        assert elsewhere(server, "--offline", text=text).code == 0


@pytest.mark.parametrize("command", ["validate", "plan", "lock"])
def test_what_comes_before_a_run_knows_offline_too(harness: Command, suite: Callable[..., Path], command: str) -> None:
    done = harness(command, suite(SUITE.replace("URL", ELSEWHERE), **FILES), "--offline")
    assert done.code == 0, done.err  # nor do they need the key of a server that nobody asks


def test_the_hub_is_left_alone_offline(harness: Command, suite: Callable[..., Path]) -> None:
    text = """
suite: hub
models: {candidate: {replay: said.jsonl}}
checks: {answers: {task: {data: "hub:nobody/nothing#test", metrics: [valid_rate]}}}
accept: [answers.valid_rate >= 0.5]
"""
    done = harness("run", suite(text, **FILES), "--offline", HF_HUB_OFFLINE="0")
    assert done.code == 2
    assert "the hub data set cannot be read" in done.err
    assert "OfflineModeIsEnabled" in done.err
