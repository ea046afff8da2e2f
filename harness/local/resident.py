"""Weights in memory, each loaded once: a base and every adapter on it share one load."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness.local.adapter as adapters
from harness import digest
from harness.checkpoint import Checkpoint
from harness.errors import CheckpointBroken
from harness.local.device import choose_device, choose_dtype, set_threads
from harness.local.effort import Cost, Meter, count
from harness.local.folder import Survey, survey_adapter, survey_model
from harness.local.load import Loaded, load_model, load_tokenizer, must_fit
from harness.local.probe import Ways, probe_ids, probe_logits, prove_ways, repeatable
from harness.local.quiet import quiet
from harness.local.sheet import Desk
from harness.local.slotproof import SlotProof, prove_slots

if TYPE_CHECKING:
    import torch


LARGE = 10_000_000
"""Numbers in weights from which on memory is collected at once."""


@dataclass(slots=True, eq=False)
class Resident:
    """One loaded base and the adapters on it."""

    key: str
    loaded: Loaded
    device: torch.device
    dtype: torch.dtype
    ways: Ways
    parameters: int
    """Numbers in the base's weights."""
    slots: SlotProof = field(default_factory=SlotProof)
    tuned: Any = None
    """The peft model around the base, once there is an adapter."""
    users: int = 0
    adapters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Adapter's name on the peft model → what was proved of it."""

    on: str | None = ""
    """Which adapter is switched on; empty for none, None where that is not known."""
    desk: Desk = field(default_factory=Desk)
    """What was encoded for one of those who share the weights, for the others."""
    tuned_ways: dict[str, Ways] = field(default_factory=dict)
    """Adapter's name → which ways of computing are right with it on."""
    tokenizers: dict[str, Any] = field(default_factory=dict)
    """Digest of its files → tokenizer."""
    meter: Meter | None = None
    """Who counts what goes through the weights now."""

    @contextmanager
    def as_adapter(self, name: str, meter: Meter | None = None) -> Iterator[Any]:
        """The model with the adapter `name` on (empty: the bare base), and gradients off; never merged."""
        import torch

        if self.on != name:
            self._switch(name)
        outer, self.meter = self.meter, meter
        try:
            with torch.inference_mode(), meter.working() if meter is not None else nullcontext():
                yield self.loaded.model
        finally:
            self.meter = outer

    def _switch(self, name: str) -> None:
        self.on = None
        if name:
            self.tuned.base_model.enable_adapter_layers()
            self.tuned.set_adapter(name, inference_mode=True)
        elif self.tuned is not None:
            with quiet():
                self.tuned.base_model.disable_adapter_layers()
        self.on = name


@dataclass(slots=True, eq=False)
class Lease:
    """One checkpoint's share of a resident: its adapter, its tokenizer, and what was proved of it."""

    resident: Resident
    adapter: str
    tokenizer: Any
    proved: tuple[str, ...]
    warnings: tuple[str, ...]
    parameters: int
    release: Callable[[], None]
    meter: Meter | None = None
    """Counts what answering as this checkpoint takes, once it is `counted`."""

    @property
    def ways(self) -> Ways:
        """Which ways of computing were proved of this checkpoint."""
        return self.resident.tuned_ways.get(self.adapter, self.resident.ways)

    def counted(self) -> Meter:
        """From now on its work is counted."""
        if self.meter is None:
            cost = Cost.of(self.resident.loaded.model, self.parameters - self.resident.parameters)
            self.meter = Meter(cost, self.resident.device, self.resident.dtype)
        return self.meter

    def model(self) -> AbstractContextManager[Any]:
        """A context in which the model answers as this checkpoint; keep it short, others share the weights."""
        return self.resident.as_adapter(self.adapter, self.meter)


