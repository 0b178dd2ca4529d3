"""Context of a base model: the number of positions that it can compute, from its configuration."""

from typing import Any

from pydantic import BaseModel

CONTEXT_SETTINGS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
"""Names of the context in the configurations of model families."""


def read_context_length(config: dict[str, Any]) -> int | None:
    """Return the tokens of the longest text that a model computes, None if its configuration does not limit them.

    A scaling of rotary positions extends the context.
    """
    values: dict[str, Any] = config["text_config"] if isinstance(config.get("text_config"), dict) else config
    found = (values.get(name) for name in CONTEXT_SETTINGS)
    length = next((value for value in found if isinstance(value, int) and value > 0), None)
    if length is None:
        return None
    rope = values.get("rope_scaling") or values.get("rope_parameters")
    scaling: dict[str, Any] = rope if isinstance(rope, dict) else {}
    factor = scaling.get("factor")
    factor = float(factor) if isinstance(factor, int | float) else 1.0
    original = scaling.get("original_max_position_embeddings") or values.get("original_max_position_embeddings")
    return max(length, int(factor * (original if isinstance(original, int) else length)))


def limit_row_length(settings: BaseModel, context_length: int | None) -> BaseModel:
    """Return settings whose `max_length` is at most the context of the base, because longer rows cannot be computed."""
    limit = getattr(settings, "max_length", None)
    if context_length is None or limit is None or limit <= context_length:
        return settings
    return settings.model_copy(update={"max_length": context_length})
