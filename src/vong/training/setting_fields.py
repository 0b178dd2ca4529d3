"""Fields that several recipes have with defaults of their own. The bounds are the same everywhere."""

from typing import Any, Literal

from pydantic import Field


def method_field(default: Literal["lora", "full"], description: str) -> Any:
    """Return the field `method` with a default and the reason for it."""
    return Field(title="Method", default=default, description=description)


def learning_rate_field(default: float, description: str) -> Any:
    """Return the field `learning_rate` with a default and the reason for it."""
    return Field(title="Learning rate", default=default, gt=0, le=1.0, description=description)


def epochs_field(default: float, description: str) -> Any:
    """Return the field `epochs` with a default and the reason for it."""
    return Field(title="Epochs", default=default, gt=0, le=100, description=description)


def weight_decay_field(default: float, description: str) -> Any:
    """Return the field `weight_decay` with a default and the reason for it."""
    return Field(title="Weight decay", default=default, ge=0, le=1.0, description=description)


def best_metric_field(default: str, *metrics: str) -> Any:
    """Return the field `best_metric` of a recipe whose evaluations have further metrics."""
    return Field(
        title="Best metric",
        default=default,
        pattern=rf"^(eval_loss|{'|'.join(metrics)}|sample_[A-Za-z0-9_.-]+)$",
        description=f"Metric that chooses the best weights: eval_loss, {', '.join(metrics)}, or sample_SCORER.",
    )
