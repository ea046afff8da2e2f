"""Rubrics as files: read whole, and every mistake named at its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import content
from harness.errors import SuiteError
from harness.judging import labels as human
from harness.judging.rubric import MOST_ITEMS, Rubric, find, read
from harness.judging.trust import Demands

Read = Callable[[str], Rubric]
GOOD = "question: Is it good?\nitems:\n  - {id: a, ask: A?}\n  - {id: b, ask: B?, weight: 3}\n"
BUNDLED = sorted(path.parent.name for path in (content.root() / "judges").glob("*/rubric.yaml"))


def test_the_share_of_items_is_weighted(rubric: Read) -> None:
    found = rubric(GOOD)
    assert [(item.id, item.ask, item.weight) for item in found.items] == [("a", "A?", 1.0), ("b", "B?", 3.0)]
    assert found.score_of({"a": {"met": False}, "b": {"met": True}}) == 0.75
    assert (found.passes(1.0), found.passes(0.75)) == (True, False)


def test_levels_are_spread_from_nought_to_one(levels: Rubric) -> None:
    assert [levels.score_of({"level": at}) for at in (1, 2, 3)] == [0.0, 0.5, 1.0]


def test_a_rubric_is_called_like_its_folder_unless_it_says_so(tmp_path: Path, rubric: Read) -> None:
    assert rubric(GOOD).name == tmp_path.name
    assert rubric(f"rubric: other\n{GOOD}").name == "other"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (f"{GOOD}itemz: []\n", 5, "unknown key 'itemz'; did you mean 'items'?"),
        (f"{GOOD}not_probed: [of topic]\n", 5, "no kind of probes is called 'of topic'; did you mean 'off topic'?"),
        (f"{GOOD}not_probed: tone\n", 5, "`not_probed` lists kinds of probes, such as [off topic]; found 'tone'"),
        ("items:\n  - {id: a, ask: A?}\n", 1, "`question` is a sentence; found ''"),
        ("question: [a]\nitems:\n  - {id: a, ask: A?}\n", 1, "`question` is a sentence; found ['a']"),
        ("question: Q?\n", 1, "a rubric has either `items` (yes or no) or `levels` (3 to 5), and not both"),
        (f"{GOOD}levels: [a, b, c]\n", 1, "and not both"),
        ("question: Q?\nitems: []\n", 2, f"`items` lists 1 to {MOST_ITEMS} questions"),
        ("question: Q?\nitems:\n  - {id: a, ask: A?}\n  - {id: a, ask: B?}\n", 4, "the item 'a' is there twice"),
        ("question: Q?\nitems:\n  - {id: a, ask: A?}\n  - {id: b, ask: ' '}\n", 4, "the item 'b' asks nothing"),
        ("question: Q?\nitems:\n  - {id: A b, ask: A?}\n", 3, "an item needs an `id` of small letters"),
        ("question: Q?\nitems:\n  - just a question?\n", 3, "an item needs an `id` of small letters, digits and _"),
        ("question: Q?\nitems:\n  - {id: a, ask: A?, weight: 0}\n", 3, "the item 'a' has the weight 0; a weight is"),
        ("question: Q?\nitems:\n  - {id: a, ask: A?, weight: -1}\n", 3, "the weight -1"),
        ("question: Q?\nitems:\n  - {id: a, ask: A?, weight: true}\n", 3, "the weight True"),
        ("question: Q?\nitems:\n  - {id: a, ask: A?, wait: 2}\n", 3, "unknown key 'wait' of an item; did you mean"),
        ("question: Q?\nlevels: [bad, good]\n", 2, "`levels` lists 3 to 5 anchors, the worst first"),
        ("question: Q?\nlevels: [a, b, c, d, e, f]\n", 2, "`levels` lists 3 to 5 anchors"),
        ("question: Q?\nlevels: [bad, Bad, good]\n", 2, "two levels mean the same"),
        ("question: Q?\nlevels: [bad, 2, good]\n", 2, "`levels` lists 3 to 5 anchors"),
        (f"{GOOD}needs: context\n", 5, "`needs` lists fields of the row, such as [context]; found 'context'"),
        (f"{GOOD}needs: [context, context]\n", 5, "`needs` names 'context' twice"),
        (f"{GOOD}needs: [answer]\n", 5, "`needs` names 'answer', which a judge sees already"),
        (f"{GOOD}pass_at: 0\n", 5, "`pass_at` is a score above 0 and at most 1; found 0"),
        (f"{GOOD}pass_at: 2\n", 5, "`pass_at` is a score above 0 and at most 1; found 2"),
        (f"{GOOD}prompt: mine.j2\n", 5, "there is no prompt "),
        (f"{GOOD}calibration: labels.jsonl\n", 5, "there is no "),
        (f"{GOOD}question: again\n", 5, "'question' "),
        ("- a\n- b\n", 1, "a rubric is a mapping with question, and items or levels"),
    ],
)  # fmt: skip
def test_every_mistake_is_named_at_its_line(rubric: Read, text: str, line: int, told: str) -> None:
    with pytest.raises(SuiteError) as error:
        rubric(text)
    assert any(told in c.text and c.line == line for c in error.value.complaints), str(error.value)


def test_all_mistakes_are_told_at_once(rubric: Read) -> None:
    with pytest.raises(SuiteError) as error:
        rubric("question: ''\nitems:\n  - {id: a, ask: A?, weight: 0}\n  - {ask: B?}\npass_at: 7\nfoo: 1\n")
    assert [complaint.line for complaint in error.value.complaints] == [6, 1, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ question }} {{ fence }} {{ form }}", "mine.j2 never shows answer"),
        ("{{ question }} {{ answer }} {{ form }}", "never shows fence; texts that are not fenced in can speak to the"),
        ("{{ question }} {{ answer }} {{ fence }}", "never shows form"),
        ("{{ question }} {{ answer }} {{ fence }} {{ form }} {{ anwser }}", "shows 'anwser', which no prompt is given"),
        ("{{ question", "mine.j2: the template is not valid (its line 1)"),
    ],
)
def test_a_prompt_of_ones_own_must_show_what_counts(tmp_path: Path, rubric: Read, text: str, told: str) -> None:
    (tmp_path / "mine.j2").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as error:
        rubric(f"{GOOD}prompt: mine.j2\n")
    assert any(told in c.text and c.line == 5 for c in error.value.complaints), str(error.value)


def test_a_prompt_of_ones_own_is_used(tmp_path: Path, rubric: Read) -> None:
    (tmp_path / "mine.j2").write_text("{{ question }}{{ fence }}{{ answer }}{{ form }}", encoding="utf-8")
    assert rubric(f"{GOOD}prompt: mine.j2\n").digest != rubric(GOOD).digest


def test_whatever_can_change_a_verdict_changes_the_digest(rubric: Read) -> None:
    texts = [GOOD, GOOD.replace("A?", "C?"), GOOD.replace("weight: 3", "weight: 2"), f"{GOOD}pass_at: 0.5\n",
             f"{GOOD}needs: [context]\n", GOOD.replace("good", "fair")]  # fmt: skip
    assert len({rubric(text).digest for text in texts}) == len(texts)


def test_folders_files_and_bundled_rubrics_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "rubric.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "calibration.jsonl").write_text("", encoding="utf-8")
    assert find("mine", tmp_path).calibration == folder / "calibration.jsonl"
    assert find("mine/rubric.yaml", tmp_path) == find(str(folder), Path("/"))
    assert find("helpfulness", tmp_path).name == "helpfulness"
    with pytest.raises(SuiteError, match=r"no rubric 'helpfullness': no folder .* did you mean 'helpfulness'"):
        find("helpfullness", tmp_path)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_rubrics_are_right(name: str) -> None:
    found = read(content.root() / "judges" / name / "rubric.yaml")
    assert found.name == name
    assert found.question.endswith("?")
    assert all(item.ask.endswith("?") for item in found.items)


def test_there_is_a_rubric_for_each_kind_of_open_answer() -> None:
    assert set(BUNDLED) == {"groundedness", "helpfulness", "instruction_following", "summary", "tone", "transit"}


@pytest.mark.parametrize("name", BUNDLED)
def test_the_labels_that_come_with_a_rubric_can_be_read_and_do_not_suffice(name: str) -> None:
    found = read(content.root() / "judges" / name / "rubric.yaml")
    assert found.calibration is not None
    labels = human.read(found.calibration, found, pair=False)
    passing = [label.passing(found) for label in labels]
    assert 20 <= len(labels) < Demands().labels
    assert 5 < sum(passing) < len(labels) - 5
