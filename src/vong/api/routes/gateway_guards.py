"""Routes of guards: installed types, the guards of the project, and tests. Part of the gateway's API."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app import gateway as gateway_app
from vong.app.guard_secrets import encrypt_guards
from vong.gateway.guards import registry
from vong.gateway.guards import store as guard_store
from vong.records import Record
from vong.records.guard import MAX_GUARDS, GuardConfig, GuardTestResult, GuardType, ProjectGuards, SelfTestReport

routes = APIRouter(prefix="/api/v1/gateway/guards", tags=["gateway"])


class GuardsUpdate(Record):
    """Guards of all calls, in the order in which they check. An empty list removes them."""

    guards: tuple[GuardConfig, ...] = Field(max_length=MAX_GUARDS)


class GuardTestRequest(Record):
    """Text to test guards on, as a request or as a response.

    Without `guards` the guards of calls to `model` (a route or another name) are tested, and without `model` those of
    the project.
    """

    text: str = Field(max_length=100_000)
    on: Literal["input", "output"] = "input"
    guards: tuple[GuardConfig, ...] = Field(default=(), max_length=MAX_GUARDS)
    model: str = Field(default="", max_length=300)


@routes.get("")
def get_guards(context: CurrentUser) -> ProjectGuards:
    """Return the guards of all calls of the project."""
    with context.project_transaction() as connection:
        return guard_store.project_guards(connection)


@routes.put("")
def set_guards(body: GuardsUpdate, context: CurrentUser) -> ProjectGuards:
    """Set the guards of all calls of the project. Owners only. Setting the same guards again changes nothing."""
    context.require_role()
    with context.project_transaction() as connection:
        stored = guard_store.project_guards(connection).guards
        return guard_store.set_guards(connection, encrypt_guards(context.platform, connection, body.guards, stored))


@routes.get("/history")
def list_guard_versions(context: CurrentUser, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[ProjectGuards]:
    """List the versions of the project's guards, newest first."""
    with context.project_transaction() as connection:
        return guard_store.guard_history(connection, limit=limit)


@routes.get("/types")
def list_guard_types(context: CurrentUser) -> list[GuardType]:
    """List the installed guards: what they do, and their settings as a JSON schema."""
    del context
    return registry.list_guard_types()


@routes.post("/test")
async def test_guards(body: GuardTestRequest, context: CurrentUser) -> GuardTestResult:
    """Test guards on a text. Nothing is stored."""
    return await gateway_app.test_guards(
        context.platform, context.principal, body.text, body.guards, body.model, body.on
    )


@routes.post("/self-test")
def run_self_test(context: CurrentUser) -> SelfTestReport:
    """Send a test card number through every path of the gateway, and report whether it is masked on each."""
    return gateway_app.run_self_test(context.platform)
