"""Keep the libraries off the terminal and off the network while they work on local files."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

LIBRARIES = ("transformers", "peft", "huggingface_hub", "accelerate")

LOG = logging.getLogger("harness.libraries")
"""Where everything that the libraries say is logged, at DEBUG; nothing of it is printed unless somebody listens."""


class _Forward(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        LOG.debug("%s: %s", record.name, record.getMessage())


@contextmanager
def quiet() -> Iterator[None]:
    """Route the libraries' log lines and warnings to `LOG`, without progress bars and without the hub."""
    import huggingface_hub.constants as hub
    from transformers.utils import logging as their_logging

    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    bars, offline = their_logging.is_progress_bar_enabled(), hub.HF_HUB_OFFLINE
    forward = _Forward()
    try:
        for logger in loggers:
            logger.handlers, logger.propagate = [forward], False
        their_logging.disable_progress_bar()
        hub.HF_HUB_OFFLINE = True
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for warning in caught:
            LOG.debug("%s: %s", warning.category.__name__, warning.message)
    finally:
        for logger, (handlers, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
        hub.HF_HUB_OFFLINE = offline
        if bars:
            their_logging.enable_progress_bar()
