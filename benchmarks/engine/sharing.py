"""The cases of several models and checks: base against adapter, a whole suite, and plain texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.engine import models, workload
from benchmarks.engine.meter import Spent, measured, rate, weight_bytes
from benchmarks.engine.models import Bench
from benchmarks.engine.peers import HFLM, Number, by_request, largest
from benchmarks.engine.row import Row
from benchmarks.engine.scoring import Case, Setting, ask, extra_memory, hflm, needed
from harness.exchange import Request
from harness.local import Residents
from harness.pool import Place, Pool
from harness.store import Store
from harness.watch import Silent

SIDES = ("base", "candidate")


def pool_of(bench: Bench, base: Path, tuned: Path, store: Path | None = None) -> Pool:
    """Both models in one pool, as a run has them, with a cache if there is a place for it."""

    def place(name: str, peft: Path | None) -> Place:
        answers = Store(store).answers(name) if store else None
        return Place(name, lambda: bench.open(base, peft), answers)

    return Pool([place("base", None), place("candidate", tuned)], Silent())


def asked_of(pool: Pool, names: Sequence[str], requests: Sequence[Request]) -> tuple[dict[str, list[Number]], Spent]:
    """What each model answers through the pool; loading is not counted."""
    for name in names:
        pool.places[name].opened()
    with measured() as spent:
        heard = pool.answer([(name, request) for name in names for request in requests])
    size = len(requests)
    found = {name: dict(enumerate(heard[at * size : (at + 1) * size])) for at, name in enumerate(names)}
    return {name: by_request(requests, answers) for name, answers in found.items()}, spent


def both(name: str, mine: dict[str, list[Number]], theirs: dict[str, list[Number]]) -> tuple[float, int]:
    """The largest difference of either model, and how many greedy flags differ."""
    found = [largest(mine[side], theirs[side]) for side in SIDES]
    return max(gap for gap, _ in found), sum(flags for _, flags in found)


def adapter(setting: Setting) -> Iterator[Row]:
    """The same questions to a base and to an adapter on it."""
    base = models.causal(setting.folder / "m", "m")
    tuned = models.adapter(setting.folder / "adapter", base)
    asked = workload.items(setting.many(24), 3)
    requests = workload.fixed(asked)
    bench = Bench(Residents(), setting.device)
    pool = pool_of(bench, base, tuned, setting.folder / "store")
    before = weight_bytes()
    pool.places["base"].opened()
    one = weight_bytes() - before
    pool.places["candidate"].opened()
    two = weight_bytes() - before
    mine, ours = asked_of(pool, SIDES, requests)
    pool.close()
    later = pool_of(bench, base, tuned, setting.folder / "store")
    later.places["candidate"].answers = None
    _, again = asked_of(later, SIDES, requests)
    later.close()
    theirs, spent = {}, Spent()
    for side, peft in zip(SIDES, (None, tuned), strict=True):
        peer = HFLM(base, peft, setting.device)
        theirs[side], took = hflm(peer, requests, (1, 4))
        spent = spent.plus(took)
    gap, flags = both("adapter", mine, theirs)
    flops, what = needed(base, requests).flops, f"{len(asked)} documents"
    yield Row(
        "adapter", f"base and adapter, {what}", f"HFLM, batch {peer.batch}", ours.cpu, spent.cpu, spent.cpu / ours.cpu,
        spent.wall / ours.wall, 16, 32, limit=2 * flops / rate(setting.device) / ours.cpu, gap=gap, flags=flags,
        note="each weighs everything once; adapter not merged",
    )  # fmt: skip
    yield Row(
        "adapter", "the same, base answered before", f"HFLM, batch {peer.batch}", again.cpu, spent.cpu,
        spent.cpu / again.cpu, spent.wall / again.wall, 32, 32, gap=gap, flags=flags, note="base from the cache",
    )  # fmt: skip
    yield Row(
        "adapter", "weights of both, of one model", "one model", ratio=100 * two / one, floor=105, aim=104, lower=True,
        note=f"{two >> 20} MB of {one >> 20} MB; HFLM holds the base twice",
    )  # fmt: skip


def suite(setting: Setting) -> Iterator[Row]:
    """Checks that overlap, base and adapter: HFLM once for each check and model, as separate tools would."""
    base = models.causal(setting.folder / "s", "s")
    tuned = models.adapter(setting.folder / "adapter", base)
    checks = workload.suite(workload.items(setting.many(16), 3))
    pool = pool_of(Bench(Residents(), setting.device), base, tuned)
    everything = [request for requests in checks.values() for request in requests]
    mine, ours = asked_of(pool, SIDES, everything)
    pool.close()
    theirs: dict[str, dict[str, list[Number]]] = {side: {} for side in SIDES}
    taken = {check: Spent() for check in checks}
    for side, peft in zip(SIDES, (None, tuned), strict=True):
        peer = HFLM(base, peft, setting.device)
        some = everything[:: max(1, len(everything) // 12)][:12]
        peer.tuned(lambda peer=peer, some=some: peer.score(some), (1, 4))
        for check, requests in checks.items():
            with measured() as spent:
                theirs[side][check] = peer.score(requests)
            taken[check] = taken[check].plus(spent)
    flat = {side: [number for found in theirs[side].values() for number in found] for side in SIDES}
    gap, flags = both("suite", mine, flat)
    total = Spent()
    for spent in taken.values():
        total = total.plus(spent)
    todo = needed(base, everything)
    yield Row(
        "suite", f"{len(checks)} checks, base and adapter, {len(everything):,} questions each",
        f"HFLM, batch {peer.batch}",
        ours.cpu, total.cpu, total.cpu / ours.cpu, total.wall / ours.wall, 20, 33,
        limit=2 * todo.flops / rate(setting.device) / ours.cpu, gap=gap, flags=flags,
        note=f"{todo.asked / todo.unique:.1f} times the unique tokens; forgetting draws its shots at random",
    )  # fmt: skip
    pool = pool_of(Bench(Residents(), setting.device), base, tuned)
    fixed = [request for check, requests in checks.items() if check != "forgetting" for request in requests]
    _, ours = asked_of(pool, SIDES, fixed)
    pool.close()
    cpu = total.cpu - taken["forgetting"].cpu
    wall = total.wall - taken["forgetting"].wall
    yield Row(
        "suite", f"the {len(checks) - 1} checks of fixed shots alone", f"HFLM, batch {peer.batch}", ours.cpu, cpu,
        cpu / ours.cpu, wall / ours.wall, 20, 33,
    )  # fmt: skip


def perplexity(setting: Setting) -> Iterator[Row]:
    """Plain texts of unequal length: nothing is shared, everything is scored."""
    folder, requests = models.causal(setting.folder / "m", "m"), workload.documents(setting.many(16), 3)
    model = Bench(Residents(), setting.device).open(folder)
    mine, ours = ask(model, requests)
    model.close()
    todo, peer = needed(folder, requests), HFLM(folder, device=setting.device)
    for batch, floor in ((1, 1.0), (8, 2.0)):
        peer.lm.batch_size_per_gpu = batch
        with measured() as spent:
            theirs = peer.rolling(requests)
        # HFLM adds thousands of float32 numbers up in float32, so a whole text is compared by its own size.
        relative = [(a[0] / max(1.0, abs(b)), b / max(1.0, abs(b))) for a, b in zip(mine, theirs, strict=True)]
        gap, _ = largest([(a, True) for a, _ in relative], [(b, True) for _, b in relative])
        note = f"{todo.unique:,} tokens, all unique; the difference is per nat of a text"
        case = Case(f"perplexity, batch {batch}", requests, floor, floor, memory=10)
        yield Row(
            "perplexity", f"perplexity of {len(requests)} texts", f"HFLM, batch {batch}", ours.cpu, spent.cpu,
            spent.cpu / ours.cpu, spent.wall / ours.wall, floor, floor, gap=gap,
            limit=todo.flops / rate(setting.device) / ours.cpu, note=note,
        )  # fmt: skip
        if batch == 8:
            yield extra_memory("perplexity", case, ours, spent)
