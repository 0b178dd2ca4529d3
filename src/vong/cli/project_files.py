"""Folders of project files on this machine: read, write, and remember what they were made from."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click

from vong.errors import InvalidInput

LOCK_FILE = ".vong-lock.json"
"""File with the hashes of the objects that the folder was made from. Belongs to this machine, not into git."""
SCHEMA_FOLDER = "schemas"
FOLDERS = ("prompts", "pipelines", "suites", "routes", "gates")
SINGLE_FILES = ("guards", "limits")
ENDINGS = (".yaml", ".yml", ".json", ".md")
MARKS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}
CHANGED_EXIT_CODE = 2
"""Exit code of `vong plan --check` if the files differ from the server."""


class Folder(NamedTuple):
    """Folder with project files, and the hashes of their base by key. `base` is None without a lock file."""

    path: Path
    files: dict[str, str]
    base: dict[str, str] | None

    def request_base(self, force: bool) -> dict[str, str] | Literal["applied"] | None:
        """Return the base of a request: that of the lock file, or what was last applied to the server."""
        return None if force else "applied" if self.base is None else self.base


def read_folder(path: Path) -> Folder:
    """Return the project files of a folder.

    Raises: InvalidInput if the lock file is broken or a file is no text.
    """
    return Folder(path, {name: _read_text(path / name) for name in _list_files(path)}, _read_lock(path))


def write_lock(path: Path, hashes: Mapping[str, str]) -> None:
    """Write the hashes of the objects that the folder now is made from."""
    text = json.dumps({"about": "State of the server for vong plan and apply.", "hashes": dict(sorted(hashes.items()))})
    (path / LOCK_FILE).write_text(text + "\n", encoding="utf-8")


def write_ignore_file(path: Path) -> None:
    """Let git ignore the lock file, if the folder has no `.gitignore`."""
    ignore = path / ".gitignore"
    if not ignore.exists():
        ignore.write_text(f"{LOCK_FILE}\n", encoding="utf-8")


def key_of(name: str) -> str:
    """Return the key of a file: its path without the ending."""
    return name.rpartition(".")[0]


def print_plan(plan: Mapping[str, Any], *, verbose: bool = True) -> None:
    """Print a plan: one line and the difference per change, the problems, and a summary."""
    for change in plan["changes"]:
        mark, colour = MARKS[change["action"]]
        click.echo(click.style(f"{mark} {change['action']} {change['key']}", fg=colour))
        for field in change["fields"]:
            click.echo(f"    {field['path']}: {_describe_change(field)}")
        if verbose and change["action"] != "update":
            click.echo("".join(f"    {line}\n" for line in change["text"].splitlines()[2:]), nl=False)
    for problem in plan["problems"]:
        click.echo(click.style(f"! {problem['path']}: {problem['message']}", fg="red"), err=True)
        if problem["hint"]:
            click.echo(f"  → {problem['hint']}", err=True)
    if plan["unmanaged"]:
        click.echo(f"{len(plan['unmanaged'])} without a file (delete with --prune): {', '.join(plan['unmanaged'])}")
    counts = {action: sum(one["action"] == action for one in plan["changes"]) for action in MARKS}
    listed = ", ".join(f"{count} {_describe_action(action, plan['applied'])}" for action, count in counts.items())
    click.echo(f"{listed}, {plan['unchanged']} unchanged, {len(plan['problems'])} problems")


def _describe_action(action: str, applied: bool) -> str:
    verb = "change" if action == "update" else action
    return f"{verb}d" if applied else f"to {verb}"


def _describe_change(field: Mapping[str, Any]) -> str:
    old, new = (_shorten(field[side]) for side in ("old", "new"))
    return {"added": f"+ {new}", "removed": f"- {old}"}.get(field["kind"], f"{old} → {new}")


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _list_files(path: Path) -> Iterator[str]:
    """Yield the names of the project files of a folder. Hidden files and other folders are ignored."""
    for name in SINGLE_FILES:
        yield from (f"{name}{ending}" for ending in ENDINGS if (path / f"{name}{ending}").is_file())
    for folder in FOLDERS:
        if not (path / folder).is_dir():
            continue
        for file in sorted((path / folder).iterdir()):
            if file.is_file() and not file.name.startswith(".") and file.suffix in ENDINGS:
                yield f"{folder}/{file.name}"


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{str(path)!r} is not UTF-8", "save it with the encoding UTF-8") from None


def _read_lock(path: Path) -> dict[str, str] | None:
    file = path / LOCK_FILE
    if not file.exists():
        return None
    try:
        hashes = json.loads(file.read_text(encoding="utf-8"))["hashes"]
        return {str(key): str(value) for key, value in hashes.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise InvalidInput(f"{str(file)!r} is broken", "delete it, and run: vong pull DIR") from None
