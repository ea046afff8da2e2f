"""Attention in two parts against attention in one."""

from __future__ import annotations

import pytest
import torch

from harness.local import merging
from harness.local.attention import How
from harness.local.merging import attend, merge


def rows(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def by_hand(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scale: float, softcap: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention and log-sum-exp in float64."""
    query, key, value = query.double(), key.double(), value.double()
    scores = query @ key.transpose(-1, -2) * scale
    if softcap:
        scores = softcap * torch.tanh(scores / softcap)
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1) @ value, scores.logsumexp(-1)


@pytest.fixture(params=["fused", "in steps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "in steps":
        monkeypatch.setattr(merging, "_flash", lambda: None)
    return str(request.param)


def test_torch_still_has_the_kernel_that_gives_the_log_sum_exp() -> None:
    """It is a private one; without it everything works, more slowly."""
    assert merging._flash() is not None
    out, total = merging._flash()(rows(1, 1, 2, 8), rows(1, 1, 3, 8), rows(1, 1, 3, 8), 0.0, False, scale=1.0)
    assert (out.shape, total.shape) == ((1, 1, 2, 8), (1, 1, 2))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("softcap", [0.0, 5.0])
def test_attention_and_its_log_sum_exp(way: str, masked: bool, softcap: float) -> None:
    query, key, value = rows(3, 2, 4, 8), rows(3, 2, 5, 8, seed=1), rows(3, 2, 5, 8, seed=2)
    mask = torch.tensor([[0.0, 0.0, -30000.0, 0.0, -30000.0]])[None, None].expand(3, 1, 1, 5) if masked else None
    out, total = attend(query, key, value, How(0.3, softcap=softcap), mask)
    wanted, sums = by_hand(query, key, value, mask, 0.3, softcap)
    assert torch.allclose(out.double(), wanted, atol=1e-6)
    assert torch.allclose(total.double(), sums, atol=1e-6)


def test_causal_attention_with_keys_that_heads_share(way: str) -> None:
    query, key, value = rows(2, 3, 6, 8), rows(2, 1, 6, 8, seed=1), rows(2, 1, 6, 8, seed=2)
    out, _ = attend(query, key.expand(-1, 3, -1, -1), value.expand(-1, 3, -1, -1), How(), causal=True)
    mask = torch.full((6, 6), float("-inf")).triu(1)
    wanted, _ = by_hand(query, key.expand(-1, 3, -1, -1), value.expand(-1, 3, -1, -1), mask, 8**-0.5, 0.0)
    assert torch.allclose(out.double(), wanted, atol=1e-6)


def test_values_of_another_width_than_keys() -> None:
    query, key, value = rows(1, 2, 4, 8), rows(1, 2, 5, 8, seed=1), rows(1, 2, 5, 3, seed=2)
    out, total = attend(query, key, value, How())
    wanted, sums = by_hand(query, key, value, None, 8**-0.5, 0.0)
    assert torch.allclose(out.double(), wanted, atol=1e-6)
    assert torch.allclose(total.double(), sums, atol=1e-6)


@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 1e-6), (torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
def test_two_parts_are_the_whole(way: str, dtype: torch.dtype, within: float) -> None:
    """Also where the keys of one part come to nothing, and where a query sees none of the second part at all."""
    query, key, value = (rows(2, 2, n, 8, seed=n, dtype=dtype) for n in (4, 700, 700))
    mask = torch.zeros(1, 1, 4, 700)
    mask[..., 1, 600:] = mask[..., 2, 90:] = mask[..., 3, 90:640] = -30000.0
    first = attend(query, key[:, :, :90], value[:, :, :90], How())
    second = attend(query, key[:, :, 90:], value[:, :, 90:], How(), mask[..., 90:])
    out, total = merge(*first, *second)
    wanted, sums = by_hand(query, key, value, mask, 8**-0.5, 0.0)
    assert torch.isfinite(out).all()
    assert float((out.double() - wanted).abs().max()) < within
    assert float((total.double() - sums).abs().max()) < max(within, 1e-5)
