"""The loop: loop runs that compose the stages, and canaries that are decided by evidence.

In: a route, a candidate, and scores of completions as they arrive. Out: a `Canary` with its decision and the evidence
for it.

May import every stage, `app` excluded: it composes the stages.
"""

from vong.loop.canary import (
    Canary,
    ScoredSpan,
    add_scores,
    change_share,
    counted_span_ids,
    decide_canary,
    get_canary,
    list_canaries,
    start_canary,
)
from vong.loop.sequential import DecisionRules

__all__ = [
    "Canary",
    "DecisionRules",
    "ScoredSpan",
    "add_scores",
    "change_share",
    "counted_span_ids",
    "decide_canary",
    "get_canary",
    "list_canaries",
    "start_canary",
]
