"""Which versions of the libraries made a checkpoint."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors", "numpy")
"""What can change the weights that training gives."""


def versions() -> dict[str, str]:
    """Library → version; those not installed are left out.

    >>> "torch" in versions()
    True
    """
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
