"""`vong gateway`: routes, providers, limits, usage, batches, and calls."""

from vong.cli.gateway import batches, calls, limits, providers, routes, usage
from vong.cli.gateway.group import group

__all__ = ["batches", "calls", "group", "limits", "providers", "routes", "usage"]
