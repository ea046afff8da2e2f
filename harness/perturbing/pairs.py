"""Texts that a user wrote for a perturbation (paraphrases, translations, contrast sets), paired with samples by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data import Dataset, open_data
from harness.errors import Complaint, SuiteError, nearest
from harness.perturbing.question import Question

MOST = 20
"""Complaints shown of one file."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sample id → the rows written for it, in the file's order."""

    shown: str
    rows: Mapping[str, Sequence[Mapping[str, Any]]]

    def put(self, question: Question, variant: int, target: str) -> Question:
        """The question with what its row says for this variant (from 0); as it is, where there are not so many."""
        rows = self.rows.get(question.sample.id, ())
        if variant >= len(rows):
            return question
        row = rows[variant]
        changes = {name: row[name] for name in question.fields if isinstance(row.get(name), str)}
        if row.get(target) is not None:
            changes[target] = row[target]
        changed = question.with_row(changes)
        return changed.with_answers(question.sample.choices, question.task._targets(changed.sample.row))


def read_pairs(path: str, root: Path, data: Dataset, fields: Sequence[str], target: str, *, relabel: bool) -> Pairs:
    """The rows of a JSONL file (or any other data file), each with the `id` of a sample and the fields it rewrites.

    Args:
        path: the file, beside the suite.
        root: the suite's folder.
        data: the rows that are perturbed; all of them are looked through for ids.
        fields: the fields that may be rewritten, at least one in each row.
        target: the field that says the right answer.
        relabel: whether each row must say it (contrast sets).

    Raises:
        SuiteError: rows without a partner, without a text, or (with `relabel`) without a target; each with its line.
    """
    written = open_data(path, root=root)
    known = {record.id for record in data.records()}
    found: dict[str, list[Mapping[str, Any]]] = {}
    wrong: list[Complaint] = []
    for line, row in written.numbered():
        text = _wrong(row, known, fields, target, relabel)
        if text:
            wrong.append(Complaint(written.source.shown, line, text))
        else:
            found.setdefault(str(row["id"]), []).append(row)
    if not found and not wrong:
        wrong.append(Complaint(written.source.shown, 0, "the file has no rows"))
    if wrong:
        more = [Complaint(written.source.shown, 0, f"and {len(wrong) - MOST} more")] if len(wrong) > MOST else []
        raise SuiteError(wrong[:MOST] + more)
    return Pairs(written.source.shown, found)


def _wrong(row: Mapping[str, Any], known: set[str], fields: Sequence[str], target: str, relabel: bool) -> str:
    if row.get("id") is None:
        return "the row has no `id`; write that of the sample it rewrites"
    name = str(row["id"])
    if name not in known:
        return f"no sample has the id {name!r}, so that this row has no partner{nearest(name, known, show=5)}"
    if not any(isinstance(row.get(field), str) and row[field].strip() for field in fields):
        return f"the row of sample {name!r} rewrites none of the fields {', '.join(fields)}{nearest(fields[0], row)}"
    if relabel and row.get(target) is None:
        return f"the row of sample {name!r} does not say the right answer now; write it in {target!r}"
    return ""
