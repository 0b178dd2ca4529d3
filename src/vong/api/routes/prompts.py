"""Routes of prompts: versions, differences, rendering, branches and comments. Labels: see `prompts_labels`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from vong import prompts
from vong.api.http.dependencies import CurrentUser
from vong.app.prompts import labels as prompt_labels
from vong.errors import Conflict, NotFound
from vong.prompts import branches, comments, imports, versions
from vong.prompts.branches import MergeRequest
from vong.prompts.diff import diff
from vong.records import Record
from vong.records.prompt import (
    DEFAULT_BRANCH,
    PromptBranch,
    PromptComment,
    PromptDiff,
    PromptMerge,
    PromptSummary,
    PromptTemplate,
    PromptVersion,
    RenderedPrompt,
)

routes = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])
Limit = Annotated[int, Query(ge=1, le=500)]
Ref = Annotated[str, Field(min_length=1, max_length=300)]
Message = Annotated[str, Field(max_length=versions.MAX_MESSAGE_CHARS)]


class PromptVersionCreate(Record):
    """New version of a prompt. `base` is the ref of the expected head of the branch; another head is a conflict."""

    template: PromptTemplate
    branch: str = DEFAULT_BRANCH
    message: Message = ""
    base: Ref | None = None


class PromptCreate(Record):
    """New prompt with its first version."""

    name: str
    template: PromptTemplate
    message: Message = ""


class PromptImport(Record):
    """Prompt of another program as JSON. `auto` recognizes the format."""

    document: dict[str, Any]
    format: Literal["auto", "langfuse", "langchain", "openai"] = "auto"
    branch: str = DEFAULT_BRANCH
    message: Message = ""


class PromptRender(Record):
    """Version to render (a ref, number, hash or label; default: the label `prod` or the head of `main`), and values."""

    version: Ref | None = None
    variables: dict[str, Any] = {}


class PromptCommentCreate(Record):
    """Comment on a version, or on one of its messages (counted from 0)."""

    version: Ref
    text: str = Field(min_length=1, max_length=comments.MAX_COMMENT_CHARS)
    message: int | None = Field(default=None, ge=0, le=1000)


class PromptBranchCreate(Record):
    """Branch that begins at a version."""

    branch: str
    version: Ref = versions.LATEST


class PromptMergeCreate(Record):
    """Merge of the branch `source` into `target`.

    `resolutions` decide conflicts by field: `ours` (the target), `theirs`, `both` for messages and tools, or
    `{"value": ...}`. With `preview` nothing is stored.
    """

    source: str
    target: str = DEFAULT_BRANCH
    message: Message = ""
    resolutions: dict[str, Any] = {}
    preview: bool = False


@routes.get("")
def list_prompts(context: CurrentUser, after: str | None = None, limit: Limit = 50) -> list[PromptSummary]:
    """List prompts by name. `after` is the last name of the previous page."""
    with context.project_transaction() as connection:
        return prompts.list_prompts(connection, after=after, limit=limit)


@routes.post("", status_code=201)
def create_prompt(body: PromptCreate, context: CurrentUser) -> PromptVersion:
    """Create a prompt with its first version."""
    with context.project_transaction() as connection:
        versions.lock(connection, body.name)
        try:
            existing = versions.find_latest(connection, body.name)
        except NotFound:
            existing = None
        if existing is not None:
            hint = f"add a version: POST /api/v1/prompts/{body.name}/versions"
            raise Conflict(f"there is a prompt named {body.name!r}", hint)
        actor = context.principal.actor
        return prompts.create_version(connection, body.name, body.template, message=body.message, created_by=actor)


@routes.get("/{name}")
def get_prompt(name: str, context: CurrentUser) -> PromptSummary:
    """Return a prompt with its newest version on `main` and its labels."""
    with context.project_transaction() as connection:
        return versions.get_summary(connection, name)


@routes.delete("/{name}")
def delete_prompt(name: str, context: CurrentUser, force: bool = False) -> PromptSummary:
    """Delete a prompt with its versions. If a label has a gate, only owners may, with `force`."""
    is_owner = context.principal.role == "owner"
    with context.project_transaction() as connection:
        return prompt_labels.delete_prompt(connection, name, is_owner=is_owner, force=force)


@routes.get("/{name}/versions")
def list_versions(
    name: str, context: CurrentUser, branch: str | None = None, after: int | None = None, limit: Limit = 50
) -> list[PromptVersion]:
    """List the versions of a prompt, newest first. `after` is the last number of the previous page."""
    with context.project_transaction() as connection:
        return prompts.list_versions(connection, name, branch=branch, before=after, limit=limit)


@routes.post("/{name}/versions", status_code=201)
def create_version(name: str, body: PromptVersionCreate, context: CurrentUser, response: Response) -> PromptVersion:
    """Add a version, and create the prompt with its first one. Content that exists keeps its version (status 200)."""
    with context.project_transaction() as connection:
        stored = versions.store_version(
            connection,
            name,
            body.template,
            branch=body.branch,
            message=body.message,
            created_by=context.principal.actor,
            base=versions.qualify(name, body.base) if body.base else None,
        )
    response.status_code = 201 if stored.is_new else 200
    return stored.version


@routes.post("/{name}/import", status_code=201)
def import_version(name: str, body: PromptImport, context: CurrentUser) -> PromptVersion:
    """Convert a prompt of Langfuse, LangChain or OpenAI, and add it as a version."""
    imported = imports.convert(body.document, body.format)
    with context.project_transaction() as connection:
        return prompts.create_version(
            connection,
            name,
            imported.template,
            branch=body.branch,
            message=body.message or imported.message,
            created_by=context.principal.actor,
        )


@routes.get("/{name}/versions/{ref}")
def get_version(name: str, ref: str, context: CurrentUser) -> PromptVersion:
    """Return a version: by number, hash or label, or by a full ref such as NAME@3 or NAME:staging."""
    with context.project_transaction() as connection:
        return prompts.find(connection, versions.qualify(name, ref))


@routes.get("/{name}/diff")
def compare_versions(name: str, old: str, new: str, context: CurrentUser) -> PromptDiff:
    """Return the differences between two versions, by field and as text."""
    with context.project_transaction() as connection:
        before = prompts.find(connection, versions.qualify(name, old))
        return diff(before, prompts.find(connection, versions.qualify(name, new)))


@routes.post("/{name}/render")
def render_prompt(name: str, body: PromptRender, context: CurrentUser) -> RenderedPrompt:
    """Return a version with all variables filled in."""
    with context.project_transaction() as connection:
        version = prompts.find(connection, versions.qualify(name, body.version) if body.version else name)
    return prompts.render(version.template, body.variables)


@routes.get("/{name}/branches")
def list_branches(name: str, context: CurrentUser) -> list[PromptBranch]:
    """List the branches of a prompt by name."""
    with context.project_transaction() as connection:
        return branches.list_branches(connection, name)


@routes.post("/{name}/branches", status_code=201)
def create_branch(name: str, body: PromptBranchCreate, context: CurrentUser) -> PromptBranch:
    """Create a branch that begins at a version."""
    with context.project_transaction() as connection:
        return branches.create_branch(connection, name, body.branch, body.version, context.principal.actor)


@routes.delete("/{name}/branches/{branch}")
def delete_branch(name: str, branch: str, context: CurrentUser) -> PromptBranch:
    """Delete a branch. Its versions stay."""
    with context.project_transaction() as connection:
        return branches.delete_branch(connection, name, branch)


@routes.post("/{name}/merge")
def merge_branches(name: str, body: PromptMergeCreate, context: CurrentUser) -> PromptMerge:
    """Merge a branch into another, by field. With conflicts `version` is null and nothing is stored."""
    request = MergeRequest(body.source, body.target, body.message, body.resolutions, body.preview)
    with context.project_transaction() as connection:
        return branches.merge(connection, name, request, context.principal.actor)


@routes.get("/{name}/comments")
def list_comments(
    name: str, context: CurrentUser, version: str | None = None, after: UUID | None = None, limit: Limit = 50
) -> list[PromptComment]:
    """List the comments on a prompt or on one version, newest first. `after` is the last id of the previous page."""
    with context.project_transaction() as connection:
        return comments.list_comments(connection, name, version, before=after, limit=limit)


@routes.post("/{name}/comments", status_code=201)
def add_comment(name: str, body: PromptCommentCreate, context: CurrentUser) -> PromptComment:
    """Comment on a version or on one of its messages."""
    ref, actor = versions.qualify(name, body.version), context.principal.actor
    with context.project_transaction() as connection:
        return comments.add_comment(connection, ref, body.text, created_by=actor, message=body.message)


@routes.delete("/{name}/comments/{id}")
def delete_comment(name: str, id: UUID, context: CurrentUser) -> PromptComment:
    """Delete a comment: an own one, or any as an owner."""
    principal = context.principal
    with context.project_transaction() as connection:
        return comments.delete_comment(connection, name, id, by=principal.actor, is_owner=principal.role == "owner")
