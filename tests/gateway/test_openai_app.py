"""Routes under `/v1` that the protocol of model calls leaves to the Starlette application."""

import time

import httpx
import pytest

from tests.running_vong import eventually

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
