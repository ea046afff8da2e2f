"""The cases that weigh continuations: choices, letters, perturbations, a wide vocabulary, random and fixed shots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine import models, workload
from benchmarks.engine.meter import Spent, Work, measured, rate, work
from benchmarks.engine.models import Bench
from benchmarks.engine.peers import HFLM, Number, by_request, largest, lighteval, lighteval_missing
from benchmarks.engine.row import Row
from harness.exchange import Model, Request
from harness.local import Residents
from harness.local.encode import Encoder, windows

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how large a case is measured."""

    folder: Path
    scale: float = 1.0
    device: str = "cpu"

    def many(self, full: int, least: int = 4) -> int:
        """So many documents at this scale."""
        return max(min(least, full), round(full * self.scale))


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked, and what is expected of the ratio."""

    what: str
    requests: Sequence[Request]
    floor: float | None
    aim: float | None
    sizes: Sequence[int] = (1, 4, 16)
    """Batch sizes of HFLM that are tried on a sample."""
    memory: float | None = None
    """Extra memory, in percent of HFLM's, that is allowed; None where it is not shown."""


def ask(model: Model, requests: Sequence[Request]) -> tuple[list[Number], Spent]:
    """Our answers in order, and what they took."""
    with measured() as spent:
        answers = dict(model.answer(requests))
    return by_request(requests, answers), spent


