"""Login of a browser: cookie, same-origin check, project of the session, and model calls."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from vong import access
from vong.api import app as rest
from vong.api.asgi import create_served_application
from vong.app import Platform
from vong.config import ProviderSettings, Settings
from vong.store.database import Database

PASSWORD = "a long enough secret"
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
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
    with TestClient(create_served_application(platform).app, base_url="http://console.test") as client:
        yield client


def sign_in(console: TestClient, email: str = "owner@localhost", password: str = PASSWORD) -> Any:
    return console.post("/api/v1/access/session", json={"email": email, "password": password}, headers=SAME_ORIGIN)


def test_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(console: TestClient) -> None:
    answer = sign_in(console)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"] | {"id": ""} == {"id": "", "email": "owner@localhost", "role": "owner"}
    assert answer.json()["project"]["name"] == "default"
    assert [one["name"] for one in answer.json()["projects"]] == ["default", "other"]
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=2592000"))
    assert "secure" not in cookie
    assert console.get("/api/v1/access/session").json() == answer.json()


def test_the_cookie_is_secure_if_the_server_uses_https(console: TestClient) -> None:
    console.base_url = "https://console.test"
    assert "secure" in sign_in(console).headers["set-cookie"].lower()


def test_requests_without_a_session_return_401(console: TestClient) -> None:
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
def test_write_requests_with_a_cookie_require_the_same_origin(
    console: TestClient, headers: dict[str, str], status: int
) -> None:
    sign_in(console)
    answer = console.post("/api/v1/access/keys", json={"name": "made"}, headers=headers)
    assert answer.status_code == status, answer.text
    assert status != 403 or answer.json()["code"] == "cross_site"
    names = [key["name"] for key in console.get("/api/v1/access/keys").json()]
    assert ("made" in names) is (status == 201)


def test_another_site_cannot_log_in_its_own_account(console: TestClient) -> None:
    body = {"email": "owner@localhost", "password": PASSWORD}
    answer = console.post("/api/v1/access/session", json=body, headers={"origin": "http://evil.test"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_a_session_reads_only_its_own_project(console: TestClient) -> None:
    sign_in(console)
    assert [key["name"] for key in console.get("/api/v1/access/keys").json()] == ["mine"]
    switched = console.put("/api/v1/access/session", json={"project": "other"}, headers=SAME_ORIGIN)
    assert switched.json()["project"]["name"] == "other"
    assert console.get("/api/v1/access/keys").json() == []
    assert console.get("/api/v1/access/session").json()["project"]["name"] == "other"
    unknown = console.put("/api/v1/access/session", json={"project": "othr"}, headers=SAME_ORIGIN)
    assert (unknown.status_code, "did you mean 'other'" in unknown.json()["hint"]) == (404, True)


def test_logout_ends_the_session_on_the_server(console: TestClient) -> None:
    sign_in(console)
    token = console.cookies["vong_session"]
    assert console.delete("/api/v1/access/session", headers=SAME_ORIGIN).status_code == 204
    assert "vong_session" not in console.cookies
    assert console.get("/api/v1/access/session", headers={"cookie": f"vong_session={token}"}).status_code == 401


def test_a_viewer_can_read_log_out_and_change_only_their_own_password(console: TestClient) -> None:
    sign_in(console, "viewer@localhost")
    assert console.get("/api/v1/access/keys").status_code == 200
    assert [one["name"] for one in console.get("/api/v1/access/projects").json()] == ["default"]
    assert console.post("/api/v1/access/keys", json={"name": "x"}, headers=SAME_ORIGIN).json()["code"] == "forbidden"
    assert console.get("/api/v1/access/users").status_code == 403
    assert console.post("/v1/chat/completions", json=CHAT, headers=SAME_ORIGIN).status_code == 403
    change = {"current": PASSWORD, "new": "another secret"}
    assert console.put("/api/v1/access/password", json=change, headers=SAME_ORIGIN).status_code == 204
    assert console.delete("/api/v1/access/session", headers=SAME_ORIGIN).status_code == 204


def test_too_many_failures_return_429_with_retry_after(console: TestClient) -> None:
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
    answer = console.post("/v1/chat/completions", json=CHAT, headers=SAME_ORIGIN)
    assert answer.status_code == 200, answer.text
    assert "xin chào" in answer.json()["choices"][0]["message"]["content"]
    streamed = console.post("/v1/chat/completions", json={**CHAT, "stream": True}, headers=SAME_ORIGIN)
    assert "data: [DONE]" in streamed.text
    assert console.get("/v1/models").status_code == 200
    console.cookies.clear()
    assert console.post("/v1/chat/completions", json=CHAT, headers=SAME_ORIGIN).status_code == 401


def test_an_owner_manages_accounts_and_projects(console: TestClient) -> None:
    sign_in(console)
    new_user = {"email": "ann@example.org", "projects": ["other"]}
    created = console.post("/api/v1/access/users", json=new_user, headers=SAME_ORIGIN).json()
    assert created["user"]["projects"] == ["other"]
    assert console.post("/api/v1/access/projects", json={"name": "third"}, headers=SAME_ORIGIN).status_code == 201
    assert len(console.get("/api/v1/access/projects").json()) == 3
    reset = console.put("/api/v1/access/users/ann@example.org/password", json={}, headers=SAME_ORIGIN).json()
    assert reset["password"] != created["password"]
    assert sign_in(console, "ann@example.org", created["password"]).status_code == 401
    assert sign_in(console, "ann@example.org", reset["password"]).json()["project"]["name"] == "other"
    sign_in(console)
    assert console.delete("/api/v1/access/users/ann@example.org", headers=SAME_ORIGIN).status_code == 200
    assert len(console.get("/api/v1/access/users").json()) == 2
