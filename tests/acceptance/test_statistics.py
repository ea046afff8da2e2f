"""Statistics through the command: locks, looks, at least u of m, and defined verdicts for data that can show little."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.errors import SuiteError
from harness.suite import load

Rows = list[dict[str, Any]]
CHECK = "  right: {task: {data: data.jsonl, output: generate, metrics: [exact_match], slices: [channel]%s}}"


def rows(n: int) -> Rows:
    return [
        {"id": f"q{i}", "input": f"question {i}", "target": ["yes", "no"][i % 2], "channel": "ab"[i % 3 == 0],
         "shop": f"s{i % 12}"}
        for i in range(n)
    ]  # fmt: skip


def answers(data: Rows, wrong: Callable[[int], bool]) -> Rows:
    return [{"id": r["id"], "response": "maybe" if wrong(i) else r["target"]} for i, r in enumerate(data)]


@pytest.fixture
def small(suite: Callable[..., Path]) -> Callable[..., Path]:
    """A suite of recorded answers: 95 % of the candidate's are right, and 75 % of the base's."""

    def write(
        *accept: str, n: int = 120, top: str = "", options: str = "", wrong: Callable[[int], bool] | None = None,
        base: Callable[[int], bool] | None = None, **files: Any,
    ) -> Path:  # fmt: skip
        data = files.pop("data__jsonl", None) or rows(n)
        lines = [
            "suite: small", "seed: 7", top,
            "models: {candidate: {replay: good.jsonl}, base: {replay: base.jsonl}}",
            "checks:", CHECK % options, "accept:", *(f"  - {that}" for that in accept or ("right.exact_match >= 0.8",)),
        ]  # fmt: skip
        given = {
            "data__jsonl": data,
            "good__jsonl": answers(data, wrong or (lambda i: i % 20 == 0)),
            "base__jsonl": answers(data, base or (lambda i: i % 4 == 0)),
            **files,
        }
        return suite("\n".join(lines) + "\n", **given)

    return write


def refused(path: Path) -> str:
    """Why the loader refuses a suite; in this process, since the command adds nothing to it."""
    with pytest.raises(SuiteError) as caught:
        load(path)
    return str(caught.value)


# --- the lock


def test_a_lock_is_written_and_said_in_every_report(harness: Callable, small: Callable) -> None:
    path = small()
    done = harness("lock", path)
    assert done.code == 0, done.err
    assert "suite.lock written" in done.out
    assert "1 criteria, 1 checks, 120 samples, seed 7" in done.out
    assert "holds all of this already" in harness("lock", path).out
    done = harness("run", path, "-q")
    assert done.code == 0, done.err
    lock = done.result["lock"]
    assert (lock["locked"], lock["before_first_run"], lock["runs"]) == (True, True, 1)
    assert lock["digest"] == json.loads(path.with_suffix(".lock").read_text())["digest"]
    page = (done.folder / "report.html").read_text("utf-8")
    assert "before the candidate was first measured" in page
    assert "criteria locked" in (done.folder / "summary.md").read_text("utf-8")


def test_every_use_of_a_lock_is_counted(harness: Callable, small: Callable) -> None:
    path = small()
    harness("lock", path)
    harness("run", path, "-q")
    lock = harness("run", path, "-q").result["lock"]
    assert lock["runs"] == 2
    assert lock["chance"] == pytest.approx(1 - 0.95**2)
    assert (
        "run 2 under this lock; with 2 tries a model at the limit passes by chance with up to 9.8%" in lock["sentence"]
    )


def test_a_lock_made_after_the_first_measurement_says_so(harness: Callable, small: Callable) -> None:
    path = small()
    assert harness("run", path, "-q").result["lock"] is None
    time.sleep(1.1)  # time stamps are whole seconds
    harness("lock", path)
    lock = harness("run", path, "-q").result["lock"]
    assert not lock["before_first_run"]
    assert "after the candidate was first measured" in lock["sentence"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (">= 0.8", ">= 0.7", "criterion right.exact_match >= 0.8 was removed"),
        ("seed: 7", "seed: 8", "the rule 'seed' changed: 7 is now 8"),
        ("[exact_match]", "[exact_match, token_f1]", "check right changed: metrics"),
        ("  - right", "  - {confidence: 0.9, that: right.exact_match >= 0.8}\n#", "confidence 0.95 is now 0.9"),
    ],
)
def test_a_changed_promise_is_exit_6(harness: Callable, small: Callable, before: str, after: str, told: str) -> None:
    path = small()
    harness("lock", path)
    path.write_text(path.read_text().replace(before, after, 1))
    done = harness("run", path, "-q")
    assert done.code == 6
    assert told in done.err
    assert "harness lock --reason" in done.err
    assert harness("lock", path).code == 6
    assert harness("lock", path, "--reason", "agreed with the owner").code == 0
    done = harness("run", path, "-q")
    assert done.code == 0
    assert "last because: agreed with the owner" in done.result["lock"]["sentence"]


def test_changed_labels_and_an_edited_lock_are_exit_6(harness: Callable, small: Callable) -> None:
    path = small()
    harness("lock", path)
    file = path.with_suffix(".lock")
    locked, data = file.read_text(), (path.parent / "data.jsonl").read_text()
    (path.parent / "data.jsonl").write_text(data.replace('"target": "yes"', '"target": "no"', 1))
    done = harness("run", path, "-q")
    assert done.code == 6
    assert "the samples of right changed" in done.err
    (path.parent / "data.jsonl").write_text(data)
    assert harness("run", path, "-q").code == 0
    file.write_text(locked.replace("0.95", "0.6", 1))
    done = harness("run", path, "-q")
    assert done.code == 6
    assert "edited by hand" in done.err


def test_what_is_added_after_the_lock_is_exploratory(harness: Callable, small: Callable) -> None:
    path = small()
    harness("lock", path)
    path.write_text(path.read_text() + "  - right.exact_match >= 0.99\n  - right.exact_match > base\n")
    done = harness("run", path, "-q")
    assert done.code == 0, "a criterion that was added cannot reject either"
    assert [c["severity"] for c in done.result["criteria"]] == ["require", "warn", "warn"]
    assert "exploratory" in done.result["criteria"][2]["reason"]
    assert done.result["lock"]["exploratory"] == ["right.exact_match >= 0.99", "right.exact_match > base"]


@pytest.mark.parametrize("part", [("--limit", "60"), ("-k", "base")])
def test_a_part_of_what_was_locked_cannot_accept(harness: Callable, small: Callable, part: tuple[str, ...]) -> None:
    path = small("right.exact_match >= 0.8", "right.exact_match > base")
    harness("lock", path)
    done = harness("run", path, "-q", *part)
    assert done.code == 3
    assert "every criterion holds, but" in done.result["sentence"]


def test_the_lock_holds_for_every_candidate_and_for_data_that_are_made(harness: Callable, suite: Callable) -> None:
    """What follows the candidate (`$candidate.train`) is no promise; what a fixture of data makes is one."""
    text = """
