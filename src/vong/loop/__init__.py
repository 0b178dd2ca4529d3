"""The loop itself: what composes the stages into one turn, and the canary that lets evidence decide.

In: a route, a candidate, and the scores of answers as they come. Out: a `Canary` whose decision stands beside every
figure that led to it.
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
