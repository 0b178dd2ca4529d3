"""Jobs of the data stage: import files, profile, clean and split dataset versions."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection

from vong import data, knowledge
from vong.app.document_texts import read_parsed
from vong.app.platform import Platform
from vong.data.clean import CleanSettings
from vong.data.files import clean_file_name
from vong.data.importer import Importer, SkippedRow
from vong.data.preview import FilePreview, preview
from vong.data.report import ProfileSettings
from vong.data.report_store import save_changes, save_report
from vong.data.split import SplitSettings
from vong.data.versions import VersionRows
from vong.errors import InvalidInput, NotFound, VongError, did_you_mean
from vong.jobs import JobContext
from vong.knowledge import base_settings
from vong.knowledge.loading import join_text
from vong.records import DatasetVersion, Example, ExampleOrigin, Operation


def store_uploads(platform: Platform, uploads: Sequence[tuple[str, BinaryIO]]) -> list[dict[str, str]]:
    """Store uploaded files as blobs and return the `files` parameter of the job `data.import`."""
    files: list[dict[str, str]] = []
    for filename, content in uploads:
        with tempfile.NamedTemporaryFile(prefix="vong-upload-") as spool:
            shutil.copyfileobj(content, spool, 1 << 20)
            spool.flush()
            files.append({"blob": platform.blobs.put_file(Path(spool.name)), "filename": clean_file_name(filename)})
    return files


def preview_uploads(
    uploads: Sequence[tuple[str, BinaryIO]], *, format: str | None, options: Mapping[str, str] | None, limit: int
) -> list[FilePreview]:
    """Return a preview of the start of each uploaded file."""
    previews: list[FilePreview] = []
    for filename, content in uploads:
        with tempfile.NamedTemporaryFile(prefix="vong-look-") as spool:
            shutil.copyfileobj(content, spool, 1 << 20)
            spool.flush()
            name = clean_file_name(filename)
            previews.append(preview(Path(spool.name), name, format=format, options=options, limit=limit))
    return previews


def import_file(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `data.import`: write uploaded `files` (blob and filename each) as the next version of `name`."""
    params = job.params
    paths = [
        (platform.blobs.fetch(file["blob"], job.folder / f"upload-{place}"), str(file["filename"]))
        for place, file in enumerate(params["files"])
    ]
    imported = Importer(
        paths,
        format=params.get("format"),
        options=params.get("options") or {},
        on_error=params.get("on_error") or "stop",
        progress=lambda rows: job.progress(rows, unit="rows"),
    )

    def operation() -> Operation:
        settings = {
            "files": params["files"],
            "formats": imported.formats,
            "encodings": imported.encodings,
            "warnings": imported.warnings,
            "options": dict(imported.options),
            "skipped": [row.model_dump() for row in imported.skipped],
        }
        return Operation(name="import", settings=settings, changes=dict(imported.counts))

    try:
        with platform.scope(job.project_id) as connection:
            version = data.write(connection, platform.blobs, params["name"], imported.iter_examples(), operation)
    finally:
        for path, _ in paths:
            path.unlink(missing_ok=True)
    job.progress(imported.counts["read"], imported.counts["read"], unit="rows")
    for row in imported.skipped:
        job.log(f"skipped {row.row}: {row.reason}")
    for warning in imported.warnings:
        job.log(f"warning: {warning}")
    return _result(version) | {
        "skipped": [row.model_dump() for row in imported.skipped],
        "formats": imported.formats,
        "encodings": imported.encodings,
        "warnings": imported.warnings,
    }


def check_knowledge_base(connection: Connection, base: str, role: str) -> None:
    """Check that a caller with this role may read a knowledge base, and that it has documents to import.

    Raises:
        Forbidden: The readers of the base do not include the role.
        NotFound: There is no such base.
        InvalidInput: It has no readable document.
    """
    names = [found.name for found in knowledge.list_bases(connection)]
    if base not in names:
        raise NotFound(f"no knowledge base named {base!r}", did_you_mean(base, names, "vong knowledge list"))
    base_settings.check_reader(connection, base, role)
    if not any(document.state == "ready" for document in knowledge.list_documents(connection, base)):
        raise InvalidInput(
            f"the knowledge base {base!r} has no readable documents", f"add some: vong knowledge upload {base} FILE"
        )


