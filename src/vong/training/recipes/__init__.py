"""Interface of training recipes. Built-in and third-party recipes are loaded by entry point."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel

from vong.records import Example
from vong.training.progress import TrainingReporter


@dataclass(frozen=True)
class TrainingContext:
    """Input of a recipe.

    `folder` is durable: checkpoints of an earlier attempt in it are resumed. `base` is the folder of the base model and
    `base_ref` its ref, which the output contains instead of a path of this machine. `threads` is the number of CPU
    threads.
    """

    base: Path
    base_ref: str
    train: Sequence[Example]
    validation: Sequence[Example]
    settings: BaseModel
    folder: Path
    threads: int


@dataclass(frozen=True)
class TrainingResult:
    """Output of a recipe: a folder of weights, its kind (`adapter` or `merged`), and the last and best metrics."""

    folder: Path
    kind: Literal["adapter", "merged"]
    summary: dict[str, Any]


class Recipe(Protocol):
    """Training method. Each field of its pydantic model `Settings` has a default and a description with the reason."""

    name: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest checkpoint in `context.folder`."""
        ...
