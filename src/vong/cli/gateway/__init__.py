"""`vong gateway`: routes, providers, limits, guards, usage, and calls."""

from vong.cli.gateway import calls, guards, limits, providers, routes, usage
from vong.cli.gateway.group import group

__all__ = ["calls", "group", "guards", "limits", "providers", "routes", "usage"]
