"""The catalog: a name leads to one function, and every leaf there is keeps the contract of its kind."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.catalog import (
    REQUIRED,
    ROOMS,
    Catalog,
    Entry,
    MetricSpec,
    Option,
    entry_of,
    metric,
    quantity_of,
    spec,
)
from harness.errors import SuiteError
from harness.score import Quantity, Totals
from harness.value import Fitting, adapter, plain, settable

CATALOG = Catalog()
PLUGIN = Path(__file__).parent / "plugin"
ALL = [(kind, name) for kind in ROOMS for name in CATALOG.names(kind)]
SUPPLIED = {
    "fixture": {"out", "progress", "root", "seed", "catalog"},
    "check": {"own", "of", "model", "models", "root", "seed", "limit", "catalog", "backends"},
    "metric": {"answer", "targets", "valid", "choices", "response", "sample"},
}
"""Kind → what the harness supplies by name."""
TEXTS = [
    "",
    " ",
    "a",
    "The quick brown fox, 12 of them.",
    "Быстрая лиса",
    "快速的狐狸",
    "نقل",
    "👍 e\u0301",
    "x" * 2000,
    "\x00",
]


def make(folder: Path, kind: str, name: str, source: str) -> Path:
    """A plugin with one leaf."""
    path = folder / ROOMS[kind] / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return folder


SHOUT = '''"""Shouting."""
from harness.catalog import metric

@metric(better="higher")
def shout(answer: str, targets: list[str], *, class_: int = 3, loud: bool = True) -> float:
    """Whether it is loud.

    Options:
        class: how loud, and this text
            goes on here
        loud: whether at all

    More text.
    """
    return float(answer.isupper())
'''


def test_names_come_from_the_folder() -> None:
    assert Catalog((PLUGIN,)).names("perturbation") == sorted([*CATALOG.names("perturbation"), "flip", "wobble"])


def test_nothing_is_imported_for_a_listing(tmp_path: Path) -> None:
    folder = make(tmp_path, "metric", "crash", "raise RuntimeError\n")
    assert "crash" in Catalog((folder,)).names("metric")


def test_a_leaf_of_a_plugin(tmp_path: Path) -> None:
    entry = Catalog((make(tmp_path, "metric", "shout", SHOUT),)).get("metric", "shout")
    assert entry.given == ("answer", "targets")
    assert entry.summary == "Whether it is loud."
    assert entry.options["class"] == Option("class", int, 3, "how loud, and this text goes on here")
    assert entry.options["loud"].text == "whether at all"
    assert entry.source == SHOUT
    chosen = entry.bind({"answer": "A", "targets": [], "other": 1}, {"class": 4})
    assert chosen == {"answer": "A", "targets": [], "class_": 4}
    assert entry.function(**chosen) == 1.0


def test_a_summary_needs_no_import(tmp_path: Path) -> None:
    folder = make(tmp_path, "metric", "shout", "raise RuntimeError\n" + SHOUT)
    assert Catalog((folder,)).summary("metric", "shout") == "Whether it is loud."


def test_unknown_names_have_a_neighbour() -> None:
    with pytest.raises(SuiteError, match="no metric named 'rogue'; did you mean 'rouge'"):
        CATALOG.get("metric", "rogue")


@pytest.mark.parametrize("name", ["../secret", "a.b", "_private", "", "a b", "a/b", "__init__"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(SuiteError, match="no metric named"):
        CATALOG.get("metric", name)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "must define one function `leaf` decorated with @metric; found no such function"),
        ("def leaf(): ...", "found a function marked as None"),
        (
            "from harness.catalog import perturbation\n@perturbation()\ndef leaf(text: str) -> str: ...",
            "found a function marked as perturbation",
        ),
        ("raise ValueError('x')", "fails when imported: ValueError: x"),
        ("def leaf(:", "fails when imported: SyntaxError"),
    ],
)
def test_a_file_that_is_no_leaf(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(SuiteError) as caught:
        Catalog((make(tmp_path, "metric", "leaf", source),)).get("metric", "leaf")
    assert said in str(caught.value)
    assert "leaf.py" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "found"),
    [("a", ("a", {})), ({"a": None}, ("a", {})), ({"a": {"b": 1}}, ("a", {"b": 1}))],
)
def test_the_one_spec_form(value: Any, found: Any) -> None:
    assert spec(value) == found


@pytest.mark.parametrize("value", [5, None, [], {}, {"a": {}, "b": {}}, {"a": 5}, {1: {}}, {"a": [1]}])
def test_what_is_no_spec(value: Any) -> None:
    with pytest.raises(ValueError, match="write a name, or one name with its options"):
        spec(value)


def test_a_quantity_has_the_options_of_its_metric_bound() -> None:
    import numpy as np

    def combine(totals: Totals, power: int) -> Any:
        return totals["value"] ** power

    def area(answer: str, *, power: int = 2) -> float:
        """The area."""
        return float(len(answer)) * power

    marked = metric(better="lower", bounds=(0.0, 9.0), family="corpus", unit="s", combine=combine)(area)
    entry = entry_of("metric", "area", marked, marked.__harness__[1])  # type: ignore[attr-defined]
    totals = Totals(np.array([3.0]), ("value",), np.array(1.0))
    for options, value in (({}, 9.0), ({"power": 3}, 27.0)):
        quantity = quantity_of(entry, options)
        assert quantity.combine is not None
        assert quantity.combine(totals) == value
    assert (quantity.better, quantity.bounds, quantity.family, quantity.unit) == ("lower", (0.0, 9.0), "corpus", "s")


# ----------------------------------------------------------------------------------------------------- the contract


@pytest.fixture(params=ALL, ids=["/".join(pair) for pair in ALL])
def entry(request: pytest.FixtureRequest) -> Entry:
    return CATALOG.get(*request.param)


def of_kind(kind: str) -> Callable[[Any], Any]:
    names = CATALOG.names(kind)
    return pytest.mark.parametrize("leaf", [pytest.param(CATALOG.get(kind, n), id=n) for n in names])


def test_it_says_what_it_is(entry: Entry) -> None:
    assert entry.summary
    assert entry.summary[-1] in ".:?"
    assert inspect.getdoc(inspect.getmodule(entry.function)), "the file says what it is, too"
    assert entry.function.__name__.rstrip("_") == entry.name


def test_every_option_is_documented(entry: Entry) -> None:
    missing = [name for name, option in entry.options.items() if not option.text]
    assert not missing
    text = inspect.getdoc(entry.function) or ""
    if "of" in entry.given:
        assert "\n    of: " in text


def test_every_option_has_a_type_that_yaml_can_give(entry: Entry) -> None:
    for option in entry.options.values():
        assert option.annotation is not inspect.Parameter.empty
        adapter(plain(option.annotation))


def test_every_default_fits_its_own_type(entry: Entry) -> None:
    for option in entry.options.values():
        if option.default is REQUIRED or not is_plain(option.default):
            continue
        fitting = Fitting(CATALOG)
        fitting.value(option.annotation, as_yaml(option.default), (), option.name)
        assert fitting.faults == [], f"{option.name} = {option.default!r}"


def is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, Mapping):
        return all(map(is_plain, value.values()))
    finite = not isinstance(value, float) or value - value == 0
    return finite and (value is None or isinstance(value, str | int | float | bool | MetricSpec))


def as_yaml(value: Any) -> Any:
    if isinstance(value, MetricSpec):
        return {value.name: dict(value.options)}
    if isinstance(value, list | tuple):
        return [as_yaml(part) for part in value]
    return {key: as_yaml(part) for key, part in value.items()} if isinstance(value, Mapping) else value


def test_the_harness_supplies_what_it_asks_for(entry: Entry) -> None:
    known = SUPPLIED.get(entry.kind)
    if known:
        assert set(entry.given) <= known


def test_references_name_a_kind_that_is_known(entry: Entry) -> None:
    kinds = {option.reference for option in settable(entry).values()} - {""}
    assert kinds <= {"data", "model", "check", "file", "metric", "perturbation", "judge"}


@of_kind("fixture")
def test_a_fixture_says_what_it_makes(leaf: Entry) -> None:
    assert leaf.facts["makes"] in ("data", "model", "adapter", "either")
    assert leaf.given[0] == "out"
    assert isinstance(leaf.facts["parts"], tuple)


@of_kind("check")
def test_a_check_says_what_it_measures(leaf: Entry) -> None:
    assert leaf.facts["asks"] in ("each", "together", "nobody")
    measures = leaf.facts["measures"]
    if isinstance(measures, Mapping):
        assert measures
        assert all(isinstance(q, Quantity) and q.name == name for name, q in measures.items())
    else:
        wanted = {name.rstrip("_") for name in inspect.signature(measures).parameters}
        assert wanted <= {*settable(leaf), "of", "catalog"}, "measures asks for what there is not"


@of_kind("model")
def test_a_model_says_which_key_selects_it(leaf: Entry) -> None:
    assert leaf.facts["key"] in ("pretrained", "endpoint", "replay")
    assert leaf.name in ("transformers", "endpoint", "replay", "vllm")


@of_kind("perturbation")
def test_a_perturbation_takes_any_text_and_is_seeded(leaf: Entry) -> None:
    assert leaf.facts["keeps"] in ("meaning", "nothing", "everything")
    if leaf.given[0] != "text":
        pytest.skip(f"changes {leaf.given[0]}, not a text")
    required = [name for name, option in leaf.options.items() if option.default is REQUIRED]
    if required:
        pytest.skip(f"needs {required}")
    for text in TEXTS:
        one, two = (leaf.function(**leaf.bind({"text": text, "rng": Random(7)}, {})) for _ in range(2))
        assert one == two, "same seed, same result"
        assert isinstance(one, str)


def test_annotations_keep_their_ranges() -> None:
    option = Catalog((PLUGIN,)).get("metric", "marks").options["top"]
    assert typing.get_args(option.annotation)[0] is int
    assert adapter(option.annotation).validate_json("3") == 3
