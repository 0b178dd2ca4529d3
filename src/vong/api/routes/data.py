"""Routes of data: datasets, their versions and rows, and the jobs that make new ones."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, UploadFile
from pydantic import Json

from vong import data, jobs
from vong.api.http.dependencies import Call
from vong.app import data as wired
from vong.data.clean import CleaningChange, CleanSettings
from vong.data.edit import RowEdit
from vong.data.graph import VersionGraph, graph
from vong.data.preview import FilePreview
from vong.data.report import HealthReport, ProfileSettings
from vong.data.report_store import changes_of, latest_report
from vong.data.row_search import OriginKind, RowFilter, count
from vong.data.rows import DatasetDiff, DatasetRow, Kind, page
from vong.data.split import SplitSettings
from vong.data.versions import check_name, list_datasets
from vong.records import DatasetVersion, Example, Job, Record

routes = APIRouter(prefix="/api/v1/data", tags=["data"])
Limit = Annotated[int, Query(ge=1, le=500)]


class CleanRequest(Record):
    """How to clean, and the dataset that gets the result (the same one where none is named)."""

    name: str | None = None
    settings: CleanSettings = CleanSettings()


class SplitRequest(Record):
    """How to split, and the dataset that gets the result (the same one where none is named)."""

    name: str | None = None
    settings: SplitSettings = SplitSettings()


@routes.get("/datasets")
def datasets(call: Call, after: str | None = None, limit: Limit = 50) -> list[DatasetVersion]:
    """The newest version of every dataset, by name; `after` is the last name of the page before."""
    with call.scope() as connection:
        return list_datasets(connection, after=after, limit=limit)


@routes.get("/datasets/{name}/versions")
def versions(name: str, call: Call, after: int | None = None, limit: Limit = 50) -> list[DatasetVersion]:
    """The versions of a dataset, newest first; `after` is the last number of the page before."""
    with call.scope() as connection:
        data.find(connection, name)
        return data.list_versions(connection, name, before=after, limit=limit)


@routes.get("/datasets/{name}/graph")
def version_graph(name: str, call: Call) -> VersionGraph:
    """The newest 200 versions of a dataset and what each was made from, versions of other datasets too."""
    with call.scope() as connection:
        return graph(connection, name)


@routes.post("/datasets/{name}/versions", status_code=202)
def import_files(
    name: str,
    file: list[UploadFile],
    call: Call,
    format: Annotated[str | None, Form()] = None,
    options: Annotated[Json[dict[str, str]] | None, Form(description="The format's options as a JSON object.")] = None,
    on_error: Annotated[Literal["stop", "skip"], Form()] = "stop",
) -> Job:
    """Upload files and import them as the dataset's next version. The job's result has its ref."""
    given = {"name": check_name(name), "format": format, "options": options, "on_error": on_error}
    files = wired.keep_uploads(call.platform, [(one.filename or "rows.jsonl", one.file) for one in file])
    with call.scope() as connection:
        return jobs.submit(connection, "data.import", given | {"files": files}, key=call.idempotency_key)


@routes.post("/preview")
def preview_files(
    file: list[UploadFile],
    _: Call,
    format: Annotated[str | None, Form()] = None,
    options: Annotated[Json[dict[str, str]] | None, Form(description="The format's options as a JSON object.")] = None,
    limit: Annotated[int, Form(ge=1, le=100)] = 20,
) -> list[FilePreview]:
    """Look at files, or at their beginnings, before an import: format, columns and first rows. Nothing is kept."""
    return wired.look(
        [(one.filename or "rows.jsonl", one.file) for one in file], format=format, options=options, limit=limit
    )


@routes.post("/datasets/{name}/rows", status_code=201)
def append_rows(name: str, rows: list[Example], call: Call) -> DatasetVersion:
    """Add rows: the next version of the dataset has them too, without those it has already."""
    with call.scope() as connection:
        return data.append(connection, call.platform.blobs, name, rows)


@routes.get("/versions/{ref}")
def version(ref: str, call: Call) -> DatasetVersion:
    """One version: NAME (the newest), NAME@NUMBER or NAME@HASH."""
    with call.scope() as connection:
        return data.find(connection, ref)


def row_filter(
    split: str | None = None,
    text: Annotated[str | None, Query(description="Stands in question or answer, in any case.")] = None,
    metadata: Annotated[list[str] | None, Query(description="FIELD=VALUE, as often as wanted.")] = None,
    label: Annotated[list[str] | None, Query(description="PATH=VALUE: completion.intent=refund.")] = None,
    origin: Annotated[OriginKind | None, Query(description="Where rows came from; `span`: a correction.")] = None,
) -> RowFilter:
    """Which rows are wanted."""
    return RowFilter(split=split, text=text, metadata=tuple(metadata or ()), labels=tuple(label or ()), origin=origin)


Wanted = Annotated[RowFilter, Depends(row_filter)]


class RowCount(Record):
    """How many rows there are."""

    rows: int


@routes.get("/versions/{ref}/rows")
def rows(
    ref: str, call: Call, wanted: Wanted, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 50
) -> list[DatasetRow]:
    """The rows after number `after` which fit: by split, text, metadata, label and origin."""
    with call.scope() as connection:
        found = data.find(connection, ref)
    return page(call.platform.blobs, found, wanted, after=after, limit=limit)


@routes.get("/versions/{ref}/rows/count")
def count_rows(ref: str, call: Call, wanted: Wanted) -> RowCount:
    """How many rows fit."""
    with call.scope() as connection:
        found = data.find(connection, ref)
    return RowCount(rows=count(call.platform.blobs, found, wanted))


@routes.post("/versions/{ref}/rows", status_code=201)
def edit_rows(ref: str, edits: list[RowEdit], call: Call) -> DatasetVersion:
    """Change rows, or take out those whose `example` is null: the next version. A conflict where REF is not newest."""
    with call.scope() as connection:
        return data.edit(connection, call.platform.blobs, data.find(connection, ref), edits)


@routes.get("/versions/{ref}/changes")
def changes(ref: str, call: Call) -> list[CleaningChange]:
    """Every change that cleaning or editing made, by row."""
    with call.scope() as connection:
        found = data.find(connection, ref)
    return changes_of(call.platform.blobs, found)


@routes.get("/versions/{ref}/report")
def report(ref: str, call: Call) -> HealthReport:
    """The newest health report of a version."""
    with call.scope() as connection:
        return latest_report(connection, call.platform.blobs, data.find(connection, ref))


@routes.post("/versions/{ref}/profile", status_code=202)
def profile(ref: str, call: Call, settings: ProfileSettings | None = None) -> Job:
    """Look at the health of a version. The report is kept beside it."""
    with call.scope() as connection:
        params = {"ref": data.find(connection, ref).ref, "settings": (settings or ProfileSettings()).model_dump()}
        return jobs.submit(connection, "data.profile", params, key=call.idempotency_key)


@routes.post("/versions/{ref}/clean", status_code=202)
def clean(ref: str, call: Call, wanted: CleanRequest | None = None) -> Job:
    """Clean a version into a new one. The job's result has its ref and the count of each change."""
    with call.scope() as connection:
        params = {"ref": data.find(connection, ref).ref, **(wanted or CleanRequest()).model_dump(mode="json")}
        return jobs.submit(connection, "data.clean", params, key=call.idempotency_key)


@routes.post("/versions/{ref}/split", status_code=202)
def split(ref: str, call: Call, wanted: SplitRequest | None = None) -> Job:
    """Split a version into a new one. The job's result has its ref and the rows of each split."""
    with call.scope() as connection:
        params = {"ref": data.find(connection, ref).ref, **(wanted or SplitRequest()).model_dump(mode="json")}
        return jobs.submit(connection, "data.split", params, key=call.idempotency_key)


@routes.get("/diff")
def diff(a: str, b: str, call: Call, limit: Limit = 50, kind: Kind | None = None) -> DatasetDiff:
    """What differs between two versions: the counts, and the first differing rows, of one kind where it is named."""
    with call.scope() as connection:
        versions = data.find(connection, a), data.find(connection, b)
    return data.diff(call.platform.blobs, *versions, limit=limit, kind=kind)
