"""The grammar of criteria: what every sentence means, and that no text can make it stumble."""

from __future__ import annotations

import doctest
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness import criterion
from harness.criterion import OPERATORS, UNITS, Bound, Criterion, Slice, Waiver, parse


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("a.b >= 0.85", (Bound(0.85),)),
        ("a.b >= .85", (Bound(0.85),)),
        ("a.b >= 85%", (Bound(0.85),)),
        ("a.b >= 85 %", (Bound(0.85),)),
        ("a.b >= +1e-3", (Bound(0.001),)),
        ("a.b >= -0.5", (Bound(-0.5),)),
        ("a.b <= 300ms", (Bound(0.3, unit="s"),)),
        ("a.b <= 2min", (Bound(120.0, unit="s"),)),
        ("a.b <= 2GB", (Bound(2e9, unit="B"),)),
        ("a.b <= 2GiB", (Bound(2.0 * 1024**3, unit="B"),)),
        ("a.b > base", (Bound(0.0, "base"),)),
        ("a.b >= base - 0.02", (Bound(-0.02, "base"),)),
        ("a.b >= base-2%", (Bound(-0.02, "base"),)),
        ("a.b <= base + 20ms", (Bound(0.02, "base", unit="s"),)),
        ("a.b >= 0.9 * base", (Bound(0.0, "base", 0.9),)),
        ("a.b >= 90% * base", (Bound(0.0, "base", 0.9),)),
        ("a.b >= 0.9*last-one", (Bound(0.0, "last-one", 0.9),)),
        ("a.b in [0.8, 1.25]", (Bound(0.8), Bound(1.25))),
        ("a.b in [80%, 1]", (Bound(0.8), Bound(1.0))),
        ("a.b in [ base - 0.02 , base + 0.03 ]", (Bound(-0.02, "base"), Bound(0.03, "base"))),
        ("a.b in [base, base + 0.03]", (Bound(0.0, "base"), Bound(0.03, "base"))),
    ],
)
def test_bounds(text: str, bounds: tuple[Bound, ...]) -> None:
    found = parse(text).bounds
    assert [(b.model, b.factor, b.unit) for b in found] == [(b.model, b.factor, b.unit) for b in bounds]
    assert [b.offset for b in found] == pytest.approx([b.offset for b in bounds])


@pytest.mark.parametrize(
    ("text", "slice_"),
    [
        ("", Slice()),
        ("[worst]", Slice("worst")),
        ("[worst channel]", Slice("worst", "channel")),
        ("[each channel]", Slice("each", "channel")),
        ("[channel=web chat]", Slice("is", "channel", "web chat")),
        ("[channel = web]", Slice("is", "channel", "web")),
        ("[web]", Slice("is", "", "web")),
        ("[web chat app]", Slice("is", "", "web chat app")),
        ("[язык=русский]", Slice("is", "язык", "русский")),
    ],
)
def test_slices(text: str, slice_: Slice) -> None:
    assert parse(f"a.b{text} >= 1").slice == slice_


