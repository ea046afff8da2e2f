"""Headers of safetensors files: sound ones are read, damaged ones refused in words."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from harness.errors import CheckpointBroken
from harness.local.tensorfile import read_header, read_index


def write(path: Path, header: object, data: bytes = b"", *, length: int | None = None) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw) if length is None else length) + raw + data)
    return path


def entry(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_a_real_file_reads_as_safetensors_itself_says(made: Path) -> None:
    file = made / "base" / "model.safetensors"
    found = read_header(file, "it")
    with safe_open(str(file), framework="pt") as real:
        assert set(found) == set(real.keys())
        assert all(list(found[name].shape) == real.get_slice(name).get_shape() for name in found)


@pytest.mark.parametrize(
    ("header", "data", "length", "said"),
    [
        (b"", b"", 1 << 40, "header claims 1099511627776 bytes, but 0 follow"),
        (b"{nonsense", b"", None, "its header is not JSON"),
        (b"[]", b"", None, "its header is a list, not a mapping"),
        ({"a": entry(0, 8, [2])}, b"1234", None, "cut off: its tensors need 8 bytes of data, it has 4"),
        ({"a": entry(0, 4, [1])}, b"12345678", None, "padded with something else"),
        ({"a": entry(0, 8, [3])}, b"12345678", None, r"tensor 'a' of shape \[3\] needs 12 bytes, its entry gives 8"),
        ({"a": entry(4, 8, [1])}, b"12345678", None, "tensor 'a' begins at byte 4, not at 0"),
        ({"a": entry(0, 4, [1]), "b": entry(0, 4, [1])}, b"1234", None, "tensor 'b' begins at byte 0, not at 4"),
        ({"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}, b"1234", None, "entry of tensor 'a'"),
        ({"a": entry(0, 4, [-1, -1])}, b"1234", None, "tensor 'a' of shape"),
    ],
)
def test_damage_is_named(tmp_path: Path, header: object, data: bytes, length: int | None, said: str) -> None:
    with pytest.raises(CheckpointBroken, match=said):
        read_header(write(tmp_path / "m.safetensors", header, data, length=length), "m.safetensors")


@given(st.data())
def test_every_cut_of_a_file_is_noticed(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        whole = write(Path(folder) / "m", {"a": entry(0, 8, [2]), "b": entry(8, 10, [2], "U8")}, b"1234567890")
        raw = whole.read_bytes()
        whole.write_bytes(raw[: data.draw(st.integers(0, len(raw) - 1))])
        with pytest.raises(CheckpointBroken):
            read_header(whole, "m")


@pytest.mark.parametrize("shard", ["../outside.safetensors", "/etc/passwd", "a/b.safetensors", "..\\x", ""])
def test_an_index_cannot_name_a_file_outside_its_folder(tmp_path: Path, shard: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": shard}}))
    with pytest.raises(CheckpointBroken, match="not a file of its own folder"):
        read_index(tmp_path)


def test_an_index_must_have_its_shards(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors"}}))
    with pytest.raises(CheckpointBroken, match=r"'one.safetensors', which is missing"):
        read_index(tmp_path)
    index.write_text('{"weight_map": {}}')
    with pytest.raises(CheckpointBroken, match="names no shard"):
        read_index(tmp_path)
    index.write_text('{"weights": 1}')
    with pytest.raises(CheckpointBroken, match="not an index of shards"):
        read_index(tmp_path)
