"""The JSON Schema of suites, built from the catalog for completion in editors, and the suite to begin with."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.acceptance import LONG_FORM
from harness.catalog import REQUIRED, Catalog, Entry, Option
from harness.errors import OutputBroken, SuiteError
from harness.roles import keys
from harness.spec import NAME
from harness.suite import PROFILES
from harness.value import members_of, plain, settable

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILE = "suite.schema.json"
"""What the schema is called beside a suite."""
_SPECS = {"metric": "#/$defs/metric", "perturbation": "#/$defs/perturbation"}


def schema(catalog: Catalog) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of every suite that this catalog allows.

    The loader is stricter: it knows which names exist, and what criteria may speak of.
    """
    named = {"type": "object", "propertyNames": {"pattern": f"^{NAME}$"}}
    return {
        "$schema": DRAFT,
        "title": "a suite of finetune-harness",
        "type": "object",
        "additionalProperties": False,
        "required": ["suite", "models", "checks", "accept"],
        "properties": {
            "suite": {"type": "string", "description": "its name"},
            "seed": {"type": "integer", "minimum": 0, "description": "of everything random"},
            "profile": {"enum": list(PROFILES), "description": "confidence of all criteria: 0.95 or 0.975"},
            "confidence": {"type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 1},
            "looks": {"type": "integer", "minimum": 1, "description": "planned looks at the evidence, under a lock"},
            "candidates": {"type": "integer", "minimum": 1, "description": "of so many candidates the best is shipped"},
            "noise_floor": {"type": "boolean", "description": "measure the models compared with a second time"},
            "plugins": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "models": {
                **named,
                "description": "candidate, and what it is compared with: base, baseline, any other name",
                "required": ["candidate"],
                "additionalProperties": {"$ref": "#/$defs/model"},
            },
            "fixtures": {
                **named,
                "description": "what is made first; $name refers to it",
                "additionalProperties": {"$ref": "#/$defs/fixture"},
            },
            "checks": {
                **named,
                "description": "what is measured",
                "minProperties": 1,
                "additionalProperties": {"$ref": "#/$defs/check"},
            },
            "accept": {
                "description": "what must hold",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/criterion"},
            },
        },
        "$defs": {
            "model": _model(),
            **{kind: _room(catalog, kind) for kind in ("fixture", "check", "metric", "perturbation")},
            "criterion": _criterion(),
        },
    }


def _room(catalog: Catalog, kind: str) -> dict[str, Any]:
    """One spec form: a name, or one name with its options."""
    entries = [catalog.get(kind, name) for name in catalog.names(kind)]
    bare = [e.name for e in entries if all(option.default is not REQUIRED for option in settable(e).values())]
    return {
        "anyOf": [
            {"enum": bare},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {entry.name: _leaf(entry) for entry in entries},
            },
        ]
    }


def _leaf(entry: Entry) -> dict[str, Any]:
    options = settable(entry)
    required = sorted(name for name, option in options.items() if option.default is REQUIRED)
    made: dict[str, Any] = {
        "type": "object" if required else ["object", "null"],
        "description": entry.summary,
        "additionalProperties": False,
        "properties": {name: _option(entry, option) for name, option in options.items()},
    }
    return made | ({"required": required} if required else {})


def _option(entry: Entry, option: Option) -> dict[str, Any]:
    about: dict[str, Any] = {"description": option.text} if option.text else {}
    if option.default is not REQUIRED and _is_plain(option.default) and option.default not in (None, [], {}):
        about["default"] = option.default
    shape = shape_of(option.annotation)
    shapes = shape.get("anyOf", [shape])
    if entry.kind == "check" and {"type": "string"} not in shapes:
        shape = {"anyOf": [*shapes, {"type": "string", "pattern": "^\\$candidate\\."}]}
    return about | shape


def shape_of(annotation: Any) -> dict[str, Any]:
    """The JSON Schema of the values that an annotation takes in YAML."""
    shapes = [_shape_of(member) for member in members_of(annotation)]
    flat = [part for shape in shapes for part in (shape["anyOf"] if list(shape) == ["anyOf"] else [shape])]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _shape_of(annotation: Any) -> dict[str, Any]:
    kind = getattr(annotation, "__reference__", "")
    if kind in _SPECS:
        return {"$ref": _SPECS[kind]}
    if kind == "data":
        return {"anyOf": [{"type": "string"}, {"type": "object", "required": ["path"]}]}
    if kind:
        return {"type": "string"}
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list and arguments:
        return {"type": "array", "items": shape_of(arguments[0])}
    if origin is dict and arguments:
        return {"type": "object", "additionalProperties": shape_of(arguments[1])}
    from pydantic import TypeAdapter

    return {key: value for key, value in TypeAdapter(plain(annotation)).json_schema().items() if key != "title"}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | bool) and value == value and value not in (float("inf"), -float("inf"))


