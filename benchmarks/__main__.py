"""Everything that has an aim, measured in one go and printed as a table: `python -m benchmarks [name …]`.

Two have a table of their own: `python -m benchmarks engine [case …] [--scale 0.1] [--write]`, and
`python -m benchmarks flaws [kind …] [--seeds 5] [--write]`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from benchmarks import engine, first_verdict, flaws, judges, memory, scale, startup

Row = tuple[str, str, str]
"""(what was measured, what came out, what it is held against)"""

PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "startup": startup.rows,
    "first_verdict": first_verdict.rows,
    "memory": memory.rows,
    "scale": scale.rows,
    "judges": judges.rows,
}


def main(names: list[str]) -> int:
    """Run the parts that are named, or all of them."""
    if names[:1] == ["engine"]:
        return engine.main(names[1:])
    if names[:1] == ["flaws"]:
        return flaws.main(names[1:])
    known = ", ".join(["engine", "flaws", *PARTS])
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; known: {known} (and the modules calibration and resampling)")
        return 2
    print(f"{'measured':<58} {'found':<26} aim or peer")
    for name in names or PARTS:
        for what, found, aim in PARTS[name]():
            print(f"{what:<58} {found:<26} {aim}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
