"""Check the texts of model calls with guards, one small file per guard.

In: the texts of a request and of its response. Out: the same texts without anything that a guard forbids, and the
outcome of each guard. A detection is blocked, masked, flagged, or makes the model answer again.

May import `gateway.upstream`, `gateway.providers` and `gateway.endpoints`.
"""

from vong.gateway.guards.base import Guard, GuardDependencies, SpanGuard

__all__ = ["Guard", "GuardDependencies", "SpanGuard"]
