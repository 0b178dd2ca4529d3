"""Models, files and errors of the API for clients of Anthropic, with the `anthropic` package."""

import json
from typing import Any

import anthropic
import httpx
import pytest

from .conftest import Server
from .fake_upstream import FakeUpstream

ASK: list[Any] = [{"role": "user", "content": "hello"}]


@pytest.fixture
def client(server: Server) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)


def test_models_are_listed_in_pages(client: anthropic.Anthropic, server: Server) -> None:
    for number in range(5):
        server.client.gateway.set_route(f"route-{number}", {"echo/echo": 1})
    everything = [model.id for model in client.models.list(limit=1000)]
    assert [model.id for model in client.models.list(limit=3)] == everything
    first = client.models.list(limit=2)
    assert (first.first_id, first.last_id, first.has_more) == (everything[0], everything[1], True)
    before = client.models.list(limit=2, before_id=everything[4])
    assert [model.id for model in before.data] == everything[2:4] and before.has_more
    assert not client.models.list(limit=2, before_id=everything[2]).has_more
    assert not client.models.list(after_id=everything[-1]).data
    model = client.models.retrieve("echo/echo")
    assert (model.id, model.display_name, model.type, model.created_at.year) == (
        "echo/echo",
        "echo/echo",
        "model",
        1970,
    )


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after_id=nothing", "after_id=a&before_id=b"])
def test_a_malformed_page_is_rejected(server: Server, query: str) -> None:
    headers = {"x-api-key": server.key, "anthropic-version": "2023-06-01"}
    for path in ("models", "messages/batches"):
        response = httpx.get(f"{server.url}/v1/{path}?{query}", headers=headers)
        if query != "after_id=nothing" or path == "models":
            assert response.status_code == 400 and response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda client: client.models.retrieve("nothing"), anthropic.NotFoundError),
        (lambda client: client.messages.batches.retrieve("msgbatch_1"), anthropic.NotFoundError),
        (lambda client: client.beta.files.retrieve_metadata(f"file-{'0' * 32}"), anthropic.NotFoundError),
        (lambda client: client.post("/v1/complete", body={}, cast_to=object), anthropic.NotFoundError),
        (lambda client: client.post("/v1/models", body={}, cast_to=object), anthropic.APIStatusError),
        (lambda client: client.messages.create(model="nothing", max_tokens=5, messages=ASK), anthropic.NotFoundError),
        (lambda client: client.with_options(api_key="wrong").models.list(), anthropic.AuthenticationError),
        (lambda client: client.messages.batches.create(requests=[]), anthropic.BadRequestError),
    ],
)
def test_every_error_has_anthropics_format(client: anthropic.Anthropic, ask: Any, error: Any) -> None:
    with pytest.raises(error) as caught:
        ask(client)
    body: Any = caught.value.body
    assert body["type"] == "error" and body["error"]["type"] and body["error"]["message"]
    assert body["request_id"] == caught.value.response.headers["request-id"] == caught.value.request_id


