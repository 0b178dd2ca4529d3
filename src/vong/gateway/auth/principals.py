"""Principals of requests: a cache of keys and sessions, so that most calls need no database query.

Without change notifications an entry is at most two seconds old.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vong.errors import Forbidden
from vong.gateway.refreshing_cache import RefreshingCache
from vong.records import now
from vong.records.key_scope import KeyLabels, KeyScope

PRINCIPAL_MAX_AGE_SECONDS = 2.0
"""Maximum age of a principal without change notifications: a revoked key is rejected after this time at the latest."""


class GatewayPrincipal(Protocol):
    """Caller of the gateway: a key, or a user with a session."""

    @property
    def project_id(self) -> UUID:
        """Return the project whose routes the principal uses and that stores its spans."""
        ...

    @property
    def actor(self) -> str:
        """Return the name of the key, or the email address of the user."""
        ...

    @property
    def role(self) -> str:
        """Return the role. A `viewer` may list models, but not call them."""
        ...

    @property
    def scope(self) -> KeyScope | None:
        """Return the scope of the key, or None if the key may call everything."""
        ...

    @property
    def labels(self) -> KeyLabels | None:
        """Return the labels for accounting of calls that set none."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """Return the time at which the key or session expires."""
        ...

    @property
    def is_delegated(self) -> bool:
        """Return True for the delegated key of a job. Its calls have low priority."""
        ...


class PrincipalCache:
    """Cache of principals by secret: keys and session tokens.

    `lookup` raises Unauthenticated for a secret that is unknown, expired or revoked.
    """

    def __init__(
        self, lookup: Callable[[str], GatewayPrincipal], events_connected: Callable[[], bool] = lambda: False
    ) -> None:
        self._cache: RefreshingCache[bytes, GatewayPrincipal] = RefreshingCache(
            lookup, max_age=PRINCIPAL_MAX_AGE_SECONDS, events_connected=events_connected
        )

    async def authenticate(self, secret: str, *, for_call: bool = True) -> GatewayPrincipal:
        """Return the principal of a secret.

        Raises Forbidden if `for_call` is set and the role may not call models.
        """
        key = _digest(secret)
        principal = await self._cache.get(key, secret)
        if _has_expired(principal):
            self._cache.invalidate(key)
            principal = await self._cache.get(key, secret)  # raises Unauthenticated if the key has ended
        if for_call and principal.role == "viewer":
            raise Forbidden("the role 'viewer' may not call models", "use a key with the role owner or member")
        return principal

    def get_cached(self, secret: str) -> GatewayPrincipal | None:
        """Return the cached principal of a secret if it may call models, else None. Does not wait."""
        principal = self._cache.get_cached(_digest(secret), secret)
        return (
            principal if principal is not None and principal.role != "viewer" and not _has_expired(principal) else None
        )

    def invalidate(self) -> None:
        """Drop all entries, after a key, session, user or membership has changed."""
        self._cache.invalidate()

    def fresh_until(self, secret: str) -> float:
        """Return the time, on the monotonic clock, until which the entry is served without a refresh."""
        return self._cache.fresh_until(_digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _has_expired(principal: GatewayPrincipal) -> bool:
    return principal.expires_at is not None and principal.expires_at <= now()
