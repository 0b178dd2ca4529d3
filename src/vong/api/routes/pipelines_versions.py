"""Routes of pipeline versions: create, compare, label, delete. Part of the pipelines API."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app.gates import GateCaller
from vong.app.pipelines import deletion, drafts
from vong.app.pipelines import labels as gated_labels
from vong.app.pipelines.labels import LabelTarget
from vong.app.pipelines.runnables import check_call_rights
from vong.pipelines import labels, schema, versions
from vong.pipelines.definition import parse_definition, to_yaml
from vong.pipelines.diff import PipelineDiff, diff_definitions
from vong.pipelines.labels import PipelineLabel
from vong.pipelines.validation import Finding
from vong.pipelines.versions import MAX_MESSAGE_CHARS, PipelineSummary, PipelineVersion
from vong.records import Record

routes = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])
Limit = Annotated[int, Query(ge=1, le=500)]
Ref = Annotated[str, Query(min_length=1, max_length=300)]


class PipelineDraft(Record):
    """Definition to check: an object, or a text in YAML or JSON."""

    definition: dict[str, Any] | str


class PipelineVersionCreate(PipelineDraft):
    """Next version of a pipeline. `base` is the version (number or hash) that was edited.

    If the newest version is another one, the request is rejected.
    """

    message: str = Field(default="", max_length=MAX_MESSAGE_CHARS)
    base: str | None = Field(default=None, min_length=1, max_length=300)


class PipelineCreate(PipelineDraft):
    """New pipeline with its first version."""

    name: str = Field(min_length=1, max_length=63)
    message: str = Field(default="", max_length=MAX_MESSAGE_CHARS)


class PipelineLabelUpdate(Record):
    """New target of a label (a ref, a number or a hash), with evidence or a reason."""

    version: str = Field(min_length=1, max_length=300)
    evidence: dict[str, Any] = {}
    reason: str | None = Field(default=None, max_length=2000)


class PipelineRollback(Record):
    """Version to which a label returns. By default the one before the current version."""

    version: str | None = Field(default=None, min_length=1, max_length=300)
    reason: str | None = Field(default=None, max_length=2000)


class PipelineFindings(Record):
    """Faults of a definition. A pipeline with an `error` cannot be stored or run."""

    valid: bool
    findings: list[Finding]


@routes.get("")
def list_pipelines(context: CurrentUser, after: str = "", limit: Limit = 50) -> list[PipelineSummary]:
    """List the pipelines by name, each with its newest version and labels. `after` is the last known name."""
    with context.project_transaction() as connection:
        return versions.list_pipelines(connection, after=after, limit=limit)


@routes.post("", status_code=201)
def create_pipeline(body: PipelineCreate, context: CurrentUser) -> PipelineVersion:
    """Create a pipeline. A pipeline of that name must not exist."""
    check_call_rights(context.principal.role, parse_definition(body.definition))
    with context.project_transaction() as connection:
        return drafts.create_pipeline(
            connection,
            body.name,
            body.definition,
            message=body.message,
            created_by=context.principal.actor,
        )


@routes.get("/schema")
def get_pipeline_schema(context: CurrentUser) -> dict[str, Any]:
    """Return the JSON schema of pipelines, for editors and programs that write them."""
    del context
    return schema.pipeline_schema()


@routes.post("/validate")
def check_pipeline(body: PipelineDraft, context: CurrentUser) -> PipelineFindings:
    """Check a definition without storing it: steps, references, types and cycles."""
    with context.project_transaction() as connection:
        findings = drafts.check_draft(context.platform, connection, context.principal.project_id, body.definition)
    return PipelineFindings(valid=not drafts.errors_of(findings), findings=findings)


@routes.get("/{name}")
def get_pipeline(name: str, context: CurrentUser, version: Ref | None = None) -> PipelineVersion:
    """Return the newest version of a pipeline, or `version`: a number, a hash or a label."""
    with context.project_transaction() as connection:
        if version is not None:
            return versions.find_version(connection, name, version)
        newest = versions.find_newest(connection, name)
        if newest is None:
            raise versions.missing_pipeline(connection, name)
        return newest


@routes.delete("/{name}", status_code=204)
def delete_pipeline(name: str, context: CurrentUser) -> None:
    """Delete a pipeline with all versions and labels. Runs are kept. Refused while runs have not ended."""
    with context.project_transaction() as connection:
        deletion.delete_pipeline(connection, name)


@routes.get("/{name}/yaml", response_class=Response, responses={200: {"content": {"application/yaml": {}}}})
def export_pipeline(name: str, context: CurrentUser, version: Ref | None = None) -> Response:
    """Return a version of a pipeline as YAML."""
    found = get_pipeline(name, context, version)
    return Response(to_yaml(found.definition), media_type="application/yaml")


@routes.get("/{name}/versions")
def list_pipeline_versions(
    name: str, context: CurrentUser, after: int | None = None, limit: Limit = 50
) -> list[PipelineVersion]:
    """List the versions of a pipeline, newest first. `after` is the last number of the previous page."""
    with context.project_transaction() as connection:
        return versions.list_versions(connection, name, before=after, limit=limit)


@routes.post("/{name}/versions", status_code=201)
def create_pipeline_version(name: str, body: PipelineVersionCreate, context: CurrentUser) -> PipelineVersion:
    """Store the next version of a pipeline, which is created if it does not exist.

    If the content is equal to that of the newest version, only its layout and notes are replaced.
    """
    check_call_rights(context.principal.role, parse_definition(body.definition))
    with context.project_transaction() as connection:
        return drafts.create_version(
            connection,
            name,
            body.definition,
            message=body.message,
            created_by=context.principal.actor,
            base=body.base,
        )


@routes.get("/{name}/versions/{ref}")
def get_pipeline_version(name: str, ref: str, context: CurrentUser) -> PipelineVersion:
    """Return a version of a pipeline by its number, hash or label."""
    with context.project_transaction() as connection:
        return versions.find_version(connection, name, ref)


@routes.get("/{name}/diff")
def compare_pipeline_versions(name: str, old: Ref, new: Ref, context: CurrentUser) -> PipelineDiff:
    """Compare two versions of a pipeline (numbers, hashes or labels): as text, and by steps, fields and edges."""
    with context.project_transaction() as connection:
        before, after = (versions.find_version(connection, name, ref) for ref in (old, new))
    return diff_definitions(before.definition, after.definition, old_name=before.ref, new_name=after.ref)


@routes.get("/{name}/labels")
def list_pipeline_labels(
    name: str, context: CurrentUser, history: bool = False, limit: Limit = 50
) -> list[PipelineLabel]:
    """List the labels of a pipeline, or with `history` every change of them, newest first."""
    with context.project_transaction() as connection:
        versions.list_versions(connection, name, limit=1)
        if history:
            return labels.list_label_changes(connection, name, limit=limit)
        return labels.list_labels(connection, name)


@routes.put("/{name}/labels/{label}")
def set_pipeline_label(name: str, label: str, body: PipelineLabelUpdate, context: CurrentUser) -> PipelineLabel:
    """Point a label to a version, if its gate passes. Without a policy `prod` needs evidence or a reason."""
    target = LabelTarget(body.version, body.evidence, body.reason)
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_labels.set_label(connection, context.platform.blobs, caller, name, label, target)


@routes.delete("/{name}/labels/{label}")
def delete_pipeline_label(name: str, label: str, context: CurrentUser, reason: str | None = None) -> PipelineLabel:
    """Remove a label. Its history is kept. A label that a gate protects needs a reason."""
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_labels.remove_label(connection, caller, name, label, reason=reason)


@routes.post("/{name}/labels/{label}/rollback")
def roll_back_pipeline_label(name: str, label: str, body: PipelineRollback, context: CurrentUser) -> PipelineLabel:
    """Point a label back to the version before the current one, or to `version`. The gate of the label applies."""
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_labels.rollback(
            connection, context.platform.blobs, caller, name, label, version=body.version, reason=body.reason
        )
