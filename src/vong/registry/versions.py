"""Model versions: registered once, named by the hash of their content, found by name, number, hash or alias."""

import hashlib
import re
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from vong.errors import InvalidInput, NotFound, nearest
from vong.records import ModelVersion, Record, content_hash, now
from vong.registry import tables
from vong.store.blobs import BlobStore

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LISTING = "vong registry list"


class VersionInfo(TypedDict, total=False):
    """What is known of a version beside its files; see `ModelVersion`."""

    kind: Literal["base", "adapter", "merged"]
    format: Literal["safetensors", "gguf"]
    base: str | None
    dataset: str | None
    run: UUID | None
    licence: str | None
    chat_template: str | None
    metadata: dict[str, Any]


class RegisteredModel(Record):
    """A named model: how many versions it has, the newest, and where its aliases point (alias -> ref)."""

    name: str
    versions: int
    newest: ModelVersion
    aliases: dict[str, str] = {}


def register(
    connection: Connection, blobs: BlobStore, name: str, folder: Path, **about: Unpack[VersionInfo]
) -> ModelVersion:
    """Store a folder (or one file) of weights as a version of the model `name`.

    `kind` defaults to `base` and `format` to what the files are. The version's hash is the sha256 of the sorted list
    of (file name, sha256 of the file), so the same content is the same version: registering it again gives back the
    one that exists. InvalidInput for an impossible name or a folder without files.
    """
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name a model", "use letters, digits, '.', '_' and '-', beginning with a letter or digit"
        )
    found = _files(folder)
    hashes = {file: _sha256(path) for file, path in found.items()}
    hash_ = content_hash(sorted(hashes.items()))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"registry:{name}"})
    existing = _select(connection, (tables.versions.c.name == name) & (tables.versions.c.hash == hash_))
    if existing:
        return existing[0]
    version = ModelVersion(
        name=name,
        hash=hash_,
        number=1 + (connection.scalar(select(func.max(tables.versions.c.number)).where(_named(name))) or 0),
        kind=about.get("kind", "base"),
        format=about.get("format") or ("gguf" if any(file.endswith(".gguf") for file in found) else "safetensors"),
        files={file: blobs.put_file(path) for file, path in found.items()},
        bytes=sum(path.stat().st_size for path in found.values()),
        base=about.get("base"),
        dataset=about.get("dataset"),
        run=about.get("run"),
        licence=about.get("licence"),
        chat_template=about.get("chat_template"),
        metadata=about.get("metadata", {}),
        created_at=now(),
    )
    connection.execute(insert(tables.versions).values(version.model_dump()))
    return version


def find(connection: Connection, ref: str) -> ModelVersion:
    """The version that a ref names: `name` (its newest), `name@hash` (6 digits or more), `name@number`, `name:alias`.

    NotFound where there is none, InvalidInput where a hash prefix fits several.
    """
    name, mark, rest = _parse(ref)
    if mark == "@":
        return _by_version(connection, name, rest)
    if mark == ":":
        moves = tables.aliases.c
        where = (moves.name == name) & (moves.alias == rest)
        hash_ = connection.scalar(select(moves.hash).where(where).order_by(moves.id.desc()).limit(1))
        if hash_ is None:
            _known(connection, name)
            raise NotFound(f"{name!r} has no alias {rest!r}", f"see its aliases with: vong registry show {name}")
        return _by_version(connection, name, hash_)
    _known(connection, name)
    return versions(connection, name, limit=1)[0]


def versions(connection: Connection, name: str, *, before: int | None = None, limit: int = 50) -> list[ModelVersion]:
    """The versions of one model, newest first; `before` is the number of the last one already seen."""
    where = _named(name) if before is None else _named(name) & (tables.versions.c.number < before)
    return _select(connection, where, limit)


def taught_by(connection: Connection, dataset: str) -> list[ModelVersion]:
    """The versions trained on that dataset version (its full ref), newest first."""
    return _select(connection, tables.versions.c.dataset == dataset, None)


def built_on(connection: Connection, base: str) -> list[ModelVersion]:
    """The versions whose base is that model version (its full ref), newest first."""
    return _select(connection, tables.versions.c.base == base, None)


def list_models(connection: Connection, *, after: str | None = None, limit: int = 50) -> list[RegisteredModel]:
    """The models by name, each with its newest version and its aliases."""
    found = tables.versions.c
    groups = select(found.name, func.count(), func.max(found.number)).group_by(found.name).order_by(found.name)
    groups = groups if after is None else groups.where(found.name > after)
    models: list[RegisteredModel] = []
    for name, count, newest in connection.execute(groups.limit(limit)).all():
        version = _select(connection, _named(name) & (found.number == newest))[0]
        models.append(RegisteredModel(name=name, versions=count, newest=version, aliases=_pointers(connection, name)))
    return models


def _pointers(connection: Connection, name: str) -> dict[str, str]:
    moves = tables.aliases.c
    query = select(moves.alias, moves.hash).where(moves.name == name).order_by(moves.alias, moves.id.desc())
    return {alias: f"{name}@{hash_[:12]}" for alias, hash_ in connection.execute(query.distinct(moves.alias)).all()}


def _parse(ref: str) -> tuple[str, str, str]:
    for mark in "@:":
        name, found, rest = ref.partition(mark)
        if found:
            if not rest:
                raise InvalidInput(f"the model ref {ref!r} ends too early", "write name, name@hash or name:alias")
            return name, mark, rest
    return ref, "", ""


def _by_version(connection: Connection, name: str, rest: str) -> ModelVersion:
    column = tables.versions.c
    found: list[ModelVersion] = []
    if len(rest) >= 6 and re.fullmatch("[0-9a-f]+", rest):
        found = _select(connection, _named(name) & column.hash.startswith(rest))
    if not found and rest.isdigit() and len(rest) < 10:
        found = _select(connection, _named(name) & (column.number == int(rest)))
    if len(found) > 1:
        raise InvalidInput(f"{len(found)} versions of {name!r} begin with {rest!r}", "write more digits of the hash")
    if not found:
        _known(connection, name)
        raise NotFound(f"{name!r} has no version {rest!r}", f"list them with: vong registry show {name}")
    return found[0]


def _known(connection: Connection, name: str) -> None:
    names = list(connection.scalars(select(tables.versions.c.name).distinct()))
    if name not in names:
        hint = f"{nearest(name, names, LISTING)}; import one with: vong registry import SOURCE --name {name}"
        raise NotFound(f"no model named {name!r}", hint)


def _named(name: str) -> Any:
    return tables.versions.c.name == name


def _select(connection: Connection, where: Any, limit: int | None = 2) -> list[ModelVersion]:
    newest_first = (tables.versions.c.number.desc(), tables.versions.c.name)
    query = select(tables.versions).where(where).order_by(*newest_first).limit(limit)
    return [_record(row) for row in connection.execute(query).mappings()]


def _record(row: RowMapping) -> ModelVersion:
    return ModelVersion.model_validate({name: value for name, value in row.items() if name != "project_id"})


def _files(folder: Path) -> dict[str, Path]:
    if folder.is_file():
        return {folder.name: folder}
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    if not found:
        raise InvalidInput(
            f"{str(folder)!r} holds no files", "name a folder with the files of a model, or a .gguf file"
        )
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
