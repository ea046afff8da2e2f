"""Rows: what a check tells of every sample, kept in memory while it is little and in a temporary file beyond."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, overload

from harness.errors import OutputBroken

Row = dict[str, Any]
LOT = 1000
"""Rows that are packed together; one lot is in memory while rows are read back."""
KEPT = 2000
"""Rows that stay in memory before any goes to the disk."""


class Rows(Sequence[Row]):
    """A list of plain rows that only grows; it may be read again and again, in order or at any place.

    Rows are JSON: what is read back from the disk has lists where tuples were put in.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        """Every metric that some row has, in the order of their first row."""
        self._newest: list[Row] = []
        """Rows that are not on the disk."""
        self._lots: list[int] = []
        """Where in the file each packed lot begins, and where the last one ends."""
        self._file: IO[bytes] | None = None
        self._opened: tuple[int, list[Row]] = (-1, [])
        """The lot that was read last."""

    @classmethod
    def of(cls, rows: Iterable[Row] | Callable[[], Iterable[Row]]) -> Rows:
        """Rows from a list, from an iterator that is read once, or from what makes one."""
        if isinstance(rows, Rows):
            return rows
        found = cls()
        found.extend(rows() if callable(rows) else rows)
        return found

    def append(self, row: Row) -> None:
        """One more row.

        Raises:
            OutputBroken: the temporary file cannot be written.
            TypeError, ValueError: it is not plain JSON data.
        """
        self.names.update(dict.fromkeys(measured(row)))
        self._newest.append(row)
        if len(self._newest) >= KEPT + LOT:
            self._pack()

    def extend(self, rows: Iterable[Row]) -> None:
        """More rows."""
        for row in rows:
            self.append(row)

    def __len__(self) -> int:
        return self._packed + len(self._newest)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        """The row at a place, or the rows of a slice."""
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(f"row {at} of {len(self)}")
        if place >= self._packed:
            return self._newest[place - self._packed]
        return self._lot(place // LOT)[place % LOT]

    def __iter__(self) -> Iterator[Row]:
        for lot in range(self._packed // LOT):
            yield from self._lot(lot)
        yield from self._newest

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Rows({len(self)})"

    @property
    def _packed(self) -> int:
        return LOT * max(0, len(self._lots) - 1)

    def _pack(self) -> None:
        """Move the oldest rows to the disk."""
        lot, self._newest = self._newest[:LOT], self._newest[LOT:]
        data = zlib.compress(json.dumps(lot, default=_plain).encode("ascii"), 1)
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="harness-rows-")  # noqa: SIM115 - lives as long as this does
                self._lots.append(0)
            self._file.seek(self._lots[-1])
            self._file.write(data)
        except OSError as error:
            where = tempfile.gettempdir()
            text = f"rows could not be kept in {where}: {error.strerror}; set TMPDIR to a place with more room"
            raise OutputBroken(text) from error
        self._lots.append(self._lots[-1] + len(data))

    def _lot(self, number: int) -> list[Row]:
        if self._opened[0] != number:
            assert self._file is not None
            begin, end = self._lots[number : number + 2]
            self._file.seek(begin)
            self._opened = number, json.loads(zlib.decompress(self._file.read(end - begin)))
        return self._opened[1]


def _plain(value: Any) -> Any:
    """A number of numpy's, or a read-only mapping, as JSON has it."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a row holds a {type(value).__name__}, which is no plain data")


def measured(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row's metrics: those it names as such, or its plain numbers."""
    if "metrics" in row:
        found: Mapping[str, Any] = row["metrics"]
        return found
    return {name: value for name, value in row.items() if isinstance(value, float)}


class Sheets:
    """The rows of several checks and models one after another, each row saying whose it is."""

    def __init__(self, sheets: Iterable[tuple[str, str, Sequence[Row]]]) -> None:
        self._sheets = [(check, model, Rows.of(rows)) for check, model, rows in sheets]

    @property
    def names(self) -> dict[str, None]:
        """Every metric that some row has."""
        return {name: None for _, _, rows in self._sheets for name in rows.names}

    def __len__(self) -> int:
        return sum(len(rows) for _, _, rows in self._sheets)

    def __iter__(self) -> Iterator[Row]:
        for check, model, rows in self._sheets:
            yield from ({"check": check, "model": model, **row} for row in rows)
