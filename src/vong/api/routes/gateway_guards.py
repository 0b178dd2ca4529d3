"""Routes of the guards: what there is, what holds in a project, and trying them. A part of the gateway's."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import Call
from vong.app import gateway as wired
from vong.gateway.guards.registry import kinds
from vong.gateway.guards.store import guard_history, project_guards, put_guards
from vong.records import Record
from vong.records.guard import GuardConfig, GuardTestResult, GuardType, ProjectGuards, SelfTestReport

routes = APIRouter(prefix="/api/v1/gateway/guards", tags=["gateway"])


class GuardsUpdate(Record):
    """The guards of all calls, in the order in which they look; none removes them."""

    guards: tuple[GuardConfig, ...] = Field(max_length=50)


class GuardTestRequest(Record):
    """A text, as of a request or of an answer, and the guards to try on it; without any it is tried on those of calls
    to `model`, a route or another name: without that too, on the project's.
    """

    text: str = Field(max_length=100_000)
    on: Literal["input", "output"] = "input"
    guards: tuple[GuardConfig, ...] = Field(default=(), max_length=50)
    model: str = Field(default="", max_length=300)


@routes.get("")
def guards(call: Call) -> ProjectGuards:
    """The guards of all the project's calls."""
    with call.scope() as connection:
        return project_guards(connection)


@routes.put("")
def set_guards(wanted: GuardsUpdate, call: Call) -> ProjectGuards:
    """Set the guards of all the project's calls; for owners. The same again changes nothing."""
    call.must()
    uses = wired.sealed(call.platform, wanted.guards)
    with call.scope() as connection:
        return put_guards(connection, uses)


@routes.get("/history")
def guards_history(call: Call, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[ProjectGuards]:
    """How the project's guards stood, newest first."""
    with call.scope() as connection:
        return guard_history(connection, limit=limit)


@routes.get("/kinds")
def guard_kinds(call: Call) -> list[GuardType]:
    """Every guard that is installed: what it does, and its settings as a JSON schema."""
    del call
    return kinds()


@routes.post("/try")
def try_guards(wanted: GuardTestRequest, call: Call) -> GuardTestResult:
    """Hold a text against guards. Nothing is stored."""
    return wired.hold(call.platform, call.principal, wanted.text, wanted.guards, wanted.model, wanted.on)


@routes.get("/self-test")
def self_test(call: Call) -> SelfTestReport:
    """Send a made-up card number every way through the gateway, now, and see whether it is masked on each."""
    return wired.masking(call.platform)
