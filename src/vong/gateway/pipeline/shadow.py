"""Shadow calls: a copy of a call is sent in the background to compare targets or to verify a cached response.

Each shadow call has its own span in the caller's trace, below the original call. Its key is `shadow`, so the budgets of
the key, the user and the tags do not pay for it, and it reserves no limits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from vong.errors import VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.providers import Endpoint
from vong.records import new_id, now
from vong.records.cache import ShadowResult, ShadowResultKind
from vong.records.key_scope import KeyLabels, KeyScope

log = logging.getLogger(__name__)

MAX_CONCURRENT_SHADOWS = 16
"""Maximum number of concurrent shadow calls. Further ones are dropped."""
SHADOW_TAG = "shadow"


class ShadowPrincipal(NamedTuple):
    """Principal of shadow calls."""

    project_id: UUID
    actor: str = "shadow"
    role: str = "member"
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    is_delegated: bool = True
    expires_at: datetime | None = None


class ShadowRequest(NamedTuple):
    """Request to send in the background: a copy of the original call for another target.

    `original` is the original response as a chat completion. `min_agreement` is the least agreement of a cached
    response with the new one; below it the hit counts as false.
    """

    kind: ShadowResultKind
    route: str
    target: str
    endpoint: Endpoint
    body: bytes
    trace: TraceContext
    original: Mapping[str, Any]
    min_agreement: float = 0.0


SendShadow = Callable[[GatewayPrincipal, ShadowRequest, TraceContext], Awaitable[Mapping[str, Any]]]
"""Send the shadow call, record its span and return its response as a chat completion."""


class ShadowRunner:
    """Shadow calls of one server process."""

    def __init__(self, send: SendShadow, cache: ResponseCache) -> None:
        self.dropped = 0
        """Number of shadow calls dropped because too many were running."""
        self._send = send
        self._cache = cache
        self._tasks: set[asyncio.Task[None]] = set()

    def enqueue(self, project_id: UUID, request: ShadowRequest) -> None:
        """Send a shadow request in the background."""
        if len(self._tasks) >= MAX_CONCURRENT_SHADOWS:
            self.dropped += 1
            return
        task = asyncio.get_running_loop().create_task(self._run(project_id, request))
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("shadow call failed", exc_info=error)

    async def _run(self, project_id: UUID, request: ShadowRequest) -> None:
        span_id = new_id()
        trace = request.trace._replace(
            id=span_id, span_id=span_id.hex[16:], parent_span_id=request.trace.span_id, tags=SHADOW_TAG, cache=None
        )
        agreement = None
        try:
            completion = await self._send(ShadowPrincipal(project_id), request, trace)
            agreement = await self._cache.measure_agreement(request.original, completion)
        except VongError as error:
            log.info("shadow call failed: %s", error)
        result = ShadowResult(
            span_id=span_id,
            original_span_id=request.trace.id,
            kind=request.kind,
            route=request.route,
            target=request.target,
            agreement=agreement,
            created_at=now(),
        )
        is_false_hit = agreement < request.min_agreement if agreement is not None and request.kind == "cache" else None
        self._cache.store_shadow_result(project_id, result, is_false_hit=is_false_hit)
