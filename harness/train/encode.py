"""Rows into token ids and labels: the loss falls on the answer only, and no answer is ever cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import Complaint, FixtureBroken, SuiteError, nearest
from harness.template import Template, is_template
from harness.train.recipe import CAUSAL, CLASSIFIER, SEQ2SEQ

if TYPE_CHECKING:
    import torch

    from harness.data import Dataset

IGNORED = -100
"""Label of a token that the loss leaves out (torch's `ignore_index`)."""

Example = dict[str, Any]
"""`input_ids` and `labels`: two lists of equal length, or ids and one class, or ids and the ids of the answer."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a row becomes a question and its answer."""

    prompt: str = "{{ input }}"
    target: str = "target"
    target_delimiter: str = " "
    """Put between prompt and answer where the prompt does not end in a blank and there is no chat template."""
    chat: bool = False
    system_instruction: str = ""
    _templates: dict[str, Template] = field(default_factory=dict, repr=False)

    def question(self, row: Mapping[str, Any]) -> str:
        """The rendered prompt; raises `ValueError` for a field that the row does not have."""
        return self._template(self.prompt).render(row)

    def answer(self, row: Mapping[str, Any]) -> str:
        """The answer to learn; of several references the first. Raises `ValueError` where there is none."""
        if is_template(self.target):
            return self._template(self.target).render(row)
        if self.target not in row:
            raise ValueError(f"the row has no field {self.target!r} for the target{nearest(self.target, row)}")
        value = row[self.target]
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, bool | int | float):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"the target field {self.target!r} holds {value!r}, expected text")
        return value

    def _template(self, text: str) -> Template:
        if text not in self._templates:
            try:
                self._templates[text] = Template(text)
            except ValueError as error:
                raise SuiteError(f"{text!r}: {error}") from error
        return self._templates[text]


