"""What the quiet commands say: validate, plan, list, show, compare, report, init."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import content
from harness.catalog import REQUIRED, ROOMS, Catalog, Entry
from harness.errors import SuiteError, nearest
from harness.order import Order
from harness.plan import draw, matches
from harness.session import find, record
from harness.spec import Suite

if TYPE_CHECKING:
    from harness.forecast import Cost
    from harness.plan import Plan
    from harness.workshop import Workshop

KINDS = {room: kind for kind, room in ROOMS.items()}
"""checks → check, …"""


def validated(name: str, warnings: Sequence[str], *, json: bool, quiet: int) -> None:
    """The result of a validation that found no error."""
    if json:
        _document({"suite": name, "valid": True, "warnings": list(warnings)})
    elif not quiet:
        for text in warnings:
            _line(text)
        _line(
            f"{find(name)} is valid"
            + (f", with {len(warnings)} warning{'s' * (len(warnings) > 1)}" if warnings else "")
        )


def collected(suite: Suite, select: str) -> None:
    """The criteria that would be decided."""
    for criterion in suite.accept:
        if matches(select, f"{criterion.check} {criterion.id}"):
            _line(criterion.id + (f"  ({criterion.severity})" if criterion.severity != "require" else ""))


def listed(what: str, *, json: bool) -> None:
    """Every name of a kind with its meaning."""
    rows = _rows(what)
    if json:
        _document([{"name": name, "summary": text} for name, text in rows])
        return
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        _line(f"{name:<{width}}  {text}")


def _rows(what: str) -> list[tuple[str, str]]:
    if what == "suites":
        return [(name, _first_sentence(path.parent / "README.md")) for name, path in content.suites().items()]
    if what == "judges":
        folders = sorted(p.parent for p in (content.root() / "judges").glob("*/rubric.yaml"))
        return [(folder.name, _first_line(folder / "rubric.yaml")) for folder in folders]
    if what not in KINDS:
        raise SuiteError(f"no kind {what!r} to list{nearest(what, [*KINDS, 'judges', 'suites'])}")
    catalog = Catalog()
    return [(name, catalog.summary(KINDS[what], name)) for name in catalog.names(KINDS[what])]


def _first_line(path: Path) -> str:
    if not path.is_file():
        return ""
    lines = (line.strip("# ").strip() for line in path.read_text(encoding="utf-8").splitlines())
    return next((line for line in lines if line), "")


def _first_sentence(path: Path) -> str:
    """Of the first paragraph below a heading."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip() and not part.lstrip().startswith("#")]
    return " ".join(paragraphs[0].split()).split(". ")[0].rstrip(".") + "." if paragraphs else ""


def shown(name: str, runs: Path, *, json: bool) -> None:
    """A leaf's page, a rubric, or a run's table."""
    catalog = Catalog()
    entries = [catalog.get(kind, name) for kind in ROOMS if name in catalog.names(kind)]
    if entries:
        for at, entry in enumerate(entries):
            _document(_facts(entry)) if json else _page(entry, first=not at)
        return
    if (rubric := content.root() / "judges" / name / "rubric.yaml").is_file():
        _rubric(rubric, json=json)
        return
    try:
        found, folder = record(name, runs)
    except SuiteError as error:
        known = [each for kind in ROOMS for each in catalog.names(kind)]
        close = get_close_matches(name, known, n=1, cutoff=0.6)
        if not close:
            raise
        raise SuiteError(f"{error}; nor is it a check, metric or fixture; did you mean {close[0]!r}?") from None
    if json:
        from harness.report import json as results

        sys.stdout.write(results.render(found).decode("utf-8"))
    else:
        from harness.report import terminal

        terminal.show(found, folder)


def _rubric(path: Path, *, json: bool) -> None:
    """A bundled rubric, as it is written."""
    from harness.judging.rubric import read

    found = read(path)
    if json:
        items = [asdict(item) for item in found.items]
        _document({"kind": "judge", "name": found.name, "question": found.question, "items": items,
                   "levels": found.levels, "needs": found.needs, "pass_at": found.pass_at})  # fmt: skip
        return
    _line(f"judge {found.name}\n")
    _line(path.read_text(encoding="utf-8").rstrip())


def _facts(entry: Entry) -> dict[str, Any]:
    options = {
        o.name: {"default": None if o.default is REQUIRED else repr(o.default), "text": o.text}
        for o in entry.options.values()
    }
    return {"kind": entry.kind, "name": entry.name, "summary": entry.summary, "options": options}


def _page(entry: Entry, *, first: bool) -> None:
    import inspect

    _line(f"{'' if first else chr(10)}{entry.kind} {entry.name}")
    _line("")
    text = inspect.getdoc(entry.function) or ""
    _line(text.split("Options:")[0].rstrip())
    if entry.options:
        _line("\noptions:")
    for option in entry.options.values():
        _line(f"  {option.name}  ({_default(option.default)})\n      {option.text}")


def _default(value: Any) -> str:
    """A default as somebody would write it in YAML."""
    if value is REQUIRED:
        return "required"
    return "optional" if value is None else f"default {json.dumps(value, ensure_ascii=False, default=str)}"


