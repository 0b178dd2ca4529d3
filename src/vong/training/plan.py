"""Resource estimate of a training run before it starts: steps, tokens, time and memory. Does not import torch."""

import math
from collections.abc import Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.records import Record
from vong.training.recipes.sft_settings import SftSettings

PARAMETER_TOKENS_PER_CORE_SECOND = 8.1e9
"""Parameters x tokens per second that one CPU core trains by LoRA in fp32.

Measured: 135 M parameters at 60 tokens/s per core, on two idle cores with AVX2.
"""

FULL_COST_FACTOR = 1.25
"""Cost per token of full fine-tuning relative to LoRA (measured: 136 against 108 tokens/s)."""

CHECKPOINTING_COST_FACTOR = 1.6
"""Cost per token with gradient checkpointing (measured: 136 against 86 tokens/s)."""


STEP_OVERHEAD_SECONDS = 0.02
"""Fixed time per step, independent of model size: the optimiser, the metrics, the loop itself."""


class TrainingPlan(Record):
    """Estimate of a training run, in bytes and seconds.

    `rate_source` explains where `tokens_per_second` comes from. `seconds` includes training and evaluations, but not
    loading the model.
    """

    rows: int
    validation_rows: int
    left_out: int
    steps: int
    tokens: int
    tokens_per_second: float
    rate_source: str
    seconds: float
    memory_bytes: int
    parameters: int
    trained_parameters: int
    notes: tuple[str, ...] = ()


def estimate(
    config: dict[str, Any],
    train: Sequence[int],
    validation: Sequence[int],
    settings: SftSettings,
    *,
    cores: int,
    measured: float | None = None,
) -> TrainingPlan:
    """Return the plan for rows of these lengths (in tokens) on the model with this `config.json`.

    `measured` is the rate of an earlier run of this base on this machine (tokens/s). Without it, the rate is that of a
    measured CPU core, scaled by cores and parameters.
    """
    parameters, adapter = count_parameters(config, settings.lora_rank)
    usable = [length for length in train if length <= settings.max_length]
    if not usable:
        raise InvalidInput("no rows left to train on", "add rows with a completion, or raise max_length")
    usable_validation = [length for length in validation if length <= settings.max_length]
    per_epoch = math.ceil(math.ceil(len(usable) / settings.batch_size) / settings.gradient_accumulation)
    steps = max(1, math.ceil(per_epoch * settings.epochs))
    tokens = int(sum(usable) * settings.epochs)
    rate, source = estimate_rate(parameters, settings, cores, measured)
    evaluations = math.ceil(steps / (settings.eval_every or max(1, math.ceil(steps / 8))))
    # A forward pass is a third of a training step.
    seconds = tokens / rate + steps * STEP_OVERHEAD_SECONDS + evaluations * sum(usable_validation) / (3 * rate)
    trained = adapter if settings.method == "lora" else parameters
    return TrainingPlan(
        rows=len(usable),
        validation_rows=len(usable_validation),
        left_out=len(train) - len(usable) + len(validation) - len(usable_validation),
        steps=steps,
        tokens=tokens,
        tokens_per_second=round(rate, 1),
        rate_source=source,
        seconds=round(seconds, 1),
        memory_bytes=estimate_memory_bytes(config, parameters, trained, max(usable), settings),
        parameters=parameters,
        trained_parameters=trained,
        notes=build_notes(len(train) - len(usable), settings, bool(usable_validation)),
    )


def estimate_rate(parameters: int, settings: SftSettings, cores: int, measured: float | None) -> tuple[float, str]:
    """Return the tokens per second and the source of the value."""
    if measured:
        return measured, "an earlier run of this base on this machine"
    rate = PARAMETER_TOKENS_PER_CORE_SECOND * cores / parameters
    rate /= FULL_COST_FACTOR if settings.method == "full" else 1.0
    rate /= CHECKPOINTING_COST_FACTOR if settings.gradient_checkpointing else 1.0
    return (
        rate,
        f"{cores} CPU cores at {PARAMETER_TOKENS_PER_CORE_SECOND:.1e} parameters x tokens per second each, fp32",
    )


def count_parameters(config: dict[str, Any], rank: int) -> tuple[int, int]:
    """Return the parameters of a Llama-like model, and of an adapter of this rank on all its linear layers."""
    hidden, intermediate, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    heads = config["num_attention_heads"]
    width = config.get("head_dim") or hidden // heads
    kv_heads = config.get("num_key_value_heads", heads)
    shapes = [(hidden, heads * width), (hidden, kv_heads * width), (hidden, kv_heads * width), (heads * width, hidden)]
    shapes += [(hidden, intermediate), (hidden, intermediate), (intermediate, hidden)]
    embeddings = config["vocab_size"] * hidden * (1 if config.get("tie_word_embeddings") else 2)
    parameters = embeddings + layers * (sum(a * b for a, b in shapes) + 2 * hidden) + hidden
    return parameters, layers * sum(rank * (a + b) for a, b in shapes)


def estimate_memory_bytes(
    config: dict[str, Any], parameters: int, trained: int, longest: int, settings: SftSettings
) -> int:
    """Return the peak memory in bytes.

    The sum of: weights (4 per parameter), gradients and AdamW's two moments (12 per trained parameter), activations
    that each layer stores for the backward pass (about 16 hidden and 8 intermediate sizes per token), three copies of
    the logits of completion positions (assumed to be half the row), and 0.5 GB of libraries.
    """
    tokens = settings.batch_size * longest
    layers = 2 if settings.gradient_checkpointing else config["num_hidden_layers"]
    activations = 4 * layers * (16 * config["hidden_size"] + 8 * config["intermediate_size"])
    logits = 3 * 4 * config["vocab_size"] // 2
    return 4 * parameters + 12 * trained + tokens * (activations + logits) + 500_000_000


def build_notes(too_long: int, settings: SftSettings, has_validation: bool) -> tuple[str, ...]:
    """Return the warnings for the user before the start."""
    warnings: list[str] = []
    if too_long:
        warnings.append(f"{too_long} rows are longer than max_length {settings.max_length} and will be left out")
    if not has_validation:
        warnings.append("no validation rows: overfitting cannot be detected, and early stopping is disabled")
    if settings.method == "full" and settings.learning_rate > 2e-4:
        warnings.append("this learning rate is meant for an adapter; lower it to about 5e-5 for full fine-tuning")
    return tuple(warnings)
