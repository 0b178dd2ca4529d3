"""Monitoring of a training run: metrics, best weights, overfitting and early stopping.

Takes plain values and returns plain decisions; the trainer's callback only forwards events.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from vong.training.progress import TrainingReporter

METRIC_NAMES = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "epoch": "epoch",
    "mean_token_accuracy": "token_accuracy",
    "eval_loss": "eval_loss",
    "eval_mean_token_accuracy": "eval_token_accuracy",
}
"""Metrics to report: the trainer's name -> Vong's name."""

OVERFITTING_MARGIN = 0.01
"""Relative increase of eval loss over its best value from which a run counts as overfitting."""


@dataclass
class MonitorState:
    """State that survives a restart; stored in the marker of each checkpoint."""

    best_loss: float | None = None
    best_step: int = 0
    best: str | None = None
    evaluations: int = 0
    without_better: int = 0
    last_eval_step: int = -1
    train_loss_at_best: float | None = None
    losses: list[float] = field(default_factory=list[float])
    last_loss: float | None = None
    tokens: int = 0
    seconds: float = 0.0
    peak_memory: float = 0.0
    overfitting: bool = False
    stopped: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return asdict(self)


class TrainingMonitor:
    """Monitor of one training run.

    `patience` is a number of evaluations, None disables early stopping. `save_best(step)` saves the current weights and
    returns their folder name. `memory_in_use` returns bytes.
    """

    def __init__(
        self,
        reporter: TrainingReporter,
        state: MonitorState,
        *,
        patience: int | None,
        save_best: Callable[[int], str] | None,
        memory_in_use: Callable[[], float],
    ) -> None:
        self.reporter = reporter
        self.state = state
        self.patience = patience
        self.save_best = save_best
        self.memory_in_use = memory_in_use
        self.started_at = time.monotonic()
        self.first_step: int | None = None
        self.step_started_at = self.started_at
        self.tokens_per_second = 0.0

    def on_step_begin(self, step: int) -> None:
        """Record the start of a step after `step` completed steps."""
        self.step_started_at = time.monotonic()
        if self.first_step is None:
            self.first_step, self.started_at = step, self.step_started_at

    def on_step_end(self, step: int, total: int, tokens: int) -> None:
        """Record a completed step and its number of tokens, and report progress."""
        seconds = time.monotonic() - self.step_started_at
        self.tokens_per_second = tokens / seconds if seconds else 0.0
        self.state.tokens += tokens
        self.state.seconds += seconds
        loss = "" if self.state.last_loss is None else f"loss {self.state.last_loss:.3f}, "
        best = "" if self.state.best_loss is None else f"eval loss {self.state.best_loss:.3f}, "
        self.reporter.progress(step, total, f"{loss}{best}{self.tokens_per_second:.0f} tokens/s")

    def on_log(self, step: int, total: int, logs: dict[str, float]) -> None:
        """Report the trainer's metrics of a step or of an evaluation."""
        values = {
            name: float(logs[trainer_name]) for trainer_name, name in METRIC_NAMES.items() if trainer_name in logs
        }
        if "loss" in values:
            self.state.last_loss = values["loss"]
            self.state.losses.append(values["loss"])
            in_use = self.memory_in_use()
            self.state.peak_memory = max(self.state.peak_memory, in_use)
            values |= {"tokens_per_second": self.tokens_per_second, "memory_bytes": in_use}
            values["seconds_left"] = self.remaining_seconds(step, total)
        if values:
            self.reporter.log_metrics(step, values)

    def remaining_seconds(self, step: int, total: int) -> float:
        """Return the estimated remaining seconds, from the pace of this attempt with evaluations and checkpoints."""
        done = step - (self.first_step or 0)
        return (time.monotonic() - self.started_at) / done * (total - step) if done > 0 else 0.0

    def on_evaluate(self, step: int, eval_loss: float) -> bool:
        """Record an evaluation and return True if training should stop."""
        state = self.state
        if step == state.last_eval_step:
            return state.stopped
        state.last_eval_step = step
        state.evaluations += 1
        train_loss = sum(state.losses) / len(state.losses) if state.losses else None
        state.losses = []
        if state.best_loss is None or eval_loss < state.best_loss:
            state.best_loss, state.best_step, state.without_better = eval_loss, step, 0
            state.train_loss_at_best = train_loss
            if self.save_best:
                state.best = self.save_best(step)
            return False
        state.without_better += 1
        self._check_overfitting(step, eval_loss, train_loss)
        state.stopped = self.patience is not None and state.without_better >= self.patience
        if state.stopped:
            self.reporter.log(
                f"stopped early at step {step}: {state.without_better} evaluations without improving on the eval loss "
                f"{state.best_loss:.4f} of step {state.best_step}"
            )
        return state.stopped

    def _check_overfitting(self, step: int, eval_loss: float, train_loss: float | None) -> None:
        """Warn once if eval loss has risen while training loss still falls: the model now memorizes the rows."""
        state = self.state
        if state.overfitting or state.best_loss is None or train_loss is None or state.train_loss_at_best is None:
            return
        if eval_loss > state.best_loss * (1 + OVERFITTING_MARGIN) and train_loss < state.train_loss_at_best:
            state.overfitting = True
            suffix = "; the weights of the best step are kept" if self.save_best else ""
            self.reporter.warn(
                f"overfitting: eval loss rose from {state.best_loss:.4f} (step {state.best_step}) to {eval_loss:.4f} "
                f"(step {step}) while training loss fell from {state.train_loss_at_best:.4f} to "
                f"{train_loss:.4f}{suffix}"
            )
