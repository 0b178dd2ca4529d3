"""Guards over the texts of calls, one small file each: what they find is blocked, masked, flagged, or asked anew.

In: the texts of a request and of its answer. Out: the same with nothing in them that a guard forbids, and what each
guard did.
"""

from vong.gateway.guards.base import Guard, GuardDependencies, SpanGuard

__all__ = ["Guard", "GuardDependencies", "SpanGuard"]
