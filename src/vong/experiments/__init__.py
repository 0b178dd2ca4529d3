"""Training runs and their figures, from our trainer or anybody's.

In: a run and, step by step, its figures. Out: the run with its best and last figures, curves thinned for the eye, and
what differs between runs.
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
