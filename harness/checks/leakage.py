"""Do test rows stand in the training data?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalog import check
from harness.data import Dataset, references, required, text_of
from harness.errors import NothingSelected, SuiteError
from harness.figure import Figure, Table
from harness.findings import Findings
from harness.overlap import Copies, Copy, Text, normalise
from harness.score import Quantity, table

SHOWN = 20
_MEASURES = {
    name: Quantity(name, family="census", better="lower", bounds=(0.0, 1.0))
    for name in ("rate", "exact", "near", "ngram")
}


@check(measures=_MEASURES, asks="nobody")
def leakage(
    *,
    train: Dataset,
    test: Dataset,
    near_duplicate: float = 0.8,
    ngram: int = 13,
    contained: float = 0.7,
    input: str = "input",
    target: str | None = "target",
) -> Findings:
    """Count the test rows that stand in the training data, as they are or nearly so.

    `exact`: an equal input (after normalising) with the same target; `near`: no equal one, but a near one with the same
    target; `rate`: either of them; `ngram`: most of the input's word n-grams stand in training inputs. All are shares
    of the test rows, which are counted in full. Rows made from templates are near without a leak: that is why the
    target must be the same. The test rows are held in memory, the training rows are streamed.

    Options:
        train: the rows that the candidate was trained on
        test: the rows that it is judged by
        near_duplicate: share of three-letter pieces (Jaccard) from which two inputs are near
        ngram: how many words make a passage
        contained: share of an input's passages, found in the training data, from which it counts for `ngram`
        input: the field that is compared
        target: the field that must be the same; null counts every equal or near input
    """
    for name, share in (("near_duplicate", near_duplicate), ("contained", contained)):
        if not 0 < share <= 1:
            raise SuiteError(f"{name} {share} of leakage: write a share above 0 and at most 1")
    if ngram < 1:
        raise SuiteError(f"ngram {ngram} of leakage: write a number of words, such as 13")
    ids = [record.id for record in test.records()]
    watched = list(_texts(test, input, target))
    copies = Copies(watched, threshold=near_duplicate, n=ngram)
    trained = _see(copies, train, input, target)
    for data, rows in ((test, len(watched)), (train, trained)):
        if not rows:
            raise NothingSelected(f"{data} has no rows; there is no leakage to look for")
    shares = copies.shares()
    scored = {
        "rate": [copy is not None for copy in copies.found],
        "exact": [copy is not None and copy.exact for copy in copies.found],
        "near": [copy is not None and not copy.exact for copy in copies.found],
        "ngram": [share is not None and share >= contained for share in shares],
    }
    return Findings(
        scores={name: table(_MEASURES[name], ids, map(float, values)) for name, values in scored.items()},
        figures=[_counts(scored, copies, trained, ngram, contained), _pairs(ids, watched, copies.found)],
        warnings=_warnings(copies, shares, ngram),
        rows=[
            {"doc_id": ids[at], "prompt": text.shown, "target": sorted(text.targets)}
            | {name: float(values[at]) for name, values in scored.items()}
            for at, text in enumerate(watched)
        ],
    )


def _see(copies: Copies, train: Dataset, input: str, target: str | None) -> int:
    """Let the training rows stream by; how many there were."""
    rows = 0
    for text in _texts(train, input, target):
        copies.see(text)
        rows += 1
    return rows


def _texts(data: Dataset, input: str, target: str | None) -> Iterator[Text]:
    for line, row in data.numbered():
        shown = text_of(required(data, line, row, input, "input"))
        answers = references(required(data, line, row, target, "target")) if target else [""]
        yield Text(normalise(shown), frozenset(map(normalise, answers)), f"{data}:{line}", shown)


def _counts(scored: dict[str, list[bool]], copies: Copies, trained: int, ngram: int, contained: float) -> Figure:
    total = len(copies.found)
    short = sum(share is None for share in copies.shares())
    conflicts = sum(text is not None for text in copies.conflicts)
    lines: list[tuple[str, int]] = [
        ("equal input, same target", sum(scored["exact"])),
        ("near input, same target", sum(scored["near"])),
        ("leaked (either)", sum(scored["rate"])),
        ("equal input, other target", conflicts),
        (f"at least {contained:.0%} of its {ngram}-word passages", sum(scored["ngram"])),
        (f"shorter than {ngram} words: no passage to look for", short),
    ]
    return Table(
        title="Test rows in the training data",
        columns=["what stands there", "test rows", "share"],
        rows=[[name, count, count / total] for name, count in lines],
        note=f"{total:,} test rows against {trained:,} training rows",
    )


def _pairs(ids: list[str], watched: list[Text], found: list[Copy | None]) -> Figure:
    """The copies side by side, equal ones first, then the nearest."""
    leaks = [(at, copy) for at, copy in enumerate(found) if copy is not None]
    leaks.sort(key=lambda leak: (not leak[1].exact, -leak[1].similarity, leak[0]))
    return Table(
        title="Leaked test rows beside their training rows",
        columns=["test row", "test input", "training row", "training input", "similarity"],
        rows=[
            [ids[at], _cut(watched[at].shown), copy.of.place, _cut(copy.of.shown), round(copy.similarity, 3)]
            for at, copy in leaks[:SHOWN]
        ],
        note=f"the {SHOWN} worst of {len(leaks):,}" if len(leaks) > SHOWN else "",
    )


def _cut(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _warnings(copies: Copies, shares: list[float | None], ngram: int) -> list[str]:
    found = []
    if conflicts := sum(text is not None for text in copies.conflicts):
        found.append(f"{conflicts:,} test inputs stand in the training data with another target; not counted as leaked")
    if shares and all(share is None for share in shares):
        found.append(f"no test input has {ngram} words, so `ngram` finds nothing; set a smaller `ngram`")
    return found
