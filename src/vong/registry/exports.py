"""Exports of model versions: their records, and their files in a store of their own, so that they can be deleted."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import NotFound
from vong.records import ModelVersion
from vong.records.model_bundle import ExportMeasurement, ModelExport
from vong.registry import tables
from vong.store.blobs import BlobStore


def export_store(blobs: BlobStore, id: UUID) -> BlobStore:
    """Return the blob store of one export, which shares no blob with versions or other exports."""
    return BlobStore(f"{blobs.url.rstrip('/')}/exports/{id}")


def insert_export(connection: Connection, version: ModelVersion, export: ModelExport) -> ModelExport:
    """Record a finished export. Recording it again changes nothing."""
    values = export.model_dump(mode="json", exclude={"model", "created_at"})
    values |= {"id": export.id, "name": version.name, "hash": version.hash, "created_at": export.created_at}
    connection.execute(insert(tables.exports).values(values).on_conflict_do_nothing())
    return get_export(connection, export.id)


def get_export(connection: Connection, id: UUID) -> ModelExport:
    """Return an export.

    Raises: NotFound if the project has no such export.
    """
    row = connection.execute(select(tables.exports).where(tables.exports.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no export {str(id)!r}", "list them with: vong registry exports")
    return _to_export(row)


def list_exports(
    connection: Connection, version: ModelVersion | None = None, *, after: UUID | None = None, limit: int = 50
) -> list[ModelExport]:
    """Return the exports of a version or of all, newest first. `after` is the last id of the previous page."""
    exports = tables.exports.c
    query = select(tables.exports).order_by(exports.id.desc()).limit(limit)
    if version is not None:
        query = query.where(exports.name == version.name, exports.hash == version.hash)
    if after is not None:
        query = query.where(exports.id < after)
    return [_to_export(row) for row in connection.execute(query).mappings()]


def count_exports(connection: Connection, version: ModelVersion) -> int:
    """Return the number of exports of a version."""
    exports = tables.exports.c
    where = (exports.name == version.name) & (exports.hash == version.hash)
    return connection.scalar(select(func.count()).select_from(tables.exports).where(where)) or 0


def set_measurement(connection: Connection, id: UUID, measurement: ExportMeasurement) -> None:
    """Store the measurement of an export."""
    change = update(tables.exports).where(tables.exports.c.id == id)
    connection.execute(change.values(measurement=measurement.model_dump(mode="json")))


def delete_export(connection: Connection, blobs: BlobStore, id: UUID) -> ModelExport:
    """Delete an export and its files.

    Raises: NotFound if the project has no such export.
    """
    export = get_export(connection, id)
    connection.execute(delete(tables.exports).where(tables.exports.c.id == id))
    export_store(blobs, id).delete_all()
    return export


def _to_export(row: RowMapping) -> ModelExport:
    values: dict[str, Any] = {name: row[name] for name in ModelExport.model_fields if name != "model"}
    return ModelExport.model_validate({**values, "model": f"{row['name']}@{row['hash'][:12]}"})
