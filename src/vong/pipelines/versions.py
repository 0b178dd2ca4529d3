"""Pipeline versions: stored once per content, numbered, found by name, number, hash or label.

The hash of a version covers everything that determines what a run does. Layout and notes do not count: if only they
change, the newest version stores the new ones and keeps its number.
"""

import json
import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on

from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.pipelines.definition import PipelineDefinition, hash_definition, parse_definition, to_values
from vong.pipelines.version_tables import labels, versions
from vong.records import Record, now
from vong.records.name import check_name

LIST_COMMAND = "vong pipelines list"
DEFAULT_LABEL = "prod"
"""Label that a plain name means, if the pipeline has it."""
LATEST = "latest"
"""Label that every pipeline has and that cannot be set: the newest version."""
MAX_MESSAGE_CHARS = 2_000
MIN_HASH_DIGITS = 6
RESERVED_NAMES = frozenset(
    (
        "runs",
        "runnables",
        "schema",
        "validate",
        "replays",
        "templates",
        "imports",
        "schedules",
        "kinds",
        "secrets",
        "publications",
    )
)
"""Names that are parts of paths of the API."""


class PipelineVersion(Record):
    """Version of a pipeline. `definition` contains the newest layout and notes; `hash` does not cover them."""

    name: str
    number: int
    hash: str
    definition: PipelineDefinition
    message: str = ""
    created_by: str
    created_at: datetime
    layout_changed_at: datetime | None = None

    @property
    def ref(self) -> str:
        """Return `NAME@HASH` with the first 12 digits of the hash."""
        return f"{self.name}@{self.hash[:12]}"


class PipelineSummary(Record):
    """Named pipeline: its number of versions, its newest version and its labels (label -> ref)."""

    name: str
    description: str
    versions: int
    newest: str
    number: int
    steps: int
    labels: dict[str, str]
    created_by: str
    updated_at: datetime


def create_version(
    connection: Connection,
    name: str,
    definition: PipelineDefinition,
    *,
    message: str = "",
    created_by: str,
    base: str | None = None,
) -> PipelineVersion:
    """Store a definition as the next version of a pipeline, which is created if it does not exist.

    If the newest version has the same content, its layout and notes are replaced and that version is returned. `base`
    is the version (number or hash) that the caller edited.

    Raises:
        InvalidInput: The name is invalid.
        Conflict: `base` is not the newest version.
    """
    check_name(name, "pipeline")
    if name in RESERVED_NAMES:
        raise InvalidInput(f"invalid pipeline name {name!r}", f"choose another one: {name!r} is a path of the API")
    if len(message) > MAX_MESSAGE_CHARS:
        raise InvalidInput(f"the message has {len(message)} characters", f"use at most {MAX_MESSAGE_CHARS}")
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"pipeline:{name}"})
    newest = find_newest(connection, name)
    _check_base(name, newest, base)
    digest, moment = hash_definition(definition), now()
    content = to_values(definition)
    if newest is not None and newest.hash == digest:
        if json.dumps(to_values(newest.definition)) != json.dumps(content):  # the order counts, too
            column = versions.c
            statement = update(versions).where(column.name == name, column.number == newest.number)
            connection.execute(statement.values(definition=content, layout_changed_at=moment))
        return _select_versions(connection, (versions.c.name == name) & (versions.c.number == newest.number))[0]
    values: dict[str, Any] = {
        "name": name,
        "number": newest.number + 1 if newest else 1,
        "hash": digest,
        "definition": content,
        "message": message,
        "created_by": created_by,
        "created_at": moment,
    }
    connection.execute(insert(versions).values(values))
    return PipelineVersion.model_validate({**values, "definition": definition})


def find_newest(connection: Connection, name: str) -> PipelineVersion | None:
    """Return the newest version of a pipeline. Returns None if there is no such pipeline."""
    return next(iter(_select_versions(connection, versions.c.name == name, 1)), None)


def find(connection: Connection, ref: str) -> PipelineVersion:
    """Return the version that a ref names.

    A ref is `NAME@NUMBER`, `NAME@HASH` (6 digits or more), `NAME:LABEL` (`latest` is the newest version), or `NAME`:
    the version with the label `prod`, or the newest one if there is no such label.

    Raises:
        NotFound: There is no such version.
        InvalidInput: A hash prefix matches several versions.
    """
    name, mark, rest = parse_ref(ref)
    if mark == "@":
        return _find_by_version(connection, name, rest)
    hash_ = None if rest == LATEST else find_labelled_hash(connection, name, rest or DEFAULT_LABEL)
    if hash_ is not None:
        return _find_by_version(connection, name, hash_)
    newest = find_newest(connection, name)
    if newest is None:
        raise missing_pipeline(connection, name)
    if mark == ":" and rest != LATEST:
        raise NotFound(f"pipeline {name!r} has no label {rest!r}", f"list its labels: vong pipelines labels {name}")
    return newest


def find_version(connection: Connection, name: str, ref: str) -> PipelineVersion:
    """Return a version of a pipeline by a ref of it, or only its number, hash or label."""
    if ref.split("@")[0].split(":")[0] == name:
        return find(connection, ref)
    is_version = ref.isdecimal() or re.fullmatch("[0-9a-f]{6,}", ref) is not None
    return find(connection, f"{name}{ref}" if ref[:1] in "@:" else f"{name}{'@' if is_version else ':'}{ref}")


