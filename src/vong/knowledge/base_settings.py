"""Settings of knowledge bases: masking, retention and readers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, select, update

from vong import pii
from vong.errors import Forbidden
from vong.knowledge.documents import check_base_exists
from vong.knowledge.tables import bases, documents
from vong.records import Record, now

ReaderRole = Literal["member", "viewer"]
MAX_RETENTION_DAYS = 36_500


class BaseSettings(Record):
    """Settings of a knowledge base.

    `mask` are the kinds of personal data that placeholders replace in documents before they are indexed; none masks
    nothing. Documents that were uploaded longer ago than `retention_days` are deleted. `readers` are the roles that may
    read the base beside owners; None is everyone in the project.
    """

    mask: tuple[pii.PiiKind, ...] = ()
    retention_days: Annotated[int, Field(ge=1, le=MAX_RETENTION_DAYS)] | None = None
    readers: tuple[ReaderRole, ...] | None = None


def get_settings(connection: Connection, base: str) -> BaseSettings:
    """Return the settings of a base. Raises NotFound if there is no such base."""
    stored = connection.scalar(select(bases.c.settings).where(bases.c.name == base))
    if stored is None:
        check_base_exists(connection, base)
    return BaseSettings.model_validate(stored or {})


def update_settings(connection: Connection, base: str, changes: dict[str, object]) -> BaseSettings:
    """Change settings of a base and return all of them. Raises NotFound if there is no such base."""
    settings = BaseSettings.model_validate(get_settings(connection, base).model_dump() | changes)
    values = {"settings": settings.model_dump(mode="json")}
    connection.execute(update(bases).where(bases.c.name == base).values(values))
    return settings


def check_reader(connection: Connection, base: str, role: str) -> None:
    """Check that a caller with this role may read a base. An unknown base passes: its reader finds that out.

    Raises: Forbidden if the readers of the base do not include the role.
    """
    stored = connection.scalar(select(bases.c.settings).where(bases.c.name == base))
    readers = BaseSettings.model_validate(stored or {}).readers
    if role != "owner" and readers is not None and role not in readers:
        allowed = ", ".join(["owner", *readers])
        raise Forbidden(
            f"the role {role!r} may not read the knowledge base {base!r}", f"its readers are: {allowed}; ask an owner"
        )


def list_readable(connection: Connection, role: str) -> list[str]:
    """Return the names of the bases that a caller with this role may read."""
    rows = connection.execute(select(bases.c.name, bases.c.settings).order_by(bases.c.name))
    readers = {name: BaseSettings.model_validate(stored or {}).readers for name, stored in rows}
    return [name for name, roles in readers.items() if role == "owner" or roles is None or role in roles]


def list_expired_documents(connection: Connection) -> Sequence[tuple[UUID, str, str]]:
    """Return project, base and path of the documents whose retention has ended, of all projects."""
    stored = connection.execute(select(bases.c.project_id, bases.c.name, bases.c.settings))
    expired: list[tuple[UUID, str, str]] = []
    for project_id, name, settings in stored:
        days = BaseSettings.model_validate(settings or {}).retention_days
        if days is None:
            continue
        where = (documents.c.project_id == project_id) & (documents.c.base == name)
        too_old = documents.c.created_at < now() - timedelta(days=days)
        paths = connection.scalars(select(documents.c.path).where(where & too_old))
        expired += [(project_id, name, path) for path in paths]
    return expired
