"""No way around a gate: aliases, routes, deployments, canaries and releases are refused, with the next commands."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import vong
from vong import access, gateway, registry, serving
from vong.api.http import problems
from vong.api.routes import evals_gates, loop, loop_releases
from vong.api.routes import gateway as gateway_routes
from vong.api.routes import registry as registry_routes
from vong.api.routes import serving as serving_routes
from vong.app import Platform
from vong.config import ProviderSettings, Settings
from vong.records import RouteTarget
from vong.store.database import Database

PACKAGE = Path(vong.__file__).parent
UNCHECKED = {
    *("registry.set_alias", "aliases.set_alias", "set_alias"),
    *("labels.move_label", "move_label"),
    *("gateway.set_route", "store.set_route", "set_route", "gateway.set_weights", "store.set_weights", "set_weights"),
}
"""Functions that change what users receive, without a gate."""
ALLOWED_CALLERS = {
    "app/gated_changes.py",
    "app/prompts/labels.py",  # calls the gate first
    "gateway/routing/store.py",  # set_weights calls set_route
    "loop/canary.py",  # calls the gate first
    "loop/release_steps.py",  # calls the gate first
}
RELEASE = {"route": "triage", "candidate": "echo/new"}


class Setup(NamedTuple):
    owner: TestClient
    member: TestClient
    versions: list[str]


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    settings = Settings(home=tmp_path, database_url=database_url, providers={"echo": ProviderSettings(kind="echo")})
    record = Platform(settings)
    yield record
    record.close()


@pytest.fixture
def setup(platform: Platform, database: Database, project_id: UUID, tmp_path: Path) -> Setup:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for module in (evals_gates, loop, loop_releases, gateway_routes, registry_routes, serving_routes):
        app.include_router(module.routes)
    versions: list[str] = []
    with database.scope(project_id) as connection:
        keys = {role: access.create_key(connection, role, role=role).secret for role in ("owner", "member")}
        for text in ("first", "second"):
            folder = tmp_path / text
            folder.mkdir()
            (folder / "model.gguf").write_text(text)
            version = registry.register(connection, platform.blobs, "triage", folder, kind="base", format="gguf")
            versions.append(version.ref)
        first = registry.find(connection, "triage@1")
        serving.deploy(connection, "base", first, first, engine="xllamacpp")
        gateway.set_route(connection, "triage", [RouteTarget(model="echo/base"), RouteTarget(model="deployment/base")])
    clients = {role: TestClient(app, headers={"Authorization": f"Bearer {key}"}) for role, key in keys.items()}
    for name, kind, pattern in (("routes", "route", "tri*"), ("models", "model_alias", "*:prod")):
        body = {"kind": kind, "pattern": pattern, "requirements": {"approvals": {"owner": 1}}}
        assert clients["owner"].put(f"/api/v1/evals/gates/policies/{name}", json=body).status_code == 200
    return Setup(clients["owner"], clients["member"], versions)


def target(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, **more}


def set_route(client: TestClient, targets: list[dict[str, Any]], **more: Any) -> Any:
    return client.put("/api/v1/gateway/routes/triage", json={"targets": targets, **more})


OLD = [target("echo/base"), target("deployment/base")]
BYPASSES: dict[str, Callable[[TestClient], Any]] = {
    "alias with evidence": lambda http: http.put(
        "/api/v1/registry/models/triage/aliases/prod", json={"model": "2", "evidence": {"better": True}}
    ),
    "alias with a reason": lambda http: http.put(
        "/api/v1/registry/models/triage/aliases/prod", json={"model": "2", "reason": "trust me"}
    ),
    "new target": lambda http: set_route(http, [*OLD, target("echo/new", weight=0.001)]),
    "only target": lambda http: set_route(http, [target("echo/new")], reason="trust me"),
    "fallback": lambda http: set_route(http, OLD, policy={"fallbacks": ["echo/new"]}),
    "tree": lambda http: http.put("/api/v1/gateway/routes/triage", json={"tree": {"model": "echo/new"}}),
    "canary": lambda http: http.post("/api/v1/loop/canaries", json={**RELEASE, "share": 0.01}),
    "release": lambda http: http.post("/api/v1/loop/releases", json=RELEASE),
    "deployment": lambda http: http.put(
        "/api/v1/serving/deployments/base", json={"model": "triage@2", "engine": "xllamacpp"}
    ),
}


@pytest.mark.parametrize("role", ["owner", "member"])
@pytest.mark.parametrize("name", list(BYPASSES))
def test_a_change_without_the_required_evidence_is_refused(
    setup: Setup, database: Database, project_id: UUID, name: str, role: str
) -> None:
    refused = BYPASSES[name](getattr(setup, role))
    assert (refused.status_code, refused.json()["code"]) == (409, "precondition_failed"), refused.text
    assert "0 of 1 approvals by role 'owner'" in refused.text
    assert "vong evals gates approve" in refused.text
    with database.scope(project_id) as connection:
        assert [one.model for one in gateway.get_route(connection, "triage").targets] == [
            "echo/base",
            "deployment/base",
        ]
        assert registry.list_aliases(connection, "triage") == []
        assert serving.get_deployment(connection, "base").model == setup.versions[0]


def test_a_target_without_traffic_is_no_change_but_its_weight_is(setup: Setup) -> None:
    assert set_route(setup.member, [*OLD, target("echo/new", weight=0)]).status_code == 200
    assert set_route(setup.member, [*OLD, target("echo/new", weight=1)]).status_code == 409
    assert set_route(setup.member, [target("echo/base")]).status_code == 200
    assert set_route(setup.member, OLD).status_code == 409


def test_a_deleted_route_is_created_again_only_through_the_gate(setup: Setup) -> None:
    assert setup.member.delete("/api/v1/gateway/routes/triage").status_code == 200
    assert set_route(setup.member, [target("echo/new")]).status_code == 409


def test_a_policy_is_changed_by_owners_only(setup: Setup) -> None:
    path = "/api/v1/evals/gates/policies/routes"
    body = {"kind": "route", "pattern": "other", "requirements": {}}
    assert setup.member.put(path, json=body).status_code == 403
    assert setup.member.delete(path).status_code == 403


def test_an_approval_of_the_role_opens_the_gate_for_this_content_only(setup: Setup) -> None:
    approval = {"subject": {"kind": "route", "name": "triage"}, "candidate": "echo/new"}
    path = "/api/v1/evals/gates/approvals"
    assert setup.member.post(path, json=approval).status_code == 201
    assert set_route(setup.owner, [*OLD, target("echo/new")]).status_code == 409
    given = setup.owner.post(path, json={**approval, "comment": "read the report"}).json()
    assert (given["role"], given["approved_by"], given["candidate"]) == ("owner", "owner", "echo/new")
    assert set_route(setup.member, [*OLD, target("echo/other")]).status_code == 409
    assert set_route(setup.member, [*OLD, target("echo/new")]).status_code == 200
    [decision] = setup.member.get("/api/v1/evals/gates/decisions?passed=true").json()
    assert (decision["candidate"], decision["decided_by"], decision["passed"]) == ("echo/new", "member", True)
    history = setup.member.get("/api/v1/gateway/routes/triage/history").json()
    assert history[0]["cause"] == {"gates": [decision["id"]], "by": "member"}


def test_an_approved_alias_refers_to_its_decision(setup: Setup) -> None:
    subject = {"kind": "model_alias", "name": "triage:prod"}
    setup.owner.post("/api/v1/evals/gates/approvals", json={"subject": subject, "candidate": "triage@2"})
    path = "/api/v1/registry/models/triage/aliases/prod"
    assert setup.member.put(path, json={"model": "1"}).status_code == 409
    moved = setup.member.put(path, json={"model": "2"}).json()
    [decision] = setup.member.get("/api/v1/evals/gates/decisions?passed=true").json()
    assert (moved["model"], moved["evidence"]) == (setup.versions[1], {"gate": decision["id"]})
    assert setup.member.put(path, json={"model": "2"}).json()["id"] == moved["id"]


def test_a_reason_overrides_only_for_the_roles_of_the_policy(setup: Setup) -> None:
    requirements = {"approvals": {"owner": 1}, "override_roles": ["owner"]}
    body = {"kind": "route", "pattern": "tri*", "requirements": requirements}
    setup.owner.put("/api/v1/evals/gates/policies/routes", json=body)
    refused = set_route(setup.member, [target("echo/new")], reason="outage")
    assert refused.status_code == 409
    assert "no override for the role 'member'" in refused.text
    assert set_route(setup.owner, [target("echo/new")], reason="outage").status_code == 200
    decision, rejection = setup.owner.get("/api/v1/evals/gates/decisions").json()
    assert (rejection["passed"], rejection["decided_by"], rejection["candidate"]) == (False, "member", "echo/new")
    assert [one["kind"] for one in rejection["requirements"] if not one["passed"]] == ["approval"]
    assert decision["override"] == {"reason": "outage", "by": "owner", "role": "owner"}


def test_rejections_are_stored_although_the_change_is_rolled_back(setup: Setup) -> None:
    path = "/api/v1/evals/gates/decisions"
    for _ in range(2):  # the same rejection twice in a row is stored once
        assert set_route(setup.member, [*OLD, target("echo/new")]).status_code == 409
    assert set_route(setup.owner, [*OLD, target("echo/new")]).status_code == 409
    found = setup.member.get(f"{path}?passed=false").json()
    assert [(one["decided_by"], one["passed"]) for one in found] == [("owner", False), ("member", False)]
    assert setup.member.get(f"{path}/{found[0]['id']}").json() == found[0]
    assert setup.member.get(f"{path}?passed=true").json() == []
    assert "echo/new" not in setup.member.get("/api/v1/gateway/routes/triage").text


def test_a_check_lists_what_is_missing_with_the_commands_and_changes_nothing(setup: Setup) -> None:
    requirements = {
        "suites": ["support"],
        "calibrated_judges": True,
        "commercial_use": True,
        "parity": True,
        "data_health": True,
        "approvals": {"owner": 1},
    }
    body = {"kind": "model_alias", "pattern": "triage:prod", "requirements": requirements}
    setup.owner.put("/api/v1/evals/gates/policies/models", json=body)
    request = {"subject": {"kind": "model_alias", "name": "triage:prod"}, "candidate": "triage@2"}
    decision = setup.member.post("/api/v1/evals/gates/check", json=request).json()
    missing = {one["kind"]: one["command"] for one in decision["requirements"] if not one["passed"]}
    assert set(missing) == {"suite", "licence", "parity", "approval"}
    assert missing["parity"] == f"vong serving deploy triage --model {setup.versions[1]}"
    assert missing["approval"] == f"vong evals gates approve model_alias triage:prod {setup.versions[1]}"
    assert (decision["passed"], decision["id"], decision["policies"]) == (False, None, ["models@2"])
    assert setup.member.get("/api/v1/evals/gates/decisions").json() == []


def test_a_gate_that_closes_during_a_canary_stops_the_promotion(setup: Setup) -> None:
    path = "/api/v1/evals/gates/policies/routes"
    setup.owner.delete(path)
    canary = setup.member.post("/api/v1/loop/canaries", json={**RELEASE, "share": 0.5}).json()
    body = {"kind": "route", "pattern": "triage", "requirements": {"approvals": {"owner": 1}}}
    setup.owner.put(path, json=body)
    decision = {"verdict": "promote", "reason": "looks good"}
    assert setup.member.post(f"/api/v1/loop/canaries/{canary['id']}/decision", json=decision).status_code == 409
    rollback = {"verdict": "roll_back", "reason": "gate closed"}
    assert setup.member.post(f"/api/v1/loop/canaries/{canary['id']}/decision", json=rollback).status_code == 200


def test_without_a_policy_prod_needs_evidence_or_a_reason(setup: Setup) -> None:
    setup.owner.delete("/api/v1/evals/gates/policies/models")
    path = "/api/v1/registry/models/triage/aliases/prod"
    refused = setup.member.put(path, json={"model": "1"})
    assert (refused.status_code, "without evidence" in refused.text) == (409, True)
    assert setup.member.put(path, json={"model": "1", "reason": "the first one"}).json()["reason"] == "the first one"
    assert setup.member.put(path, json={"model": "2", "evidence": {"run": "a"}}).json()["evidence"] == {"run": "a"}


def test_only_gated_functions_call_the_unchecked_ones() -> None:
    callers: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        where = file.relative_to(PACKAGE).as_posix()
        if where.startswith(("client/", "cli/")):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in UNCHECKED:
                callers.add(where)
    assert callers - ALLOWED_CALLERS == set()
