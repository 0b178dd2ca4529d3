"""`vong gateway`: routes, providers, limits, guards, usage, kept answers, and calls."""

from vong.cli.gateway import cache, calls, guards, limits, providers, routes, usage
from vong.cli.gateway.group import group

__all__ = ["cache", "calls", "group", "guards", "limits", "providers", "routes", "usage"]
