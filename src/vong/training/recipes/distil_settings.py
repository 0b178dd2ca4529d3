"""Settings of distillation."""

from typing import Literal

from pydantic import Field, model_validator

from vong.training.recipes.sft_settings import SftSettings


class DistilSettings(SftSettings):
    """Settings of distillation. Each description gives the reason for its default."""

    teacher: str = Field(
        title="Teacher",
        default="",
        max_length=300,
        description="Must be set: a route or model of the gateway (answers), or a model of the registry (logits).",
    )
    source: Literal["answers", "logits"] = Field(
        title="Source",
        default="answers",
        description="answers works with every model; logits teach more per row, but need a local teacher with the same "
        "tokenizer.",
    )
    answer_tokens: int = Field(
        title="Answer tokens",
        default=512,
        ge=1,
        le=131_072,
        description="Maximum length of an answer. Answers that reach it are cut off, and are left out.",
    )
    answer_temperature: float = Field(
        title="Answer temperature",
        default=0.0,
        ge=0,
        le=2,
        description="0, because the most likely answer of the teacher is usually its best one.",
    )
    concurrency: int = Field(
        title="Concurrency",
        default=4,
        ge=1,
        le=64,
        description="Questions to the teacher at the same time. Providers limit the rate of requests.",
    )
    teacher_weight: float = Field(
        title="Teacher weight",
        default=0.5,
        ge=0,
        le=1,
        description="Weight of the teacher's distribution in the loss with logits; the rest is the row's completion.",
    )
    temperature: float = Field(
        title="Temperature",
        default=2.0,
        gt=0,
        le=20,
        description="Above 1 it shows the student which wrong tokens the teacher finds nearly right. For logits only.",
    )
    report_rows: int = Field(
        title="Report rows",
        default=20,
        ge=0,
        le=10_000,
        description="Validation rows on which teacher and student are compared at the end. 0 disables the comparison.",
    )
    scorers: tuple[str, ...] = Field(
        title="Scorers",
        default=("exact_match", "rouge"),
        description="Scorers of the comparison; they also score the samples of each evaluation.",
    )

    @model_validator(mode="after")
    def check_teacher(self) -> "DistilSettings":
        """Require a teacher, because nothing can be learned without one."""
        if not self.teacher.strip():
            raise ValueError("teacher is not set: name a route or model, for example --set teacher=openai/gpt-5-mini")
        return self
