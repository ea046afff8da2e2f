"""Write the tree of the house into README.md: every file with the first line of what it says of itself.

python tools/readme_tree.py          writes it
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- tree -->", "<!-- /tree -->"

FLOORS: dict[str, list[str]] = {
    "nouns: the records that everything speaks of": [
        "errors", "digest", "content", "sample", "checkpoint", "exchange", "score", "estimate", "criterion", "verdict",
        "run", "figure", "findings", "control", "watch", "order",
    ],
    "mechanisms: each does one thing": [],
    "works: put it all together": [
        "workshop", "plan", "preflight", "forecast", "rehearsal", "prospect", "pool", "interview", "glimpse",
        "engine", "claim",
        "wording", "gate", "settle", "lock", "record", "work", "opening", "selftest",
    ],
    "faces: what people see": ["session", "overview", "examination", "cli", "__main__"],
}  # fmt: skip
ROOMS = ("models", "metrics", "perturbations", "fixtures", "checks", "controls")
FACES = ("report", "review")
BESIDE = [
    ("suites/", "ready suites: suite.yaml, data, a README each"),
    ("judges/", "rubrics with their calibration"),
    ("reports/", "templates, style sheet and schema of the report"),
    ("tests/", "mirrors harness/; acceptance/ runs whole suites through the command"),
    ("benchmarks/", "side by side with the peers, in one run: `python -m benchmarks`"),
    ("tools/", "what makes frozen files: this tree, the transit data, the report's schema and picture"),
]


def first_line(path: Path) -> str:
    """The first line of a module's docstring, without its full stop."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0].rstrip(".")


def tree(root: Path = ROOT) -> str:
    """The whole tree as a code block."""
    house = root / "harness"
    named = {name for names in FLOORS.values() for name in names}
    loose = sorted(p.stem for p in house.glob("*.py") if p.stem != "__init__" and p.stem not in named)
    lines: list[tuple[str, str]] = [("harness/", "")]
    for floor, names in FLOORS.items():
        lines.append((f"  # {floor}", ""))
        here = [house / f"{name}.py" for name in names or loose]
        lines += [(f"  {path.name}", first_line(path)) for path in here if path.is_file()]
        if not names:
            for folder in sorted(path.parent for path in house.glob("*/__init__.py")):
                lines += _folder(folder) if folder.name not in (*ROOMS, *FACES) else []
            lines.append(("  # rooms: one file, one name in YAML", ""))
            for folder in ROOMS:
                lines += _folder(house / folder)
    for face in FACES:
        lines += _folder(house / face)
    lines += BESIDE
    width = max(len(name) for name, text in lines if text)
    return "\n".join(["```", *(f"{name:<{width}}  {text}".rstrip() for name, text in lines), "```"])


def _folder(folder: Path) -> list[tuple[str, str]]:
    lines = [(f"  {folder.name}/", first_line(folder / "__init__.py"))]
    return lines + [(f"    {p.name}", first_line(p)) for p in sorted(folder.glob("*.py")) if p.stem != "__init__"]


def written(readme: str, root: Path = ROOT) -> str:
    """The README with the tree in its place."""
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{tree(root)}\n{END}{after}"


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
