"""Command `vong pull`."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Command, FilePath
from vong.cli.project_files import SCHEMA_FOLDER, Folder, key_of, read_folder, write_ignore_file, write_lock
from vong.client import Client
from vong.errors import Conflict


@click.command(cls=Command)
@click.argument("folder", type=FilePath(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files that were edited here since the last pull.")
@json_option
def group(folder: Path, force: bool, as_json: bool) -> None:
    """Write the project's prompts, pipelines, suites, routes, guards, limits and gates to FOLDER.

    Files whose content equals that of the server stay as they are, with their comments.
    """
    client = Client()
    folder.mkdir(parents=True, exist_ok=True)
    local = read_folder(folder)
    state = client.project_files.get()
    remote = {key_of(file["path"]): file for file in state["files"]}
    compared = _compare(client, local)
    if not force:
        _check_conflicts(local, compared, remote)
    report = _write_files(local, compared, remote, force=force)
    for name, schema in state["schemas"].items():
        _write(folder / SCHEMA_FOLDER / f"{name}.json", json.dumps(schema, indent=1, ensure_ascii=False) + "\n")
    write_ignore_file(folder)
    write_lock(folder, {key: file["hash"] for key, file in remote.items()})
    emit(report, as_json, ["file", "action"])


class _LocalState(NamedTuple):
    """Keys of the local files whose content differs from the server's, and of those that were edited here."""

    different: set[str]
    edited: set[str]


def _compare(client: Client, local: Folder) -> _LocalState:
    """Return which local files differ from the server, and from the state that they were made from."""
    if not local.files:
        return _LocalState(set(), set())
    plan = client.project_files.plan(local.files, base=None)
    broken = {key_of(problem["path"]) for problem in plan["problems"]}
    different = broken | {change["key"] for change in plan["changes"]}
    base = local.base or {}
    return _LocalState(
        different, {key for key in different if key in broken or plan["hashes"].get(key) != base.get(key)}
    )


def _check_conflicts(local: Folder, state: _LocalState, remote: dict[str, Any]) -> None:
    """Raise Conflict if files would be lost: they were edited here, and the object has changed on the server."""
    paths = {key_of(name): name for name in local.files}
    base = local.base or {}
    lost = [
        path
        for key, path in sorted(paths.items())
        if key in state.edited and base.get(key) != (remote[key]["hash"] if key in remote else None)
    ]
    if lost:
        count = f"{len(lost)} files were" if len(lost) > 1 else "a file was"
        message = f"{count} edited here, and the server has changed too: {', '.join(lost[:10])}"
        raise Conflict(message, "commit your changes to git, and then pull with --force")


def _write_files(local: Folder, state: _LocalState, remote: dict[str, Any], *, force: bool) -> list[dict[str, str]]:
    paths = {key_of(name): name for name in local.files}
    base = local.base or {}
    report: list[dict[str, str]] = []
    for key, file in remote.items():
        if key in paths and (key not in state.different or (base.get(key) == file["hash"] and not force)):
            action = "kept, edited here" if key in state.edited else "unchanged"
            report.append({"file": paths[key], "action": action})
            continue
        if key in paths and paths[key] != file["path"]:
            (local.path / paths[key]).unlink()
        _write(local.path / file["path"], file["text"])
        report.append({"file": file["path"], "action": "changed" if key in paths else "created"})
    for key, path in paths.items():
        if key not in remote and key in base:
            (local.path / path).unlink()
            report.append({"file": path, "action": "deleted"})
        elif key not in remote:
            report.append({"file": path, "action": "kept, new here"})
    return report


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
