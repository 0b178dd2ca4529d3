"""Commands of `vong gateway`: routes, providers, limits, guards, usage, response cache, batches and calls.

May import `client`, `records`, `errors` and the shared modules of `cli`.
"""

from vong.cli.gateway import batches, cache, calls, guards, limits, prices, providers, routes, shadow, targets, usage
from vong.cli.gateway.group import group

__all__ = [
    "batches",
    "cache",
    "calls",
    "group",
    "guards",
    "limits",
    "prices",
    "providers",
    "routes",
    "shadow",
    "targets",
    "usage",
]
