"""Webhooks of pipelines: messages that start runs, and results that are sent, signed and with retries."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select, update

from vong.access.principal import Principal
from vong.app.pipelines.callers import find_caller
from vong.app.pipelines.runs import RunRequest, enqueue
from vong.app.platform import Platform
from vong.errors import Forbidden, InvalidInput, NotFound, VongError
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.url_policy import check_url
from vong.pipelines import publications, run_store, versions, webhooks
from vong.pipelines.publication_tables import deliveries as table
from vong.pipelines.run_records import FINAL_RUN_STATES, PipelineRun
from vong.pipelines.webhooks import FoundWebhook, NewWebhook, WebhookCaller, WebhookCreate
from vong.records import Record, now
from vong.store.encryption import SecretBox, lock_secrets
from vong.text_templates import render_value

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 1 << 20
MAX_DELIVERIES = 8
"""Attempts to send a result: over about 40 minutes."""
FIRST_RETRY = timedelta(seconds=10)
CLAIM = timedelta(seconds=60)
"""Time for which a result that is being sent is left alone. Another worker tries again if this one dies."""
WAIT = timedelta(seconds=1)
"""Time after which a run that has not ended is looked at again."""
MAX_WAIT = timedelta(minutes=1)
LIMITS = ResponseLimits(connect=5.0, first_byte=10.0, total=15.0, max_body_bytes=64 * 1024)
MAX_ERROR_CHARS = 300
EVENT = "pipeline.run.ended"


class StartedRun(Record):
    """Run that a message has started. `repeated` is true if an earlier message with the same id did."""

    run_id: UUID
    repeated: bool = False


class DueDelivery(NamedTuple):
    """Result to send, its project, and the number of attempts before this one."""

    id: UUID
    project_id: UUID
    webhook_id: UUID
    run_id: UUID
    attempts: int
    created_at: datetime


def create_webhook(platform: Platform, principal: Principal, pipeline: str, request: WebhookCreate) -> NewWebhook:
    """Create a webhook, whose runs call models on behalf of its creator. The address and the secret are shown once.

    Raises: InvalidInput if the address for results is not allowed, or a template names no input of the pipeline.
    """
    if request.url is not None:
        check_url(request.url, allow_link_local=platform.settings.allow_link_local)
    token, secret = webhooks.generate_token(), webhooks.generate_secret()
    caller = WebhookCaller(principal.key_id, principal.user_id)
    with platform.scope(principal.project_id) as connection:
        version = versions.find_version(connection, pipeline, request.version) if request.version else None
        version = version or versions.find(connection, pipeline)
        _check_inputs(request.inputs, version)
        lock_secrets(connection)
        encrypted = SecretBox(platform.settings.home_folder).encrypt(
            secret, webhooks.encryption_context(principal.project_id, pipeline)
        )
        created = webhooks.create_webhook(
            connection,
            pipeline,
            request,
            token=token,
            encrypted_secret=encrypted,
            caller=caller,
            created_by=principal.actor,
        )
    url = f"{platform.settings.server_url.rstrip('/')}/api/v1/pipelines/hooks/{token}"
    return NewWebhook(webhook=created, url=url, secret=secret)


def receive_message(platform: Platform, token: str, headers: Mapping[str, str], body: bytes) -> StartedRun:
    """Check a message and start a run. A repeated message returns the run that the first one has started.

    Raises: NotFound if there is no such webhook; Forbidden if the signature is wrong or too old; InvalidInput if the
    body does not fit the inputs of the pipeline.
    """
    with platform.database.owner() as connection:
        found = webhooks.find_by_token(connection, token)
    hook = found.webhook
    name = webhooks.encryption_context(found.project_id, hook.pipeline)
    secret = SecretBox(platform.settings.home_folder).decrypt(found.secret, name)
    message_id = webhooks.check_message(hook.settings.signature, secret, headers, body)
    with platform.scope(found.project_id) as connection:
        earlier = webhooks.claim_message(connection, hook.id, message_id) if message_id else None
    if earlier is not None:
        return StartedRun(run_id=earlier, repeated=True)
    run: PipelineRun | None = None
    error = "the server failed on the message"
    try:
        run = _start(platform, found, headers, body)
    except VongError as failure:
        error = str(failure)[:MAX_ERROR_CHARS]
        raise
    finally:
        if run is None:
            with platform.scope(found.project_id) as connection:
                if message_id:
                    webhooks.finish_message(connection, hook.id, message_id, None)
                webhooks.record_use(connection, hook.id, error)
    assert run is not None
    with platform.scope(found.project_id) as connection:
        if message_id:
            webhooks.finish_message(connection, hook.id, message_id, run.id)
        webhooks.record_use(connection, hook.id, None)
        if hook.settings.url:
            webhooks.add_delivery(connection, hook.id, run.id)
    return StartedRun(run_id=run.id)


def deliver_due(platform: Platform) -> int:
    """Send the results whose time has come and return how many were accepted."""
    with platform.database.owner() as connection:
        due = _claim(connection)
    return sum([_deliver(platform, one) for one in due])


def _start(platform: Platform, found: FoundWebhook, headers: Mapping[str, str], body: bytes) -> PipelineRun:
    settings, pipeline = found.webhook.settings, found.webhook.pipeline
    caller = {
        "key_id": str(found.caller.key_id) if found.caller.key_id else None,
        "user_id": str(found.caller.user_id) if found.caller.user_id else None,
    }
    principal = find_caller(platform, found.project_id, caller)
    if principal.role == "viewer":
        raise Forbidden("the creator of the webhook may no longer start runs", "create the webhook again")
    with platform.scope(found.project_id) as connection:
        version = find_served_version(connection, pipeline, settings.version)
    inputs = _read_inputs(settings.inputs, version, headers, _decode(body))
    request = RunRequest(principal._replace(scope=None), inputs, version, tags=("vong:webhook",), is_published=True)
    return enqueue(platform, request)


def find_served_version(connection: Connection, pipeline: str, version: str | None) -> versions.PipelineVersion:
    """Return the version of a webhook or schedule: its own, or that of the publication, or the live one."""
    if version is not None:
        return versions.find_version(connection, pipeline, version)
    published = publications.find_publication(connection, pipeline)
    return versions.find(connection, published.ref if published else pipeline)


def _read_inputs(
    templates: Mapping[str, Any], version: versions.PipelineVersion, headers: Mapping[str, str], body: Any
) -> dict[str, Any]:
    """Return the inputs of a run: the rendered templates, or the fields of the body with the names of inputs."""
    if templates:
        values = {"body": body, "headers": dict(headers)}
        return {name: render_value(template, values, name=f"inputs.{name}") for name, template in templates.items()}
    fields = body if isinstance(body, dict) else {"body": body}
    declared = version.definition.inputs
    if "body" in declared and "body" not in fields:
        fields = {**fields, "body": body}
    return {name: fields[name] for name in declared if name in fields}


def _decode(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the body is not valid JSON: {error}", "send JSON") from None


def _check_inputs(templates: Mapping[str, Any], version: versions.PipelineVersion) -> None:
    for name in templates:
        if name not in version.definition.inputs:
            known = ", ".join(version.definition.inputs) or "none"
            raise InvalidInput(f"inputs: the pipeline has no input {name!r}", f"its inputs: {known}")


def _claim(connection: Connection) -> list[DueDelivery]:
    at = now()
    due = select(table.c.id).where(table.c.state == "pending", table.c.deliver_at <= at)
    ids = list(connection.scalars(due.order_by(table.c.deliver_at).limit(20).with_for_update(skip_locked=True)))
    if not ids:
        return []
    change = update(table).where(table.c.id.in_(ids)).values(deliver_at=at + CLAIM)
    columns = (table.c.id, table.c.project_id, table.c.webhook_id, table.c.run_id, table.c.attempts, table.c.created_at)
    return [DueDelivery(*row) for row in connection.execute(change.returning(*columns))]


def _deliver(platform: Platform, due: DueDelivery) -> bool:
    error: str | None = None
    attempts = due.attempts + 1
    try:
        with platform.scope(due.project_id) as connection:
            run = run_store.get_run(connection, due.run_id)
            hook, encrypted = _find_hook(connection, due.webhook_id)
        if run.state not in FINAL_RUN_STATES:
            _postpone(platform, due)
            return False
        if hook.settings.url is None:
            error, attempts = "the webhook has no address for results", MAX_DELIVERIES
        else:
            name = webhooks.encryption_context(due.project_id, hook.pipeline)
            secret = SecretBox(platform.settings.home_folder).decrypt(encrypted, name)
            allowed = platform.settings.allow_link_local
            status = asyncio.run(_post(hook.settings.url, secret, due.id, run, allow_link_local=allowed))
            error = None if 200 <= status < 300 else f"the receiver answered with status {status}"
    except NotFound as failure:
        error, attempts = str(failure), MAX_DELIVERIES
    except VongError as failure:
        error = str(failure)
    values: dict[str, Any] = {"state": "delivered", "error": None, "attempts": attempts}
    if error is not None:
        log.warning("the result of run %s was not delivered: %s", due.run_id, error)
        values = {
            "state": "failed" if attempts >= MAX_DELIVERIES else "pending",
            "deliver_at": now() + FIRST_RETRY * 2 ** (attempts - 1),
            "error": error[:MAX_ERROR_CHARS],
            "attempts": attempts,
        }
    with platform.scope(due.project_id) as connection:
        connection.execute(update(table).where(table.c.id == due.id).values(values))
    return error is None


def _find_hook(connection: Connection, id: UUID) -> tuple[webhooks.Webhook, bytes]:
    found = webhooks.find_by_id(connection, id)
    if found is None:
        raise NotFound("the webhook was deleted", "create it again")
    return found


def _postpone(platform: Platform, due: DueDelivery) -> None:
    """Look at a run again that has not ended, the later the longer it takes."""
    wait = min(MAX_WAIT, max(WAIT, (now() - due.created_at) / 10))
    with platform.scope(due.project_id) as connection:
        connection.execute(update(table).where(table.c.id == due.id).values(deliver_at=now() + wait))


async def _post(url: str, secret: str, id: UUID, run: PipelineRun, *, allow_link_local: bool) -> int:
    """Send the result of a run and return the status. Redirects are not followed.

    Raises: InvalidInput if the address is blocked; UpstreamFailed if the receiver does not answer.
    """
    check_url(url, allow_link_local=allow_link_local)
    body, timestamp, message_id = build_body(run), int(time.time()), str(id)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhooks.sign_standard(secret, message_id, timestamp, body),
    }
    client = UpstreamClient(allow_link_local=allow_link_local)
    try:
        path = "" if urlsplit(url.rstrip("/")).path else "/"
        response = await client.send(UpstreamEndpoint(url, headers), path, body, LIMITS)
        response.close()
        return response.status
    finally:
        client.close()


def build_body(run: PipelineRun) -> bytes:
    """Return the body of a result: the event and the run with its outputs or its error."""
    fields = run.model_dump(
        mode="json",
        include={"id", "pipeline", "version", "state", "outputs", "error", "cost", "tokens", "created_at", "ended_at"},
    )
    return json.dumps({"type": EVENT, "timestamp": now().isoformat(), "data": fields}, ensure_ascii=False).encode()
