"""review.html: one file in which a person compares answers, blind, with the keyboard."""

from __future__ import annotations

import base64
import hashlib
import json

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness import content
from harness.report import plain
from harness.review.packet import Packet

ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(packet: Packet, *, token: str = "") -> str:
    """The page of a packet: its cards and the promise of the key, but not the key.

    With a `token` the page sends each rating to the server it came from; without one it keeps them in the browser and
    offers them as a file.
    """
    told = {
        "packet": packet.id, "commitment": packet.commitment, "token": token,
        "cards": [
            {
                "key": card.key, "question": plain.visible(card.question), "left": plain.visible(card.left),
                "right": plain.visible(card.right),
            }
            for card in packet.cards
        ],
    }  # fmt: skip
    style, script = (
        Markup(content.report_file(name).read_text(encoding="utf-8")) for name in ("review.css", "review.js")
    )
    environment = Environment(
        loader=FileSystemLoader(content.root() / "reports"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("review.html.j2").render(
        packet=packet, data=Markup(embedded(told)), style=style, script=script,
        policy=policy(style, script, sends=bool(token)),
    )  # fmt: skip


def _text(name: str) -> Markup:
    return Markup(content.report_file(name).read_text(encoding="utf-8"))


def embedded(data: object) -> str:
    """Plain data as JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False)
    return "".join(ESCAPED.get(letter, letter) for letter in text)


def policy(style: str, script: str, *, sends: bool) -> str:
    """The content policy: this style sheet and this script by their hashes, and nothing from anywhere else."""

    def fingerprint(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    allowed = f"style-src {fingerprint(style)}; script-src {fingerprint(script)}; img-src data:"
    connect = "; connect-src 'self'" if sends else ""
    return f"default-src 'none'; {allowed}{connect}; base-uri 'none'; form-action 'none'"
