"""Published pipelines as tools of the MCP server."""

from typing import Any

import httpx

from tests.gateway.conftest import Server
from vong import access
from vong.records.key_scope import KeyScope


def call(server: Server, method: str, params: dict[str, Any] | None = None, key: str | None = None) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    headers = {"Authorization": f"Bearer {key or server.key}", "Accept": "application/json, text/event-stream"}
    return httpx.post(f"{server.url}/mcp", json=message, headers=headers, timeout=30).json()


def test_pipeline_is_a_tool_with_the_schema_of_its_inputs(server: Server) -> None:
    tools = {tool["name"]: tool for tool in call(server, "tools/list")["result"]["tools"]}
    tool = tools["pipeline_support"]
    assert tool["description"] == "Answers questions"
    assert tool["inputSchema"]["required"] == ["question"]
    assert tool["inputSchema"]["properties"]["tone"]["default"] == "formal"
    result = call(server, "tools/call", {"name": "pipeline_support", "arguments": {"question": "hi", "tone": "kind"}})
    content = result["result"]
    assert content["content"][0]["text"] == "hi (kind)" and not content["isError"]
    assert content["structuredContent"]["outputs"] == {"answer": "hi (kind)"}


def test_errors_are_results_and_unknown_tools_errors(server: Server) -> None:
    failed = call(server, "tools/call", {"name": "pipeline_support", "arguments": {"mood": "good"}})["result"]
    assert failed["isError"] and "mood" in failed["content"][0]["text"]
    assert "no tool" in call(server, "tools/call", {"name": "pipeline_missing"})["error"]["message"]


def test_scope_and_role_apply(server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        other = access.create_key(connection, "mcp-other", scope=KeyScope(models=("echo/*",))).secret
        viewer = access.create_key(connection, "mcp-viewer", role="viewer").secret
    tools = call(server, "tools/list", key=other)["result"]["tools"]
    assert "pipeline_support" not in {tool["name"] for tool in tools}
    params = {"name": "pipeline_support", "arguments": {"question": "hi"}}
    assert "no tool" in call(server, "tools/call", params, key=other)["error"]["message"]
    assert call(server, "tools/call", params, key=viewer)["result"]["isError"]
