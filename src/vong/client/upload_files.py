"""Files of an upload: collected from files and folders, with names that are unique in the upload."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from vong.errors import InvalidInput

DATA_SUFFIXES = frozenset(
    {
        *(".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".parquet", ".pq"),
        *(".txt", ".text", ".md", ".markdown", ".mdx", ".rst", ".gz", ".gzip"),
    }
)
"""Extensions of the files that are taken from a folder."""
MAX_FILES = 10_000
"""Maximum number of files of one upload."""
MAX_READ_BYTES = 1 << 20
"""Files up to this size are read at once, so that an upload of many files does not keep all of them open."""


class UploadFile(NamedTuple):
    """File, and the name under which it is uploaded."""

    path: Path
    name: str


def collect_files(paths: Sequence[Path]) -> list[UploadFile]:
    """Return the files, and all data and text files below the folders, without hidden ones.

    A file of a folder is named by its path in the folder, joined by `__`.

    Raises:
        InvalidInput: A folder has no such file, or there are more than `MAX_FILES` files.
    """
    found: list[UploadFile] = []
    for path in paths:
        if not path.is_dir():
            found.append(UploadFile(path, _encodable(path.name)))
            continue
        relative = [file.relative_to(path) for file in sorted(path.rglob("*")) if file.is_file()]
        usable = [
            file
            for file in relative
            if file.suffix.lower() in DATA_SUFFIXES and not any(part.startswith(".") for part in file.parts)
        ]
        if not usable:
            raise InvalidInput(
                f"the folder {str(path)!r} has no file to import ({len(relative)} other files)",
                f"the extensions are: {', '.join(sorted(DATA_SUFFIXES))}",
            )
        found += [UploadFile(path / file, _encodable("__".join(file.parts))) for file in usable]
    if len(found) > MAX_FILES:
        raise InvalidInput(
            f"there are {len(found)} files, and an upload has at most {MAX_FILES}",
            'write the documents to one JSONL file: {"text": "…"} on each line',
        )
    return found


def open_parts(files: Sequence[UploadFile], opened: ExitStack) -> list[tuple[str, tuple[str, bytes | IO[bytes]]]]:
    """Return the parts of a form with these files."""
    return [
        (
            "files",
            (
                file.name,
                file.path.read_bytes()
                if file.path.stat().st_size <= MAX_READ_BYTES
                else opened.enter_context(file.path.open("rb")),
            ),
        )
        for file in files
    ]


def _encodable(name: str) -> str:
    """Return the name in a form that can be sent: bytes that are not UTF-8 become `?`."""
    return name.encode("utf-8", "replace").decode()
