"""Crash-safe checkpoints: a checkpoint is valid only if its marker file exists, and the marker is written last."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

MARKER_FILE = "vong.json"
"""File in a complete checkpoint with the trainer state that is not part of the weights."""

MAX_CHECKPOINTS = 2
"""Complete checkpoints that are kept."""


def commit_checkpoint(checkpoint: Path, state: dict[str, Any]) -> None:
    """Mark a checkpoint as complete: flush its files to disk, then write the marker atomically."""
    flush_folder(checkpoint)
    partial = checkpoint / f".{MARKER_FILE}"
    partial.write_text(json.dumps(state))
    _fsync(partial)
    partial.replace(checkpoint / MARKER_FILE)
    _fsync(checkpoint)
    _fsync(checkpoint.parent)


def latest_checkpoint(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the newest complete checkpoint and its state, or None. Incomplete checkpoints (no marker) are removed."""
    remove_incomplete(folder)
    complete = [(path, state) for path in folder.glob("checkpoint-*") if (state := _read_state(path)) is not None]
    return max(complete, key=lambda one: checkpoint_step(one[0]), default=None)


def prune_checkpoints(folder: Path, best: str | None) -> None:
    """Remove all complete checkpoints except the newest two, and all best weights except those of the newest one.

    Checkpoints are ordered by step. The order of their times is wrong if the clock was set back.
    """
    complete = sorted(
        (path for path in folder.glob("checkpoint-*") if (path / MARKER_FILE).exists()), key=checkpoint_step
    )
    for old in complete[:-MAX_CHECKPOINTS]:
        # Without its marker, a partly removed checkpoint counts as incomplete.
        (old / MARKER_FILE).unlink(missing_ok=True)
        shutil.rmtree(old, ignore_errors=True)
    for old in folder.glob("best-*"):
        if old.name != best:
            shutil.rmtree(old, ignore_errors=True)


def list_steps(folder: Path) -> list[int]:
    """Return the steps of the complete checkpoints, in ascending order."""
    return sorted(checkpoint_step(path) for path in folder.glob("checkpoint-*") if _read_state(path) is not None)


def remove_stale(folder: Path, step: int, rewinds: int) -> None:
    """Remove the checkpoints after `step` that were written before the run had this number of rewinds."""
    for path in folder.glob("checkpoint-*"):
        state = _read_state(path)
        if state is not None and checkpoint_step(path) > step and state.get("rewinds", 0) < rewinds:
            (path / MARKER_FILE).unlink()
            shutil.rmtree(path, ignore_errors=True)


def remove_incomplete(folder: Path) -> None:
    """Remove what an interrupted or failed save left behind."""
    for checkpoint in folder.glob("checkpoint-*"):
        if _read_state(checkpoint) is None:
            shutil.rmtree(checkpoint, ignore_errors=True)
    for partial in folder.glob(".best-*"):
        shutil.rmtree(partial, ignore_errors=True)


def checkpoint_step(checkpoint: Path) -> int:
    """Return the step of a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])


def flush_folder(folder: Path) -> None:
    """Flush the files of a folder and the folder itself to disk."""
    for file in folder.iterdir():
        if file.is_file():
            _fsync(file)
    _fsync(folder)


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
