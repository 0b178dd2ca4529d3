"""Routes of knowledge: bases and their settings. The parts of a base are in the modules `knowledge_*`."""

from fastapi import APIRouter
from pydantic import Field

from vong import knowledge
from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.knowledge import base_settings, deletion, documents
from vong.knowledge.base_settings import MAX_RETENTION_DAYS, BaseSettings, ReaderRole
from vong.knowledge.tables import KnowledgeBase
from vong.pii import PiiKind
from vong.records import Record

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])


class BaseDetails(Record):
    """Knowledge base with its settings and the number of its documents in each state."""

    name: str
    settings: BaseSettings
    states: dict[str, int]


class BaseSettingsUpdate(Record):
    """New settings of a knowledge base. Settings that are left out keep their values.

    `mask` are kinds of personal data to mask in documents that are loaded from now on. Documents are deleted
    `retention_days` after their first upload; null keeps them. `readers` are the roles that may read the base beside
    owners; null is everyone in the project.
    """

    mask: tuple[PiiKind, ...] = ()
    retention_days: int | None = Field(default=None, ge=1, le=MAX_RETENTION_DAYS)
    readers: tuple[ReaderRole, ...] | None = None


@routes.get("/bases")
def list_bases(context: CurrentUser) -> list[KnowledgeBase]:
    """List the knowledge bases of the project that the caller may read."""
    with context.project_transaction() as connection:
        readable = set(base_settings.list_readable(connection, context.principal.role))
        return [base for base in knowledge.list_bases(connection) if base.name in readable]


@routes.get("/bases/{base}")
def get_base(base: str, context: CurrentUser) -> BaseDetails:
    """Return the settings of a base and the number of its documents in each state."""
    with context.project_transaction() as connection:
        settings = base_settings.get_settings(connection, base)
        return BaseDetails(name=base, settings=settings, states=documents.count_states(connection, base))


@routes.delete("/bases/{base}", status_code=204)
def delete_base(base: str, context: CurrentUser) -> None:
    """Delete a base with its documents, indexes, sources, questions and evaluations. Requires the role owner."""
    context.require_role()
    with context.project_transaction() as connection:
        deletion.delete_base(connection, base)


@routes.patch("/bases/{base}")
def update_base(base: str, changes: BaseSettingsUpdate, context: CurrentUser) -> BaseDetails:
    """Change masking, retention or readers of a base, which is created if it is new. Requires the role owner."""
    context.require_role()
    with context.project_transaction() as connection:
        documents.ensure_base(connection, base)
        settings = base_settings.update_settings(connection, base, changes.model_dump(exclude_unset=True))
        return BaseDetails(name=base, settings=settings, states=documents.count_states(connection, base))
