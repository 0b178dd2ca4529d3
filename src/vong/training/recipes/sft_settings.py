"""Settings of supervised fine-tuning."""

from pydantic import Field

from vong.training.settings import TrainingSettings


class SftSettings(TrainingSettings):
    """Settings of supervised fine-tuning. Each description gives the reason for its default."""

    group_by_length: bool = Field(
        title="Group by length",
        default=True,
        description="Rows of similar length share a batch, which reduces padding. Batches stay shuffled.",
    )
