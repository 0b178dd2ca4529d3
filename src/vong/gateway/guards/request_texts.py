"""Collect the texts of a request of any endpoint, and write replaced texts back into the request.

The whole conversation is read: every text, also in tool calls, tool results and fields that Vong does not know. Names
and links (ids, types, URLs, files and images) are not read, and neither is what the application says about the call
(`user`, `metadata`, descriptions of tools).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.providers import Shape
from vong.records.guard import Role

FIELDS: Mapping[Shape, Mapping[str, Role]] = {
    "chat": {"messages": "user", "prediction": "assistant"},
    "completions": {"prompt": "user", "suffix": "user"},
    "embeddings": {"input": "user"},
    "messages": {"system": "system", "messages": "user"},
    "responses": {"instructions": "system", "input": "user"},
}
"""Fields with the conversation, and the role of their texts if the request names none."""
PARAMETERS = frozenset(
    {
        *("model", "user", "metadata", "tools", "tool_choice", "functions", "function_call", "response_format", "text"),
        *(
            "stop",
            "stop_sequences",
            "stream",
            "stream_options",
            "service_tier",
            "safety_identifier",
            "include",
            "store",
        ),
        *("prompt_cache_key", "reasoning", "reasoning_effort", "verbosity", "thinking", "modalities", "audio", "betas"),
        *("encoding_format", "previous_response_id", "conversation", "truncation", "container", "store"),
        *("web_search_options", "context_management", "output_config", "cache_control", "logit_bias", "mcp_servers"),
    }
)
"""Other known fields of a request. A field that is in neither table is read as text of the user."""
NAMES = frozenset(
    {
        *("role", "type", "id", "index", "call_id", "tool_call_id", "tool_use_id", "name", "model", "object", "status"),
        *("url", "image_url", "file_id", "file_url", "file_data", "filename", "data", "media_type", "format", "detail"),
        *("signature", "encrypted_content", "cache_control", "finish_reason"),
    }
)
"""Fields whose texts belong to no speaker, except in the arguments of tools."""
JSON_TEXTS = frozenset({"arguments"})
"""Fields whose text is JSON."""
ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
    "function_call": "assistant",
    "reasoning": "assistant",
    "function_call_output": "tool",
    "tool_result": "tool",
}
LONG = 7
"""Digits from which a number in tool arguments is read as a text: it may be an identity number."""
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(slots=True)
class TextSegment:
    """One text and its position, `container[key]`. `is_prose` is false in the arguments of tools."""

    text: str
    role: Role
    prose: bool
    place: Any
    key: Any
    last: bool = False

    def put(self, text: str) -> None:
        """Replace the text in its container."""
        if text != self.text:
            self.text = self.place[self.key] = text


@dataclass
class TextCollector:
    """Texts of a value. `json_values` are the JSON texts among them, encoded again at the end."""

    pieces: list[TextSegment] = field(default_factory=list[TextSegment])
    folded: list[tuple[Any, Any, Any]] = field(default_factory=list[tuple[Any, Any, Any]])

    def gather(self, value: Any, role: Role, place: Any, key: Any, prose: bool = True) -> None:
        """Collect every text in `value`, which is stored at `container[key]`."""
        if isinstance(value, str):
            self._text(value, role, place, key, prose)
        elif isinstance(value, dict):
            kind = value.get("role") if isinstance(value.get("role"), str) else value.get("type")
            role = ROLES.get(kind, role) if isinstance(kind, str) else role
            for name, item in value.items():
                if not (prose and name in NAMES and isinstance(item, str)):
                    self.gather(item, role, value, name, prose and name != "input")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                self.gather(item, role, value, number, prose)
        elif not prose and isinstance(value, int | float) and len(str(value)) >= LONG:
            self.pieces.append(TextSegment(str(value), role, False, place, key))

    def _text(self, value: str, role: Role, place: Any, key: Any, prose: bool) -> None:
        if key in JSON_TEXTS:
            try:
                found = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError):
                found = None
            if isinstance(found, dict | list):
                self.folded.append((place, key, found))
                self.gather({"": found}, role, None, "", False)
                return
        if value:
            self.pieces.append(TextSegment(value, role, prose and key not in JSON_TEXTS, place, key))

    def fold(self) -> None:
        """Encode the JSON texts again if something in them changed."""
        for place, key, found in reversed(self.folded):
            text = msgspec.json.encode(found).decode()
            if msgspec.json.decode(place[key]) != found:
                place[key] = text


class GuardedRequest:
    """Parsed request with its texts.

    Raises:
        InvalidInput: if the body is not a JSON object in UTF-8.
        Unsupported: if it contains token ids instead of texts, which no guard can read.
    """

    def __init__(self, shape: Shape, body: bytes) -> None:
        self.shape: Shape = shape
        self.texts = TextCollector()
        try:
            body.decode()
            self._fields = _fields(body)
            read = [name for name in self._fields if name in FIELDS[shape] or name not in PARAMETERS]
            self._said = {name: msgspec.json.decode(self._fields[name]) for name in read}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"invalid request body: {error}"
            raise InvalidInput(message, "see docs/guides/gateway.md for an example") from error
        for name, value in self._said.items():
            self.texts.gather(value, FIELDS[shape].get(name, "user"), self._said, name)
        if shape in ("embeddings", "completions") and any(_tokens(self._said.get(name)) for name in FIELDS[shape]):
            raise Unsupported("guards cannot read token ids, and this call has guards", "send texts instead")
        self._mark()

    @property
    def model(self) -> str:
        """Return the requested model, or an empty string if it is missing."""
        return model_of(self._fields)

    def last(self) -> Iterator[tuple[TextSegment, ...]]:
        """Yield the last user text as one or more segments; for embeddings each text by itself."""
        found = [piece for piece in self.texts.pieces if piece.last]
        if self.shape == "embeddings":
            yield from ((piece,) for piece in found)
        elif found:
            yield tuple(found)

    def body(self) -> bytes:
        """Encode the current request. Each field of the conversation is written exactly once."""
        self.texts.fold()
        conversation = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in self._said.items()}
        return msgspec.json.encode({**self._fields, **conversation})

    def _mark(self) -> None:
        """Mark the segments of the last user text."""
        conversation = self._said.get("messages" if "messages" in FIELDS[self.shape] else "input")
        if self.shape in ("completions", "embeddings") or not isinstance(conversation, list):
            conversation = [self._said.get(name) for name in FIELDS[self.shape]]
            for piece in self.texts.pieces:
                piece.last = piece.role == "user" and (piece.place is self._said or piece.place in conversation)
            return
        messages = [item for item in conversation if isinstance(item, dict) and item.get("role") == "user"]
        inside = _inside(messages[-1]) if messages else set[int]()
        for piece in self.texts.pieces:
            piece.last = piece.role == "user" and piece.prose and id(piece.place) in inside


def model_of(fields: Mapping[str, msgspec.Raw]) -> str:
    """Return the `model` field of a request, or an empty string if it is missing."""
    try:
        found = msgspec.json.decode(fields["model"])
    except (KeyError, msgspec.DecodeError):
        return ""
    return found if isinstance(found, str) else ""


def _inside(value: Any) -> set[int]:
    """Return the ids of a value and of all lists and objects in it."""
    found = {id(value)}
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(item, dict | list):
            found |= _inside(item)
    return found


def _tokens(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, int | list) for item in value)
