"""The settings of supervised fine-tuning: every hyperparameter, its default, and why."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SftSettings(BaseModel):
    """Supervised fine-tuning. Each description gives the reason of its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["lora", "full"] = Field(
        title="Method",
        default="lora",
        description="lora trains 1 to 4 % of the weights and gives a small adapter; full trains and keeps them all.",
    )
    learning_rate: float = Field(
        title="Learning rate",
        le=1.0,
        default=1e-3,
        gt=0,
        description="Adapters start at zero and stand ten times the rate of full fine-tuning (use 5e-5 there).",
    )
    epochs: float = Field(
        title="Epochs",
        default=2.0,
        gt=0,
        le=100,
        description="Passes over the rows; early stopping ends it sooner where it turns.",
    )
    batch_size: int = Field(
        title="Batch size",
        default=8,
        ge=1,
        le=1024,
        description="Rows per step: 8 keeps two CPU cores busy and takes 4 GB at 128 tokens.",
    )
    gradient_accumulation: int = Field(
        title="Gradient accumulation",
        default=1,
        ge=1,
        le=1024,
        description="Batches per optimiser step: raise it where a larger batch does not fit.",
    )
    max_length: int = Field(
        title="Longest row",
        le=131_072,
        default=1024,
        ge=16,
        description="Longest row in tokens. Longer ones are left out and warned of: a cut answer teaches nothing.",
    )
    lora_rank: int = Field(
        title="LoRA rank",
        default=16,
        ge=1,
        le=1024,
        description="Width of the adapter: 16 lies in the middle of the usual 8 to 64.",
    )
    lora_alpha: int = Field(
        title="LoRA alpha",
        le=8192,
        default=32,
        ge=1,
        description="Scale of the adapter; twice the rank is the usual choice.",
    )
    lora_dropout: float = Field(
        title="LoRA dropout",
        default=0.0,
        ge=0,
        lt=1,
        description="0: early stopping and keep_best already guard against overfitting, and dropout costs time.",
    )
    target_modules: str | tuple[str, ...] = Field(
        title="Target modules",
        default="all-linear",
        description="Adapting attention alone falls short of full fine-tuning (QLoRA, 2023, section 4).",
    )
    scheduler: Literal["cosine", "linear", "constant"] = Field(
        title="Scheduler",
        default="cosine",
        description="The rate falls along half a cosine to 0, so that the last steps settle.",
    )
    warmup: float = Field(
        title="Warm-up", default=0.05, ge=0, lt=1, description="Share of the steps over which the rate rises from 0."
    )
    weight_decay: float = Field(
        title="Weight decay",
        le=1.0,
        default=0.0,
        ge=0,
        description="An adapter is small and short-lived: nothing to decay.",
    )
    max_grad_norm: float = Field(
        title="Largest gradient norm",
        le=1000.0,
        default=1.0,
        gt=0,
        description="Gradients longer than this are shortened to it.",
    )
    seed: int = Field(
        title="Seed",
        le=2**32 - 1,
        default=0,
        ge=0,
        description="Order of the rows and first weights: the same seed, the same run.",
    )
    eval_every: int | None = Field(
        title="Evaluate every",
        le=1_000_000,
        default=None,
        ge=1,
        description="Steps between two evaluations; unset: eight evaluations in a run.",
    )
    checkpoint_every: int | None = Field(
        title="Checkpoint every",
        le=1_000_000,
        default=None,
        ge=1,
        description="Steps between two checkpoints; unset: every 10 with lora, at evaluations with full.",
    )
    early_stopping_patience: int | None = Field(
        title="Early stopping patience",
        le=1000,
        default=3,
        ge=1,
        description="Evaluations without a better eval loss after which it ends; unset: never.",
    )
    keep_best: bool = Field(
        title="Keep the best",
        default=True,
        description="Keep the weights of the lowest eval loss, not those of the last step.",
    )
    group_by_length: bool = Field(
        title="Group by length",
        default=True,
        description="Rows of like length share a batch: less padding to compute. Batches stay shuffled.",
    )
    gradient_checkpointing: bool = Field(
        title="Gradient checkpointing",
        default=False,
        description="Saves 40 % of the memory for 1.8 times the time: for rows that do not fit otherwise.",
    )
    dtype: Literal["auto", "fp32", "bf16"] = Field(
        title="Precision",
        default="auto",
        description="auto: fp32 on a CPU, where bf16 is rarely quicker, and bf16 on a GPU that has it.",
    )
