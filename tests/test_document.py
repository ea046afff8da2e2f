"""YAML text → data with places: what is read, what is refused, and with which sentence."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness import document
from harness.document import MAX_BYTES, MAX_DEPTH, parse, read
from harness.errors import SuiteError
from harness.place import Document, Place
from harness.scalar import plain_scalar


def complaints(text: str) -> list[str]:
    """Every complaint about a text, as it is printed."""
    with pytest.raises(SuiteError) as caught:
        parse(text, "a.yaml")
    return [str(complaint) for complaint in caught.value.complaints]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("NO", "NO"), ("y", "y"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("1e-5", 1e-5), ("1.", 1.0), (".5", 0.5), ("-3", -3), ("+4", 4), ("0", 0), ("0.0", 0.0),
        ("12:30", "12:30"), ("1:30:00", "1:30:00"), ("1_000", "1_000"), ("0b11", "0b11"),
        ("0x1F", 31), ("0o17", 15), ("2026-01-31", "2026-01-31"), ("4e53f736", "4e53f736"), ("1.2.3", "1.2.3"),
        ("'12'", "12"), ('"true"', "true"), ("!!str 12", "12"), ("! 12", "12"), ('""', ""),
    ],
)  # fmt: skip
def test_scalars_are_read_as_yaml_1_2(written: str, value: Any) -> None:
    found = parse(f"key: {written}\n").data["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("written", [".nan", ".NaN", ".inf", "-.inf", "+.Inf", "1e999", "-1e999"])
def test_numbers_that_are_not_finite_are_refused(written: str) -> None:
    (said,) = complaints(f"a: 1\nb: {written}\n")
    assert said.startswith(f"a.yaml:2: {written} is")
    assert "finite number" in said


def test_a_leading_zero_is_ambiguous() -> None:
    (said,) = complaints("zip: 012\n")
    assert said == 'a.yaml:1: 012 is 12 in YAML 1.2 but octal in YAML 1.1; write 12, or "012" in quotes if it is text'


def test_a_number_without_end_is_refused() -> None:
    assert "a number of 5000 characters" in complaints("a: " + "9" * 5000)[0]


def test_duplicate_keys_name_both_lines() -> None:
    (said,) = complaints("a: 1\nb: {x: 1}\nc: 3\na: 4\n")
    assert said == "a.yaml:4: the key 'a' is here twice: first in line 1; keep one"


def test_duplicate_keys_in_a_flow_mapping() -> None:
    assert complaints("b: {x: 1, y: 2, x: 3}\n") == ["a.yaml:1: the key 'x' is here twice: first in line 1; keep one"]


def test_all_complaints_come_at_once() -> None:
    assert len(complaints("a: .nan\nb: 012\nc: !python/object:os.system x\na: 2\n")) == 4


@pytest.mark.parametrize("tag", ["!foo", "!!python/object/apply:os.system", "!!binary", "!function", "!!int"])
def test_tags_are_refused(tag: str) -> None:
    (said,) = complaints(f"a: {tag} x\n")
    assert f"the tag {tag} is not known" in said


@pytest.mark.parametrize(("text", "key"), [("1: a", "1"), ("true: a", "true"), ("null: a", "null"), ("1.5: a", "1.5")])
def test_keys_are_text(text: str, key: str) -> None:
    (said,) = complaints(text)
    assert f'write "{key}"' in said


def test_a_template_without_quotes() -> None:
    assert '"{{ text }}"' in complaints("prompt: {{ text }}\n")[0]


def test_a_criterion_written_as_a_key() -> None:
    (said,) = complaints("accept:\n  intents.f1: >= 0.7\n")
    assert said.startswith("a.yaml:2: is not valid YAML")
    assert "write a criterion as a list item, `- check.metric >= 0.7`" in said


def test_brackets_inside_brackets() -> None:
    assert "needs quotes" in complaints("accept: [a.b >= 1, c.d in [1, 2]]\n")[0]


def test_tabs() -> None:
    assert complaints("a:\n\tb: 1\n")[0].endswith("indent with blanks, not with tabs")


def test_a_colon_inside_text() -> None:
    assert "a colon and a blank needs quotes" in complaints("a: b: c\n")[0]


def test_a_character_that_begins_nothing() -> None:
    assert "in quotes" in complaints("a: @b\n")[0]


def test_two_documents() -> None:
    assert complaints("a: 1\n---\nb: 2\n") == ["a.yaml:2: a second document begins here (---); a suite is one document"]


def test_another_version_of_yaml() -> None:
    assert "read as YAML 1.2" in complaints("%YAML 1.1\n---\na: yes\n")[0]
    assert parse("%YAML 1.2\n---\na: yes\n").data == {"a": "yes"}


def test_merge_keys_are_refused() -> None:
    assert any("`<<` merges are YAML 1.1" in said for said in complaints("a: &a {x: 1}\nb: {<<: *a}\n"))


def test_small_anchors_are_written_out() -> None:
    made = parse("a: &a {x: [1, 2]}\nb: *a\nc: *a\n")
    assert made.data["b"] == made.data["a"] == made.data["c"]
    assert made.data["b"] is not made.data["a"]
    assert made.line("b", "x", 1) == 1


def test_unknown_and_circular_anchors() -> None:
    assert "*b repeats an anchor that was not set before it" in complaints("a: *b\n")[0]
    assert "*x stands inside what it repeats" in complaints("a: &x [1, *x]\n")[0]


def test_alias_bomb_is_refused_fast() -> None:
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]
    began = time.perf_counter()
    assert "holds more than" in complaints("\n".join(rows))[-1]
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "[{a: "])
def test_deep_nesting_is_refused(opening: str) -> None:
    assert f"deeper than {MAX_DEPTH} levels" in complaints(opening * 20_000)[-1]


def test_depth_just_allowed() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).data


def test_half_a_surrogate_pair() -> None:
    assert "surrogate pair" in complaints('a: "\\ud800"\n')[0]


def test_an_escape_beyond_unicode() -> None:
    assert "is not valid YAML" in complaints('a: "\\U99999999"\n')[0]


def test_a_control_character() -> None:
    assert complaints("a: 1\nb: \x07\n") == [
        "a.yaml:2: the character U+0007 may not stand in a suite; write it as an escape"
    ]


def test_an_empty_text_is_nothing() -> None:
    assert parse("").data is None
    assert parse("# only a comment\n").data is None


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xef\xbb\xbfa: 1\n", ":1: begins with a byte order mark"),
        ("a: 1\n".encode("utf-16"), ":1: is not UTF-8 (it looks like UTF-16)"),
        ("a: 1\n".encode("utf-16-le"), ":1: is not UTF-8 (it looks like UTF-16)"),
        (b"a: 1\nb: caf\xe9\n", ":2: byte 0xe9 is not UTF-8 (the file looks like Latin-1)"),
        (b"a: " + b"x" * MAX_BYTES, ": is larger than 1 MiB"),
    ],
)
def test_files_that_are_not_plain_utf_8(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_bytes(raw)
    with pytest.raises(SuiteError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}{said}")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"none\.yaml: cannot be read: No such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(SuiteError, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_lines_of_every_value(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(
        "suite: x\nmodels:\n  base:\n    pretrained: p\naccept:\n  - a >= 1\n  - {that: b,\n     on: point}\n"
    )
    made = read(path)
    assert made.line("suite") == 1
    assert made.line("models", "base", "pretrained") == 4
    assert made.line("accept", 1) == 7
    assert made.line("accept", 1, "on") == 8
    assert made.line("models", "base", "unknown", "deeper") == 3, "the nearest ancestor stands in"
    assert str(made.complaint(("accept", 0), "so", "warning")) == f"{path}:6: warning: so"


def test_put_makes_a_place_of_its_own() -> None:
    made = Document({"a": {"b": 1}}, Place("f", 1, {"a": Place("f", 1)}))
    made.put(("a", "b"), 2, "--set a.b")
    assert made.data == {"a": {"b": 2}}
    assert str(made.complaint(("a", "b"), "no")) == "--set a.b: no"


def plain(value: Any) -> bool:
    """Whether a value is nothing but plain data with text keys and finite numbers."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and value - value == 0)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="ab:-&*!|>[]{}',\"?#%@~\n\t 01.", max_size=60))
