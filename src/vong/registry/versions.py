"""Model versions: registered once, named by the hash of their content, found by name, number, hash or alias."""

import hashlib
import re
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.records import ModelVersion, Record, content_hash, now
from vong.records.model_bundle import ModelBundle
from vong.records.name import check_versioned_name
from vong.registry import tables
from vong.registry.bundle import BundleSources, build_bundle
from vong.store.blobs import BlobStore

NOT_IN_RECORD = {"project_id", "bundle"}
LIST_COMMAND = "vong registry list"
MAX_SHOWN_CHARACTERS = 200
"""Characters of an unknown ref that an error repeats."""


class VersionInfo(TypedDict, total=False):
    """Metadata of a new model version beside its files; see `ModelVersion`."""

    kind: Literal["base", "adapter", "merged"]
    format: Literal["safetensors", "gguf"]
    base: str | None
    dataset: str | None
    run: UUID | None
    licence: str | None
    chat_template: str | None
    metadata: dict[str, Any]
    sources: BundleSources


class RegisteredModel(Record):
    """Named model: its number of versions, its newest version, and its aliases (alias -> ref)."""

    name: str
    versions: int
    newest: ModelVersion
    aliases: dict[str, str] = {}


def register(
    connection: Connection, blobs: BlobStore, name: str, folder: Path, **fields: Unpack[VersionInfo]
) -> ModelVersion:
    """Store a folder (or one file) of weights as a version of the model `name`.

    `kind` defaults to `base`; `format` is derived from the files by default. The version hash is the sha256 of the
    sorted list of (file name, sha256 of the file). The bundle of hashes is stored with it; `sources` are its parts from
    other stages. If a version with the same content exists, that version is returned.

    Raises:
        InvalidInput: The name is invalid, or the folder has no files.
    """
    check_versioned_name(name, "model")
    paths = _list_files(folder)
    hashes = {file: _hash_file(path) for file, path in paths.items()}
    hash_ = content_hash(sorted(hashes.items()))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"registry:{name}"})
    existing = _select_versions(connection, (tables.versions.c.name == name) & (tables.versions.c.hash == hash_))
    if existing:
        return existing[0]
    version = ModelVersion(
        name=name,
        hash=hash_,
        number=1 + (connection.scalar(select(func.max(tables.versions.c.number)).where(_has_name(name))) or 0),
        kind=fields.get("kind", "base"),
        format=fields.get("format") or ("gguf" if any(file.endswith(".gguf") for file in paths) else "safetensors"),
        files={file: blobs.put_file(path) for file, path in paths.items()},
        bytes=sum(path.stat().st_size for path in paths.values()),
        base=fields.get("base"),
        dataset=fields.get("dataset"),
        run=fields.get("run"),
        licence=fields.get("licence"),
        chat_template=fields.get("chat_template"),
        metadata=fields.get("metadata", {}),
        created_at=now(),
    )
    bundle = build_bundle(version, find_base_version(connection, version), fields.get("sources") or {})
    values = {**version.model_dump(), "bundle": bundle.model_dump(mode="json")}
    connection.execute(insert(tables.versions).values(values))
    return version


def find(connection: Connection, ref: str) -> ModelVersion:
    """Return the version that a ref names.

    A ref is `name` (the newest version), `name@hash` (6 digits or more), `name@number` or `name:alias`.

    Raises:
        NotFound: There is no such version.
        InvalidInput: A hash prefix matches several versions.
    """
    name, mark, rest = _parse_ref(ref)
    if mark == "@":
        return _find_by_version(connection, name, rest)
    if mark == ":":
        moves = tables.aliases.c
        where = (moves.name == name) & (moves.alias == rest)
        hash_ = connection.scalar(select(moves.hash).where(where).order_by(moves.id.desc()).limit(1))
        if hash_ is None:
            _check_model_exists(connection, name)
            raise NotFound(f"{name!r} has no alias {rest!r}", f"list its aliases with: vong registry show {name}")
        return _find_by_version(connection, name, hash_)
    _check_model_exists(connection, name)
    return list_versions(connection, name, limit=1)[0]


def list_versions(
    connection: Connection, name: str, *, before: int | None = None, limit: int = 50
) -> list[ModelVersion]:
    """Return the versions of a model, newest first; `before` is the last number of the previous page."""
    where = _has_name(name) if before is None else _has_name(name) & (tables.versions.c.number < before)
    return _select_versions(connection, where, limit)


def list_versions_trained_on(connection: Connection, dataset: str) -> list[ModelVersion]:
    """Return the model versions trained on a dataset version (full ref), alone or with others, newest first."""
    column = tables.versions.c
    mixed = column.metadata.contains({"datasets": [{"dataset": dataset}]})
    return _select_versions(connection, (column.dataset == dataset) | mixed, None)


