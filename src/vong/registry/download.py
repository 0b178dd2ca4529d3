"""Download of a model version's files to a local folder, for engines and trainers."""

import shutil
import time
from pathlib import Path

from vong.records import ModelVersion, new_id
from vong.store.blobs import BlobStore

STALE_FOLDER_SECONDS = 3600.0
"""Age after which an incomplete folder is considered left over from a dead process and removed."""


def download_version(blobs: BlobStore, version: ModelVersion, models_folder: Path) -> Path:
    """Download the files of a version to `models_folder/HASH` and return that folder.

    Each file is verified against its hash. The folder is filled under a temporary name and then renamed, so it is
    always complete. If a file is missing or has changed its size, the folder is downloaded again.
    """
    folder = models_folder / version.hash
    if _is_complete(folder, version):
        return folder
    models_folder.mkdir(parents=True, exist_ok=True)
    _remove_stale_folders(models_folder)
    temporary = models_folder / f".{version.hash[:12]}-{new_id()}"
    for file, blob in version.files.items():
        target = temporary / file
        target.parent.mkdir(parents=True, exist_ok=True)
        blobs.fetch(blob, target)
    if folder.exists() and not _is_complete(folder, version):
        folder.rename(temporary.with_name(f".broken-{temporary.name}"))
    try:
        temporary.rename(folder)
    except OSError:
        # Another process finished first; its folder has the same content.
        shutil.rmtree(temporary)
        if not _is_complete(folder, version):
            raise
    return folder


def _is_complete(folder: Path, version: ModelVersion) -> bool:
    files = [folder / file for file in version.files]
    return all(file.is_file() for file in files) and sum(file.stat().st_size for file in files) == version.bytes


def _remove_stale_folders(models_folder: Path) -> None:
    for leftover in models_folder.glob(".*"):
        if leftover.is_dir() and time.time() - leftover.stat().st_mtime > STALE_FOLDER_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)
