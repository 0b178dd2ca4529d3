"""What is watched while a model learns: the figures, the best weights, the turn into overfitting, the end.

Plain values in, plain decisions out: the trainer's own callback only passes on what happened.
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
"""The trainer's names of the figures that are passed on, and ours."""

TURN = 0.01
"""By how much, as a share, eval loss must lie over its best before it is called overfitting."""


@dataclass
class MonitorState:
    """What must survive a restart: it lies in every checkpoint's marker."""

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
        """As JSON values."""
        return asdict(self)


class TrainingMonitor:
    """Follows one run. `patience` is in evaluations, None for never; `save_best(step)` keeps the weights as they are
    now and gives the name under which they lie; `memory_in_use` is in bytes.
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
        """A step starts; `step` are done."""
        self.step_began = time.monotonic()
        if self.first_step is None:
            self.first_step, self.began = step, self.step_began

    def step_ended(self, step: int, total: int, tokens: int) -> None:
        """A step of that many tokens is done."""
        seconds = time.monotonic() - self.step_began
        self.rate = tokens / seconds if seconds else 0.0
        self.memory.tokens += tokens
        self.memory.seconds += seconds
        loss = "" if self.memory.last_loss is None else f"loss {self.memory.last_loss:.3f}, "
        best = "" if self.memory.best_loss is None else f"eval loss {self.memory.best_loss:.3f}, "
        self.report.progress(step, total, f"{loss}{best}{self.rate:.0f} tokens/s")

    def logged(self, step: int, total: int, logs: dict[str, float]) -> None:
        """The trainer's figures of a step or of an evaluation."""
        values = {ours: float(logs[theirs]) for theirs, ours in SHOWN.items() if theirs in logs}
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
        """From the pace of this attempt, evaluations and checkpoints included."""
        done = step - (self.first_step or 0)
        return (time.monotonic() - self.began) / done * (total - step) if done > 0 else 0.0

    def evaluated(self, step: int, eval_loss: float) -> bool:
        """An evaluation is done; whether training should stop here."""
        memory = self.memory
        if step == memory.last_eval_step:
            return memory.stopped
        memory.last_eval_step = step
        memory.evaluations += 1
        train_loss = sum(memory.losses) / len(memory.losses) if memory.losses else None
        memory.losses = []
        if memory.best_loss is None or eval_loss < memory.best_loss:
            memory.best_loss, memory.best_step, memory.without_better = eval_loss, step, 0
            memory.train_loss_at_best = train_loss
            if self.save_best:
                memory.best = self.save_best(step)
            return False
        memory.without_better += 1
        self._look_for_overfitting(step, eval_loss, train_loss)
        memory.stopped = self.patience is not None and memory.without_better >= self.patience
        if memory.stopped:
            self.report.log(
                f"stopped early at step {step}: {memory.without_better} evaluations without a better eval loss than "
                f"{memory.best_loss:.4f} at step {memory.best_step}"
            )
        return memory.stopped

    def _look_for_overfitting(self, step: int, eval_loss: float, train_loss: float | None) -> None:
        """Eval loss has turned up while training loss still falls: what is learnt now is the rows themselves."""
        memory = self.memory
        if memory.overfitting or memory.best_loss is None or train_loss is None or memory.train_loss_at_best is None:
            return
        if eval_loss > memory.best_loss * (1 + TURN) and train_loss < memory.train_loss_at_best:
            memory.overfitting = True
            kept = "; the weights of the best step are kept" if self.save_best else ""
            self.report.warn(
                f"overfitting: eval loss rose from {memory.best_loss:.4f} (step {memory.best_step}) to {eval_loss:.4f} "
                f"(step {step}) while training loss fell from {memory.train_loss_at_best:.4f} to {train_loss:.4f}{kept}"
            )
