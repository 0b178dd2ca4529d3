"""Azure OpenAI: its client, its paths and its header, against the same server."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from vong.api.openai.azure import DEPLOYMENT_KEY, rewrite_azure_scope

from .conftest import Server

ASK: list[Any] = [{"role": "user", "content": "hello"}]
VERSION = "2024-10-21"


@pytest.fixture(params=["echo/echo", "triage"])
def model(request: pytest.FixtureRequest, module_server: Server) -> str:
    module_server.client.gateway.set_route("triage", {"echo/echo": 1})
    return request.param


@pytest.fixture
def client(module_server: Server) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        azure_endpoint=module_server.url, api_key=module_server.key, api_version=VERSION, max_retries=0
    )


@pytest.fixture
def http(module_server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=module_server.url, headers={"api-key": module_server.key}, trust_env=False) as client:
        yield client


def test_the_client_of_azure_calls_models(client: openai.AzureOpenAI, model: str, module_server: Server) -> None:
    assert client.chat.completions.create(model=model, messages=ASK).choices[0].message.content == "hello"
    stream = client.chat.completions.create(model=model, messages=ASK, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "hello"
    assert client.completions.create(model=model, prompt="hello").choices[0].text
    assert client.embeddings.create(model="echo/echo", input="hello").data
    assert client.responses.create(model=model, input="hello").output_text == "hello"
    assert model in {found.id for found in client.models.list()}
    assert {span.attributes["gen_ai.request.model"] for span in module_server.spans()} >= {model}


def test_a_client_with_a_deployment_needs_no_model(module_server: Server, model: str) -> None:
    client = openai.AzureOpenAI(
        azure_endpoint=module_server.url,
        azure_deployment=model,
        api_key=module_server.key,
        api_version=VERSION,
        max_retries=0,
    )
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=ASK)
    assert answer.choices[0].message.content == "hello"


def test_the_client_of_azure_stores_files_and_batches(client: openai.AzureOpenAI) -> None:
    line = (
        b'{"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": {"model": "echo/echo", "input": "x"}}'
    )
    file = client.files.create(file=("a.jsonl", line), purpose="batch")
    assert client.files.content(file.id).read() == line
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/embeddings", completion_window="24h")
    assert client.batches.retrieve(batch.id).id == batch.id
    client.batches.cancel(batch.id)


def test_the_v1_path_of_azure_is_v1(module_server: Server, model: str) -> None:
    client = openai.OpenAI(base_url=f"{module_server.url}/openai/v1/", api_key=module_server.key, max_retries=0)
    assert client.chat.completions.create(model=model, messages=ASK).choices[0].message.content == "hello"
    assert client.responses.create(model=model, input="hello").output_text == "hello"


def test_errors_are_those_of_openai(client: openai.AzureOpenAI, module_server: Server) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="nope/none", messages=ASK)
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as caught:
        client.images.generate(model="echo/echo", prompt="x")
    assert caught.value.code == "unknown_url"
    wrong = openai.AzureOpenAI(azure_endpoint=module_server.url, api_key="nope", api_version=VERSION, max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        wrong.chat.completions.create(model="echo/echo", messages=ASK)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff", b'{"messages": 1}', b"[" * 100_000])
def test_a_malformed_body_is_an_error_of_the_caller(http: httpx.Client, body: bytes) -> None:
    answer = http.post(f"/openai/deployments/echo/echo/chat/completions?api-version={VERSION}", content=body)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("header", ["api-key", "x-api-key", "Api-Key"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions?a=1", "/v1/messages"])
def test_a_key_may_be_in_any_header(module_server: Server, header: str, path: str) -> None:
    body = {"model": "echo/echo", "messages": ASK, "max_tokens": 5}
    with httpx.Client(base_url=module_server.url, trust_env=False) as http:
        for _ in range(3):  # later calls have a known head
            assert http.post(path, json=body, headers={header: module_server.key}).status_code == 200
            assert http.post(path, json=body, headers={header: "wrong"}).status_code == 401
            assert http.post(path, json=body, headers={header: ""}).status_code == 401
        both = {header: module_server.key, "authorization": "Bearer wrong"}
        assert http.post(path, json=body, headers=both).status_code == 401
        assert http.get("/api/v1/gateway/routes", headers={header: module_server.key}).status_code == 200


@pytest.mark.parametrize(
    ("path", "rewritten", "deployment"),
    [
        ("/openai/deployments/gpt/chat/completions", "/v1/chat/completions", "gpt"),
        ("/openai/deployments/echo/echo/completions", "/v1/completions", "echo/echo"),
        ("/openai/deployments/a b/embeddings", "/v1/embeddings", "a b"),
        ("/openai/deployments/chat/completions/embeddings", "/v1/embeddings", "chat/completions"),
        ("/openai/deployments/gpt/images/generations", "/v1/deployments/gpt/images/generations", None),
        ("/openai/v1/responses", "/v1/responses", None),
        ("/openai/models", "/v1/models", None),
        ("/openai/files/file-1/content", "/v1/files/file-1/content", None),
    ],
)
def test_paths_of_azure_become_paths_under_v1(path: str, rewritten: str, deployment: str | None) -> None:
    scope = rewrite_azure_scope({"path": path, "raw_path": path.encode(), "type": "http"})
    assert (scope["path"], scope.get(DEPLOYMENT_KEY)) == (rewritten, deployment)
