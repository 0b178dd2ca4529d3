"""FastAPI dependencies: the authenticated caller of a request."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from vong import access
from vong.api.http.credentials import READING, credential
from vong.app import Platform
from vong.errors import Forbidden, OutOfScope

ROUTING = ("/api/v1/gateway", "/api/v1/serving")
"""Path prefixes under which a change affects the routing of model calls."""
SCOPED = {("GET", "/api/v1/gateway/models"), ("POST", "/api/v1/feedback")}
"""REST routes that a key with a scope may call. With more rights the key could lift its own scope."""


@dataclass(frozen=True)
class RequestContext:
    """Authenticated request: the caller, its address, and the platform.

    `idempotency_key` is the `Idempotency-Key` header. Pass it on to stage functions that accept one.
    """

    principal: access.Principal
    platform: Platform
    idempotency_key: str | None = None
    address: str = ""
    routes: bool = False
    """True if the request may change the routing of model calls."""

    @contextmanager
    def scope(self) -> Generator[Connection]:
        """Open a transaction on the caller's project. It commits when the block ends, before the response.

        A change of routing applies to the next model call on this server, and within a second on other servers.
        """
        with self.platform.scope(self.principal.project_id) as connection:
            yield connection
        if self.routes and self.platform.gateway is not None:
            self.platform.gateway.changed(self.principal.project_id)

    @contextmanager
    def owner(self) -> Generator[Connection]:
        """Open a transaction on all projects, for accounts, sessions and the projects themselves."""
        with self.platform.database.owner() as connection:
            yield connection

    def must(self, *roles: str) -> None:
        """Raise Forbidden unless the caller is an owner or has one of the given roles."""
        if self.principal.role not in {"owner", *roles}:
            caller = "an account" if self.principal.user_id else "a key"
            raise Forbidden(
                f"{caller} with role {self.principal.role!r} may not do this",
                f"use one of: {', '.join(['owner', *roles])}",
            )


def identified(request: Request) -> RequestContext:
    """Return the caller of a request, with any role, by API key or session cookie."""
    platform: Platform = request.app.state.platform
    secret = credential(request.method, request.headers)
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret)
    routes = request.method not in READING and request.url.path.startswith(ROUTING)
    return RequestContext(principal, platform, request.headers.get("idempotency-key"), address_of(request), routes)


def authenticated(caller: Annotated[RequestContext, Depends(identified)], request: Request) -> RequestContext:
    """Return the caller of a request.

    Raises:
        Forbidden: if a viewer requests a change.
        OutOfScope: if the caller is a key with a scope, on most routes.
    """
    principal = caller.principal
    if principal.scope is not None and (request.method, request.url.path) not in SCOPED:
        message = f"key {principal.actor!r} has a scope and may only call models under /v1 and send feedback"
        raise OutOfScope(message, "use a key without a scope")
    if request.method not in READING:
        caller.must("member")
    return caller


def address_of(request: Request) -> str:
    """Return the IP address of the client."""
    return request.client.host if request.client else "unknown"


Anybody = Annotated[RequestContext, Depends(identified)]
"""Caller with any role, for operations on the caller's own session and password."""
Call = Annotated[RequestContext, Depends(authenticated)]
"""Caller who may do what the request asks: a viewer may only read."""
