import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from vong import access
from vong.api.http import problems
from vong.api.http.idempotency import IdempotencyMiddleware
from vong.api.routes import access as routes
from vong.app import Platform
from vong.config import Settings
from vong.store.database import Database


@pytest.fixture
def app(database_url: str) -> FastAPI:
    platform = Platform(Settings(database_url=database_url))
    app = FastAPI()
    app.state.platform = platform
    app.add_middleware(IdempotencyMiddleware, platform=platform)
    problems.install_handlers(app)
    app.include_router(routes.routes)
    return app


@pytest.fixture
def client(app: FastAPI, database: Database, project_id: UUID) -> TestClient:
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "owner", role="owner").secret
    return TestClient(app, headers={"authorization": f"Bearer {secret}"})


def create_key(client: TestClient, name: str, key: str) -> Any:
    return client.post("/api/v1/access/projects", json={"name": name}, headers={"idempotency-key": key})


def test_a_repeated_request_returns_the_first_response_and_creates_nothing(client: TestClient) -> None:
    first, again = create_key(client, "ci", "k1"), create_key(client, "ci", "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert [one["name"] for one in client.get("/api/v1/access/projects").json()] == ["default", "ci"]


def test_a_key_of_another_request_is_rejected(client: TestClient) -> None:
    create_key(client, "ci", "k1")
    other = create_key(client, "other", "k1")
    assert other.status_code == 409
    assert other.json()["hint"] == "send a new key with every new request"


def test_a_rejected_request_can_be_fixed_and_sent_again(client: TestClient) -> None:
    assert client.post("/api/v1/access/projects", json={}, headers={"idempotency-key": "k"}).status_code == 422
    assert create_key(client, "ci", "k").status_code == 201


def test_requests_without_a_valid_api_key_reach_the_route(client: TestClient) -> None:
    client.headers["authorization"] = "Bearer nonsense"
    answer = create_key(client, "ci", "k1")
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


def test_concurrent_requests_with_one_key_create_one_record(app: FastAPI, client: TestClient) -> None:
    async def send_both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=client.headers) as http:
            http.headers["idempotency-key"] = "k1"
            return list(
                await asyncio.gather(*(http.post("/api/v1/access/projects", json={"name": "ci"}) for _ in range(4)))
            )

    answers = asyncio.run(send_both())
    assert len({answer.text for answer in answers}) == 1
    assert len(client.get("/api/v1/access/projects").json()) == 2


def test_responses_with_a_secret_are_not_stored(client: TestClient, database: Database) -> None:
    made = client.post("/api/v1/access/keys", json={"name": "ci"}, headers={"idempotency-key": "k1"})
    assert made.status_code == 201
    with database.owner() as owner:
        assert owner.execute(text("SELECT count(*) FROM access_idempotency_keys")).scalar_one() == 0


def test_a_viewer_can_read_but_not_write(client: TestClient) -> None:
    viewer = client.post("/api/v1/access/keys", json={"name": "v", "role": "viewer"}).json()["secret"]
    client.headers["authorization"] = f"Bearer {viewer}"
    assert client.get("/api/v1/access/keys").status_code == 200
    refused = create_key(client, "x", "k9")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