def list_versions(
    connection: Connection, name: str, *, before: int | None = None, limit: int | None = 50
) -> list[PipelineVersion]:
    """Return the versions of a pipeline, newest first. `before` is the last number of the previous page.

    Raises: NotFound if there is no such pipeline.
    """
    where = versions.c.name == name
    found = _select_versions(connection, where if before is None else where & (versions.c.number < before), limit)
    if not found and find_newest(connection, name) is None:
        raise missing_pipeline(connection, name)
    return found


def list_pipelines(connection: Connection, *, after: str = "", limit: int | None = 50) -> list[PipelineSummary]:
    """Return the pipelines by name. `after` is the last name of the previous page."""
    column = versions.c
    groups = select(column.name, func.count(), func.max(column.number)).where(column.name > after)
    rows = connection.execute(groups.group_by(column.name).order_by(column.name).limit(limit)).all()
    found: list[PipelineSummary] = []
    for name, count, number in rows:
        newest = _select_versions(connection, (column.name == name) & (column.number == number))[0]
        found.append(
            PipelineSummary(
                name=name,
                description=newest.definition.description,
                versions=count,
                newest=newest.ref,
                number=number,
                steps=len(newest.definition.steps),
                labels=labelled_refs(connection, name),
                created_by=newest.created_by,
                updated_at=newest.layout_changed_at or newest.created_at,
            )
        )
    return found


def delete_pipeline(connection: Connection, name: str) -> None:
    """Delete all versions and labels of a pipeline. Its runs are kept.

    Raises: NotFound if there is no such pipeline.
    """
    if find_newest(connection, name) is None:
        raise missing_pipeline(connection, name)
    connection.execute(delete(versions).where(versions.c.name == name))
    connection.execute(delete(labels).where(labels.c.name == name))


def find_labelled_hash(connection: Connection, name: str, label: str) -> str | None:
    """Return the hash to which a label points. Returns None if the label does not exist."""
    column = labels.c
    query = select(column.hash).where(column.name == name, column.label == label).order_by(column.id.desc()).limit(1)
    return connection.scalar(query)


def labelled_refs(connection: Connection, name: str) -> dict[str, str]:
    """Return the refs of the labels of a pipeline, by label."""
    column = labels.c
    query = select(column.label, column.hash).where(column.name == name).order_by(column.label, column.id.desc())
    rows = connection.execute(query.ext(distinct_on(column.label))).all()
    return {label: f"{name}@{hash_[:12]}" for label, hash_ in rows if hash_ is not None}


def parse_ref(ref: str) -> tuple[str, str, str]:
    """Return the name, the mark (`@`, `:` or nothing) and the rest of a ref.

    Raises: InvalidInput if the part after the mark is missing, or the ref has characters that no name has.
    """
    if not ref.isprintable():
        raise InvalidInput(f"invalid pipeline ref {ref[:200]!r}", "write NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL")
    for mark in "@:":
        name, separator, rest = ref.partition(mark)
        if separator and (not name or not rest):
            raise InvalidInput(f"incomplete pipeline ref {ref!r}", "write NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL")
        if separator:
            return name, mark, rest
    return ref, "", ""


def missing_pipeline(connection: Connection, name: str) -> NotFound:
    """Return the error of an unknown pipeline. Its hint suggests the nearest name."""
    names = list(connection.scalars(select(versions.c.name).distinct().order_by(versions.c.name)))
    return NotFound(f"no pipeline named {name!r}", did_you_mean(name, names, LIST_COMMAND))


def _check_base(name: str, newest: PipelineVersion | None, base: str | None) -> None:
    if base is None:
        return
    base = base.removeprefix(f"{name}@")
    if newest is None:
        raise Conflict(f"pipeline {name!r} was deleted after version {base!r} was read", "create it without a base")
    if base == str(newest.number) or (len(base) >= MIN_HASH_DIGITS and newest.hash.startswith(base)):
        return
    raise Conflict(
        f"pipeline {name!r} changed after version {base!r} was read: {newest.created_by} created version "
        f"{newest.number} ({newest.hash[:12]})",
        f"compare them: vong pipelines diff {name}@{base} {name}@{newest.number}; then save again",
    )


def _find_by_version(connection: Connection, name: str, rest: str) -> PipelineVersion:
    column = versions.c
    matches: list[PipelineVersion] = []
    if len(rest) >= MIN_HASH_DIGITS and re.fullmatch("[0-9a-f]+", rest):
        matches = _select_versions(connection, (column.name == name) & column.hash.startswith(rest), None)
    if not matches and rest.isdecimal() and len(rest) < 10:
        matches = _select_versions(connection, (column.name == name) & (column.number == int(rest)))
    if len({version.hash for version in matches}) > 1:
        raise InvalidInput(f"{len(matches)} versions of {name!r} start with {rest!r}", "write more digits of the hash")
    if matches:
        return matches[0]
    if find_newest(connection, name) is None:
        raise missing_pipeline(connection, name)
    raise NotFound(f"pipeline {name!r} has no version {rest!r}", f"list them: vong pipelines versions {name}")


def _select_versions(connection: Connection, where: Any, limit: int | None = 2) -> list[PipelineVersion]:
    query = select(versions).where(where).order_by(versions.c.number.desc()).limit(limit)
    return [_to_version(row) for row in connection.execute(query).mappings()]


def _to_version(row: RowMapping) -> PipelineVersion:
    values = {name: row[name] for name in PipelineVersion.model_fields}
    return PipelineVersion.model_validate({**values, "definition": parse_definition(values["definition"])})
