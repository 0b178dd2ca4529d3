"""Message of a conversation, in OpenAI's chat format."""

from typing import Any, Literal

from pydantic import ConfigDict

from vong.records.record import Record

MessageRole = Literal["system", "developer", "user", "assistant", "tool"]

LOSS_WEIGHT_FIELDS = ("weight", "loss_weight", "train", "training", "trainable", "loss", "loss_mask")
"""Fields of an assistant message with its weight in training, as in the files of OpenAI and of known trainers."""


class Message(Record):
    """Chat message. Additional fields of a provider are preserved."""

    model_config = ConfigDict(frozen=True, extra="allow")

    role: MessageRole
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """Return the text: the content, or its text parts joined. Returns an empty string if there is no text."""
        if isinstance(self.content, str):
            return self.content
        parts = self.content or []
        return "".join(str(part.get("text", "")) for part in parts if part.get("type") in {"text", "input_text"})
