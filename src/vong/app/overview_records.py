"""Response models of the overview: counts of every stage in a project, each read from an index."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from vong.records import Record

NextActionName = Literal[
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
EventKind = Literal["dataset", "training_run", "model", "alias", "canary", "loop_run"]


class DataSummary(Record):
    """Counts of datasets and of the rows of their newest versions."""

    datasets: int = 0
    rows: int = 0
    newest: str | None = None


class TrainingSummary(Record):
    """Counts of training runs. `best` is the run with the lowest evaluation loss of the last 20 that finished."""

    running: int = 0
    finished: int = 0
    best: UUID | None = None
    best_name: str | None = None
    best_loss: float | None = None


class EvalsSummary(Record):
    """Counts of evaluations, and the newest finished one."""

    total: int = 0
    running: int = 0
    newest: UUID | None = None
    newest_model: str | None = None
    newest_scores: dict[str, float] = {}


class RegistrySummary(Record):
    """Counts of models and versions, and the models in production and newly trained.

    `prod` is the ref of the alias `prod` that moved last of all models. `newest` is the newest version with a training
    run; `canary_decided` is true if a canary has decided on that version.
    """

    models: int = 0
    versions: int = 0
    prod: str | None = None
    newest: str | None = None
    canary_decided: bool = False


class ServingSummary(Record):
    """Counts of deployments: `ready` to answer, and `total` that should run."""

    ready: int = 0
    total: int = 0


class GatewaySummary(Record):
    """Number of routes, and the model calls of the last 24 hours.

    `error_rate` and `latency_p50` (milliseconds) are null if there were no calls.
    """

    routes: int = 0
    calls: int = 0
    errors: int = 0
    error_rate: float | None = None
    latency_p50: float | None = None


class KnowledgeSummary(Record):
    """Counts of knowledge bases, documents and chunks."""

    bases: int = 0
    documents: int = 0
    chunks: int = 0


class TracesSummary(Record):
    """Number of spans in the last 24 hours, counted in whole hours."""

    spans: int = 0


class FeedbackOverview(Record):
    """Counts of scores in the last 7 days. `open_corrections` are those since the last harvest into any dataset."""

    scores: int = 0
    corrections: int = 0
    open_corrections: int = 0


class LoopSummary(Record):
    """Active loop runs and canaries. `last_decision` is the status of the canary that was decided last."""

    runs_running: int = 0
    canaries_running: int = 0
    running_canary: UUID | None = None
    running_canary_scores: int = 0
    last_decision: str | None = None
    last_decision_at: datetime | None = None


class ActivityEvent(Record):
    """Event of a project: its subject (`ref`: a dataset's or model's ref, or an id) and time."""

    kind: EventKind
    title: str
    ref: str
    status: str | None = None
    occurred_at: datetime


class NextAction(Record):
    """Recommended next action, and the values that led to it."""

    action: NextActionName
    details: dict[str, int | float | str | None] = {}


class Overview(Record):
    """Overview of the loop. `jobs` counts the unfinished jobs by kind; `recent` is newest first."""

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
