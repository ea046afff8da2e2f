"""May the weights and the data be used at all?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import NothingSelected, SuiteError, nearest
from harness.figure import Table
from harness.findings import Findings
from harness.inspecting.licences import Licence, base_of, canonical, of_folder
from harness.score import Missing, Quantity, table

_MEASURES = {
    "denied": Quantity("denied", "census", "lower"),
    "unknown": Quantity("unknown", "census", "lower"),
}
ALLOWED = ["apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc-by-4.0", "cc0-1.0"]


@check(measures=_MEASURES, asks="nobody")
def license(
    models: tuple[Checkpoint, ...],
    root: Path,
    *,
    allow: list[str] = ALLOWED,
    whose: list[str] = ["candidate"],  # noqa: B006
    data: Dataset | None = None,
    declared: dict[str, str] = {},  # noqa: B006
) -> Findings:
    """Hold the licences of weights, adapter, base and data against those that are allowed.

    A licence is read from a model card's front matter and from LICENSE files in the folder of the weights (or of the
    data file); where they contradict each other, or say nothing, it is unknown. `denied` is the share of things whose
    licence is known and not allowed: with one of them `license.denied <= 0` fails, with an unknown one it is
    inconclusive. `unknown` is the share of unknown ones.

    Options:
        allow: identifiers of SPDX (or those that model cards use), capitals ignored
        whose: the models that are looked at, each with its adapter and its base
        data: a data set, such as the training rows, in whose folder its licence stands
        declared: what is known by other ways: a model's or data set's name → its licence
    """
    known = {model.name: model for model in models}
    allowed = {canonical(name) for name in allow}
    if not allowed - {""}:
        raise SuiteError("license: `allow` names no licence, so that nothing could pass")
    if absent := [name for name in whose if name not in known]:
        raise SuiteError(f"license: no model named {absent[0]!r} is there to look at{nearest(absent[0], known)}")
    things = dict(_things([known[name] for name in whose], data))
    if not things:
        raise NothingSelected("license: there is nothing to look at; name models in `whose`, or `data`")
    for name in declared:
        if name not in things:
            raise SuiteError(f"license: `declared` speaks of {name!r}, which is not looked at{nearest(name, things)}")
    for name, said in declared.items():
        things[name] = Licence(canonical(said), "declared in the suite")
    denied = [
        float(found.name not in allowed)
        if found.name
        else Missing(f"the licence of {name} is not known: {found.source}")
        for name, found in things.items()
    ]
    unknown = [float(not found.name) for found in things.values()]
    return Findings(
        scores={name: table(_MEASURES[name], things, v) for name, v in (("denied", denied), ("unknown", unknown))},
        figures=[_shown(things, allowed)],
        warnings=[value.reason for value in denied if isinstance(value, Missing)],
    )


def _things(models: Iterable[Checkpoint], data: Dataset | None) -> Iterator[tuple[str, Licence]]:
    """Everything that has a licence of its own, by name."""
    for model in models:
        if not model.pretrained:
            yield model.name, Licence("", f"it is asked as {model.kind or 'something else'}, without its files")
            continue
        if model.peft:
            yield f"{model.name} (adapter)", _of(Path(model.peft))
        yield model.name, _of(Path(model.pretrained))
    if data is not None:
        path = data.path
        yield str(data), of_folder(path.parent) if path is not None else Licence("", "a hub data set; declare it")


def _of(folder: Path) -> Licence:
    """What a folder says; where only its base is named, that stands with the reason."""
    found = of_folder(folder)
    base = base_of(folder)
    if found.name or not base:
        return found
    return Licence("", f"{found.source}; it comes from {base}, whose licence binds it: declare it")


def _shown(things: dict[str, Licence], allowed: set[str]) -> Table:
    rows: list[list[str | float | int | None]] = []
    for name, found in things.items():
        verdict = "not known" if not found.name else "allowed" if found.name in allowed else "denied"
        rows.append([name, found.name or None, verdict, found.source, found.clause])
    columns = ["of", "licence", "verdict", "where it says so", "what it asks"]
    return Table(title="Licences", columns=columns, rows=rows, note="a reading of labels, not legal advice")
