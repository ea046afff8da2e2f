"""The models that are measured: random Llamas made on the fly, an adapter on one, and the real stories260K."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine import workload
from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.exchange import Model
from harness.local import Residents
from harness.local.identity import identify


@dataclass(frozen=True, slots=True)
class Shape:
    """A Llama's size."""

    hidden: int
    layers: int
    inner: int
    heads: int
    vocabulary: int
    merges: int = 0
    """Tokens that the tokenizer really has; all of the vocabulary unless said."""


SHAPES = {
    "xs": Shape(64, 2, 176, 4, 2_000),
    "s": Shape(256, 4, 704, 4, 8_000),
    "m": Shape(512, 8, 1408, 8, 16_000),
    "wide": Shape(512, 8, 1408, 8, 128_256, 16_000),
}
"""Parameters without the tied head: xs 0.1 M, s 3.0 M, m and wide 23.6 M. Two query heads for each key head."""


WIDE_AWAKE = 0.15
"""Standard deviation of weights with which a random model says something else after every prompt. With the usual 0.02
it soon says the same after all of them, so that all answers are equally long, as real ones never are."""


def causal(folder: Path, name: str, deviation: float = 0.02) -> Path:
    """A random Llama of that size with its tokenizer, in float32; weights have that standard deviation."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = SHAPES[name]
    workload.tokenizer(folder, shape.merges or shape.vocabulary)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=shape.vocabulary, hidden_size=shape.hidden, intermediate_size=shape.inner,
        num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.heads // 2,
        max_position_embeddings=4096, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        initializer_range=deviation,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(str(folder))
    return folder


def adapter(folder: Path, base: Path) -> Path:
    """A LoRA of rank 16 on all linear layers of `base`, with an effect."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    plain = AutoModelForCausalLM.from_pretrained(str(base), local_files_only=True)
    tuned = get_peft_model(plain, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(0.0, 0.02)
    tuned.save_pretrained(str(folder))
    return folder


def stories() -> Path | None:
    """The folder of stories260K, a real model of 260,000 parameters; None where it is not there."""
    root = Path(os.environ.get("HARNESS_SHARED") or Path(__file__).resolve().parents[3] / "shared")
    folder = root / "checkpoints" / "stories260K"
    return folder if folder.is_dir() else None


@dataclass(slots=True)
class Bench:
    """Our side: models on one set of resident weights."""

    residents: Residents
    device: str = "cpu"

    def open(self, pretrained: Path, peft: Path | None = None, **options: Any) -> Model:
        """A model as a suite opens it, past its gate."""
        entry = {"pretrained": str(pretrained), "dtype": "float32", "device": self.device, **options}
        if peft is not None:
            entry["peft"] = str(peft)
        checkpoint = identify("candidate", entry, folder=Path.cwd())
        leaf = Catalog().get("model", "transformers").function
        made: Model = leaf(checkpoint, self.residents, lambda text: None, **options)
        return made


CANDIDATE = Checkpoint("candidate", "transformers")
