"""Monitoring of a training run: metrics, best weights, overfitting and early stopping.

Takes plain values and returns plain decisions; the trainer's callback only forwards events.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from vong.training.progress import TrainingReporter

SHOWN = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "epoch": "epoch",
    "mean_token_accuracy": "token_accuracy",
    "eval_loss": "eval_loss",
    "eval_mean_token_accuracy": "eval_token_accuracy",
}
"""Metrics to report: the trainer's name -> Vong's name."""

TURN = 0.01
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

    def plain(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return asdict(self)


class TrainingMonitor:
    """Monitor of one training run.

    `patience` is a number of evaluations, None disables early stopping. `save_best(step)` saves the current weights and
    returns their folder name. `memory_in_use` returns bytes.
    """

    def __init__(
        self,
        report: TrainingReporter,
        memory: MonitorState,
        *,
        patience: int | None,
        save_best: Callable[[int], str] | None,
        memory_in_use: Callable[[], float],
    ) -> None:
        self.report = report
        self.memory = memory
        self.patience = patience
        self.save_best = save_best
        self.memory_in_use = memory_in_use
        self.began = time.monotonic()
        self.first_step: int | None = None
        self.step_began = self.began
        self.rate = 0.0

    def step_begins(self, step: int) -> None:
        """Record the start of a step after `step` completed steps."""
        self.step_began = time.monotonic()
        if self.first_step is None:
            self.first_step, self.began = step, self.step_began

    def step_ended(self, step: int, total: int, tokens: int) -> None:
        """Record a completed step and its number of tokens, and report progress."""
        seconds = time.monotonic() - self.step_began
        self.rate = tokens / seconds if seconds else 0.0
        self.memory.tokens += tokens
        self.memory.seconds += seconds
        loss = "" if self.memory.last_loss is None else f"loss {self.memory.last_loss:.3f}, "
        best = "" if self.memory.best_loss is None else f"eval loss {self.memory.best_loss:.3f}, "
        self.report.progress(step, total, f"{loss}{best}{self.rate:.0f} tokens/s")

    def logged(self, step: int, total: int, logs: dict[str, float]) -> None:
        """Report the trainer's metrics of a step or of an evaluation."""
        values = {name: float(logs[trainer_name]) for trainer_name, name in SHOWN.items() if trainer_name in logs}
        if "loss" in values:
            self.memory.last_loss = values["loss"]
            self.memory.losses.append(values["loss"])
            in_use = self.memory_in_use()
            self.memory.peak_memory = max(self.memory.peak_memory, in_use)
            values |= {"tokens_per_second": self.rate, "memory_bytes": in_use}
            values["seconds_left"] = self.seconds_left(step, total)
        if values:
            self.report.metrics(step, values)

    def seconds_left(self, step: int, total: int) -> float:
        """Return the estimated remaining seconds, from the pace of this attempt with evaluations and checkpoints."""
        done = step - (self.first_step or 0)
        return (time.monotonic() - self.began) / done * (total - step) if done > 0 else 0.0

    def evaluated(self, step: int, eval_loss: float) -> bool:
        """Record an evaluation and return True if training should stop."""
        state = self.memory
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
        self._look_for_overfitting(step, eval_loss, train_loss)
        state.stopped = self.patience is not None and state.without_better >= self.patience
        if state.stopped:
            self.report.log(
                f"stopped early at step {step}: {state.without_better} evaluations without improving on the eval loss "
                f"{state.best_loss:.4f} of step {state.best_step}"
            )
        return state.stopped

    def _look_for_overfitting(self, step: int, eval_loss: float, train_loss: float | None) -> None:
        """Warn once if eval loss has risen while training loss still falls: the model now memorizes the rows."""
        state = self.memory
        if state.overfitting or state.best_loss is None or train_loss is None or state.train_loss_at_best is None:
            return
        if eval_loss > state.best_loss * (1 + TURN) and train_loss < state.train_loss_at_best:
            state.overfitting = True
            suffix = "; the weights of the best step are kept" if self.save_best else ""
            self.report.warn(
                f"overfitting: eval loss rose from {state.best_loss:.4f} (step {state.best_step}) to {eval_loss:.4f} "
                f"(step {step}) while training loss fell from {state.train_loss_at_best:.4f} to "
                f"{train_loss:.4f}{suffix}"
            )
