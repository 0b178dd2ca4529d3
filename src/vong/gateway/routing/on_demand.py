"""Targets that a call starts: fine-tuned models before their first call, and deployments that sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple
from uuid import UUID

from vong.errors import NotFound, Unavailable
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.records import Route

POLL_INTERVAL_SECONDS = 0.5
RETRY_AFTER_SECONDS = 10


class StartState(NamedTuple):
    """State of a deployment that is being started, and the reason of a failure."""

    state: Literal["starting", "ready", "failed"]
    reason: str = ""


StartTarget = Callable[[UUID, str], StartState]
"""Deploys or wakes a target of a project if that is needed, and returns its state. Runs in a thread."""


class StartSettings(NamedTuple):
    """Function that starts a target, and the seconds that a call waits for it."""

    start: StartTarget
    timeout: float


class ModelStarting(Unavailable):
    """Model that is not ready yet: its engine loads it, or the parity check runs.

    `retry_after` is the number of seconds after which a retry makes sense.
    """

    code = "model_starting"
    retry_after = RETRY_AFTER_SECONDS


class OnDemandTargets:
    """Resolver of targets that waits for those that the first call starts."""

    def __init__(
        self,
        settings: StartSettings,
        load_catalog: Callable[[GatewayPrincipal], Awaitable[ModelCatalog]],
        invalidate: Callable[[UUID | None], None],
    ) -> None:
        self._start, self._timeout = settings
        self._load_catalog = load_catalog
        self._invalidate = invalidate

    async def resolve(
        self, principal: GatewayPrincipal, catalog: ModelCatalog, target: str, route: Route | None
    ) -> ResolvedTarget:
        """Return the provider and model of a target.

        Raises: NotFound, or Unavailable for a stopped deployment; ModelStarting if the target is not ready in time.
        """
        try:
            return catalog.resolve(target, route)
        except (NotFound, Unavailable):
            if not catalog.starts_on_call(target):
                raise
        project_id, loop = principal.project_id, asyncio.get_running_loop()
        started = loop.time()
        deadline = started + self._timeout
        while True:
            current = await asyncio.to_thread(self._start, project_id, target)
            if current.state == "ready":
                self._invalidate(project_id)
                resolved = (await self._load_catalog(principal)).resolve(target, route)
                return resolved._replace(start_wait_ms=round((loop.time() - started) * 1000, 1))
            if current.state == "failed":
                name = target.partition("/")[2]
                raise Unavailable(
                    f"the deployment {name!r} failed: {current.reason}", f"show its log: vong serving logs {name}"
                )
            if loop.time() >= deadline:
                raise ModelStarting(
                    f"the model was not ready within {self._timeout:g} s; it keeps starting",
                    f"retry after {RETRY_AFTER_SECONDS} s, or raise model_start_timeout in vong.toml",
                )
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
