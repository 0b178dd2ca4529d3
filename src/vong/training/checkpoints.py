"""Checkpoints that can be trusted: one counts only once its marker is there, and the marker is written last."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

MARKER = "vong.json"
"""Lies in a complete checkpoint and holds what the trainer must remember beside the weights."""


def mark(checkpoint: Path, state: dict[str, Any]) -> None:
    """Declare a checkpoint complete. Its files are flushed to the disk first, then the marker appears whole."""
    for file in checkpoint.iterdir():
        if file.is_file():
            _flush(file)
    partial = checkpoint / f".{MARKER}"
    partial.write_text(json.dumps(state))
    _flush(partial)
    partial.replace(checkpoint / MARKER)
    _flush(checkpoint)


def newest(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest complete checkpoint and its remembered state. Torn ones (no marker) are removed."""
    found: list[tuple[int, Path, dict[str, Any]]] = []
    for checkpoint in folder.glob("checkpoint-*"):
        state = _state(checkpoint)
        if state is None:
            shutil.rmtree(checkpoint, ignore_errors=True)
        else:
            found.append((int(checkpoint.name.rpartition("-")[2]), checkpoint, state))
    if not found:
        return None
    _, checkpoint, state = max(found, key=lambda one: one[0])
    return checkpoint, state


def keep(folder: Path, best: str | None) -> None:
    """Remove the kept best weights that no checkpoint remembers any more."""
    for old in folder.glob("best-*"):
        if old.name != best:
            shutil.rmtree(old, ignore_errors=True)


def _state(checkpoint: Path) -> dict[str, Any] | None:
    try:
        return json.loads((checkpoint / MARKER).read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
