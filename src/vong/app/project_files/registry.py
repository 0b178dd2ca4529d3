"""Kinds of project files, in the order in which they are applied, and the files of a project."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vong.app.project_files.eval_kinds import GatePolicyKind, SuiteKind
from vong.app.project_files.gateway_kinds import GuardsKind, LimitsKind, RouteKind
from vong.app.project_files.kinds import FileKind, FilesContext, Values
from vong.app.project_files.pipeline_kinds import PipelineKind
from vong.app.project_files.prompt_kinds import PromptKind
from vong.app.project_files.prompt_text import MAX_FILE_BYTES, read_markdown
from vong.app.project_files.records import FileProblem, ProjectFile, ProjectFiles
from vong.errors import InvalidInput, VongError
from vong.yaml_text import parse_yaml

KINDS: tuple[FileKind, ...] = (
    PromptKind(),
    PipelineKind(),
    SuiteKind(),
    RouteKind(),
    GuardsKind(),
    LimitsKind(),
    GatePolicyKind(),
)
"""Prompts and pipelines precede what refers to them. Gate policies are last: those in force decide."""
YAML_ENDINGS = (".yaml", ".yml", ".json")
MARKDOWN_ENDING = ".md"


def read_project(context: FilesContext) -> dict[str, Values]:
    """Return the content of all objects of the project by key."""
    return {key: values for kind in KINDS for key, values in sorted(kind.read(context).items())}


def export_files(context: FilesContext) -> ProjectFiles:
    """Return all files of the project."""
    files: list[ProjectFile] = []
    for key, values in read_project(context).items():
        ending, text = kind_of(key).write(values)
        files.append(ProjectFile(path=f"{key}{ending}", text=text, hash=hash_values(values)))
    return ProjectFiles(files=tuple(files), schemas={kind.folder: kind.schema() for kind in KINDS})


def parse_files(files: Mapping[str, str]) -> tuple[dict[str, Values], dict[str, str], list[FileProblem]]:
    """Return the contents and paths of files by key, and their faults."""
    contents: dict[str, Values] = {}
    paths: dict[str, str] = {}
    problems: list[FileProblem] = []
    for path in sorted(files):
        try:
            key = key_of(path)
            if key in paths:
                raise InvalidInput(f"{paths[key]!r} is the same object", "delete one of the two files")
            paths[key] = path
            contents[key] = kind_of(key).normalize(key, _load(path, files[path]))
        except VongError as error:
            problems.append(to_problem(path, error))
    return contents, paths, problems


def key_of(path: str) -> str:
    """Return the key of a file: its path without the ending.

    Raises: InvalidInput if the path is that of no project file.
    """
    kind = next((kind for kind in KINDS if kind.folder in (path.split("/")[0], path.rpartition(".")[0])), None)
    ending = next((one for one in (*YAML_ENDINGS, MARKDOWN_ENDING) if path.endswith(one)), None)
    key = path.removesuffix(ending or "")
    if kind is None or ending is None or key.count("/") != (0 if kind.is_single else 1) or key.endswith("/"):
        places = ", ".join(f"{kind.folder}.yaml" if kind.is_single else f"{kind.folder}/NAME.yaml" for kind in KINDS)
        raise InvalidInput("no project file has this path", f"project files are {places}")
    if ending == MARKDOWN_ENDING and kind.folder != "prompts":
        raise InvalidInput("only prompts may be Markdown", "write the file as YAML")
    return key


def kind_of(key: str) -> FileKind:
    """Return the kind of an object."""
    folder = key.split("/")[0]
    return next(kind for kind in KINDS if kind.folder == folder)


def hash_values(values: Values) -> str:
    """Return the hash of a content. The order of its fields counts."""
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()[:32]


def to_problem(path: str, error: VongError) -> FileProblem:
    """Return an error as a problem of a file."""
    message = error.message.removeprefix(f"{path}: ")
    return FileProblem(path=path, code=error.code, message=message, hint=error.hint)


def _load(path: str, text: str) -> Any:
    if path.endswith(MARKDOWN_ENDING):
        return read_markdown(text, path)
    return parse_yaml(text, f"{path}: the file", max_bytes=MAX_FILE_BYTES)
