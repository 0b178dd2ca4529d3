"""Routes under `/v1` that the protocol of model calls leaves to the Starlette application."""

import asyncio
import time
from unittest.mock import Mock
from uuid import UUID

import httpx
import pytest
from starlette.routing import Route

from tests.running_vong import eventually
from vong.api.openai import create_openai_app
from vong.api.openai.openapi import build_openapi
from vong.errors import NotFound
from vong.gateway.endpoints import response_store
from vong.records import Span

from .conftest import Server
from .test_listener import body_of, connected, request


@pytest.fixture
def http(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, trust_env=False)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_disconnect_cancels_a_call_with_a_query_string(server: Server, stream: bool) -> None:
    body = body_of("hello", model="echo/echo?first=30", stream=stream)
    with connected(server) as connection:
        connection.sendall(request(server, body).replace(b"/v1/chat/completions", b"/v1/chat/completions?a=1", 1))
        time.sleep(0.3)
    eventually(lambda: len(server.spans()) == 1, 10)
    assert server.span().status == "error"


def test_a_wrong_method_names_the_allowed_methods(http: httpx.Client) -> None:
    for method, path, hint in (
        ("GET", "/v1/embeddings", "send a POST"),
        ("POST", "/v1/models", "send a GET"),
        ("PUT", "/v1/files", "send a GET or a POST"),
        ("POST", "/v1/responses/resp_1", "send a DELETE or a GET"),
    ):
        response = http.request(method, path)
        assert response.status_code == 405 and response.json()["error"]["message"].endswith(hint)
        assert set(hint.replace("send a ", "").split(" or a ")) == set(response.headers["allow"].split(", ")) - {"HEAD"}


@pytest.mark.parametrize("path", ["/v1/", "/v1/files/", "/v1/chat/completions/", "/v1/responses/resp_1/other"])
def test_an_unknown_path_is_not_redirected(http: httpx.Client, path: str) -> None:
    response = http.get(path)
    assert response.status_code == 404 and response.json()["error"]["code"] == "unknown_url"


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/messages?beta=true"])
def test_errors_have_anthropics_format(http: httpx.Client, path: str) -> None:
    response = http.post(path, content=b" " * 200_000)
    assert response.status_code == 413 and response.headers["connection"] == "close"
    assert response.json()["error"]["type"] == "request_too_large"
    assert http.get(path).json()["type"] == "error"


def test_a_large_file_is_stored_and_returned_unchanged(http: httpx.Client) -> None:
    content = b"0123456789" * 300_000
    uploaded = http.post("/v1/files", data={"purpose": "batch"}, files={"file": ("a.jsonl", content)})
    assert uploaded.json()["bytes"] == len(content)
    assert http.get(f"/v1/files/{uploaded.json()['id']}/content").content == content


@pytest.mark.parametrize("id", ["file-abc123", "file-", "batch_1", "x", "file-69fd36a24ae48190b6fbb8a9cb0f0b9z", "é"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/files/{}"),
        ("DELETE", "/v1/files/{}"),
        ("GET", "/v1/files/{}/content"),
        ("GET", "/v1/batches/{}"),
        ("POST", "/v1/batches/{}/cancel"),
    ],
)
def test_an_id_of_another_server_is_not_found(http: httpx.Client, method: str, path: str, id: str) -> None:
    response = http.request(method, path.format(id))
    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (404, "id", "not_found")
    assert id in error["message"]


def test_a_batch_of_an_unknown_file_is_not_found(http: httpx.Client) -> None:
    for id in ("file-abc123", f"file-{'0' * 32}"):
        body = {"input_file_id": id, "endpoint": "/v1/embeddings", "completion_window": "24h"}
        assert http.post("/v1/batches", json=body).status_code == 404


