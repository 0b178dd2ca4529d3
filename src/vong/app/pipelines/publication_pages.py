"""Chat pages: who may open one, on whose behalf its runs call models, and how many messages visitors may send."""

import time
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from vong import access
from vong.access import tables as access_tables
from vong.access.principal import Principal
from vong.access.users import list_user_projects
from vong.app.pipelines.conversation_memory import ConversationScope
from vong.app.pipelines.publication import page_principal
from vong.app.pipelines.publication_links import (
    Visitor,
    check_link_key,
    create_token,
    find_grant,
    new_visitor,
    read_token,
)
from vong.app.platform import Platform
from vong.errors import Forbidden, NotFound, Unauthenticated
from vong.pipelines import publications
from vong.pipelines.message_rates import count_message
from vong.pipelines.publications import Publication
from vong.records import Record

TOTAL_FACTOR = 10
"""Messages per minute of all visitors of a page together, as a multiple of those of one visitor."""


class OpenPageRequest(Record):
    """Request to open a chat page: the key of a signed link, or the token of an earlier visit."""

    key: str | None = Field(default=None, max_length=200)
    token: str | None = Field(default=None, max_length=2000)


class OpenedPage(Record):
    """Opened chat page: the token for further requests, and what the page shows."""

    token: str
    title: str
    welcome: str | None = None
    suggestions: tuple[str, ...] = ()
    attachments: bool = True
    facts: bool = False


def find_page(platform: Platform, slug: str) -> tuple[UUID, Publication]:
    """Return the project and the publication of a page. Raises NotFound if there is none."""
    with platform.database.owner() as connection:
        found = publications.find_page(connection, slug)
    if found is None:
        raise NotFound(f"there is no chat page {slug!r}", "check the address, or ask the owner to publish it")
    return found


def open_page(platform: Platform, slug: str, request: OpenPageRequest, credential: str | None) -> OpenedPage:
    """Open a page for a visitor, or for the user or key of a credential.

    Raises: Unauthenticated if the access of the page asks for a sign-in or for the key of a link.
    """
    project_id, publication = find_page(platform, slug)
    visitor = _known_visitor(platform, publication, request.token)
    kind = publication.settings.page.access
    if kind == "project":
        visitor = _admit_member(platform, project_id, publication, credential)
    elif visitor is None:
        if kind == "link":
            check_link_key(platform, project_id, publication, request.key or "")
        visitor = new_visitor(publication)
    page = publication.settings.page
    return OpenedPage(
        token=create_token(platform, visitor),
        title=page.title or publication.pipeline,
        welcome=page.welcome,
        suggestions=page.suggestions,
        attachments=page.attachments,
        facts=publication.settings.memory.facts_model is not None,
    )


def page_scope(platform: Platform, slug: str, token: str) -> ConversationScope:
    """Return the scope of a visitor's requests. Raises Unauthenticated if the token is invalid."""
    project_id, publication = find_page(platform, slug)
    visitor = read_token(platform, token, publication)
    if visitor.user_id is not None:
        principal = member_principal(platform, project_id, visitor.user_id)
    else:
        with platform.scope(project_id) as connection:
            principal = page_principal(connection, project_id, publication)
    return ConversationScope(platform, principal, publication, visitor.person)


def member_principal(platform: Platform, project_id: UUID, user_id: UUID) -> Principal:
    """Return the principal of a user in a project with the role that the user has now.

    Raises:
        Unauthenticated: if the user no longer exists or no longer belongs to the project.
        Forbidden: if the role may not call models.
    """
    users = access_tables.users
    with platform.database.owner() as connection:
        row = connection.execute(select(users).where(users.c.id == user_id)).mappings().first()
        own = list_user_projects(connection, user_id, row["role"]) if row else []
    if row is None or project_id not in {project.id for project in own}:
        raise Unauthenticated("the user does not belong to the project of this page", "sign in with another account")
    if row["role"] == "viewer":
        raise Forbidden("the role 'viewer' may not call models", "ask an owner for the role member")
    return access.Principal(project_id, row["email"], row["role"], user_id)


def check_rate(scope: ConversationScope, address: str) -> None:
    """Count a message of a visitor, of an address and of the page.

    Raises: RateLimitExceeded if one of them has sent as many as allowed in the last minute.
    """
    publication = scope.publication
    limit = publication.settings.page.requests_per_minute
    limits = {f"visitor {scope.person}": limit, f"address {address}": limit, "page": limit * TOTAL_FACTOR}
    with scope.platform.scope(scope.principal.project_id) as connection:
        count_message(connection, publication.slug, limits, time.time())


def _known_visitor(platform: Platform, publication: Publication, token: str | None) -> Visitor | None:
    try:
        return read_token(platform, token, publication) if token else None
    except (Unauthenticated, ValueError):
        return None


def _admit_member(platform: Platform, project_id: UUID, publication: Publication, credential: str | None) -> Visitor:
    """Return the signed-in user as a visitor."""
    if credential is None:
        raise Unauthenticated("this chat page is for members of its project", "sign in to the console first")
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, credential)
    if principal.user_id is None:
        raise Unauthenticated("this chat page is for users, not for keys", "use /api/v1/pipelines with a key")
    member = member_principal(platform, project_id, principal.user_id)
    return Visitor(f"user:{member.actor}", find_grant(publication), principal.user_id)
