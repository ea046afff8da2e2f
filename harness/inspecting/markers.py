"""Marks of prompt templates and of ends in training rows: are all rows written the same way?"""

from __future__ import annotations

import re

_CHAT = re.compile(
    r"<\|[a-z_]{1,30}\|>|<\|im_(?:start|end)\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?s>|<eos>|<bos>|<pad>"
)
_HEADING = re.compile(r"^[ \t]*(#{1,4} ?[A-Z][\w ]{1,20}:|[A-Z][A-Za-z]{0,14}:)", re.MULTILINE)
_END = re.compile(r"(</s>|<eos>|<\|(?:im_end|endoftext|eot_id|end|eot|end_of_text)\|>|<end_of_turn>|\[EOS\])\s*$")
_SPEAKERS = frozenset(
    {"Q", "A", "User", "Assistant", "Human", "Question", "Answer", "Instruction", "Input", "Output", "Response"}
    | {"System", "Context", "Bot", "AI", "Prompt"}
)


def frame(text: str) -> tuple[str, ...]:
    """The template's marks in a text, each once, in order: chat tokens, `### Response:`, `Q:` and other speakers.

    >>> frame("### Instruction:\\nAdd 2.\\n### Response:")
    ('### Instruction:', '### Response:')
    >>> frame("Note: it is late")
    ()
    """
    found = [(match.start(), match[0]) for match in _CHAT.finditer(text)] if "<" in text or "[" in text else []
    for match in _HEADING.finditer(text) if ":" in text else ():
        if match[1].startswith("#") or match[1].rstrip(":") in _SPEAKERS:
            found.append((match.start(1), match[1]))
    return tuple(dict.fromkeys(mark for _, mark in sorted(found)))


def ending(text: str) -> str:
    """The end-of-text mark that a text ends with; empty where it has none.

    >>> ending("At nine.</s>"), ending("At nine.")
    ('</s>', '')
    """
    found = _END.search(text[-40:])
    return found[1] if found else ""


def stripped(text: str) -> str:
    """A text without its end-of-text mark.

    >>> stripped("At nine.</s>")
    'At nine.'
    """
    return _END.sub("", text)