def test_models_are_listed_once_with_a_time(http: httpx.Client, server: Server) -> None:
    server.client.gateway.set_route("triage", {"echo/echo": 1})
    models = {model["id"]: model for model in http.get("/v1/models").json()["data"]}
    names = [model["id"] for model in http.get("/v1/models").json()["data"]]
    assert len(set(names)) == len(names) and "local/all-minilm-l6-v2" not in names
    assert not [name for name in names if name.startswith("faults/")]
    assert all(0 < time.time() - model["created"] < 10**6 for model in models.values())
    created = server.client.gateway.route("triage").created_at
    assert created and models["triage"]["created"] == int(created.timestamp())
    for name in ("local/all-minilm-l6-v2", "all-minilm-l6-v2", "triage"):
        assert http.get(f"/v1/models/{name}").json()["id"] == name


def test_input_tokens_of_responses_are_counted(http: httpx.Client) -> None:
    first = http.post("/v1/responses", json={"model": "echo/echo", "input": "one two three " * 20}).json()
    ask = {"model": "echo/echo", "input": "four"}
    counted = http.post("/v1/responses/input_tokens", json=ask).json()
    assert counted["object"] == "response.input_tokens" and 0 < counted["input_tokens"] < 20
    tool = {
        "type": "function",
        "name": "look",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
    }
    for more in ({"previous_response_id": first["id"]}, {"instructions": "Be brief. " * 10}, {"tools": [tool]}):
        longer = http.post("/v1/responses/input_tokens", json={**ask, **more}).json()
        assert longer["input_tokens"] > counted["input_tokens"], more


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_input"),
        ({"model": 1}, 400, "invalid_input"),
        ({"model": "echo/echo", "input": [{"role": "user", "content": 5}]}, 400, "invalid_input"),
        ({"model": "nope/none", "input": "x"}, 404, "model_not_found"),
        ({"model": "echo/echo", "input": "x", "previous_response_id": "resp_1"}, 400, "previous_response_not_found"),
        (None, 400, "invalid_input"),
        ([], 400, "invalid_input"),
    ],
)
def test_a_wrong_request_for_input_tokens_is_refused(http: httpx.Client, body: object, status: int, code: str) -> None:
    response = http.post("/v1/responses/input_tokens", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(("path", "said"), [("resp_1/cancel", "cancelling"), ("compact", "compacting")])
def test_what_responses_do_not_offer_is_named(http: httpx.Client, path: str, said: str) -> None:
    error = http.post(f"/v1/responses/{path}", json={}).json()["error"]
    assert error["code"] == "unknown_url" and said in error["message"] and "is not offered" in error["message"]


def test_every_route_is_described(server: Server) -> None:
    app = create_openai_app(server.platform, server.platform.gateway or Mock())
    described = {(path, way) for path, ways in build_openapi()["paths"].items() for way in ways}
    undescribed = {"/v1/openapi.json", "/v1/responses/compact", "/v1/responses/{id}/cancel"}
    routes = [route for route in app.routes if isinstance(route, Route) and route.path not in undescribed]
    served = {
        (route.path.replace(":path", ""), method.lower())
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == described
    for ways in build_openapi()["paths"].values():
        for operation in ways.values():
            assert {"400", "401", "403", "404", "429", "500", "503"} <= set(operation["responses"])
            assert [*operation["security"]] == [{"bearer": []}, {"x-api-key": []}, {"api-key": []}]


def test_only_a_recent_id_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = list[UUID]()
    monkeypatch.setattr(response_store, "WRITE_TIMEOUT_SECONDS", 0.2)

    def find(project_id: UUID, span_id: UUID) -> Span:
        searches.append(span_id)
        raise NotFound("no", "")

    def wait_for(age: float) -> int:
        searches.clear()
        id = UUID(int=int((time.time() - age) * 1000) << 80)
        with pytest.raises(response_store.ResponseNotFound):
            asyncio.run(response_store.find_response(find, UUID(int=0), f"resp_{id.hex}"))
        return len(searches)

    assert [wait_for(age) for age in (-1e9, -100.0, -2.0, 1.0, 3600.0)] == [1] * 5
    assert wait_for(0.0) > 1 and wait_for(-0.5) > 1
