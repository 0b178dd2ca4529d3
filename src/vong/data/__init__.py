"""Datasets: import, profile, clean, split, edit and version examples.

In: files (JSONL, JSON, CSV, Parquet) in a known format, or Examples. Out: immutable versions, named by the hash of
their rows, each with its parents and the operation that created it; health reports; lists of all changes.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`, `pii`,
`language_detection`), never another stage.
"""

from vong.data.clean import clean
from vong.data.edit import edit
from vong.data.profile import profile
from vong.data.rows import diff
from vong.data.split import split
from vong.data.versions import append, find, list_versions, read, write

__all__ = [
    "append",
    "clean",
    "diff",
    "edit",
    "find",
    "list_versions",
    "profile",
    "read",
    "split",
    "write",
]
