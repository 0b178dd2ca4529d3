"""The unit of the loop: one dataset row, one eval item, one harvested answer."""

from functools import cached_property
from typing import Any, Literal

from vong.records.message import Message
from vong.records.record import Record, content_hash


class ExampleOrigin(Record):
    """Where an example came from, so that lineage can be asked both ways.

    `kind` says what `id` names: a span, a row of an earlier dataset version, a row of an imported file
    (`tickets.jsonl#12`), a passage of a document, or the person or program that wrote it.
    """

    kind: Literal["span", "row", "file", "document", "annotator"]
    id: str


class Example(Record):
    """Messages in OpenAI chat form and what should follow them.

    `completion` is the wanted answer, `rejected` a worse one (a preference pair), `weight` its share in training
    (1.0 is ordinary), `metadata` free JSON. `origin` and `metadata` are not part of the content hash: the same
    conversation from two places is the same example.
    """

    messages: tuple[Message, ...]
    completion: Message | None = None
    rejected: Message | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    metadata: dict[str, Any] = {}
    weight: float = 1.0
    origin: ExampleOrigin | None = None

    @cached_property
    def hash(self) -> str:
        """The sha256 of what the example says (messages, completion, rejected, tools), in hexadecimal."""
        return content_hash(self.model_dump(mode="json", exclude_none=True, include=CONTENT_FIELDS))

    @property
    def prompt_text(self) -> str:
        """The text of the user's messages, joined by line breaks."""
        return "\n".join(message.text for message in self.messages if message.role == "user")

    @property
    def answer(self) -> str:
        """The text of the completion; empty where there is none."""
        return self.completion.text if self.completion else ""


CONTENT_FIELDS = {"messages", "completion", "rejected", "tools"}
