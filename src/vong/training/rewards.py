"""Rewards: scores of completions for reinforcement learning, and the settings that select them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from vong.records import Example

RewardWeight = Annotated[float, Field(allow_inf_nan=False, ge=-1000, le=1000)]


@dataclass(frozen=True)
class RewardFunction:
    """Weighted reward. `compute(example, completion)` returns a number, or None if the reward does not apply.

    `needs_reference` is True if the completion of the example is compared with the generated one.
    """

    name: str
    weight: float
    compute: Callable[[Example, str], float | None]
    needs_reference: bool = True


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

    @field_validator("rewards", mode="before")
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
