"""Secrets of pipeline steps: stored encrypted, and sent only to the origin for which they were stored."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.app.platform import Platform
from vong.errors import Forbidden, InvalidInput, NotFound, did_you_mean
from vong.pipelines.tables import secrets
from vong.records import Record, now
from vong.records.name import check_versioned_name
from vong.store.encryption import SecretBox, lock_secrets

LIST_COMMAND = "vong pipelines secrets list"
MAX_SECRET_CHARS = 10_000


class PipelineSecret(Record):
    """Stored secret, without its value. `origin` is the only origin to which steps may send it."""

    name: str
    origin: str
    updated_at: datetime


def set_secret(
    platform: Platform, connection: Connection, project_id: UUID, name: str, value: str, origin: str
) -> PipelineSecret:
    """Store or replace a secret. Raises InvalidInput for an invalid name, value or origin."""
    check_versioned_name(name, "secret")
    if not value or len(value) > MAX_SECRET_CHARS or not value.isprintable():
        raise InvalidInput("the secret is empty, too long or not printable", f"use 1 to {MAX_SECRET_CHARS} characters")
    origin = normalize_origin(origin)
    lock_secrets(connection)
    encrypted = SecretBox(platform.settings.home_folder).encrypt(value, secret_context(project_id, name, origin))
    moment = now()
    stored = {"secret": encrypted, "origin": origin, "updated_at": moment}
    statement = upsert(secrets).values(name=name, **stored)
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=stored))
    return PipelineSecret(name=name, origin=origin, updated_at=moment)


def list_secrets(connection: Connection) -> list[PipelineSecret]:
    """Return the secrets of the project by name."""
    columns = secrets.c.name, secrets.c.origin, secrets.c.updated_at
    found = connection.execute(select(*columns).order_by(secrets.c.name)).mappings()
    return [PipelineSecret.model_validate(dict(row)) for row in found]


def delete_secret(connection: Connection, name: str) -> None:
    """Delete a secret. Raises NotFound if there is none with that name."""
    if not connection.execute(delete(secrets).where(secrets.c.name == name)).rowcount:
        raise _missing(connection, name)


def load_secret(platform: Platform, project_id: UUID, name: str, url: str) -> str:
    """Return the value of a secret, if it may be sent to a URL.

    Raises: NotFound if there is no such secret; Forbidden if it belongs to another origin.
    """
    with platform.scope(project_id) as connection:
        row = connection.execute(select(secrets.c.secret, secrets.c.origin).where(secrets.c.name == name)).first()
        if row is None:
            raise _missing(connection, name)
    if normalize_origin(url) != row.origin:
        message = f"the secret {name!r} may be sent to {row.origin} only, not to {normalize_origin(url)}"
        raise Forbidden(message, "store another secret for that origin")
    box = SecretBox(platform.settings.home_folder)
    return box.decrypt(row.secret, secret_context(project_id, name, row.origin))


def secret_context(project_id: UUID, name: str, origin: str) -> str:
    """Return the name under which a secret is encrypted. It contains the origin, which therefore cannot be changed."""
    return f"{project_id}/pipelines/{origin}/{name}"


def normalize_origin(url: str) -> str:
    """Return the origin of a URL, with its port. Raises InvalidInput if it is no http(s) URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(f"{url[:200]!r} is not an origin", "write it as https://HOST[:PORT]")
    return f"{parts.scheme}://{parts.hostname.rstrip('.').lower()}:{port}"


def _missing(connection: Connection, name: str) -> NotFound:
    known = [secret.name for secret in list_secrets(connection)]
    return NotFound(f"there is no pipeline secret {name!r}", did_you_mean(name, known, LIST_COMMAND))
