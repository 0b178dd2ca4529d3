"""SQL of batch files: rows that reference blobs."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from vong.errors import NotFound
from vong.gateway import tables
from vong.records import new_id, now
from vong.records.batch import FilePurpose, StoredFile

PUBLIC_COLUMNS = [tables.files.c[name] for name in StoredFile.model_fields]


class FileOwner(NamedTuple):
    """Owner of a file: name of the key or user, and the id of the key."""

    actor: str
    key_id: UUID | None = None


class OwnedFile(StoredFile):
    """File with its blob. `key_id` is the only key that may see it, None for all keys."""

    blob: str
    key_id: UUID | None = None


def insert_file(connection: Connection, file: OwnedFile) -> StoredFile:
    """Insert a file whose bytes are stored as a blob."""
    connection.execute(insert(tables.files).values(file.model_dump()))
    return StoredFile.model_validate(file.model_dump(include=set(StoredFile.model_fields)))


def build_file(
    filename: str,
    purpose: FilePurpose,
    blob: str,
    size: int,
    owner: FileOwner,
    expires_at: datetime | None = None,
) -> OwnedFile:
    """Build the row of a new file."""
    values = {"id": new_id(), "filename": filename, "purpose": purpose, "blob": blob, "bytes": size}
    return OwnedFile.model_validate({**values, **owner._asdict(), "created_at": now(), "expires_at": expires_at})


def get_file(connection: Connection, id: UUID, *, key_id: UUID | None = None) -> OwnedFile:
    """Return a file. With `key_id`, only if it belongs to that key. Raises NotFound."""
    columns = tables.files.c
    query = select(tables.files).where(columns.id == id, _not_expired(), *_owned_by(key_id))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"no file has the id 'file-{id.hex}'", "list the files: vong gateway batches files")
    return OwnedFile.model_validate({name: row[name] for name in OwnedFile.model_fields})


def list_files(
    connection: Connection,
    *,
    purpose: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
    oldest_first: bool = False,
    key_id: UUID | None = None,
) -> list[StoredFile]:
    """Return files, newest first by default. `after` is the last id of the previous page."""
    columns = tables.files.c
    query = select(*PUBLIC_COLUMNS).where(_not_expired(), *_owned_by(key_id)).limit(limit)
    query = query.order_by(columns.id if oldest_first else columns.id.desc())
    if purpose is not None:
        query = query.where(columns.purpose == purpose)
    if after is not None:
        query = query.where(columns.id > after if oldest_first else columns.id < after)
    return [StoredFile.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def delete_file(connection: Connection, id: UUID, *, key_id: UUID | None = None) -> StoredFile:
    """Delete a file. A running batch continues with the blob."""
    file = get_file(connection, id, key_id=key_id)
    connection.execute(delete(tables.files).where(tables.files.c.id == id))
    return file


def _not_expired() -> ColumnElement[bool]:
    return or_(tables.files.c.expires_at.is_(None), tables.files.c.expires_at > now())


def _owned_by(key_id: UUID | None) -> list[ColumnElement[bool]]:
    return [] if key_id is None else [tables.files.c.key_id == key_id]
