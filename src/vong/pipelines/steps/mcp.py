"""Step `mcp`: a tool of an MCP server, or the list of its tools, over streamable HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.errors import UpstreamFailed, VongError
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.http_access import check_url, checked_transport
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, Template, no_ports
from vong.pipelines.steps.http import read_headers

CALL_TIMEOUT_SECONDS = 120.0
MAX_TOOL_PAGES = 20
"""Pages of a list of tools that are read. Later ones are left out."""


class McpConfig(StepConfig):
    """Settings of a tool call. Without a tool, the step lists the tools of the server."""

    server: str = Field(min_length=1, description="URL of the MCP server.")
    tool: str | None = Field(default=None, min_length=1, description="Name of the tool. Without one: list the tools.")
    arguments: dict[str, Any] | Template = {}
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = Field(default={}, description="Header: name of a stored secret.")


class McpStep:
    """Tool of an MCP server."""

    Config: ClassVar[type[StepConfig]] = McpConfig
    span_kind: ClassVar[str] = "tool"

    def outputs(self, config: McpConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs: the texts as one, the content, and the structured content."""
        del config, types_
        return {"text": types.STRING, "content": types.array_of(types.OBJECT), "data": types.ANY}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: McpConfig) -> StepResult:
        """Call the tool, or list the tools."""
        check_url(config.server, context.services.allowed_hosts)
        headers = await read_headers(context, config.server, config.headers, config.secret_headers)
        allowed = context.services.allowed_hosts
        if config.tool is None:
            tools = await _connect(config, headers, allowed, _list_tools)
            return StepResult({"text": json.dumps(tools, ensure_ascii=False), "content": [], "data": {"tools": tools}})
        context.attributes["gen_ai.tool.name"] = name = config.tool
        arguments = config.arguments if isinstance(config.arguments, dict) else {}
        result = await _connect(config, headers, allowed, lambda client: client.call_tool(name, arguments))
        content = [block.model_dump(mode="json", exclude_none=True, by_alias=True) for block in result.content]
        text = "\n".join(str(block.get("text", "")) for block in content if block.get("type") == "text")
        if result.is_error:
            raise UpstreamFailed(f"the tool {config.tool!r} failed: {text[:500]}", "fix the arguments")
        return StepResult({"text": text, "content": content, "data": result.structured_content})


async def _list_tools(client: Any) -> list[dict[str, Any]]:
    """Return the name, the description and the schema of the arguments of each tool."""
    tools: list[dict[str, Any]] = []
    cursor = None
    for _ in range(MAX_TOOL_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += [
            {"name": one.name, "description": one.description or "", "arguments": one.input_schema}
            for one in page.tools
        ]
        cursor = page.next_cursor
        if cursor is None:
            break
    return tools


async def _connect(
    config: McpConfig,
    headers: dict[str, str],
    allowed_hosts: frozenset[str],
    use: Callable[[Any], Awaitable[Any]],
) -> Any:
    """Connect to the server and return the result of `use`.

    Raises: UpstreamFailed if the server cannot be reached, or refuses the request.
    """
    import httpx2
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(
        transport=checked_transport(httpx2, allowed_hosts),
        headers=headers,
        timeout=httpx2.Timeout(30.0, read=CALL_TIMEOUT_SECONDS),
    )
    try:
        async with http, Client(streamable_http_client(config.server, http_client=http)) as client:
            return await use(client)
    except (VongError, asyncio.CancelledError):
        raise
    # The boundary of a library: it raises groups of errors of several libraries.
    except Exception as error:  # noqa: BLE001
        cause = _find_cause(error)
        if isinstance(cause, VongError):
            raise cause from None
        what = f"the tool {config.tool!r}" if config.tool else "the list of tools"
        message = f"{what} of {config.server[:200]} failed: {str(cause)[:500] or type(cause).__name__}"
        raise UpstreamFailed(message, "check the URL, the name and the arguments of the tool") from None


def _find_cause(error: BaseException) -> BaseException:
    """Return the first error within groups of errors."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error
