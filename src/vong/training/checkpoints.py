"""Crash-safe checkpoints: a checkpoint is valid only if its marker file exists, and the marker is written last."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

MARKER = "vong.json"
"""File in a complete checkpoint with the trainer state that is not part of the weights."""


def mark(checkpoint: Path, state: dict[str, Any]) -> None:
    """Mark a checkpoint as complete: flush its files to disk, then write the marker atomically."""
    for file in checkpoint.iterdir():
        if file.is_file():
            _flush(file)
    partial = checkpoint / f".{MARKER}"
    partial.write_text(json.dumps(state))
    _flush(partial)
    partial.replace(checkpoint / MARKER)
    _flush(checkpoint)


def newest(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the newest complete checkpoint and its state, or None. Incomplete checkpoints (no marker) are removed."""
    complete: list[tuple[int, Path, dict[str, Any]]] = []
    for checkpoint in folder.glob("checkpoint-*"):
        state = _state(checkpoint)
        if state is None:
            shutil.rmtree(checkpoint, ignore_errors=True)
        else:
            complete.append((int(checkpoint.name.rpartition("-")[2]), checkpoint, state))
    if not complete:
        return None
    _, checkpoint, state = max(complete, key=lambda one: one[0])
    return checkpoint, state


def keep(folder: Path, best: str | None) -> None:
    """Remove all saved best weights except `best`, the ones that the newest checkpoint refers to."""
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
