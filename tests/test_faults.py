"""Failed answers are counted by kind, and however many kinds there are, a report stays short."""

from __future__ import annotations

from harness.exchange import Response
from harness.faults import KINDS, Faults
from harness.score import CANDIDATE, INFRASTRUCTURE


def test_each_kind_is_said_once_with_the_first_sample() -> None:
    faults = Faults()
    for at in range(10):
        faults.add(f"s{at}", Response(text="fine"))
        faults.add(f"s{at}", Response(fault="out of memory", blame=CANDIDATE))
    faults.add("s3", Response(fault="the server is away", blame=INFRASTRUCTURE))
    assert faults.told(10) == [
        "10 of 10 answers failed (candidate): out of memory (first: sample s0)",
        "1 of 10 answers failed (infrastructure): the server is away (first: sample s3)",
    ]
    assert faults.told()[0] == "10 answers failed (candidate): out of memory (first: sample s0)"


def test_nothing_failed_is_nothing_said() -> None:
    assert Faults().told(3) == []


def test_of_very_many_kinds_the_most_frequent_are_said_and_the_rest_is_counted() -> None:
    faults = Faults()
    for at in range(1000):
        faults.add(f"s{at}", Response(fault=f"token {at} is odd", blame=CANDIDATE))
    for at in range(7):
        faults.add(f"t{at}", Response(fault="out of memory", blame=CANDIDATE))
    told = faults.told(1007)
    assert len(told) == KINDS + 1
    assert told[0] == "7 of 1007 answers failed (candidate): out of memory (first: sample t0)"
    assert told[-1] == (
        "996 of 1007 answers failed in 996 other ways; each is in the column `fault` of samples.parquet"
    )
