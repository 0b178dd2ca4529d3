"""What a run will take: steps, tokens, time and memory, before it starts. Plain arithmetic; no torch."""

import math
from collections.abc import Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.records import Record
from vong.training.recipes.sft_settings import SftSettings

PARAMETER_TOKENS = 8.1e9
"""Parameters x tokens a second that one CPU core trains by LoRA in fp32: 135 M parameters at 60 tokens/s a core, on
two quiet cores with AVX2."""

FULL_COST = 1.25
"""How much more a token costs when all weights learn (measured: 136 against 108 tokens/s)."""

CHECKPOINTING_COST = 1.6
"""How much more a token costs with gradient checkpointing (measured: 136 against 86 tokens/s)."""


STEP_COST = 0.02
"""Seconds that a step takes however small the model is: the optimiser, the figures, the loop itself."""


class TrainingPlan(Record):
    """An estimate. Bytes and seconds; `rate_source` says where `tokens_per_second` comes from. `seconds` holds
    training and evaluations, not the load of the model.
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
    """The plan for rows of these lengths in tokens on the model of this `config.json`.

    `measured` is the rate of an earlier run of this base on this machine (tokens/s); without one the rate is that of
    a measured CPU core, scaled by cores and parameters.
    """
    parameters, adapter = sizes(config, settings.lora_rank)
    fit = [length for length in train if length <= settings.max_length]
    if not fit:
        raise InvalidInput("no row is left to train on", "give rows with an answer, or raise max_length")
    judged = [length for length in validation if length <= settings.max_length]
    per_epoch = math.ceil(math.ceil(len(fit) / settings.batch_size) / settings.gradient_accumulation)
    steps = max(1, math.ceil(per_epoch * settings.epochs))
    tokens = int(sum(fit) * settings.epochs)
    rate, source = pace(parameters, settings, cores, measured)
    evaluations = math.ceil(steps / (settings.eval_every or max(1, math.ceil(steps / 8))))
    # A forward pass is a third of a training step.
    seconds = tokens / rate + steps * STEP_COST + evaluations * sum(judged) / (3 * rate)
    trained = adapter if settings.method == "lora" else parameters
    return TrainingPlan(
        rows=len(fit),
        validation_rows=len(judged),
        left_out=len(train) - len(fit) + len(validation) - len(judged),
        steps=steps,
        tokens=tokens,
        tokens_per_second=round(rate, 1),
        rate_source=source,
        seconds=round(seconds, 1),
        memory_bytes=memory(config, parameters, trained, max(fit), settings),
        parameters=parameters,
        trained_parameters=trained,
        notes=notes(len(train) - len(fit), settings, bool(judged)),
    )


def pace(parameters: int, settings: SftSettings, cores: int, measured: float | None) -> tuple[float, str]:
    """Tokens a second, and where the figure comes from."""
    if measured:
        return measured, "an earlier run of this base here"
    rate = PARAMETER_TOKENS * cores / parameters
    rate /= FULL_COST if settings.method == "full" else 1.0
    rate /= CHECKPOINTING_COST if settings.gradient_checkpointing else 1.0
    return rate, f"{cores} CPU cores at {PARAMETER_TOKENS:.1e} parameters x tokens a second each, fp32"


def sizes(config: dict[str, Any], rank: int) -> tuple[int, int]:
    """The parameters of a Llama-like model, and of an adapter of that rank on all its linear layers."""
    hidden, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    heads = config["num_attention_heads"]
    width = config.get("head_dim") or hidden // heads
    shared = config.get("num_key_value_heads", heads)
    shapes = [(hidden, heads * width), (hidden, shared * width), (hidden, shared * width), (heads * width, hidden)]
    shapes += [(hidden, inner), (hidden, inner), (inner, hidden)]
    embeddings = config["vocab_size"] * hidden * (1 if config.get("tie_word_embeddings") else 2)
    parameters = embeddings + layers * (sum(a * b for a, b in shapes) + 2 * hidden) + hidden
    return parameters, layers * sum(rank * (a + b) for a, b in shapes)


def memory(config: dict[str, Any], parameters: int, trained: int, longest: int, settings: SftSettings) -> int:
    """Bytes at the peak: weights (4 a parameter), gradients and AdamW's two moments (12 a trained parameter), what
    each layer keeps for the backward pass (about 16 hidden and 8 inner sizes a token), three copies of the logits of
    answer positions (taken as half the row), and 0.5 GB of libraries.
    """
    tokens = settings.batch_size * longest
    layers = 2 if settings.gradient_checkpointing else config["num_hidden_layers"]
    kept = 4 * layers * (16 * config["hidden_size"] + 8 * config["intermediate_size"])
    logits = 3 * 4 * config["vocab_size"] // 2
    return 4 * parameters + 12 * trained + tokens * (kept + logits) + 500_000_000


def notes(too_long: int, settings: SftSettings, judged: bool) -> tuple[str, ...]:
    """What the person should know before the start."""
    found: list[str] = []
    if too_long:
        found.append(f"{too_long} rows are longer than max_length {settings.max_length} and will be left out")
    if not judged:
        found.append("no validation rows: overfitting cannot be seen, and early stopping is off")
    if settings.method == "full" and settings.learning_rate > 2e-4:
        found.append("this learning rate suits an adapter; full fine-tuning wants about 5e-5")
    return tuple(found)
