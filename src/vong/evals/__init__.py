"""Score models on datasets, and say with intervals whether one is better than another.

In: the examples of a dataset split, a callable that asks a model, and the names of scorers. Out: an `EvalResult` whose
every answer is kept, and an `EvalComparison` of two of them.
"""

from vong.evals.comparison import EvalComparison, compare
from vong.evals.prompting import EvalSettings
from vong.evals.runner import ModelOutput, run
from vong.evals.runs import get, list_answers, list_runs, start
from vong.evals.scoring import list_scorers

__all__ = [
    "EvalComparison",
    "EvalSettings",
    "ModelOutput",
    "compare",
    "get",
    "list_answers",
    "list_runs",
    "list_scorers",
    "run",
    "start",
]
