"""GSM8K's recorded answers of four real models as data and recordings that a suite can name."""

from __future__ import annotations

import json
from pathlib import Path

MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def write(shared: Path, folder: Path) -> dict[str, Path]:
    """Write `data.jsonl` (id, input, target: the number) and `<model>.jsonl` (id, response) for each of the models.

    Returns name → path. The question's number in the file is its id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = shared / "data" / "gsm8k" / "example_model_solutions.jsonl"
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    made = {
        "data": [
            {"id": f"q{n}", "input": row["question"], "target": number(row["ground_truth"])}
            for n, row in enumerate(rows)
        ]
    }
    for name in MODELS:
        made[name] = [{"id": f"q{n}", "response": row[name]["solution"]} for n, row in enumerate(rows)]
    paths = {}
    for name, lines in made.items():
        paths[name] = folder / f"{name}.jsonl"
        paths[name].write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return paths


def graded(shared: Path, name: str) -> list[bool]:
    """Whether each answer of a model was right, as the data set itself says."""
    source = shared / "data" / "gsm8k" / "example_model_solutions.jsonl"
    return [bool(json.loads(line)[name]["is_correct"]) for line in source.read_text(encoding="utf-8").splitlines()]


def number(solution: str) -> str:
    """What stands after the last `A:` of a solution, without blanks and thousands separators."""
    return solution.rpartition("A:")[2].strip().replace(",", "")
