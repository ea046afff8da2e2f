"""lm-eval's tasks on our engine say what they say on lm-eval's own, document by document."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import tiny
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.exchange import Facts, Model, Request, Response
from harness.findings import Findings
from harness.interview import Interview, conduct
from harness.lm.tasks import Recorder, Results, _evaluate, collect, load_tasks, run_tasks
from harness.pool import Place, Pool
from harness.watch import Silent
from talk import leaf, task

Load = Callable[..., Model]

BASE = """\
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
fewshot_split: test
num_fewshot: 2
"""
TASKS = {
    "pick": """\
output_type: multiple_choice
doc_to_text: "{{ q }}"
doc_to_choice: "{{ options }}"
doc_to_target: "{{ gold }}"
metric_list: [{metric: acc}, {metric: acc_norm}]
""",
    "write": """\
output_type: generate_until
doc_to_text: "{{ q }}"
doc_to_target: "{{ options[0] }}"
generation_kwargs: {until: ["e", "."], max_gen_toks: 12}
metric_list: [{metric: exact_match}]
""",
    "read": """\
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{ text }}"
num_fewshot: 0
metric_list: [{metric: word_perplexity}, {metric: bits_per_byte}]
""",
}


def rows(count: int = 12) -> Iterator[dict[str, Any]]:
    rng = random.Random(4)
    words = " ".join(tiny.TEXT).split()
    for at in range(count):
        options = [" ".join(rng.sample(words, n)) for n in (1, 3, 2)]
        text = " ".join(rng.choices(words, k=rng.choice((3, 40, 150))))
        yield {"q": " ".join(rng.choices(words, k=9)) + "?", "options": options, "gold": at % 3, "text": text}


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    for name, text in TASKS.items():
        head = "\n".join(line for line in BASE.splitlines() if not (name == "read" and "num_fewshot" in line))
        (tmp_path / f"{name}.yaml").write_text(f"task: {name}\n{head}\n{text}", encoding="utf-8")
    return tmp_path


def ours(model: Model, loaded: dict[str, Any]) -> Results:
    asked = collect(loaded, limit=None, seed=0)
    responses = tiny.ask(model, [request for _, request in asked])
    assert not [response.fault for response in responses if response.fault]
    return run_tasks(loaded, Recorder(asked, responses), limit=None, seed=0)


def theirs(place: Path, loaded: dict[str, Any], batch: int) -> dict[str, list[dict[str, Any]]]:
    """HFLM's samples. Where a tokenizer begins every text with its begin token, HFLM reads that twice before a text
    that is weighed as a whole, and weighs the second; with `add_bos_token=False` once, as we do."""
    from lm_eval.models.huggingface import HFLM

    def samples(**options: Any) -> dict[str, Any]:
        lm = HFLM(pretrained=str(place), backend="causal", dtype="float32", device="cpu", batch_size=batch, **options)
        return dict(_evaluate(loaded, lm, None, 0)["samples"])

    return {**samples(), "read": samples(add_bos_token=False)["read"]}


def flat(value: Any) -> list[Any]:
    """Numbers and texts of nested lists, in order; whole numbers that lm-eval wrote as texts are numbers again."""
    if isinstance(value, list | tuple):
        return [part for each in value for part in flat(each)]
    return [float(value) if isinstance(value, int | float) else value]


def compare(place: Path, model: Model, folder: Path, batch: int) -> None:
    loaded = load_tasks(list(TASKS), folder, None)
    mine = ours(model, loaded).samples
    reference = theirs(place, loaded, batch)
    for name in TASKS:
        one = sorted(mine[name], key=lambda entry: entry["doc_id"])
        other = sorted(reference[name], key=lambda entry: entry["doc_id"])
        assert len(one) == len(other) == 12
        for a, b in zip(one, other, strict=True):
            assert a["arguments"] == b["arguments"], "the very same questions"
            said, known = flat(a["resps"]), flat(b["resps"])
            assert [x for x in said if isinstance(x, str)] == [x for x in known if isinstance(x, str)], name
            numbers = [(x, y) for x, y in zip(said, known, strict=True) if not isinstance(x, str)]
            assert all(abs(x - y) <= 1e-4 * max(1.0, abs(y) / 100) for x, y in numbers), name
            for metric in a["metrics"]:
                assert flat(a[metric]) == pytest.approx(flat(b[metric]), rel=1e-6), (name, metric)


@pytest.mark.parametrize(("name", "batch"), [("base", 1), ("bos", 4)])
def test_every_kind_of_task_gives_lm_evals_own_numbers(
    name: str, batch: int, made: Path, load: Load, folder: Path
) -> None:
    compare(made / name, load(name), folder, batch)


def test_on_real_weights_too(shared: Path, load: Load, folder: Path) -> None:
    place = shared / "checkpoints" / "stories260K"
    if not place.is_dir():
        pytest.skip("no stories260K there")
    compare(place, load(place), folder, 1)


class Counting:
    """A model that counts what reaches it."""

    def __init__(self, model: Model) -> None:
        self.model, self.asked = model, list[Request]()

    @property
    def facts(self) -> Facts:
        return self.model.facts

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        self.asked += requests
        return self.model.answer(requests)

    def close(self) -> None:
        self.model.close()


def test_what_forgetting_and_a_task_both_ask_is_asked_once(load: Load, folder: Path) -> None:
    who = Checkpoint("candidate", "transformers")
    made = task(
        folder, list(rows()), prompt="{{ q }}", choices="options", target="{{ options[gold] }}", metrics=["accuracy"]
    )
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    model = Counting(load("base"))
    pool = Pool([Place("candidate", lambda: model, None)], Silent())
    skills = leaf("forgetting")(
        who, (who,), folder, 0, None, Catalog(), tasks=["pick"], include_path=".", num_fewshot=0, metrics=["acc"]
    )  # fmt: skip
    both = [
        Interview("skills", "candidate", skills),
        Interview("quiz", "candidate", leaf("task")(made, who, data=made.data)),
    ]
    conduct(both, pool)
    assert [interview.broken for interview in both] == [None, None]
    traffic = pool.places["candidate"].traffic()
    assert (traffic.asked, traffic.distinct, len(model.asked)) == (24, 12, 12)
    found = [interview.findings for interview in both]
    assert all(isinstance(one, Findings) for one in found)
    skill, answers = (one.scores for one in found if one is not None)
    assert skill["acc"].stats[:, 0].tolist() == answers["accuracy"].stats[:, 0].tolist()
