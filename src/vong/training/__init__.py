"""Teach a base model from examples: recipes, their plan, and the trainer's half of the parity check.

In: a base model's folder, examples with answers, typed settings. Out: a folder of weights (an adapter, or a whole
model), the figures of the run as it goes, and warnings where it goes wrong. It knows no database: `Report` carries
what it has to say. torch is imported inside the functions that compute.
"""

from vong.training.gguf_convert import convert_gguf
from vong.training.parity_reference import reference
from vong.training.plan import TrainingPlan, estimate
from vong.training.progress import TrainingReporter
from vong.training.recipes import Recipe, TrainingContext, TrainingResult
from vong.training.recipes.sft_settings import SftSettings
from vong.training.tokenization import with_answer

__all__ = [
    "Recipe",
    "SftSettings",
    "TrainingContext",
    "TrainingPlan",
    "TrainingReporter",
    "TrainingResult",
    "convert_gguf",
    "estimate",
    "reference",
    "with_answer",
]
