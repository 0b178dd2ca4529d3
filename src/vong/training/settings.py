"""Settings that all training recipes share: every hyperparameter, its default and the reason for it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingSettings(BaseModel):
    """Settings of a training run. Each description gives the reason for its default. Recipes add their own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["lora", "full"] = Field(
        title="Method",
        default="lora",
        description="lora trains 1 to 4 % of the weights and stores a small adapter; full trains and stores all.",
    )
    learning_rate: float = Field(
        title="Learning rate",
        le=1.0,
        default=1e-3,
        gt=0,
        description="Adapters start at zero and tolerate ten times the rate of full fine-tuning (for full, set 5e-5).",
    )
    epochs: float = Field(
        title="Epochs",
        default=2.0,
        gt=0,
        le=100,
        description="Passes over the rows. Early stopping ends the run sooner if eval loss stops improving.",
    )
    batch_size: int = Field(
        title="Batch size",
        default=8,
        ge=1,
        le=1024,
        description="Rows per step. 8 keeps two CPU cores busy and uses 4 GB at 128 tokens.",
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
    weight_decay: float = Field(
        title="Weight decay",
        le=1.0,
        default=0.0,
        ge=0,
        description="0, because an adapter is small and trained for a short time.",
    )
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
