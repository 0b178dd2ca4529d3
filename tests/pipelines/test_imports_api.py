"""Templates, imports and Python objects over the API."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access
from vong.api.http import problems
from vong.api.routes import pipelines_imports, pipelines_versions
from vong.app import Platform
from vong.config import Settings

from .dify_exports import TEXT_INPUT, edge, export, node, start

CALL = {"steps": {"call": {"kind": "call", "function": "a:b"}}, "outputs": {"out": "{{ call.text }}"}}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


def connect(platform: Platform, project_id: UUID, role: str) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for routes in (pipelines_imports.routes, pipelines_versions.routes):
        app.include_router(routes)
    with platform.scope(project_id) as connection:
        secret = access.create_key(connection, role, role=role).secret  # pyright: ignore[reportArgumentType]
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


def test_templates_name_what_is_missing_and_can_be_stored(platform: Platform, project_id: UUID) -> None:
    http = connect(platform, project_id, "owner")
    names = [one["name"] for one in http.get("/api/v1/pipelines/templates").json()]
    assert names == ["handbook-qa", "triage", "extract", "summarise", "agent"]
    found = http.get("/api/v1/pipelines/templates/handbook-qa").json()
    assert [(need["name"], need["available"]) for need in found["needs"]] == [
        ("deployment/small", False),
        ("handbook", False),
    ]
    assert found["needs"][1]["commands"] == ["vong knowledge upload handbook samples/handbook"]
    created = http.post("/api/v1/pipelines", json={"name": "qa", "definition": found["yaml"]})
    assert created.status_code == 201
    assert http.get("/api/v1/pipelines/templates/none").status_code == 404


def test_dify_exports_are_stored_if_wanted(platform: Platform, project_id: UUID) -> None:
    http = connect(platform, project_id, "owner")
    nodes = [start(TEXT_INPUT), node("2", "template-transform", "Say", template="x")]
    text = export(nodes, [edge("1", "2")])
    looked = http.post("/api/v1/pipelines/import-dify", json={"text": text}).json()
    assert looked["version"] is None
    assert looked["is_complete"]
    stored = http.post("/api/v1/pipelines/import-dify", json={"text": text, "name": "say", "store": True}).json()
    assert (stored["version"]["name"], stored["version"]["number"]) == ("say", 1)
    rejected = http.post("/api/v1/pipelines/import-dify", json={"text": "kind: tool"})
    assert (rejected.status_code, rejected.json()["code"]) == (422, "invalid_input")


def test_python_objects_are_for_owners(platform: Platform, project_id: UUID) -> None:
    owner, member = (connect(platform, project_id, role) for role in ("owner", "member"))
    assert owner.get("/api/v1/pipelines/runnables").json() == []
    assert member.get("/api/v1/pipelines/runnables").status_code == 403
    assert owner.post("/api/v1/pipelines", json={"name": "mine", "definition": CALL}).status_code == 201
    assert member.post("/api/v1/pipelines", json={"name": "theirs", "definition": CALL}).status_code == 403
    changed = member.post("/api/v1/pipelines/mine/versions", json={"definition": CALL})
    assert changed.status_code == 403
    assert "calls Python code of the server" in changed.json()["detail"]
