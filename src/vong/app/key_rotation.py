"""Rotation of the key of stored secrets: of providers, guards, webhooks, knowledge sources and pipelines."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Table, Text, cast, select, update

from vong.app.pipelines.secrets import secret_context
from vong.errors import Misconfigured, VongError
from vong.evals.monitor_tables import monitors
from vong.evals.monitors.store import webhook_context
from vong.gateway import tables
from vong.gateway.guards.secret_settings import ENCRYPTED_PREFIX, reencrypt_settings
from vong.gateway.providers.store import encryption_context
from vong.knowledge.sources.store import encryption_context as source_context
from vong.knowledge.sources.tables import sources
from vong.pipelines.publication_tables import webhooks as pipeline_webhooks
from vong.pipelines.tables import secrets as pipeline_secrets
from vong.pipelines.webhooks import encryption_context as pipeline_webhook_context
from vong.records import Record
from vong.records.guard import GuardConfig
from vong.store.database import Database
from vong.store.encryption import SecretBox, lock_rotation, lock_secrets

GUARD_COLUMNS = ((tables.guards, "guards"), (tables.routes, "policy"), (tables.route_versions, "policy"))
GRACE_SECONDS = 5.0
"""Delay of the removal of old keys: a server may have read a row before it was encrypted again."""


class RekeyResult(Record):
    """Result of a rotation.

    `resumed` is true if the key file already had several keys: the rotation to the first one was completed, and no key
    was added. `reencrypted` counts providers, guards, webhooks and knowledge sources. `unreadable` names those that no
    key decrypts; they are left unchanged.
    """

    resumed: bool
    reencrypted: int = 0
    unreadable: tuple[str, ...] = ()
    old_keys_removed: bool = False


def rotate_key(
    database: Database, home: Path, *, add_only: bool = False, grace_seconds: float = GRACE_SECONDS
) -> RekeyResult:
    """Add a key, encrypt all stored secrets with it in one transaction, and remove the older keys.

    Old keys are removed only after the commit, and a rotation that was interrupted is completed by the next one:
    secrets remain readable at any point. With `add_only` nothing else happens after the key was added.
    """
    secrets = SecretBox(home)
    with database.owner() as rotation:
        lock_rotation(rotation)
        resumed = not secrets.add_key()
        if add_only:
            return RekeyResult(resumed=resumed)
        with database.owner() as connection:
            lock_secrets(connection, exclusive=True)
            results = [
                *_reencrypt_providers(connection, secrets),
                *_reencrypt_guards(connection, secrets),
                *_reencrypt_webhooks(connection, secrets),
                *_reencrypt_sources(connection, secrets),
                *_reencrypt_pipeline_secrets(connection, secrets),
                *_reencrypt_pipeline_webhooks(connection, secrets),
            ]
        time.sleep(grace_seconds)
        secrets.remove_old_keys()
    unreadable = tuple(name for name, readable in results if not readable)
    return RekeyResult(
        resumed=resumed, reencrypted=len(results) - len(unreadable), unreadable=unreadable, old_keys_removed=True
    )


def _reencrypt_providers(connection: Connection, secrets: SecretBox) -> Iterator[tuple[str, bool]]:
    """Encrypt the API keys of all providers again. Yields the name of each, and whether its key was readable."""
    columns = tables.providers.c
    query = select(columns.project_id, columns.name, columns.secret).where(columns.secret.is_not(None))
    for project_id, name, secret in connection.execute(query).all():
        context = encryption_context(project_id, name)
        try:
            encrypted = secrets.encrypt(secrets.decrypt(secret, context), context)
        except Misconfigured:
            yield f"provider {name} of project {project_id}", False
            continue
        row = update(tables.providers).where(columns.project_id == project_id, columns.name == name)
        connection.execute(row.values(secret=encrypted))
        yield name, True


def _reencrypt_webhooks(connection: Connection, secrets: SecretBox) -> Iterator[tuple[str, bool]]:
    """Encrypt the secrets of all monitors' webhooks again. Yields the name of each, and whether it was readable."""
    columns = monitors.c
    query = select(columns.id, columns.project_id, columns.name, columns.webhook_secret)
    for id, project_id, name, secret in connection.execute(query.where(columns.webhook_secret.is_not(None))).all():
        context = webhook_context(project_id, name)
        try:
            encrypted = secrets.encrypt(secrets.decrypt(secret, context), context)
        except Misconfigured:
            yield f"webhook of monitor {name} of project {project_id}", False
            continue
        connection.execute(update(monitors).where(columns.id == id).values(webhook_secret=encrypted))
        yield f"webhook of monitor {name}", True


