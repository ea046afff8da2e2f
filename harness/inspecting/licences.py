"""Licences: which one a folder is under, by its model card and its licence file, in SPDX's identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST = 400_000
"""Characters of a card or licence that are read; licences are a tenth of it."""

_ALIASES = {
    "apache 2.0": "apache-2.0", "apache2": "apache-2.0", "apache license 2.0": "apache-2.0", "apache-2": "apache-2.0",
    "mit license": "mit", "the mit license": "mit", "expat": "mit", "bsd": "bsd-3-clause", "bsd-3": "bsd-3-clause",
    "bsd-2": "bsd-2-clause", "gpl-3.0-only": "gpl-3.0", "gpl-3.0-or-later": "gpl-3.0", "gplv3": "gpl-3.0",
    "gpl-2.0-only": "gpl-2.0", "gpl-2.0-or-later": "gpl-2.0", "agpl-3.0-only": "agpl-3.0",
    "agpl-3.0-or-later": "agpl-3.0", "lgpl-3.0-only": "lgpl-3.0", "lgpl-3.0-or-later": "lgpl-3.0",
    "cc0": "cc0-1.0", "public domain": "cc0-1.0", "llama-2": "llama2", "llama-3": "llama3",
    "the unlicense": "unlicense",
}  # fmt: skip
UNKNOWN = frozenset({"", "other", "unknown", "none", "noassertion", "no-license", "n/a", "tbd"})
"""What cards say when they say nothing."""

_CLAUSES = (
    (
        r"llama[-_]?[2-9].*",
        "above 700 million monthly users a licence of Meta's own is needed; names must begin with Llama",
    ),
    (r"gemma.*", "Google's prohibited uses bind every user, and pass on to derived models"),
    (r".*-nc(-|$).*", "no commercial use"),
    (r".*-nd(-|$).*", "no derived works: fine-tuning makes one"),
    (r".*-sa(-|$).*", "derived works must be under the same licence"),
    (r"agpl.*", "whoever offers it over a network must offer the source too"),
    (r"l?gpl.*", "what is passed on must be under the same licence"),
    (r".*(openrail|bigscience|rail).*", "prohibited uses bind every user, and pass on to derived models"),
    (r"(research|noncommercial|microsoft-research).*", "research only"),
    (r"proprietary", "no rights without the owner's consent"),
)
"""Pattern of an identifier → what its licence asks."""

_TEXTS = (
    ("apache-2.0", r"apache license,?\s+version 2\.0"),
    ("llama2", r"llama 2 community license agreement"),
    ("llama3.3", r"llama 3\.3 community license agreement"),
    ("llama3.2", r"llama 3\.2 community license agreement"),
    ("llama3.1", r"llama 3\.1 community license agreement"),
    ("llama3", r"meta llama 3 community license agreement"),
    ("gemma", r"gemma terms of use"),
    ("agpl-3.0", r"gnu affero general public license\s+version 3"),
    ("lgpl-3.0", r"gnu lesser general public license\s+version 3"),
    ("gpl-3.0", r"gnu general public license\s+version 3"),
    ("gpl-2.0", r"gnu general public license\s+version 2"),
    ("mpl-2.0", r"mozilla public license,?\s+version 2\.0"),
    ("cc-by-nc-sa-4.0", r"attribution-noncommercial-sharealike 4\.0 international"),
    ("cc-by-nc-nd-4.0", r"attribution-noncommercial-noderivatives 4\.0 international"),
    ("cc-by-nc-4.0", r"attribution-noncommercial 4\.0 international"),
    ("cc-by-sa-4.0", r"attribution-sharealike 4\.0 international"),
    ("cc-by-nd-4.0", r"attribution-noderivatives 4\.0 international"),
    ("cc-by-4.0", r"attribution 4\.0 international"),
    ("cc0-1.0", r"cc0 1\.0 universal"),
    ("openrail", r"open ?rail(?:-m)? licen[cs]e|responsible ai licen[cs]e"),
    ("isc", r"permission to use, copy, modify, and(?:/or)? distribute this software for any purpose"),
    ("mit", r"permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("bsd-3-clause", r"redistribution and use in source and binary forms.{0,1500}neither the name"),
    ("bsd-2-clause", r"redistribution and use in source and binary forms"),
    ("unlicense", r"this is free and unencumbered software released into the public domain"),
)  # fmt: skip
"""Identifier → words that only its text has, the narrower ones first."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What is known of one thing's licence."""

    name: str
    """Its identifier in lower case; empty where nobody knows."""
    source: str
    """Where that stands, or why it is not known."""

    @property
    def clause(self) -> str:
        """What it asks of whoever uses the thing, as far as is known here; empty for the plainly permissive."""
        return next((text for pattern, text in _CLAUSES if re.fullmatch(pattern, self.name)), "")


def canonical(name: str) -> str:
    """An identifier as it is compared: SPDX's, in lower case; empty for words that say nothing.

    >>> canonical("Apache 2.0"), canonical("MIT"), canonical("other")
    ('apache-2.0', 'mit', '')
    """
    plain = " ".join(name.casefold().split())
    plain = _ALIASES.get(plain, plain.replace(" ", "-"))
    return "" if plain in UNKNOWN else plain


def of_text(text: str) -> str:
    """The identifier of a licence's own text; empty where it is none that is known."""
    flat = " ".join(text[:LONGEST].casefold().split())
    return next((name for name, pattern in _TEXTS if re.search(pattern, flat)), "")


def of_folder(folder: Path) -> Licence:
    """The licence of what is in a folder: its card's front matter and its licence file, which must not disagree."""
    said = {**_card(folder), **_file(folder)}
    names = {name for name in said.values() if name}
    if len(names) == 1:
        return Licence(names.pop(), ", ".join(where for where, name in said.items() if name))
    if names:
        told = " and ".join(f"{where} says {name}" for where, name in said.items() if name)
        return Licence("", f"contradiction: {told}")
    looked = ", ".join(f"{where} names no known licence" for where in said)
    return Licence("", looked or "neither a model card with a licence nor a licence file")


def base_of(folder: Path) -> str:
    """The base model that a folder's card or adapter configuration names; empty where neither does."""
    from harness.local.folder import read_json

    if (folder / "adapter_config.json").is_file():
        return str(read_json(folder / "adapter_config.json").get("base_model_name_or_path") or "")
    named = _front(folder).get("base_model")
    return str(named[0] if isinstance(named, list) and named else named or "")


def _card(folder: Path) -> dict[str, str]:
    front = _front(folder)
    named = front.get("license", front.get("licence"))
    if isinstance(named, list):
        named = named[0] if len(named) == 1 else " or ".join(map(str, named))
    # cards write `license: other` and the name of their own beside it
    if canonical(str(named or "")) == "" and front.get("license_name"):
        named = front["license_name"]
    return {"README.md": canonical(str(named))} if named else {}


def _front(folder: Path) -> dict[str, Any]:
    """The YAML between the dashes at the top of a card; empty where there is none that can be read."""
    from harness.document import compose

    text = _read(folder / "README.md")
    found = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    if not found:
        return {}
    document, complaints = compose(found[1], "README.md")
    usable = isinstance(document.data, dict) and not any(c.severity == "error" for c in complaints)
    return document.data if usable else {}


def _file(folder: Path) -> dict[str, str]:
    patterns = ("LICENSE*", "LICENCE*", "License*", "license*", "COPYING*")
    files = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    return {path.name: of_text(_read(path)) for path in files}


def _read(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as handle:
        return handle.read(LONGEST)
