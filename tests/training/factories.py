"""Training rows, a recording reporter and training contexts for tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vong.errors import JobCancelled
from vong.records import Example, Message, TrainingSample
from vong.training import SftSettings, TrainingContext


def rows(count: int, start: int = 0) -> list[Example]:
    """Return rows of a task that two layers can learn: repeat the named letter."""
    return [
        Example(
            messages=(Message(role="user", content=f"say {chr(97 + n % 5)}{'!' * (n % 7)}"),),
            completion=Message(role="assistant", content=chr(97 + n % 5) * 3),
        )
        for n in range(start, start + count)
    ]


class Recorder:
    """Training reporter that records everything and cancels the training at step `cancel_at`."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.cancel_at = cancel_at
        self.metrics: list[tuple[int, dict[str, float]]] = []
        self.samples: list[TrainingSample] = []
        self.warnings: list[str] = []
        self.lines: list[str] = []
        self.progress_values: list[float] = []

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        self.metrics.append((step, values))

    def progress(self, done: float, total: float, message: str) -> None:
        self.progress_values.append(done)
        if self.cancel_at is not None and done >= self.cancel_at:
            raise JobCancelled("asked to stop")

    def log_samples(self, samples: Sequence[TrainingSample]) -> None:
        self.samples += samples

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def series(self, name: str) -> list[float]:
        return [values[name] for _, values in self.metrics if name in values]


def create_context(
    base: Path, folder: Path, settings: dict[str, Any], train: int = 24, validation: int = 8
) -> TrainingContext:
    folder.mkdir(parents=True, exist_ok=True)
    return TrainingContext(
        base=base,
        base_ref="tiny@0123456789ab",
        train=rows(train),
        validation=rows(validation, start=100),
        settings=SftSettings.model_validate({"batch_size": 4, "learning_rate": 1e-2, "lora_rank": 4, **settings}),
        folder=folder,
        threads=1,
    )
