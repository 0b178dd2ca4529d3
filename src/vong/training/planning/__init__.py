"""Resource plan of a training run before it starts: memory, time, cost, alternatives and automatic settings.

In: the shape of the model, the lengths of the rows, settings, the machine, and earlier measurements. Out: a
`TrainingPlan`. The package does not import torch: the shape of models without a formula is read in a child process.
"""

from vong.training.planning.choices import choose_settings, find_alternatives, plan_run
from vong.training.planning.disk import estimate_disk
from vong.training.planning.machine import Machine, detect_machine
from vong.training.planning.measurements import Measurement
from vong.training.planning.memory import FrozenModel
from vong.training.planning.model_structure import ModelStructure, count_adapter_parameters, read_model_structure
from vong.training.planning.plan import PlanAlternative, PlanInputs, SettingChoice, TrainingPlan, estimate
from vong.training.planning.row_lengths import RowLength, RowLengths, measure_rows
from vong.training.planning.traits import RecipeTraits, recipe_traits

__all__ = [
    "FrozenModel",
    "Machine",
    "Measurement",
    "ModelStructure",
    "PlanAlternative",
    "PlanInputs",
    "RecipeTraits",
    "RowLength",
    "RowLengths",
    "SettingChoice",
    "TrainingPlan",
    "choose_settings",
    "count_adapter_parameters",
    "detect_machine",
    "estimate",
    "estimate_disk",
    "find_alternatives",
    "measure_rows",
    "plan_run",
    "read_model_structure",
    "recipe_traits",
]
