"""Licences: read from cards and files, denied where known and not allowed, unknown where nobody says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import talk
from harness import stats
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.errors import NothingSelected, SuiteError
from harness.findings import Findings
from harness.inspecting.licences import canonical, of_folder, of_text
from talk import leaf

APACHE = "  Apache License\n Version 2.0, January 2004\n http://www.apache.org/licenses/\n"


def model(folder: Path, *, card: str = "", text: str = "", name: str = "candidate", peft: str = "") -> Checkpoint:
    folder.mkdir(exist_ok=True)
    if card:
        (folder / "README.md").write_text(f"---\n{card}\n---\n# A model\n", encoding="utf-8")
    if text:
        (folder / "LICENSE").write_text(text, encoding="utf-8")
    return Checkpoint(name, "transformers", pretrained=str(folder), peft=peft)


def look(folder: Path, *models: Checkpoint, **options: Any) -> Findings:
    found = leaf("license")(models, folder, **options)
    assert isinstance(found, Findings)
    return found


def denied(found: Findings) -> Any:
    return stats.level(found.scores["denied"], confidence=0.95, seed="x")


@pytest.mark.parametrize(
    "card", ["license: apache-2.0", "license: Apache 2.0", "license: [mit]", "license: MIT\ntags: [a, b]"]
)
def test_allowed(card: str, tmp_path: Path) -> None:
    found = denied(look(tmp_path, model(tmp_path / "m", card=card)))
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("card", "clause"),
    [
        ("license: llama2", "700 million monthly users"), ("license: cc-by-nc-4.0", "no commercial use"),
        ("license: gemma", "prohibited uses"), ("license: other\nlicense_name: llama3.1", "700 million"),
        ("license: gpl-3.0", "under the same licence"), ("license: bigscience-openrail-m", "prohibited uses"),
    ],
)  # fmt: skip
def test_denied_with_what_it_asks(card: str, clause: str, tmp_path: Path) -> None:
    found = look(tmp_path, model(tmp_path / "m", card=card))
    assert denied(found).low == 1.0
    (row,) = found.figures[0].rows
    assert row[2] == "denied"
    assert clause in row[4]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "neither a model card with a licence nor a licence file"),
        ({"card": "license: other"}, "names no known licence"),
        ({"text": "All rights reserved."}, "LICENSE names no known licence"),
        ({"card": "license: mit", "text": APACHE}, "contradiction: README.md says mit and LICENSE says apache-2.0"),
        ({"card": "base_model: meta-llama/Llama-2-7b"}, "it comes from meta-llama/Llama-2-7b, whose licence binds it"),
        ({"card": "license: mit\nlicense: apache-2.0"}, "neither a model card"),
        ({"card": "license: !!python/object:os.system x"}, "neither a model card"),
    ],
)
def test_what_nobody_says_is_inconclusive(options: dict[str, str], why: str, tmp_path: Path) -> None:
    found = look(tmp_path, model(tmp_path / "m", **options))
    estimate = denied(found)
    assert estimate.value is None or (estimate.low, estimate.high) == (0.0, 1.0)
    assert why in found.warnings[0]
    assert stats.level(found.scores["unknown"], confidence=0.95, seed="x").value == 1.0
    told = look(tmp_path, model(tmp_path / "m", **options), declared={"candidate": "MIT"})
    assert denied(told).high == 0.0


def test_an_adapter_and_its_base_are_two_things(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "some/base"}))
    (adapter / "LICENSE").write_text(APACHE)
    found = look(tmp_path, model(tmp_path / "base", card="license: llama2", peft=str(adapter)))
    assert [row[:3] for row in found.figures[0].rows] == [
        ["candidate (adapter)", "apache-2.0", "allowed"], ["candidate", "llama2", "denied"],
    ]  # fmt: skip
    assert denied(found).value == 0.5


def test_data_beside_its_licence(tmp_path: Path) -> None:
    rows = talk.data(tmp_path, [{"input": "x"}])
    (tmp_path / "LICENSE.upstream").write_text("Attribution-NonCommercial 4.0 International\n")
    found = look(tmp_path, model(tmp_path / "m", card="license: mit"), data=rows)
    assert denied(found).value == 0.5
    assert look(tmp_path, data=rows, whose=[], allow=["CC-BY-NC-4.0"]).figures[0].rows[0][2] == "allowed"


def test_the_licences_of_real_data(shared: Path) -> None:
    known = {path.name: of_folder(path).name for path in sorted((shared / "data").iterdir()) if path.is_dir()}
    assert known["gsm8k"] == known["checklist"] == known["sentconv"] == "mit"
    assert known["banking77"] == known["bbq"] == "cc-by-4.0"
    assert known["xquad"] == "cc-by-sa-4.0"
    assert known["label_errors"] == known["scitldr"] == "apache-2.0"
    assert known["compas"] == known["truthfulqa"] == ""


def test_names_and_texts() -> None:
    assert canonical("GPL-3.0-or-later") == "gpl-3.0"
    assert {canonical(text) for text in ("", "Other", "unknown", "NOASSERTION")} == {""}
    assert of_text("x" * 500_000) == ""


@pytest.mark.parametrize(
    ("options", "said", "kind"),
    [
        ({"whose": ["candidat"]}, "no model named 'candidat'.*did you mean 'candidate'", SuiteError),
        ({"declared": {"base": "mit"}}, "`declared` speaks of 'base', which is not looked at", SuiteError),
        ({"allow": []}, "`allow` names no licence", SuiteError),
        ({"whose": []}, "there is nothing to look at", NothingSelected),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], said: str, kind: Any, tmp_path: Path) -> None:
    with pytest.raises(kind, match=said):
        look(tmp_path, model(tmp_path / "m", card="license: mit"), **options)


def test_models_without_files_are_unknown(tmp_path: Path) -> None:
    found = look(tmp_path, Checkpoint("candidate", "endpoint"))
    assert "asked as endpoint, without its files" in found.warnings[0]
    assert all(option.text for option in Catalog().get("check", "license").options.values())
