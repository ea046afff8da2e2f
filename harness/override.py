"""What the command line changes in a suite before it is read: `--set path=value` and `--candidate NAME|PATH`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.document import parse
from harness.errors import Complaint, SuiteError, nearest
from harness.place import Document, Key
from harness.roles import SOURCES, TRUST
from harness.spec import Spec


def override(document: Document, dotted: str, value: Any) -> list[Complaint]:
    """Set the value at a dotted path, as if it stood in the file; text is read as YAML.

    Mappings on the way are made where there are none. Complaints name `--set` and the path, never the value: it may be
    a secret that should not have been there.
    """
    origin = f"--set {dotted}"
    parts = dotted.split(".")
    if not all(parts):
        return [Complaint(origin, 0, "write a path of keys with dots between, such as models.candidate.peft")]
    if isinstance(value, str) and value.strip():
        try:
            value = parse(value, origin).data
        except SuiteError as error:
            return list(error.complaints)
    path: list[Key] = []
    data = document.data
    for part in parts[:-1]:
        path.append(_key(data, part))
        data = _step(document, data, tuple(path), origin)
        if data is None:
            return [Complaint(origin, 0, f"there is no list item or mapping at {'.'.join(map(str, path))}")]
    last = _key(data, parts[-1])
    if isinstance(data, list) and not (isinstance(last, int) and last < len(data)):
        return [Complaint(origin, 0, f"there is no list item {parts[-1]}; the list has {len(data)}, counted from 0")]
    document.put((*path, last), value, origin)
    return []


def _key(data: Any, part: str) -> Key:
    return int(part) if isinstance(data, list) and part.isdecimal() else part


def _step(document: Document, data: Any, path: tuple[Key, ...], origin: str) -> dict[str, Any] | list[Any] | None:
    """What stands at the end of `path` in `data`; short forms are written out, missing mappings made."""
    key = path[-1]
    if isinstance(data, list):
        inner = data[key] if isinstance(key, int) and key < len(data) else None
        return inner if isinstance(inner, dict | list) else None
    inner = data.get(key)
    if isinstance(inner, dict | list):
        return inner
    made: dict[str, Any] = {}
    if isinstance(inner, str):
        made = {"pretrained": inner} if path[0] == "models" else {inner: {}}
    document.put(path, made, origin)
    return made


def replace_candidate(document: Document, given: str, fixtures: Mapping[str, Spec], folder: Path) -> None:
    """Put another model in the candidate's place: a model or fixture of the suite, or a folder (seen from `folder`).

    Raises:
        SuiteError: `given` is none of these.
    """
    models = document.data.get("models")
    if not isinstance(models, dict) or given == "candidate":
        return
    origin = f"--candidate {given}"
    if given in models:
        document.put(("models", "candidate"), copy.deepcopy(models[given]), origin)
        return
    source = _source(given, fixtures, folder)
    if source is None:
        known = [*models, *(name for name, spec in fixtures.items() if spec.entry.facts.get("makes") != "data")]
        text = f"{given!r} is no model or fixture of this suite and no folder{nearest(given, known)}"
        raise SuiteError([Complaint(origin, 0, text)])
    before = models.get("candidate")
    kept = before if isinstance(before, dict) and not {"endpoint", "replay"} & set(before) else {}
    how = {key: value for key, value in kept.items() if key not in (*SOURCES, *TRUST)}
    document.put(("models", "candidate"), {**source, **how}, origin)


def _source(given: str, fixtures: Mapping[str, Spec], folder: Path) -> dict[str, str] | None:
    if given in fixtures:
        makes = fixtures[given].entry.facts.get("makes")
        if makes == "data":
            text = f"fixture {given!r} ({fixtures[given].kind}) makes data, not a model"
            raise SuiteError([Complaint(f"--candidate {given}", 0, text)])
        return {"peft" if makes == "adapter" else "pretrained": f"${given}"}
    path = (folder / Path(given).expanduser()).resolve()
    if path.is_dir():
        return {"peft" if (path / "adapter_config.json").is_file() else "pretrained": str(path)}
    return None
