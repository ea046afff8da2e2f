"""A YAML file → Suite: read, checked against the catalog, with all complaints at once, each at its file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import digest
from harness.acceptance import confidence_text, measured_by, read_accept
from harness.catalog import ROOMS, Catalog
from harness.document import compose, text_of
from harness.errors import Complaint, SuiteError, nearest
from harness.override import override, replace_candidate
from harness.reference import Graph, check_circles, check_reference
from harness.roles import read_models
from harness.score import Quantity
from harness.sections import read_checks, read_fixtures
from harness.spec import CheckSpec, FixtureSpec, ModelSpec, Reading, Spec, Suite
from harness.terms import grouped, read_terms, unfold
from harness.value import shown

__all__ = ["CheckSpec", "FixtureSpec", "ModelSpec", "Spec", "Suite", "load", "measured"]

KEYS = (
    "suite", "seed", "models", "fixtures", "checks", "accept", "plugins", "profile", "confidence", "looks",
    "candidates", "noise_floor",
)  # fmt: skip
PROFILES = {"ci": 0.95, "release": 0.975}
"""`profile:` → one-sided confidence of every criterion that does not say its own."""
_SUITE_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")


def load(
    path: Path,
    *,
    plugins: Iterable[Path] = (),
    sets: Mapping[str, Any] | None = None,
    candidate: str | None = None,
    offline: bool = False,
) -> Suite:
    """The suite in a file, or in the `suite.yaml` of a folder.

    `sets` maps dotted paths to values as they would stand in the file (`{"models.candidate.peft": "./out"}`; text is
    read as YAML); `candidate` puts a fixture, a model of the suite, or a folder in the candidate's place; `offline`
    asks for no key of a server.

    Raises:
        SuiteError: with every complaint found, errors and warnings.
    """
    path = path / "suite.yaml" if path.is_dir() else path
    document, complaints = compose(text_of(path), str(path))
    if not isinstance(document.data, dict):
        text = "a suite is a mapping with the keys suite, models, checks, accept"
        raise SuiteError([*complaints, document.complaint((), text)])
    for key, value in (sets or {}).items():
        complaints += override(document, key, value)
    reading = Reading(document, path.parent, Catalog(), complaints, offline)
    _check_keys(reading)
    folders = _plugins(reading, plugins)
    reading.catalog = Catalog(folders)
    suite = _read(reading, path, folders, candidate)
    if any(c.severity == "error" for c in reading.complaints):
        raise SuiteError(_in_order(reading.complaints))
    return suite


def measured(suite: Suite, check: str) -> Mapping[str, Quantity]:
    """What criteria may say of a check: metric → quantity.

    Raises:
        SuiteError: the suite has no such check.
    """
    if check not in suite.checks:
        raise SuiteError(f"no check named {check!r}{nearest(check, suite.checks)}")
    return measured_by(suite.checks, check, suite.catalog)


def _read(reading: Reading, path: Path, folders: tuple[Path, ...], candidate: str | None) -> Suite:
    data = reading.document.data
    own_digest = _digest(data)
    name, seed = _name(reading, data.get("suite")), _seed(reading, data.get("seed", 0))
    graph = Graph()
    fixtures, wanted = read_fixtures(reading, graph)
    right = {key: value for key, value in fixtures.items() if value is not None}
    if candidate is not None:
        try:
            replace_candidate(reading.document, candidate, right, Path.cwd())
        except SuiteError as error:
            reading.complaints += error.complaints
    models, model_names = read_models(reading, data.get("models"), fixtures, graph)
    for reference in wanted:
        check_reference(reading, reference, fixtures, dict.fromkeys(model_names))
    check_circles(reading, graph)
    checks, drafts = read_checks(reading, fixtures, models, model_names)
    confidence = _confidence(reading)
    unions = unfold(reading, confidence)
    accept = grouped(read_accept(reading, checks, drafts, model_names, confidence), unions)
    return Suite(
        name=name,
        path=path,
        seed=seed,
        digest=own_digest,
        models=models,
        fixtures=right,
        checks={key: value for key, value in checks.items() if value is not None},
        accept=accept,
        plugins=folders,
        catalog=reading.catalog,
        warnings=tuple(_in_order(c for c in reading.complaints if c.severity == "warning")),
        lines=reading.document,
        candidate=candidate or "candidate",
        terms=read_terms(reading, unions),
    )


def _in_order(complaints: Iterable[Complaint]) -> list[Complaint]:
    """By file and line, each once."""
    return sorted(set(complaints))


def _digest(data: Any) -> str:
    """The digest of what the suite says; keys that are no text were complained of, and are spelled as text."""
    return digest.of(json.loads(json.dumps(data)))


def _check_keys(reading: Reading) -> None:
    data = reading.document.data
    for key in data:
        if key not in KEYS:
            reading.wrong((key,), f"unknown key {key!r}{nearest(key, KEYS)}")
    for key in ("models", "checks", "accept"):
        if key not in data:
            reading.wrong((), f"the key `{key}` is missing{nearest(key, data)}")


def _name(reading: Reading, name: Any) -> str:
    if not isinstance(name, str) or not _SUITE_NAME.fullmatch(name):
        found = f"; found {shown(name)}" if name is not None else ""
        reading.wrong(("suite",), f"`suite` is its name: letters, digits, `.`, `_` and `-`, such as my-intents{found}")
        return ""
    return name


def _seed(reading: Reading, seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        reading.wrong(("seed",), f"`seed` is a whole number from 0 to 2**32 - 1; found {shown(seed)}")
        return 0
    return seed


def _confidence(reading: Reading) -> float:
    """The confidence of criteria that do not say their own."""
    data = reading.document.data
    if "profile" in data and data["profile"] not in PROFILES:
        known = nearest(str(data["profile"]), PROFILES)
        reading.wrong(
            ("profile",), f"`profile` sets the confidence of all criteria; found {shown(data['profile'])}{known}"
        )
    if "profile" in data and "confidence" in data:
        reading.wrong(("confidence",), "`profile` and `confidence` both set the confidence of all criteria; keep one")
    level = data.get("confidence", PROFILES.get(str(data.get("profile", "ci")), 0.95))
    if isinstance(level, bool) or not isinstance(level, int | float):
        reading.wrong(("confidence",), f"`confidence` is a number such as 0.95; found {shown(level)}")
        return 0.95
    if not 0.5 < level < 1:
        reading.wrong(("confidence",), confidence_text(level))
        return 0.95
    return float(level)


def _plugins(reading: Reading, more: Iterable[Path]) -> tuple[Path, ...]:
    """The folders of plugins: those that the suite names, then those of the caller."""
    given = reading.document.data.get("plugins", [])
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        reading.wrong(("plugins",), "`plugins` is a folder beside the suite, or a list of such folders")
        given = []
    built_in = Catalog()
    folders = [reading.root / Path(item).expanduser() for item in given] + [Path(folder) for folder in more]
    for folder in folders:
        rooms = {kind: folder / room for kind, room in ROOMS.items() if (folder / room).is_dir()}
        if not rooms:
            wanted = ", ".join(ROOMS.values())
            reading.wrong(("plugins",), f"{folder} is no plugin: it needs a folder of one of these names: {wanted}")
        for kind, room in rooms.items():
            twice = sorted(set(built_in.names(kind)) & {leaf.stem for leaf in room.glob("[!_]*.py")})
            if twice:
                reading.wrong(
                    ("plugins",), f"{room / twice[0]}.py: the harness has a {kind} {twice[0]!r}; rename yours"
                )
    return tuple(folder for folder in folders if folder.is_dir())