def test_names_operator_and_defaults() -> None:
    made = parse("  my-check.macro_f1   >=   0.5 ")
    assert (made.check, made.metric, made.op, made.that) == (
        "my-check",
        "macro_f1",
        ">=",
        "my-check.macro_f1   >=   0.5",
    )
    assert made.id == "my-check.macro_f1 >= 0.5"
    assert (made.severity, made.confidence, made.on, made.waive, made.line) == ("require", 0.95, "bound", None, 0)
    assert made.model == ""
    assert parse("a.b > base").model == "base"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot read the criterion ''; write <check>.<metric> <op> <bound>, for example intents.accuracy >= 0.85"),
        ("accuracy >= 0.8", "cannot read the criterion 'accuracy >= 0.8'"),
        ("a.b.c >= 0.8", "cannot read the criterion"),
        ("a.b 0.8", "cannot read the criterion"),
        ("a.b == 0.8", "'==' in 'a.b == 0.8' is not an operator of criteria; use one of >=, <=, >, <, in"),
        ("a.b = 0.8", "'=' in 'a.b = 0.8' is not an operator"),
        ("a.b != 0.8", "'!=' in 'a.b != 0.8' is not an operator"),
        ("a.b >= ", "cannot read the bound '' of 'a.b >= '; write a number with an optional unit (%, ms, s, min, B,"),
        ("a.b >= 0.8 or so", "cannot read the bound '0.8 or so'"),
        ("a.b >= 5 apples", "cannot read the bound '5 apples'"),
        ("a.b >= nan", None),
        ("a.b >= 1e999", "'1e999' in 'a.b >= 1e999' is not a finite number"),
        ("a.b >= base * 0.9", "cannot read the bound 'base * 0.9'"),
        (
            "a.b >= 0 * base",
            "the factor in 'a.b >= 0 * base' must be a positive number without a unit, such as 0.95 * base",
        ),
        ("a.b >= -1 * base", "must be a positive number without a unit"),
        ("a.b >= 3s * base", "must be a positive number without a unit"),
        ("a.b >= base - 0", "the margin in 'a.b >= base - 0' must be above zero: write base - 0.02, or base alone"),
        ("a.b >= base + 0.0", "the margin in 'a.b >= base + 0.0' must be above zero"),
        ("a.b >= base - -0.1", "the margin in 'a.b >= base - -0.1' must be above zero"),
        ("a.b in 0.8, 1", "needs a range of two ends, such as in [0.8, 1.25] or in [base - 0.02, base + 0.02]"),
        ("a.b in [0.8]", "needs a range of two ends"),
        ("a.b in [1, 2, 3]", "needs a range of two ends"),
        ("a.b in [1, 0.5]", "the range in 'a.b in [1, 0.5]' is empty: its lower end is above its upper end"),
        (
            "a.b in [base, 0.5]",
            "both ends of the range in 'a.b in [base, 0.5]' must speak of the same model, or of none",
        ),
        (
            "a.b[] >= 1",
            "the slice in 'a.b[] >= 1' is empty; write [worst field], [each field], [field=value] or [value]",
        ),
        ("a.b[each] >= 1", "[each] in 'a.b[each] >= 1' needs a field: [each channel]"),
    ],
)
def test_what_cannot_be_read(text: str, said: str | None) -> None:
    if said is None:
        assert parse(text).model == "nan", "a model may have any name; the loader says that there is none"
        return
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert said in str(caught.value)


@settings(max_examples=500, deadline=None)
@given(
    st.text(max_size=40)
    | st.text(alphabet="ab.[]=<>in 0159e+-*,%ms\n", max_size=30)
    | st.builds("a.b {} {}".format, st.sampled_from([*OPERATORS, "=", "~"]), st.text(max_size=20))
)
@example("a.b in [,]")
@example("a.b >= " + "9" * 400)
@example("a.b[=] > 1")
def test_any_text_is_a_criterion_or_a_value_error(text: str) -> None:
    try:
        made: Criterion | str = parse(text)
    except ValueError as error:
        made = str(error)
    if isinstance(made, str):
        assert_sentence(made)
    else:
        assert made.op in OPERATORS
        assert made.bounds


def assert_sentence(text: str) -> None:
    """Not an accident of Python's own, such as `could not convert string to float`."""
    assert "convert" not in text
    assert "unpack" not in text
    assert len(text) > 20


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
NUMBERS = st.floats(1e-6, 1e6).map(lambda x: float(f"{x:.6g}"))
UNIT = st.sampled_from(["", *UNITS])
PLACES = st.one_of(
    st.just(Slice()),
    st.builds(Slice, st.sampled_from(["worst", "each"]), NAMES),
    st.just(Slice("worst")),
    st.builds(Slice, st.just("is"), NAMES, NAMES),
)


@settings(max_examples=300, deadline=None)
@given(
    NAMES, NAMES, PLACES, st.sampled_from(OPERATORS[:-1]), NAMES, NUMBERS, UNIT,
    st.sampled_from(["plain", "model", "minus", "plus", "times", "range"]),
)  # fmt: skip
def test_what_is_written_is_what_is_read(
    check: str, metric: str, where: Slice, op: str, model: str, number: float, unit: str, form: str
) -> None:
    kept, factor = UNITS[unit] if unit else ("", 1.0)
    value = number * factor
    right, bounds = {
        "plain": (f"{number}{unit}", (Bound(value, unit=kept),)),
        "model": (model, (Bound(0.0, model),)),
        "minus": (f"{model} - {number}{unit}", (Bound(-value, model, unit=kept),)),
        "plus": (f"{model} + {number}{unit}", (Bound(value, model, unit=kept),)),
        "times": (f"{number} * {model}", (Bound(0.0, model, number),)),
        "range": (f"[-{number}{unit}, {number}{unit}]", (Bound(-value, unit=kept), Bound(value, unit=kept))),
    }[form]
    op = "in" if form == "range" else op
    shown = f"[{where}]" if where.kind else ""
    text = f"{check}.{metric}{shown} {op} {right}"
    assert parse(text) == Criterion(text, check, metric, where, op, bounds)


def test_the_examples_in_the_text() -> None:
    assert doctest.testmod(criterion).failed == 0


def test_a_waiver_is_plain() -> None:
    assert Waiver(date(2030, 1, 31), "a", "b").until.isoformat() == "2030-01-31"