def _reencrypt_sources(connection: Connection, secrets: SecretBox) -> Iterator[tuple[str, bool]]:
    """Encrypt the secrets of all knowledge sources again. Yields the name of each, and whether it was readable."""
    columns = sources.c
    query = select(columns.id, columns.project_id, columns.name, columns.secret).where(columns.secret.is_not(None))
    for id, project_id, name, secret in connection.execute(query).all():
        context = source_context(project_id, id)
        try:
            encrypted = secrets.encrypt(secrets.decrypt(secret, context), context)
        except Misconfigured:
            yield f"knowledge source {name} of project {project_id}", False
            continue
        connection.execute(update(sources).where(columns.id == id).values(secret=encrypted))
        yield f"knowledge source {name}", True


def _reencrypt_pipeline_secrets(connection: Connection, secrets: SecretBox) -> Iterator[tuple[str, bool]]:
    """Encrypt the secrets of pipeline steps again. Yields the name of each, and whether it was readable."""
    columns = pipeline_secrets.c
    query = select(columns.project_id, columns.name, columns.origin, columns.secret)
    for project_id, name, origin, secret in connection.execute(query).all():
        context = secret_context(project_id, name, origin)
        try:
            encrypted = secrets.encrypt(secrets.decrypt(secret, context), context)
        except Misconfigured:
            yield f"pipeline secret {name} of project {project_id}", False
            continue
        row = update(pipeline_secrets).where(columns.project_id == project_id, columns.name == name)
        connection.execute(row.values(secret=encrypted))
        yield f"pipeline secret {name}", True


def _reencrypt_pipeline_webhooks(connection: Connection, secrets: SecretBox) -> Iterator[tuple[str, bool]]:
    """Encrypt the secrets of the webhooks of pipelines again. Yields the name of each, and whether it was readable."""
    columns = pipeline_webhooks.c
    query = select(columns.id, columns.project_id, columns.pipeline, columns.name, columns.secret)
    for id, project_id, pipeline, name, secret in connection.execute(query).all():
        context = pipeline_webhook_context(project_id, pipeline)
        try:
            encrypted = secrets.encrypt(secrets.decrypt(secret, context), context)
        except Misconfigured:
            yield f"webhook {name} of pipeline {pipeline} of project {project_id}", False
            continue
        connection.execute(update(pipeline_webhooks).where(columns.id == id).values(secret=encrypted))
        yield f"webhook {name} of pipeline {pipeline}", True


def _reencrypt_guards(connection: Connection, secrets: SecretBox) -> Iterator[tuple[str, bool]]:
    """Encrypt the secrets of all stored guards and of their history again, like `_reencrypt_providers`."""
    for table, column in GUARD_COLUMNS:
        keys = list(table.primary_key.columns)
        query = select(*keys, table.c[column]).where(cast(table.c[column], Text).contains(f'"{ENCRYPTED_PREFIX}'))
        for *values, content in connection.execute(query).all():
            yield from _reencrypt_content(content, secrets, table, values)
            conditions = (key == value for key, value in zip(keys, values, strict=True))
            connection.execute(update(table).where(*conditions).values({column: content}))


def _reencrypt_content(content: Any, secrets: SecretBox, table: Table, key: list[Any]) -> Iterator[tuple[str, bool]]:
    """Encrypt the secrets in a list of guards, or in a policy with guards, again. `content` is changed in place."""
    for guard in content if isinstance(content, list) else content["guards"]:
        if ENCRYPTED_PREFIX not in str(guard.get("settings")):
            continue
        try:
            guard["settings"] = reencrypt_settings(GuardConfig.model_validate(guard), secrets)
        except (VongError, ValidationError):
            yield f"guard {guard.get('guard')} in {table.name} {'/'.join(map(str, key))}", False
        else:
            yield str(guard["guard"]), True
