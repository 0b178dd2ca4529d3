"""Disk space of a run: checkpoints with the state of the optimiser, the best weights, and the registered result."""

from pydantic import BaseModel

from vong.training.planning.memory import optimizer_bytes
from vong.training.planning.model_structure import ModelStructure
from vong.training.planning.needs import Needs
from vong.training.planning.plan import count_trained_parameters
from vong.training.runs.checkpoints import MAX_CHECKPOINTS

WEIGHT_BYTES = 4
COPIES_OF_RESULT = 3
"""Copies of the trained weights beside the checkpoints: the best ones, newer best ones, and those in the registry."""


def estimate_disk(shape: ModelStructure, settings: BaseModel) -> int:
    """Return the bytes that a run has on disk at most. A checkpoint is written before the oldest one is removed."""
    needs = Needs.of(settings)
    trained = count_trained_parameters(shape, needs)
    checkpoint = WEIGHT_BYTES + optimizer_bytes(needs)
    return int(trained * ((MAX_CHECKPOINTS + 1) * checkpoint + COPIES_OF_RESULT * WEIGHT_BYTES))
