"""Judges: models that judge outputs, calibrated on the labels of people.

In: the definition of a judge, a callable that calls a model, and texts to judge. Out: `Judgement`s, stored for equal
inputs, and a `Calibration` that says how far the judge agrees with people on one task.

May import what `evals` may import; it never calls a model itself.
"""

from vong.evals.judges.calibration import Calibration, CalibrationReport, CalibrationSettings, LabelledInput
from vong.evals.judges.calibration_store import get_calibration, list_calibrations
from vong.evals.judges.definitions import JudgeDefinition
from vong.evals.judges.inputs import JudgeInput, Judgement
from vong.evals.judges.judging import Judging
from vong.evals.judges.metrics import to_metrics
from vong.evals.judges.store import JudgeVersion, find_costs, find_judge, find_members, list_judges, save_judge

__all__ = [
    "Calibration",
    "CalibrationReport",
    "CalibrationSettings",
    "JudgeDefinition",
    "JudgeInput",
    "JudgeVersion",
    "Judgement",
    "Judging",
    "LabelledInput",
    "find_costs",
    "find_judge",
    "find_members",
    "get_calibration",
    "list_calibrations",
    "list_judges",
    "save_judge",
    "to_metrics",
]
