"""Data sets of the Hugging Face hub, streamed: `NAME[/CONFIG][@REVISION][#SPLIT]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from harness.data.source import Item
from harness.data.tablerows import plain
from harness.errors import Complaint, SuiteError, nearest

_ADDRESS = re.compile(
    r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:/(?P<config>[\w. -]+))?"
    r"(?:@(?P<revision>[\w./-]+))?(?:#(?P<split>\w+))?"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A hub data set, taken apart. Two parts before `@` and `#` are owner and name; a third is the configuration."""

    name: str
    config: str | None
    revision: str | None
    split: str | None


def address(text: str, shown: str) -> Address:
    """`text` (without `hub:`) taken apart."""
    found = _ADDRESS.fullmatch(text)
    if not found:
        raise SuiteError(f"data {shown}: cannot read the address; write hub:OWNER/NAME[/CONFIG][@REVISION][#SPLIT]")
    return Address(**found.groupdict())


def items(text: str, shown: str) -> Iterator[Item]:
    """`(row number, row)` of a hub data set, or a complaint in its place."""
    at = address(text, shown)
    split = _split(at, shown)
    import datasets

    with _told(shown):
        rows = datasets.load_dataset(at.name, at.config, split=split, revision=at.revision, streaming=True)
        for number, row in enumerate(rows, 1):
            try:
                yield number, {str(name): plain(value) for name, value in row.items()}
            except TypeError as error:
                yield number, Complaint(shown, number, str(error))


def identity(text: str, shown: str) -> dict[str, Any]:
    """What tells this data set from any other: its name, split and exact fingerprint."""
    at = address(text, shown)
    split = _split(at, shown)
    import datasets

    with _told(shown):
        builder = datasets.load_dataset_builder(at.name, at.config, revision=at.revision)
    return {"hub": at.name, "config": at.config, "split": split, "fingerprint": str(builder.hash)}


def _split(at: Address, shown: str) -> str:
    """The split that was asked for; without one, the only split there is."""
    import datasets

    with _told(shown):
        known = list(datasets.get_dataset_split_names(at.name, at.config, revision=at.revision))
    if at.split in known:
        return str(at.split)
    if at.split is None and len(known) == 1:
        return str(known[0])
    found = f"no split {at.split!r}" if at.split else "name a split after #"
    raise SuiteError(f"data {shown}: {found}{nearest(at.split or '', known)}")


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """Whatever the hub says goes to the user as one sentence."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        # datasets' own errors, a missing network and offline mode are all of these kinds
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SuiteError(
            f"data {shown}: the hub data set cannot be read ({first}); check the name and the network, "
            "or save it as a file once (datasets: to_json)"
        ) from error
