"""What a route knows of its caller."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from vong import access
from vong.app import Platform
from vong.errors import Forbidden, Unauthenticated


@dataclass(frozen=True)
class Caller:
    """An authenticated request: who calls, and the platform that answers.

    `idempotency_key` is the request's `Idempotency-Key` header: pass it on where a stage function takes one.
    """

    principal: access.Principal
    platform: Platform
    idempotency_key: str | None = None

    @contextmanager
    def scope(self) -> Generator[Connection]:
        """One transaction that sees the caller's project only; committed when the block ends, so before the answer."""
        with self.platform.scope(self.principal.project_id) as connection:
            yield connection

    def must(self, *roles: str) -> None:
        """Refuse callers of other roles; an owner may do everything."""
        if self.principal.role not in {"owner", *roles}:
            raise Forbidden(
                f"a key with the role {self.principal.role!r} may not do this", f"use one of: owner, {', '.join(roles)}"
            )


def authenticated(request: Request) -> Caller:
    """The caller of this request, from its `Authorization: Bearer` header."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated("no API key was sent", "send the header Authorization: Bearer KEY")
    platform: Platform = request.app.state.platform
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret.strip())
    caller = Caller(principal, platform, request.headers.get("idempotency-key"))
    if request.method not in {"GET", "HEAD"}:
        caller.must("member")
    return caller


Call = Annotated[Caller, Depends(authenticated)]
