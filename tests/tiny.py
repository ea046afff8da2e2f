"""Tiny real checkpoints, made in the process in a fraction of a second, for every test that needs a model.

Each function writes a folder that transformers or peft loads like any other and returns it. Weights are random, drawn
from `seed`; they are spread wide enough that answers differ from prompt to prompt. The tokenizer is byte-level BPE with
a few merges, so every text can be encoded and decoded again.

    folder = tiny.causal(tmp_path / "base")
    adapter = tiny.lora(tmp_path / "adapter", folder)
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

SPECIAL = ["<pad>", "<s>", "</s>"]
"""Ids 0, 1 and 2 of every tiny tokenizer: padding, begin, end."""

TEXT = [
    "the train to the airport leaves at ten and the bus to the harbour leaves at noon",
    "where do I buy a ticket for the night bus? you buy a ticket at the machine or in the app",
    "the answer is yes, the answer is no, it was a good film and it was a bad film",
    "one two three four five six seven eight nine ten",
]
"""What the tokenizer's merges are learned from."""

LABELS = ("negative", "positive", "neutral")
"""Labels of the tiny classifier."""

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def tokenizer(folder: Path, *, size: int = 384, bos: bool = False, chat: str = "", extra: int = 0) -> Any:
    """Write a byte-level BPE tokenizer of at most `size` ids and return it; `bos` puts `<s>` before every text;
    `extra` adds that many tokens beyond `size`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(TEXT, trainer)
    if bos:
        core.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)]
        )
    core.add_tokens([f"<extra{i}>" for i in range(extra)])
    made = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", bos_token="<s>", eos_token="</s>", clean_up_tokenization_spaces=False
    )
    if chat:
        made.chat_template = chat
    made.save_pretrained(str(folder))
    return made


def causal(folder: Path, *, seed: int = 0, context: int = 256, tied: bool = False, spread: float = 0.3,
           bos: bool = False, chat: str = "", vocab: int = 384, window: int = 0, hidden: int = 32,
           dtype: str = "float32") -> Path:  # fmt: skip
    """A Llama (with `window`: a Mistral with sliding-window attention) of two layers and about 40,000 parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

    tokenizer(folder, size=vocab, bos=bos, chat=chat)
    shape = dict(
        vocab_size=vocab, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=context, tie_word_embeddings=tied, initializer_range=spread,
        bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    if window:
        return _save(folder, lambda: MistralForCausalLM(MistralConfig(sliding_window=window, **shape)), seed, dtype)
    return _save(folder, lambda: LlamaForCausalLM(LlamaConfig(**shape)), seed, dtype)


def gpt2(folder: Path, *, seed: int = 0, context: int = 128) -> Path:
    """A GPT-2: learned positions, tied embedding."""
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer(folder)
    config = GPT2Config(vocab_size=384, n_embd=32, n_layer=2, n_head=4, n_positions=context, initializer_range=0.3,
                        bos_token_id=1, eos_token_id=2)  # fmt: skip
    return _save(folder, lambda: GPT2LMHeadModel(config), seed)


def classifier(folder: Path, *, labels: Sequence[str] = LABELS, seed: int = 0, context: int = 64) -> Path:
    """A BERT sequence classifier over `labels`."""
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer(folder)
    config = BertConfig(
        vocab_size=384, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=context, id2label=dict(enumerate(labels)),
        label2id={name: i for i, name in enumerate(labels)}, initializer_range=0.3, pad_token_id=0,
    )  # fmt: skip
    return _save(folder, lambda: BertForSequenceClassification(config), seed)


def seq2seq(folder: Path, *, seed: int = 0) -> Path:
    """A T5 encoder–decoder."""
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer(folder)
    config = T5Config(vocab_size=384, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, eos_token_id=2,
                      pad_token_id=0, decoder_start_token_id=0, initializer_factor=3.0, n_positions=256)  # fmt: skip
    return _save(folder, lambda: T5ForConditionalGeneration(config), seed)


def lora(folder: Path, base: Path, *, seed: int = 0, rank: int = 4, effect: float = 0.5, with_base: bool = True,
         targets: Sequence[str] = ("q_proj", "v_proj"), task: str = "CAUSAL_LM") -> Path:  # fmt: skip
    """A LoRA adapter on `base`; `effect` 0 leaves every lora_B zero; `with_base` records the base's file digests."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from harness import digest

    with torch.random.fork_rng():
        torch.manual_seed(seed + 1000)
        plain = AutoModelForCausalLM.from_pretrained(str(base), local_files_only=True)
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(targets), lora_dropout=0.1, task_type=task)
        tuned = get_peft_model(plain, config)
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                weight.data.normal_(0.0, effect) if effect else weight.data.zero_()
    tuned.save_pretrained(str(folder), safe_serialization=True)
    if with_base:
        weights = {p.name: digest.of_file(p) for p in sorted(base.iterdir()) if p.suffix in (".safetensors", ".json")}
        (folder / "base.json").write_text(json.dumps({"base": weights}), encoding="utf-8")
    return folder


def edit_tensors(file: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """Rewrite a safetensors file: `change` gets name → tensor and returns what is to be written."""
    from safetensors.torch import load_file, save_file

    save_file(
        {k: v.contiguous() for k, v in change(load_file(str(file))).items()}, str(file), metadata={"format": "pt"}
    )
    return file


def poison(folder: Path, *, name: str = "", value: float = float("nan"), file: str = "model.safetensors") -> str:
    """Put `value` into the middle of the tensor `name` (default: the last one of the file) and return its name."""
    chosen = ""

    def change(tensors: dict[str, Any]) -> dict[str, Any]:
        nonlocal chosen
        chosen = name or sorted(tensors)[-1]
        flat = tensors[chosen].view(-1)
        flat[flat.numel() // 2] = value
        return tensors

    edit_tensors(folder / file, change)
    return chosen


def drop_tensor(folder: Path, part: str, *, file: str = "model.safetensors") -> list[str]:
    """Remove every tensor whose name contains `part` and return their names."""
    gone: list[str] = []

    def change(tensors: dict[str, Any]) -> dict[str, Any]:
        gone.extend(sorted(name for name in tensors if part in name))
        return {name: tensor for name, tensor in tensors.items() if part not in name}

    edit_tensors(folder / file, change)
    return gone


def edit_json(file: Path, **changes: Any) -> Path:
    """Set keys of a JSON file; a value of `...` removes the key."""
    data = json.loads(file.read_text(encoding="utf-8"))
    for key, value in changes.items():
        if value is ...:
            data.pop(key, None)
        else:
            data[key] = value
    file.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return file


def ask(model: Any, requests: Sequence[Any]) -> list[Any]:
    """Responses in the order of the requests, each of which must be answered exactly once."""
    pairs = list(model.answer(requests))
    assert sorted(index for index, _ in pairs) == list(range(len(requests)))
    return [response for _, response in sorted(pairs, key=lambda pair: pair[0])]


def _save(folder: Path, build: Callable[[], Any], seed: int, dtype: str = "float32") -> Path:
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build().to(getattr(torch, dtype))
    model.save_pretrained(str(folder))
    return folder
