"""One turn of a conversation, in OpenAI's chat form."""

from typing import Any, Literal

from pydantic import ConfigDict

from vong.records.record import Record

Role = Literal["system", "developer", "user", "assistant", "tool"]


class Message(Record):
    """A chat message. Fields that a provider adds beyond these are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    role: Role
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The text of the message: its content, or its text parts joined; empty where there is none."""
        if isinstance(self.content, str):
            return self.content
        parts = self.content or []
        return "".join(str(part.get("text", "")) for part in parts if part.get("type") in {"text", "input_text"})
