"""Delivery of alarms to webhooks: a signed POST with retries, never to link-local or metadata addresses."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Connection, select, update

from vong.app.platform import Platform
from vong.errors import VongError
from vong.evals.monitor_tables import alarms as table
from vong.evals.monitors import alarms, store
from vong.evals.monitors.definitions import MonitorAlarm
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.url_policy import check_url
from vong.records import now
from vong.store.encryption import SecretBox

log = logging.getLogger(__name__)

MAX_DELIVERIES = 8
"""Attempts to deliver an alarm: over about 40 minutes."""
FIRST_RETRY = timedelta(seconds=10)
CLAIM = timedelta(seconds=60)
"""Time for which an alarm that is being delivered is left alone. Another worker tries again if this one dies."""
LIMITS = ResponseLimits(connect=5.0, first_byte=10.0, total=15.0, max_body_bytes=64 * 1024)
MAX_ERROR_CHARS = 300


class DueAlarm(NamedTuple):
    """Alarm to deliver, its project, and the number of attempts including this one."""

    id: UUID
    project_id: UUID
    attempts: int


def deliver_due(platform: Platform) -> int:
    """Deliver the alarms whose time has come and return how many were delivered."""
    with platform.database.owner() as connection:
        due = _claim(connection)
    return sum([_deliver(platform, one) for one in due])


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature header of a body: the time, and the HMAC-SHA256 of `TIME.BODY` with the secret."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def build_body(alarm: MonitorAlarm) -> bytes:
    """Return the body of the request: the event and the alarm without the state of its delivery."""
    fields = alarm.model_dump(mode="json", exclude={"delivery", "delivery_attempts", "delivery_error"})
    return json.dumps({"event": "monitor.alarm", "alarm": fields}, ensure_ascii=False).encode()


def _claim(connection: Connection) -> list[DueAlarm]:
    at = now()
    due = select(table.c.id).where(table.c.delivery == "pending", table.c.deliver_at <= at)
    due = due.order_by(table.c.deliver_at).limit(10).with_for_update(skip_locked=True)
    ids = list(connection.scalars(due))
    if not ids:
        return []
    values: dict[str, Any] = {"deliver_at": at + CLAIM, "delivery_attempts": table.c.delivery_attempts + 1}
    change = update(table).where(table.c.id.in_(ids)).values(values)
    rows = connection.execute(change.returning(table.c.id, table.c.project_id, table.c.delivery_attempts))
    return [DueAlarm(*row) for row in rows]


def _deliver(platform: Platform, due: DueAlarm) -> bool:
    error: str | None = None
    try:
        with platform.scope(due.project_id) as connection:
            alarm = alarms.get_alarm(connection, due.id)
            monitor = store.get_monitor(connection, alarm.monitor_id)
            encrypted = store.get_webhook_secret(connection, monitor.id)
        url = monitor.settings.webhook
        if url is None or encrypted is None:
            error, due = "the webhook was removed", due._replace(attempts=MAX_DELIVERIES)
        else:
            context = store.webhook_context(due.project_id, monitor.name)
            secret = SecretBox(platform.settings.home_folder).decrypt(encrypted, context)
            allowed = platform.settings.allow_link_local
            status = asyncio.run(_post(url, secret, alarm, allow_link_local=allowed))
            error = None if 200 <= status < 300 else f"the webhook answered with status {status}"
    except VongError as failure:
        error = str(failure)
    values: dict[str, Any] = {"delivery": "delivered", "delivery_error": None}
    if error is not None:
        log.warning("alarm %s was not delivered: %s", due.id, error)
        failed = due.attempts >= MAX_DELIVERIES
        values = {
            "delivery": "failed" if failed else "pending",
            "deliver_at": now() + FIRST_RETRY * 2 ** (due.attempts - 1),
            "delivery_error": error[:MAX_ERROR_CHARS],
        }
    with platform.scope(due.project_id) as connection:
        alarms.update_delivery(connection, due.id, values)
    return error is None


async def _post(url: str, secret: str, alarm: MonitorAlarm, *, allow_link_local: bool) -> int:
    """Send the alarm and return the status. Redirects are not followed.

    Raises: InvalidInput if the address is blocked; UpstreamFailed if the webhook does not answer.
    """
    check_url(url, allow_link_local=allow_link_local)
    body = build_body(alarm)
    headers = {"x-vong-event-id": str(alarm.id), "x-vong-signature": sign(secret, int(time.time()), body)}
    client = UpstreamClient(allow_link_local=allow_link_local)
    try:
        path = "" if urlsplit(url.rstrip("/")).path else "/"
        response = await client.send(UpstreamEndpoint(url, headers), path, body, LIMITS)
        response.close()
        return response.status
    finally:
        client.close()
