"""The workshop: makes what a suite refers to ($fixtures, data, checkpoints), each once, or finds it in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import digest
from harness.checkpoint import Checkpoint
from harness.data import Dataset, open_data
from harness.errors import FixtureBroken, HarnessError, OutputBroken, SuiteError, nearest
from harness.local import head, identify, quiet
from harness.reference import DOLLAR
from harness.spec import FixtureSpec, Suite
from harness.store import Made, Store, fixture_key
from harness.watch import Watch

MODEL_KEYS = ("pretrained", "peft")
"""Keys of a model's entry that may be a $fixture."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name.part`, taken apart."""

    name: str
    part: str = ""


def reference(value: object) -> Reference | None:
    """The reference that a text is, or None where it is a plain path or name."""
    found = DOLLAR.fullmatch(value) if isinstance(value, str) else None
    return Reference(found[1], found[2] or "") if found else None


@dataclass(slots=True)
class Workshop:
    """Everything that stands behind the names of one suite."""

    suite: Suite
    store: Store
    watch: Watch
    made: dict[str, Made] = field(default_factory=dict)
    """Fixtures that were needed so far, in the order they were ready."""
    _keys: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    _checkpoints: dict[str, Checkpoint] = field(default_factory=dict)

    def key(self, name: str) -> tuple[str, dict[str, Any]]:
        """Key and preimage of a fixture, known without making it."""
        if name not in self._keys:
            fixture = self._spec(name)
            options = self._options(fixture)
            inputs = {option: value for option, at in options.items() if (value := self._input(fixture, option, at))}
            self._keys[name] = fixture_key(fixture.entry, options, inputs)
        return self._keys[name]

    def needs(self, name: str) -> list[str]:
        """The fixtures that `name` needs, itself last, each once."""
        found: list[str] = []
        fixture = self._spec(name)
        for option, value in self._options(fixture).items():
            named = fixture.entry.options[option].reference == "model"
            for leaf in _leaves(value):
                found += self.needs_of(leaf) if named else self._behind(leaf)
        return list(dict.fromkeys([*found, name]))

    def needs_of(self, value: object) -> list[str]:
        """The fixtures behind one reference, or behind a model's name."""
        if at := reference(value):
            return self.needs(at.name)
        if isinstance(value, str) and value in self.suite.models:
            return list(dict.fromkeys(n for v in self.suite.models[value].options.values() for n in self._behind(v)))
        return []

    def _behind(self, value: object) -> list[str]:
        at = reference(value)
        return self.needs(at.name) if at else []

    def fixture(self, name: str) -> Made:
        """A fixture's folder and facts: found in the store, or made now with all that it needs.

        Raises:
            FixtureBroken: making it failed; says which fixture and why.
        """
        if name not in self.made:
            fixture = self._spec(name)
            key, preimage = self.key(name)
            for needed in self.needs(name)[:-1]:
                self.fixture(needed)
            describe = {"name": name, "kind": fixture.kind, "preimage": preimage}
            self.made[name] = self.store.fixture(key, lambda out: self._make(fixture, out), describe=describe)
            self.watch.note(f"{name}: {'found' if self.made[name].cached else 'made'}")
        return self.made[name]

    def _make(self, fixture: FixtureSpec, out: Path) -> Mapping[str, Any]:
        self.watch.note(f"making {fixture.name} ({fixture.kind})")
        options = {name: self._ready(fixture, name, value) for name, value in self._options(fixture).items()}
        given = {"out": out, "progress": self._progress(fixture.name), "root": self.suite.root}
        try:
            with _quiet(fixture):
                facts = fixture.entry.function(**fixture.entry.bind(given, options))
        except HarnessError as error:
            if isinstance(error, SuiteError | FixtureBroken | OutputBroken):
                raise
            raise FixtureBroken(f"fixture {fixture.name!r} ({fixture.kind}): {error}") from error
        except (OSError, MemoryError):
            raise  # the store says what the disk did
        except Exception as error:
            raise FixtureBroken(
                f"fixture {fixture.name!r} ({fixture.kind}) failed: {type(error).__name__}: {error}"
            ) from error
        if not any(out.iterdir()):
            raise FixtureBroken(f"fixture {fixture.name!r} ({fixture.kind}) left nothing in its folder")
        return dict(facts or {})

    def _progress(self, name: str) -> Callable[[str, float], None]:
        return lambda text, fraction: self.watch.note(f"{name}: {text} ({fraction:.0%})")

    def dataset(self, value: object) -> Dataset:
        """The rows that a data option names: a file, a hub data set, or a part of a fixture."""
        at = reference(value)
        if at is None:
            if isinstance(value, Mapping) and reference(value.get("path")):
                raise SuiteError(f"{value['path']} is read as it is; write it alone, without {{path: …}} around it")
            if not isinstance(value, str | Mapping):
                raise SuiteError(f"data must be a path, hub:NAME, $fixture.part or {{path: …}}, found {value!r}")
            return open_data(value, root=self.suite.root)
        folder = self.fixture(at.name).path
        wanted = at.part or "data"
        files = sorted(p for p in folder.iterdir() if p.name.split(".")[0] == wanted)
        if not files:
            known = [p.name.split(".")[0] for p in folder.iterdir() if p.is_file() and p.name != "manifest.json"]
            raise SuiteError(f"${at.name} has no part {at.part or '(unnamed)'!r}{nearest(at.part, known)}")
        return open_data(files[0].name, root=folder, part=at.part, shown=str(value))

    def checkpoint(self, name: str) -> Checkpoint:
        """The checkpoint of a model of the suite, of a $fixture, or of a folder or hub id."""
        if name not in self._checkpoints:
            entry = dict(self.suite.models[name].options) if name in self.suite.models else {"pretrained": name}
            for option in MODEL_KEYS:
                if at := reference(entry.get(option)):
                    entry[option] = str(self.fixture(at.name).path)
            alone = bool(entry.get("peft")) and not entry.get("pretrained")
            base = self.checkpoint("base") if alone and "base" in self.suite.models else None
            found = identify(name, entry, folder=self.suite.root, base=base, memo=self.store.root / "digests.json")
            self._checkpoints[name] = replace(found, head=head(found))
        return self._checkpoints[name]

    def maker(self, model: str) -> str | None:
        """The fixture that a model's own weights (its adapter, if it has one) come from."""
        entry = self.suite.models[model].options
        at = reference(entry.get("peft") or entry.get("pretrained"))
        return at.name if at else None

    def _spec(self, name: str) -> FixtureSpec:
        if name not in self.suite.fixtures:
            raise SuiteError(f"no fixture named {name!r}{nearest(name, self.suite.fixtures)}")
        return self.suite.fixtures[name]

    def _options(self, fixture: FixtureSpec) -> dict[str, Any]:
        options = dict(fixture.options)
        if "seed" in fixture.entry.options and "seed" not in options:
            options["seed"] = self.suite.seed
        return options

    def _input(self, fixture: FixtureSpec, option: str, value: object) -> str:
        """Digest of what an option refers to; empty where it is plain data."""
        kind = fixture.entry.options[option].reference
        if value is None:
            return ""
        if kind in ("data", "model"):
            contents = [self._content(item, kind) for item in (value if isinstance(value, list) else [value])]
            return contents[0] if not isinstance(value, list) else digest.of(contents)
        if kind == "file":
            return digest.of(self._files(value))
        inner = [leaf for leaf in _leaves(value) if reference(leaf)]
        return digest.of([digest.of(value), *(self._content(leaf, "data") for leaf in inner)]) if inner else ""

    def _files(self, value: object) -> object:
        """Plain data with every path beside the suite replaced by the digest of what is there."""
        if isinstance(value, Mapping):
            return {key: self._files(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._files(item) for item in value]
        if not isinstance(value, str):
            return value
        return self._content(value, "data") if reference(value) else digest.of_path(self.suite.root / value)

    def _content(self, value: object, kind: str) -> str:
        if at := reference(value):
            return f"{self.key(at.name)[0]}.{at.part}"
        if kind == "data":
            return self.dataset(value).digest()
        if kind == "weights":
            place = self.suite.root / str(value)
            return digest.of_path(place) if place.exists() else str(value)
        entry = dict(self.suite.models[str(value)].options) if value in self.suite.models else {"pretrained": value}
        if not any(reference(entry.get(key)) for key in MODEL_KEYS):
            return self.checkpoint(str(value)).digest
        # made of fixtures, of which the keys are known without making them
        parts = {key: self._content(entry.pop(key), "weights") for key in MODEL_KEYS if entry.get(key)}
        if "pretrained" not in parts and "base" in self.suite.models:
            parts["pretrained"] = self._content("base", "model")
        return digest.of([parts, entry])

    def _ready(self, fixture: FixtureSpec, option: str, value: object) -> object:
        kind = fixture.entry.options[option].reference
        if value is None:
            return None
        if kind == "data":
            return [self.dataset(item) for item in value] if isinstance(value, list) else self.dataset(value)
        if kind == "model":
            return self.checkpoint(str(value))
        return self._paths(value)

    def _paths(self, value: object) -> object:
        """Plain data with every $reference replaced by the path of what it names."""
        if isinstance(value, Mapping):
            return {key: self._paths(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._paths(item) for item in value]
        if at := reference(value):
            return str(self.dataset(value).path if at.part else self.fixture(at.name).path)
        return value


def _quiet(fixture: FixtureSpec) -> AbstractContextManager[None]:
    """Keep the libraries that train off the terminal; stages that only move data do not even load them."""
    return quiet() if fixture.entry.facts.get("makes") in ("model", "adapter") else nullcontext()


def _leaves(value: object) -> list[object]:
    """Every scalar in nested options."""
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
