"""lm-eval kept quiet and harmless: no log lines, templates in a sandbox, chance and settings left as they were."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cache, lru_cache
from typing import Any


@cache
def _sandbox() -> Any:
    """lm-eval's own template environment, but in a sandbox, and each template compiled once instead of at every row."""
    import lm_eval.utils
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    theirs = lm_eval.utils.env
    safe = ImmutableSandboxedEnvironment(
        loader=theirs.loader, undefined=StrictUndefined, keep_trailing_newline=True
    )  # fmt: skip
    safe.filters.update(theirs.filters)
    setattr(safe, "from_string", lru_cache(maxsize=4096)(safe.from_string))  # noqa: B010  a method of this one object
    return safe


@contextmanager
def quiet() -> Iterator[None]:
    """lm-eval without its log lines, its templates in a sandbox (task files are not trusted), chance left as it was."""
    import logging

    import lm_eval.utils

    before = random.getstate()
    logger = logging.getLogger("lm_eval")
    level, env = logger.level, lm_eval.utils.env
    safe = _sandbox()
    bars = os.environ.get("HF_DATASETS_DISABLE_PROGRESS_BARS")
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    try:
        logger.setLevel(logging.ERROR)
        lm_eval.utils.env = safe
        with redirect_stderr(io.StringIO()):  # its progress bars; what goes wrong still raises
            yield
    finally:
        random.setstate(before)
        logger.setLevel(level)
        lm_eval.utils.env = env
        if bars is None:
            os.environ.pop("HF_DATASETS_DISABLE_PROGRESS_BARS", None)
        else:
            os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = bars
