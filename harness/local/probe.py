"""A probe: a short forward of made-up tokens that shows, on this very model, which ways of computing are right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointBroken
from harness.local.encoderdecoder import compute_pairs, start_id
from harness.local.folder import CAUSAL, CLASSIFIER, SEQ2SEQ
from harness.local.labels import Passage, classify
from harness.local.proof import NAMES, Tree, narrowed, prove_tree
from harness.local.quiet import LOG, quiet
from harness.local.scoring import Bundle, compute
from harness.local.trie import Unit

if TYPE_CHECKING:
    import torch

LENGTH = 40
"""Tokens of the probe, where no sliding window asks for more."""

TOLERANCE = {"float64": 1e-6, "float32": 2e-3}
"""Largest difference of log-probabilities between two ways of computing that is rounding; wider for half precision."""
TREE_TOLERANCE = {"float64": 1e-8, "float32": 2e-4}
"""The same for a trie, where every token of the vocabulary is compared."""
BENDING = ("dynamic", "longrope")
"""Position encodings that depend on how long the whole text is."""

HALF = 0.3
ALONE_TEXT = "padded batches do not give the log-probabilities of plain forwards: each text is computed alone"
ALONE = "padded batches do not give the log-probabilities of plain forwards: only rows of one length are batched"


@dataclass(frozen=True, slots=True)
class Ways:
    """Which ways of computing were shown to give the same numbers as one plain forward for each request."""

    padded: bool = False
    """Rows of different lengths in one batch."""
    shared: bool = False
    """A context computed once for several continuations, and token after token on its keys and values."""
    sentence: str = ""
    path: str = "plain"
    """In one word or two, for the report."""
    tree: Tree = field(default_factory=Tree)
    """How a trie of tokens is computed, if it can be."""
    steady: int | None = None
    """Tokens up to which a text can be computed together with others; None for any number."""


def probe_ids(model: Any, length: int = 0) -> list[int]:
    """Made-up token ids spread over the vocabulary, the same at every call."""
    rows = int(model.get_input_embeddings().weight.shape[0])
    window = getattr(model.config, "sliding_window", None) or 0
    wanted = length or (window + 16 if 0 < window < 256 else LENGTH)
    limit = context_length(model.config)
    return [(7 + 31 * i + 13 * i * i) % rows for i in range(min(wanted, limit - 2 if limit else wanted))]


def context_length(config: Any, tokenizer: Any = None) -> int | None:
    """Tokens that fit, by the rule of lm-eval: the text model's positions, else the tokenizer's limit, else unknown."""
    config = getattr(config, "text_config", None) or config
    for key in ("n_positions", "max_position_embeddings", "n_ctx"):
        if (value := getattr(config, key, None)) is not None:
            return int(value)
    limit = getattr(tokenizer, "model_max_length", None)
    return int(limit) if limit is not None and limit < 10**18 else None


def steady_length(config: Any) -> int | None:
    """Tokens up to which a token's position encoding does not depend on the length of its text; None for any number."""
    config = getattr(config, "text_config", None) or config
    found = getattr(config, "rope_parameters", None) or {}
    kinds = [found, *(kind for kind in found.values() if isinstance(kind, dict))]
    if not any(kind.get("rope_type") in BENDING for kind in kinds):
        return None
    known = [kind.get("original_max_position_embeddings") for kind in kinds]
    known += [getattr(config, name, None) for name in ("original_max_position_embeddings", "max_position_embeddings")]
    return next((int(value) for value in known if value), 0)


def probe_logits(model: Any, ids: list[int], head: str) -> torch.Tensor:
    """Float32 logits of one plain forward over the probe: (1, positions, vocabulary), or (1, labels)."""
    import torch

    device = next(model.parameters()).device
    tensor = torch.tensor([ids], device=device)
    arguments: dict[str, Any] = {"input_ids": tensor}
    if head == SEQ2SEQ:
        arguments["decoder_input_ids"] = tensor[:, :8]
    if head == CLASSIFIER:
        arguments["attention_mask"] = torch.ones_like(tensor)
    with quiet():
        return model(**arguments).logits.float()


def repeatable(model: Any, head: str, folder: Path) -> str:
    """A sentence saying that asking twice gives the same; raises `CheckpointBroken` if not, or if a logit is NaN."""
    import torch

    ids = probe_ids(model)
    first, second = probe_logits(model, ids, head), probe_logits(model, ids, head)
    if torch.isnan(first).any():
        raise CheckpointBroken(
            f"{folder}: the logits of a probe are NaN, though every weight is finite; try dtype: float32"
        )
    if not torch.equal(first, second):
        raise CheckpointBroken(
            f"{folder}: the same probe asked twice gives different logits (up to "
            f"{float((first - second).abs().max()):.3g} "
            "apart), so nothing measured could be repeated; is dropout still on?"
        )
    return "the same probe asked twice gives the same logits, bit for bit"


