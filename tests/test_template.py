"""Templates: what they write, what the sandbox refuses, and that nothing takes long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.template import FILTERS, MAX_STEPS, MAX_TEXT, Template, is_template

ROW = {"input": "where is line 7?", "options": ["bus", "tram"], "n": 3, "nested": {"city": "Bern"}}


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """No template of this file may keep anybody waiting."""
    began = perf_counter()
    yield
    assert perf_counter() - began < 5


def refused(text: str, row: dict[str, object] | None = None) -> str:
    with pytest.raises(ValueError) as caught:
        Template(text).render(ROW if row is None else row)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Q: {{ input }}\nA:", "Q: where is line 7?\nA:"),
        ("{{ input }}\n", "where is line 7?\n"),
        ("{% for o in options %}{{ loop.index }}/{{ loop.length }}) {{ o }}{{ '' if loop.last else ', ' }}{% endfor %}",
         "1/2) bus, 2/2) tram"),
        ("{{ options | join(' or ') | upper }}", "BUS OR TRAM"),
        ("{{ nested.city }}-{{ nested['city'] }}", "Bern-Bern"),
        ("{{ '%.2f' | format(n) }} {{ '%03d' % n }} {{ '{:>4}'.format(n) }}", "3.00 003    3"),
        ("{{ 'a' ~ n }} {{ n * 2 + 1 }} {{ 'ab' * 2 }} {{ [1] + [2] }}", "a3 7 abab [1, 2]"),
        ("{{ gone | default('none') }}{% if gone is defined %}!{% endif %}", "none"),
        ("{% set ns = namespace(k=0) %}{% for i in range(4) %}{% set ns.k = ns.k + i %}{% endfor %}{{ ns.k }}", "6"),
        ("{% macro say(x) %}<{{ x }}>{% endmacro %}{{ say(n) }}", "<3>"),
        ("{{ range(5) | length }}{{ range(2, 8, 3) | list }}", "5[2, 5]"),
        ("no template at all", "no template at all"),
        ("", ""),
    ],
)  # fmt: skip
def test_it_writes_what_jinja_writes(text: str, written: str) -> None:
    assert Template(text).render(ROW) == written


def test_json_is_not_escaped_as_for_a_web_page() -> None:
    written = Template("{{ x | tojson }}").render({"x": {"a": "<b> & 'ü'"}})
    assert json.loads(written) == {"a": "<b> & 'ü'"}
    assert "<b> & 'ü'" in written


def test_text_of_the_row_is_never_a_template() -> None:
    assert Template("{{ input }}").render({"input": "{{ 1 + 1 }} {% for %}"}) == "{{ 1 + 1 }} {% for %}"


@given(st.text())
def test_any_text_of_a_row_arrives_unchanged(text: str) -> None:
    assert Template("[{{ input }}]").render({"input": text}) == f"[{text}]"


def test_a_field_may_be_called_range() -> None:
    assert Template("{{ range }}").render({"range": "two days"}) == "two days"


def test_it_knows_the_fields_it_asks_for() -> None:
    names = Template("{{ a }}{% for x in b %}{{ x }}{% endfor %}{{ range(2)[0] }}{{ dict(k=1).k }}").names
    assert names == {"a", "b"}


def test_equal_rows_give_equal_texts_so_there_is_no_chance_in_it() -> None:
    assert "random" not in FILTERS
    assert "random" in refused("{{ options | random }}")
    assert "lipsum" in refused("{{ lipsum() }}")


ESCAPES = [
    "{{ cycler.__init__.__globals__.os.popen('touch ESCAPED') }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__globals__['__builtins__'] }}",
    "{{ dict.__subclasses__() }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ input['__class__'] }}",
    "{{ input | attr('__class__') }}",
    "{{ options | map(attribute='__class__') | join }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(input) }}",
    "{{ ('{0.__class__}' | attr('format'))(input) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ options.append('x') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_python_is_out_of_reach(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    row = {**ROW, "options": list(ROW["options"])}  # type: ignore[call-overload]
    assert "template" in refused(text, row)
    assert row["options"] == ["bus", "tram"]
    assert list(tmp_path.iterdir()) == []


LITERAL = "{% for a in [1,2,3,4,5,6,7,8,9,0] %}"
GROW = "{{% set ns = namespace(x='aa') %}}{{% for i in range(60) %}}{{% set ns.x = {} %}}{{% endfor %}}"
BOMBS = {
    "a huge range": "{% for i in range(10**9) %}x{% endfor %}",
    "nested ranges": "{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}"
    + "{% endfor %}" * 3,
    "nested literals": LITERAL * 9 + "{% endfor %}" * 9,
    "nested texts": "{% for a in 'x'*9999 %}{% for b in 'x'*9999 %}{% endfor %}{% endfor %}",
    "a loop over work": "{% for i in range(99000) %}{{ ('x' * 99000) | list | length }}{% endfor %}",
    "work on long texts": "{% set x = 'x'*99000 %}{% for i in range(49000) %}{% if x | upper in x %}{% endif %}"
    "{% endfor %}",
    "joined long texts": "{% set x = 'x'*99000 %}{% for i in range(49000) %}{% if x ~ 'y' in x ~ 'z' %}{% endif %}"
    "{% endfor %}",
    "a repeated text": "{{ 'a' * 10**9 }}",
    "a text repeated from the right": "{{ 10**9 * 'a' }}",
    "a repeated list": "{{ [1] * 10**9 }}",
    "a tower of powers": "{{ 9 ** 9 ** 9 ** 9 }}",
    "a list of a range": "{{ range(10**12) | list | length }}",
    "a sum of a range": "{{ range(10**12) | sum }}",
    "doubling with ~": GROW.format("ns.x ~ ns.x"),
    "doubling with +": GROW.format("ns.x + ns.x"),
    "squaring": GROW.format("3 if ns.x is string else ns.x * ns.x"),
    "replacing": GROW.format("ns.x.replace('a', ns.x)"),
    "the filter replace": GROW.format("ns.x | replace('a', ns.x)"),
    "joining": GROW.format("ns.x.join(ns.x)"),
    "the filter join": GROW.format("ns.x | list | join(ns.x)"),
    "doubling in a block": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}"
    "{% endset %}{% endfor %}",
    "centring": "{{ 'a'.center(10**9) }}",
    "zeros": "{{ 'a'.zfill(1000000000) }}",
    "tabs": "{{ '\t'.expandtabs(10**9) }}",
    "a wide %": "{{ '%1000000000d' % 1 }}",
    "a wide % from outside": "{{ '%*d' % (1000000000, 1) }}",
    "a wide format": "{{ '{:1000000000}'.format(1) }}",
    "a wide format from outside": "{{ '{:{w}}'.format(1, w=1000000000) }}",
    "the filter format": "{{ '%1000000000d' | format(1) }}",
    "the filter indent": "{{ 'x' | indent(10**9) }}",
    "a macro that doubles": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "a macro without end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a loop into itself": "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "loops in loops in loops": "{% for a in [1] %}" * 40 + "{% endfor %}" * 40,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_template_cannot_keep_the_machine_busy(text: str) -> None:
    assert "template" in refused(text)


def test_the_output_has_an_end() -> None:
    long = {"input": "x" * (MAX_TEXT // 10)}
    assert f"{MAX_TEXT:,} characters" in refused("{% for i in range(11) %}{{ input }}{% endfor %}", long)
    assert len(Template("{% for i in range(9) %}{{ input }}{% endfor %}").render(long)) == 9 * len(long["input"])


def test_every_rendering_has_the_whole_allowance() -> None:
    template = Template("{% for i in range(" + str(MAX_STEPS // 3) + ") %}{% endfor %}done")
    assert [template.render({}) for _ in range(5)] == ["done"] * 5


def test_a_missing_field_is_named_with_the_nearest_one() -> None:
    message = refused("{{ imput }}")
    assert message == (
        "the template asks for something the row does not have: 'imput' is undefined; "
        "did you mean 'input'? (known: input, n, nested, options)"
    )
    assert "'str object' has no attribute 'title_'" in refused("{{ input.title_ }}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ input", "its line 1"),
        ("a\n{% if %}x{% endif %}", "its line 2"),
        ("{{ input | uper }}", "did you mean 'upper'?"),
        ("{% foo %}", "unknown tag 'foo'"),
        ("{{ 1 / 0 }}", "the template fails: division by zero"),
        ("{{ n + 'a' }}", "the template fails: unsupported operand"),
        ("{{ input | truncate('a') }}", "the template fails"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    assert said in refused(text)


@pytest.mark.parametrize(("text", "is_one"), [("{{ a }}", True), ("{% raw %}", True), ("answer", False), ("", False)])
def test_templates_and_field_names_are_told_apart(text: str, is_one: bool) -> None:
    assert is_template(text) is is_one
