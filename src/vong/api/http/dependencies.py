"""What a route knows of its caller."""

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
"""Where it is changed what model calls lead to."""
SCOPED = {("GET", "/api/v1/gateway/models"), ("POST", "/api/v1/feedback")}
"""What a key with a scope may do beside calling models under `/v1`: with more it could make itself another way."""


@dataclass(frozen=True)
class RequestContext:
    """An authenticated request: who calls, from which address, and the platform that answers.

    `idempotency_key` is the request's `Idempotency-Key` header: pass it on where a stage function takes one.
    """

    principal: access.Principal
    platform: Platform
    idempotency_key: str | None = None
    address: str = ""
    routes: bool = False
    """Whether it may change what model calls lead to."""

    @contextmanager
    def scope(self) -> Generator[Connection]:
        """One transaction that sees the caller's project only; committed when the block ends, so before the answer.
        What it changes for model calls holds from the next one on here, and elsewhere within a second.
        """
        with self.platform.scope(self.principal.project_id) as connection:
            yield connection
        if self.routes and self.platform.gateway is not None:
            self.platform.gateway.changed(self.principal.project_id)

    @contextmanager
    def owner(self) -> Generator[Connection]:
        """One transaction that sees every project: for accounts, sessions and projects themselves."""
        with self.platform.database.owner() as connection:
            yield connection

    def must(self, *roles: str) -> None:
        """Refuse callers of other roles; an owner may do everything."""
        if self.principal.role not in {"owner", *roles}:
            what = "an account" if self.principal.user_id else "a key"
            raise Forbidden(
                f"{what} with the role {self.principal.role!r} may not do this",
                f"use one of: {', '.join(['owner', *roles])}",
            )


def identified(request: Request) -> RequestContext:
    """The caller of this request, whatever its role: by `Authorization: Bearer` or by the session cookie."""
    platform: Platform = request.app.state.platform
    secret = credential(request.method, request.headers)
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret)
    routes = request.method not in READING and request.url.path.startswith(ROUTING)
    return RequestContext(principal, platform, request.headers.get("idempotency-key"), address_of(request), routes)


def authenticated(caller: Annotated[RequestContext, Depends(identified)], request: Request) -> RequestContext:
    """The same; who may only look is refused where something is to change, and a key with a scope nearly everywhere."""
    principal = caller.principal
    if principal.scope is not None and (request.method, request.url.path) not in SCOPED:
        message = f"the key {principal.actor!r} has a scope: it calls models under /v1 and gives feedback"
        raise OutOfScope(message, "use a key without a scope")
    if request.method not in READING:
        caller.must("member")
    return caller


def address_of(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client else "unknown"


Anybody = Annotated[RequestContext, Depends(identified)]
"""A caller of any role: for what everybody may do with their own session and password."""
Call = Annotated[RequestContext, Depends(authenticated)]
