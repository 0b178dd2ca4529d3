"""Step `mcp`: a tool of an MCP server, over streamable HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.errors import UpstreamFailed, VongError
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.http_access import check_url, checked_transport
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, Template, no_ports
from vong.pipelines.steps.http import read_headers

CALL_TIMEOUT_SECONDS = 120.0


class McpConfig(StepConfig):
    """Settings of a tool call."""

    server: str = Field(min_length=1, description="URL of the MCP server.")
    tool: str = Field(min_length=1, description="Name of the tool.")
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
        """Call the tool."""
        check_url(config.server, context.services.allowed_hosts)
        headers = await read_headers(context, config.server, config.headers, config.secret_headers)
        context.attributes["gen_ai.tool.name"] = config.tool
        assert isinstance(config.arguments, dict)
        result = await _call_tool(config, headers, context.services.allowed_hosts)
        content = [block.model_dump(mode="json", exclude_none=True, by_alias=True) for block in result.content]
        text = "\n".join(str(block.get("text", "")) for block in content if block.get("type") == "text")
        if result.is_error:
            raise UpstreamFailed(f"the tool {config.tool!r} failed: {text[:500]}", "fix the arguments")
        return StepResult({"text": text, "content": content, "data": result.structured_content})


async def _call_tool(config: McpConfig, headers: dict[str, str], allowed_hosts: frozenset[str]) -> Any:
    import httpx2
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(
        transport=checked_transport(httpx2, allowed_hosts),
        headers=headers,
        timeout=httpx2.Timeout(30.0, read=CALL_TIMEOUT_SECONDS),
    )
    arguments = config.arguments if isinstance(config.arguments, dict) else {}
    try:
        async with http, Client(streamable_http_client(config.server, http_client=http)) as client:
            return await client.call_tool(config.tool, arguments)
    except (VongError, asyncio.CancelledError):
        raise
    # The boundary of a library: it raises groups of errors of several libraries.
    except Exception as error:  # noqa: BLE001
        cause = _find_cause(error)
        if isinstance(cause, VongError):
            raise cause from None
        message = (
            f"the tool {config.tool!r} of {config.server[:200]} failed: {str(cause)[:500] or type(cause).__name__}"
        )
        raise UpstreamFailed(message, "check the URL, the name and the arguments of the tool") from None


def _find_cause(error: BaseException) -> BaseException:
    """Return the first error within groups of errors."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error
