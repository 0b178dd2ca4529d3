"""FastAPI dependencies: the authenticated caller of a request."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from vong import access
from vong.api.http.credentials import SAFE_METHODS, read_credential
from vong.app import Platform
from vong.errors import Forbidden, OutOfScope

ROUTING_PATHS = ("/api/v1/gateway", "/api/v1/serving")
"""Path prefixes under which a change affects the routing of model calls."""
ACCESS_PATHS = "/api/v1/access"
"""Path prefix under which a change affects keys, sessions, users or memberships."""
SCOPED_KEY_ROUTES = {("GET", "/api/v1/gateway/models"), ("POST", "/api/v1/feedback")}
"""REST routes that a key with a scope may call. With more rights the key could lift its own scope."""


@dataclass(frozen=True)
class RequestContext:
    """Authenticated request: the caller, its address, and the platform.

    `idempotency_key` is the `Idempotency-Key` header. Pass it on to stage functions that accept one.
    """

    principal: access.Principal
    platform: Platform
    idempotency_key: str | None = None
    client_address: str = ""
    changes_routing: bool = False
    """True if the request may change the routing of model calls."""
    changes_access: bool = False
    """True if the request may change keys, sessions, users or memberships."""

    @contextmanager
    def project_transaction(self) -> Generator[Connection]:
        """Open a transaction on the caller's project. It commits when the block ends, before the response.

        A change of routing or access applies to the next model call on this server, and within a second on other
        servers.
        """
        with self.platform.scope(self.principal.project_id) as connection:
            yield connection
        self._apply_changes()

    @contextmanager
    def owner_transaction(self) -> Generator[Connection]:
        """Open a transaction on all projects, for accounts, sessions and the projects themselves."""
        with self.platform.database.owner() as connection:
            yield connection
        self._apply_changes()

    def _apply_changes(self) -> None:
        """Let the gateway of this server load again what the committed transaction may have changed."""
        if self.changes_routing and self.platform.gateway is not None:
            self.platform.gateway.on_change(self.principal.project_id)
        if self.changes_access and self.platform.gateway is not None:
            self.platform.gateway.on_key_change()

    def require_role(self, *roles: str) -> None:
        """Raise Forbidden unless the caller is an owner or has one of the given roles."""
        if self.principal.role not in {"owner", *roles}:
            caller = "an account" if self.principal.user_id else "a key"
            raise Forbidden(
                f"{caller} with role {self.principal.role!r} may not do this",
                f"use one of: {', '.join(['owner', *roles])}",
            )


def get_any_user(request: Request) -> RequestContext:
    """Return the caller of a request, with any role, by API key or session cookie."""
    platform: Platform = request.app.state.platform
    secret = read_credential(request.method, request.headers)
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret)
    path = request.url.path if request.method not in SAFE_METHODS else ""
    return RequestContext(
        principal,
        platform,
        request.headers.get("idempotency-key"),
        get_client_address(request),
        changes_routing=path.startswith(ROUTING_PATHS),
        changes_access=path.startswith(ACCESS_PATHS),
    )


def get_current_user(context: Annotated[RequestContext, Depends(get_any_user)], request: Request) -> RequestContext:
    """Return the caller of a request.

    Raises:
        Forbidden: if a viewer requests a change.
        OutOfScope: if the caller is a key with a scope, on most routes.
    """
    principal = context.principal
    if principal.scope is not None and (request.method, request.url.path) not in SCOPED_KEY_ROUTES:
        message = f"key {principal.actor!r} has a scope and may only call models under /v1 and send feedback"
        raise OutOfScope(message, "use a key without a scope")
    if request.method not in SAFE_METHODS:
        context.require_role("member")
    return context


def get_client_address(request: Request) -> str:
    """Return the IP address of the client."""
    return request.client.host if request.client else "unknown"


AnyUser = Annotated[RequestContext, Depends(get_any_user)]
"""Caller with any role, for operations on the caller's own session and password."""
CurrentUser = Annotated[RequestContext, Depends(get_current_user)]
"""Caller who may do what the request asks: a viewer may only read."""