def list_versions_based_on(connection: Connection, base: str) -> list[ModelVersion]:
    """Return the model versions that were made from a model version (full ref), newest first.

    These are the versions with it as base, those that continue it, students that it taught as a teacher, and those
    trained with it as reward model.
    """
    column = tables.versions.c
    where = (column.base == base) | column.metadata.contains({"teachers": [base]})
    for field in ("continued_from", "reward_model"):
        where |= column.metadata[field].astext == base
    return _select_versions(connection, where, None)


def get_bundle(connection: Connection, version: ModelVersion) -> ModelBundle | None:
    """Return the bundle of a version. Returns None if the version was registered before bundles existed."""
    column = tables.versions.c
    where = _has_name(version.name) & (column.hash == version.hash)
    found = connection.scalar(select(column.bundle).where(where))
    return None if found is None else ModelBundle.model_validate(found)


def find_base_version(connection: Connection, version: ModelVersion) -> ModelVersion | None:
    """Return the version that a version is based on. Returns None if it has none or it was deleted."""
    try:
        return find(connection, version.base) if version.base else None
    except (NotFound, InvalidInput):
        return None


def list_models(connection: Connection, *, after: str | None = None, limit: int = 50) -> list[RegisteredModel]:
    """Return the models by name, each with its newest version and its aliases."""
    columns = tables.versions.c
    groups = select(columns.name, func.count(), func.max(columns.number)).group_by(columns.name).order_by(columns.name)
    groups = groups if after is None else groups.where(columns.name > after)
    models: list[RegisteredModel] = []
    for name, count, newest in connection.execute(groups.limit(limit)).all():
        version = _select_versions(connection, _has_name(name) & (columns.number == newest))[0]
        models.append(
            RegisteredModel(name=name, versions=count, newest=version, aliases=_list_alias_targets(connection, name))
        )
    return models


def _list_alias_targets(connection: Connection, name: str) -> dict[str, str]:
    moves = tables.aliases.c
    query = select(moves.alias, moves.hash).where(moves.name == name).order_by(moves.alias, moves.id.desc())
    return {alias: f"{name}@{hash_[:12]}" for alias, hash_ in connection.execute(query.distinct(moves.alias)).all()}


def _parse_ref(ref: str) -> tuple[str, str, str]:
    if "/" in ref or "\\" in ref:
        shown = ref if len(ref) <= MAX_SHOWN_CHARACTERS else f"{ref[:MAX_SHOWN_CHARACTERS]}…"
        raise NotFound(
            f"no model named {shown!r}: a path or an address is not a model of the registry",
            "import it first with: vong registry import SOURCE --name NAME",
        )
    for mark in "@:":
        name, separator, rest = ref.partition(mark)
        if separator:
            if not rest:
                raise InvalidInput(f"incomplete model ref {ref!r}", "write name, name@hash or name:alias")
            return name, mark, rest
    return ref, "", ""


def _find_by_version(connection: Connection, name: str, rest: str) -> ModelVersion:
    column = tables.versions.c
    matches: list[ModelVersion] = []
    if len(rest) >= 6 and re.fullmatch("[0-9a-f]+", rest):
        matches = _select_versions(connection, _has_name(name) & column.hash.startswith(rest))
    if not matches and rest.isdigit() and len(rest) < 10:
        matches = _select_versions(connection, _has_name(name) & (column.number == int(rest)))
    if len(matches) > 1:
        raise InvalidInput(f"{len(matches)} versions of {name!r} start with {rest!r}", "write more digits of the hash")
    if not matches:
        _check_model_exists(connection, name)
        raise NotFound(f"{name!r} has no version {rest!r}", f"list them with: vong registry show {name}")
    return matches[0]


def _check_model_exists(connection: Connection, name: str) -> None:
    names = list(connection.scalars(select(tables.versions.c.name).distinct()))
    if name not in names:
        hint = f"{did_you_mean(name, names, LIST_COMMAND)}; import one with: vong registry import SOURCE --name {name}"
        raise NotFound(f"no model named {name!r}", hint)


def _has_name(name: str) -> Any:
    return tables.versions.c.name == name


def _select_versions(connection: Connection, where: Any, limit: int | None = 2) -> list[ModelVersion]:
    newest_first = (tables.versions.c.number.desc(), tables.versions.c.name)
    query = select(tables.versions).where(where).order_by(*newest_first).limit(limit)
    return [_to_version(row) for row in connection.execute(query).mappings()]


def _to_version(row: RowMapping) -> ModelVersion:
    return ModelVersion.model_validate({name: value for name, value in row.items() if name not in NOT_IN_RECORD})


def _list_files(folder: Path) -> dict[str, Path]:
    if folder.is_file():
        return {folder.name: folder}
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    if not files:
        raise InvalidInput(f"{str(folder)!r} contains no files", "choose a folder with model files, or a .gguf file")
    return files


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
