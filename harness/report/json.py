"""result.json: a run as strict JSON, its published schema, and the way back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import OutputBroken, SuiteError, nearest
from harness.report import plain
from harness.run import SCHEMA, Run

NAME = "result.json"
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(run: Run) -> bytes:
    """The run as UTF-8 JSON with the keys of the schema, in its order.

    Raises:
        OutputBroken: somewhere in it is a number that JSON does not have.
    """
    return encoded(run.model_dump(mode="python", by_alias=True), NAME)


def encoded(data: Any, name: str) -> bytes:
    """Plain data as strict, readable JSON.

    Raises:
        OutputBroken: NaN, an infinity or something that is no plain data; says where.
    """
    for place, found in _foreign(data, ""):
        raise OutputBroken(f"cannot write {name}: {place} is {found}, which JSON cannot hold")
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


def _foreign(data: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every place that is not plain data, and what is there."""
    if isinstance(data, dict):
        for key, value in data.items():
            if not isinstance(key, str):
                yield f"{place}.{key!r}".lstrip("."), "under a key that is no text"
            yield from _foreign(value, f"{place}.{key}".lstrip("."))
    elif isinstance(data, list | tuple):
        for at, value in enumerate(data):
            yield from _foreign(value, f"{place}[{at}]")
    elif isinstance(data, float) and not math.isfinite(data):
        yield place, str(data)
    elif data is not None and not isinstance(data, str | int | float):
        yield place, f"a {type(data).__name__}"


def load(path: Path) -> Run:
    """The run that a result.json holds, or the folder of a run.

    Raises:
        SuiteError: there is no such run.
        OutputBroken: the file is not a result of this schema; says where it first differs.
    """
    file = path / NAME if path.is_dir() else path
    if not file.is_file():
        raise SuiteError(_absent(path, file))
    try:
        data = json.loads(file.read_bytes(), parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise OutputBroken(f"{file} is not strict JSON: {error or type(error).__name__}") from error
    found = data.get("schema") if isinstance(data, dict) else None
    if found != SCHEMA:
        raise OutputBroken(f"{file} is not a result of this harness: its schema is {found!r}, wanted {SCHEMA!r}")
    try:
        return Run.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        more = f" (and {error.error_count() - 1} more places)" if error.error_count() > 1 else ""
        raise OutputBroken(f"{file} does not fit the schema: {plain.line(place, 200)}: {first['msg']}{more}") from error


def _absent(path: Path, file: Path) -> str:
    """Why there is no result at a path, and what is there instead."""
    if path.is_dir():
        runs = sorted(child.parent.name for child in path.glob(f"*/{NAME}"))
        inside = f"; it holds the runs {', '.join(runs[-3:])}: name one of them" if runs else ""
        return f"{path} has no {NAME}{inside or ': the run did not finish (it is written last)'}"
    near = [child.name for child in path.parent.iterdir() if child.is_dir()] if path.parent.is_dir() else []
    return f"no run at {file}{nearest(path.name, near)}"


def _refuse(token: str) -> Any:
    raise ValueError(f"it holds {token}, which strict JSON does not have")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate keys: of two readers, one would believe the first and one the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands there twice")
    return found


def schema() -> bytes:
    """The JSON Schema of result.json, as published in reports/result.schema.json."""
    found = Run.model_json_schema(by_alias=True, mode="serialization")
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **found, "title": "result.json"}
    return encoded(whole, "result.schema.json")
