"""The loop: loop runs that compose the stages, and canaries that are decided by evidence.

In: a route, a candidate, and scores of completions as they arrive. Out: a `Canary` with its decision and the evidence
for it.
"""

from vong.loop.canary import Canary, ScoredSpan, change_share, counted_spans, decide, get, list_canaries, start, take
from vong.loop.sequential import DecisionRules

__all__ = [
    "Canary",
    "DecisionRules",
    "ScoredSpan",
    "change_share",
    "counted_spans",
    "decide",
    "get",
    "list_canaries",
    "start",
    "take",
]
