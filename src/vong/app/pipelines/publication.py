"""Publish and withdraw pipelines: checks, the key of the chat page, and its budget."""

from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from vong import access
from vong.access.keys import create_key, list_keys, revoke_key
from vong.access.principal import Principal
from vong.app.pipelines.publication_links import create_link_key
from vong.app.platform import Platform
from vong.errors import Forbidden, InvalidInput, NotFound
from vong.gateway.limits.store import delete_limit, list_limits, set_limit
from vong.pipelines import publications, versions
from vong.pipelines.chat_inputs import check_mapping
from vong.pipelines.publications import Publication, PublicationSettings
from vong.records import Record
from vong.records.limit import LimitCreate

MODEL_PREFIX = "pipeline/"
MICRO_USD = 1_000_000


class PublishRequest(Record):
    """Settings of a publication, and the last part of the address of its chat page (default: from the name)."""

    slug: str | None = Field(default=None, max_length=63)
    settings: PublicationSettings = PublicationSettings()


class PublicationDetails(Publication):
    """Publication with its addresses.

    `model` is the name in calls of `/v1`, `version` the hash that callers get now. `page_url` is the address of the
    chat page, with the key of a signed link; `embed` is the script tag of the widget, `csp` what a page with a strict
    Content Security Policy must allow.
    """

    model: str | None = None
    version: str | None = None
    tool: str | None = None
    page_url: str | None = None
    embed: str | None = None
    csp: str | None = None


def publish(platform: Platform, principal: Principal, pipeline: str, request: PublishRequest) -> PublicationDetails:
    """Publish a pipeline, or replace the settings of its publication. The next call uses them.

    Raises:
        NotFound: if the pipeline or the version does not exist.
        InvalidInput: if the mapping does not fit the inputs of the pipeline.
        Forbidden: if a caller who is no owner opens a page to the public.
    """
    page = request.settings.page
    if page.access == "public" and principal.role != "owner":
        raise Forbidden(
            f"the role {principal.role!r} may not open a page to the public", "ask an owner, or use the access 'link'"
        )
    with platform.scope(principal.project_id) as connection:
        versions.find(connection, pipeline)  # raises NotFound with the nearest name
        saved = publications.save_publication(
            connection, pipeline, request.settings, slug=request.slug, created_by=principal.actor
        )
        version = versions.find(connection, saved.ref)
        _check_mapping(version, request.settings)
        _update_key(connection, saved)
        saved = publications.get_publication(connection, pipeline)
    _apply_change(platform, principal.project_id)
    return describe(platform, principal.project_id, saved)


def unpublish(platform: Platform, principal: Principal, pipeline: str) -> Publication:
    """Withdraw a pipeline from `/v1`, `/mcp` and its chat page. Its conversations are kept until they expire."""
    with platform.scope(principal.project_id) as connection:
        deleted = publications.delete_publication(connection, pipeline)
        _delete_key(connection, deleted)
    _apply_change(platform, principal.project_id)
    return deleted


def describe(platform: Platform, project_id: UUID, publication: Publication) -> PublicationDetails:
    """Return a publication with its addresses."""
    settings, url = publication.settings, platform.settings.server_url.rstrip("/")
    with platform.scope(project_id) as connection:
        try:
            version = versions.find(connection, publication.ref).ref
        except NotFound:  # the label was removed
            version = None
    fields: dict[str, str | None] = {
        "model": f"{MODEL_PREFIX}{publication.pipeline}" if settings.model else None,
        "version": version,
        "tool": tool_name(publication.pipeline) if settings.tool else None,
    }
    if settings.page.access != "off":
        page = f"{url}/chat/{publication.slug}"
        key = create_link_key(platform, project_id, publication) if settings.page.access == "link" else None
        fields["page_url"] = f"{page}#key={key}" if key else page
        key_attribute = f' data-key="{key}"' if key else ""
        fields["embed"] = (
            f'<script src="{url}/chat/widget.js" data-chat="{publication.slug}"{key_attribute} async></script>'
        )
        fields["csp"] = f"script-src {url}; frame-src {url}"
    return PublicationDetails.model_validate({**publication.model_dump(), **fields})


def tool_name(pipeline: str) -> str:
    """Return the name of a pipeline as a tool of `/mcp`, which has no dots."""
    return f"pipeline_{pipeline.replace('.', '_')}"


def page_principal(connection: Connection, project_id: UUID, publication: Publication) -> Principal:
    """Return the principal of the visitors of a chat page: the key of the publication.

    Raises: Forbidden if an owner has revoked the key.
    """
    key = next((one for one in list_keys(connection) if one.id == publication.key_id), None)
    if key is None or key.revoked_at is not None:
        message = f"the key of the chat page {publication.slug!r} was revoked"
        raise Forbidden(message, f"publish it again: vong pipelines publish {publication.pipeline}")
    return access.Principal(project_id, key.name, key.role, key_id=key.id, labels=key.labels)


def _check_mapping(version: versions.PipelineVersion, settings: PublicationSettings) -> None:
    """Raise InvalidInput if the settings name an input or output that the pipeline does not have."""
    definition = version.definition
    for name in settings.inputs:
        if name not in definition.inputs:
            known = ", ".join(definition.inputs) or "none"
            raise InvalidInput(f"inputs: the pipeline has no input {name!r}", f"its inputs: {known}")
    mapping = settings.mapping
    for field, name in (("answer", mapping.answer), ("citations", mapping.citations)):
        if name is not None and name not in definition.outputs and name not in definition.steps:
            known = ", ".join((*definition.outputs, *definition.steps))
            raise InvalidInput(f"mapping.{field} names {name!r}, which is no output", f"use one of: {known}")
    check_mapping(definition.inputs, mapping)


def _update_key(connection: Connection, publication: Publication) -> None:
    """Create the key of a page for visitors without an account, with its budget, or delete it."""
    page = publication.settings.page
    if page.access not in ("link", "public"):
        _delete_key(connection, publication)
        publications.set_key(connection, publication.pipeline, None)
        return
    name = key_name(publication)
    key = next((one for one in list_keys(connection) if one.id == publication.key_id and not one.revoked_at), None)
    if key is None:
        key = create_key(connection, name, role="member").key
        publications.set_key(connection, publication.pipeline, key.id)
    _set_budget(connection, key.name, page.daily_budget)


def _delete_key(connection: Connection, publication: Publication) -> None:
    key = next((one for one in list_keys(connection) if one.id == publication.key_id and not one.revoked_at), None)
    if key is not None:
        revoke_key(connection, str(key.id))
        _set_budget(connection, key.name, None)


def _set_budget(connection: Connection, key: str, dollars: float | None) -> None:
    """Set the budget per day of a key, or delete it."""
    if dollars is not None:
        amount = max(1, round(dollars * MICRO_USD))
        set_limit(connection, LimitCreate(subject_type="key", subject=key, metric="cost", window="day", amount=amount))
        return
    for limit in list_limits(connection):
        if (limit.subject_type, limit.subject, limit.metric, limit.window) == ("key", key, "cost", "day"):
            delete_limit(connection, limit.id)


def key_name(publication: Publication) -> str:
    """Return the name of the key of a chat page, by which limits and the ledger refer to its visitors."""
    return f"chat/{publication.slug}"


def _apply_change(platform: Platform, project_id: UUID) -> None:
    platform.apply_routing_change(project_id)
    if platform.gateway is not None:
        platform.gateway.on_key_change()