def planned(suite: Suite, order: Order, *, json: bool) -> None:
    """What a run would make, ask and be able to decide."""
    from harness.forecast import costs
    from harness.store import Store
    from harness.watch import Silent
    from harness.workshop import Workshop

    workshop = Workshop(suite, Store(order.cache), Silent())
    plan = draw(suite, workshop, select=order.select, also=order.also, limit=order.limit)
    fixtures = [_fixture(workshop, suite, name) for name in plan.fixtures]
    asked = costs(plan, workshop)
    power, chance, whole = _power(plan, workshop, order)
    if json:
        asked_for = [asdict(cost) for cost in asked]
        told = {"suite": suite.name, "models": plan.models, "fixtures": fixtures, "requests": asked_for}
        _document({**told, "criteria": power, "suite_p_pass": chance, "suite_sentence": whole})
        return
    judged = f"; judged by {', '.join(plan.judges)}" if plan.judges else ""
    _line(f"{suite.name}: {', '.join(plan.models)}{judged}")
    _line("\nmake")
    for made in fixtures:
        _line(f"  {made['name']:<16} {made['kind']:<10} {'in the cache' if made['cached'] else 'to be made'}")
    _line("\nask")
    for cost in asked:
        unknown = f"; not counted before their data is made: {', '.join(cost.unknown)}" if cost.unknown else ""
        about = "about " if cost.scaled else ""
        _line(
            f"  {cost.model:<16} {about}{cost.requests:,} requests, {cost.distinct:,} distinct, about "
            f"{cost.characters // 4:,} prompt tokens, at most {cost.new_tokens:,} new tokens{_money(cost)}{unknown}"
        )
    _line("\ndecide")
    for row in power:
        _line(f"  {row['that']}\n      {row['text']}")
    _line(f"\n{whole}")


def _money(cost: Cost) -> str:
    """What a model with a price would cost; empty for any other."""
    if cost.about is None or cost.most is None:
        return ""
    stop = f"; asking stops at {cost.max_cost:g} (max_cost)" if cost.max_cost is not None else ""
    return f"; costs about {cost.about:.2g}, at most {cost.most:.2g}{stop}"


def locked(suite: Suite, order: Order, reason: str, *, json: bool) -> None:
    """Lock a suite, and say what is promised now."""
    from harness import pledge
    from harness.store import Store
    from harness.watch import Silent
    from harness.workshop import Workshop

    made, path, new = pledge.write(suite, Workshop(suite, Store(order.cache), Silent()), reason=reason)
    counts = {name: len(made.content[name]) for name in ("criteria", "checks")}
    samples = sum(part["n"] for name, part in made.content["samples"].items() if name in suite.checks)
    if json:
        _document(
            {"suite": suite.name, "file": str(path), "digest": made.digest, "at": made.at, "new": new, **counts,
             "samples": samples, "history": [asdict(each) for each in made.history]}
        )  # fmt: skip
        return
    _line(f"{path} {'written' if new else 'holds all of this already'}: {made.digest[:12]} of {made.at}")
    _line(f"  {counts['criteria']} criteria, {counts['checks']} checks, {samples:,} samples, seed {suite.seed}")
    if len(made.history) > 1:
        _line(f"  locked {len(made.history)} times, last because: {made.history[-1].reason}")


def _fixture(workshop: Workshop, suite: Suite, name: str) -> dict[str, Any]:
    key = workshop.key(name)[0]
    return {"name": name, "kind": suite.fixtures[name].kind, "key": key, "cached": workshop.store.has(key)}


def _power(plan: Plan, workshop: Workshop, order: Order) -> tuple[list[dict[str, Any]], float | None, str]:
    """Each criterion's outlook, the probability that all of them pass, and a sentence of that."""
    from harness.prospect import prospects, together

    found = prospects(plan, workshop, order.runs)
    return [asdict(prospect) for prospect in found], *together(plan, found)


def compared(first: str, second: str, runs: Path, *, json: bool) -> None:
    """Two runs side by side."""
    from harness.report import compare

    a, b = record(first, runs)[0], record(second, runs)[0]
    if json:
        _document(compare.document(a, b))
    else:
        compare.show(a, b)


def reported(name: str, outputs: tuple[Path, ...], runs: Path) -> None:
    """Render a recorded run's reports again, in its folder or where asked."""
    from harness.journal import write
    from harness.report import publish

    run, folder = record(name, runs)
    known = publish.renderers()
    wanted = {path: known[publish.report_for(path)] for path in outputs}
    if not wanted:
        wanted = {folder / file: render for file, render in known.items() if file != "result.json"}
    for path, render in wanted.items():
        write(path, render(run))
        _line(str(path))


def started(folder: Path) -> None:
    """The files of a first suite."""
    from harness import schema

    for path in schema.starter(folder):
        _line(str(path))


def _document(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _line(text: str) -> None:
    from harness.report.plain import visible

    sys.stdout.write("\n".join(visible(part) for part in text.split("\n")) + "\n")
