"""Interface of training recipes: input, output and methods."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel

from vong.records import Example
from vong.training.progress import TrainingReporter
from vong.training.run_times import RunTimes
from vong.training.scoring.rewards import RewardFunction, RewardModelFiles
from vong.training.scoring.sample_scores import SampleScorer
from vong.training.scoring.teachers import Teachers


@dataclass(frozen=True)
class TrainingContext:
    """Input of a recipe.

    `folder` is durable: checkpoints of an earlier attempt in it are resumed. `base` is the folder of the base model and
    `base_ref` its ref, which the output contains instead of a path of this machine. `threads` is the number of CPU
    threads. `stages` are numbers of training examples: those of a stage are trained before those of the next, in each
    epoch. `rewards` and `reward_model` score completions in recipes of reinforcement learning.
    `score` scores sample generations against their references, if the settings name scorers. `adapter` is the folder
    of the adapter of the base that the run continues, for recipes with `continues_adapters`. `teachers` gives access to
    other models, for distillation.
    """

    base: Path
    base_ref: str
    train: Sequence[Example]
    validation: Sequence[Example]
    settings: BaseModel
    folder: Path
    threads: int
    stages: Sequence[int] = ()
    rewards: Sequence[RewardFunction] = ()
    reward_model: RewardModelFiles | None = None
    score: SampleScorer | None = None
    adapter: Path | None = None
    teachers: Teachers | None = None


@dataclass(frozen=True)
class TrainingResult:
    """Output of a recipe: a folder of weights, its kind, and the last and best metrics.

    The kind is `adapter` or `merged`, or `base` for a model that was trained from scratch.

    `metadata` is stored with the model version in the registry. `times` are those of this attempt, for a probe.
    """

    folder: Path
    kind: Literal["adapter", "merged", "base"]
    summary: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    times: RunTimes | None = None


class Recipe(Protocol):
    """Training method. Each field of its pydantic model `Settings` has a default and a description with the reason.

    A recipe that trains from scratch has the attribute `needs_base` with the value False; `base` is then an empty path.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:
        """Check the rows of a split before a run starts. `training` is False for the validation split.

        Raises:
            InvalidInput: A row lacks what the recipe needs. The message names the first such row.
        """
        ...

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest checkpoint in `context.folder`."""
        ...
