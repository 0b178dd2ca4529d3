"""The frozen types that travel round the loop, one file each.

Nothing here knows a database, a network or a stage: a record is a value. Every stage takes records and gives records.
"""

from vong.records.dataset import DatasetVersion, Operation
from vong.records.deployment import Deployment
from vong.records.document import Chunk, Document, Passage
from vong.records.evals import EvalResult
from vong.records.example import Example, Origin
from vong.records.job import Job, Progress
from vong.records.message import Message
from vong.records.model import ModelVersion
from vong.records.record import Record, content_hash, new_id, now
from vong.records.route import Breaker, Policy, Route, Target, Timeouts
from vong.records.run import Run
from vong.records.score import Score
from vong.records.span import Span, Versions
from vong.records.usage import Usage

__all__ = [
    "Breaker",
    "Chunk",
    "DatasetVersion",
    "Deployment",
    "Document",
    "EvalResult",
    "Example",
    "Job",
    "Message",
    "ModelVersion",
    "Operation",
    "Origin",
    "Passage",
    "Policy",
    "Progress",
    "Record",
    "Route",
    "Run",
    "Score",
    "Span",
    "Target",
    "Timeouts",
    "Usage",
    "Versions",
    "content_hash",
    "new_id",
    "now",
]