@dataclass(slots=True)
class Encoder:
    """Turns rows into examples for one tokenizer and one kind of model."""

    tokenizer: Any
    task_type: str
    wording: Wording
    max_length: int
    """The longest example in tokens, prompt and answer together."""
    labels: Sequence[str] = ()
    """Class names of a classifier; their positions are the classes."""
    dropped: int = 0

    def rows(self, data: Dataset, what: str) -> list[Example]:
        """Every row of `data`, encoded.

        Raises:
            SuiteError: a row lacks a field; names its line.
            FixtureBroken: no row at all, a row that is too long, or a label that is not known.
        """
        examples = []
        for at, row in enumerate(data.rows()):
            try:
                examples.append(self.row(row))
            except ValueError as error:
                raise SuiteError([Complaint("", 0, f"{data.where(at)}: {what}: {error}")]) from error
            self._fits(examples[-1], data, at, what)
        if not examples:
            raise FixtureBroken(f"{data}: {what}: there is no row to train with")
        return examples

    def row(self, row: Mapping[str, Any]) -> Example:
        """One example; raises `ValueError` where the row cannot be used."""
        question, answer = self.wording.question(row), self.wording.answer(row)
        if self.task_type == CLASSIFIER:
            if answer not in self.labels:
                raise ValueError(
                    f"the label {answer!r} is not one of the training labels{nearest(answer, self.labels)}"
                )
            return {"input_ids": self._ids(question), "labels": list(self.labels).index(answer)}
        return self.pair(question, answer)

    def pair(self, question: str, answer: str) -> Example:
        """One example of a question and its answer, for a model that writes."""
        if self.task_type == SEQ2SEQ:
            return {"input_ids": self._ids(question), "labels": self._closed(self._answer_alone(answer))}
        prompt, full = self._chat(question, answer) if self.wording.chat else self._plain(question, answer)
        return {"input_ids": full, "labels": [IGNORED] * len(prompt) + full[len(prompt) :]}

    def texts(self, data: Dataset, fieldname: str, what: str) -> list[Example]:
        """Whole texts to model, beginning and end included: nothing is masked but the first token."""
        examples = []
        for at, row in enumerate(data.rows()):
            value = row.get(fieldname)
            if not isinstance(value, str) or not value:
                near = "" if fieldname in row else nearest(fieldname, row)
                text = f"{data.where(at)}: {what}: expected text in the field {fieldname!r}, found {value!r}{near}"
                raise SuiteError([Complaint("", 0, text)])
            ids = self._closed(self._ids(value))
            examples.append({"input_ids": ids, "labels": list(ids)})
            self._fits(examples[-1], data, at, what)
        if not examples:
            raise FixtureBroken(f"{data}: {what}: there is no text to train with")
        return examples

    def _plain(self, question: str, answer: str) -> tuple[list[int], list[int]]:
        glue = "" if not question or question[-1].isspace() else self.wording.target_delimiter
        prompt, full = self._ids(question), self._ids(question + glue + answer)
        if full[: len(prompt)] != prompt:
            # the joint would melt into one token: what is asked later is the prompt alone, so learn from that
            full = prompt + self.tokenizer(glue + answer, add_special_tokens=False)["input_ids"]
        return prompt, self._closed(full)

    def _chat(self, question: str, answer: str) -> tuple[list[int], list[int]]:
        asked = [{"role": "user", "content": question}]
        if self.wording.system_instruction:
            asked.insert(0, {"role": "system", "content": self.wording.system_instruction})
        said = [*asked, {"role": "assistant", "content": answer}]
        before = self.tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        after = self.tokenizer.apply_chat_template(said, tokenize=False)
        if not after.startswith(before):
            raise ValueError(
                "the chat template writes the question differently once there is an answer, so question and answer "
                "cannot be told apart; train with apply_chat_template: false, or with another template"
            )
        prompt, full = self._bare(before), self._bare(after)
        if full[: len(prompt)] != prompt:
            full = prompt + self._bare(after[len(before) :])
        ends = [at for at in range(len(prompt), len(full)) if full[at] == self.tokenizer.eos_token_id]
        return prompt, full[: ends[-1] + 1] if ends else self._closed(full)

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text)["input_ids"]) if self.task_type != CAUSAL else self._open(text)

    def _open(self, text: str) -> list[int]:
        """Ids with what the tokenizer puts before a text, without what it may put after it."""
        ids, bare = list(self.tokenizer(text)["input_ids"]), self._bare(text)
        eos = self.tokenizer.eos_token_id
        return ids[:-1] if len(ids) > len(bare) and ids[-1] == eos else ids

    def _bare(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _answer_alone(self, answer: str) -> list[int]:
        return list(self.tokenizer(text_target=answer)["input_ids"])

    def _closed(self, ids: list[int]) -> list[int]:
        end = self.tokenizer.eos_token_id
        if end is None:
            raise FixtureBroken(
                "the tokenizer has no end-of-text token, so a model could not learn where an answer ends"
            )
        return ids if ids and ids[-1] == end else [*ids, end]

    def _fits(self, example: Example, data: Dataset, at: int, what: str) -> None:
        labels = example["labels"] if isinstance(example["labels"], list) else []
        longest = max(len(example["input_ids"]), len(labels))
        if longest > self.max_length:
            raise FixtureBroken(
                f"{data.where(at)}: {what}: {longest} tokens, but max_length is {self.max_length}; answers are never "
                f"cut: raise max_length, or take the row out"
            )


def labels_of(data: Dataset, wording: Wording) -> list[str]:
    """The sorted class names in the training rows.

    Raises:
        SuiteError: a row without a label.
        FixtureBroken: fewer than two classes.
    """
    found: set[str] = set()
    for at, row in enumerate(data.rows()):
        try:
            found.add(wording.answer(row))
        except ValueError as error:
            raise SuiteError([Complaint("", 0, f"{data.where(at)}: train: {error}")]) from error
    if len(found) < 2:
        raise FixtureBroken(f"{data}: train: a classifier needs two labels or more, found {sorted(found)}")
    return sorted(found)


class Padding:
    """Collates examples into tensors, padded on the right to the longest of the batch."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, examples: Iterable[Example]) -> dict[str, torch.Tensor]:
        import torch

        examples = list(examples)
        ids = [example["input_ids"] for example in examples]
        width = max(map(len, ids))
        batch = {
            "input_ids": torch.tensor([row + [self.pad] * (width - len(row)) for row in ids]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids]),
        }
        labels = [example["labels"] for example in examples]
        if not isinstance(labels[0], list):
            return {**batch, "labels": torch.tensor(labels)}
        width = max(map(len, labels))
        batch["labels"] = torch.tensor([row + [IGNORED] * (width - len(row)) for row in labels])
        return batch
