"""The loop itself: what composes the stages into one turn, and the canary that lets evidence decide.

In: a route, a candidate, and the scores of answers as they come. Out: a `Canary` whose decision stands beside every
figure that led to it.
"""

from vong.loop.canary import Canary, Judged, change_share, counted_spans, decide, get, list_canaries, start, take
from vong.loop.sequential import Rules

__all__ = [
    "Canary",
    "Judged",
    "Rules",
    "change_share",
    "counted_spans",
    "decide",
    "get",
    "list_canaries",
    "start",
    "take",
]
