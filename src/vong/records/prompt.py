"""Prompt templates, their versions, labels and comments, as files and the API have them."""

import json
import math
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator

from vong.records.message import MessageRole
from vong.records.record import Record, content_hash

MAX_PROMPT_CHARS = 2_000_000
"""Maximum size of a template as JSON."""
MAX_MESSAGES = 1000
MAX_VARIABLES = 500
MAX_DEPTH = 100
"""Maximum nesting of a template's values."""
HASH_CHARS = 12
"""Digits of a hash in a ref."""
DEFAULT_BRANCH = "main"


def _normalize(value: Any, depth: int = 0) -> Any:
    """Return JSON values in one form: line feeds as line ends, and whole numbers as integers.

    Raises: ValueError for values that JSON or the database cannot hold.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"the value is nested deeper than {MAX_DEPTH} levels: make it flatter")
    if isinstance(value, str):
        return _normalize_text(value)
    if isinstance(value, dict):
        return {_normalize(key): _normalize(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_normalize(one, depth + 1) for one in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number: JSON has no such number")
        return int(value) if value.is_integer() else value
    return value


def _normalize_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text contains the character NUL: remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text is not valid Unicode: remove the surrogate characters") from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


JsonObject = dict[str, JsonValue]


class PromptMessage(Record):
    """Message of a template. Every text of it is a template: see `vong.text_templates`."""

    role: MessageRole
    content: str | list[JsonObject] | None = None
    name: str | None = None
    tool_calls: list[JsonObject] | None = None
    tool_call_id: str | None = None


class PromptPlaceholder(Record):
    """Place at which the messages of a variable are inserted, such as the history of a conversation."""

    placeholder: str = Field(min_length=1, max_length=100)


def _message_kind(value: Any) -> str:
    is_placeholder = isinstance(value, PromptPlaceholder) or (isinstance(value, dict) and "placeholder" in value)
    return "placeholder" if is_placeholder else "message"


PromptPart = Annotated[
    Annotated[PromptMessage, Tag("message")] | Annotated[PromptPlaceholder, Tag("placeholder")],
    Discriminator(_message_kind),
]


class PromptTemplate(Record):
    """Content of a prompt: messages with typed variables, tools, the schema of the answer and settings of the model.

    `variables` are JSON schemas by name; a variable without `default` is required. `tools` have OpenAI's format,
    `output_schema` is the JSON schema of the answer. `model` is a route or a target. `settings` are fields of the
    request, such as `temperature`. Line ends are stored as line feeds.
    """

    description: str = Field(default="", max_length=10_000)
    variables: dict[str, JsonObject] = Field(default={}, max_length=MAX_VARIABLES)
    messages: tuple[PromptPart, ...]
    tools: list[JsonObject] = Field(default=[], max_length=500)
    output_schema: JsonObject | None = None
    model: str | None = Field(default=None, min_length=1, max_length=300)
    settings: JsonObject = {}

    @model_validator(mode="before")
    @classmethod
    def _normalize(cls, value: Any) -> Any:
        return _normalize(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if not 1 <= len(self.messages) <= MAX_MESSAGES:
            raise ValueError(f"the template has {len(self.messages)} messages: write 1 to {MAX_MESSAGES}")
        size = len(json.dumps(self.to_document(), ensure_ascii=False))
        if size > MAX_PROMPT_CHARS:
            raise ValueError(f"the template has {size} characters as JSON: shorten it to {MAX_PROMPT_CHARS}")
        return self

    def to_document(self) -> dict[str, Any]:
        """Return the template as JSON values, without fields that have their default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def hash(self) -> str:
        """Return the hash of the content.

        The order of keys counts in tools and in the schema of the answer, because models read and write fields in it.
        """
        document = self.to_document()
        ordered = {
            name: json.dumps(document[name], ensure_ascii=False)
            for name in ("tools", "output_schema")
            if name in document
        }
        return content_hash({**document, **ordered})


class PromptVersion(Record):
    """Immutable version of a prompt. `parents` are the refs of the versions that it was made from."""

    name: str
    number: int
    hash: str
    template: PromptTemplate
    branch: str = DEFAULT_BRANCH
    parents: tuple[str, ...] = ()
    message: str = ""
    created_by: str
    created_at: datetime

    @property
    def ref(self) -> str:
        """Return `NAME@HASH` with 12 digits of the hash."""
        return f"{self.name}@{self.hash[:HASH_CHARS]}"


class PromptLabel(Record):
    """Change of a label: the version that it names from then on, why, and who changed it.

    `decision` is the id of the gate's decision. The newest change of a label is its value. `version` is null if the
    label was removed.
    """

    id: UUID
    name: str
    label: str
    version: str | None = None
    number: int | None = None
    evidence: dict[str, Any] = {}
    reason: str | None = None
    decision: UUID | None = None
    moved_by: str
    created_at: datetime


class PromptBranch(Record):
    """Branch of a prompt, and the version at its head."""

    name: str
    branch: str
    head: str
    number: int
    created_by: str
    created_at: datetime
    updated_at: datetime


class PromptComment(Record):
    """Comment on a version, or on one of its messages (counted from 0)."""

    id: UUID
    name: str
    version: str
    message: int | None = None
    text: str
    created_by: str
    created_at: datetime


class PromptSummary(Record):
    """Prompt in a list: its newest version of the branch `main`, and its labels (label -> ref)."""

    name: str
    description: str
    versions: int
    newest: str
    number: int
    model: str | None = None
    variables: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    created_by: str
    created_at: datetime
    updated_at: datetime


class RenderedPrompt(Record):
    """Prompt with all variables filled in, as a request has it."""

    messages: list[dict[str, Any]]
    tools: list[JsonObject] = []
    output_schema: JsonObject | None = None
    model: str | None = None
    settings: JsonObject = {}


class FieldChange(Record):
    """Difference of one field between two versions, such as `settings.temperature` or `messages[1].content`.

    `old` is null if the field was added, `new` if it was removed.
    """

    field: str
    kind: Literal["added", "removed", "changed"]
    old: JsonValue = None
    new: JsonValue = None


class PromptDiff(Record):
    """Differences between two versions: by field, and as a unified diff of their YAML."""

    old: str
    new: str
    changes: list[FieldChange] = []
    text: str = ""


class MergeConflict(Record):
    """Field that both branches changed in different ways. A value is null if the branch does not have the field."""

    field: str
    base: JsonValue = None
    ours: JsonValue = None
    theirs: JsonValue = None


class PromptMerge(Record):
    """Result of a merge: the new head, or the conflicts and no version.

    `template` is the merged template, with the values of the target branch (`ours`) for conflicts. `base` is the newest
    common version.
    """

    version: PromptVersion | None = None
    conflicts: list[MergeConflict] = []
    template: JsonObject
    base: str | None = None
    ours: str
    theirs: str
