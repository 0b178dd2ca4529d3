"""Providers that people set while Vong runs: kept by project, their secrets sealed, every server hears of a change."""

import re
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
from vong.errors import Conflict, InvalidInput, NotFound, nearest
from vong.gateway import tables
from vong.gateway.upstream.url_policy import check_url
from vong.records import Record, now
from vong.store.encryption import SecretBox
from vong.store.schema import PROJECT

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
SHOWN_FROM = 13
"""Characters from which a secret is long enough that its last four may be shown."""


class ProviderUpdate(Record):
    """How a provider shall be. `api_key` is written, never read back: where it is left out the stored one stays, null
    or an empty text removes it. `models` are listed instead of what the API itself lists.
    """

    kind: str = "openai"
    base_url: str | None = Field(default=None, max_length=2000)
    api_key: SecretStr | None = Field(default=None, max_length=10_000)
    timeout: float = Field(default=120.0, gt=0, le=3600, description="Seconds for one whole call.")
    models: tuple[str, ...] = Field(default=(), max_length=1000)


class StoredProvider(Record):
    """A stored provider without its secret."""

    name: str
    kind: str
    base_url: str | None
    key_set: bool
    key: str | None
    timeout: float
    models: tuple[str, ...]
    updated_at: datetime


def put_provider(
    connection: Connection,
    name: str,
    wanted: ProviderUpdate,
    secrets: SecretBox,
    *,
    taken: Collection[str] = (),
    allow_link_local: bool = False,
) -> StoredProvider:
    """Make a provider or change it. `taken` are names that cannot be stored. Servers follow within a second."""
    _sound(name, wanted, taken)
    if wanted.base_url is not None:
        check_url(wanted.base_url, allow_link_local=allow_link_local)
    old = _row(connection, name)
    values: dict[str, Any] = wanted.model_dump(include={"kind", "base_url", "timeout"})
    values |= {"models": list(wanted.models), "updated_at": now()}
    given = wanted.api_key.get_secret_value() if wanted.api_key else ""
    if "api_key" in wanted.model_fields_set:
        project = UUID(connection.scalar(select(func.current_setting(PROJECT))))
        values["secret"] = secrets.seal(given, _label(project, name)) if given else None
        values["secret_end"] = (given[-4:] if len(given) >= SHOWN_FROM else "") if given else None
    elif (
        old
        and old["secret"] is not None
        and _origin(old["kind"], old["base_url"]) != _origin(wanted.kind, wanted.base_url)
    ):
        hint = "send api_key again with the new address"
        raise InvalidInput("a stored secret does not follow its provider to another address", hint)
    statement = upsert(tables.providers).values({"name": name, **values})
    columns = tables.providers.c
    connection.execute(statement.on_conflict_do_update(index_elements=[columns.project_id, columns.name], set_=values))
    return get_provider(connection, name)


def get_provider(connection: Connection, name: str) -> StoredProvider:
    """The stored provider of that name."""
    row = _row(connection, name)
    if row is None:
        names = [known.name for known in list_providers(connection)]
        raise NotFound(f"no stored provider named {name!r}", nearest(name, names, "vong gateway provider list"))
    return _record(row)


def list_providers(connection: Connection) -> list[StoredProvider]:
    """The project's stored providers by name."""
    rows = connection.execute(select(tables.providers).order_by(tables.providers.c.name)).mappings()
    return [_record(row) for row in rows]


def delete_provider(connection: Connection, name: str) -> StoredProvider:
    """Remove a provider with its secret. Routes that name it answer that it is not there."""
    provider = get_provider(connection, name)
    connection.execute(delete(tables.providers).where(tables.providers.c.name == name))
    return provider


def settings_of(connection: Connection, project_id: UUID, name: str, secrets: SecretBox) -> ProviderSettings:
    """A stored provider with its secret, as a provider is made from it. Misconfigured where that cannot be opened."""
    row = _row(connection, name)
    if row is None:
        raise NotFound(f"no stored provider named {name!r}", "list them with: vong gateway provider list")
    key = secrets.open(row["secret"], _label(project_id, name)) if row["secret"] is not None else None
    fields = {"kind": row["kind"], "base_url": row["base_url"], "api_key": key, "timeout": row["timeout"]}
    return ProviderSettings.model_validate(fields)


def _sound(name: str, wanted: ProviderUpdate, taken: Collection[str]) -> None:
    if not NAME.fullmatch(name):
        hint = "use up to 63 small letters, digits, '.', '_' and '-', beginning with a letter or digit"
        raise InvalidInput(f"{name!r} cannot name a provider", hint)
    if name in taken:
        raise Conflict(
            f"the provider {name!r} is set in vong.toml, or Vong's own", "choose another name, or edit the file"
        )
    kinds = [kind for kind in plugins.names("provider") if kind != "deployment"]
    if wanted.kind not in kinds:
        raise InvalidInput(f"no kind of provider is named {wanted.kind!r}", f"use one of: {', '.join(kinds)}")
    if wanted.api_key and not wanted.api_key.get_secret_value().isprintable():
        raise InvalidInput("api_key holds characters that no header may hold", "paste it without line ends")
    if any(not model or not model.isprintable() for model in wanted.models):
        raise InvalidInput("a model's name is empty or not printable", "name each model as the provider does")


def _origin(kind: str, base_url: str | None) -> tuple[str, str]:
    """Where the secret goes. A kind has an address of its own where none is given."""
    if base_url is None:
        return kind, ""
    parts = urlsplit(base_url)
    return parts.scheme, parts.netloc.lower()


def _label(project_id: UUID, name: str) -> str:
    return f"{project_id}/{name}"


def _row(connection: Connection, name: str) -> Any:
    return connection.execute(select(tables.providers).where(tables.providers.c.name == name)).mappings().first()


def _record(row: Any) -> StoredProvider:
    end = row["secret_end"]
    return StoredProvider(
        **{name: row[name] for name in ("name", "kind", "base_url", "timeout", "updated_at")},
        models=tuple(row["models"]),
        key_set=row["secret"] is not None,
        key=None if end is None else f"…{end}",
    )
