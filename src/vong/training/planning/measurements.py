"""Measurements of earlier probes and runs, and the choice of the one that is most like a planned run."""

from collections.abc import Sequence
from typing import Any

from vong.records import Record
from vong.training.planning.needs import Needs

EXACT_SETTINGS = (
    "method",
    "batch_size",
    "gradient_accumulation",
    "gradient_checkpointing",
    "dtype",
    "quantization",
    "lora_rank",
    "target_modules",
    "max_length",
    "optimizer",
    "packing",
)
"""Settings that must be equal for a measured peak of memory to apply to a plan."""


class Measurement(Record):
    """Rate and memory of a probe or a finished run.

    `source` describes it for users. `tokens_per_second` is the rate of training steps. The other values are None unless
    a probe measured them: seconds until the first step, seconds per evaluated row, seconds that each evaluation takes
    in addition for samples and the best weights, seconds per checkpoint, seconds after the last step, and the number of
    cores that the steps used on average.
    """

    source: str
    is_probe: bool
    machine: str
    recipe: str
    settings: dict[str, Any]
    tokens_per_second: float
    peak_memory_bytes: int | None = None
    startup_seconds: float | None = None
    evaluation_seconds_per_row: float | None = None
    evaluation_overhead_seconds: float | None = None
    checkpoint_seconds: float | None = None
    finish_seconds: float | None = None
    cpu_cores: float | None = None
    dataset: str | None = None


def select_measurement(
    measurements: Sequence[Measurement], needs: Needs, recipe: str, machine: str
) -> Measurement | None:
    """Return the measurement of the same recipe, method and machine whose settings are most like the planned ones.

    Of equally similar ones, the first (newest) is chosen.
    """
    usable = [
        one
        for one in measurements
        if one.recipe == recipe and one.machine == machine and one.settings.get("method", "lora") == needs.method
    ]
    return max(usable, key=lambda one: count_equal_settings(one, needs), default=None)


def count_equal_settings(measurement: Measurement, needs: Needs) -> int:
    """Return the number of settings that a measurement shares with a plan."""
    return sum(measurement.settings.get(name) == needs.values.get(name) for name in EXACT_SETTINGS)


def has_equal_settings(measurement: Measurement, needs: Needs) -> bool:
    """Check if a measurement was made with all settings of a plan that determine its memory."""
    return count_equal_settings(measurement, needs) == len(EXACT_SETTINGS)
