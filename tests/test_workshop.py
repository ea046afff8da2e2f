"""The workshop: fixtures by content, each made once; keys that change with the data and with nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import FixtureBroken, OutputBroken, SuiteError
from harness.store import Store
from harness.suite import load
from harness.watch import Silent
from harness.workshop import Reference, Workshop, reference

LEAVES = {
    "metrics/same.py": '''
"""Equal."""
from harness.catalog import metric

@metric(better="higher")
def same(answer: str, targets: list[str]) -> float:
    """1 where it is equal."""
    return float(answer in targets)
''',
    "checks/ask.py": '''
"""Ask."""
from harness.catalog import check
from harness.data import Dataset
from harness.findings import Findings
from harness.score import Quantity

@check(measures={"same": Quantity("same")}, asks="nobody")
def ask(*, data: Dataset) -> Findings:
    """Ask nothing.

    Options:
        data: rows
    """
    return Findings()
''',
    "fixtures/cut.py": '''
"""Cut."""
from pathlib import Path
from harness.catalog import fixture
from harness.data import Dataset

@fixture(parts=("train", "test"))
def cut(out: Path, *, from_: Dataset, keep: int = 1, seed: int = 0, more: Dataset | None = None) -> dict[str, int]:
    """The rows, cut in two.

    Options:
        from: the rows
        keep: how many are for testing
        seed: chance
        more: further rows
    """
    import json
    rows = list(from_.rows()) + (list(more.rows()) if more else [])
    for name, part in (("test", rows[:keep]), ("train", rows[keep:])):
        (out / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in part))
    return {"rows": len(rows), "seed": seed}
''',
    "fixtures/join.py": '''
"""Join."""
from pathlib import Path
from typing import Any
from harness.catalog import fixture

@fixture()
def join(out: Path, *, inputs: dict[str, Any]) -> None:
    """Everything that the options name, in one file.

    Options:
        inputs: paths and other things
    """
    import json
    (out / "data.jsonl").write_text(json.dumps({"inputs": inputs}) + "\\n")
''',
    "fixtures/fail.py": '''
"""Fail."""
from pathlib import Path
from harness.catalog import fixture
from harness.data import Dataset
from harness import errors

@fixture()
def fail(out: Path, *, how: str, from_: Dataset | None = None) -> None:
    """Go wrong.

    Options:
        how: in which way
        from: rows
    """
    (out / "half.txt").write_text("half")
    if how == "empty":
        (out / "half.txt").unlink()
    if how == "crash":
        raise ZeroDivisionError("division by zero")
    if how == "full":
        raise OSError(28, "No space left on device")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "suite":
        list(from_.rows())
    if how not in ("empty", "crash", "full"):
        raise getattr(errors, how)("it says why")
''',
    "fixtures/forge.py": '''
"""Forge."""
from pathlib import Path
from harness.catalog import fixture
from harness.checkpoint import Checkpoint
from harness.data import Dataset

@fixture(makes="data")
def forge(out: Path, *, base: Checkpoint, train: Dataset, note: str = "") -> None:
    """Something that is made of a model.

    Options:
        base: the model
        train: rows
        note: anything
    """
    (out / "data.jsonl").write_text('{"digest": "' + base.digest + '"}\\n')
''',
}
LEAVES["fixtures/tune.py"] = LEAVES["fixtures/join.py"].replace(
    "@fixture()\ndef join", '@fixture(makes="adapter")\ndef tune'
)
ROWS = [{"input": f"q{at}", "target": f"a{at}"} for at in range(4)]
SUITE = {
    "suite": "made",
    "seed": 5,
    "plugins": "./leaves",
    "models": {"candidate": {"replay": "said.jsonl"}},
    "fixtures": {"data": {"cut": {"from": "rows.jsonl"}}},
    "checks": {"one": {"ask": {"data": "$data.test"}}},
    "accept": ["one.same >= 0.5"],
}


class Notes(Silent):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def workshop(tmp_path: Path) -> Callable[..., Workshop]:
    """A workshop over `SUITE` with some of its sections changed."""
    for name, text in LEAVES.items():
        (tmp_path / "leaves" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "leaves" / name).write_text(text, encoding="utf-8")
    rows(tmp_path / "rows.jsonl", ROWS)
    rows(tmp_path / "said.jsonl", [{"prompt": "q0", "response": "a0"}])

    def make(fixtures: dict[str, Any] | None = None, **changes: Any) -> Workshop:
        suite = {**SUITE, **changes}
        suite["fixtures"] = {**SUITE["fixtures"], **(fixtures or {})}  # type: ignore[dict-item]
        path = tmp_path / "suite.yaml"
        path.write_text(json.dumps(suite), encoding="utf-8")
        return Workshop(load(path), Store(tmp_path / "store"), Notes())

    return make


def rows(path: Path, values: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in values), encoding="utf-8")


def key(workshop: Workshop, name: str = "data") -> str:
    return workshop.key(name)[0]


# ---- references -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("$data", Reference("data")),
        ("$data.test", Reference("data", "test")),
        ("$my-data.part-2", Reference("my-data", "part-2")),
        ("data", None),
        ("${env:KEY}", None),
        ("${{ price }}", None),
        ("$5 for {{ input }}", None),
        ("$", None),
        ("a $data", None),
        (7, None),
        (None, None),
    ],
)
def test_what_is_a_reference(value: Any, found: Reference | None) -> None:
    assert reference(value) == found


# ---- making ---------------------------------------------------------------------------------------------------------


def test_a_fixture_is_made_once_and_found_ever_after(workshop: Callable[..., Workshop]) -> None:
    first = workshop()
    made = first.fixture("data")
    assert made.facts == {"rows": 4, "seed": 5}
    assert not made.cached
    assert first.fixture("data") is made
    later = workshop()
    assert later.fixture("data").cached
    assert later.fixture("data").path == made.path
    assert later.watch.told == ["data: found"]  # type: ignore[attr-defined]
    assert first.watch.told == ["making data (cut)", "data: made"]  # type: ignore[attr-defined]


def test_parts_are_data_sets_that_are_shown_by_their_reference(workshop: Callable[..., Workshop]) -> None:
    data = workshop().dataset("$data.train")
    assert [row["input"] for row in data.rows()] == ["q1", "q2", "q3"]
    assert (data.part, str(data)) == ("train", "$data.train")
    with pytest.raises(SuiteError, match=r"\$data has no part 'trian'; did you mean 'train'\?"):
        workshop().dataset("$data.trian")
    with pytest.raises(SuiteError, match=r"\$data has no part '\(unnamed\)'"):
        workshop().dataset("$data")


def test_plain_data_stands_beside_the_suite(workshop: Callable[..., Workshop]) -> None:
    assert workshop().dataset("rows.jsonl").count() == 4
    assert workshop().dataset({"path": "rows.jsonl", "format": "jsonl"}).count() == 4
    with pytest.raises(SuiteError, match="no such file"):
        workshop().dataset("row.jsonl")
    with pytest.raises(SuiteError, match=r"\$data.test is read as it is; write it alone"):
        workshop().dataset({"path": "$data.test"})
    with pytest.raises(SuiteError, match="data must be a path"):
        workshop().dataset(7)


def test_what_it_needs_is_made_first(workshop: Callable[..., Workshop]) -> None:
    chain = {
        "again": {"cut": {"from": "$data.train"}},
        "once_more": {"cut": {"from": "$again.train", "more": "$data.test"}},
    }
    work = workshop(chain)
    assert work.needs("once_more") == ["data", "again", "once_more"]
    assert work.fixture("once_more").facts["rows"] == 3
    assert list(work.made) == ["data", "again", "once_more"]


def test_names_of_models_are_looked_up_only_where_a_model_is_meant(workshop: Callable[..., Workshop]) -> None:
    models = {"candidate": {"replay": "$told"}}
    work = workshop({"told": {"join": {"inputs": {"kind": "candidate", "rows": "$data.test"}}}}, models=models)
    assert work.needs("told") == ["data", "told"]
    assert work.needs_of("candidate") == ["data", "told"]


def test_references_in_nested_options_become_paths(workshop: Callable[..., Workshop]) -> None:
    inputs = {"list": ["$data.train", "plain", 3], "whole": "$data", "deep": {"er": "$data.test"}}
    work = workshop({"told": {"join": {"inputs": inputs}}})
    assert work.needs("told") == ["data", "told"]
    (row,) = work.dataset("$told").rows()
    folder = work.fixture("data").path
    assert row["inputs"] == {
        "list": [str(folder / "train.jsonl"), "plain", 3],
        "whole": str(folder),
        "deep": {"er": str(folder / "test.jsonl")},
    }


# ---- keys -----------------------------------------------------------------------------------------------------------


def test_equal_inputs_give_equal_keys_whatever_the_fixture_is_called(workshop: Callable[..., Workshop]) -> None:
    work = workshop({"other": {"cut": {"from": "rows.jsonl", "keep": 1}}})
    assert key(work) == key(workshop()) == key(work, "other")
    assert work.fixture("data").path == work.fixture("other").path


@pytest.mark.parametrize(
    "change",
    [
        {"fixtures": {"data": {"cut": {"from": "rows.jsonl", "keep": 2}}}},
        {"fixtures": {"data": {"cut": {"from": "rows.jsonl", "seed": 6}}}},
        {"fixtures": {"data": {"cut": {"from": "rows.jsonl", "more": "rows.jsonl"}}}},
        {"seed": 6},
    ],
)
def test_another_option_gives_another_key(change: dict[str, Any], workshop: Callable[..., Workshop]) -> None:
    before = key(workshop())
    assert key(workshop(**change)) != before


def test_null_is_the_same_as_nothing(workshop: Callable[..., Workshop]) -> None:
    work = workshop({"data": {"cut": {"from": "rows.jsonl", "more": None}}})
    assert key(work) == key(workshop())
    assert work.fixture("data").facts["rows"] == 4


def test_other_rows_give_another_key_here_and_in_all_that_is_made_of_them(
    workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    chain = {"again": {"cut": {"from": "$data.train"}}, "told": {"join": {"inputs": {"x": ["$again.test"]}}}}
    before = {name: key(workshop(chain), name) for name in ("data", "again", "told")}
    same = {name: key(workshop(chain), name) for name in before}
    assert same == before
    rows(tmp_path / "rows.jsonl", [*ROWS, {"input": "q9", "target": "a9"}])
    after = {name: key(workshop(chain), name) for name in before}
    assert not set(after.values()) & set(before.values())


def test_another_part_gives_another_key(workshop: Callable[..., Workshop]) -> None:
    one, two = (key(workshop({"x": {"join": {"inputs": {"a": f"$data.{part}"}}}}), "x") for part in ("train", "test"))
    assert one != two


def test_other_code_of_the_fixture_gives_another_key(workshop: Callable[..., Workshop], tmp_path: Path) -> None:
    from harness import catalog

    before = key(workshop())
    leaf = tmp_path / "leaves" / "fixtures" / "cut.py"
    leaf.write_text(leaf.read_text() + "\n# changed\n")
    catalog._load_file.cache_clear()
    assert key(workshop()) != before


def models(**changes: Any) -> dict[str, Any]:
    return {"candidate": {"replay": "said.jsonl"}, "base": {"pretrained": "./weights", **changes}}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    import tiny

    return tiny.causal(tmp_path / "weights")


def test_the_weights_of_a_model_count_by_their_bytes(
    workshop: Callable[..., Workshop], weights: Path, tmp_path: Path
) -> None:
    import tiny

    made = {"made": {"forge": {"base": "base", "train": "$data.train"}}}
    before = key(workshop(made, models=models()), "made")
    assert key(workshop(made, models=models()), "made") == before
    assert key(workshop(made, models=models(dtype="bfloat16")), "made") != before
    assert workshop(made, models=models()).needs("made") == ["data", "made"]
    tiny.causal(weights, seed=1)
    assert key(workshop(made, models=models()), "made") != before


def test_a_model_made_by_a_fixture_counts_by_the_key_of_that(
    workshop: Callable[..., Workshop], weights: Path, tmp_path: Path
) -> None:
    made = {
        "tuned": {"tune": {"inputs": {"rows": "$data.train"}}},
        "made": {"forge": {"base": "tuned_model", "train": "rows.jsonl"}},
    }

    plain, half = {"pretrained": "./weights"}, {"pretrained": "./weights", "dtype": "bfloat16"}
    adapter = {"peft": "$tuned", "pretrained": "./weights"}

    def of(entry: dict[str, Any], base: dict[str, Any] = plain) -> str:
        known = {"candidate": {"replay": "said.jsonl"}, "base": base, "tuned_model": entry}
        work = workshop(made, models=known)
        assert work.needs("made") == ["data", "tuned", "made"]
        return key(work, "made")

    keys = [of(adapter), of({**adapter, "dtype": "bfloat16"}), of({"peft": "$tuned"}, half)]
    assert len(set(keys)) == 3
    assert of(adapter) == keys[0]
    import tiny

    tiny.causal(weights, seed=1)
    assert of(adapter) != keys[0], "the base under an adapter is part of it"


# ---- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "kind", "said"),
    [
        ("crash", FixtureBroken, "fixture 'bad' (fail) failed: ZeroDivisionError: division by zero"),
        ("empty", FixtureBroken, "fixture 'bad' (fail) left nothing in its folder"),
        ("CheckpointBroken", FixtureBroken, "fixture 'bad' (fail): it says why"),
        ("FixtureBroken", FixtureBroken, "it says why"),
        ("NothingSelected", FixtureBroken, "fixture 'bad' (fail): it says why"),
        ("OutputBroken", OutputBroken, "it says why"),
        ("full", OutputBroken, "bad"),
        ("SuiteError", SuiteError, "it says why"),
    ],
)
def test_a_fixture_that_fails_says_its_name_and_why(
    how: str, kind: type[Exception], said: str, workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    work = workshop({"bad": {"fail": {"how": how}}})
    with pytest.raises(kind) as caught:
        work.fixture("bad")
    assert said in str(caught.value)
    assert "bad" not in work.made
    assert list((tmp_path / "store" / "fixtures").glob("*")) == [], "nothing half-made is kept"


def test_an_interruption_leaves_nothing_half_made(workshop: Callable[..., Workshop], tmp_path: Path) -> None:
    work = workshop({"bad": {"fail": {"how": "interrupt"}}})
    with pytest.raises(KeyboardInterrupt):
        work.fixture("bad")
    assert list((tmp_path / "store" / "fixtures").glob("*")) == []
    assert list((tmp_path / "store" / "making").glob("*")) == []


def test_data_of_a_fixture_that_is_wrong_is_told_with_its_line(
    workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    (tmp_path / "bad.jsonl").write_text('{"a": 1}\n{"a": \n')
    work = workshop({"bad": {"fail": {"how": "suite", "from": "bad.jsonl"}}})
    with pytest.raises(SuiteError, match=r"bad\.jsonl:2"):
        work.fixture("bad")


def test_an_unknown_fixture_is_named_with_the_nearest(workshop: Callable[..., Workshop]) -> None:
    with pytest.raises(SuiteError, match=r"no fixture named 'dota'; did you mean 'data'\?"):
        workshop().fixture("dota")
