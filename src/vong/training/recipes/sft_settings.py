"""Settings of supervised fine-tuning."""

from typing import Literal

from pydantic import Field

from vong.training.settings import TrainingSettings


class SftSettings(TrainingSettings):
    """Settings of supervised fine-tuning. Each description gives the reason for its default."""

    loss_on: Literal["last", "all"] = Field(
        title="Loss on",
        default="last",
        description="Trained answers of a conversation: only the last one, because rows made from traffic repeat their "
        "earlier answers, or all of them. Answers with the weight 0 are never trained.",
    )
    group_by_length: bool = Field(
        title="Group by length",
        default=True,
        description="Rows of similar length share a batch, which reduces padding. Batches stay shuffled.",
    )
    packing: bool = Field(
        title="Packing",
        default=False,
        description="Join short rows to sequences of up to max_length tokens without padding; no row sees another. "
        "Off, because batch_size then counts sequences, so that a step has more rows and a run fewer steps.",
    )
    share_prefix: bool = Field(
        title="Share prefix",
        default=True,
        description="On a CPU, compute the common beginning of a batch (such as a system prompt) once. Results differ "
        "in rounding only. Used if it saves at least 5 % of the tokens, without dropout and without checkpointing.",
    )
