"""The last layer, only where somebody reads what comes of it.

Of tokens whose logits nobody asks for, the last layer is needed for its keys and values alone. So it is called twice:
first with all tokens, and left as soon as it hands over its keys and values; then with the tokens that are read, which
attend to those. Of a model of few layers that saves a good part, of one of many layers little.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from harness.local.attention import How, Pass, Unsupported

if TYPE_CHECKING:
    import torch

FEW = 0.75
"""Share of the tokens that are read up to which it pays: what is called twice costs a quarter of a layer, about."""


class Selective(Protocol):
    """An `attention.Attender` that can be asked for some of the queries of a pass."""

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How,
        rows: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """One layer; with `rows` (ascending), for the queries of the tokens there; keys and values are of all."""
        ...


@contextmanager
def curtailed(model: Any, current: Pass, attender: Selective, rows: torch.Tensor, length: int) -> Iterator[None]:
    """Inside, the model's last layer gives only the tokens at `rows` (ascending) of its `length` ones, and so does all
    that comes after it: the model must then be asked for all logits.

    Raises:
        Unsupported: while the model runs, where its last layer is not found or not as expected.
    """
    layer = last_layer(model)
    if layer is None:
        raise Unsupported("this model's last layer is not found")
    own, whole = vars(layer).get("forward"), layer.forward

    def forward(*args: Any, **given: Any) -> Any:
        keeping = _Keeping()
        current.attender = keeping
        try:
            whole(*args, **given)
        except _Kept:
            current.calls -= 1
        else:
            raise Unsupported("this model's last layer has no attention")
        current.spared += (length - len(rows)) * _outside_attention(layer, current.module)
        current.attender = _Rest(attender, keeping, rows)
        try:
            return whole(*_cut(args, rows, length), **_cut(given, rows, length))
        finally:
            current.attender = attender

    layer.forward = forward
    try:
        yield
    finally:
        if own is None:
            del layer.forward
        else:
            layer.forward = own


def last_layer(model: Any) -> Any:
    """The module that is the last of a decoder's layers; None where there is no list of as many modules."""
    if model not in _LAST:
        count = int(model.config.get_text_config().num_hidden_layers)
        lists = (part for part in model.modules() if part.__class__.__name__ == "ModuleList" and len(part) == count)
        found = next(lists, None)
        _LAST[model] = None if found is None else _name(model, found[-1])
    return None if _LAST[model] is None else model.get_submodule(_LAST[model])


_LAST: WeakKeyDictionary[Any, str | None] = WeakKeyDictionary()


def _name(model: Any, wanted: Any) -> str:
    return next(str(name) for name, part in model.named_modules() if part is wanted)


def _outside_attention(layer: Any, attention: Any) -> int:
    """Numbers that a token which is not read is spared to be multiplied with: those of the layer's matrices outside
    of its attention."""
    inside = {id(p) for p in attention.parameters()} if attention is not None else set()
    outside = ((name, p) for name, p in layer.named_parameters() if id(p) not in inside)
    return sum(p.numel() for name, p in outside if p.ndim == 2 and "lora_" not in name)


def _cut(value: Any, rows: torch.Tensor, length: int) -> Any:
    """Of whatever goes with each of the tokens, what goes with those at `rows`."""
    if isinstance(value, tuple | list):
        return type(value)(_cut(part, rows, length) for part in value)
    if isinstance(value, dict):
        return {name: _cut(part, rows, length) for name, part in value.items()}
    along = getattr(value, "ndim", 0) >= 2 and value.shape[:2] == (1, length)
    return value[:, rows] if along else value


class _Kept(Exception):
    """The keys and values are there; the rest of the layer need not be computed."""


class _Keeping:
    """An attender that takes keys and values, and ends the layer."""

    key: torch.Tensor
    value: torch.Tensor

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How) -> torch.Tensor:
        self.key, self.value = key, value
        raise _Kept


class _Rest:
    """An attender for the tokens that are read."""

    def __init__(self, attender: Selective, kept: _Keeping, rows: torch.Tensor) -> None:
        self._attender, self._kept, self._rows = attender, kept, rows

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: How) -> torch.Tensor:
        if query.shape[2] != len(self._rows):
            raise Unsupported("this model's last layer does not go token by token")
        return self._attender.attend(layer, query, self._kept.key, self._kept.value, how, self._rows)
