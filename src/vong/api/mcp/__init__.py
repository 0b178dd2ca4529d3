"""Serve knowledge bases over the Model Context Protocol (MCP) at `/mcp`: search, fetch and ask as tools.

The transport is streamable HTTP without sessions, so that any server process can handle any request. May import
`vong.api.http`, `vong.api.openai` (authentication) and `vong.app`.
"""

from vong.api.mcp.app import create_mcp_app

__all__ = ["create_mcp_app"]
