"""Training runs and their metrics, from Vong's trainer or any external trainer.

In: a run and, step by step, its metrics. Out: the run with its best and last metrics, downsampled curves, and the
differences between runs.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.experiments.compare import compare
from vong.experiments.curves import load_curves
from vong.experiments.runs import (
    add_warning,
    finish_run,
    get_run,
    list_runs,
    log_metrics,
    start_run,
    update_summary,
)

__all__ = [
    "add_warning",
    "compare",
    "finish_run",
    "get_run",
    "list_runs",
    "load_curves",
    "log_metrics",
    "start_run",
    "update_summary",
]
