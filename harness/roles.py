"""The models of a suite: candidate, base, baseline and any other, each with its keys checked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from harness.errors import nearest
from harness.reference import DOLLAR, Graph, check_fixture, check_model_place
from harness.spec import NAME, ModelSpec, Reading, Spec
from harness.value import Fitting, Reference

KINDS = {"pretrained": "transformers", "peft": "transformers", "endpoint": "endpoint", "replay": "replay"}
"""The key that says where a model comes from → its backend."""
SOURCES = ("pretrained", "peft", "revision", "peft_revision", "endpoint", "model", "api_key", "replay")
"""Keys that say which weights are meant; the rest says how they are asked."""
TRUST = ("trust_remote_code", "allow_pickle")
"""Keys that give a checkpoint more trust; never carried over to another one."""
_SECRET = re.compile(r"\$\{env:([A-Za-z_]\w*)\}")


@cache
def keys() -> Mapping[str, Mapping[str, Any]]:
    """Backend → key → type."""
    from pydantic import Field

    count = Annotated[int, Field(gt=0)]
    batch = count | Literal["auto"]
    positive = Annotated[float, Field(gt=0)]
    asked = {"batch_size": batch, "system_instruction": str, "gen_kwargs": dict[str, Any]}
    weights = {
        "pretrained": str,
        "peft": str,
        "revision": str,
        "peft_revision": str,
        "dtype": Literal["auto", "float32", "float16", "bfloat16"],
        "device": str,
        **asked,
        "apply_chat_template": bool,
        "trust_remote_code": bool,
        "allow_pickle": bool,
        "reproducible": bool,
    }
    return {
        "transformers": weights,
        "endpoint": {
            "endpoint": str,
            "model": str,
            "api_key": str,
            "api": Literal["chat", "completions"],
            **{key: positive for key in ("timeout", "patience", "deadline", "max_cost")},
            **{key: count for key in ("concurrency", "max_calls")},
            "retries": Annotated[int, Field(ge=0)],
            "price": dict[Literal["input", "output"], Annotated[float, Field(ge=0)]],
            "allow_private": bool,
            **asked,
        },
        "replay": {"replay": str},
    }


def read_models(
    reading: Reading, given: Any, fixtures: Mapping[str, Any], graph: Graph
) -> tuple[dict[str, ModelSpec], set[str]]:
    """The models that are right, and the names of all."""
    if "models" not in reading.document.data:
        return {}, set()
    if not isinstance(given, dict) or not given:
        reading.wrong(("models",), "`models` is a mapping with at least `candidate`: {candidate: ./out/checkpoint}")
        return {}, set()
    if "candidate" not in given:
        reading.wrong(("models",), f"`models` needs `candidate`, the model to be accepted{nearest('candidate', given)}")
    models: dict[str, ModelSpec] = {}
    for name, entry in given.items():
        before = len(reading.complaints)
        spec = _read(reading, name, entry, fixtures, given, graph)
        if not any(c.severity == "error" for c in reading.complaints[before:]) and spec:
            models[name] = spec
    return models, set(given)


def _read(
    reading: Reading, name: str, entry: Any, fixtures: Mapping[str, Any], models: Mapping[str, Any], graph: Graph
) -> ModelSpec | None:
    path = ("models", name)
    if not re.fullmatch(NAME, name):
        reading.wrong(path, f"{name!r} cannot name a model; use letters, digits, _ and -, beginning with a letter")
    entry = {"pretrained": entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict):
        reading.wrong(path, f"model {name!r} is a folder, a hub id, a $fixture, or a mapping such as {{pretrained: …}}")
        return None
    kind = _kind(reading, name, entry)
    if not kind:
        return None
    fitting = Fitting(reading.catalog)
    options: dict[str, Any] = {}
    known = keys()[kind]
    for key, value in entry.items():
        if key in known:
            options[key] = _fit(fitting, name, key, known[key], value)
        elif key in {other for every in keys().values() for other in every}:
            reading.wrong((*path, key), f"model {name!r}: {key!r} has no meaning for {kind}{nearest(key, known)}")
        else:
            reading.wrong((*path, key), f"model {name!r}: unknown key {key!r}{nearest(key, known, show=20)}")
    for inner, text in fitting.faults:
        reading.wrong((*path, *inner), text)
    if not fitting.faults:
        _check_sources(reading, name, options, fixtures, models, graph)
        _check_trust(reading, name, options)
    return ModelSpec(name, kind, options, reading.document.line(*path))


def _fit(fitting: Fitting, name: str, key: str, annotation: Any, value: Any) -> Any:
    if key == "api_key" and not (isinstance(value, str) and _SECRET.fullmatch(value)):
        # The value is not shown: it may well be the key itself.
        text = f"model {name!r}: write api_key as ${{env:NAME}}, naming an environment variable; never the key itself"
        fitting.faults.append(((key,), text))
        return None
    return fitting.value(annotation, value, (key,), f"{key!r} of model {name!r}")


def _kind(reading: Reading, name: str, entry: Mapping[str, Any]) -> str:
    """The backend that an entry's keys ask for; empty after a complaint."""
    sources = [key for key in ("pretrained", "endpoint", "replay") if key in entry]
    if len(sources) > 1:
        text = f"model {name!r} has {' and '.join(sources)}; keep exactly one of pretrained, endpoint, replay"
        reading.wrong(("models", name, sources[1]), text)
        return ""
    if sources or "peft" in entry:
        return KINDS[(sources or ["peft"])[0]]
    close = next((nearest(key, KINDS) for key in entry if "mean" in nearest(key, KINDS)), "")
    text = f"model {name!r} needs one of pretrained, peft (an adapter on base), endpoint, replay{close}"
    reading.wrong(("models", name), text)
    return ""


