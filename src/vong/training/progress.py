"""What a recipe says while it works, and to whom."""

from typing import Protocol


class TrainingReporter(Protocol):
    """What a recipe says while it works. Each call may raise JobCancelled; the recipe lets it through."""

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Figures of one optimiser step: loss, eval_loss, learning_rate, grad_norm, tokens_per_second, …"""
        ...

    def progress(self, done: float, total: float, message: str) -> None:
        """How many optimiser steps are done."""
        ...

    def warn(self, text: str) -> None:
        """Something that the person should know: rows left out, overfitting."""
        ...

    def log(self, line: str) -> None:
        """A line of the run's log."""
        ...
