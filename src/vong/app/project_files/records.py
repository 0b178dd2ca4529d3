"""Records of project files: files, plans and problems."""

from typing import Any, Literal

from pydantic import Field

from vong.pipelines.diff import ValueChange
from vong.records import Record

MAX_FILES = 5_000
MAX_TEXT_CHARS = 2_000_000
APPLIED = "applied"
"""Base of a folder without a lock file: what was last applied to the project."""


class ProjectFile(Record):
    """File of a project. `hash` is the hash of its content, which does not change with comments and formatting."""

    path: str
    text: str
    hash: str


class ProjectFiles(Record):
    """All files of a project, and the JSON schemas of their kinds by name."""

    files: tuple[ProjectFile, ...]
    schemas: dict[str, dict[str, Any]]


class PlannedChange(Record):
    """Change of one object. `key` is the path of its file without the ending, `text` the unified difference."""

    key: str
    action: Literal["create", "update", "delete"]
    fields: tuple[ValueChange, ...] = ()
    text: str = ""


class FileProblem(Record):
    """Reason for which a plan cannot be applied. `code` is that of the error, `stale` if the server has changed."""

    path: str
    code: str
    message: str
    hint: str = ""


class FilesPlan(Record):
    """Effect of the files on the project.

    `id` identifies the plan: it changes with the files and with the state of the server. `unmanaged` lists the objects
    that have no file, which `prune` would delete. `hashes` are those of all objects after the plan was applied.
    """

    id: str
    changes: tuple[PlannedChange, ...]
    problems: tuple[FileProblem, ...]
    unchanged: int
    unmanaged: tuple[str, ...]
    hashes: dict[str, str]
    applied: bool = False


class FilesRequest(Record):
    """Files to compare with the project or to apply to it.

    `files` are texts by path. `base` are the hashes of the objects that the files were made from, by key; the text
    `applied` stands for what was last applied, null for any state. `prune` deletes objects that have no file. `reason`
    may override gates. `plan` is the id of the plan that was shown: another one is rejected.
    """

    files: dict[str, str] = Field(max_length=MAX_FILES)
    base: dict[str, str] | Literal["applied"] | None = APPLIED
    prune: bool = False
    reason: str | None = Field(default=None, max_length=2000)
    plan: str | None = Field(default=None, max_length=64)
