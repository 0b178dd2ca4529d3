"""Who calls: the key or session of a request, known without asking the database again while it is the same: for two
seconds at most where changes are not heard of.
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

AGE = 2.0
"""Seconds after which a revoked key is refused at the latest, where announcements are not heard."""


class GatewayPrincipal(Protocol):
    """What the gateway needs to know of a caller."""

    @property
    def project_id(self) -> UUID:
        """Whose routes it sees and where its spans go."""
        ...

    @property
    def actor(self) -> str:
        """The name of its key, or the address of the person who is signed in."""
        ...

    @property
    def role(self) -> str:
        """What it may do: `viewer` may list models, but not call them."""
        ...

    @property
    def scope(self) -> KeyScope | None:
        """What its key may call; None: everything."""
        ...

    @property
    def labels(self) -> KeyLabels | None:
        """How its calls are accounted for where they do not say it themselves."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """When it ends by itself."""
        ...

    @property
    def deputy(self) -> bool:
        """Whether a job calls in its name, which gives way to everybody who waits for an answer."""
        ...


class PrincipalCache:
    """The secrets seen lately: keys, and tokens of sessions. `lookup` raises Unauthenticated for one that is unknown,
    expired or revoked.
    """

    def __init__(self, lookup: Callable[[str], GatewayPrincipal], hears: Callable[[], bool] = lambda: False) -> None:
        self._known: RefreshingCache[bytes, GatewayPrincipal] = RefreshingCache(lookup, age=AGE, hears=hears)

    async def principal(self, secret: str, *, calls: bool = True) -> GatewayPrincipal:
        """The caller who presents this secret. Forbidden where it `calls` and may not."""
        key = _digest(secret)
        principal = await self._known.get(key, secret)
        if _ended(principal):
            self._known.forget(key)
            principal = await self._known.get(key, secret)  # which says so
        if calls and principal.role == "viewer":
            raise Forbidden("the role 'viewer' may not call models", "use one of: owner, member")
        return principal

    def at_hand(self, secret: str) -> GatewayPrincipal | None:
        """The caller who presents this secret and may call, where that is known without a wait."""
        principal = self._known.at_hand(_digest(secret), secret)
        return principal if principal is not None and principal.role != "viewer" and not _ended(principal) else None

    def forget(self) -> None:
        """Some of them have changed or ended."""
        self._known.forget()

    def fresh_until(self, secret: str) -> float:
        """Until when, on the monotonic clock, that is known without another look."""
        return self._known.fresh_until(_digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _ended(principal: GatewayPrincipal) -> bool:
    return principal.expires_at is not None and principal.expires_at <= now()
