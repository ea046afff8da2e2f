"""From a run to a packet, to a page, to ratings, and back with the sides opened."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from harness.cli import app
from harness.errors import NothingSelected, SuiteError, Tampered
from harness.judging.labels import read as read_labels
from harness.judging.rubric import Rubric
from harness.report import json as results
from harness.review import command, desk, page, shelf
from harness.review.packet import FRESH, GOLD, REPEAT, SWAPPED, Packet, Pair, choose, pack
from harness.review.shelf import Rating
from harness.review.unsealing import opened, raters

PAIRS = [Pair(f"q{at}", f"question {at}", f"mine {at}", f"theirs {at}", f"gold {at}", at % 3 - 1.0) for at in range(60)]


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A run folder of the test's own."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def packet(n: int = 40, **options: Any) -> Packet:
    given = {"check": "quiz", "candidate": "candidate", "other": "base", "strategies": ["random"], "seed": 1}
    return pack(PAIRS, n=n, **{**given, **options})


def rate(packet: Packet, decide: Callable[[Any, Any], str], rater: str = "ann") -> list[Rating]:
    """What a rater says who decides by looking at (card, sealed)."""
    keys = {key.key: key for key in packet.sealed}
    return [Rating(packet.id, card.key, decide(card, keys[card.key]), rater, 2.0) for card in packet.cards]


def honest(card: Any, key: Any) -> str:
    """Prefers the candidate, and the gold answer on controls."""
    return "left" if key.left in ("candidate", GOLD) else "right"


# ---- choosing and sealing -------------------------------------------------------------------------------------------


@given(
    st.integers(1, 80), st.lists(st.sampled_from(["disagreement", "regression", "improvement", "random"]), min_size=1)
)
def test_as_many_as_asked_for_and_none_twice(n: int, strategies: list[str]) -> None:
    chosen = choose(PAIRS, n, strategies, 3)
    assert len(chosen) == len({pair.id for pair in chosen}) <= n
    if strategies[-1] == "random":
        assert len(chosen) == min(n, len(PAIRS))
    if set(strategies) == {"regression"}:
        assert all(pair.gain < 0 for pair in chosen)


def test_an_unknown_strategy_is_named() -> None:
    with pytest.raises(SuiteError, match="--strategy regresion: no such strategy; did you mean 'regression'"):
        choose(PAIRS, 3, ["regresion"], 0)


def test_sides_repeats_and_controls() -> None:
    made = packet()
    kinds = [key.kind for key in made.sealed]
    assert (kinds.count(FRESH), kinds.count(REPEAT), kinds.count(SWAPPED), kinds.count(GOLD)) == (40, 2, 2, 1)
    texts = {"candidate": "mine", "base": "theirs", "gold": "gold", "decoy": "gold"}
    for card, key in zip(made.cards, made.sealed, strict=True):
        assert card.key == key.key
        assert card.left.startswith(texts[key.left])
        assert card.right.startswith(texts[key.right])
    lefts = [key.left for key in made.sealed if key.kind == FRESH]
    assert 8 < lefts.count("candidate") < 32
    by_key = {key.key: key for key in made.sealed}
    for key in made.sealed:
        if key.kind == SWAPPED:
            assert (key.left, key.right) == (by_key[key.of].right, by_key[key.of].left)


def test_the_same_seed_packs_the_same_cards_and_the_salt_hides_the_key() -> None:
    one, two = packet(salt="a"), packet(salt="b")
    assert (one.cards, one.sealed) == (two.cards, two.sealed)
    assert one.commitment != two.commitment
    assert one.id == one.commitment[:12]


def test_no_sample_of_both_models_is_no_packet() -> None:
    with pytest.raises(NothingSelected, match="check 'quiz' has no sample that both candidate and base answered"):
        pack([], check="quiz", candidate="candidate", other="base", n=3, strategies=["random"], seed=0)


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_gives_nothing_of_the_key_away() -> None:
    made = packet()
    text = page.render(made)
    assert made.commitment in text
    assert made.salt not in text
    for word in ("candidate", "base", "gold", "decoy"):
        assert f'"{word}"' not in text


def test_hostile_answers_stay_text() -> None:
    evil = "</script><script>alert(1)</script><!--\u2028"
    made = packet()
    made = replace(made, cards=(replace(made.cards[0], left=evil, question=evil), *made.cards[1:]))
    text = page.render(made)
    assert "alert(1)</script>" not in text
    assert text.count("</script>") == 2
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert "alert(1)" in data["cards"][0]["left"]


def test_the_script_writes_texts_only_as_texts() -> None:
    script = page._text("review.js")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


# ---- ratings and their opening --------------------------------------------------------------------------------------


def test_sides_are_opened_again() -> None:
    made = packet()
    rows = opened(rate(made, honest), {made.id: made})
    fresh = [row for row in rows if row["kind"] == FRESH]
    assert {row["winner"] for row in fresh} == {"candidate"}
    assert {row["score"] for row in rows} == {1.0}
    (worked,) = raters(rate(made, honest), {made.id: made})
    assert (worked.same, worked.repeated, worked.passed, worked.controls) == (4, 4, 1, 1)


def test_a_rater_who_always_says_left_is_seen_through() -> None:
    made = packet()
    (worked,) = raters(rate(made, lambda card, key: "left"), {made.id: made})
    assert worked.left == worked.decided
    assert (worked.same, worked.repeated) == (2, 4)  # the swapped ones contradict themselves


def test_the_last_word_counts_and_ties_are_halves() -> None:
    made = packet()
    first = [replace(rating, choice="right") for rating in rate(made, honest)]
    last = rate(made, lambda card, key: "tie_bad" if key.kind == FRESH else "unsure")
    rows = opened([*first, *last], {made.id: made})
    assert {(row["kind"] == FRESH, row["score"], row["winner"]) for row in rows} == {
        (True, 0.5, "tie"),
        (False, None, "unsure"),
    }


def test_packets_and_ratings_survive_the_disk(folder: Path) -> None:
    made = command.packed(results.load(folder), folder, check="", against="base", n=20, strategies=["random"], seed=2)
    assert (folder / "review" / f"{made.id}.sealed.json").stat().st_mode & 0o077 == 0
    assert shelf.packets(folder) == {made.id: made}
    file = folder / "saved.jsonl"
    for rating in rate(made, honest):
        shelf.add(rating, file)
    place, worked, count = command.take_in(folder, [file], None)
    assert count == len(made.cards)
    assert worked[0].name == "ann"
    rows = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]
    sample = next(row for row in rows if row["id"] == "q35" and row["kind"] == FRESH) if any(
        row["id"] == "q35" and row["kind"] == FRESH for row in rows
    ) else next(row for row in rows if row["kind"] == FRESH)  # fmt: skip
    assert sample["candidate"].split()[-1] == sample["id"].removeprefix("q")


def test_a_changed_key_is_tampering(folder: Path) -> None:
    made = command.packed(
        results.load(folder), folder, check="quiz", against="base", n=5, strategies=["random"], seed=2
    )
    sealed = folder / "review" / f"{made.id}.sealed.json"
    data = json.loads(sealed.read_text(encoding="utf-8"))
    data["sealed"][0]["left"], data["sealed"][0]["right"] = data["sealed"][0]["right"], data["sealed"][0]["left"]
    sealed.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(Tampered, match="the key is not the one that was promised"):
        shelf.packets(folder)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"packet": "other"}, "packet 'other' is none of this run's"),
        ({"card": "nope"}, "card 'nope' is not in packet"),
        ({"choice": "both"}, "the choice 'both' is none of left, right"),
        ({"rater": " "}, "a rating needs a `rater`"),
        ({"seconds": -1}, "seconds are a number of at least 0; found -1"),
        ({"seconds": "1"}, "found '1'"),
        ({"note": 7}, "are texts"),
    ],
)
def test_lines_that_are_no_ratings_are_named(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    made = packet()
    rating = {"packet": made.id, "card": made.cards[0].key, "choice": "left", "rater": "ann", "seconds": 1}
    file = tmp_path / "ratings.jsonl"
    file.write_text(json.dumps(rating) + "\n" + json.dumps({**rating, **change}) + "\n", encoding="utf-8")
    with pytest.raises(SuiteError) as told:
        shelf.ratings([file], {made.id: made})
    assert text in str(told.value)
    assert str(told.value).startswith(f"{file}:2: ")


@pytest.mark.parametrize("line", ["", "{", "[1]", "null", "\x00"])
def test_garbage_is_no_rating(line: str) -> None:
    assert isinstance(shelf.rating_of(line, {}), str)


# ---- the desk -------------------------------------------------------------------------------------------------------


def post(url: str, body: bytes, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_desk_takes_ratings_from_who_has_the_token(tmp_path: Path) -> None:
    made, kept = packet(), tmp_path / "ratings.jsonl"
    line = json.dumps({"packet": made.id, "card": made.cards[0].key, "choice": "left", "rater": "ann"}).encode()
    with desk.open_desk(made, kept) as open_desk:
        root, token = open_desk.url.split("?token=")
        with urllib.request.urlopen(open_desk.url, timeout=5) as reply:
            assert token in reply.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(root, timeout=5)
        token_header = {"X-Review-Token": token}
        assert post(f"{root}ratings", line)[0] == 403
        assert post(f"{root}ratings", line, **token_header) == (200, '{"kept": true}')
        assert post(f"{root}ratings", b"{}", **token_header)[0] == 400
        assert post(f"{root}ratings", b" " * 70_000, **token_header)[0] == 413
        assert post(f"{root}elsewhere", line, **token_header)[0] == 404
        assert post(f"{root}ratings", line, Host="evil.example", **token_header)[0] == 404
    assert [json.loads(text)["choice"] for text in kept.read_text(encoding="utf-8").splitlines()] == ["left"]


# ---- the commands ---------------------------------------------------------------------------------------------------


def test_export_and_import_through_the_command(folder: Path) -> None:
    told = CliRunner().invoke(app, ["review", "export", str(folder), "-n", "12", "--seed", "4"])
    assert told.exit_code == 0, told.output
    (made,) = shelf.packets(folder).values()
    assert f"{len(made.cards)} cards: {folder / 'review' / f'{made.id}.html'}" in told.output.replace("\n", "")
    file = folder / "saved.jsonl"
    for rating in rate(made, honest):
        shelf.add(rating, file)
    told = CliRunner().invoke(app, ["review", "import", str(folder), str(file), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["raters"][0]["name"] == "ann"
    pairs = {(pair.question, (pair.first, pair.second)) for pair in made.texts.values()}
    labels = read_labels(folder / "review" / "ratings.jsonl", Rubric("r", "Good?"), pair=True)
    assert {(one.case.question, one.case.answers) for one in labels} == pairs, "as `pairwise` takes them for labels"
    assert {tuple(one.labels.items()) for one in labels} == {(("ann", 1.0),)}


def test_a_check_or_model_that_is_not_there_is_named(folder: Path) -> None:
    run = results.load(folder)
    with pytest.raises(SuiteError, match="no check named 'quizz' in this run; did you mean 'quiz'"):
        command.packed(run, folder, check="quizz", against="base", n=3, strategies=["random"], seed=0)
    with pytest.raises(SuiteError, match="no model named 'bass' in this run; did you mean 'base'"):
        command.packed(run, folder, check="quiz", against="bass", n=3, strategies=["random"], seed=0)


def test_nothing_to_import_says_what_to_do_first(folder: Path) -> None:
    with pytest.raises(NothingSelected, match="has no review packets; make one with `harness review export`"):
        command.take_in(folder, [], None)