def _check_sources(
    reading: Reading,
    name: str,
    options: Mapping[str, Any],
    fixtures: Mapping[str, Any],
    models: Mapping[str, Any],
    graph: Graph,
) -> None:
    path = ("models", name)
    graph.add(("model", name), path, ())
    for key in ("pretrained", "peft"):
        if key not in options:
            continue
        owner, value = f"{key!r} of model {name!r}", options[key]
        if value.startswith("$"):
            check_fixture(reading, Reference("model", (*path, key), value, owner), fixtures, "model")
            _check_makes(reading, name, key, value, fixtures)
            if found := DOLLAR.fullmatch(value):
                graph.add(("model", name), path, [("fixture", found[1])])
        elif value in models:
            reading.wrong(
                (*path, key), f"{owner}: {value!r} is a model of this suite; name its folder or $fixture here"
            )
        else:
            check_model_place(reading, (*path, key), value, owner, [f"${fixture}" for fixture in fixtures])
    if "peft" in options and "pretrained" not in options:
        _check_base(reading, name, models, graph)
    for key, needed in (("revision", "pretrained"), ("peft_revision", "peft")):
        if key in options and (needed not in options or options[needed].startswith("$")):
            reading.wrong((*path, key), f"model {name!r}: {key!r} needs {needed!r} with a hub id")
    if "replay" in options:
        _check_recording(reading, name, options["replay"], fixtures, graph)
    if "endpoint" in options:
        _check_endpoint(reading, name, options)


def _check_base(reading: Reading, name: str, models: Mapping[str, Any], graph: Graph) -> None:
    path = ("models", name, "peft")
    base = models.get("base")
    if name == "base":
        reading.wrong(path, "model 'base' is an adapter on nothing; give it `pretrained` as well")
    elif base is None:
        text = f"model {name!r} is an adapter on `base`, and there is no model `base`; add it, or `pretrained` here"
        reading.wrong(path, text)
    elif isinstance(base, dict) and not ("pretrained" in base or "peft" in base):
        reading.wrong(path, f"model {name!r} is an adapter on `base`, which must then be weights: {{pretrained: …}}")
    else:
        graph.add(("model", name), ("models", name), [("model", "base")])


def _check_makes(reading: Reading, name: str, key: str, value: str, fixtures: Mapping[str, Any]) -> None:
    found = DOLLAR.fullmatch(value)
    spec = fixtures.get(found[1]) if found else None
    makes = spec.entry.facts.get("makes") if isinstance(spec, Spec) else None
    path = ("models", name, key)
    if makes == "adapter" and key == "pretrained":
        reading.wrong(path, f"model {name!r}: {value} makes an adapter; write {{peft: {value}}}")
    elif makes == "model" and key == "peft":
        reading.wrong(path, f"model {name!r}: {value} makes full weights; write {{pretrained: {value}}}")


def _check_recording(reading: Reading, name: str, value: str, fixtures: Mapping[str, Any], graph: Graph) -> None:
    path, owner = ("models", name, "replay"), f"'replay' of model {name!r}"
    if value.startswith("$"):
        check_fixture(reading, Reference("data", path, value, owner), fixtures, "data")
        if found := DOLLAR.fullmatch(value):
            graph.add(("model", name), ("models", name), [("fixture", found[1])])
        return
    place = reading.root / Path(value).expanduser()
    if not place.is_file():
        siblings = [p.name for p in place.parent.iterdir() if p.is_file()] if place.parent.is_dir() else []
        tail = nearest(place.name, siblings) if siblings else ""
        reading.wrong(path, f"{owner}: no such recording: {place}{tail}")


def _check_endpoint(reading: Reading, name: str, options: Mapping[str, Any]) -> None:
    path = ("models", name, "endpoint")
    if "model" not in options:
        reading.wrong(("models", name), f"model {name!r}: an endpoint needs `model`, the name it serves it under")
    secret = "@" in options["endpoint"].split("?")[0]
    try:
        address = urlsplit(options["endpoint"])
        known = address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        known = False
    if secret:
        reading.wrong(path, f"model {name!r}: the address holds a user or password; use api_key: ${{env:NAME}}")
    elif not known:
        reading.wrong(path, f"model {name!r}: {options['endpoint']!r} is no address; write http(s)://host/v1")
    found = _SECRET.fullmatch(options.get("api_key", ""))
    if found and not reading.offline and not os.environ.get(found[1]):
        where = ("models", name, "api_key")
        reading.wrong(where, f"model {name!r}: the environment variable {found[1]} is not set; export it first")


def _check_trust(reading: Reading, name: str, options: Mapping[str, Any]) -> None:
    risks = {
        "trust_remote_code": "runs Python code that comes with the checkpoint",
        "allow_pickle": "loads weights in a format that can run code",
    }
    for key in TRUST:
        if options.get(key) is True:
            reading.warn(("models", name, key), f"model {name!r}: {key} {risks[key]}; be sure whose it is")