def prove_ways(model: Any, head: str) -> Ways:
    """Compare tries, padded batches and shared contexts with one plain forward for each, on the probe."""
    ids = probe_ids(model)
    if len(ids) < 8:
        return Ways(sentence="the context is too short for a probe: every request is computed alone")
    kind = str(model.dtype).removeprefix("torch.")
    limit = TOLERANCE.get(kind, HALF)
    padded = _gap(lambda: _padded(model, head, ids))
    if head != CAUSAL:
        right = padded <= limit
        sentence = _sentence(padded) if right else ALONE_TEXT if head == CLASSIFIER else ALONE
        return Ways(right, right, sentence, "padded batches" if right else "plain")
    with narrowed(model):
        # Each with its window cut short, so that the probe is longer than it; the real one stands above.
        padded = max(padded, _gap(lambda: _padded(model, head, ids)))
        shared = _gap(lambda: _apart(model, compute, _bundles(ids), _alone))
        tree = prove_tree(model, ids, TREE_TOLERANCE.get(kind, HALF))
    shared = max(shared, _gap(lambda: _apart(model, compute, _bundles(ids), _alone)))
    steady = steady_length(model.config)
    ways = Ways(padded <= limit, max(padded, shared) <= limit, tree=tree, steady=steady)
    return replace(ways, sentence="; ".join(_sentences(ways, padded, shared)), path=_path(ways))


def _path(ways: Ways) -> str:
    if ways.tree.way:
        return NAMES[ways.tree.way]
    return "shared context" if ways.shared else "padded batches" if ways.padded else "plain"


def _sentences(ways: Ways, padded: float, shared: float) -> list[str]:
    """What was proved, most useful first."""
    told = [ways.tree.sentence] if ways.tree.way else ["no way of computing a trie of tokens is right for this model"]
    if ways.shared:
        told.append(_sentence(max(padded, shared), " and shared contexts"))
    elif ways.padded:
        told.append(_sentence(padded) + ", shared contexts do not, and are not used")
    else:
        told.append(ALONE)
    if ways.steady is not None:
        told.append(f"texts of more than {ways.steady} tokens are computed alone, as their positions depend on length")
    return told


def _sentence(gap: float, more: str = "") -> str:
    return f"padded batches{more} give the log-probabilities of plain forwards within {gap:.1g}"


def _bundles(ids: list[int]) -> list[Bundle]:
    """Three contexts of different lengths with three continuations each."""
    contexts = [tuple(ids[:-4]), tuple(ids[: len(ids) // 2]), tuple(ids[2:5])]
    return [Bundle(tuple(Unit.of(c, ids[i : i + n]) for i, n in ((1, 3), (3, 1), (0, 2))), True) for c in contexts]


def _padded(model: Any, head: str, ids: list[int]) -> float:
    if head == CLASSIFIER:
        return _labels_apart(model, [Passage(tuple(part)) for part in (ids, ids[: len(ids) // 2], ids[2:5])])
    if head == SEQ2SEQ:
        return _apart(model, compute_pairs, _bundles(ids), _alone_pair)
    return _apart(model, compute, [Bundle((u,), False) for bundle in _bundles(ids) for u in bundle.units], _alone)


def _apart(model: Any, way: Callable[..., Any], batch: list[Bundle], alone: Callable[[Any, Unit], float]) -> float:
    """Largest difference between the units' weights computed `way` and `alone`."""
    gaps = [abs(weight.logprob - alone(model, unit)) for unit, weight in way(model, batch, model.device)]
    return _largest(gaps)


def _labels_apart(model: Any, passages: list[Passage]) -> float:
    import torch

    together = classify(model, passages, model.device)
    gaps: list[float] = []
    for row, passage in zip(together, passages, strict=True):
        logits = model(input_ids=torch.tensor([passage.tokens], device=model.device)).logits[0]
        single = logits.float().log_softmax(-1).tolist()
        gaps += [abs(a - b) for a, b in zip(row, single, strict=True)]
    return _largest(gaps)


def _alone(model: Any, unit: Unit) -> float:
    """The unit's log-probability from one plain forward without mask, cache or batch."""
    import torch

    return _read(model(torch.tensor([unit.fed_ids], device=model.device)).logits[0], unit)


def _alone_pair(model: Any, unit: Unit) -> float:
    """The same of an encoder–decoder."""
    import torch

    source = torch.tensor([unit.context], device=model.device)
    told = torch.tensor([[start_id(model) or 0, *unit.continuation[:-1]]], device=model.device)
    return _read(model(input_ids=source, decoder_input_ids=told).logits[0], unit)


def _read(logits: torch.Tensor, unit: Unit) -> float:
    logprobs = logits.float().log_softmax(-1)[-unit.count :]
    return sum(float(logprobs[i, token]) for i, token in enumerate(unit.continuation))


def _largest(gaps: list[float]) -> float:
    """The largest gap; infinite where one is not a number."""
    return max(gaps) if gaps and all(math.isfinite(gap) for gap in gaps) else float("inf")


def _gap(compare: Callable[[], float]) -> float:
    """What `compare` finds; infinite where this way of computing is not possible with this model at all."""
    try:
        with quiet():
            return compare()
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, NotImplementedError) as error:
        LOG.debug("a way of computing fails on the probe: %s", error)
        return float("inf")
