"""MCP server at `/mcp` with the unmodified client of the MCP SDK, and with plain requests."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from vong import access
from vong.knowledge.documents import store_document
from vong.records.key_scope import KeyScope

from .conftest import Server
from .ingestion import ingest

REFUNDS = b"# Refunds\n\nA refund for a duplicate charge is paid back within five working days."
ROUTER = b"# Router\n\nHold the reset button for ten seconds until the light blinks blue."


@pytest.fixture(scope="module")
def filled(module_server: Server) -> Iterator[Server]:
    """Return the server with two knowledge bases."""
    for base, path, content in (("handbook", "refunds.md", REFUNDS), ("hardware", "router.md", ROUTER)):
        blob = module_server.platform.blobs.put(content)
        with module_server.platform.scope(module_server.project_id) as connection:
            store_document(connection, base, path, blob)
    ingest(module_server)
    yield module_server


def connect(server: Server, query: str = "", **options: Any) -> Client:
    """Return a client of the MCP SDK."""
    http = httpx2.AsyncClient(headers={"authorization": f"Bearer {options.pop('key', server.key)}"}, timeout=30)
    return Client(streamable_http_client(f"{server.url}/mcp{query}", http_client=http), **options)


def content_of(result: Any) -> dict[str, Any]:
    """Return the structured content of a result, which its text repeats."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


@pytest.mark.asyncio
@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_documents_are_searched_and_fetched(filled: Server, mode: Any) -> None:
    async with connect(filled, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["search", "fetch", "ask"]
        (found, *_) = content_of(await client.call_tool("search", {"query": "duplicate charge", "limit": 1}))["results"]
        assert (found["title"], found["base"]) == ("Refunds", "handbook")
        assert found["url"].startswith("http")
        document = content_of(await client.call_tool("fetch", {"id": found["id"]}))
        assert "five working days" in document["text"]
        assert set(document) == {"id", "title", "text", "url", "metadata"}
        assert document["metadata"]["path"] == "refunds.md"


@pytest.mark.asyncio
async def test_documents_are_resources(filled: Server) -> None:
    async with connect(filled) as client:
        listed = (await client.list_resources()).resources
        assert {resource.name for resource in listed} == {"handbook/refunds.md", "hardware/router.md"}
        (text,) = (await client.read_resource(listed[0].uri)).contents
        assert "text" in text.model_dump()
        with pytest.raises(MCPError, match="no resource has the URI"):
            await client.read_resource("vong://documents/unknown")


@pytest.mark.asyncio
async def test_an_address_binds_the_client_to_one_base(filled: Server) -> None:
    async with connect(filled, "?base=hardware") as client:
        results = content_of(await client.call_tool("search", {"query": "refund"}))["results"]
        assert {result["base"] for result in results} == {"hardware"}
        refused = await client.call_tool("search", {"query": "refund", "base": "handbook"})
        assert refused.is_error
        assert "serves the knowledge base 'hardware' only" in str(refused.content)


@pytest.mark.asyncio
async def test_errors_of_tools_are_results_and_unknown_tools_are_errors(filled: Server) -> None:
    async with connect(filled) as client:
        for name, arguments, message in (
            ("search", {"query": " "}, "query is missing or empty"),
            ("search", {"query": "x", "limit": 99}, "limit is 99"),
            ("search", {"query": "x", "base": "handbok"}, "no knowledge base is named 'handbok'"),
            ("fetch", {"id": "doc_1"}, "no document has the id 'doc_1'"),
            ("ask", {"question": "x", "base": "handbook"}, "the argument model is missing"),
        ):
            result = await client.call_tool(name, arguments)
            assert result.is_error
            assert message in str(result.content)
        with pytest.raises(MCPError, match="there is no tool 'delete'"):
            await client.call_tool("delete", {})


@pytest.mark.asyncio
async def test_the_scope_of_a_key_limits_the_bases(filled: Server) -> None:
    with filled.platform.scope(filled.project_id) as connection:
        key = access.create_key(connection, "mcp-scoped", scope=KeyScope(bases=("hardware",))).secret
        refused = access.create_key(connection, "mcp-refused", scope=KeyScope(endpoints=("chat",))).secret
    async with connect(filled, key=key) as client:
        results = content_of(await client.call_tool("search", {"query": "refund"}))["results"]
        assert {result["base"] for result in results} == {"hardware"}
        assert (await client.call_tool("search", {"query": "refund", "base": "handbook"})).is_error
    assert post(filled, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, key=refused).status_code == 403


def post(server: Server, body: Any, key: str | None = None, **headers: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key or server.key}", "accept": "application/json", **headers}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{server.url}/mcp", content=content, headers=headers)


def test_versions_are_negotiated(filled: Server) -> None:
    def initialize(version: str) -> str:
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        reply = post(filled, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
        assert "mcp-session-id" not in reply.headers
        return reply.json()["result"]["protocolVersion"]

    assert initialize("2024-11-05") == "2024-11-05"
    assert initialize("2025-06-18") == "2025-06-18"
    assert initialize("1999-01-01") == "2025-11-25"
    reply = post(filled, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, **{"mcp-protocol-version": "1999-01-01"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, -32022)
    assert "2025-11-25" in reply.json()["error"]["data"]["supported"]


def test_batches_notifications_and_malformed_bodies(filled: Server) -> None:
    ping = {"jsonrpc": "2.0", "id": "a", "method": "ping"}
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert post(filled, notification).status_code == 202
    batch = post(filled, [ping, notification, {"jsonrpc": "2.0", "id": 2, "method": "nothing"}]).json()
    assert batch[0] == {"jsonrpc": "2.0", "id": "a", "result": {}}
    assert batch[1]["error"]["code"] == -32601
    assert post(filled, [ping], **{"mcp-protocol-version": "2025-06-18"}).json()["error"]["code"] == -32600
    for body, code in ((b"{", -32700), (b"[]", -32600), ({"id": 1}, -32600), ({**ping, "params": []}, -32602)):
        reply = post(filled, body)
        assert (reply.status_code in (200, 400), reply.json()["error"]["code"]) == (True, code)
    stateless = post(filled, {**ping, "method": "tools/list"}, **{"mcp-protocol-version": "2026-07-28"})
    assert (stateless.status_code, stateless.json()["error"]["code"]) == (400, -32602)


def test_other_methods_and_missing_keys_are_rejected(filled: Server) -> None:
    for method in ("GET", "DELETE"):
        reply = httpx.request(method, f"{filled.url}/mcp", headers={"authorization": f"Bearer {filled.key}"})
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    reply = httpx.post(f"{filled.url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, 'Bearer realm="vong"')


def test_a_client_that_accepts_only_events_gets_one(filled: Server) -> None:
    reply = post(filled, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, accept="text/event-stream")
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert json.loads(reply.text.partition("data: ")[2])["result"] == {}
