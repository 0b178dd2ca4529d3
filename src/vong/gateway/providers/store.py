"""Providers configured at run time: stored per project, with encrypted keys; every server is notified of changes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong import plugins
from vong.config import ProviderSettings
from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.gateway import tables
from vong.gateway.upstream.url_policy import check_url
from vong.records import Record, now
from vong.records.name import check_name
from vong.store.encryption import SecretBox, lock_secrets
from vong.store.schema import PROJECT_SETTING

MIN_LENGTH_FOR_SUFFIX = 13
"""Minimum length of an API key whose last four characters may be shown."""


class ProviderUpdate(Record):
    """Desired state of a provider.

    `api_key` is write-only: the stored key stays if the field is absent; null or an empty text removes the key.
    `models` are listed instead of the models that the API lists.
    """

    kind: str = "openai"
    base_url: str | None = Field(default=None, max_length=2000)
    api_key: SecretStr | None = Field(default=None, max_length=10_000)
    timeout: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="Timeout of a complete response, and of a stream while it sends no data, in seconds.",
    )
    models: tuple[str, ...] = Field(default=(), max_length=1000)


class StoredProvider(Record):
    """Stored provider without its secret."""

    name: str
    kind: str
    base_url: str | None
    key_set: bool
    key: str | None
    timeout: float
    models: tuple[str, ...]
    updated_at: datetime


def set_provider(
    connection: Connection,
    name: str,
    update: ProviderUpdate,
    secrets: SecretBox,
    *,
    reserved: Collection[str] = (),
    allow_link_local: bool = False,
) -> StoredProvider:
    """Create or update a provider; servers follow within a second.

    `reserved` are names that cannot be stored.
    """
    _validate(name, update, reserved)
    if update.base_url is not None:
        check_url(update.base_url, allow_link_local=allow_link_local)
    lock_secrets(connection)
    old = _find_row(connection, name)
    values: dict[str, Any] = update.model_dump(include={"kind", "base_url", "timeout"})
    values |= {"models": list(update.models), "updated_at": now()}
    secret = update.api_key.get_secret_value() if update.api_key else ""
    if "api_key" in update.model_fields_set:
        project = UUID(connection.scalar(select(func.current_setting(PROJECT_SETTING))))
        values["secret"] = secrets.encrypt(secret, encryption_context(project, name)) if secret else None
        values["secret_suffix"] = (secret[-4:] if len(secret) >= MIN_LENGTH_FOR_SUFFIX else "") if secret else None
    elif (
        old
        and old["secret"] is not None
        and _origin(old["kind"], old["base_url"]) != _origin(update.kind, update.base_url)
    ):
        hint = "send api_key again with the new address"
        raise InvalidInput("a stored API key is never sent to another address", hint)
    statement = upsert(tables.providers).values({"name": name, **values})
    columns = tables.providers.c
    connection.execute(statement.on_conflict_do_update(index_elements=[columns.project_id, columns.name], set_=values))
    return get_provider(connection, name)


def get_provider(connection: Connection, name: str) -> StoredProvider:
    """Return the stored provider with a name.

    Raises: NotFound if there is none.
    """
    row = _find_row(connection, name)
    if row is None:
        names = [known.name for known in list_providers(connection)]
        raise NotFound(f"no stored provider named {name!r}", did_you_mean(name, names, "vong gateway providers list"))
    return _to_record(row)


def list_providers(connection: Connection) -> list[StoredProvider]:
    """Return the project's stored providers by name."""
    rows = connection.execute(select(tables.providers).order_by(tables.providers.c.name)).mappings()
    return [_to_record(row) for row in rows]


def delete_provider(connection: Connection, name: str) -> StoredProvider:
    """Delete a provider with its secret; routes that name it then fail with not found."""
    provider = get_provider(connection, name)
    connection.execute(delete(tables.providers).where(tables.providers.c.name == name))
    return provider


def load_settings(connection: Connection, project_id: UUID, name: str, secrets: SecretBox) -> ProviderSettings:
    """Return the settings of a stored provider, with its decrypted key.

    Raises: Misconfigured if the key cannot be decrypted, NotFound if there is no such provider.
    """
    row = _find_row(connection, name)
    if row is None:
        raise NotFound(f"no stored provider named {name!r}", "list them with: vong gateway providers list")
    key = secrets.decrypt(row["secret"], encryption_context(project_id, name)) if row["secret"] is not None else None
    fields = {"kind": row["kind"], "base_url": row["base_url"], "api_key": key, "timeout": row["timeout"]}
    return ProviderSettings.model_validate({**fields, "server_credentials": False})  # a project must not spend those


def _validate(name: str, update: ProviderUpdate, reserved: Collection[str]) -> None:
    check_name(name, "provider")
    if name in reserved:
        raise Conflict(
            f"the provider {name!r} is defined in vong.toml or built in", "choose another name, or edit the file"
        )
    kinds = plugins.list_extensions("provider")
    if update.kind not in kinds:
        raise InvalidInput(f"unknown provider kind {update.kind!r}", f"use one of: {', '.join(kinds)}")
    if update.api_key and not update.api_key.get_secret_value().isprintable():
        raise InvalidInput("api_key contains characters that a header cannot hold", "paste the key without line breaks")
    if any(not model or not model.isprintable() for model in update.models):
        raise InvalidInput("a model name is empty or not printable", "use the model names of the provider")


def _origin(kind: str, base_url: str | None) -> tuple[str, str]:
    """Return the destination of the key; a kind has its own address if `base_url` is not set."""
    if base_url is None:
        return kind, ""
    parts = urlsplit(base_url)
    return parts.scheme, parts.netloc.lower()


def encryption_context(project_id: UUID, name: str) -> str:
    """Return the name for which the key of a provider is encrypted."""
    return f"{project_id}/{name}"


def _find_row(connection: Connection, name: str) -> Any:
    return connection.execute(select(tables.providers).where(tables.providers.c.name == name)).mappings().first()


def _to_record(row: Any) -> StoredProvider:
    suffix = row["secret_suffix"]
    return StoredProvider(
        **{name: row[name] for name in ("name", "kind", "base_url", "timeout", "updated_at")},
        models=tuple(row["models"]),
        key_set=row["secret"] is not None,
        key=None if suffix is None else f"…{suffix}",
    )
