"""From a suite's entry under `models:` to a Checkpoint: exact files by digest; torch is not needed for it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.checkpoint import Checkpoint
from harness.errors import Complaint, SuiteError, Tampered, nearest
from harness.local.folder import MODEL, Survey, head_of, must_be_folder, read_json, survey_adapter, survey_model
from harness.local.memo import Memo

IDENTITY = ("pretrained", "peft", "revision", "peft_revision", "dtype", "device", "replay")
"""Keys of an entry that become fields of a Checkpoint; the rest are its options."""

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def identify(
    name: str,
    entry: Mapping[str, Any],
    *,
    folder: Path,
    base: Checkpoint | None = None,
    memo: Path | None = None,
) -> Checkpoint:
    """The checkpoint called `name`; paths in `entry` are relative to `folder`; `peft` alone is an adapter on `base`.

    `memo` is a file that remembers digests between runs. Hub ids are fetched, or found in the hub's cache.

    Raises:
        SuiteError: what the entry names is missing, or is not what the entry says.
        CheckpointBroken: a file is damaged, missing or unsafe.
    """
    digests = Memo(memo)
    options = {key: value for key, value in entry.items() if key not in IDENTITY}
    if "replay" in entry:
        source = _local(str(entry["replay"]), folder)
        if not source.is_file():
            beside = [p.name for p in source.parent.iterdir()] if source.parent.is_dir() else []
            raise SuiteError(f"models.{name}: no recording at {source}{nearest(source.name, beside)}")
        files = {"recording": digests.of_file(source)}
        return Checkpoint(name, "replay", options=options, files=files, source=source)
    if "endpoint" in entry:
        return Checkpoint(name, "endpoint", options=options, head="causal")
    pretrained, revision = _full(name, entry, folder, base)
    allow_pickle, trusted = bool(entry.get("allow_pickle")), bool(entry.get("trust_remote_code"))
    survey = survey_model(pretrained, allow_pickle=allow_pickle, trust_remote_code=trusted)
    files = _digests(survey, digests)
    adapter, peft_revision = "", ""
    if entry.get("peft"):
        place, peft_revision = resolve(str(entry["peft"]), folder, str(entry.get("peft_revision") or ""))
        files |= {f"peft/{path}": value for path, value in _digests(survey_adapter(place), digests).items()}
        adapter = str(place)
    digests.save()
    return Checkpoint(
        name, "transformers", pretrained=str(pretrained), peft=adapter, revision=revision, peft_revision=peft_revision,
        dtype=str(entry.get("dtype") or "auto"), device=str(entry.get("device") or "auto"), options=options,
        files=files,
    )  # fmt: skip


def must_be_unchanged(checkpoint: Checkpoint, *, memo: Path | None = None) -> None:
    """Look at every file again; raises `Tampered` where one is no longer what was identified."""
    digests = Memo(memo)
    for name, before in checkpoint.files.items():
        folder = Path(checkpoint.peft if name.startswith("peft/") else checkpoint.pretrained)
        path = checkpoint.source or folder / name.removeprefix("peft/")
        now = digests.of_file(path) if path.is_file() else "no such file"
        if now != before:
            raise Tampered(
                f"{path} changed while the run was going (SHA-256 {before[:12]}… before, {now[:12]}… now), so what was "
                f"measured is not what is there; run again when {checkpoint.name} is final"
            )
    digests.save()


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter (and not full weights)."""
    return (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file()


def head(checkpoint: Checkpoint) -> str:
    """What a checkpoint can answer: `causal`, `seq2seq` or `classifier`; empty where weights are not here to say it."""
    if checkpoint.kind != "transformers":
        return ""
    folder = Path(checkpoint.pretrained)
    return head_of(read_json(folder / "config.json"), folder)


def resolve(named: str, folder: Path, revision: str = "") -> tuple[Path, str]:
    """The local folder of a checkpoint named by path or hub id, and its revision (the commit, for the hub).

    Raises:
        SuiteError: there is no such folder, and the hub has no such id or cannot be reached.
    """
    place = _local(named, folder)
    if place.is_dir():
        return place, revision
    if (
        named.startswith((".", "/", "~"))
        or not HUB_ID.fullmatch(named)
        or (place.parent != folder and place.parent.is_dir())
    ):
        must_be_folder(place)
    fetched = _fetch(named, revision, place)
    return fetched, fetched.name


def _full(name: str, entry: Mapping[str, Any], folder: Path, base: Checkpoint | None) -> tuple[Path, str]:
    if entry.get("pretrained"):
        return resolve(str(entry["pretrained"]), folder, str(entry.get("revision") or ""))
    if not entry.get("peft"):
        raise SuiteError([Complaint("", 0, f"models.{name} names no weights: give `pretrained`, `peft`, or `replay`")])
    if base is None or not base.pretrained:
        raise SuiteError(
            f"models.{name}: `peft` alone is an adapter on `base`, but no model `base` with weights is there"
        )
    return Path(base.pretrained), base.revision


def _local(named: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / Path(named).expanduser()))


def _digests(survey: Survey, digests: Memo) -> dict[str, str]:
    return {name: digests.of_file(survey.folder / name) for name in survey.files}


def _fetch(named: str, revision: str, place: Path) -> Path:
    from huggingface_hub import snapshot_download

    wanted = ["*.safetensors", "*.safetensors.index.json", "adapter_config.json", "base.json", *MODEL]
    try:
        return Path(snapshot_download(named, revision=revision or None, allow_patterns=wanted))
    except Exception as error:
        beside = [p.name for p in place.parent.iterdir() if p.is_dir()] if place.parent.is_dir() else []
        reason = str(error).strip().split("\n")[0]
        raise SuiteError(
            f"{named!r} is not a folder (looked for {place}{nearest(place.name, beside)}), and as a hub id it could "
            f"not be "
            f"fetched: {type(error).__name__}: {reason}"
        ) from error
