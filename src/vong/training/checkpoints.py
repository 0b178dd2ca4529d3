"""Crash-safe checkpoints: a checkpoint is valid only if its marker file exists, and the marker is written last."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

MARKER_FILE = "vong.json"
"""File in a complete checkpoint with the trainer state that is not part of the weights."""


def commit_checkpoint(checkpoint: Path, state: dict[str, Any]) -> None:
    """Mark a checkpoint as complete: flush its files to disk, then write the marker atomically."""
    for file in checkpoint.iterdir():
        if file.is_file():
            _fsync(file)
    partial = checkpoint / f".{MARKER_FILE}"
    partial.write_text(json.dumps(state))
    _fsync(partial)
    partial.replace(checkpoint / MARKER_FILE)
    _fsync(checkpoint)


def latest_checkpoint(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the newest complete checkpoint and its state, or None. Incomplete checkpoints (no marker) are removed."""
    complete: list[tuple[int, Path, dict[str, Any]]] = []
    for checkpoint in folder.glob("checkpoint-*"):
        state = _read_state(checkpoint)
        if state is None:
            shutil.rmtree(checkpoint, ignore_errors=True)
        else:
            complete.append((int(checkpoint.name.rpartition("-")[2]), checkpoint, state))
    if not complete:
        return None
    _, checkpoint, state = max(complete, key=lambda one: one[0])
    return checkpoint, state


def prune_best_weights(folder: Path, best: str | None) -> None:
    """Remove all saved best weights except `best`, the ones that the newest checkpoint refers to."""
    for old in folder.glob("best-*"):
        if old.name != best:
            shutil.rmtree(old, ignore_errors=True)


def _read_state(checkpoint: Path) -> dict[str, Any] | None:
    try:
        return json.loads((checkpoint / MARKER_FILE).read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