def hflm(peer: HFLM, requests: Sequence[Request], sizes: Sequence[int], sample: int = 12) -> tuple[list[Number], Spent]:
    """HFLM's answers at the fastest of `sizes`, which are tried on a sample spread over the requests."""
    some = requests[:: max(1, len(requests) // sample)][:sample]
    peer.score(some[:1])
    peer.tuned(lambda: peer.score(some), sizes)
    with measured() as spent:
        found = peer.score(requests)
    return found, spent


def needed(folder: Path, requests: Sequence[Request]) -> Work:
    """The least work for requests under the model in a folder."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True)
    layers = model.model.layers
    body, late = (sum(p.numel() for p in part.parameters() if p.dim() == 2) for part in (layers, layers[-1].mlp))
    encoder = Encoder(AutoTokenizer.from_pretrained(str(folder), local_files_only=True))
    most = int(config.max_position_embeddings)
    pairs: list[tuple[list[int], list[int]]] = []
    for context, told in encoder.split([(r.prompt, text) for r in requests for text in r.continuations]):
        pairs += windows(told, context[0], most) if len(context) == 1 else [(context, told)]
    return work(config, body, late, pairs)


def compare(name: str, case: Case, folder: Path, setting: Setting) -> Iterator[Row]:
    """The same requests asked of us and of HFLM, in turn, with the same weights."""
    model = Bench(Residents(), setting.device).open(folder)
    mine, ours = ask(model, case.requests)
    path = model.facts.path
    model.close()
    peer = HFLM(folder, device=setting.device)
    theirs, spent = hflm(peer, case.requests, case.sizes)
    gap, flags = largest(mine, theirs)
    todo = needed(folder, case.requests)
    yield Row(
        name, case.what, f"HFLM, batch {peer.batch}", ours.cpu, spent.cpu, spent.cpu / ours.cpu, spent.wall / ours.wall,
        case.floor, case.aim, limit=todo.flops / rate(setting.device) / ours.cpu, gap=gap, flags=flags,
        note=f"{len(mine):,} continuations, {todo.asked:,} tokens, {todo.asked / todo.unique:.1f} times the unique "
        f"ones; {path}",
    )  # fmt: skip
    if case.memory is not None:
        yield extra_memory(name, case, ours, spent)


def extra_memory(name: str, case: Case, ours: Spent, theirs: Spent) -> Row:
    """How much more memory answering took than the weights, as a share of what HFLM took more."""
    what = f"{case.what}: extra memory"
    if ours.peak is None or not theirs.peak:
        return Row(name, what, note="this system does not tell the highest resident set of one stretch of work")
    told = f"{ours.peak / MB:.0f} MB of {theirs.peak / MB:.0f} MB"
    return Row(
        name, what, "HFLM's extra memory", ratio=100 * ours.peak / theirs.peak, floor=case.memory, lower=True, note=told
    )


def choices(setting: Setting) -> Iterator[Row]:
    """Few-shot choices, fixed shots, four choices of several tokens."""
    folder, asked = models.causal(setting.folder / "s", "s"), workload.items(setting.many(500), 3)
    requests = workload.fixed(asked)
    yield from compare(
        "choices", Case(f"{len(asked)} documents, 4 choices, fixed shots", requests, 20, 27), folder, setting
    )
    yield beside_lighteval(folder, requests[: setting.many(40)])


def beside_lighteval(folder: Path, requests: Sequence[Request]) -> Row:
    """Fewer of the same requests asked of lighteval's transformers backend at the fastest batch size."""
    what = f"{len(requests)} documents of the same, lighteval"
    if why := lighteval_missing():
        return Row("choices", what, note=f"not measured: {why}")
    model = Bench(Residents()).open(folder)
    mine, ours = ask(model, requests)
    model.close()
    taken = {size: lighteval(folder, requests[:8], size)[1].cpu for size in (1, 8)}
    batch = min(taken, key=lambda size: taken[size])
    theirs, spent = lighteval(folder, requests, batch)
    gap, flags = largest(mine, theirs)
    return Row(
        "choices", what, f"lighteval, batch {batch}", ours.cpu, spent.cpu, spent.cpu / ours.cpu, spent.wall / ours.wall,
        20, 27, gap=gap, flags=flags,
    )  # fmt: skip


def ten(setting: Setting) -> Iterator[Row]:
    """Ten choices."""
    folder = models.causal(setting.folder / "s", "s")
    asked = workload.items(setting.many(100), 3, choices=10)
    yield from compare(
        "ten", Case(f"{len(asked)} documents, 10 choices", workload.fixed(asked), 20, 30), folder, setting
    )


def perturbed(setting: Setting) -> Iterator[Row]:
    """Every question and five disturbances of it."""
    folder, asked = models.causal(setting.folder / "s", "s"), workload.items(setting.many(40), 3)
    case = Case(f"{len(asked)} documents, original + 5 perturbations", workload.perturbed(asked), 20, 30)
    yield from compare("perturbed", case, folder, setting)


def random_shots(setting: Setting) -> Iterator[Row]:
    """Worked examples drawn for every document."""
    folder, asked = models.causal(setting.folder / "m", "m"), workload.items(setting.many(40), 3)
    case = Case(f"{len(asked)} documents, random shots", workload.drawn(asked), 4.5, 5)
    yield from compare("random", case, folder, setting)


def letters(setting: Setting) -> Iterator[Row]:
    """Choices named by letters, which HFLM weighs in one forward for each document."""
    folder = models.causal(setting.folder / "m", "m")
    asked = workload.items(setting.many(120), 3, length=40)
    case = Case(f"{len(asked)} documents, letters, fixed shots", workload.fixed(asked, letters=True), 6, 7)
    yield from compare("letters", case, folder, setting)
    asked = asked[: setting.many(60)]
    case = Case(f"{len(asked)} documents, letters, random shots", workload.drawn(asked, letters=True), 1.25, 1.4)
    yield from compare("letters", case, folder, setting)


def vocabulary(setting: Setting) -> Iterator[Row]:
    """A vocabulary of 128,256."""
    folder, asked = models.causal(setting.folder / "wide", "wide"), workload.items(setting.many(24), 3)
    case = Case(f"{len(asked)} documents, vocabulary of 128,256", workload.fixed(asked), 25, 32, memory=5)
    yield from compare("vocabulary", case, folder, setting)


def real(setting: Setting) -> Iterator[Row]:
    """stories260K, whose weights are real: HFLM is transformers' own forward."""
    folder = models.stories()
    if folder is None:
        yield Row("stories260K", "stories260K", note="not measured: the checkpoint is not here (set HARNESS_SHARED)")
        return
    told = [f"Once upon a time there was a {kind} called {name}. " for kind in KINDS for name in NAMES]
    ends = ("She liked to play.", "He was very sad.", "They went to the park.", "It was a big, red ball.")
    prefix = "".join(f"{text}{ends[at % 4]}\n\n" for at, text in enumerate(told[:5]))
    asked = told[: setting.many(len(told))]
    requests = [Request("score", f"{prefix}{text}One day,", tuple(f" {end}" for end in ends)) for text in asked]
    yield from compare("stories260K", Case(f"{len(asked)} stories, 4 endings", requests, None, None), folder, setting)


KINDS = ("girl", "boy", "cat", "dog", "bird", "little fish", "big bear", "mouse", "frog", "bunny")
NAMES = ("Lily", "Tom", "Max", "Sue", "Ben", "Anna", "Tim", "Mia", "Sam", "Lucy")
