"""Interface through which a recipe reports metrics, progress, warnings and log lines."""

from collections.abc import Sequence
from typing import Protocol

from vong.records import TrainingSample


class TrainingReporter(Protocol):
    """Receiver of a recipe's output. Each method may raise JobCancelled, which the recipe must not catch."""

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Report the metrics of one optimiser step: loss, eval_loss, learning_rate, grad_norm, tokens_per_second, …"""
        ...

    def progress(self, done: float, total: float, message: str) -> None:
        """Report the number of completed optimiser steps."""
        ...

    def log_samples(self, samples: Sequence[TrainingSample]) -> None:
        """Report sample generations of one step."""
        ...

    def warn(self, text: str) -> None:
        """Report a problem that the user should know: rows left out, overfitting."""
        ...

    def log(self, line: str) -> None:
        """Add a line to the log of the run."""
        ...
