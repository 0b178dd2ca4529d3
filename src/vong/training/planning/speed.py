"""Time model: tokens per second of a run, from a measurement or from the class of its device."""

import math
from typing import NamedTuple

from vong.training.planning.machine import Machine
from vong.training.planning.measurements import Measurement, has_equal_settings
from vong.training.planning.model_structure import ModelStructure
from vong.training.planning.needs import Needs
from vong.training.planning.traits import RecipeTraits

PARAMETER_TOKENS_PER_CORE_SECOND = 8.1e9
"""Parameters x tokens per second that one CPU core trains by LoRA in fp32.

Measured: 135 M parameters at 60 tokens/s per core, on two idle cores with AVX2.
"""

GPU_FLOPS = {
    "B200": 2250e12, "H200": 989e12, "H100": 989e12, "A100": 312e12, "L40": 181e12, "RTX 5090": 209e12,
    "RTX 4090": 165e12, "A10": 125e12, "V100": 125e12, "L4": 121e12, "RTX 3090": 71e12, "T4": 65e12,
}  # fmt: skip
"""Dense half-precision operations per second that vendors publish, by a part of the name of the GPU."""
DEFAULT_GPU_FLOPS = 60e12
GPU_EFFICIENCY = 0.3
"""Share of the published operations that training reaches."""
OPERATIONS_PER_PARAMETER = 4
"""Operations per parameter and token of LoRA: forward and the gradients of activations. Weights add two more."""

FULL_COST_FACTOR = 1.25
"""Cost per token of full fine-tuning relative to LoRA (measured: 136 against 108 tokens/s)."""
CHECKPOINTING_COST_FACTOR = 1.6
"""Cost per token with gradient checkpointing (measured: 136 against 86 tokens/s)."""
CPU_QUANTIZED_COST_FACTOR = 5.0
ACCELERATOR_QUANTIZED_COST_FACTOR = 1.3
"""Cost per token with a quantized base relative to an unquantized one (on a CPU measured with NF4)."""
FORWARD_SHARE = 1 / 3
"""Cost of the forward pass of a model, such as a reference or a teacher, relative to a training step of its size."""
GENERATION_COST_FACTOR = 4.0
"""Cost per trained token if it is generated first, one token at a time in a batch."""

STEP_OVERHEAD_SECONDS = 0.02
"""Fixed time per step, independent of model size: the optimiser, the metrics, the loop itself."""
LIBRARY_SECONDS = 8.0
"""Time to import the training libraries and to build the trainer."""
READ_BYTES_PER_SECOND = 400e6
WRITE_BYTES_PER_SECOND = 200e6
"""Rates at which weights are loaded, and checkpoints written and flushed."""


CPU_MEMORY_BYTES_PER_SECOND = 10e9
ACCELERATOR_MEMORY_BYTES_PER_SECOND = 500e9
"""Rates at which weights are read for each generated token."""
SECONDS_PER_LAYER = 0.0005
"""Overhead of one layer for each generated token."""
MEAN_SAMPLE_TOKENS = 48
"""Tokens of a sample: samples without scorers are as long as the expected completions, at most `sample_tokens`."""


class SampleCost(NamedTuple):
    """Time in which the samples of one evaluation are generated."""

    seconds: float


class Rate(NamedTuple):
    """Tokens per second and the source of the value, for users. `is_measured` if it was measured on this machine."""

    tokens_per_second: float
    source: str
    is_measured: bool


def estimate_rate(
    shape: ModelStructure,
    needs: Needs,
    traits: RecipeTraits,
    machine: Machine,
    measured: Measurement | None,
    frozen_parameters: int = 0,
) -> Rate:
    """Return the tokens per second of the training steps of a run. Frozen models compute each token once."""
    if measured is not None:
        before = Needs(measured.settings)
        scale = relative_cost(before, traits, machine) / relative_cost(needs, traits, machine)
        changed = "" if has_equal_settings(measured, needs) else ", scaled to these settings"
        return Rate(measured.tokens_per_second * scale, measured.source + changed, True)
    if machine.device == "cpu":
        rate = PARAMETER_TOKENS_PER_CORE_SECOND * machine.cores / shape.parameters
        source = (
            f"{machine.cores} CPU cores at {PARAMETER_TOKENS_PER_CORE_SECOND:.1e} parameters x tokens per second each, "
            "fp32; a probe measures it"
        )
    else:
        flops = next((value for name, value in GPU_FLOPS.items() if name in machine.name), DEFAULT_GPU_FLOPS)
        rate = GPU_EFFICIENCY * flops / (OPERATIONS_PER_PARAMETER * shape.parameters)
        source = f"{machine.name} at {GPU_EFFICIENCY:.0%} of {flops / 1e12:.0f} TFLOPS; a probe measures it"
    rate /= 1 + FORWARD_SHARE * frozen_parameters / shape.parameters
    return Rate(rate / relative_cost(needs, traits, machine), source, False)


def relative_cost(needs: Needs, traits: RecipeTraits, machine: Machine) -> float:
    """Return the cost per token relative to LoRA in supervised fine-tuning."""
    cost = 1.0 if needs.trains_adapter else FULL_COST_FACTOR
    cost *= CHECKPOINTING_COST_FACTOR if needs.checkpointing else 1.0
    if needs.trains_adapter and needs.quantized_bytes is not None:
        cost *= CPU_QUANTIZED_COST_FACTOR if machine.device == "cpu" else ACCELERATOR_QUANTIZED_COST_FACTOR
    cost *= 1 + FORWARD_SHARE if traits.reference else 1.0
    return cost * (GENERATION_COST_FACTOR if traits.generated_tokens else 1.0)


def sample_cost(shape: ModelStructure, needs: Needs, machine: Machine) -> SampleCost:
    """Return the time to generate the samples of one evaluation. All samples of a batch are generated together."""
    samples = int(needs.get("samples", 0))
    if not samples:
        return SampleCost(0.0)
    tokens = min(int(needs.get("sample_tokens", MEAN_SAMPLE_TOKENS)), MEAN_SAMPLE_TOKENS)
    bandwidth = CPU_MEMORY_BYTES_PER_SECOND if machine.device == "cpu" else ACCELERATOR_MEMORY_BYTES_PER_SECOND
    per_token = 4 * shape.parameters / bandwidth + shape.layers * SECONDS_PER_LAYER
    return SampleCost(math.ceil(samples / needs.batch_size) * tokens * per_token)
