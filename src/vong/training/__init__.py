"""Fine-tuning of a base model on examples: recipes, resource estimates, and the trainer's side of the parity check.

In: a base model's folder, examples with completions, typed settings. Out: a folder of weights (an adapter or a whole
model), the metrics of the run while it is running, and warnings if it goes wrong. The package uses no database:
`TrainingReporter` receives its output. torch is imported inside the functions that need it.
"""

from vong.training.export.gguf_convert import convert_gguf
from vong.training.export.parity_reference import compute_reference
from vong.training.planning import TrainingPlan
from vong.training.progress import TrainingReporter
from vong.training.recipe_interface import Recipe, TrainingContext, TrainingResult
from vong.training.recipes.sft_settings import SftSettings
from vong.training.rows.tokenization import select_trainable
from vong.training.settings import TrainingSettings

__all__ = [
    "Recipe",
    "SftSettings",
    "TrainingContext",
    "TrainingPlan",
    "TrainingReporter",
    "TrainingResult",
    "TrainingSettings",
    "compute_reference",
    "convert_gguf",
    "select_trainable",
]
