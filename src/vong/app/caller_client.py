"""HTTP client of a job with a delegated key of its caller, so that the caller's scope and limits apply."""

from collections.abc import Mapping
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from vong.access.delegated_keys import create_delegated_key, delete_delegated_key
from vong.access.principal import Principal
from vong.app.chat_client import ModelCallContext
from vong.app.platform import CLIENT_RETRY_SECONDS, INTERNAL_KEY_NAME, Platform

if TYPE_CHECKING:
    import httpx

CALLER_KEY_LIFETIME = timedelta(days=30)
"""Lifetime of the delegated key of a job. It ends earlier with the job, or with the key of the caller."""


class ModelCaller(NamedTuple):
    """Key or user on whose behalf a run calls models."""

    key_id: UUID | None
    user_id: UUID | None


class CallerContext(ModelCallContext, Protocol):
    """Context of calls on behalf of a caller, whose key or user is in `params`."""

    @property
    def project_id(self) -> UUID:
        """Return the project of the calls."""
        ...

    @property
    def params(self) -> Mapping[str, Any]:
        """Return the parameters, of which `caller` holds the ids of the key and the user."""
        ...


class CallerClient:
    """HTTP client for the model calls of one job, connected on first use. Several threads may use it."""

    def __init__(self, platform: Platform, job: CallerContext) -> None:
        self._platform = platform
        self._job = job
        self._http: httpx.Client | None = None
        self._secret: str | None = None
        self._lock = Lock()

    @property
    def http(self) -> "httpx.Client":
        """Return the HTTP client."""
        with self._lock:
            if self._http is None:
                self._http = self._connect()
            return self._http

    def close(self) -> None:
        """Delete the delegated key."""
        if self._secret is not None:
            with self._platform.scope(self._job.project_id) as connection:
                delete_delegated_key(connection, self._secret)
        self._http = self._secret = None

    def _connect(self) -> "httpx.Client":
        """Connect with a key of the caller. A job without a caller uses a key of the server."""
        project_id, caller = self._job.project_id, self._job.params.get("caller")
        if caller is None:
            return self._platform.client(project_id).transport.http
        from vong.client import Client  # imports an HTTP library that only jobs need

        key_id, user_id = (UUID(value) if value else None for value in caller)
        with self._platform.scope(project_id) as connection:
            self._secret = create_delegated_key(
                connection, key_id=key_id, user_id=user_id, lifetime=CALLER_KEY_LIFETIME
            )
        url = self._platform.settings.server_url
        return Client(url, self._secret, retry_seconds=CLIENT_RETRY_SECONDS).transport.http


def find_caller(principal: Principal) -> ModelCaller | None:
    """Return the caller of a principal. The server's own key has none, because it expires before long runs end."""
    if principal.actor == INTERNAL_KEY_NAME:
        return None
    return ModelCaller(principal.key_id, None if principal.key_id else principal.user_id)


def caller_params(principal: Principal | None) -> dict[str, list[str | None]]:
    """Return the parameter `caller` of a job that calls models on behalf of a principal. Empty without a caller."""
    caller = find_caller(principal) if principal is not None else None
    return {"caller": [id and str(id) for id in caller]} if caller else {}
