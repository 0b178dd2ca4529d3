"""Trainer callback that forwards events to the monitor, writes samples and commits checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vong.training.run_times import RunTimes
from vong.training.runs.checkpoints import commit_checkpoint, prune_checkpoints
from vong.training.runs.divergence import Diverged
from vong.training.runs.metric_names import translate_metrics
from vong.training.runs.monitor import TrainingMonitor


class MonitorEvents:
    """Handlers of the trainer's events.

    `write_samples(step, total)` generates samples at an evaluation and returns their metrics. `event` of a handler is
    (arguments, state, control), as the trainer passes them.
    """

    def __init__(
        self,
        monitor: TrainingMonitor,
        trainer: Any,
        settings: Any,
        write_samples: Callable[[int, int], dict[str, float]],
    ) -> None:
        self.monitor = monitor
        self.trainer = trainer
        self.settings = settings
        self.write_samples = write_samples
        self.rates: list[float] | None = None
        self.times = RunTimes()

    def on_step_begin(self, *event: Any, **_: Any) -> None:
        """Reset the totals of the step."""
        self.trainer.step_tokens, self.trainer.step_loss, self.trainer.step_grad_norm = 0, 0.0, 0.0
        self.monitor.on_step_begin(event[1].global_step)

    def on_substep_end(self, *event: Any, **_: Any) -> None:
        """Let the reporter cancel the run between two batches of a step."""
        self.monitor.reporter.progress(event[1].global_step, event[1].max_steps, "")

    def on_pre_optimizer_step(self, *event: Any, **_: Any) -> None:
        """Discard the gradient of a batch that is not finite, and apply the factor of the learning rate."""
        loss, grad_norm = float(self.trainer.step_loss), float(self.trainer.step_grad_norm)
        step, total = event[1].global_step + 1, event[1].max_steps
        if not self.monitor.check_step(step, total, loss, grad_norm):
            # Optimizers leave parameters without a gradient unchanged.
            for parameter in self.trainer.model.parameters():
                parameter.grad = None
        factor = self.monitor.policy.rate_factor
        if factor != 1:
            groups = self.trainer.optimizer.param_groups
            self.rates = [group["lr"] for group in groups]
            for group in groups:
                group["lr"] *= factor

    def on_optimizer_step(self, *_: Any, **__: Any) -> None:
        """Restore the learning rate: the scheduler and the checkpoints see it without the factor."""
        if self.rates is not None:
            for group, rate in zip(self.trainer.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate
            self.rates = None

    def on_step_end(self, *event: Any, **_: Any) -> Any:
        """Report progress, evaluate after the last step, and save nothing while the run may be diverging."""
        arguments, state, control = event
        self.monitor.on_step_end(state.global_step, state.max_steps, self.trainer.step_tokens)
        self.times.end_step(self.trainer.step_tokens)
        if state.global_step >= state.max_steps and arguments.eval_strategy != "no":
            control.should_evaluate = True
        if (self.monitor.state.spikes or self.monitor.state.skipped_in_a_row) and state.global_step < state.max_steps:
            control.should_save = False  # a rewind returns to the last checkpoint before that
        return control

    def on_log(self, *event: Any, logs: Any = None, **_: Any) -> None:
        """Report metrics."""
        self.monitor.on_log(event[1].global_step, event[1].max_steps, logs or {})

    def on_evaluate(self, *event: Any, metrics: Any = None, **_: Any) -> Any:
        """Generate samples, keep the best weights, and stop early."""
        _, state, control = event
        self.times.end_evaluation()
        sampled = self.write_samples(state.global_step, state.max_steps)
        if sampled:
            self.monitor.reporter.log_metrics(state.global_step, sampled)
        values = translate_metrics(metrics or {})
        if self.monitor.on_evaluate(state.global_step, values.pop("eval_loss"), {**values, **sampled}):
            control.should_training_stop = control.should_save = True
        self.times.end_samples()
        return control

    def on_save(self, *event: Any, **_: Any) -> None:
        """Commit the checkpoint that the trainer has written.

        Raises:
            Diverged: The weights are not finite.
        """
        step, folder = event[1].global_step, Path(event[0].output_dir)
        if not has_finite_weights(self.trainer.model):
            raise Diverged(step, "the weights are not finite")
        state = {**self.monitor.state.to_dict(), "settings": self.settings}
        commit_checkpoint(folder / f"checkpoint-{step}", state)
        prune_checkpoints(folder, self.monitor.state.best)
        self.times.end_checkpoint()


def build_callback(
    monitor: TrainingMonitor, trainer: Any, settings: Any, write_samples: Callable[[int, int], dict[str, float]]
) -> Any:
    """Build the callback of a trainer. A function defers the import of transformers."""
    from transformers import TrainerCallback

    class MonitorCallback(MonitorEvents, TrainerCallback):
        """Handlers of the monitor; the other events do nothing."""

    return MonitorCallback(monitor, trainer, settings, write_samples)


def has_finite_weights(model: Any) -> bool:
    """Check that all trained weights are finite."""
    import torch

    trained = (parameter for parameter in model.parameters() if parameter.requires_grad)
    return all(bool(torch.isfinite(parameter.detach()).all()) for parameter in trained)
