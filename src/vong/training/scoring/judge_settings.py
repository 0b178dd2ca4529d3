"""Settings of judges: models that score completions in reinforcement learning."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

RewardWeight = Annotated[float, Field(allow_inf_nan=False, ge=-1000, le=1000)]
PLACEHOLDER = re.compile(r"\{\{\s*(sample\.output_text|item(?:\.\w+)+)\s*\}\}")
"""Placeholder in the messages of a judge: the completion, or a field of the row."""
ANY_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)

JudgeParameter = Literal[
    "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "reasoning_effort", "response_format"
]


class JudgeMessage(BaseModel):
    """Message to a judge. Its content may have placeholders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, Field(min_length=1, max_length=100_000)]

    @field_validator("content")
    @classmethod
    def check_placeholders(cls, content: str) -> str:
        """Reject a placeholder that has no value."""
        for placeholder in ANY_PLACEHOLDER.finditer(content):
            if not PLACEHOLDER.fullmatch(placeholder.group()):
                raise ValueError(
                    f"unknown placeholder {placeholder.group()[:100]!r}; use {{{{sample.output_text}}}} for the "
                    "completion and {{item.FIELD}} for a field of the row"
                )
        return content


class JudgeSettings(BaseModel):
    """Judge: a route or model of the gateway, the messages it gets, and the range of its scores.

    A score is scaled to 0..1 before its weight is applied.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(min_length=1, max_length=300)]
    messages: Annotated[tuple[JudgeMessage, ...], Field(min_length=1, max_length=50)]
    weight: RewardWeight = 1.0
    lowest: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    highest: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    params: dict[JudgeParameter, Any] = {"temperature": 0.0}

    @model_validator(mode="after")
    def check_range(self) -> "JudgeSettings":
        """Check the range of the scores, and that the judge sees the completion."""
        if self.lowest >= self.highest:
            raise ValueError(f"lowest {self.lowest:g} is not below highest {self.highest:g}")
        if not any("sample.output_text" in message.content for message in self.messages):
            raise ValueError("no message has {{sample.output_text}}, so that the judge does not see the completion")
        return self

    @property
    def fields(self) -> set[str]:
        """Return the fields of the row that the messages name."""
        texts = [message.content for message in self.messages]
        names = {match.group(1) for text in texts for match in PLACEHOLDER.finditer(text)}
        return {name.removeprefix("item.") for name in names if name.startswith("item.")}