def test_other_clients_receive_openais_format(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    assert httpx.get(f"{server.url}/v1/models", headers=headers).json()["object"] == "list"
    assert "request_id" not in httpx.get(f"{server.url}/v1/models/nothing", headers=headers).json()
    agent = {"x-api-key": server.key, "user-agent": "Anthropic/Go 1.2.3"}
    assert httpx.get(f"{server.url}/v1/models/nothing", headers=agent).json()["type"] == "error"


def test_files_have_anthropics_format(client: anthropic.Anthropic) -> None:
    first = client.beta.files.upload(file=("note.txt", b"hello", "text/plain"))
    assert (first.filename, first.mime_type, first.size_bytes, first.type) == ("note.txt", "text/plain", 5, "file")
    second = client.beta.files.upload(file=("data", b"{}"))
    assert second.mime_type == "application/octet-stream"
    assert [file.id for file in client.beta.files.list(limit=1)] == [second.id, first.id]
    assert client.beta.files.retrieve_metadata(first.id) == first
    assert client.beta.files.download(first.id).read() == b"hello"
    deleted = client.beta.files.delete(first.id)
    assert (deleted.id, deleted.type) == (first.id, "file_deleted")
    assert [file.id for file in client.beta.files.list()] == [second.id]


def test_files_are_listed_in_both_directions_and_by_id(client: anthropic.Anthropic, server: Server) -> None:
    ids = [client.beta.files.upload(file=(f"{number}.txt", b"hello")).id for number in range(4)][::-1]

    def listed(query: str) -> tuple[list[str], bool]:
        headers = {"x-api-key": server.key, "anthropic-version": "2023-06-01"}
        page = httpx.get(f"{server.url}/v1/files?{query}", headers=headers).json()
        return [file["id"] for file in page["data"]], page["has_more"]

    assert listed("limit=2") == (ids[:2], True)
    assert listed(f"limit=2&after_id={ids[1]}") == (ids[2:], False)
    assert listed(f"limit=2&page=page_{ids[0]}") == (ids[1:3], True)
    assert listed(f"limit=2&before_id={ids[3]}") == (ids[1:3], True)
    assert listed(f"before_id={ids[1]}") == (ids[:1], False)
    assert listed(f"ids={ids[2]}&ids[]=file-nothing") == (ids[2:3], False)


@pytest.mark.parametrize("provider", ["fake", "claude"])
def test_a_file_of_this_server_can_be_part_of_a_message(
    client: anthropic.Anthropic, server: Server, fake: FakeUpstream, provider: str
) -> None:
    def block(kind: str, name: str, content: bytes) -> Any:
        file = client.beta.files.upload(file=(name, content))
        return {"type": kind, "source": {"type": "file", "file_id": file.id}}

    note, image = block("document", "note.txt", "hóa đơn".encode()), block("image", "a.png", b"png")
    result: Any = {"type": "tool_result", "tool_use_id": "t", "content": [note]}
    asked: Any = [*ASK, {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]}]
    asked.append({"role": "user", "content": [result, note, image]})
    client.messages.create(model=f"{provider}/plain", max_tokens=5, messages=asked)
    sent = json.dumps(fake.requests[-1].body, ensure_ascii=False)
    assert sent.count("hóa đơn") == 2 and "cG5n" in sent and "file-" not in sent
    assert client.messages.count_tokens(model=f"{provider}/plain", messages=asked).input_tokens > 10
    stranger_id = f"file-{'0' * 32}"
    for id in (stranger_id, "file-nothing"):
        note["source"]["file_id"] = id
        with pytest.raises(anthropic.NotFoundError, match=id):
            client.messages.create(model=f"{provider}/plain", max_tokens=5, messages=asked[:1] + asked[2:])
    wrong: Any = {"role": "user", "content": [block("image", "note.txt", b"text")]}
    with pytest.raises(anthropic.BadRequestError, match="block of type 'image'"):
        client.messages.create(model=f"{provider}/plain", max_tokens=5, messages=[wrong])


def test_files_of_anthropic_are_left_to_anthropic(client: anthropic.Anthropic, fake: FakeUpstream) -> None:
    block = {"type": "document", "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}}
    asked: Any = [{"role": "user", "content": [block]}]
    client.messages.create(model="claude/plain", max_tokens=5, messages=asked)
    assert fake.requests[-1].body["messages"] == asked


@pytest.mark.parametrize("seconds", ["0", "3599", "7776001", "soon"])
def test_an_invalid_lifetime_of_a_file_is_rejected(server: Server, seconds: str) -> None:
    headers = {"x-api-key": server.key, "anthropic-version": "2023-06-01"}
    form = {"expires_in_seconds": seconds}
    response = httpx.post(f"{server.url}/v1/files", files={"file": ("a", b"b")}, data=form, headers=headers)
    assert response.status_code == 400 and "expires_in_seconds" in response.json()["error"]["message"]
