"""What a safetensors file says of itself, read and checked without a tensor library.

A file is 8 bytes of header length (little endian), that many bytes of JSON (name → dtype, shape, data_offsets), then
the data; the offsets must tile the data exactly.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import CheckpointBroken

HEADER_LIMIT = 100_000_000
"""Bytes; longer headers are an attack or damage."""

BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
"""dtype → bits of one element."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor as its file declares it."""

    file: str
    dtype: str
    shape: tuple[int, ...]


def read_header(path: Path, shown: str) -> dict[str, TensorEntry]:
    """Tensor name → what the file declares, after checking that the declared data is all there; `shown` names the file.

    Raises:
        CheckpointBroken: not a whole, sound safetensors file.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(8)
        if len(head) < 8:
            raise CheckpointBroken(f"{shown} has only {size} bytes; it is not a safetensors file")
        (length,) = struct.unpack("<Q", head)
        if length > min(HEADER_LIMIT, size - 8):
            raise CheckpointBroken(
                f"{shown} is damaged: its header claims {length} bytes, but {size - 8} follow; was it cut off, or is "
                f"it "
                "not a safetensors file?"
            )
        raw = handle.read(length)
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CheckpointBroken(f"{shown} is damaged: its header is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise CheckpointBroken(f"{shown} is damaged: its header is a {type(header).__name__}, not a mapping")
    header.pop("__metadata__", None)
    _check_tiling(header, size - 8 - length, shown)
    return {name: TensorEntry(shown, e["dtype"], tuple(e["shape"])) for name, e in header.items()}


def _check_tiling(header: dict[str, Any], data: int, shown: str) -> None:
    spans = sorted((_span(name, entry, shown), name) for name, entry in header.items())
    reached = 0
    for (start, end), name in spans:
        if start != reached:
            raise CheckpointBroken(f"{shown} is damaged: tensor {name!r} begins at byte {start}, not at {reached}")
        reached = end
    if reached != data:
        word = "cut off" if reached > data else "padded with something else"
        raise CheckpointBroken(f"{shown} is {word}: its tensors need {reached} bytes of data, it has {data}")


def _span(name: str, entry: Any, shown: str) -> tuple[int, int]:
    try:
        start, end = (int(x) for x in entry["data_offsets"])
        shape, bits = [int(x) for x in entry["shape"]], BITS[entry["dtype"]]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointBroken(
            f"{shown} is damaged: the entry of tensor {name!r} is not understood ({error})"
        ) from error
    needed = -(-math.prod(shape) * bits // 8)
    if min(shape, default=0) < 0 or end - start != needed:
        raise CheckpointBroken(
            f"{shown} is damaged: tensor {name!r} of shape {shape} needs {needed} bytes, its entry gives {end - start}"
        )
    return start, end


def read_index(folder: Path, name: str = "model.safetensors.index.json") -> list[str]:
    """The shard files that an index names, each a plain file name.

    Raises:
        CheckpointBroken: not an index, or a shard that is missing or lies outside the folder.
    """
    try:
        named = json.loads((folder / name).read_text(encoding="utf-8"))["weight_map"].values()
        shards = sorted({str(shard) for shard in named})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointBroken(
            f"{folder / name} is not an index of shards ({type(error).__name__}: {error})"
        ) from error
    for shard in shards:
        if Path(shard).name != shard or "\\" in shard or shard in ("", ".", ".."):
            raise CheckpointBroken(f"{folder / name} names the shard {shard!r}, which is not a file of its own folder")
        if not (folder / shard).is_file():
            raise CheckpointBroken(f"{folder / name} names the shard {shard!r}, which is missing")
    if not shards:
        raise CheckpointBroken(f"{folder / name} names no shard at all")
    return shards
