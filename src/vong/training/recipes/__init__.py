"""The port of recipes: what a way of training must offer. Ours and a third party's are found by entry point."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel

from vong.records import Example
from vong.training.progress import TrainingReporter


@dataclass(frozen=True)
class TrainingContext:
    """What a recipe is given. `folder` is durable: what lies there from an earlier attempt is taken up.

    `base` is the folder of the base model and `base_ref` its name, written into what is made instead of a path of
    this machine. `threads` is the number of CPU threads to use.
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
    """What a recipe made: a folder of weights, whether they stand alone, and the last and best figures."""

    folder: Path
    kind: Literal["adapter", "merged"]
    summary: dict[str, Any]


class Recipe(Protocol):
    """A way of training. `Settings` is its pydantic model: each field with a default and, as description, a reason."""

    name: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]

    def train(self, work: TrainingContext, report: TrainingReporter) -> TrainingResult:
        """Train, or go on from the newest checkpoint in `work.folder`."""
        ...
