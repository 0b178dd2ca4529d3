"""Webhooks: an address that starts runs, with signed messages, and the address to which results are sent."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from vong.errors import Conflict, Forbidden, InvalidInput, NotFound, did_you_mean
from vong.pipelines.publication_tables import deliveries, webhook_receipts
from vong.pipelines.publication_tables import webhooks as table
from vong.records import Record, new_id, now
from vong.records.name import check_versioned_name

SignatureScheme = Literal["standard", "github", "none"]
SECRET_PREFIX = "whsec_"
TOKEN_PREFIX = "vhook_"
TOLERANCE_SECONDS = 300
"""Age of a signed message up to which it is accepted."""
RECEIPT_LIFETIME = timedelta(days=3)
"""Time for which the ids of messages are kept, so that a repeated message starts no second run."""
MAX_MESSAGE_ID_CHARS = 200
LIST_HINT = "vong pipelines webhooks list NAME"


class WebhookSettings(Record):
    """Settings of a webhook.

    `signature`: `standard` for Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), `github` for
    `X-Hub-Signature-256`, `none` if the sender cannot sign, so that the token in the address is the only secret.
    `inputs` are templates of the inputs with the values `body` and `headers`; without them, fields of the body with the
    names of inputs are used. The result of each run is sent to `url`, if it is set.
    """

    signature: SignatureScheme = "standard"
    version: str | None = Field(default=None, max_length=100)
    inputs: dict[str, Any] = Field(default_factory=dict)
    url: str | None = Field(default=None, max_length=2000)


class WebhookCreate(WebhookSettings):
    """New webhook with its name."""

    name: str = Field(min_length=1, max_length=100)


class Webhook(Record):
    """Webhook without its token and its secret."""

    id: UUID
    pipeline: str
    name: str
    settings: WebhookSettings
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = None
    last_error: str | None = None


class NewWebhook(Record):
    """New webhook with its address and its secret, which are never shown again."""

    webhook: Webhook
    url: str
    secret: str


class Delivery(Record):
    """Result of a run that is sent, was sent, or could not be sent."""

    id: UUID
    run_id: UUID
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    deliver_at: datetime
    error: str | None = None
    created_at: datetime


class WebhookCaller(NamedTuple):
    """Key or user on whose behalf the runs of a webhook or schedule call models."""

    key_id: UUID | None
    user_id: UUID | None


class FoundWebhook(NamedTuple):
    """Webhook of a token, with its project, its encrypted secret and its caller."""

    project_id: UUID
    webhook: Webhook
    secret: bytes
    caller: WebhookCaller


def create_webhook(
    connection: Connection,
    pipeline: str,
    request: WebhookCreate,
    *,
    token: str,
    encrypted_secret: bytes,
    caller: WebhookCaller,
    created_by: str,
) -> Webhook:
    """Create a webhook. Raises Conflict if the name is taken."""
    check_versioned_name(request.name, "webhook")
    settings = WebhookSettings.model_validate(request.model_dump(exclude={"name"}))
    values: dict[str, Any] = {
        "id": new_id(),
        "pipeline": pipeline,
        "name": request.name,
        "token_hash": hash_token(token),
        "secret": encrypted_secret,
        "settings": settings.model_dump(mode="json"),
        "key_id": caller.key_id,
        "user_id": caller.user_id,
        "created_by": created_by,
        "created_at": now(),
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(values))
    except IntegrityError as error:
        message = f"pipeline {pipeline!r} has a webhook named {request.name!r}"
        raise Conflict(message, "choose another name, or delete that webhook") from error
    return get_webhook(connection, pipeline, request.name)


def list_webhooks(connection: Connection, pipeline: str) -> list[Webhook]:
    """Return the webhooks of a pipeline, by name."""
    query = select(table).where(table.c.pipeline == pipeline).order_by(table.c.name)
    return [_to_webhook(row) for row in connection.execute(query).mappings()]


def get_webhook(connection: Connection, pipeline: str, name: str) -> Webhook:
    """Return a webhook. Raises NotFound if there is none."""
    found = {webhook.name: webhook for webhook in list_webhooks(connection, pipeline)}
    if name not in found:
        raise NotFound(f"pipeline {pipeline!r} has no webhook {name!r}", did_you_mean(name, list(found), LIST_HINT))
    return found[name]


def delete_webhook(connection: Connection, pipeline: str, name: str) -> None:
    """Delete a webhook. Its address stops to start runs at once."""
    connection.execute(delete(table).where(table.c.id == get_webhook(connection, pipeline, name).id))


def find_by_token(connection: Connection, token: str) -> FoundWebhook:
    """Return the webhook of a token. The connection is the owner's. Raises NotFound if there is none."""
    row = connection.execute(select(table).where(table.c.token_hash == hash_token(token))).mappings().first()
    if row is None:
        raise NotFound("there is no webhook at this address", "create one: vong pipelines webhooks create NAME")
    return FoundWebhook(
        row["project_id"], _to_webhook(row), row["secret"], WebhookCaller(row["key_id"], row["user_id"])
    )


