"""Fine-tuning at a provider: the provider trains, and the run follows its job."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from vong.errors import Unsupported
from vong.records import Example
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult


class ProviderJobSettings(BaseModel):
    """Settings of a job at a provider. Unset ones are chosen by the provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["supervised", "dpo", "reinforcement"] = Field(
        title="Method",
        default="supervised",
        description="supervised, because most providers support only that; dpo needs preference pairs.",
    )
    n_epochs: int | None = Field(
        title="Epochs", default=None, ge=1, le=100, description="Unset, because the provider knows its models."
    )
    batch_size: int | None = Field(
        title="Batch size", default=None, ge=1, le=1024, description="Unset, because the provider knows its models."
    )
    learning_rate_multiplier: float | None = Field(
        title="Learning rate multiplier",
        default=None,
        gt=0,
        le=1000,
        description="Unset, because the provider knows its models.",
    )
    beta: float | None = Field(
        title="Beta", default=None, gt=0, le=100, description="For the method dpo. Unset: the provider's default."
    )
    seed: int | None = Field(
        title="Seed", default=None, ge=0, le=2**31 - 1, description="Unset: the provider draws one and reports it."
    )
    suffix: str | None = Field(
        title="Suffix", default=None, max_length=64, description="Part of the model's name. Unset: the name of the run."
    )
    method_settings: dict[str, Any] = Field(
        title="Further method settings",
        default={},
        description="Sent unchanged with the method, such as a grader. Empty, because most jobs need none.",
    )


class ProviderRecipe:
    """Fine-tuning at a provider with OpenAI's fine-tuning API. The base is PROVIDER/MODEL."""

    name: ClassVar[str] = "provider"
    Settings: ClassVar[type[BaseModel]] = ProviderJobSettings

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:
        """Accept the rows: the provider validates its training file."""

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Raise Unsupported: the server follows the provider's job instead of training."""
        del reporter
        raise Unsupported(
            f"recipe 'provider' cannot train {context.base_ref!r} here",
            "name a provider's model as base: PROVIDER/MODEL",
        )
