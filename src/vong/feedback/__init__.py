"""Feedback: scores, comments and corrections of spans, and examples harvested from them.

In: a span and a score of it. Out: stored `Score`s, summaries with intervals, and `Example`s whose origin is the span.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.feedback.harvest import Harvest, HarvestSettings, harvest
from vong.feedback.scores import ScoreCreate, ScoreFilter, add_score, get_score, list_all_scores, list_scores
from vong.feedback.summary import summarize

__all__ = [
    "Harvest",
    "HarvestSettings",
    "ScoreCreate",
    "ScoreFilter",
    "add_score",
    "get_score",
    "harvest",
    "list_all_scores",
    "list_scores",
    "summarize",
]
