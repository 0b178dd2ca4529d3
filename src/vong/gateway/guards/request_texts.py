"""Collect the texts of a request of any endpoint, and write replaced texts back into the request.

The whole conversation is read: every text, also in tool calls, tool results and fields that Vong does not know. Names
and links (ids, types, URLs, files and images) are not read, and neither is what the application says about the call
(`user`, `metadata`, descriptions of tools). The inputs of a pipeline are read whatever their names are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import VECTOR_ENDPOINTS
from vong.gateway.providers.token_ids import SEND_TEXTS_HINT
from vong.gateway.translators.content import ACCOUNTING_FIELDS
from vong.records.guard import GuardedRole

CONVERSATION_FIELDS: Mapping[Endpoint, Mapping[str, GuardedRole]] = {
    "chat": {"messages": "user", "prediction": "assistant"},
    "completions": {"prompt": "user", "suffix": "user"},
    "embeddings": {"input": "user"},
    "rerank": {"query": "user", "documents": "user"},
    "messages": {"system": "system", "messages": "user"},
    "responses": {"instructions": "system", "input": "user"},
    "audio": {"instructions": "system", "input": "user", "prompt": "user"},
    "images": {"prompt": "user"},
}
"""Fields with the conversation, and the role of their texts if the request names none."""
PARAMETER_FIELDS = frozenset(
    {
        *ACCOUNTING_FIELDS,
        *("model", "tools", "tool_choice", "functions", "function_call", "response_format", "text"),
        *("stop", "stop_sequences", "stream", "include"),
        *("reasoning", "reasoning_effort", "verbosity", "thinking", "modalities", "audio", "betas"),
        *("encoding_format", "previous_response_id", "conversation", "truncation", "container"),
        *("web_search_options", "context_management", "output_config", "cache_control", "logit_bias", "mcp_servers"),
    }
)
"""Other known fields of a request. A field that is in neither table is read as text of the user."""
INPUTS_FIELD = "inputs"
"""Field with the inputs of a pipeline. Their names are free, so that none of them is metadata."""
INPUT_PREFIX = "input."
"""Prefix of the entries of `metadata` that are inputs of a pipeline."""
METADATA_FIELDS = frozenset(
    {
        *("role", "type", "id", "index", "call_id", "tool_call_id", "tool_use_id", "name", "model", "object", "status"),
        *("url", "image_url", "file_id", "file_url", "file_data", "filename", "data", "media_type", "format", "detail"),
        *("signature", "encrypted_content", "cache_control", "finish_reason"),
    }
)
"""Fields whose texts belong to no speaker, except in the arguments of tools."""
JSON_FIELDS = frozenset({"arguments"})
"""Fields whose text is JSON."""
ROLES: Mapping[str, GuardedRole] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
    "function_call": "assistant",
    "reasoning": "assistant",
    "function_call_output": "tool",
    "custom_tool_call": "assistant",
    "custom_tool_call_output": "tool",
    "local_shell_call": "assistant",
    "local_shell_call_output": "tool",
    "shell_call": "assistant",
    "shell_call_output": "tool",
    "apply_patch_call": "assistant",
    "apply_patch_call_output": "tool",
    "tool_result": "tool",
}
MIN_NUMBER_DIGITS = 7
"""Digits from which a number in tool arguments is read as a text: it may be an identity number."""
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _Model(msgspec.Struct):
    """The requested model."""

    model: Any = None


_decode_model = msgspec.json.Decoder(_Model).decode


@dataclass(slots=True)
class TextSegment:
    """One text and its position, `container[key]`. `is_prose` is false in the arguments of tools."""

    text: str
    role: GuardedRole
    is_prose: bool
    container: Any
    key: Any
    is_last_user_text: bool = False

    def replace(self, text: str) -> None:
        """Replace the text in its container."""
        if text != self.text:
            self.text = self.container[self.key] = text


@dataclass
class TextCollector:
    """Texts of a value. `json_values` are the JSON texts among them, encoded again at the end."""

    segments: list[TextSegment] = field(default_factory=list[TextSegment])
    json_values: list[tuple[Any, Any, Any]] = field(default_factory=list[tuple[Any, Any, Any]])

    def collect(self, value: Any, role: GuardedRole, container: Any, key: Any, is_prose: bool = True) -> None:
        """Collect every text in `value`, which is stored at `container[key]`."""
        if isinstance(value, str):
            self._collect_text(value, role, container, key, is_prose)
        elif isinstance(value, dict):
            kind = value.get("role") if isinstance(value.get("role"), str) else value.get("type")
            role = ROLES.get(kind, role) if isinstance(kind, str) else role
            for name, item in value.items():
                if not (is_prose and name in METADATA_FIELDS and isinstance(item, str)):
                    self.collect(item, role, value, name, is_prose and name != "input")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                self.collect(item, role, value, number, is_prose)
        elif not is_prose and isinstance(value, int | float) and len(str(value)) >= MIN_NUMBER_DIGITS:
            self.segments.append(TextSegment(str(value), role, False, container, key))

    def collect_inputs(self, value: Any, container: Any, key: Any) -> None:
        """Collect every text in the inputs of a pipeline, also under the names of metadata fields."""
        if isinstance(value, str):
            self._collect_text(value, "user", container, key, True)
        elif isinstance(value, dict | list):
            for name, item in value.items() if isinstance(value, dict) else enumerate(value):
                self.collect_inputs(item, value, name)

    def _collect_text(self, value: str, role: GuardedRole, container: Any, key: Any, is_prose: bool) -> None:
        if key in JSON_FIELDS:
            try:
                found = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError):
                found = None
            if isinstance(found, dict | list):
                self.json_values.append((container, key, found))
                self.collect({"": found}, role, None, "", False)
                return
        if value:
            self.segments.append(TextSegment(value, role, is_prose and key not in JSON_FIELDS, container, key))

    def encode_json_values(self) -> None:
        """Encode the JSON texts again if something in them changed."""
        for place, key, found in reversed(self.json_values):
            text = msgspec.json.encode(found).decode()
            if msgspec.json.decode(place[key]) != found:
                place[key] = text


class GuardedRequest:
    """Parsed request with its texts.

    Raises:
        InvalidInput: if the body is not a JSON object in UTF-8.
    """

    def __init__(self, endpoint: Endpoint, body: bytes) -> None:
        self.endpoint: Endpoint = endpoint
        self.texts = TextCollector()
        try:
            body.decode()
            self._fields = _decode_fields(body)
            read = [
                name for name in self._fields if name in CONVERSATION_FIELDS[endpoint] or name not in PARAMETER_FIELDS
            ]
            self._conversation = {name: msgspec.json.decode(self._fields[name]) for name in read}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"invalid request body: {error}"
            raise InvalidInput(message, "see docs/guides/gateway.md for an example") from error
        for name, value in self._conversation.items():
            if name == INPUTS_FIELD:
                self.texts.collect_inputs(value, self._conversation, name)
                continue
            self.texts.collect(value, CONVERSATION_FIELDS[endpoint].get(name, "user"), self._conversation, name)
        self._collect_metadata_inputs()
        self._mark_last_user_text()

    def require_texts(self) -> None:
        """Check that a guard can read the input of the user.

        Raises:
            Unsupported: if it contains token ids instead of texts.
        """
        if self.endpoint in ("embeddings", "completions") and any(
            _contains_tokens(self._conversation.get(name)) for name in CONVERSATION_FIELDS[self.endpoint]
        ):
            raise Unsupported("guards cannot read token ids, and this call has guards", SEND_TEXTS_HINT)

    def last_user_texts(self) -> Iterator[tuple[TextSegment, ...]]:
        """Yield the last user text as one or more segments; for embeddings and rerank each text by itself."""
        found = [piece for piece in self.texts.segments if piece.is_last_user_text]
        if self.endpoint in VECTOR_ENDPOINTS:
            yield from ((piece,) for piece in found)
        elif found:
            yield tuple(found)

    def encode(self) -> bytes:
        """Encode the current request. Each field of the conversation is written exactly once."""
        self.texts.encode_json_values()
        conversation = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in self._conversation.items()}
        return msgspec.json.encode({**self._fields, **conversation})

    def _collect_metadata_inputs(self) -> None:
        """Collect the inputs of a pipeline in entries of `metadata`, such as `input.tone`."""
        if f'"{INPUT_PREFIX}'.encode() not in (encoded := bytes(self._fields.get("metadata", b""))):
            return
        metadata = msgspec.json.decode(encoded)
        if isinstance(metadata, dict):
            self._conversation["metadata"] = metadata
            for name in [name for name in metadata if name.startswith(INPUT_PREFIX)]:
                self.texts.collect_inputs(metadata[name], metadata, name)

    def _mark_last_user_text(self) -> None:
        """Mark the segments of the last user text."""
        conversation = self._conversation.get(
            "messages" if "messages" in CONVERSATION_FIELDS[self.endpoint] else "input"
        )
        if self.endpoint == "completions" or self.endpoint in VECTOR_ENDPOINTS or not isinstance(conversation, list):
            conversation = [self._conversation.get(name) for name in CONVERSATION_FIELDS[self.endpoint]]
            for piece in self.texts.segments:
                piece.is_last_user_text = piece.role == "user" and (
                    piece.container is self._conversation or piece.container in conversation
                )
            return
        messages = [item for item in conversation if isinstance(item, dict) and item.get("role") == "user"]
        inside = _nested_ids(messages[-1]) if messages else set[int]()
        inside |= _nested_ids(self._conversation.get(INPUTS_FIELD)) | {id(self._conversation.get("metadata"))}
        for piece in self.texts.segments:
            piece.is_last_user_text = piece.role == "user" and piece.is_prose and id(piece.container) in inside


def read_model(body: bytes) -> str:
    """Return the requested model, or an empty string if it is missing.

    Raises:
        InvalidInput: if the body is not a JSON object in UTF-8.
    """
    try:
        body.decode()
        found = _decode_model(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"invalid request body: {error}"
        raise InvalidInput(message, "see docs/guides/gateway.md for an example") from error
    return found if isinstance(found, str) else ""


def _nested_ids(value: Any) -> set[int]:
    """Return the ids of a value and of all lists and objects in it."""
    found = {id(value)}
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(item, dict | list):
            found |= _nested_ids(item)
    return found


def _contains_tokens(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, int | list) for item in value)
