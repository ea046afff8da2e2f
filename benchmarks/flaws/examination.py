"""The examination as a whole: which kinds and seeds, what is known already, and the table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.flaws import page
from benchmarks.flaws.kinds import KINDS, Kind
from benchmarks.flaws.trial import Outcome, document, examine
from harness import digest
from harness.errors import nearest
from harness.store import Store, default_root

HERE = Path(__file__).resolve().parent


def main(words: Sequence[str]) -> int:
    """Examine, and print the table; 0 where every flaw was rejected for its own reason and no sound model was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks flaws")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of: {', '.join(KINDS)}")
    parser.add_argument("--seeds", type=int, default=5, help="how many of each (default 5)")
    parser.add_argument("--write", action="store_true", help="write docs/flaws.md too")
    wish = parser.parse_args(words)
    for name in wish.kinds:
        if name not in KINDS:
            print(f"no kind {name!r}{nearest(name, KINDS)}")
            return 2
    found = []
    for outcome in outcomes([KINDS[name] for name in wish.kinds or KINDS], range(1, wish.seeds + 1)):
        found.append(outcome)
        print(page.line(outcome), file=sys.stderr, flush=True)
    print(page.table(found))
    if wish.write:
        page.write(found)
    return 0 if all(outcome.right(KINDS[outcome.kind]) for outcome in found) else 1


def outcomes(kinds: Sequence[Kind], seeds: Sequence[int]) -> Iterator[Outcome]:
    """Each kind with each seed, seed by seed; what was examined before is read."""
    root = default_root()
    for seed in seeds:
        for kind in kinds:
            known = root / "flaws" / str(seed) / kind.name / f"outcome-{_key(kind, seed)}.json"
            if known.is_file():
                said = json.loads(known.read_text(encoding="utf-8"))
                yield Outcome(**said | {name: tuple(said[name]) for name in ("failed", "inconclusive")})
                continue
            outcome = examine(kind, seed, known.parent, Store(root))
            known.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
            yield outcome


def _key(kind: Kind, seed: int) -> str:
    """What the examination of a kind depends on here: its suite, and the code that draws its rows and makes it."""
    code = {path.name: digest.of_file(path) for path in sorted(HERE.rglob("*.py")) if path.name in _MAKING}
    return digest.of([document(kind, seed), code])[:16]


_MAKING = ("rows.py", "reshaped.py", "idle.py")