def import_knowledge(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `data.import_knowledge`: write the documents of the knowledge base `base` as version of `name`."""
    base = job.params["base"]
    with platform.scope(job.project_id) as connection:
        ready = [document for document in knowledge.list_documents(connection, base) if document.state == "ready"]
    skipped: list[SkippedRow] = []

    def examples() -> Iterator[Example]:
        for number, document in enumerate(ready, 1):
            job.check()
            job.progress(number, len(ready), unit="documents", message=document.path)
            try:
                with platform.scope(job.project_id) as connection:
                    _, parsed = read_parsed(platform, connection, document.id)
            except VongError as error:
                skipped.append(SkippedRow(row=document.path, reason=error.message))
                continue
            yield Example(
                text=join_text(parsed),
                metadata={"document": document.path, "title": document.title},
                origin=ExampleOrigin(kind="document", id=f"{base}/{document.path}"),
            )

    def operation() -> Operation:
        settings = {"knowledge_base": base, "skipped": [row.model_dump() for row in skipped]}
        changes = {"read": len(ready), "imported": len(ready) - len(skipped), "skipped": len(skipped)}
        return Operation(name="import", settings=settings, changes=changes)

    with platform.scope(job.project_id) as connection:
        version = data.write(connection, platform.blobs, job.params["name"], examples(), operation)
    return _result(version) | {"skipped": [row.model_dump() for row in skipped], "warnings": []}


def profile(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `data.profile`: compute the health report of the version `ref` and store it."""
    settings = ProfileSettings.model_validate(job.params.get("settings") or {})
    version = _version(job, platform)
    report = data.profile(
        VersionRows(platform.blobs, version),
        settings,
        version=version.ref,
        progress=lambda rows: job.progress(rows, version.rows, unit="rows"),
    )
    job.progress(version.rows, version.rows, unit="rows")
    with platform.scope(job.project_id) as connection:
        save_report(connection, platform.blobs, version, report, settings)
    findings = [finding.model_dump() for finding in report.findings]
    return {"ref": version.ref, "rows": report.rows, "worst": report.worst_severity, "findings": findings}


def clean(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `data.clean`: write the version `ref`, cleaned, as the next version of dataset `name` or its own."""
    settings = CleanSettings.model_validate(job.params.get("settings") or {})
    version = _version(job, platform)
    cleaned = data.clean(
        VersionRows(platform.blobs, version),
        settings,
        progress=lambda rows: job.progress(rows, version.rows, unit="rows"),
    )
    job.progress(version.rows, version.rows, unit="rows")
    change_list = save_changes(platform.blobs, cleaned.changes)
    operation = Operation(
        name="clean",
        settings=settings.model_dump(mode="json") | {"change_list": change_list},
        changes=cleaned.counts,
    )
    with platform.scope(job.project_id) as connection:
        name = job.params.get("name") or version.name
        written = data.write(connection, platform.blobs, name, cleaned.examples, operation, (version.ref,))
    return _result(written) | {"changes": cleaned.counts}


def split(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `data.split`: assign splits to the rows of `ref` in the next version of dataset `name` or its own."""
    settings = SplitSettings.model_validate(job.params.get("settings") or {})
    version = _version(job, platform)
    job.progress(0, version.rows, unit="rows")
    assigned = data.split(VersionRows(platform.blobs, version), settings)
    job.progress(version.rows, version.rows, unit="rows")
    operation = Operation(
        name="split",
        settings=settings.model_dump(mode="json"),
        changes={**assigned.counts, "left_out": assigned.left_out, "clusters": assigned.clusters},
    )
    with platform.scope(job.project_id) as connection:
        name = job.params.get("name") or version.name
        written = data.write(connection, platform.blobs, name, assigned.examples, operation, (version.ref,))
    return _result(written) | {"left_out": assigned.left_out, "clusters": assigned.clusters}


def _version(job: JobContext, platform: Platform) -> DatasetVersion:
    with platform.scope(job.project_id) as connection:
        return data.find(connection, job.params["ref"])


def _result(version: DatasetVersion) -> dict[str, Any]:
    return {"ref": version.ref, "number": version.number, "rows": version.rows, "splits": version.splits}
