"""Imports of pipelines from other systems, stored as versions if the caller wants it."""

from sqlalchemy import Connection

from vong.app.pipelines import drafts
from vong.pipelines.dify.convert import convert
from vong.pipelines.dify.report import DifyImport, DifyOptions
from vong.pipelines.validation import Finding, validate
from vong.pipelines.versions import PipelineVersion
from vong.records import Record


class ImportedPipeline(Record):
    """Pipeline made from a Dify export: its report, its faults, and its version if it was stored."""

    report: DifyImport
    findings: tuple[Finding, ...]
    version: PipelineVersion | None = None
    is_complete: bool
    """True if no node was replaced by a step that fails."""


def import_dify(
    connection: Connection,
    source: str,
    options: DifyOptions,
    *,
    store: bool,
    created_by: str,
) -> ImportedPipeline:
    """Return a Dify export as a pipeline, stored as the next version of the pipeline of its name if wanted.

    Raises: InvalidInput if the text is no export of a Dify application, or the pipeline cannot be stored.
    """
    report = convert(source, options)
    findings = tuple(validate(report.definition))
    version = None
    if store:
        message = f"imported from the Dify application {report.nodes[0].title or report.name!r}"[:200]
        version = drafts.create_version(
            connection,
            report.name,
            report.definition.model_dump(mode="json", exclude_unset=True),
            message=message,
            created_by=created_by,
        )
    return ImportedPipeline(report=report, findings=findings, version=version, is_complete=report.is_complete)
