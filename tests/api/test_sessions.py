"""Signing in as a browser does it: the cookie, the same-origin rule, the project it sees, and the model calls."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from vong import access
from vong.api import app as rest
from vong.api.asgi import create_asgi_app
from vong.app import Platform
from vong.config import ProviderSettings, Settings
from vong.store.database import Database

PASSWORD = "a long enough secret"
HERE = {"sec-fetch-site": "same-origin"}
CHAT = {"model": "echo/echo", "messages": [{"role": "user", "content": "xin chào"}]}


@pytest.fixture
def console(
    database_url: str, database: Database, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    monkeypatch.setattr(rest, "ROUTES", ("access", "sessions", "gateway", "health"))
    with database.owner() as owner:
        access.create_user(owner, "owner@localhost", PASSWORD, "owner")
        here = [access.find_project(owner, "default")]
        access.create_user(owner, "viewer@localhost", PASSWORD, "viewer", projects=here)
        access.create_project(owner, "other")
        access.create_key(owner, "mine", project_id=project_id)
    platform = Platform(Settings(database_url=database_url, providers={"echo": ProviderSettings(kind="echo")}))
    with TestClient(create_asgi_app(platform), base_url="http://console.test") as client:
        yield client


def sign_in(console: TestClient, email: str = "owner@localhost", password: str = PASSWORD) -> Any:
    return console.post("/api/v1/access/session", json={"email": email, "password": password}, headers=HERE)


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(console: TestClient) -> None:
    answer = sign_in(console)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"] | {"id": ""} == {"id": "", "email": "owner@localhost", "role": "owner"}
    assert answer.json()["project"]["name"] == "default"
    assert [one["name"] for one in answer.json()["projects"]] == ["default", "other"]
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=2592000"))
    assert "secure" not in cookie
    assert console.get("/api/v1/access/session").json() == answer.json()


def test_the_cookie_is_secure_by_https(console: TestClient) -> None:
    console.base_url = "https://console.test"
    assert "secure" in sign_in(console).headers["set-cookie"].lower()


def test_without_a_session_the_answer_is_401(console: TestClient) -> None:
    for headers in ({}, {"cookie": "vong_session=vongs-nonsense"}, {"cookie": "vong_session"}):
        answer = console.get("/api/v1/access/session", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    wrong = sign_in(console, password="wrong password")
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://console.test"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://console.test"}, 201),
        ({"sec-fetch-site": "same-origin"}, 201),
        ({"sec-fetch-site": "same-origin", "idempotency-key": "k"}, 201),
        ({"sec-fetch-site": "cross-site", "idempotency-key": "k"}, 403),
    ],
)
def test_a_cookie_changes_things_only_from_a_page_of_this_server(
    console: TestClient, headers: dict[str, str], status: int
) -> None:
    sign_in(console)
    answer = console.post("/api/v1/access/keys", json={"name": "made"}, headers=headers)
    assert answer.status_code == status, answer.text
    assert status != 403 or answer.json()["code"] == "cross_site"
    names = [key["name"] for key in console.get("/api/v1/access/keys").json()]
    assert ("made" in names) is (status == 201)


def test_another_site_cannot_sign_its_own_account_in(console: TestClient) -> None:
    body = {"email": "owner@localhost", "password": PASSWORD}
    answer = console.post("/api/v1/access/session", json=body, headers={"origin": "http://evil.test"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_a_session_reads_its_own_project_and_nothing_of_another(console: TestClient) -> None:
    sign_in(console)
    assert [key["name"] for key in console.get("/api/v1/access/keys").json()] == ["mine"]
    switched = console.put("/api/v1/access/session", json={"project": "other"}, headers=HERE)
    assert switched.json()["project"]["name"] == "other"
    assert console.get("/api/v1/access/keys").json() == []
    assert console.get("/api/v1/access/session").json()["project"]["name"] == "other"
    unknown = console.put("/api/v1/access/session", json={"project": "othr"}, headers=HERE)
    assert (unknown.status_code, "did you mean 'other'" in unknown.json()["hint"]) == (404, True)


def test_signing_out_ends_the_session_on_the_server_too(console: TestClient) -> None:
    sign_in(console)
    token = console.cookies["vong_session"]
    assert console.delete("/api/v1/access/session", headers=HERE).status_code == 204
    assert "vong_session" not in console.cookies
    assert console.get("/api/v1/access/session", headers={"cookie": f"vong_session={token}"}).status_code == 401


def test_a_viewer_looks_signs_out_and_changes_the_own_password_only(console: TestClient) -> None:
    sign_in(console, "viewer@localhost")
    assert console.get("/api/v1/access/keys").status_code == 200
    assert [one["name"] for one in console.get("/api/v1/access/projects").json()] == ["default"]
    assert console.post("/api/v1/access/keys", json={"name": "x"}, headers=HERE).json()["code"] == "forbidden"
    assert console.get("/api/v1/access/users").status_code == 403
    assert console.post("/v1/chat/completions", json=CHAT, headers=HERE).status_code == 403
    change = {"current": PASSWORD, "new": "another secret"}
    assert console.put("/api/v1/access/password", json=change, headers=HERE).status_code == 204
    assert console.delete("/api/v1/access/session", headers=HERE).status_code == 204


def test_too_many_failures_say_when_to_come_back(console: TestClient) -> None:
    for _ in range(10):
        assert sign_in(console, password="wrong password").status_code == 401
    answer = sign_in(console)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(answer.headers["retry-after"]) <= 901
    assert "try again at" in answer.json()["hint"]


def test_the_console_calls_models_with_its_cookie(console: TestClient) -> None:
    sign_in(console)
    assert console.post("/v1/chat/completions", json=CHAT).status_code == 403
    assert console.post("/v1/chat/completions", json=CHAT, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    answer = console.post("/v1/chat/completions", json=CHAT, headers=HERE)
    assert answer.status_code == 200, answer.text
    assert "xin chào" in answer.json()["choices"][0]["message"]["content"]
    streamed = console.post("/v1/chat/completions", json={**CHAT, "stream": True}, headers=HERE)
    assert "data: [DONE]" in streamed.text
    assert console.get("/v1/models").status_code == 200
    console.cookies.clear()
    assert console.post("/v1/chat/completions", json=CHAT, headers=HERE).status_code == 401


def test_an_owner_manages_accounts_and_projects(console: TestClient) -> None:
    sign_in(console)
    wanted = {"email": "ann@example.org", "projects": ["other"]}
    made = console.post("/api/v1/access/users", json=wanted, headers=HERE).json()
    assert made["user"]["projects"] == ["other"]
    assert console.post("/api/v1/access/projects", json={"name": "third"}, headers=HERE).status_code == 201
    assert len(console.get("/api/v1/access/projects").json()) == 3
    reset = console.put("/api/v1/access/users/ann@example.org/password", json={}, headers=HERE).json()
    assert reset["password"] != made["password"]
    assert sign_in(console, "ann@example.org", made["password"]).status_code == 401
    assert sign_in(console, "ann@example.org", reset["password"]).json()["project"]["name"] == "other"
    sign_in(console)
    assert console.delete("/api/v1/access/users/ann@example.org", headers=HERE).status_code == 200
    assert len(console.get("/api/v1/access/users").json()) == 2
