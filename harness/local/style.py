"""How a checkpoint generates: by its own settings with the suite's over them, and which decoding these call for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import SuiteError, nearest
from harness.local.decoding import CausalSession, Draft, Sampling, Writer, Written
from harness.local.encoderdecoder import PairSession
from harness.local.folder import SEQ2SEQ
from harness.local.forward import pad_left, pad_right
from harness.local.sources import Sources

if TYPE_CHECKING:
    import torch

ASKED = ("temperature", "do_sample", "max_new_tokens", "max_length", "stop_strings", "until", "stop", "seed")
"""Settings that each request brings itself."""

NEUTRAL = {
    "num_beams": 1, "num_beam_groups": 1, "repetition_penalty": 1.0, "encoder_repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0, "encoder_no_repeat_ngram_size": 0, "diversity_penalty": 0.0, "length_penalty": 1.0,
    "min_length": 0, "typical_p": 1.0, "epsilon_cutoff": 0.0, "eta_cutoff": 0.0, "guidance_scale": 1.0,
    "num_return_sequences": 1, "early_stopping": False, "remove_invalid_values": False, "renormalize_logits": False,
    "token_healing": False, "low_memory": False,
}  # fmt: skip
"""Settings that change nothing at these values."""

OWN = {
    *ASKED, "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "top_k", "top_p", "use_cache",
    "output_attentions", "output_hidden_states", "output_scores", "output_logits", "return_dict_in_generate",
    "transformers_version", "_from_model_config", "is_assistant", "num_assistant_tokens",
    "num_assistant_tokens_schedule",
    "assistant_confidence_threshold", "disable_compile", "compile_config", "use_mtp", "target_lookbehind",
    "assistant_lookbehind", "cache_implementation",
}  # fmt: skip
"""Settings that our own decoding covers, or that do not change the text."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a checkpoint generates: its own generation_config.json with the suite's gen_kwargs over it."""

    ends: tuple[int, ...]
    sampling: Sampling
    elaborate: Mapping[str, Any]
    """Settings that only transformers' own `generate` knows; where there are any, it is used."""

    @classmethod
    def of(cls, model: Any, tokenizer: Any, asked: Mapping[str, Any]) -> Style:
        """Raises `SuiteError` for settings that are unknown or that belong to the task."""
        settings = model.generation_config.to_dict()
        for key in asked:
            if key in ASKED:
                raise SuiteError(f"gen_kwargs: {key} is said by each task, not by the model; set it in the check")
            if key not in settings or key.startswith("_"):
                raise SuiteError(f"gen_kwargs: no setting {key!r}{nearest(key, [k for k in settings if k[0] != '_'])}")
        settings |= asked
        ends = settings.get("eos_token_id")
        found = list(ends) if isinstance(ends, list) else [] if ends is None else [ends]
        found += [tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else []
        elaborate = {
            key: value
            for key, value in settings.items()
            if key not in OWN and value is not None and (key not in NEUTRAL or value != NEUTRAL[key])
        }
        if settings.get("num_return_sequences") not in (None, 1):
            raise SuiteError(
                "gen_kwargs: num_return_sequences must be 1; ask for several answers with `samples` in the task"
            )
        sampling = Sampling(int(settings.get("top_k") or 0), float(settings.get("top_p") or 1.0))
        return cls(tuple(dict.fromkeys(int(end) for end in found)), sampling, elaborate)


def write_batch(
    model: Any, head: str, drafts: Sequence[Draft], writer: Writer, style: Style, device: torch.device,
    sources: Sources, *, cached: bool,
) -> list[Written]:  # fmt: skip
    """The texts of drafts that share their stop strings and their limit; `cached` allows decoding on cached keys, and
    `sources` remembers what an encoder made of prompts."""
    if style.elaborate or not cached:
        return _by_transformers(model, head, drafts, writer, style, device, together=cached)
    prompts = [draft.prompt for draft in drafts]
    if head == SEQ2SEQ:
        return writer.write(PairSession(model, prompts, device, sources), drafts, device)
    return writer.write(CausalSession(model, prompts, device), drafts, device)


def _by_transformers(
    model: Any,
    head: str,
    drafts: Sequence[Draft],
    writer: Writer,
    style: Style,
    device: torch.device,
    *,
    together: bool,
) -> list[Written]:
    """The same through transformers' `generate`: greedy rows in one batch, drawn ones each alone with its seed."""
    greedy = [at for at, draft in enumerate(drafts) if draft.temperature <= 0]
    groups = [greedy] if together and greedy else [[at] for at in greedy]
    groups += [[at] for at, draft in enumerate(drafts) if draft.temperature > 0]
    made: dict[int, Written] = {}
    for group in groups:
        chosen = [drafts[at] for at in group]
        made.update(zip(group, _generate(model, head, chosen, writer, style, device), strict=True))
    return [made[at] for at in range(len(drafts))]


def _generate(
    model: Any, head: str, drafts: Sequence[Draft], writer: Writer, style: Style, device: torch.device
) -> list[Written]:
    import torch

    prompts, first = [draft.prompt for draft in drafts], drafts[0]
    if head == SEQ2SEQ:
        ids, mask = pad_right(prompts, device)
    else:
        padded = pad_left(prompts, device)
        ids, mask = padded.ids, torch.ones_like(padded.ids) if padded.mask is None else padded.mask
    settings: dict[str, Any] = dict(style.elaborate)
    if first.temperature > 0:
        settings |= {"do_sample": True, "temperature": first.temperature, "top_p": style.sampling.top_p}
        settings["top_k"] = style.sampling.top_k
    if first.stop:
        settings |= {"stop_strings": list(first.stop), "tokenizer": writer.tokenizer}
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(first.seed % (1 << 63))
        out = model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=first.most,
            **{"do_sample": False, **settings}, eos_token_id=list(style.ends) or None, pad_token_id=_pad(model, style),
        )  # fmt: skip
    begun = 1 if head == SEQ2SEQ else ids.shape[1]
    return [writer.finish(draft, row[begun:].tolist()) for draft, row in zip(drafts, out, strict=True)]


def _pad(model: Any, style: Style) -> int:
    pad = model.generation_config.pad_token_id
    return int(pad) if pad is not None else style.ends[0] if style.ends else 0
