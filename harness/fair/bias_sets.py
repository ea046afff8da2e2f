"""Public sets of questions about bias, as their authors publish them: BBQ, Winogender, CrowS-Pairs."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from harness.data.dataset import Dataset, Row
from harness.errors import Complaint, SuiteError, nearest
from harness.sample import Sample
from harness.task import Task
from harness.template import Template

UNKNOWN = "unknown"
PRONOUNS = {
    "male": ("he", "him", "his"), "female": ("she", "her", "hers"), "neutral": ("they", "them", "their", "theirs"),
}  # fmt: skip
ANSWERS = ("ans0", "ans1", "ans2")
_LETTER = re.compile(r"^\W*([abc])\b(?!['’])", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|a|an) ")


@dataclass(frozen=True, slots=True)
class BBQ:
    """One question of BBQ (Parrish et al. 2022)."""

    sample: Sample
    right: int
    unknown: int
    target: int | None
    """The answer that names the group which the stereotype is about; None where the file does not say which."""
    category: str
    polarity: str
    """`neg`, or `nonneg`: there the other answer is the biased one."""
    ambiguous: bool

    def biased(self, answer: int) -> bool:
        """Whether an answer follows the stereotype; `target` must be known."""
        return answer != self.unknown and (answer == self.target) == (self.polarity == "neg")


def task_over(name: str, data: Dataset, prompt: str, output: str, normalize: str, most: int, limit: int | None) -> Task:
    """A task that asks ready-made samples and scores nothing itself.

    Raises:
        SuiteError: the prompt is no template.
    """
    try:
        template = Template(prompt)
    except ValueError as error:
        raise SuiteError(f"{name}: option 'prompt': {error}") from error
    return Task(name=name, data=data, prompt=template, target="", output=output, measures=(), normalize=normalize,
                max_new_tokens=most, limit=limit, needs_target=False)  # fmt: skip


def bbq_questions(task: Task) -> list[BBQ]:
    """The questions of a BBQ file.

    Raises:
        SuiteError: a row is not of that form; names its line.
    """
    found = [_bbq(task, row) for row in islice(task.data.records(), task.limit)]
    _must_differ(task, [question.sample.id for question in found])
    return found


def _bbq(task: Task, record: Row) -> BBQ:
    row = record.fields
    _need(
        task,
        record,
        ("context", "question", *ANSWERS, "label", "answer_info", "context_condition", "question_polarity"),
    )
    answers = tuple(str(row[name]) for name in ANSWERS)
    info = row["answer_info"]
    if not isinstance(info, dict) or not all(
        isinstance(info.get(name), list) and len(info[name]) > 1 for name in ANSWERS
    ):
        raise _wrong(task, record, "`answer_info` must give each of ans0, ans1, ans2 its name and its group")
    groups = [[str(part) for part in info[name]] for name in ANSWERS]
    unknown = [at for at, names in enumerate(groups) if names[1] == UNKNOWN]
    if len(unknown) != 1 or row["label"] not in (0, 1, 2):
        raise _wrong(task, record, "one answer must be of the group `unknown`, and `label` 0, 1 or 2")
    if row["context_condition"] not in ("ambig", "disambig") or row["question_polarity"] not in ("neg", "nonneg"):
        raise _wrong(task, record, "context_condition is ambig or disambig, question_polarity neg or nonneg")
    category = str(row.get("category") or "all")
    name = f"{category}/{row['example_id']}" if "example_id" in row and "id" not in row else record.id
    beside = {"category": category, "polarity": row["question_polarity"]}
    sample = Sample(name, _rendered(task, record, row), (answers[row["label"]],), answers, beside, row=row)
    return BBQ(sample, row["label"], unknown[0], _target(row, groups, unknown[0]), category, row["question_polarity"],
               row["context_condition"] == "ambig")  # fmt: skip


def _target(row: Mapping[str, Any], groups: Sequence[Sequence[str]], unknown: int) -> int | None:
    """The one answer whose name or group is among those that the stereotype is about."""
    beside = row.get("additional_metadata") or {}
    about = {str(name).casefold() for name in beside.get("stereotyped_groups") or ()}
    hits = [at for at, names in enumerate(groups) if at != unknown and about & {name.casefold() for name in names}]
    return hits[0] if len(hits) == 1 else None


def which(text: str, answers: Sequence[str]) -> int | None:
    """Which of the answers a text gives: its words, its letter, or the only one that it mentions; else None."""
    said = _words(text)
    plain = [_words(answer) for answer in answers]
    if said in plain:
        return plain.index(said)
    if letter := _LETTER.match(text):
        rest = _words(text[letter.end() :])
        if not rest or rest in plain or letter[0].strip() != letter[1]:
            return "abc".index(letter[1].lower())
    named = [at for at, answer in enumerate(plain) if answer and f" {answer} " in f" {said} "]
    return named[0] if len(named) == 1 else None


def _words(text: str) -> str:
    """Lower case, without punctuation at the ends of words and without a leading article."""
    words = " ".join(word.strip(string.punctuation + "’“”") for word in text.casefold().split()).strip()
    return _ARTICLE.sub("", " ".join(words.split()))


@dataclass(frozen=True, slots=True)
class Schema:
    """One sentence of Winogender (Rudinger et al. 2018)."""

    sample: Sample
    name: str
    """What the sentences of one schema have in common: all but the pronoun."""
    gender: str
    occupation: str
    right: int
    """0 where the pronoun means the occupation, 1 the participant."""


def winogender_sentences(task: Task) -> list[Schema]:
    """The sentences of `all_sentences.tsv`: columns sentid (occupation.participant.answer.gender.txt) and sentence.

    Raises:
        SuiteError: a row is not of that form; names its line.
    """
    return [_schema(task, record) for record in islice(task.data.records(), task.limit)]


def _schema(task: Task, record: Row) -> Schema:
    _need(task, record, ("sentid", "sentence"))
    parts = str(record.fields["sentid"]).removesuffix(".txt").split(".")
    if len(parts) != 4 or parts[2] not in ("0", "1") or parts[3] not in PRONOUNS:
        raise _wrong(task, record, f"sentid {record.fields['sentid']!r} is not occupation.participant.0|1.gender.txt")
    occupation, participant, answer, gender = parts
    sentence = str(record.fields["sentence"])
    pronoun = next((word for word in re.findall(r"\w+", sentence) if word.lower() in PRONOUNS[gender]), "")
    if not pronoun:
        raise _wrong(task, record, f"the sentence has no {gender} pronoun")
    row = {"sentence": sentence, "pronoun": pronoun, "occupation": occupation, "participant": participant}
    choices = (occupation, participant)
    prompt = _rendered(task, record, row)
    kind = {"gender": gender, "means": ("occupation", "participant")[int(answer)]}
    sample = Sample(".".join(parts), prompt, (choices[int(answer)],), choices, kind, row=row)
    return Schema(sample, ".".join(parts[:3]), gender, occupation, int(answer))


def shares_of_women(stats: Dataset) -> dict[str, float]:
    """Occupation → percentage of women in it (US Bureau of Labor Statistics), from `occupations-stats.tsv`.

    Raises:
        SuiteError: a row is not of that form.
    """
    found: dict[str, float] = {}
    for line, row in stats.numbered():
        try:
            found[str(row["occupation"])] = float(row["bls_pct_female"])
        except (KeyError, ValueError, TypeError) as error:
            text = "a row needs `occupation` and a number in `bls_pct_female`"
            raise SuiteError([Complaint(stats.source.shown, line, text)]) from error
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences of CrowS-Pairs (Nangia et al. 2020) that differ in whom they speak of."""

    id: str
    more: str
    """The sentence that is more stereotyping."""
    less: str
    kind: str
    """Of which bias."""


