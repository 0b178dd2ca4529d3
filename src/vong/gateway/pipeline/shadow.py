"""Calls that are made a second time, behind the caller's back, to compare: with another target, or with a kept answer.

They are spans of their own in the caller's trace, below the call that they mirror; their key is `shadow`, so no key's,
user's or tag's budget pays for them, and nothing is reserved for them in any.
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
from vong.gateway.providers import Shape
from vong.records import new_id, now
from vong.records.cache import ComparedAs, ShadowComparison
from vong.records.key_scope import KeyLabels, KeyScope

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Mirrored calls under way; further ones are not made."""
TAG = "shadow"


class ShadowPrincipal(NamedTuple):
    """The principal of mirrored calls."""

    project_id: UUID
    actor: str = "shadow"
    role: str = "member"
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    deputy: bool = True
    expires_at: datetime | None = None


class ShadowRequest(NamedTuple):
    """What is asked again: the call that was answered, its answer as a chat completion, and the target that is asked
    now. `agreement` is the least that a kept answer must agree with the new one.
    """

    kind: ComparedAs
    route: str
    target: str
    shape: Shape
    body: bytes
    trace: TraceContext
    said: Mapping[str, Any]
    agreement: float = 0.0


Ask = Callable[[GatewayPrincipal, ShadowRequest, TraceContext], Awaitable[Mapping[str, Any]]]
"""Makes the second call, accounts for it, and gives its answer as a chat completion."""


class ShadowRunner:
    """The mirrored calls of one server process."""

    def __init__(self, ask: Ask, answers: ResponseCache) -> None:
        self.left_out = 0
        """Calls that were not mirrored because too many were under way."""
        self._ask = ask
        self._answers = answers
        self._tasks: set[asyncio.Task[None]] = set()

    def make(self, project_id: UUID, second: ShadowRequest) -> None:
        """Ask again, later."""
        if len(self._tasks) >= AT_ONCE:
            self.left_out += 1
            return
        task = asyncio.get_running_loop().create_task(self._made(project_id, second))
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a mirrored call failed", exc_info=error)

    async def _made(self, project_id: UUID, second: ShadowRequest) -> None:
        id = new_id()
        trace = second.trace._replace(
            id=id, span_id=id.hex[16:], parent_span_id=second.trace.span_id, tags=TAG, cache=None
        )
        agreement = None
        try:
            said = await self._ask(ShadowPrincipal(project_id), second, trace)
            agreement = await self._answers.agreement(second.said, said)
        except VongError as error:
            log.info("a call could not be mirrored: %s", error)
        found = ShadowComparison(
            span_id=id,
            of=second.trace.id,
            kind=second.kind,
            route=second.route,
            target=second.target,
            agreement=agreement,
            at=now(),
        )
        false = agreement < second.agreement if agreement is not None and second.kind == "cache" else None
        self._answers.compared(project_id, found, false=false)
