"""Publications: which version of a pipeline is served as a model, a chat page and a tool, and how."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.pipelines.publication_tables import publications as table
from vong.records import Record, now

PageAccess = Literal["off", "project", "link", "public"]
RESERVED_SLUGS = frozenset({"completions"})
"""Slugs whose address is a path that clients with a wrong base URL call."""
SLUG_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
ORIGIN_PATTERN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:*]{1,250}")
PUBLISH_HINT = "publish it with: vong pipelines publish NAME"


class ChatMapping(Record):
    """How a chat becomes the inputs of the pipeline, and its outputs the answer.

    `message` is the input that gets the last message of the user, `history` the one that gets the messages before it,
    `instructions` the one that gets the system messages. `answer` is the output with the text of the answer,
    `citations` the output or step with retrieved passages. Without a value, each is found by its usual name. `state`
    are inputs that get the output of the same name of the last run in the conversation; inputs whose names begin with
    `conversation_` always do.
    """

    message: str | None = Field(default=None, max_length=100)
    history: str | None = Field(default=None, max_length=100)
    instructions: str | None = Field(default=None, max_length=100)
    answer: str | None = Field(default=None, max_length=100)
    citations: str | None = Field(default=None, max_length=100)
    state: tuple[str, ...] = Field(default=(), max_length=50)


class ChatPageSettings(Record):
    """Chat page of a publication.

    `access`: `project` for signed-in members, `link` for holders of the signed link, `public` for everybody.
    `allowed_origins` are the origins of pages that may embed it, such as `https://shop.example`.
    `requests_per_minute` limits each visitor and, ten times as high, all visitors together. `daily_budget` is the
    maximum cost per day of all visitors in US dollars, which a public page must have.
    """

    access: PageAccess = "off"
    title: str | None = Field(default=None, max_length=100)
    welcome: str | None = Field(default=None, max_length=1000)
    suggestions: tuple[str, ...] = Field(default=(), max_length=8)
    suggestion_model: str | None = Field(default=None, max_length=500)
    attachments: bool = True
    allowed_origins: tuple[str, ...] = Field(default=(), max_length=50)
    requests_per_minute: int = Field(default=10, ge=1, le=600)
    daily_budget: float | None = Field(default=None, gt=0, le=1_000_000)

    @model_validator(mode="after")
    def _check(self) -> "ChatPageSettings":
        if self.access == "public" and self.daily_budget is None:
            raise ValueError("a public page needs daily_budget, the maximum cost per day in US dollars")
        for origin in self.allowed_origins:
            if not ORIGIN_PATTERN.fullmatch(origin):
                raise ValueError(f"allowed origin {origin!r} is invalid: write scheme and host, https://shop.example")
        for question in self.suggestions:
            if not 0 < len(question.strip()) <= 300:
                raise ValueError("a suggestion has 1 to 300 characters")
        return self


class MemorySettings(Record):
    """Memory of the conversations of a publication.

    `window_tokens` bounds the messages that a run gets. `summary_model` summarises older ones. `facts_model` collects
    facts about a person who has agreed to it; without a model no facts are kept. Conversations are deleted after
    `retention_days` without a message.
    """

    window_tokens: int = Field(default=2000, ge=100, le=1_000_000)
    summary_model: str | None = Field(default=None, max_length=500)
    facts_model: str | None = Field(default=None, max_length=500)
    retention_days: int = Field(default=90, ge=1, le=3650)


class PublicationSettings(Record):
    """Settings of a publication. `version` is a label, a number or a hash; without one, the live version is served.

    `inputs` are values of inputs that callers leave out. `model` and `tool` decide if the pipeline is a model of `/v1`
    and a tool of `/mcp`.
    """

    version: str | None = Field(default=None, max_length=100)
    model: bool = True
    tool: bool = True
    mapping: ChatMapping = ChatMapping()
    inputs: dict[str, Any] = Field(default_factory=dict)
    page: ChatPageSettings = ChatPageSettings()
    memory: MemorySettings = MemorySettings()


class Publication(Record):
    """Published pipeline. `slug` is the last part of the address of its chat page: `/chat/SLUG`."""

    pipeline: str
    slug: str
    settings: PublicationSettings
    key_id: UUID | None = None
    created_by: str
    created_at: datetime
    updated_at: datetime

    @property
    def ref(self) -> str:
        """Return the reference of the published version."""
        version = self.settings.version
        if version is None:
            return self.pipeline
        separator = "@" if version.isdecimal() or re.fullmatch(r"[0-9a-f]{12,64}", version) else ":"
        return f"{self.pipeline}{separator}{version}"


def save_publication(
    connection: Connection, pipeline: str, settings: PublicationSettings, *, slug: str | None, created_by: str
) -> Publication:
    """Publish a pipeline, or change its publication. Without a slug, a free one is made from the name.

    Raises:
        InvalidInput: if the slug is invalid.
        Conflict: if another pipeline of this server uses the slug.
    """
    known = find_publication(connection, pipeline)
    if slug is None:
        slug = known.slug if known else _free_slug(connection, pipeline)
    if not SLUG_PATTERN.fullmatch(slug) or slug in RESERVED_SLUGS:
        raise InvalidInput(f"invalid slug {slug!r}", "use up to 63 lowercase letters, digits and '-'")
    at = now()
    values = {"slug": slug, "settings": settings.model_dump(mode="json"), "updated_at": at}
    try:
        with connection.begin_nested():
            if known:
                connection.execute(update(table).where(table.c.pipeline == pipeline).values(values))
            else:
                own = {"pipeline": pipeline, "created_by": created_by, "created_at": at}
                connection.execute(insert(table).values({**values, **own}))
    except IntegrityError as error:
        if "slug" not in str(error.orig):
            raise
        message = f"slug {slug!r} belongs to another pipeline of this server"
        raise Conflict(message, "choose another one: vong pipelines publish NAME --slug SLUG") from error
    return get_publication(connection, pipeline)


def set_key(connection: Connection, pipeline: str, key_id: UUID | None) -> None:
    """Store the key of the calls of the chat page."""
    connection.execute(update(table).where(table.c.pipeline == pipeline).values(key_id=key_id))


def delete_publication(connection: Connection, pipeline: str) -> Publication:
    """Withdraw a publication and return it. Raises NotFound if the pipeline is not published."""
    found = get_publication(connection, pipeline)
    connection.execute(delete(table).where(table.c.pipeline == pipeline))
    return found


def get_publication(connection: Connection, pipeline: str) -> Publication:
    """Return the publication of a pipeline. Raises NotFound if it is not published."""
    found = find_publication(connection, pipeline)
    if found is None:
        names = [one.pipeline for one in list_publications(connection)]
        raise NotFound(f"no pipeline named {pipeline!r} is published", did_you_mean(pipeline, names, PUBLISH_HINT))
    return found


def find_publication(connection: Connection, pipeline: str) -> Publication | None:
    """Return the publication of a pipeline, or None if it is not published."""
    row = connection.execute(select(table).where(table.c.pipeline == pipeline)).mappings().first()
    return _to_publication(row) if row else None


def list_publications(connection: Connection) -> list[Publication]:
    """Return the publications of the project, by name."""
    return [_to_publication(row) for row in connection.execute(select(table).order_by(table.c.pipeline)).mappings()]


def find_page(connection: Connection, slug: str) -> tuple[UUID, Publication] | None:
    """Return the project and the publication of a chat page. The connection is the owner's.

    Returns None if there is no such page, or if it is off.
    """
    row = connection.execute(select(table).where(table.c.slug == slug)).mappings().first()
    if row is None:
        return None
    found = _to_publication(row)
    return None if found.settings.page.access == "off" else (row["project_id"], found)


def default_slug(pipeline: str) -> str:
    """Return the slug of a pipeline: its name with `-` in place of other characters."""
    return re.sub(r"[^a-z0-9]+", "-", pipeline.lower()).strip("-")[:63].rstrip("-") or "chat"


def _free_slug(connection: Connection, pipeline: str) -> str:
    """Return the slug of a new publication: from the name, with an addition if another project uses that."""
    slug = default_slug(pipeline)
    taken = connection.scalar(text("SELECT pipelines_slug_is_taken(:slug)"), {"slug": slug})
    return f"{slug[:58]}-{secrets.token_hex(2)}" if taken or slug in RESERVED_SLUGS else slug


def _to_publication(row: Mapping[Any, Any]) -> Publication:
    values = {name: row[name] for name in Publication.model_fields}
    return Publication.model_validate({**values, "settings": PublicationSettings.model_validate(row["settings"])})