def crows_pairs_sentences(data: Dataset, limit: int | None) -> Iterator[Pair]:
    """The pairs of a CrowS-Pairs file: columns sent_more, sent_less and bias_type.

    Raises:
        SuiteError: a row is not of that form; names its line.
    """
    for record in islice(data.records(), limit):
        row = record.fields
        for name in ("sent_more", "sent_less", "bias_type"):
            if not str(row.get(name) or "").strip():
                raise SuiteError(
                    [Complaint(data.source.shown, record.line, f"the row has no {name!r}{nearest(name, row)}")]
                )
        yield Pair(record.id, str(row["sent_more"]), str(row["sent_less"]), str(row["bias_type"]))


def _need(task: Task, record: Row, names: Sequence[str]) -> None:
    for name in names:
        if record.fields.get(name) is None:
            raise _wrong(task, record, f"the row has no {name!r}{nearest(name, record.fields)}")


def _rendered(task: Task, record: Row, row: Mapping[str, Any]) -> str:
    try:
        return task.prompt.render(row)
    except ValueError as error:
        raise _wrong(task, record, str(error)) from error


def _wrong(task: Task, record: Row, text: str) -> SuiteError:
    return SuiteError([Complaint(task.data.source.shown, record.line, f"{task.name}: {text}")])


def _must_differ(task: Task, ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise SuiteError(f"{task.name}: the question {name!r} stands twice in {task.data}; keep one")
        seen.add(name)
