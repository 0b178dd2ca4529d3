"""Model calls of a monitor's scorers: tagged for its budget, and recorded so that their cost is known."""

import time
from collections.abc import Sequence
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from vong.app.caller_client import CallerClient
from vong.app.chat_client import JOB_TAG, RETRYABLE_STATUSES
from vong.app.platform import Platform
from vong.errors import Unauthenticated
from vong.evals.monitors.definitions import TAG_PREFIX
from vong.records import Span
from vong.store.spans.schema import spans

if TYPE_CHECKING:
    import httpx

COST_TIMEOUT_SECONDS = 10.0
"""Seconds to wait for the spans of the last calls, which are written shortly after the answers."""
BUDGET_STATUS = 402
SHADOW_KEY = "shadow"


class MonitorContext:
    """Context of the calls of a monitor, in place of that of a job."""

    def __init__(self, project_id: UUID, caller: Sequence[str | None] | None, stop: Event) -> None:
        self.project_id = project_id
        self.params: dict[str, Any] = {"caller": list(caller)} if caller else {}
        self.stop_event = stop

    def check(self) -> None:
        """Do nothing: a pass ends after the present answer."""


class CallsMade(NamedTuple):
    """Calls since the last look: their spans, and statuses of failures."""

    span_ids: list[UUID]
    failures: list[int]

    @property
    def over_budget(self) -> bool:
        """Return whether the gateway has refused a call because a budget is spent."""
        return BUDGET_STATUS in self.failures

    @property
    def may_succeed_later(self) -> bool:
        """Return whether a failure is of a kind that ends by itself."""
        return any(status in RETRYABLE_STATUSES or status >= 500 for status in self.failures)


class MeteredCaller(CallerClient):
    """HTTP client that adds the tag of the monitor to every call and records the span of each."""

    def __init__(self, platform: Platform, context: MonitorContext, tag: str) -> None:
        super().__init__(platform, context)
        self._tag = tag
        self._calls_lock = Lock()
        self._span_ids: list[UUID] = []
        self._failures: list[int] = []

    def take_calls(self) -> CallsMade:
        """Return the calls since the last look."""
        with self._calls_lock:
            made = CallsMade(self._span_ids, self._failures)
            self._span_ids, self._failures = [], []
        return made

    def _connect(self) -> "httpx.Client":
        try:
            http = super()._connect()
        except IntegrityError as error:
            raise Unauthenticated(
                "the key or user who created the monitor no longer exists",
                f"call its models on your behalf: vong evals monitors resume {self._tag.removeprefix(TAG_PREFIX)}",
            ) from error
        http.event_hooks = {"request": [self._add_tag], "response": [self._record]}
        return http

    def _add_tag(self, request: "httpx.Request") -> None:
        present = request.headers.get("x-vong-tags")
        request.headers["x-vong-tags"] = f"{present},{self._tag}" if present else f"{JOB_TAG},{self._tag}"

    def _record(self, response: "httpx.Response") -> None:
        span = response.headers.get("x-vong-span-id")
        with self._calls_lock:
            if span:
                self._span_ids.append(UUID(span))
            if response.status_code >= 400:
                self._failures.append(response.status_code)


def sum_costs(platform: Platform, project_id: UUID, span_ids: Sequence[UUID]) -> int:
    """Return the known costs of calls. Waits for spans that are still being written."""
    if not span_ids:
        return 0
    deadline = time.monotonic() + COST_TIMEOUT_SECONDS
    query = select(spans.c.cost).where(spans.c.id.in_(span_ids))
    while True:
        with platform.scope(project_id) as connection:
            costs = list(connection.scalars(query))
        if len(costs) >= len(set(span_ids)) or time.monotonic() > deadline:
            return sum(cost or 0 for cost in costs)
        time.sleep(0.1)


def is_own_call(span: Span) -> bool:
    """Return whether a call was made by a job, a scorer or a shadow, and not by a user."""
    tags: Any = span.attributes.get("vong.tags")
    texts = [str(tag) for tag in tags] if isinstance(tags, list) else []
    return span.key == SHADOW_KEY or any(tag == JOB_TAG or tag.startswith((TAG_PREFIX, "judge:")) for tag in texts)
