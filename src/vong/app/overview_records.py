"""How every stage of the loop stands in a project: what the home page shows. Counts only, each by an index."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from vong.records import Record

Action = Literal[
    "import_data",
    "train",
    "evaluate",
    "deploy",
    "route",
    "send_traffic",
    "give_feedback",
    "harvest",
    "start_canary",
    "decide_canary",
    "none",
]
Happened = Literal["dataset", "run", "model", "alias", "canary", "turn"]


class DataSummary(Record):
    """Datasets, and the rows of their newest versions."""

    datasets: int = 0
    rows: int = 0
    newest: str | None = None


class TrainingSummary(Record):
    """Training runs. `best` is the run with the lowest evaluation loss of the last 20 that finished."""

    running: int = 0
    finished: int = 0
    best: UUID | None = None
    best_name: str | None = None
    best_loss: float | None = None


class EvalsSummary(Record):
    """Evaluations, and the newest that finished."""

    total: int = 0
    running: int = 0
    newest: UUID | None = None
    newest_model: str | None = None
    newest_scores: dict[str, float] = {}


class RegistrySummary(Record):
    """Models and their versions. `prod` is the ref that the alias `prod` points at, moved last of all models; `newest`
    the newest that a run has taught, `tried` whether a canary has decided on it.
    """

    models: int = 0
    versions: int = 0
    prod: str | None = None
    newest: str | None = None
    tried: bool = False


class ServingSummary(Record):
    """Deployments that answer, and all that should."""

    ready: int = 0
    total: int = 0


class GatewaySummary(Record):
    """Routes, and the model calls of the last 24 hours. `error_share` and `latency_p50` (milliseconds) are null where
    there were no calls.
    """

    routes: int = 0
    calls: int = 0
    errors: int = 0
    error_share: float | None = None
    latency_p50: float | None = None


class KnowledgeSummary(Record):
    """Knowledge bases, their documents and chunks."""

    bases: int = 0
    documents: int = 0
    chunks: int = 0


class TracesSummary(Record):
    """Spans of the last 24 hours, counted in whole hours."""

    spans: int = 0


class FeedbackOverview(Record):
    """Scores of the last 7 days. `open_corrections` are those that came since the last harvest into any dataset."""

    scores: int = 0
    corrections: int = 0
    open_corrections: int = 0


class LoopSummary(Record):
    """Turns and canaries. `last_decision` is how the canary that ended last was decided."""

    turns_running: int = 0
    canaries_running: int = 0
    running_canary: UUID | None = None
    running_canary_scores: int = 0
    last_decision: str | None = None
    last_decision_at: datetime | None = None


class ActivityEvent(Record):
    """Something that happened: what it is about (`ref`: a dataset's or model's ref, or an id) and when."""

    kind: Happened
    title: str
    ref: str
    status: str | None = None
    at: datetime


class NextAction(Record):
    """What to do next, and the figures that say so."""

    action: Action
    figures: dict[str, int | float | str | None] = {}


class Overview(Record):
    """The loop as it stands. `jobs` counts the unfinished jobs by kind; `recent` is newest first."""

    data: DataSummary
    training: TrainingSummary
    evals: EvalsSummary
    registry: RegistrySummary
    serving: ServingSummary
    gateway: GatewaySummary
    knowledge: KnowledgeSummary
    traces: TracesSummary
    feedback: FeedbackOverview
    loop: LoopSummary
    jobs: dict[str, int]
    recent: tuple[ActivityEvent, ...]
    next: NextAction
