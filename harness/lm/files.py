"""A suite's own lm-eval task files: their data made absolute, and refused where they would run code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.errors import SuiteError, nearest

DATA_ENDINGS = (".json", ".jsonl", ".csv", ".parquet", ".txt", ".arrow")
READERS = ("json", "csv", "parquet", "text", "arrow")
"""Kinds of data file that a task of the suite may read; others, such as pandas' pickles, may run code."""


def localise(folder: Path, scratch: Path) -> None:
    """Copy task files, with the data files they name beside themselves made absolute; refuse code."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder.is_dir() else []
    if not files:
        raise SuiteError(f"include_path {folder} holds no lm-eval task file (*.yaml)")
    yaml = YAML(typ="safe", pure=True)
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise SuiteError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
        if "!function" in text:
            raise SuiteError(f"{path}: `!function` runs code from a file; lm-eval tasks of a suite must do without")
        try:
            content = yaml.load(text)
        except YAMLError as error:
            raise SuiteError(f"{path}: not YAML: {error}") from error
        if not isinstance(content, dict):
            raise SuiteError(
                f"{path}: an lm-eval task is a mapping with a key `task`, found a {type(content).__name__}"
            )
        _refuse_code(content, path, {file.name for file in files})
        with (scratch / path.name).open("w", encoding="utf-8") as out:
            yaml.dump(_absolute(content, path.parent), out)


def _refuse_code(content: dict[str, Any], path: Path, beside: set[str]) -> None:
    """Refuse what lm-eval would fetch or run for a task file: other files, metrics and data that bring code."""
    import lm_eval.api.metrics  # noqa: F401  (fills the registry)
    from lm_eval.api.registry import metric_registry

    included = content.get("include", [])
    for name in included if isinstance(included, list) else [included]:
        if name not in beside:
            raise SuiteError(
                f"{path}: `include: {name}` must name a task file of the same folder{nearest(str(name), beside)}"
            )
    for metric in content.get("metric_list") or []:
        name = metric.get("metric") if isinstance(metric, dict) else metric
        if name not in metric_registry or (isinstance(metric, dict) and metric.get("hf_evaluate")):
            known = nearest(str(name), list(metric_registry.keys()))
            raise SuiteError(f"{path}: lm-eval has no metric {name!r} of its own, and others run foreign code{known}")
    data = content.get("dataset_path")
    hub = isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", data)
    if data is not None and data not in READERS and not hub:
        raise SuiteError(
            f"{path}: `dataset_path: {data}` is neither a kind of data file nor owner/name of a hub data set"
            + nearest(str(data), READERS)
        )


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {key: _absolute(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_absolute(item, folder) for item in value]
    if isinstance(value, str) and value.endswith(DATA_ENDINGS) and (folder / value).is_file():
        return str((folder / value).resolve())
    return value