@example("? - a\n: - b")
@example("&a *a")
@example("a: |2-\n   x")
@example("!<tag> x")
@example("%TAG ! x\n---\n!y z")
def test_any_text_gives_data_or_a_complaint(text: str) -> None:
    try:
        found: Any = parse(text, "a.yaml").data
    except SuiteError as error:
        found = [str(complaint) for complaint in error.complaints] or object()
    assert plain(found)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\u0085\ufffe\uffff")
)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        SCALARS | WORDS,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(WORDS.filter(lambda w: w != "<<"), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_json_is_read_as_what_it_says(value: Any) -> None:
    import json

    from hypothesis import assume

    text = json.dumps(value, ensure_ascii=True)
    assume(
        "\\ud" not in text,
    )
    assert parse(text).data == value


@given(st.text(max_size=30))
def test_plain_scalars_never_crash(text: str) -> None:
    try:
        found = plain_scalar(text)
    except ValueError as error:
        found = str(error) or object()
    assert plain(found)


def test_reading_is_fast() -> None:
    text = "models:\n" + "".join(f"  m{i}: {{pretrained: a/b, dtype: auto}}\n" for i in range(500))
    began = time.perf_counter()
    assert len(parse(text).data["models"]) == 500
    assert time.perf_counter() - began < 5


def test_the_limits_are_what_the_messages_say() -> None:
    assert document.MAX_BYTES == 1 << 20
