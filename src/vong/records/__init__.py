"""Immutable record types that the stages exchange, one file per concept.

A record is a plain value. Every stage accepts and returns records. May import `vong.errors` only: no database, network
or stage.
"""

from vong.records.dataset import DatasetVersion, Operation
from vong.records.deployment import Deployment
from vong.records.document import Chunk, Document, RetrievedPassage
from vong.records.evals import EvalResult
from vong.records.example import Example, ExampleOrigin
from vong.records.job import Job, Progress
from vong.records.message import Message
from vong.records.model import ModelVersion
from vong.records.record import Record, content_hash, new_id, now
from vong.records.route import CircuitBreakerPolicy, Route, RoutePolicy, RouteTarget, Timeouts
from vong.records.run import TrainingRun
from vong.records.sample import TrainingSample
from vong.records.score import Score
from vong.records.span import Span, SpanVersions
from vong.records.usage import Usage

__all__ = [
    "Chunk",
    "CircuitBreakerPolicy",
    "DatasetVersion",
    "Deployment",
    "Document",
    "EvalResult",
    "Example",
    "ExampleOrigin",
    "Job",
    "Message",
    "ModelVersion",
    "Operation",
    "Progress",
    "Record",
    "RetrievedPassage",
    "Route",
    "RoutePolicy",
    "RouteTarget",
    "Score",
    "Span",
    "SpanVersions",
    "Timeouts",
    "TrainingRun",
    "TrainingSample",
    "Usage",
    "content_hash",
    "new_id",
    "now",
]
