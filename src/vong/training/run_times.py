"""Times of the phases of a training attempt, from which a probe predicts those of a whole run."""

import os
import time
from dataclasses import dataclass, field


@dataclass
class RunTimes:
    """Seconds of the phases of one attempt, and the tokens of its steps.

    The first step, which is slower, is not part of `steps`, `step_seconds`, `step_tokens` and `cpu_seconds`, the CPU
    time of this process. `first_step_at` and `last_event_at` are times of the monotonic clock: the end of the first
    step, and of the last step, evaluation or checkpoint. `sample_seconds` contains the saving of the best weights.
    """

    steps: int = 0
    step_seconds: float = 0.0
    step_tokens: int = 0
    cpu_seconds: float = 0.0
    first_step_at: float | None = None
    evaluations: int = 0
    evaluation_seconds: float = 0.0
    sample_seconds: float = 0.0
    checkpoints: int = 0
    checkpoint_seconds: float = 0.0
    last_event_at: float = field(default_factory=time.monotonic)
    _cpu_at: float = field(default_factory=lambda: cpu_seconds())

    def end_step(self, tokens: int) -> None:
        """Record a step with its number of tokens."""
        seconds, used = self._lap()
        if self.first_step_at is None:
            self.first_step_at = self.last_event_at
            return
        self.steps += 1
        self.step_seconds += seconds
        self.step_tokens += tokens
        self.cpu_seconds += used

    def end_evaluation(self) -> None:
        """Record the computation of an eval loss."""
        self.evaluations += 1
        self.evaluation_seconds += self._lap()[0]

    def end_samples(self) -> None:
        """Record the samples of an evaluation and the saving of its weights."""
        self.sample_seconds += self._lap()[0]

    def end_checkpoint(self) -> None:
        """Record the writing of a checkpoint."""
        self.checkpoints += 1
        self.checkpoint_seconds += self._lap()[0]

    def _lap(self) -> tuple[float, float]:
        """Return the seconds and the CPU seconds since the last event, and start the next phase."""
        before, cpu_before = self.last_event_at, self._cpu_at
        self.last_event_at, self._cpu_at = time.monotonic(), cpu_seconds()
        return self.last_event_at - before, self._cpu_at - cpu_before


def cpu_seconds() -> float:
    """Return the CPU time that this process has used."""
    times = os.times()
    return times.user + times.system
