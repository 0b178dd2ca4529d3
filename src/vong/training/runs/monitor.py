"""Monitoring of a training run: metrics, best weights, overfitting, early stopping and divergence.

Takes plain values and returns plain decisions; the trainer's callback only forwards events.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from vong.training.progress import TrainingReporter
from vong.training.runs.divergence import SPIKE_WINDOW, Diverged, loss_bound
from vong.training.runs.metric_names import translate_metrics
from vong.training.runs.utilization import UtilizationMeter

OVERFITTING_MARGIN = 0.01
"""Relative increase of eval loss over its best value from which a run counts as overfitting."""

SPIKE_STEPS = 3
"""Consecutive steps with a loss above the bound that count as a divergence. A single one may be an unusual batch."""

MAX_SKIPS_IN_A_ROW = 2
"""Consecutive batches that are skipped because their loss or gradient is not finite. One more is a divergence."""

MAX_SKIPPED_SHARE = 0.1
"""Share of the steps of a run that may be skipped, but at least MIN_SKIPS. More is a divergence."""

MIN_SKIPS = 3
"""Skipped batches that every run may have."""

MAX_SKIP_WARNINGS = 5
"""Skipped batches that each get a warning. Later ones are only logged."""


@dataclass
class MonitorState:
    """State that survives a restart; stored in the marker of each checkpoint.

    `best_loss` is the lowest eval loss and `best_loss_step` its step. `best_value` and `best_step` belong to the metric
    by which the weights are chosen. `recent_losses` are those within the bound, `first_losses` those of the first two
    steps, `spikes` the latest consecutive steps above the bound.
    """

    best_loss: float | None = None
    best_loss_step: int = 0
    best_value: float | None = None
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
    recent_losses: list[float] = field(default_factory=list[float])
    first_losses: list[float] = field(default_factory=list[float])
    spikes: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    rewinds: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return asdict(self)


class BestMetric(NamedTuple):
    """Metric by which the best weights are chosen."""

    name: str = "eval_loss"
    direction: Literal["min", "max"] = "min"

    def is_better(self, value: float, than: float) -> bool:
        """Check if a value is better than another one."""
        return value < than if self.direction == "min" else value > than


class MonitorPolicy(NamedTuple):
    """Decisions of a run that its settings determine.

    `patience` is a number of evaluations, None disables early stopping. `spike_deviations` is the bound of the loss in
    robust standard deviations, None disables it. `rate_factor` is the factor of the learning rate after rewinds.
    `rows_of_step` returns the training rows of a step, counted from 1, for messages. `warns_of_overfitting` is False if
    the loss does not measure progress.
    """

    patience: int | None = None
    best_metric: BestMetric = BestMetric()
    spike_deviations: float | None = 10.0
    rate_factor: float = 1.0
    rows_of_step: Callable[[int], Sequence[int]] | None = None
    warns_of_overfitting: bool = True


class TrainingMonitor:
    """Monitor of one training run.

    `save_best(step)` saves the current weights and returns their folder name. `meter` measures memory and utilization.
    """

    def __init__(
        self,
        reporter: TrainingReporter,
        state: MonitorState,
        policy: MonitorPolicy,
        *,
        save_best: Callable[[int], str] | None,
        meter: UtilizationMeter,
    ) -> None:
        self.reporter = reporter
        self.state = state
        self.policy = policy
        self.save_best = save_best
        self.meter = meter
        self.started_at = time.monotonic()
        self.first_step: int | None = None
        self.step_started_at = self.started_at
        self.tokens_per_second = 0.0
        self.skipped_step: int | None = None

    def on_step_begin(self, step: int) -> None:
        """Record the start of a step after `step` completed steps."""
        self.step_started_at = time.monotonic()
        if self.first_step is None:
            self.first_step, self.started_at = step, self.step_started_at

    def check_step(self, step: int, total: int, loss: float, grad_norm: float) -> bool:
        """Check a step before the weights change. Return False if the step must be skipped.

        Raises:
            Diverged: The loss was above its bound for several steps, or too many steps were not finite.
        """
        state = self.state
        name = "loss" if not math.isfinite(loss) else "gradient norm"
        if math.isfinite(loss) and math.isfinite(grad_norm):
            state.skipped_in_a_row = 0
            self._check_spike(step, loss)
            return True
        state.skipped += 1
        state.skipped_in_a_row += 1
        self.skipped_step = step
        if state.skipped_in_a_row > MAX_SKIPS_IN_A_ROW:
            raise Diverged(step, f"the {name} was not finite for {state.skipped_in_a_row} steps in a row")
        if state.skipped > max(MIN_SKIPS, total * MAX_SKIPPED_SHARE):
            raise Diverged(step, f"the loss or the gradient norm was not finite in {state.skipped} of {total} steps")
        numbers = self.policy.rows_of_step(step) if self.policy.rows_of_step else ()
        rows = f" (training rows {', '.join(map(str, numbers))})" if numbers else ""
        text = f"step {step}: the {name} is not finite; the batch is skipped{rows}"
        (self.reporter.warn if state.skipped <= MAX_SKIP_WARNINGS else self.reporter.log)(text)
        return False

    def _check_spike(self, step: int, loss: float) -> None:
        state = self.state
        if self.policy.spike_deviations is None:
            return
        bound = loss_bound(state.recent_losses, state.first_losses, self.policy.spike_deviations)
        if loss <= bound:
            state.spikes = 0
            state.recent_losses = [*state.recent_losses, loss][-SPIKE_WINDOW:]
            state.first_losses = [*state.first_losses, loss][:2]
            return
        state.spikes += 1
        if state.spikes >= SPIKE_STEPS:
            raise Diverged(step, f"the loss was above {bound:.3g} for {state.spikes} steps in a row (now {loss:.3g})")

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
        """Report the trainer's metrics of a step or of an evaluation. Values that are not finite are left out."""
        values = translate_metrics(logs)
        if "loss" in values:
            in_use = self.meter.memory_in_use()
            self.state.peak_memory = max(self.state.peak_memory, in_use)
            values |= {"tokens_per_second": self.tokens_per_second, "memory_bytes": in_use, **self.meter.utilization()}
            values["seconds_left"] = self.remaining_seconds(step, total)
        if "learning_rate" in values:
            values["learning_rate"] *= self.policy.rate_factor
        if step == self.skipped_step and "loss" in values:
            for name in ("loss", "grad_norm", "token_accuracy"):
                values.pop(name, None)
        values = {name: value for name, value in values.items() if math.isfinite(value)}
        if "loss" in values:
            self.state.last_loss = values["loss"]
            self.state.losses.append(values["loss"])
        if values:
            self.reporter.log_metrics(step, values)

    def remaining_seconds(self, step: int, total: int) -> float:
        """Return the estimated remaining seconds, from the pace of this attempt with evaluations and checkpoints."""
        done = step - (self.first_step or 0)
        return (time.monotonic() - self.started_at) / done * (total - step) if done > 0 else 0.0

    def on_evaluate(self, step: int, eval_loss: float, metrics: dict[str, float] | None = None) -> bool:
        """Record an evaluation and return True if training should stop. `metrics` are further metrics of it."""
        state, metric = self.state, self.policy.best_metric
        if step == state.last_eval_step:
            return state.stopped
        state.last_eval_step = step
        state.evaluations += 1
        if not math.isfinite(eval_loss):
            self.reporter.warn(f"step {step}: the eval loss is not finite; check the validation rows")
        value = {**(metrics or {}), "eval_loss": eval_loss}.get(metric.name, math.nan)
        is_best = self._is_best(value, eval_loss)
        self._update_best_loss(step, eval_loss)
        if is_best:
            state.best_value, state.best_step, state.without_better = value, step, 0
            if self.save_best:
                state.best = self.save_best(step)
            return False
        state.without_better += 1
        state.stopped = self.policy.patience is not None and state.without_better >= self.policy.patience
        if state.stopped:
            best = "none" if state.best_value is None else f"{state.best_value:.4f}"
            self.reporter.log(
                f"stopped early at step {step}: {state.without_better} evaluations without improving on the "
                f"{metric.name.replace('_', ' ')} {best} of step {state.best_step}"
            )
        return state.stopped

    def _is_best(self, value: float, eval_loss: float) -> bool:
        """Check if an evaluation is the best so far. Of equal values, the one with the lower eval loss is better."""
        state = self.state
        if not math.isfinite(value):
            return False
        if state.best_value is None or self.policy.best_metric.is_better(value, state.best_value):
            return True
        return value == state.best_value and state.best_loss is not None and eval_loss < state.best_loss

    def _update_best_loss(self, step: int, eval_loss: float) -> None:
        """Record the eval loss, and warn once if it rises while the training loss still falls."""
        state = self.state
        train_loss = sum(state.losses) / len(state.losses) if state.losses else None
        state.losses = []
        if math.isfinite(eval_loss) and (state.best_loss is None or eval_loss < state.best_loss):
            state.best_loss, state.best_loss_step, state.train_loss_at_best = eval_loss, step, train_loss
            return
        if state.overfitting or state.best_loss is None or train_loss is None or state.train_loss_at_best is None:
            return
        if not self.policy.warns_of_overfitting:
            return
        if eval_loss > state.best_loss * (1 + OVERFITTING_MARGIN) and train_loss < state.train_loss_at_best:
            state.overfitting = True
            suffix = "; the weights of the best step are kept" if self.save_best else ""
            self.reporter.warn(
                f"overfitting: eval loss rose from {state.best_loss:.4f} (step {state.best_loss_step}) to "
                f"{eval_loss:.4f} (step {step}) while training loss fell from {state.train_loss_at_best:.4f} to "
                f"{train_loss:.4f}{suffix}"
            )
