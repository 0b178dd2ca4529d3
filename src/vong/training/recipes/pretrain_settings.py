"""Settings of pre-training and of continued pre-training."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from vong.training.byte_bpe import MIN_VOCABULARY
from vong.training.settings import TrainingSettings


class PretrainSettings(TrainingSettings):
    """Settings of pre-training from scratch. Each description gives the reason for its default."""

    method: Literal["lora", "full"] = Field(
        title="Method",
        default="full",
        description="Always full: there is no base that an adapter could adapt.",
    )
    learning_rate: float = Field(
        title="Learning rate",
        le=1.0,
        default=1e-3,
        gt=0,
        description="For models up to about 30 M parameters. Set 6e-4 for 100 M and 3e-4 for 1 B.",
    )
    epochs: float = Field(
        title="Epochs",
        default=4.0,
        gt=0,
        le=100,
        description="Up to four passes over a corpus teach almost as much as new text (Muennighoff et al., 2023).",
    )
    weight_decay: float = Field(
        title="Weight decay",
        le=1.0,
        default=0.1,
        ge=0,
        description="0.1 is usual when all weights are trained for long.",
    )
    parameters: int | None = Field(
        title="Parameters",
        default=None,
        ge=10_000,
        le=10_000_000_000,
        description="Size of the model. If unset, it follows from the number of tokens: see tokens_per_parameter.",
    )
    tokens_per_parameter: float = Field(
        title="Tokens per parameter",
        default=20.0,
        ge=0.1,
        le=100_000,
        description="20 tokens per parameter give the lowest loss for the compute (Hoffmann et al., 2022).",
    )
    vocab_size: int | None = Field(
        title="Vocabulary size",
        default=None,
        ge=MIN_VOCABULARY,
        le=262_144,
        description="Tokens of the tokenizer. If unset, the embedding has at most two fifths of the parameters.",
    )
    block_size: int = Field(
        title="Block size",
        default=512,
        ge=16,
        le=131_072,
        description="Tokens per row, and the context of the model, which is at least 512. Attention costs its square.",
    )

    @field_validator("method")
    @classmethod
    def check_method(cls, method: str) -> str:
        """Reject an adapter, because a new model has no base."""
        if method != "full":
            raise ValueError(
                "a model from scratch is trained with method full; to adapt a base use the recipe continue"
            )
        return method

    @model_validator(mode="after")
    def check_quantization(self) -> "PretrainSettings":
        """Reject quantization, because weights that are trained cannot be quantized."""
        if self.quantization != "none":
            raise ValueError("a model from scratch cannot be quantized: set quantization to none")
        return self


class ContinueSettings(TrainingSettings):
    """Settings of continued pre-training. Each description gives the reason for its default."""

    learning_rate: float = Field(
        title="Learning rate",
        le=1.0,
        default=2e-4,
        gt=0,
        description="Low, because the base should not forget what it knows. For method full set 2e-5.",
    )
    epochs: float = Field(
        title="Epochs",
        default=1.0,
        gt=0,
        le=100,
        description="One pass: repeated documents are memorized rather than understood.",
    )
    block_size: int = Field(
        title="Block size",
        default=512,
        ge=16,
        le=131_072,
        description="Tokens per row, at most the context of the base. Attention costs its square.",
    )
