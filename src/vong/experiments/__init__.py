"""Training runs and their metrics, from Vong's trainer or any external trainer.

In: a run and, step by step, its metrics. Out: the run with its best and last metrics, downsampled curves, and the
differences between runs.
"""

from vong.experiments.compare import compare
from vong.experiments.curves import curve, figures_after
from vong.experiments.runs import add_warning, begin_run, finish_run, get, list_runs, log, start_run

__all__ = [
    "add_warning",
    "begin_run",
    "compare",
    "curve",
    "figures_after",
    "finish_run",
    "get",
    "list_runs",
    "log",
    "start_run",
]
