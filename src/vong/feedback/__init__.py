"""What people and programs think of answers: scores, comments and corrections, and the Examples they make.

In: a span and a judgement of it. Out: `Score`s, summaries with intervals, and Examples whose origin is the span.
"""

from vong.feedback.harvest import Harvest, HarvestSettings, harvest
from vong.feedback.scores import ScoreCreate, ScoreFilter, add, every_score, get, list_scores
from vong.feedback.summary import summary

__all__ = [
    "Harvest",
    "HarvestSettings",
    "ScoreCreate",
    "ScoreFilter",
    "add",
    "every_score",
    "get",
    "harvest",
    "list_scores",
    "summary",
]
