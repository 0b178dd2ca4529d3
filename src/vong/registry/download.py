"""A version's files as a folder on disk, for engines and trainers."""

import shutil
import time
from pathlib import Path

from vong.records import ModelVersion, new_id
from vong.store.blobs import BlobStore

STALE = 3600.0
"""Seconds after which a half-made folder is taken to be left over from a process that died."""


def materialise(blobs: BlobStore, version: ModelVersion, models_folder: Path) -> Path:
    """The folder `models_folder/HASH` with the version's files, each verified against its hash.

    The folder appears whole or not at all: it is filled under another name and renamed. One that lost a file or
    changed its size since is made again.
    """
    folder = models_folder / version.hash
    if _whole(folder, version):
        return folder
    models_folder.mkdir(parents=True, exist_ok=True)
    _sweep(models_folder)
    making = models_folder / f".{version.hash[:12]}-{new_id()}"
    for file, blob in version.files.items():
        to = making / file
        to.parent.mkdir(parents=True, exist_ok=True)
        blobs.fetch(blob, to)
    if folder.exists() and not _whole(folder, version):
        folder.rename(making.with_name(f".broken-{making.name}"))
    try:
        making.rename(folder)
    except OSError:
        # Another process was faster: its folder is as good as ours.
        shutil.rmtree(making)
        if not _whole(folder, version):
            raise
    return folder


def weights(folder: Path) -> Path:
    """What an engine loads: the one .gguf file of the folder, or the folder itself."""
    found = sorted(folder.glob("*.gguf"))
    return found[0] if len(found) == 1 else folder


def _whole(folder: Path, version: ModelVersion) -> bool:
    files = [folder / file for file in version.files]
    return all(file.is_file() for file in files) and sum(file.stat().st_size for file in files) == version.bytes


def _sweep(models_folder: Path) -> None:
    for left in models_folder.glob(".*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)
