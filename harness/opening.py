"""The models of a run: opened when something must really be asked of them, and asked through one pool."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter

from harness.checkpoint import Checkpoint
from harness.exchange import Model
from harness.local import Residents
from harness.pool import Place, Pool
from harness.work import Work


def everyone(work: Work, residents: Residents, stack: ExitStack) -> Pool:
    """All models of the run in one pool, with their caches; closed with the stack."""
    places = []
    for name, checkpoint in work.checkpoints.items():
        recorded = checkpoint.kind == "replay"
        made_up = name in work.voices
        answers = None if recorded or made_up else work.workshop.store.answers(checkpoint.digest)
        if answers is not None:
            stack.callback(answers.close)
        places.append(Place(name, opener(work, checkpoint, residents), answers, by_sample=recorded and not made_up))
    pool = Pool(places, work.watch)
    stack.callback(pool.close)
    return pool


def opener(work: Work, checkpoint: Checkpoint, residents: Residents) -> Callable[[], Model]:
    """What loads a model when something must really be asked of it."""

    def open_model() -> Model:
        if checkpoint.name in work.voices:
            return work.voices[checkpoint.name]
        began = perf_counter()
        work.watch.note(f"loading {checkpoint.name}")
        entry = work.plan.suite.catalog.get("model", checkpoint.kind)
        given = {"checkpoint": checkpoint, "residents": residents, "note": work.watch.note, "offline": work.offline}
        options = {name: value for name, value in checkpoint.options.items() if name in entry.options}
        model: Model = entry.function(**entry.bind(given, options))
        work.timed(f"load {checkpoint.name}", began)
        work.journal.write("loaded", model=checkpoint.name, gate=list(model.facts.gate))
        return model

    return open_model
