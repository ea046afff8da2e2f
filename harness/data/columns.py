"""What stands in a field of a row, as text to be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.data.dataset import Dataset
from harness.errors import Complaint, SuiteError, nearest


def required(dataset: Dataset, line: int, row: Mapping[str, Any], field: str, option: str) -> Any:
    """The value of a field that an option names.

    Raises:
        SuiteError: the row has no such field, or nothing in it.
    """
    if row.get(field) is None:
        what = "has nothing in" if field in row else "has no"
        text = f"the row {what} field {field!r}{nearest(field, row)}; set `{option}` to the field that is meant"
        raise SuiteError([Complaint(dataset.source.shown, line, text)])
    return row[field]


def text_of(value: Any) -> str:
    """A value as text: text as it stands, a list of texts line by line, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def references(value: Any) -> list[str]:
    """The reference answers in a target: a list holds several."""
    return [text_of(item) for item in value] if isinstance(value, list) else [text_of(value)]