class Residents:
    """All weights in memory, by digest; made once for a run and closed at its end."""

    def __init__(self) -> None:
        self._loaded: dict[str, Resident] = {}

    def __len__(self) -> int:
        return len(self._loaded)

    def open(self, checkpoint: Checkpoint, *, allow_pickle: bool = False, trust_remote_code: bool = False) -> Lease:
        """Load what is not loaded yet, prove what is not proved yet.

        Raises:
            SuiteError: the suite asks for what is not there or not allowed.
            CheckpointBroken: the weights, the tokenizer or the adapter cannot be trusted.
        """
        set_threads()
        survey = survey_model(
            Path(checkpoint.pretrained), allow_pickle=allow_pickle, trust_remote_code=trust_remote_code
        )
        adapter = survey_adapter(Path(checkpoint.peft)) if checkpoint.peft else None
        device = choose_device(checkpoint.device)
        dtype = choose_dtype(checkpoint.dtype, device, survey.config)
        base_files = {name: value for name, value in checkpoint.files.items() if not name.startswith("peft/")}
        proved, warnings = ([], []) if adapter is None else adapters.check_adapter(adapter, base_files, survey.head)
        private = _adapter_digest(checkpoint) if adapter and adapters.alters_base(adapter) else ""
        weights = {name: base_files[name] for name in (*survey.weights, "config.json") if name in base_files}
        key = digest.of([weights, str(device), str(dtype), private])
        resident = self._loaded.get(key) or self._load(key, survey, device, dtype, trust_remote_code)
        resident.users += 1
        lease = Lease(resident, "", None, (), (), resident.parameters, release=lambda: self._release(resident))
        try:
            place = (
                adapter.folder if adapter and (adapter.folder / "tokenizer_config.json").is_file() else survey.folder
            )
            lease.tokenizer = _tokenizer(resident, checkpoint, place, trust_remote_code)
            proved.append(must_fit(lease.tokenizer, resident.loaded.model, place))
            if adapter is not None:
                lease.adapter = f"a{_adapter_digest(checkpoint)[:16]}"
                lease.parameters += sum(math.prod(entry.shape) for entry in adapter.tensors.values())
                proved += self._put_on(resident, adapter, lease.adapter, bool(private))
        except BaseException:
            self._release(resident)
            raise
        lease.proved = (*resident.loaded.proved, *proved)
        lease.warnings = (*resident.loaded.warnings, *warnings)
        return lease

    def close(self) -> None:
        """Let go of all weights."""
        numbers = sum(resident.parameters for resident in self._loaded.values())
        self._loaded.clear()
        _free(numbers)

    def _load(self, key: str, survey: Survey, device: torch.device, dtype: torch.dtype, trusted: bool) -> Resident:
        loaded = load_model(survey, device, dtype, trusted=trusted)
        parameters = sum(p.numel() for p in loaded.model.parameters())
        resident = Resident(key, loaded, device, dtype, Ways(), parameters)
        count(loaded.model, lambda: resident.meter)
        with resident.as_adapter("") as model:
            same = repeatable(model, loaded.head, survey.folder)
            resident.ways = prove_ways(model, loaded.head)
            resident.slots = prove_slots(model, loaded.head)
        resident.loaded = Loaded(
            loaded.model,
            loaded.head,
            (*loaded.proved, same, resident.ways.sentence, resident.slots.sentence),
            loaded.warnings,
        )
        self._loaded[key] = resident
        return resident

    def _put_on(self, resident: Resident, survey: Survey, name: str, private: bool) -> tuple[str, ...]:
        if name not in resident.adapters:
            head, model = resident.loaded.head, resident.loaded.model
            ids = probe_ids(model)
            with resident.as_adapter("") as bare:
                without = probe_logits(bare, ids, head)
            resident.on = None
            resident.tuned = adapters.put_on(model, resident.tuned, survey, name)
            with resident.as_adapter(name) as tuned:
                effect = adapters.must_have_effect(probe_logits(tuned, ids, head), without, survey.folder)
                repeatable(tuned, head, survey.folder)
                resident.tuned_ways[name] = prove_ways(tuned, head)
            with resident.as_adapter("") as bare:
                if not private and not bool((probe_logits(bare, ids, head) == without).all()):
                    raise CheckpointBroken(
                        f"the adapter {survey.folder} leaves its base changed when it is switched off"
                    )
            off = "with the adapter off, the base answers bit for bit as before"
            resident.adapters[name] = (
                effect,
                "it changes the base too, so it has a copy of its own" if private else off,
            )
        return resident.adapters[name]

    def _release(self, resident: Resident) -> None:
        resident.users -= 1
        if resident.users <= 0:
            self._loaded.pop(resident.key, None)
            _free(resident.parameters)


def _adapter_digest(checkpoint: Checkpoint) -> str:
    return digest.of({name: value for name, value in checkpoint.files.items() if name.startswith("peft/")})


TOKENIZER = ("token", "vocab", "merges", "special", "chat_template", "spiece", "sentencepiece")
"""Beginnings of the names of files that a tokenizer is made of."""


def _tokenizer(resident: Resident, checkpoint: Checkpoint, place: Path, trusted: bool) -> Any:
    """The tokenizer in a folder; one object for equal files, so that what it encoded is found again."""
    beside = "peft/" if place == Path(checkpoint.peft or ".") and checkpoint.peft else ""
    files = {name.removeprefix(beside): value for name, value in checkpoint.files.items() if name.startswith(beside)}
    known = {name: value for name, value in files.items() if name.startswith(TOKENIZER) and "/" not in name}
    key = digest.of(known) if known else str(place)
    if key not in resident.tokenizers:
        resident.tokenizers[key] = load_tokenizer(place, trusted=trusted)
    return resident.tokenizers[key]


def _free(numbers: int) -> None:
    """Give memory back; a full collection takes a second, so it is left out where there is little to gain."""
    import gc

    import torch

    if numbers < LARGE:
        return
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
