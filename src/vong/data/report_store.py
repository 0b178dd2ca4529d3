"""Storage of health reports and change lists of dataset versions."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from vong.data import tables
from vong.data.clean import CleaningChange
from vong.data.report import HealthReport, ProfileSettings
from vong.data.versions import get_version_id
from vong.errors import NotFound
from vong.records import DatasetVersion, new_id, now
from vong.records.record import canonical_json
from vong.store.blobs import BlobStore

_changes = TypeAdapter(list[CleaningChange])


def save_report(
    connection: Connection, blobs: BlobStore, version: DatasetVersion, report: HealthReport, settings: ProfileSettings
) -> None:
    """Store a health report. The newest report of a version is the one that is shown."""
    values = {
        "id": new_id(),
        "version_id": get_version_id(connection, version),
        "settings": settings.model_dump(mode="json"),
        "blob": blobs.put(canonical_json(report.model_dump(mode="json"))),
        "created_at": now(),
    }
    connection.execute(insert(tables.reports).values(values))


def load_latest_report(connection: Connection, blobs: BlobStore, version: DatasetVersion) -> HealthReport:
    """Return the newest health report of a version.

    Raises:
        NotFound: The version was never profiled.
    """
    reports = tables.reports.c
    query = select(reports.blob).where(reports.version_id == get_version_id(connection, version))
    blob = connection.scalar(query.order_by(reports.id.desc()).limit(1))
    if blob is None:
        raise NotFound(f"{version.ref} has no health report", f"create one: vong data profile {version.ref}")
    return HealthReport.model_validate_json(blobs.get(blob))


def save_changes(blobs: BlobStore, changes: Sequence[CleaningChange]) -> str:
    """Store a list of changes and return the hash of its blob, to be put into `Operation.settings["change_list"]`."""
    return blobs.put(_changes.dump_json(list(changes)))


def load_changes(blobs: BlobStore, version: DatasetVersion) -> list[CleaningChange]:
    """Return the changes between a version and its parent.

    Raises:
        NotFound: The operation that created the version lists no changes.
    """
    blob = version.operation.settings.get("change_list")
    if not isinstance(blob, str):
        message = f"{version.ref} was created by {version.operation.name!r}, which lists no changes"
        raise NotFound(message, f"compare it with its parent: vong data diff {' '.join(version.parents)} {version.ref}")
    return _changes.validate_json(blobs.get(blob))
