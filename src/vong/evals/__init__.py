"""Evaluations: score models on dataset splits and compare two runs with confidence intervals.

In: the examples of a dataset split, a callable that calls a model, and the names of scorers. Out: an `EvalResult` with
every stored output, and an `EvalComparison` of two results.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.evals.comparison import EvalComparison, compare
from vong.evals.model_output import ModelOutput
from vong.evals.prompting import EvalSettings
from vong.evals.runner import run
from vong.evals.runs import create_run, get_run, list_outputs, list_runs
from vong.evals.scoring import list_scorers

__all__ = [
    "EvalComparison",
    "EvalSettings",
    "ModelOutput",
    "compare",
    "create_run",
    "get_run",
    "list_outputs",
    "list_runs",
    "list_scorers",
    "run",
]
