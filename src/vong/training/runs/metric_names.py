"""Names of the metrics that a run reports, translated from those of the trainers."""

from collections.abc import Mapping
from typing import Any

METRIC_NAMES = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "epoch": "epoch",
    "mean_token_accuracy": "token_accuracy",
    "rewards/chosen": "reward_chosen",
    "rewards/rejected": "reward_rejected",
    "rewards/margins": "reward_margin",
    "rewards/accuracies": "reward_accuracy",
    "margin": "reward_margin",
    "accuracy": "reward_accuracy",
    "mean_reward": "reward",
    "reward": "reward",
    "reward_std": "reward_std",
    "frac_reward_zero_std": "equal_reward_share",
    "completions/mean_length": "completion_length",
    "completions/clipped_ratio": "clipped_share",
    "kl": "kl",
    "entropy": "entropy",
    "nll_loss": "nll_loss",
    "log_odds_ratio": "log_odds_ratio",
    "perplexity": "perplexity",
    "bits_per_byte": "bits_per_byte",
}
"""Metrics to report: the trainer's name -> Vong's name. Metrics of an evaluation have the prefix `eval_` in both."""

EVAL_PREFIX = "eval_"


def translate_metrics(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics to report. Others, and metrics without a value, are left out."""
    values: dict[str, float] = {}
    for trainer_name, value in logs.items():
        prefix = EVAL_PREFIX if trainer_name.startswith(EVAL_PREFIX) else ""
        name = translate_name(trainer_name.removeprefix(EVAL_PREFIX))
        if name is not None and isinstance(value, int | float):
            values[prefix + name] = float(value)
    return values


def translate_name(trainer_name: str) -> str | None:
    """Return Vong's name of a metric, or None if it is not reported. A reward of a run is `reward.NAME`."""
    if trainer_name in METRIC_NAMES:
        return METRIC_NAMES[trainer_name]
    if trainer_name.startswith("rewards/") and trainer_name.endswith("/mean"):
        return f"reward.{trainer_name.removeprefix('rewards/').removesuffix('/mean')}"
    return None
