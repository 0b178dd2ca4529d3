"""Pages of other origins: off by default, and with a list of origins for `/v1` and `/api`."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from tests.conftest import fresh_database
from vong.app import Platform
from vong.config import Settings, load_settings
from vong.errors import Misconfigured

from .conftest import Server, create_settings, project_server, serving

ORIGIN = "http://localhost:3000"
BODY = {"model": "echo/echo", "messages": [{"role": "user", "content": "hello"}]}
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,x-stainless-os"}
PATHS = ["/v1/chat/completions", "/v1/messages", "/openai/v1/responses", "/api/v1/gateway/routes", "/v1/nothing"]


@pytest.fixture(scope="module")
def cors_server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fresh_database(postgres_url) as url:
        settings = create_settings(tmp_path_factory.mktemp("cors"), url, 9)
        settings = settings.model_copy(update={"cors_origins": (ORIGIN, "https://app.example")})
        with serving(Platform(settings)) as running, project_server(running) as server:
            yield server


def client_of(server: Server, origin: str) -> httpx.Client:
    headers = {"origin": origin, "authorization": f"Bearer {server.key}"}
    return httpx.Client(base_url=server.url, headers=headers, trust_env=False)


@pytest.mark.parametrize("path", PATHS)
def test_without_the_setting_no_page_may_read_a_response(module_server: Server, path: str) -> None:
    with client_of(module_server, ORIGIN) as http:
        assert http.options(path, headers=PREFLIGHT).status_code in (404, 405)
        for answer in (http.post(path, json=BODY), http.get(path), http.options(path, headers=PREFLIGHT)):
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [ORIGIN, "https://app.example"])
def test_a_page_of_a_listed_origin_may_call_the_api(cors_server: Server, path: str, origin: str) -> None:
    with client_of(cors_server, origin) as http:
        preflight = http.options(path, headers=PREFLIGHT)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == origin
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["access-control-allow-headers"] == PREFLIGHT["access-control-request-headers"]
        for answer in (http.post(path, json=BODY), http.get(path)):
            assert answer.headers["access-control-allow-origin"] == origin
            assert "x-vong-span-id" in answer.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in answer.headers


def test_calls_of_pages_are_answered_whole_streamed_and_with_errors(cors_server: Server) -> None:
    with client_of(cors_server, ORIGIN) as http:
        for _ in range(3):
            answer = http.post("/v1/chat/completions", json=BODY)
            assert answer.json()["choices"][0]["message"]["content"] == "hello"
            assert answer.headers["access-control-allow-origin"] == ORIGIN
        streamed = http.post("/v1/chat/completions", json={**BODY, "stream": True})
        assert streamed.text.endswith("data: [DONE]\n\n")
        assert streamed.headers["access-control-allow-origin"] == ORIGIN
        refused = http.post("/v1/chat/completions", json=BODY, headers={"authorization": "Bearer no"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)


def test_a_page_of_another_origin_gets_no_permission(cors_server: Server) -> None:
    with client_of(cors_server, "https://other.example") as http:
        assert http.options("/v1/models", headers=PREFLIGHT).status_code == 400
        for answer in (http.post("/v1/chat/completions", json=BODY), http.get("/v1/models")):
            assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers
    with client_of(cors_server, ORIGIN) as http:
        assert "access-control-allow-origin" not in http.get("/health").headers


def test_a_program_without_an_origin_takes_the_fast_path(cors_server: Server) -> None:
    with httpx.Client(base_url=cors_server.url, headers={"x-api-key": cors_server.key}, trust_env=False) as http:
        assert [http.post("/v1/chat/completions", json=BODY).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("origin", ["*", "https://a.example", "http://localhost:3000", "http://[::1]:80"])
def test_origins_are_accepted_as_browsers_send_them(origin: str) -> None:
    assert Settings.model_validate({"cors_origins": [origin]}).cors_origins == (origin,)


@pytest.mark.parametrize(
    "origin", ["", "a.example", "https://a.example/", "https://a/b", "file:///x", "null", "ws://a"]
)
def test_other_origins_are_refused(origin: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        Settings.model_validate({"cors_origins": [origin]})
    monkeypatch.setenv("VONG_CORS_ORIGINS", f'["{origin}"]')
    with pytest.raises(Misconfigured, match="cors_origins"):
        load_settings(home=tmp_path)
