"""Settings that all training recipes share: every hyperparameter, its default and the reason for it."""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from vong.training.rows.chat_template_choice import check_template_choice
from vong.training.setting_fields import epochs_field, learning_rate_field, method_field, weight_decay_field


class TrainingSettings(BaseModel):
    """Settings of a training run. Each description gives the reason for its default. Recipes add their own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["lora", "full"] = method_field(
        "lora", "lora trains 1 to 4 % of the weights and stores a small adapter; full trains and stores all."
    )
    adapter: Literal["lora", "rslora", "dora"] = Field(
        title="Adapter",
        default="lora",
        description="rslora scales by the root of the rank, for ranks above 32; dora also trains magnitudes, slower.",
    )
    quantization: Literal["none", "int8", "nf4"] = Field(
        title="Quantization",
        default="none",
        description="Of the frozen base during training (QLoRA). nf4 needs a quarter of its memory; slow on a CPU.",
    )
    base_adapter: Literal["continue", "merge"] = Field(
        title="If the base is an adapter",
        default="continue",
        description="continue trains that adapter further; merge trains a new one on the merged base.",
    )
    chat_template: str | None = Field(
        title="Chat template",
        default=None,
        max_length=100_000,
        description="Name of a template (chatml, llama, mistral, plain) or Jinja text. If unset, that of the base.",
    )
    learning_rate: float = learning_rate_field(
        1e-3, "Adapters start at zero and tolerate ten times the rate of full fine-tuning (for full, set 5e-5)."
    )
    epochs: float = epochs_field(
        2.0, "Passes over the rows. Early stopping ends the run sooner if eval loss stops improving."
    )
    batch_size: int = Field(
        title="Batch size",
        default=8,
        ge=1,
        le=1024,
        description="Rows per step. 8 keeps two CPU cores busy and uses 2.2 GB at 100 tokens with 135 M parameters.",
    )
    gradient_accumulation: int = Field(
        title="Gradient accumulation",
        default=1,
        ge=1,
        le=1024,
        description="Batches per optimiser step. Raise it if a larger batch does not fit into memory.",
    )
    max_length: int = Field(
        title="Maximum row length",
        le=131_072,
        default=1024,
        ge=16,
        description="In tokens. Longer rows are left out with a warning: a truncated completion teaches nothing.",
    )
    lora_rank: int = Field(
        title="LoRA rank",
        default=16,
        ge=1,
        le=1024,
        description="Rank of the adapter. 16 is in the middle of the usual 8 to 64.",
    )
    lora_alpha: int = Field(
        title="LoRA alpha",
        le=8192,
        default=32,
        ge=1,
        description="Scale of the adapter. Twice the rank is the usual choice.",
    )
    lora_dropout: float = Field(
        title="LoRA dropout",
        default=0.0,
        ge=0,
        lt=1,
        description="0, because early stopping and keep_best already limit overfitting, and dropout costs time.",
    )
    target_modules: str | tuple[str, ...] = Field(
        title="Target modules",
        default="all-linear",
        description="All linear layers: adapting attention alone performs worse (QLoRA, 2023, section 4).",
    )
    scheduler: Literal["cosine", "linear", "constant"] = Field(
        title="Scheduler",
        default="cosine",
        description="cosine lowers the learning rate to 0 along half a cosine, so that the last steps converge.",
    )
    warmup: float = Field(
        title="Warm-up",
        default=0.05,
        ge=0,
        lt=1,
        description="Share of the steps during which the learning rate rises from 0.",
    )
    weight_decay: float = weight_decay_field(0.0, "0, because an adapter is small and trained for a short time.")
    max_grad_norm: float = Field(
        title="Maximum gradient norm",
        le=1000.0,
        default=1.0,
        gt=0,
        description="Gradients with a larger norm are clipped to it.",
    )
    seed: int = Field(
        title="Seed",
        le=2**32 - 1,
        default=0,
        ge=0,
        description="Determines the order of the rows and the initial weights. The same seed repeats the same run.",
    )
    eval_every: int | None = Field(
        title="Evaluate every",
        le=1_000_000,
        default=None,
        ge=1,
        description="Steps between two evaluations. If unset, a run has eight evaluations.",
    )
    checkpoint_every: int | None = Field(
        title="Checkpoint every",
        le=1_000_000,
        default=None,
        ge=1,
        description="Steps between two checkpoints. If unset: 10 with lora, at each evaluation with full.",
    )
    early_stopping_patience: int | None = Field(
        title="Early stopping patience",
        le=1000,
        default=3,
        ge=1,
        description="Evaluations without a better eval loss until the run ends. If unset, early stopping is disabled.",
    )
    keep_best: bool = Field(
        title="Keep best weights",
        default=True,
        description="Keep the weights with the lowest eval loss instead of those of the last step.",
    )
    best_metric: str = Field(
        title="Best metric",
        default="eval_loss",
        pattern=r"^(eval_loss|eval_token_accuracy|sample_[A-Za-z0-9_.-]+)$",
        description="Metric that chooses the best weights. sample_NAME is a metric of one of the scorers.",
    )
    samples: int = Field(
        title="Samples",
        default=4,
        ge=0,
        le=512,
        description="Validation prompts that the model answers at evaluations, beside the base. 0 generates none.",
    )
    sample_tokens: int = Field(
        title="Sample length",
        default=128,
        ge=1,
        le=8192,
        description="Tokens of a sample at most. 128 shows the form of an output without slowing the run down.",
    )
    scorers: tuple[str, ...] = Field(
        title="Scorers of samples",
        default=(),
        description="Scorers of the samples, as for an evaluation, for example chrf. Without any, samples stay cheap.",
    )
    max_rewinds: int = Field(
        title="Maximum rewinds",
        default=3,
        ge=0,
        le=20,
        description="Returns to the last checkpoint after the run diverged, each with a quarter of the learning rate.",
    )
    spike_deviations: float | None = Field(
        title="Loss spike bound",
        default=10.0,
        ge=3.0,
        le=1000.0,
        description="Robust standard deviations above the median from which a loss is a spike. If unset, none is.",
    )
    gradient_checkpointing: bool = Field(
        title="Gradient checkpointing",
        default=False,
        description="Saves 40 % of the memory but takes 1.8 times as long. Use it if rows do not fit otherwise.",
    )
    dtype: Literal["auto", "fp32", "bf16"] = Field(
        title="Precision",
        default="auto",
        description="auto: fp32 on a CPU, because bf16 is rarely faster there, and bf16 on a GPU that supports it.",
    )

    @field_validator("target_modules")
    @classmethod
    def split_names(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """Split names that are separated by commas. Other text is all-linear or a regular expression."""
        if not isinstance(value, str) or value == "all-linear":
            names = value
        elif re.fullmatch(r"[\w.\-]+(\s*,\s*[\w.\-]+)*", value):
            names = tuple(name.strip() for name in value.split(","))
        else:
            check_pattern(value)
            names = value
        if not names or not all(name.strip() for name in names):
            raise ValueError("a name is empty; write all-linear, names of modules, or a regular expression")
        return names

    @field_validator("chat_template")
    @classmethod
    def check_template(cls, value: str | None) -> str | None:
        """Check that the value names a template or is a valid Jinja template."""
        return None if value is None else check_template_choice(value)

    @model_validator(mode="after")
    def check_combination(self) -> Self:
        """Check that the settings of adapters are used with an adapter only."""
        if self.method == "full" and self.quantization != "none":
            raise ValueError(
                f"method full cannot train quantized weights (quantization is {self.quantization}); "
                "set quantization to none or method to lora"
            )
        if self.method == "full" and self.adapter != "lora":
            raise ValueError(f"adapter {self.adapter} has no effect with method full; set method to lora")
        if self.adapter == "dora" and self.quantization == "int8":
            raise ValueError("adapter dora does not work with quantization int8; set quantization to nf4 or none")
        return self


def check_pattern(pattern: str) -> None:
    """Raise ValueError if a regular expression is invalid."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is neither a list of names nor a regular expression: {error}") from error
