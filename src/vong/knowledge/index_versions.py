"""Versions of the index of a base: which documents an index contains, and the switch of the live index.

All indexes of a base but failed ones contain the same documents, so that any of them can become the live one at once.
Documents are indexed in the live index first; the job `knowledge.build_index` adds them to the others.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from vong.errors import Conflict
from vong.knowledge.documents import to_document
from vong.knowledge.evaluation_tables import index_switches
from vong.knowledge.index.contents import index_documents
from vong.knowledge.index.indexes import find_live_index, get_index, list_indexes
from vong.knowledge.index.tables import KnowledgeIndex, indexes
from vong.knowledge.tables import bases, documents
from vong.records import Document, Record, content_hash, new_id, now

SWITCHABLE_STATES = frozenset({"ready", "retired"})
DELETABLE_STATES = frozenset({"building", "ready", "retired", "failed"})
DOCUMENT_COLUMNS = [column for column in documents.c if column.name != "project_id"]


class IndexSwitch(Record):
    """Change of the live index of a base: the new index, the previous one, who switched, and why.

    `evidence` has the decision of the gate, the evaluations that it is based on, or what the caller sent.
    """

    id: UUID
    base: str
    number: int
    previous: int | None = None
    reason: str | None = None
    evidence: dict[str, Any] = {}
    switched_by: str
    created_at: datetime


class IndexVersion(KnowledgeIndex):
    """Index of a base with the number of documents that it contains, and of those that it lacks.

    `missing` counts the documents of the base whose current version is not in the index.
    """

    documents: int = 0
    missing: int = 0


def list_versions(connection: Connection, base: str) -> list[IndexVersion]:
    """Return the indexes of a base with their numbers of documents, oldest first."""
    return [describe_index(connection, index) for index in list_indexes(connection, base)]


def describe_index(connection: Connection, index: KnowledgeIndex) -> IndexVersion:
    """Return an index with its numbers of documents."""
    total = connection.scalar(select(func.count()).select_from(documents).where(*_loaded(index.base))) or 0
    missing = count_missing(connection, index)
    return IndexVersion.model_validate({**index.model_dump(), "documents": total - missing, "missing": missing})


def list_missing(connection: Connection, index: KnowledgeIndex, *, limit: int) -> list[Document]:
    """Return loaded documents of the base whose current version is not in an index, by path."""
    query = select(*DOCUMENT_COLUMNS).where(*_loaded(index.base), ~_is_indexed(index.id)).order_by(documents.c.path)
    return [to_document(row) for row in connection.execute(query.limit(limit)).mappings()]


def count_missing(connection: Connection, index: KnowledgeIndex) -> int:
    """Return the number of loaded documents of the base whose current version is not in an index."""
    query = select(func.count()).select_from(documents).where(*_loaded(index.base), ~_is_indexed(index.id))
    return connection.scalar(query) or 0


def mark_building(connection: Connection, index_id: UUID) -> None:
    """Record that an index that is not usable yet is being built, also again after a failure."""
    where = (indexes.c.id == index_id) & indexes.c.state.in_(("building", "failed"))
    connection.execute(update(indexes).where(where).values(state="building", reason=None))


def mark_failed(connection: Connection, index_id: UUID, reason: str) -> None:
    """Record why the build of an index ended. An index that was complete before keeps its state, and has the reason."""
    is_building = (indexes.c.id == index_id) & (indexes.c.state == "building")
    connection.execute(update(indexes).where(indexes.c.id == index_id).values(reason=reason))
    connection.execute(update(indexes).where(is_building).values(state="failed"))


def mark_complete(connection: Connection, index_id: UUID, reason: str | None = None) -> None:
    """Record that an index has all documents. `reason` states which could not be added."""
    is_building = (indexes.c.id == index_id) & (indexes.c.state == "building")
    connection.execute(update(indexes).where(is_building).values(state="ready"))
    values = {"reason": reason, "hash": compute_index_hash(connection, index_id)}
    connection.execute(update(indexes).where(indexes.c.id == index_id).values(values))


def compute_index_hash(connection: Connection, index_id: UUID) -> str:
    """Return the hash of the content of an index: its documents, its chunker and its embedding model."""
    stored = index_documents.c
    query = select(documents.c.path, stored.hash).join(documents, documents.c.id == stored.document_id)
    rows = connection.execute(query.where(stored.index_id == index_id).order_by(documents.c.path))
    settings = connection.execute(select(indexes.c.chunker, indexes.c.embedder).where(indexes.c.id == index_id)).one()
    content = {"documents": [list(row) for row in rows], "chunks": settings.chunker, "embedder": settings.embedder}
    return content_hash(content)


def lock_base(connection: Connection, base: str) -> None:
    """Serialize switches of a base until the transaction ends."""
    connection.execute(select(bases.c.name).where(bases.c.name == base).with_for_update())


def check_switchable(connection: Connection, base: str, number: int, *, allow_missing: bool = False) -> KnowledgeIndex:
    """Return an index that can become the live one.

    Raises: NotFound if there is no such index; Conflict if it is not built, or lacks documents without `allow_missing`.
    """
    index = get_index(connection, base, number)
    if index.state not in SWITCHABLE_STATES:
        hint = "wait for its job: vong jobs list" if index.state == "building" else "create another index"
        raise Conflict(
            f"index {number} of {base!r} is {index.state}", "it is live already" if index.state == "live" else hint
        )
    missing = count_missing(connection, index)
    if missing and not allow_missing:
        raise Conflict(
            f"index {number} of {base!r} lacks {missing} documents of the base",
            "wait for the job that adds them (vong jobs list), or switch with --allow-missing",
        )
    return index


def switch_live_index(
    connection: Connection, index: KnowledgeIndex, *, reason: str | None, evidence: dict[str, Any], by: str
) -> IndexSwitch:
    """Make an index the live one and retire the previous one, in the transaction of the caller, without a gate.

    Both indexes keep their chunks. Requests that are running keep the index with which they began.
    """
    previous = find_live_index(connection, index.base)
    moment = now()
    if previous is not None:
        values = {"state": "retired", "ended_at": moment}
        connection.execute(update(indexes).where(indexes.c.id == previous.id).values(values))
    live = {"state": "live", "ended_at": None, "reason": None}
    version = compute_index_hash(connection, index.id)
    connection.execute(update(indexes).where(indexes.c.id == index.id).values(live | {"hash": version}))
    of_base = update(bases).where(bases.c.name == index.base)
    connection.execute(of_base.values(index_version=version, embedder=index.embedder, updated_at=moment))
    switch = IndexSwitch(
        id=new_id(),
        base=index.base,
        number=index.number,
        previous=previous.number if previous else None,
        reason=reason,
        evidence=evidence,
        switched_by=by,
        created_at=moment,
    )
    connection.execute(insert(index_switches).values(switch.model_dump(mode="python")))
    return switch


def list_switches(connection: Connection, base: str, *, limit: int = 50) -> list[IndexSwitch]:
    """Return the switches of a base, newest first."""
    columns = [column for column in index_switches.c if column.name != "project_id"]
    query = select(*columns).where(index_switches.c.base == base).order_by(index_switches.c.id.desc()).limit(limit)
    return [IndexSwitch.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def delete_index(connection: Connection, base: str, number: int) -> KnowledgeIndex:
    """Delete an index with its chunks. The live index cannot be deleted.

    Raises: NotFound if there is no such index; Conflict if it is live.
    """
    lock_base(connection, base)
    index = get_index(connection, base, number)
    if index.state not in DELETABLE_STATES:
        raise Conflict(
            f"index {number} of {base!r} is {index.state} and cannot be deleted", "switch to another index first"
        )
    connection.execute(delete(indexes).where(indexes.c.id == index.id))
    return index


def list_incomplete_bases(connection: Connection) -> list[tuple[UUID, str]]:
    """Return the project and the name of each base with several usable indexes of which one lacks documents.

    The connection is that of the owner, who sees all projects.
    """
    other = indexes.alias()
    usable = ("live", "ready", "retired")
    lacks = (
        select(documents.c.id)
        .where(documents.c.project_id == indexes.c.project_id, documents.c.base == indexes.c.base)
        .where(documents.c.text_blob.is_not(None), ~_is_indexed(indexes.c.id))
    )
    query = (
        select(indexes.c.project_id, indexes.c.base)
        .distinct()
        .where(indexes.c.state.in_(usable))
        .where(
            exists().where(
                other.c.project_id == indexes.c.project_id,
                other.c.base == indexes.c.base,
                other.c.id != indexes.c.id,
                other.c.state.in_(usable),
            )
        )
        .where(lacks.exists())
    )
    return [(row.project_id, row.base) for row in connection.execute(query)]


def list_expired(connection: Connection, before: datetime) -> list[tuple[UUID, KnowledgeIndex]]:
    """Return the indexes of all projects that were retired before a time, each with its project."""
    query = select(indexes).where(indexes.c.state == "retired", indexes.c.ended_at < before)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [(row.pop("project_id"), KnowledgeIndex.model_validate(row)) for row in rows]


def _loaded(base: str) -> tuple[Any, ...]:
    """Return the conditions of documents with a text, also those whose newer version failed or is waiting."""
    return documents.c.base == base, documents.c.text_blob.is_not(None)


def _is_indexed(index_id: Any) -> Any:
    stored = index_documents.c
    same = (stored.document_id == documents.c.id) & (stored.hash == documents.c.hash)
    return exists().where(stored.index_id == index_id, same)
