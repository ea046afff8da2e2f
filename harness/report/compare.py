"""Two runs side by side: may they be compared at all, which criteria flipped, and how every metric moved."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.report import plain, terminal, words
from harness.run import EstimateRecord, Measurement, Run

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not the same in both runs; `hinders` if values can then not be compared."""

    what: str
    first: str
    second: str
    hinders: bool = False


@dataclass(frozen=True, slots=True)
class Flip:
    """A criterion in both runs, or in one of them."""

    that: str
    first: str
    """Its verdict in the first run; empty where it was not there."""
    second: str

    @property
    def flipped(self) -> bool:
        """Whether the verdict changed; a criterion that only one run has cannot."""
        return bool(self.first and self.second) and self.first != self.second


@dataclass(frozen=True, slots=True)
class Move:
    """One metric of one model on the same rows, in both runs."""

    check: str
    metric: str
    model: str
    slice: str
    first: EstimateRecord | None
    second: EstimateRecord | None

    @property
    def difference(self) -> float | None:
        """Second minus first; None where one of them is unknown."""
        if self.first is None or self.second is None or self.first.value is None or self.second.value is None:
            return None
        return self.second.value - self.first.value

    @property
    def apart(self) -> bool:
        """Whether the two intervals do not even touch."""
        a, b = self.first, self.second
        if a is None or b is None or a.low is None or a.high is None or b.low is None or b.high is None:
            return False
        return a.high < b.low or b.high < a.low


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it; what matters most stands first in each list."""

    changes: list[Change]
    flips: list[Flip]
    moves: list[Move]

    @property
    def comparable(self) -> bool:
        """Whether the same criteria were held against answers to the same data."""
        return not any(change.hinders for change in self.changes)


def compare(first: Run, second: Run) -> Comparison:
    """What changed from the first run to the second."""
    changes = sorted(_changes(first, second), key=lambda change: not change.hinders)
    return Comparison(changes, _flips(first, second), _moves(first, second))


def _changes(first: Run, second: Run) -> Iterator[Change]:
    yield from _differing("suite", {"name": first.suite.name}, {"name": second.suite.name}, True)
    yield from _criteria_changes(_asked(first), _asked(second))
    yield from _differing("limit", {"--limit": str(first.limit)}, {"--limit": str(second.limit)}, True)
    yield from _differing("data of", _data(first), _data(second), True, both=True)
    yield from _differing("suite", {"digest": first.suite.digest}, {"digest": second.suite.digest})
    yield from _differing("seed", {"": str(first.suite.seed)}, {"": str(second.suite.seed)})
    yield from _differing("model", _digests(first), _digests(second))
    made = [{name: fixture.key for name, fixture in run.fixtures.items()} for run in (first, second)]
    yield from _differing("fixture", made[0], made[1])
    yield from _differing("harness", {"": first.harness}, {"": second.harness})
    yield from _differing("environment", _flat(first.environment), _flat(second.environment))


def _differing(
    kind: str, first: dict[str, str], second: dict[str, str], hinders: bool = False, both: bool = False
) -> Iterator[Change]:
    """Entries that differ; with `both`, only those that are known on both sides."""
    for name in dict.fromkeys([*first, *second]):
        a, b = first.get(name, ""), second.get(name, "")
        if a != b and not (both and not (a and b)):
            yield Change(f"{kind} {name}".strip(), a, b, hinders)


def _criteria_changes(first: dict[str, str], second: dict[str, str]) -> Iterator[Change]:
    """Criteria that are asked differently, and in one line how many only one run has."""
    yield from _differing("criterion", first, second, True, both=True)
    alone = [len(mine.keys() - other.keys()) for mine, other in ((first, second), (second, first))]
    if any(alone):
        yield Change("criteria", f"{alone[0]} only here", f"{alone[1]} only here", True)


def _asked(run: Run) -> dict[str, str]:
    """What each criterion asks for beyond its sentence."""
    return {c.id: f"{c.severity}, confidence {c.confidence:g}, on the {c.on}" for c in run.criteria}


def _data(run: Run) -> dict[str, str]:
    """What is known of the samples of each check: their digest, else how many they are."""
    return {
        name: check.data or (f"{check.samples:,} samples" if check.samples else "")
        for name, check in run.checks.items()
    }


def _digests(run: Run) -> dict[str, str]:
    return {name: model.digest for name, model in run.models.items()}


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


def _flips(first: Run, second: Run) -> list[Flip]:
    """Flipped criteria first, among them what no longer passes."""
    before = {criterion.id: words.state(criterion) for criterion in first.criteria}
    after = {criterion.id: words.state(criterion) for criterion in second.criteria}
    flips = [Flip(name, before.get(name, ""), after.get(name, "")) for name in dict.fromkeys([*after, *before])]
    return sorted(flips, key=lambda flip: (not flip.flipped, not (flip.first and flip.second), flip.first != "pass"))


def _moves(first: Run, second: Run) -> list[Move]:
    """Metrics whose intervals do not touch first, else in the order of the second run."""
    before, after = _measured(first), _measured(second)
    moves = [Move(*place, before.get(place), after.get(place)) for place in dict.fromkeys([*after, *before])]
    return sorted(moves, key=lambda move: not move.apart)


def _measured(run: Run) -> dict[tuple[str, str, str, str], EstimateRecord]:
    return {(m.check, m.metric, m.model, m.slice): _estimate(m) for m in run.measurements}


def _estimate(found: Measurement) -> EstimateRecord:
    return EstimateRecord(**{name: getattr(found, name) for name in EstimateRecord.model_fields})


def document(first: Run, second: Run) -> dict[str, Any]:
    """The comparison as plain data, for `--json`."""
    found = compare(first, second)
    moves = [
        {
            **{name: getattr(move, name) for name in ("check", "metric", "model", "slice", "difference", "apart")},
            "first": move.first.model_dump() if move.first else None,
            "second": move.second.model_dump() if move.second else None,
        }
        for move in found.moves
    ]
    runs = [{"run_id": run.run_id, "candidate": run.candidate, "verdict": run.verdict} for run in (first, second)]
    flips = [{**asdict(flip), "flipped": flip.flipped} for flip in found.flips]
    return {
        "comparable": found.comparable,
        "runs": runs,
        "changes": [asdict(change) for change in found.changes],
        "criteria": flips,
        "metrics": moves,
    }


def show(first: Run, second: Run) -> None:
    """Print the comparison to standard output."""
    terminal.emit(lambda width, colour: render(first, second, width=width, colour=colour))


def render(first: Run, second: Run, *, width: int = 80, colour: bool = False) -> str:
    """The comparison as text: differences of provenance, then criteria, then metrics."""
    found = compare(first, second)
    out = io.StringIO()
    console = terminal.console(out, width, colour)
    for name, run in (("A", first), ("B", second)):
        terminal.say(
            console, f"{name}  {run.run_id}  {run.candidate}  {run.verdict}", terminal.STYLES.get(run.verdict, "")
        )
    if not found.comparable:
        console.print()
        terminal.say(console, "NOT COMPARABLE: the criteria or the data are not the same", "bold red")
    _provenance(console, found)
    _criteria(console, found)
    _metrics(console, found)
    flipped, both = sum(flip.flipped for flip in found.flips), sum(bool(f.first and f.second) for f in found.flips)
    console.print()
    terminal.say(console, f"{flipped} of {both} criteria flipped; A {first.verdict}, B {second.verdict}", "bold")
    return out.getvalue()


def _provenance(console: Console, found: Comparison) -> None:
    if not found.changes:
        return
    table = terminal.table(["what differs", "A", "B"])
    for change in found.changes:
        style = "red" if change.hinders else ""
        table.add_row(*(terminal.cell(_brief(text), style) for text in (change.what, change.first, change.second)))
    console.print()
    console.print(table)


def _brief(text: str) -> str:
    """Digests at the length that people compare."""
    whole = len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)
    return text[:12] if whole else plain.line(text, 60) or "–"


def _criteria(console: Console, found: Comparison) -> None:
    table = terminal.table(["criterion", "A", "B"])
    for flip in found.flips:
        style = terminal.STYLES.get(flip.second, "") if flip.flipped else "dim"
        sides = (words.STATES[state][1].lower() if state else "–" for state in (flip.first, flip.second))
        table.add_row(*(terminal.cell(text, style) for text in (flip.that, *sides)))
    console.print()
    console.print(table)


def _metrics(console: Console, found: Comparison) -> None:
    """What moved: whole-data metrics of all models, slices only where the two runs are clearly apart."""
    table = terminal.table(["metric", "model", "A", "B", "B − A"], right=3)
    still = 0
    for move in found.moves:
        if move.first == move.second:
            still += not move.slice
        elif not move.slice or move.apart:
            cells = _moved(move, console.width >= 110)
            table.add_row(*(terminal.cell(text, "bold" if move.apart else "") for text in cells))
    console.print()
    if table.row_count:
        console.print(table)
    if still:
        terminal.say(console, f" {still} metrics are the same in both", "dim")


def _moved(move: Move, wide: bool) -> list[str]:
    """The cells of one metric; intervals only where there is room."""
    name = f"{move.check}.{move.metric}{f'[{move.slice}]' if move.slice else ''}"
    unit = next((side.unit for side in (move.second, move.first) if side), "")
    like = next((side.value for side in (move.second, move.first) if side and side.value is not None), None)
    sides = [_side(side, wide) for side in (move.first, move.second)]
    gap = "–" if move.difference is None else words.number(move.difference, unit, like, sign=True)
    return [name, move.model, *sides, gap]


def _side(found: EstimateRecord | None, wide: bool) -> str:
    if found is None:
        return "–"
    return words.estimate(found) if wide else words.number(found.value, found.unit)
