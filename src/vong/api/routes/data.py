"""Routes of data: datasets, their versions and rows, and the jobs that create new versions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, UploadFile
from pydantic import Json, StringConstraints

from vong import data, jobs
from vong.api.http.dependencies import CurrentUser
from vong.api.http.many_files import ManyFilesRoute
from vong.app import data as data_app
from vong.data import rows as dataset_rows
from vong.data import versions as dataset_versions
from vong.data.clean import CleaningChange, CleanSettings
from vong.data.graph import VersionGraph, build_graph
from vong.data.preview import FilePreview
from vong.data.report import HealthReport, ProfileSettings
from vong.data.report_store import load_changes, load_latest_report
from vong.data.row_search import OriginKind, RowFilter, count_matches
from vong.data.rows import DatasetDiff, DiffKind
from vong.data.split import SplitSettings
from vong.records import DatasetVersion, Example, Job, Record
from vong.records.dataset_row import DatasetRow, RowEdit
from vong.records.name import VERSIONED_NAME_PATTERN, check_versioned_name

routes = APIRouter(prefix="/api/v1/data", tags=["data"], route_class=ManyFilesRoute)
DatasetName = Annotated[str, StringConstraints(pattern=rf"^{VERSIONED_NAME_PATTERN.pattern}$")]
Limit = Annotated[int, Query(ge=1, le=500)]


class CleanRequest(Record):
    """Cleaning of a dataset version. `name` is the dataset for the result, by default the same dataset."""

    name: DatasetName | None = None
    settings: CleanSettings = CleanSettings()


class SplitRequest(Record):
    """Split of a dataset version. `name` is the dataset for the result, by default the same dataset."""

    name: DatasetName | None = None
    settings: SplitSettings = SplitSettings()


@routes.get("/datasets")
def list_datasets(context: CurrentUser, after: str | None = None, limit: Limit = 50) -> list[DatasetVersion]:
    """List the newest version of every dataset by name. `after` is the last name of the previous page."""
    with context.project_transaction() as connection:
        return dataset_versions.list_datasets(connection, after=after, limit=limit)


@routes.get("/datasets/{name}/versions")
def list_versions(name: str, context: CurrentUser, after: int | None = None, limit: Limit = 50) -> list[DatasetVersion]:
    """List the versions of a dataset, newest first. `after` is the last number of the previous page."""
    with context.project_transaction() as connection:
        data.find(connection, name)
        return data.list_versions(connection, name, before=after, limit=limit)


@routes.get("/datasets/{name}/graph")
def get_version_graph(name: str, context: CurrentUser) -> VersionGraph:
    """Return the newest 200 versions of a dataset and their sources, including versions of other datasets."""
    with context.project_transaction() as connection:
        return build_graph(connection, name)


@routes.post("/datasets/{name}/versions", status_code=202)
def import_files(
    name: str,
    files: list[UploadFile],
    context: CurrentUser,
    format: Annotated[str | None, Form()] = None,
    options: Annotated[
        Json[dict[str, str]] | None, Form(description="Options of the format, as a JSON object.")
    ] = None,
    on_error: Annotated[Literal["stop", "skip"], Form()] = "stop",
) -> Job:
    """Upload files and import them as the next version of a dataset. The job result contains the ref."""
    check_versioned_name(name, "dataset")
    given = {"name": name, "format": format, "options": options, "on_error": on_error}
    stored = data_app.store_uploads(context.platform, [(one.filename or "rows.jsonl", one.file) for one in files])
    with context.project_transaction() as connection:
        return jobs.submit(connection, "data.import", given | {"files": stored}, key=context.idempotency_key)


class KnowledgeImport(Record):
    """Import of a knowledge base: the name of the `base` whose documents become the rows."""

    base: str


@routes.post("/datasets/{name}/documents", status_code=202)
def import_knowledge(name: str, body: KnowledgeImport, context: CurrentUser) -> Job:
    """Import the documents of a knowledge base as the next version of a dataset. The job result contains the ref."""
    check_versioned_name(name, "dataset")
    params = {"name": name, "base": body.base}
    with context.project_transaction() as connection:
        data_app.check_knowledge_base(connection, body.base, context.principal.role)
        return jobs.submit(connection, "data.import_knowledge", params, key=context.idempotency_key)


@routes.post("/preview")
def preview_files(
    files: list[UploadFile],
    _: CurrentUser,
    format: Annotated[str | None, Form()] = None,
    options: Annotated[
        Json[dict[str, str]] | None, Form(description="Options of the format, as a JSON object.")
    ] = None,
    limit: Annotated[int, Form(ge=1, le=100)] = 20,
) -> list[FilePreview]:
    """Preview files, or their beginnings, before an import: format, columns and first rows. Nothing is stored."""
    return data_app.preview_uploads(
        [(one.filename or "rows.jsonl", one.file) for one in files], format=format, options=options, limit=limit
    )


@routes.post("/datasets/{name}/rows", status_code=201)
def append_rows(name: str, rows: list[Example], context: CurrentUser) -> DatasetVersion:
    """Append rows that the dataset does not contain yet, as its next version."""
    with context.project_transaction() as connection:
        return data.append(connection, context.platform.blobs, name, rows)


@routes.get("/versions/{ref}")
def get_version(ref: str, context: CurrentUser) -> DatasetVersion:
    """Return a version: NAME (the newest), NAME@NUMBER or NAME@HASH."""
    with context.project_transaction() as connection:
        return data.find(connection, ref)


def row_filter(
    split: str | None = None,
    text: Annotated[str | None, Query(description="Text in prompt or completion, case-insensitive.")] = None,
    metadata: Annotated[list[str] | None, Query(description="FIELD=VALUE, repeatable.")] = None,
    label: Annotated[list[str] | None, Query(description="PATH=VALUE, for example completion.intent=refund.")] = None,
    origin: Annotated[OriginKind | None, Query(description="Origin of the rows; `span`: corrections.")] = None,
) -> RowFilter:
    """Return the row filter of the query parameters."""
    return RowFilter(split=split, text=text, metadata=tuple(metadata or ()), labels=tuple(label or ()), origin=origin)


RowQuery = Annotated[RowFilter, Depends(row_filter)]


class RowCount(Record):
    """Number of rows."""

    rows: int


@routes.get("/versions/{ref}/rows")
def list_rows(
    ref: str, context: CurrentUser, query: RowQuery, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 50
) -> list[DatasetRow]:
    """List the rows after number `after` that match split, text, metadata, label and origin."""
    with context.project_transaction() as connection:
        found = data.find(connection, ref)
    return dataset_rows.list_rows(context.platform.blobs, found, query, after=after, limit=limit)


@routes.get("/versions/{ref}/rows/count")
def count_rows(ref: str, context: CurrentUser, query: RowQuery) -> RowCount:
    """Return the number of matching rows."""
    with context.project_transaction() as connection:
        found = data.find(connection, ref)
    return RowCount(rows=count_matches(context.platform.blobs, found, query))


@routes.post("/versions/{ref}/rows", status_code=201)
def edit_rows(ref: str, edits: list[RowEdit], context: CurrentUser) -> DatasetVersion:
    """Change rows, or delete those with a null `example`, as the next version. Returns 409 if REF is not the newest."""
    with context.project_transaction() as connection:
        return data.edit(connection, context.platform.blobs, data.find(connection, ref), edits)


@routes.get("/versions/{ref}/changes")
def list_changes(ref: str, context: CurrentUser) -> list[CleaningChange]:
    """List the changes of cleaning or editing, by row."""
    with context.project_transaction() as connection:
        found = data.find(connection, ref)
    return load_changes(context.platform.blobs, found)


@routes.get("/versions/{ref}/report")
def get_report(ref: str, context: CurrentUser) -> HealthReport:
    """Return the newest health report of a version."""
    with context.project_transaction() as connection:
        return load_latest_report(connection, context.platform.blobs, data.find(connection, ref))


@routes.post("/versions/{ref}/profile", status_code=202)
def profile_version(ref: str, context: CurrentUser, settings: ProfileSettings | None = None) -> Job:
    """Start a job that creates the health report of a version. The report is stored with the version."""
    with context.project_transaction() as connection:
        params = {"ref": data.find(connection, ref).ref, "settings": (settings or ProfileSettings()).model_dump()}
        return jobs.submit(connection, "data.profile", params, key=context.idempotency_key)


@routes.post("/versions/{ref}/clean", status_code=202)
def clean_version(ref: str, context: CurrentUser, body: CleanRequest | None = None) -> Job:
    """Start a job that cleans a version into a new one. The job result has the new ref and the count of each change."""
    with context.project_transaction() as connection:
        params = {"ref": data.find(connection, ref).ref, **(body or CleanRequest()).model_dump(mode="json")}
        return jobs.submit(connection, "data.clean", params, key=context.idempotency_key)


@routes.post("/versions/{ref}/split", status_code=202)
def split_version(ref: str, context: CurrentUser, body: SplitRequest | None = None) -> Job:
    """Start a job that splits a version into a new one. The job result has the new ref and the rows of each split."""
    with context.project_transaction() as connection:
        params = {"ref": data.find(connection, ref).ref, **(body or SplitRequest()).model_dump(mode="json")}
        return jobs.submit(connection, "data.split", params, key=context.idempotency_key)


@routes.get("/diff")
def compare_versions(
    a: str, b: str, context: CurrentUser, limit: Limit = 50, kind: DiffKind | None = None
) -> DatasetDiff:
    """Return the differences of two versions: the counts, and the first different rows, optionally of one kind."""
    with context.project_transaction() as connection:
        versions = data.find(connection, a), data.find(connection, b)
    return data.diff(context.platform.blobs, *versions, limit=limit, kind=kind)