def find_by_id(connection: Connection, id: UUID) -> tuple[Webhook, bytes] | None:
    """Return a webhook and its encrypted secret, or None if it was deleted."""
    row = connection.execute(select(table).where(table.c.id == id)).mappings().first()
    return (_to_webhook(row), row["secret"]) if row else None


def record_use(connection: Connection, id: UUID, error: str | None) -> None:
    """Store the time of the last message of a webhook, and its error."""
    connection.execute(update(table).where(table.c.id == id).values(last_used_at=now(), last_error=error))


def claim_message(connection: Connection, webhook_id: UUID, message_id: str) -> UUID | None:
    """Record a message and return the run that an earlier message with the same id started, or None if it is new.

    Raises: Conflict if the earlier message is still being handled.
    """
    own = webhook_receipts.c
    connection.execute(
        delete(webhook_receipts).where(own.webhook_id == webhook_id, own.received_at < now() - RECEIPT_LIFETIME)
    )
    values = {"webhook_id": webhook_id, "message_id": message_id, "received_at": now()}
    statement = upsert(webhook_receipts).values(values).on_conflict_do_nothing().returning(own.message_id)
    if connection.scalar(statement) is not None:
        return None
    run_id = connection.scalar(select(own.run_id).where(own.webhook_id == webhook_id, own.message_id == message_id))
    if run_id is None:
        raise Conflict(f"the message {message_id!r} is being handled", "wait for its response")
    return run_id


def finish_message(connection: Connection, webhook_id: UUID, message_id: str, run_id: UUID | None) -> None:
    """Store the run that a message has started, or forget the message if it started none."""
    own = webhook_receipts.c
    where = own.webhook_id == webhook_id, own.message_id == message_id
    if run_id is None:
        connection.execute(delete(webhook_receipts).where(*where))
    else:
        connection.execute(update(webhook_receipts).where(*where).values(run_id=run_id))


def add_delivery(connection: Connection, webhook_id: UUID, run_id: UUID) -> None:
    """Queue the result of a run, which is sent after its end."""
    at = now()
    values = {"id": new_id(), "webhook_id": webhook_id, "run_id": run_id, "state": "pending", "attempts": 0}
    connection.execute(insert(deliveries).values({**values, "deliver_at": at, "created_at": at}))


def list_deliveries(connection: Connection, webhook_id: UUID, *, limit: int = 50) -> list[Delivery]:
    """Return the deliveries of a webhook, newest first."""
    query = select(deliveries).where(deliveries.c.webhook_id == webhook_id).order_by(deliveries.c.id.desc())
    rows = connection.execute(query.limit(limit)).mappings()
    return [Delivery.model_validate({name: row[name] for name in Delivery.model_fields}) for row in rows]


def generate_token() -> str:
    """Return a new token, which is a part of the address of a webhook."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def generate_secret() -> str:
    """Return a new secret for signatures, in the form of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def encryption_context(project_id: UUID, pipeline: str) -> str:
    """Return the name under which the secret of a webhook is encrypted."""
    return f"pipelines/{project_id}/webhook/{pipeline}"


def hash_token(token: str) -> bytes:
    """Return the stored hash of a token."""
    return hashlib.sha256(token.encode()).digest()


def sign_standard(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of Standard Webhooks: `v1,` and the base64 of the HMAC-SHA256 of id, time and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_message(scheme: SignatureScheme, secret: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """Check the signature of a message and return its id, which is None if the sender gives none.

    Raises: Forbidden if a signature is missing, wrong or too old.
    """
    if scheme == "standard":
        return _check_standard(secret, headers, body)
    if scheme == "github":
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers.get("x-hub-signature-256", "").encode()):
            raise Forbidden("the header X-Hub-Signature-256 is missing or wrong", "sign the body with the secret")
        return _check_id(headers.get("x-github-delivery"))
    return _check_id(headers.get("webhook-id") or headers.get("idempotency-key"))


def _check_standard(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    message_id, timestamp = _check_id(headers.get("webhook-id")), headers.get("webhook-timestamp", "")
    if message_id is None or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
        raise Forbidden(
            "the headers webhook-id and webhook-timestamp are missing or invalid",
            "sign the message as Standard Webhooks",
        )
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        message = f"the message is signed for another time than now, by more than {TOLERANCE_SECONDS} s"
        raise Forbidden(message, "check the clock, and sign each attempt again")
    expected = sign_standard(secret, message_id, int(timestamp), body).encode()
    given = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected, one.encode()) for one in given):
        raise Forbidden("the header webhook-signature is missing or wrong", "sign the body with the secret")
    return message_id


def _check_id(value: str | None) -> str | None:
    if value is not None and not (0 < len(value) <= MAX_MESSAGE_ID_CHARS and value.isprintable()):
        raise InvalidInput("the id of the message is invalid", f"use 1 to {MAX_MESSAGE_ID_CHARS} characters")
    return value


def _to_webhook(row: RowMapping) -> Webhook:
    values = {name: row[name] for name in Webhook.model_fields}
    return Webhook.model_validate({**values, "settings": WebhookSettings.model_validate(row["settings"])})