suite: made
models: {candidate: $first}
fixtures:
  data: {split: {from: data.jsonl, ratios: [0.5, 0.25, 0.25]}}
  first: {command: {run: [cp, -r, "{root}/tiny", "{output}"], output: model, inputs: {train: $data.train}}}
checks:
  right: {task: {data: $data.test, choices: [yes, no], metrics: [accuracy]}}
accept: [right.accuracy >= 0.01]
"""
    path = suite(text, data__jsonl=rows(200))
    done = harness("lock", path)
    assert done.code == 0, done.err
    samples = json.loads(path.with_suffix(".lock").read_text())["content"]["samples"]
    assert set(samples) == {"right", "right.data"}
    assert samples["right"]["n"] in range(30, 71)
    (path.parent / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(210)))
    done = harness("run", path, "-q")
    assert done.code == 6, "found before anything is trained"
    assert "the samples of right" in done.err


# --- planned looks, many candidates, at least u of m


def test_looks_need_a_lock(harness: Callable, small: Callable) -> None:
    done = harness("run", small(top="looks: 3"), "-q")
    assert done.code == 2
    assert "harness lock" in done.err


def test_each_run_is_the_next_look_at_more_samples(harness: Callable, small: Callable) -> None:
    path = small("right.exact_match >= 0.85", top="looks: 2", n=200)
    harness("lock", path)
    first = harness("run", path, "-q")
    assert first.code == 3, first.result["sentence"]
    assert first.result["checks"]["right"]["samples"] == 100
    assert first.result["criteria"][0]["confidence"] == pytest.approx(0.99118, abs=1e-5)  # z = 2.373
    assert "look 1 of 2" in first.result["multiplicity"]
    second = harness("run", path, "-q")
    assert second.code == 0, second.result["sentence"]
    assert second.result["checks"]["right"]["samples"] == 200
    third = harness("run", path, "-q")
    assert third.code == 3
    assert "look 3 was not planned: the lock allows 2" in third.result["sentence"]


def test_looking_again_does_not_undo_a_rejection(harness: Callable, small: Callable) -> None:
    path = small(top="looks: 2", wrong=lambda i: i % 2 == 0)
    harness("lock", path)
    assert harness("run", path, "-q").code == 1
    data = rows(120)
    recorded = path.parent / "good.jsonl"
    kept = recorded.read_bytes()
    recorded.write_text("".join(json.dumps(r) + "\n" for r in answers(data, lambda i: False)))
    assert harness("run", path, "-q").code == 0, "other answers are another candidate, at its first look"
    recorded.write_bytes(kept)
    assert harness("run", path, "-q").code == 1


def test_the_best_of_several_candidates_is_held_to_more(harness: Callable, small: Callable) -> None:
    path = small("right.exact_match >= 0.88")
    assert harness("run", path, "-q").code == 0
    path.write_text(path.read_text().replace("seed: 7", "seed: 7\ncandidates: 10"))
    done = harness("run", path, "-q")
    assert done.code == 3
    assert done.result["criteria"][0]["confidence"] == pytest.approx(0.995)
    assert "The best of 10 candidates" in done.result["multiplicity"]


MEMBERS = '"right.exact_match >= 0.6", "right.exact_match > base", "right.exact_match >= 0.995"'


@pytest.mark.parametrize(("least", "code", "verdict"), [(1, 0, "pass"), (2, 0, "pass"), (3, 1, "fail")])
def test_at_least_u_of_m(harness: Callable, small: Callable, least: int, code: int, verdict: str) -> None:
    done = harness("run", small(f"{{at_least: {least}, of: [{MEMBERS}]}}"), "-q")
    assert done.code == code, done.result["sentence"]
    *members, union = done.result["criteria"]
    assert union["verdict"] == verdict
    assert [union["candidate"][end] for end in ("low", "value", "high")] == [2, 2, 2]
    ordered = sorted(member["p_pass"] for member in members)
    assert union["p_pass"] == pytest.approx(min(1.0, (3 - least + 1) * ordered[least - 1]))
    assert all(member["severity"] == "warn" and member["group"] == union["id"] for member in members)
    assert f"Of 3 criteria at least {least} must hold" in done.result["multiplicity"]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (f"{{at_least: 4, of: [{MEMBERS}]}}", "a whole number from 1 to 3"),
        ("{at_least: 1, of: [right.exact_match >= 0.5]}", "a list of two sentences or more"),
        (f"{{at_least: 1, off: [{MEMBERS}]}}", "unknown key 'off' of `at_least`; did you mean 'of'?"),
        ("{at_least: 1, of: [right.exact >= 0.5, right.exact_match > base]}", "measures no 'exact'"),
    ],
)
def test_a_wrong_union_is_refused_at_its_line(small: Callable, item: str, told: str) -> None:
    found = refused(small(item))
    assert told in found
    assert "suite.yaml:8: " in found


@pytest.mark.parametrize("top", ["looks: 0", "looks: often", "candidates: 1.5", "candidates: 1000", "noise_floor: 3"])
def test_terms_that_are_no_terms_are_refused(small: Callable, top: str) -> None:
    assert f"`{top.partition(':')[0]}` is " in refused(small(top=top))


def test_what_the_loader_refuses_is_exit_2(harness: Callable, small: Callable) -> None:
    done = harness("run", small("right.exact_match >= 0.9", "right.exact_match <= 0.8"), "-q")
    assert done.code == 2
    assert "they cannot both hold" in done.err


def test_what_did_not_pass_is_run_again_with_all_its_members(harness: Callable, small: Callable) -> None:
    path = small("right.exact_match >= 0.5", "{at_least: 2, of: [right.exact_match >= 0.96, right.exact_match > base]}")
    assert harness("run", path, "-q").code == 3
    done = harness("run", path, "-q", "--lf")
    assert done.code == 3
    assert len(done.result["criteria"]) == 3
    assert "right.exact_match >= 0.5" not in done.verdicts()


# --- what is warned of, and what is planned


def test_a_margin_that_gives_away_what_was_learnt_is_warned(harness: Callable, small: Callable) -> None:
    done = harness("run", small("right.exact_match >= base - 0.2"), "-q")
    assert done.code == 0
    assert any(
        "would accept losing half of what base has learnt (0.75 against 0.5" in w for w in done.result["warnings"]
    )
    done = harness("run", small("right.exact_match >= base - 0.1"), "-q")
    assert not any("would accept losing" in w for w in done.result["warnings"])


def test_a_model_that_answers_the_same_twice_has_no_noise(harness: Callable, small: Callable) -> None:
    done = harness("run", small("right.exact_match >= base - 0.01", top="noise_floor: true"), "-q")
    assert done.code == 0
    table = next(f for f in done.result["checks"]["right"]["figures"] if f["title"].startswith("Noise floor"))
    assert table["rows"] == [["exact_match", 120, 0, 0, 0]]
    assert not any("noise floor" in w for w in done.result["warnings"])


def test_decoding_noise_is_taken_apart_and_measured_twice(harness: Callable, suite: Callable) -> None:
    path = suite(
        "suite: noisy\nseed: 3\nnoise_floor: true\nmodels: {candidate: ./tiny, base: ./tiny}\nchecks:\n"
        "  said: {task: {data: data.jsonl, samples: 3, temperature: 1.5, max_new_tokens: 1, metrics: [exact_match]}}\n"
        "accept: ['said.exact_match >= base - 0.0001']\n",
        data__jsonl=[{"id": str(i), "input": f"question {i}", "target": "a"} for i in range(12)],
    )
    tiny.causal(path.parent / "tiny")
    done = harness("run", path, "-q")
    figures = {f["title"]: f for f in done.result["checks"]["said"]["figures"]}
    spread = figures["Where the variance comes from: candidate"]
    assert spread["rows"][0][:3] == ["exact_match", 12, 3]
    assert "10 answers each would change its standard error" in spread["note"]
    assert figures["Noise floor: base measured twice"]["rows"][0][1] == 12


def test_the_plan_says_how_likely_the_suite_passes(harness: Callable, small: Callable) -> None:
    path = small("right.exact_match >= 0.8", "right.exact_match >= base - 0.05")
    last = harness("plan", path).out.splitlines()[-1]
    document = json.loads(harness("plan", path, "--json").out)
    each = [c["p_pass"] for c in document["criteria"]]
    assert document["suite_p_pass"] == pytest.approx(each[0] * each[1])
    assert last == document["suite_sentence"]
    assert last.startswith(f"the suite as a whole passes with {each[0] * each[1]:.0%} if its 2 required criteria were")


# --- data that can show little: a defined verdict each, and never a pass by accident


def test_two_rows_decide_nothing(harness: Callable, small: Callable) -> None:
    done = harness("run", small(n=2, wrong=lambda i: False), "-q")
    assert done.code == 3
    assert done.result["criteria"][0]["n_needed"] > 2


def test_one_row_is_refused(harness: Callable, small: Callable) -> None:
    done = harness("run", small(n=1, wrong=lambda i: False), "-q")
    assert done.code == 2
    assert "at least 2 rows are needed to know how sure a number is" in done.err


def test_no_row_is_nothing_to_ask(harness: Callable, small: Callable) -> None:
    path = small()
    (path.parent / "data.jsonl").write_text("")
    done = harness("run", path, "-q")
    assert done.code in (2, 5)
    assert "data.jsonl" in done.err


def test_all_equal_answers_keep_a_width(harness: Callable, small: Callable) -> None:
    done = harness("run", small("right.exact_match >= 0.99", "right.exact_match > base", wrong=lambda i: False,
                                base=lambda i: False), "-q")  # fmt: skip
    own, against = done.result["criteria"]
    assert own["verdict"] == "inconclusive", "120 of 120 do not show 99 %"
    assert own["candidate"]["low"] < own["candidate"]["value"] == 1
    assert against["verdict"] != "pass"
    assert against["difference"]["low"] < 0 < against["difference"]["high"]


def test_answers_that_were_not_recorded_are_missing_and_counted(harness: Callable, small: Callable) -> None:
    path = small(good__jsonl=[{"id": "another", "response": "yes"}])
    done = harness("run", path, "-q")
    assert done.code == 3, done.result["sentence"]
    found = done.result["criteria"][0]
    assert found["candidate"]["missing"] == 120
    assert "120 of 120 samples are missing" in found["reason"]


def test_one_cluster_decides_nothing(harness: Callable, small: Callable) -> None:
    data = [{**row, "shop": "the only one"} for row in rows(120)]
    done = harness("run", small(options=", cluster: shop", data__jsonl=data, wrong=lambda i: False), "-q")
    assert done.code == 3, done.result["sentence"]
    assert "cluster" in done.result["criteria"][0]["reason"]


def test_a_slice_without_rows_is_broken_and_names_the_slices(harness: Callable, small: Callable) -> None:
    done = harness("run", small("right.exact_match[channel=c] >= 0.5"), "-q")
    assert done.code == 4
    found = done.result["criteria"][0]
    assert found["verdict"] == "broken"
    assert "no sample of right has channel=c" in found["reason"]


def test_a_slice_of_few_rows_is_named_and_undecided(harness: Callable, small: Callable) -> None:
    data = [{**row, "channel": "rare" if i < 4 else "a"} for i, row in enumerate(rows(120))]
    done = harness("run", small("right.exact_match[worst channel] >= 0.5", data__jsonl=data), "-q")
    assert done.code == 3
    assert "too few samples in channel=rare (4)" in done.result["criteria"][0]["reason"]


def test_a_threshold_exactly_on_the_bound_passes_and_beyond_it_does_not(harness: Callable, small: Callable) -> None:
    path = small("right.exact_match >= 0.5")
    low = harness("run", path, "-q").result["criteria"][0]["candidate"]["low"]
    for that, verdict in (
        (f">= {low!r}", "pass"),
        (f"> {low!r}", "inconclusive"),
        (f">= {low + 1e-6!r}", "inconclusive"),
    ):
        done = harness("run", small(f"right.exact_match {that}"), "-q")
        assert done.result["criteria"][0]["verdict"] == verdict, that


@pytest.mark.parametrize(
    ("accept", "told"),
    [
        (("right.exact_match >= 0.9", "right.exact_match <= 0.8"), "they cannot both hold"),
        (("right.exact_match >= 1.2",), "can never hold"),
        (("right.exact_match >= base - -0.02",), "right.exact_match >= base - -0.02"),
        (("right.exact_match in [base + 0.1, base - 0.1]",), "in ["),
        (("right.exact_match in [base, base]",), "its band has no width; write in [base - x, base + x]"),
        (("right.exact_match in [0.8, 0.8]",), "its band has no width"),
        (("right.exact_match >= base - 0",), "or base alone"),
        (("right.exact_match >= base - 0.0",), "or base alone"),
    ],
)
def test_criteria_that_make_no_sense_are_refused(small: Callable, accept: tuple[str, ...], told: str) -> None:
    assert told in refused(small(*(json.dumps(that) for that in accept)))


def test_no_margin_is_warned_and_an_equal_model_does_not_pass(harness: Callable, small: Callable) -> None:
    path = small("right.exact_match >= base", base=lambda i: i % 20 == 0)
    assert "without a margin" in harness("validate", path).out
    done = harness("run", path, "-q")
    assert done.code == 3
    assert any("without a margin" in w for w in done.result["warnings"])
