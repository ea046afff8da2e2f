"""The training loop: transformers' Trainer, told to be quiet, quick, repeatable and to leave nothing behind."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import FixtureBroken
from harness.train.encode import IGNORED, Example, Padding
from harness.train.recipe import Recipe
from harness.train.seeds import seeded

Progress = Callable[[str, float], None]
"""Shows a text and the share done, 0 to 1."""
POINTS = 200
"""Points of a training curve, at most."""


def train(
    model: Any,
    tokenizer: Any,
    examples: list[Example],
    validation: list[Example],
    recipe: Recipe,
    scratch: Path,
    progress: Progress,
    *,
    device: str = "auto",
) -> dict[str, Any]:
    """Train `model` in place; with validation, its weights end as those of the best epoch. Returns the facts.

    `scratch` is a folder of its own; it is gone afterwards.

    Raises:
        FixtureBroken: the loss became NaN or infinite, or memory ran out.
    """
    import torch
    from transformers import Trainer
    from transformers.trainer_callback import PrinterCallback

    began = time.perf_counter()
    steps = math.ceil(len(examples) / (recipe.batch_size * recipe.gradient_accumulation)) * recipe.epochs
    try:
        with seeded(recipe.seed), _memory() as memory:
            trainer = Trainer(
                model=model,
                args=_arguments(recipe, scratch, bool(validation), steps, device),
                train_dataset=examples,
                eval_dataset=validation or None,
                data_collator=Padding(tokenizer.pad_token_id),
                callbacks=_callbacks(recipe, bool(validation), progress),
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
    except torch.OutOfMemoryError as error:
        raise FixtureBroken(f"training ran out of memory: {error}; lower batch_size or max_length") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _finite(model)
    seconds = time.perf_counter() - began
    return {**_history(trainer, examples, bool(validation)), "seconds": seconds, **memory, **_counted(model, trainer)}


def _arguments(recipe: Recipe, scratch: Path, validating: bool, steps: int, device: str) -> Any:
    from transformers import TrainingArguments

    epochwise = "epoch" if validating else "no"
    return TrainingArguments(
        output_dir=str(scratch),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=4 * recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=math.ceil(steps * recipe.warmup),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        seed=recipe.seed,
        data_seed=recipe.seed,
        use_cpu=device == "cpu",
        logging_strategy="steps",
        logging_steps=max(1, steps // POINTS),
        logging_nan_inf_filter=False,
        eval_strategy=epochwise,
        prediction_loss_only=True,
        save_strategy=epochwise,
        save_only_model=True,
        save_total_limit=1,
        load_best_model_at_end=validating,
        metric_for_best_model="loss" if validating else None,
        greater_is_better=False if validating else None,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to="none",
        log_level="error",
    )


def _callbacks(recipe: Recipe, validating: bool, progress: Progress) -> list[Any]:
    from transformers import EarlyStoppingCallback, TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        """Stops at the first loss that is no number, and tells how far training is."""

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **rest: Any) -> None:
            logs = logs or {}
            for name in ("loss", "eval_loss", "grad_norm"):
                value = logs.get(name)
                if value is not None and not math.isfinite(value):
                    what = {"loss": "loss", "eval_loss": "validation loss", "grad_norm": "size of the gradient"}[name]
                    raise FixtureBroken(
                        f"the {what} became {value} at step {state.global_step} of {state.max_steps}: training "
                        f"diverged; lower learning_rate ({recipe.learning_rate:g}) or raise warmup ({recipe.warmup:g})"
                    )
            if "loss" in logs:
                epoch = math.ceil(state.epoch or 0)
                told = f"epoch {epoch}/{recipe.epochs}, loss {logs['loss']:.3g}"
                progress(told, min(1.0, state.global_step / max(1, state.max_steps)))

    stopping = [EarlyStoppingCallback(recipe.early_stopping)] if validating and recipe.early_stopping else []
    return [Watch(), *stopping]


def _history(trainer: Any, examples: list[Example], validating: bool) -> dict[str, Any]:
    """Curves and what they say; epochs count from 1."""
    log, state = trainer.state.log_history, trainer.state
    curve = [[entry["step"], entry["loss"]] for entry in log if "loss" in entry]
    rates = [[entry["step"], entry["learning_rate"]] for entry in log if "learning_rate" in entry]
    held = [[entry["step"], entry["eval_loss"]] for entry in log if "eval_loss" in entry]
    each = max(1, math.ceil(state.max_steps / max(1, round(state.num_train_epochs))))
    done = round(state.global_step / each)
    best = min(range(len(held)), key=lambda at: held[at][1]) + 1 if held else None
    tokens = sum(len(example["input_ids"]) for example in examples)
    learned = sum(sum(t != IGNORED for t in e["labels"]) for e in examples if isinstance(e["labels"], list))
    return {
        "steps": state.global_step,
        "epochs": done,
        "best_epoch": best,
        "stopped_early": validating and state.global_step < state.max_steps,
        "tokens": tokens * done,
        "target_tokens": learned * done,
        "curves": {
            "train_loss": curve,
            "validation_loss": held,
            "learning_rate": rates,
            "best_step": held[best - 1][0] if best else None,
        },
    }


def _counted(model: Any, trainer: Any) -> dict[str, Any]:
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return {
        "parameters": sum(n for n, _ in counts),
        "trainable_parameters": sum(n for n, trained in counts if trained),
        "device": str(trainer.args.device),
    }


def _finite(model: Any) -> None:
    import torch

    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise FixtureBroken(f"training left NaN or infinite numbers in {name}; lower learning_rate")


@contextmanager
def _memory() -> Iterator[dict[str, Any]]:
    """Facts that are filled in at the end: peak memory of the device where there is CUDA, else of the process."""
    import torch

    facts: dict[str, Any] = {}
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    yield facts
    if torch.cuda.is_available():
        facts.update(peak_memory=torch.cuda.max_memory_allocated(), memory_of="device")
    else:
        facts.update(peak_memory=_peak_of_process(), memory_of="process")


def _peak_of_process() -> int:
    """Bytes that this process held at most, resident."""
    import psutil

    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
