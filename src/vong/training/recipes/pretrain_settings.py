"""Settings of pre-training and of continued pre-training."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from vong.training.rows.byte_bpe import MIN_VOCABULARY
from vong.training.setting_fields import epochs_field, learning_rate_field, method_field, weight_decay_field
from vong.training.settings import TrainingSettings


class CorpusSettings(TrainingSettings):
    """Settings of all recipes that train on documents."""

    block_size: int = Field(
        title="Block size",
        default=512,
        ge=16,
        le=131_072,
        description="Tokens per row, at most the context of a base. Attention costs its square. A new model has a "
        "context of at least 512.",
    )


class PretrainSettings(CorpusSettings):
    """Settings of pre-training from scratch. Each description gives the reason for its default."""

    method: Literal["lora", "full"] = method_field("full", "Always full: there is no base that an adapter could adapt.")
    learning_rate: float = learning_rate_field(
        1e-3, "For models up to about 30 M parameters. Set 6e-4 for 100 M and 3e-4 for 1 B."
    )
    epochs: float = epochs_field(
        4.0, "Up to four passes over a corpus teach almost as much as new text (Muennighoff et al., 2023)."
    )
    weight_decay: float = weight_decay_field(0.1, "0.1 is usual when all weights are trained for long.")
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


class ContinueSettings(CorpusSettings):
    """Settings of continued pre-training. Each description gives the reason for its default."""

    learning_rate: float = learning_rate_field(
        2e-4, "Low, because the base should not forget what it knows. For method full set 2e-5."
    )
    epochs: float = epochs_field(1.0, "One pass: repeated documents are memorized rather than understood.")
