"""Rewards: scores of completions for reinforcement learning, and the settings that select them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from vong.records import Example
from vong.training.scoring.judge_settings import JudgeSettings, RewardWeight

ScoreCompletions = Callable[
    [Sequence[Example], Sequence[str], Callable[[str], object]],
    list[float | None],
]
"""Function that returns the reward of each completion of an example. The last argument receives progress messages."""


@dataclass(frozen=True)
class RewardFunction:
    """Weighted reward. `compute(example, completion)` returns a number, or None if the reward does not apply.

    `needs_reference` is True if the completion of the example is compared with the generated one. `compute_all` scores
    several completions at once, for rewards that wait for another program.
    """

    name: str
    weight: float
    compute: Callable[[Example, str], float | None]
    needs_reference: bool = True
    compute_all: ScoreCompletions | None = None

    def score(
        self, examples: Sequence[Example], completions: Sequence[str], report: Callable[[str], object]
    ) -> list[float | None]:
        """Return the reward of each completion."""
        if self.compute_all is not None:
            return self.compute_all(examples, completions, report)
        return [self.compute(*pair) for pair in zip(examples, completions, strict=True)]


@dataclass(frozen=True)
class RewardModelFiles:
    """Folders of a reward model: the complete model, or the base model and the adapter with the head."""

    ref: str
    base: Path
    adapter: Path | None


class RewardSettings(BaseModel):
    """Settings that select the rewards. The server builds the rewards of every recipe whose settings have them."""

    rewards: dict[str, RewardWeight] = Field(
        title="Rewards",
        default={},
        description=(
            'Scorers and their weights, such as {"exact_match": 1.0, "json_fields": 0.5}. Each score is scaled to '
            "0..1. Empty, because the task decides what a good completion is; set this or reward_model."
        ),
    )
    reward_model: str | None = Field(
        title="Reward model",
        default=None,
        description="Ref of a model trained by the recipe reward. Unset, because a scorer is cheaper and exact.",
    )
    reward_model_weight: RewardWeight = Field(
        title="Weight of the reward model",
        default=1.0,
        description="Weight of the reward model's score beside the scorers. 1 counts it as much as one scorer.",
    )

    judges: dict[str, JudgeSettings] = Field(
        title="Judges",
        default={},
        description=(
            'Models that score completions, by name: {"tone": {"model": "openai/gpt-5-mini", "messages": [{"role": '
            '"user", "content": "Rate from 0 to 1: {{sample.output_text}}"}]}}. Empty, because each score is a call.'
        ),
    )
    judge_concurrency: int = Field(
        title="Concurrency of judges",
        default=4,
        ge=1,
        le=64,
        description="Completions that a judge scores at the same time. Providers limit the rate of requests.",
    )

    @property
    def has_reward(self) -> bool:
        """Return True if the settings select a reward."""
        return bool(self.rewards or self.reward_model or self.judges)

    @model_validator(mode="after")
    def check_names(self) -> Self:
        """Check that no judge has the name of another reward, because each reward is a metric."""
        taken = {*(spec.partition(":")[0] for spec in self.rewards), "reward_model"} & set(self.judges)
        if taken:
            raise ValueError(f"the judge {min(taken)!r} has the name of another reward; rename it")
        return self

    @field_validator("rewards", "judges", mode="before")
    @classmethod
    def parse_rewards(cls, value: Any) -> Any:
        """Parse the text of a form: a JSON object, or nothing."""
        if value is None or value == "":
            return {}
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError('write a JSON object, such as {"exact_match": 1.0}') from error
