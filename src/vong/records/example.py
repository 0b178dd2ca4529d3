"""Example: a dataset row, an evaluation item or a harvested completion."""

from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from vong.records.message import Message
from vong.records.record import Record, content_hash


class ExampleOrigin(Record):
    """Origin of an example, which links lineage in both directions.

    `kind` is the type of the object that `id` names: a span, a row of an earlier dataset version, a row of an imported
    file (`tickets.jsonl#12`), a chunk of a document, or the person or program that wrote the example.
    """

    kind: Literal["span", "row", "file", "document", "annotator"]
    id: str


class Example(Record):
    """Messages in OpenAI chat format and the expected completion, or a plain text document.

    `completion` is the expected completion, `rejected` a worse one (a preference pair), `weight` the weight in training
    (default 1.0), `metadata` free JSON. `text` is a document for pre-training; such an example has no messages and no
    completion. `origin` and `metadata` are not part of the content hash, so that the same conversation from two origins
    is the same example.
    """

    messages: tuple[Message, ...] = ()
    completion: Message | None = None
    rejected: Message | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    text: str | None = None
    metadata: dict[str, Any] = {}
    weight: float = Field(default=1.0, allow_inf_nan=False)
    origin: ExampleOrigin | None = None

    @cached_property
    def hash(self) -> str:
        """Return the sha256 of the content (messages, completion, rejected, tools, text), in hexadecimal."""
        return content_hash(self.model_dump(mode="json", exclude_none=True, include=CONTENT_FIELDS))

    @property
    def prompt_text(self) -> str:
        """Return the text of the user messages, joined by line breaks. For a document, its text."""
        if self.text is not None:
            return self.text
        return "\n".join(message.text for message in self.messages if message.role == "user")

    @property
    def completion_text(self) -> str:
        """Return the text of the completion. Returns an empty string if there is no completion."""
        return self.completion.text if self.completion else ""


CONTENT_FIELDS = {"messages", "completion", "rejected", "tools", "text"}
