"""`vong gateway`: routes, providers, limits, usage, kept answers, and calls."""

from vong.cli.gateway import cache, calls, limits, providers, routes, usage
from vong.cli.gateway.group import group

__all__ = ["cache", "calls", "group", "limits", "providers", "routes", "usage"]
