"""`vong gateway`: routes, providers, limits, usage, and calls."""

from vong.cli.gateway import calls, limits, providers, routes, usage
from vong.cli.gateway.group import group

__all__ = ["calls", "group", "limits", "providers", "routes", "usage"]