def _model() -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for known in keys().values():
        properties |= {key: shape_of(annotation) for key, annotation in known.items()}
    about = {
        "pretrained": "a hub id, a folder, or a $fixture",
        "peft": "an adapter: on `pretrained`, or alone on the model `base`",
        "endpoint": "address of an OpenAI-compatible server; needs `model`",
        "api_key": "${env:NAME}: an environment variable, never the key itself",
        "replay": "a recording: JSONL rows {id, response}",
        "trust_remote_code": "run Python code that comes with the checkpoint",
        "allow_pickle": "load weights in a format that can run code",
    }
    for key, text in about.items():
        properties[key] = {"description": text, **properties[key]}
    properties["api_key"]["pattern"] = r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$"
    return {
        "anyOf": [
            {"type": "string"},
            {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": properties},
        ]
    }


def _criterion() -> dict[str, Any]:
    properties: dict[str, Any] = {key: shape_of(annotation) for key, annotation in LONG_FORM.items()}
    properties["confidence"] |= {"exclusiveMinimum": 0.5, "exclusiveMaximum": 1}
    properties["waive"] = {
        "type": "object",
        "description": "somebody takes responsibility, until a date",
        "additionalProperties": False,
        "required": ["until", "by", "why"],
        "properties": {
            "until": {"type": "string", "format": "date"},
            "by": {"type": "string"},
            "why": {"type": "string"},
        },
    }
    sentence = {
        "type": "string",
        "description": "check.metric[slice] >= bound: a number with a unit, a model, model - 0.02, 0.9 * model",
        "pattern": r"^\s*[A-Za-z_][\w-]*\.[A-Za-z_][\w-]*\s*(\[[^\]]*\])?\s*(>=|<=|>|<|in\b)",
    }
    properties["that"] = sentence
    long = {"type": "object", "required": ["that"], "additionalProperties": False, "properties": properties}
    union = {
        "type": "object",
        "description": "at least so many of these sentences hold",
        "required": ["at_least", "of"],
        "additionalProperties": False,
        "properties": {
            "at_least": {"type": "integer", "minimum": 1},
            "of": {"type": "array", "minItems": 2, "items": sentence},
            "confidence": properties["confidence"],
        },
    }
    return {"anyOf": [sentence, long, union]}


def write(path: Path, catalog: Catalog | None = None) -> None:
    """Write the schema of the catalog's suites to a file."""
    text = json.dumps(schema(catalog or Catalog()), indent=1, ensure_ascii=False, sort_keys=False)
    _write(path, text + "\n")


STARTER = """\
# yaml-language-server: $schema=suite.schema.json
# What must hold before this model may ship. Run it: harness run {folder}
suite: my-intents
seed: 13

models:
  # Recorded answers, so that this runs at once. Then put your own model here:
  #   candidate: ./out/checkpoint                      a folder, or a hub id such as owner/name
  #   candidate: {{peft: ./out/adapter}}                 an adapter on `base`
  #   base: owner/name                                 what it was before fine-tuning
  candidate: {{replay: data/answers.jsonl}}

checks:
  intents:
    task:
      data: data/test.jsonl
      prompt: "Which intent is this? {{{{ input }}}}"
      choices: [cancel, refund, schedule]
      metrics: [accuracy, macro_f1]
      slices: [channel]

accept:
  - intents.accuracy >= 80%
  - intents.macro_f1 >= 0.8
  # - intents.accuracy >= base - 0.02                  not worse than before, by more than 2 points
"""
_ASKED = {
    "cancel": ["Stop my subscription", "I no longer want the ticket", "Please end my plan", "Call off the order"],
    "refund": ["I want my money back", "You charged me twice", "The train never came, pay me back", "Return my fare"],
    "schedule": ["When is the next bus", "Does line 5 run on Sunday", "First train tomorrow", "How late is the tram"],
}
_TAILS = ["", ", please.", "!", " today?", " (again)"]


def starter(folder: Path) -> list[Path]:
    """Write a suite that runs at once, its schema, its rows and recorded answers into a folder; gives their paths.

    Raises:
        SuiteError: one of these files is there already.
    """
    questions = [(f"{text}{tail}", target) for target, texts in _ASKED.items() for text in texts for tail in _TAILS]
    rows = [
        {"id": f"t{at:02d}", "input": text, "target": target, "channel": ("web", "phone")[at % 2]}
        for at, (text, target) in enumerate(questions)
    ]
    names = list(_ASKED)
    wrong = dict(zip(names, names[1:] + names[:1], strict=True))
    answers = [
        {"id": row["id"], "response": wrong[row["target"]] if at % 13 == 12 else row["target"]}
        for at, row in enumerate(rows)
    ]
    files: Mapping[str, str] = {
        "suite.yaml": STARTER.format(folder=folder),
        "data/test.jsonl": _lines(rows),
        "data/answers.jsonl": _lines(answers),
    }
    there = [folder / name for name in (*files, FILE) if (folder / name).exists()]
    if there:
        raise SuiteError(f"{there[0]} is there already and stays as it is; choose another folder")
    for name, text in files.items():
        _write(folder / name, text)
    write(folder / FILE)
    return [folder / name for name in (*files, FILE)]


def _lines(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputBroken(f"{path} cannot be written: {error.strerror or error}") from error
