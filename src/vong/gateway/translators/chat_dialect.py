"""What a server that speaks OpenAI's chat format accepts, and the adaptation of a chat to it.

A chat that Vong translated from another endpoint is adapted completely, because its caller does not know the server.
A chat that the caller wrote is changed only where the server is known to reject it.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from vong.gateway.translators.content import (
    CLAUDE_REASONING_FORMAT,
    MALFORMED_ERRORS,
    check_no_op,
    to_parts,
)
from vong.gateway.translators.tool_call_ids import needs_rewriting, rewrite_tool_call_ids
from vong.gateway.translators.tool_results import move_result_images, pair_tool_results

REASONING_MODEL_PATTERN = re.compile(r"(?:^|/)(?:o\d|gpt-[5-9]|codex|computer-use)(?!.*-chat\b)", re.IGNORECASE)
"""OpenAI's reasoning models, which reject `max_tokens`."""
SAMPLING_EXTENSIONS = frozenset({"top_k", "min_p", "repetition_penalty"})
OPTIONAL_FIELDS = SAMPLING_EXTENSIONS | {"verbosity", "metadata"}
"""Fields of a translated chat that many servers reject. OpenAI accepts metadata only of chats that it stores."""
REASONING_TEXT_FIELDS = ("reasoning_content", "reasoning")
NEAREST_EFFORTS = {"minimal": "low", "xhigh": "high", "max": "high"}
"""Efforts that only OpenAI's newer models have, with the nearest that all models have."""
TRANSLATED_REASONING_FORMATS = frozenset(
    {CLAUDE_REASONING_FORMAT, "google-gemini-v1", "openai-responses-v1", "cohere-tool-plan", "cohere-thinking"}
)
"""Formats of reasoning details that only the APIs of these models, and OpenRouter, accept."""
MAX_TOKENS_FIELDS = ("max_completion_tokens", "max_tokens")
_ENCODED_MAX_TOKENS = (b'"max_completion_tokens"', b'"max_tokens"')
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True)
class ChatDialect:
    """What one kind of server accepts.

    `max_tokens_field` is the name of the maximum of output tokens; None stands for the name that the model requires at
    OpenAI. `reasoning_fields` are the fields of an assistant message that carry its reasoning back. `extensions` are
    fields outside OpenAI's format that are sent in translated chats. `effort_models` are the models that accept
    `reasoning_effort`, None for all; without `has_all_efforts`, it is low, medium or high. Without `has_serial_calls`,
    a model cannot be limited to one tool call at a time. `message_fields` are the only fields of messages that the
    server accepts, None for all. `thinking_part_models` are the models that read reasoning from parts of the content.
    `marks_prefix`: an assistant message that the model continues needs the field `prefix`. `is_verbatim`: a chat of the
    caller is sent as it was written. `has_result_images`: results of tools may contain images.
    """

    max_tokens_field: str | None = "max_tokens"
    has_developer: bool = False
    reasoning_fields: tuple[str, ...] = ()
    keeps_reasoning_details: bool = False
    keeps_cache_control: bool = False
    id_pattern: re.Pattern[str] | None = None
    extensions: frozenset[str] = frozenset()
    effort_models: re.Pattern[str] | None = None
    has_all_efforts: bool = False
    has_serial_calls: bool = True
    renamed_fields: Mapping[str, str] = field(default_factory=dict[str, str])
    unsupported_fields: frozenset[str] = frozenset()
    ignored_fields: frozenset[str] = frozenset()
    message_fields: frozenset[str] | None = None
    thinking_part_models: re.Pattern[str] | None = None
    marks_prefix: bool = False
    max_user_chars: int | None = 64
    is_verbatim: bool = False
    has_result_images: bool = False

    def max_tokens_name(self, model: str) -> str:
        """Return the name of the maximum of output tokens for a model.

        A server at an unknown address may forward to OpenAI, whose reasoning models require the new name.
        """
        if self.is_verbatim and REASONING_MODEL_PATTERN.search(model):
            return "max_completion_tokens"
        return self.max_tokens_field or "max_completion_tokens"


def adapt_translated_chat(chat: Mapping[str, Any], dialect: ChatDialect, model: str) -> dict[str, Any]:
    """Return a chat that Vong translated from another endpoint, with only what a server accepts."""
    fields = _without(chat, OPTIONAL_FIELDS - dialect.extensions)
    if dialect.effort_models is not None and not dialect.effort_models.search(model):
        fields.pop("reasoning_effort", None)
    elif not dialect.has_all_efforts and isinstance(effort := fields.get("reasoning_effort"), str):
        fields["reasoning_effort"] = NEAREST_EFFORTS.get(effort, effort)
    if not dialect.has_serial_calls and fields.get("parallel_tool_calls") is False:
        del fields["parallel_tool_calls"]
    user = fields.get("user")
    if dialect.max_user_chars is not None and isinstance(user, str) and len(user) > dialect.max_user_chars:
        fields["user"] = hashlib.sha256(user.encode()).hexdigest()
    messages = pair_tool_results([_adapt_message(message, dialect, model) for message in chat["messages"]])
    fields["messages"] = messages if dialect.has_result_images else move_result_images(messages)
    if not dialect.keeps_cache_control:
        fields["tools"] = [_without(tool, {"cache_control"}) for tool in chat.get("tools") or []]
        if not fields["tools"]:
            del fields["tools"]
    return rename_max_tokens(fields, dialect.max_tokens_name(model))


def rename_max_tokens(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the fields with the maximum of output tokens under one name."""
    values = [fields[other] for other in MAX_TOKENS_FIELDS if fields.get(other) is not None]
    if not values:
        return _without(fields, MAX_TOKENS_FIELDS)
    return {**_without(fields, MAX_TOKENS_FIELDS), name: int(values[0])}


def adapt_body(body: bytes, dialect: ChatDialect, kind: str) -> bytes:
    """Return the body of a chat or an embedding request without what a server is known to reject.

    Raises: Unsupported if it contains a field that changes the response, and that the server does not support.
    """
    names = dialect.unsupported_fields | dialect.ignored_fields | dialect.renamed_fields.keys()
    if not names and not _may_need_change(body, dialect) and not any(name in body for name in _ENCODED_MAX_TOKENS):
        return body
    fields = _decode_fields(body)
    changed = False
    for name in fields.keys() & names:
        value, changed = fields.pop(name), True
        if name in dialect.renamed_fields:
            fields[dialect.renamed_fields[name]] = value
        elif name in dialect.unsupported_fields:
            check_no_op(kind, name, msgspec.json.decode(value))
    if not dialect.is_verbatim and "messages" in fields:
        changed |= _rename_raw_max_tokens(fields, dialect)
        if messages := _adapt_raw_messages(fields, dialect):
            fields["messages"], changed = messages, True
    return msgspec.json.encode(fields) if changed else body


def _rename_raw_max_tokens(fields: dict[str, msgspec.Raw], dialect: ChatDialect) -> bool:
    """Rename the maximum of output tokens where the server rejects or ignores its name."""
    given = [name for name in MAX_TOKENS_FIELDS if name in fields]
    if not given:
        return False
    if dialect.max_tokens_field is None:
        model = str(msgspec.json.decode(fields["model"]))
        if given != ["max_tokens"] or not REASONING_MODEL_PATTERN.search(model):
            return False
        name = "max_completion_tokens"
    elif dialect.max_tokens_field == "max_tokens":
        name = "max_tokens"
    else:
        return False
    if given == [name]:
        return False
    value = fields.pop("max_completion_tokens", None)
    other = fields.pop("max_tokens", None)
    present = [raw for raw in (value, other) if raw is not None and bytes(raw) != b"null"]
    if present:
        fields[name] = present[0]
    return True


def _adapt_raw_messages(fields: Mapping[str, msgspec.Raw], dialect: ChatDialect) -> msgspec.Raw | None:
    """Return the adapted messages of a body, or None if they need no change."""
    raw = bytes(fields.get("messages", b""))
    if not raw or not _may_need_change(raw, dialect):
        return None
    messages = msgspec.json.decode(raw)
    try:
        adapted = _adapt_messages(messages, dialect, str(msgspec.json.decode(fields["model"])))
    except MALFORMED_ERRORS:
        return None  # the server reports the error
    return msgspec.Raw(msgspec.json.encode(adapted)) if adapted != messages else None


def _adapt_messages(messages: list[dict[str, Any]], dialect: ChatDialect, model: str) -> list[dict[str, Any]]:
    adapted = [_adapt_message(message, dialect, model) for message in messages]
    last = adapted[-1] if adapted else {}
    if dialect.marks_prefix and last.get("role") == "assistant" and not last.get("tool_calls"):
        last["prefix"] = True  # without it, the model does not continue the message
    if dialect.id_pattern is not None and needs_rewriting(adapted, dialect.id_pattern):
        return rewrite_tool_call_ids(adapted, dialect.id_pattern)
    return adapted


def _may_need_change(body: bytes, dialect: ChatDialect) -> bool:
    """Return True if the messages in a body may contain what the server does not accept."""
    if dialect.is_verbatim:
        return False
    if not dialect.has_developer and b'"developer"' in body:
        return True
    if not dialect.keeps_cache_control and b'"cache_control"' in body:
        return True
    return b'"assistant"' in body and (dialect.message_fields is not None or b'"reasoning' in body)


TOOL_CALL_FIELDS = frozenset({"id", "type", "function"})


def _adapt_message(message: Mapping[str, Any], dialect: ChatDialect, model: str) -> dict[str, Any]:
    """Return a message with only the role, the reasoning and the fields that a server accepts."""
    adapted = dict(message)
    if adapted.get("role") == "developer" and not dialect.has_developer:
        adapted["role"] = "system"
    if adapted.get("role") == "assistant":
        _move_reasoning(adapted, dialect, model)
    if not dialect.keeps_cache_control:
        adapted.pop("cache_control", None)
        if isinstance(adapted.get("content"), list):
            adapted["content"] = [_without(part, {"cache_control"}) for part in adapted["content"]]
    if dialect.message_fields is not None:
        _drop_unknown(adapted, dialect.message_fields)
    return adapted


def _move_reasoning(message: dict[str, Any], dialect: ChatDialect, model: str) -> None:
    """Move the reasoning of an assistant message to the fields from which the server reads it."""
    texts = [message.pop(name, None) for name in REASONING_TEXT_FIELDS]
    text = next((text for text in texts if isinstance(text, str) and text), "")
    details: Any = message.get("reasoning_details")
    if isinstance(details, list) and not dialect.keeps_reasoning_details:
        kept = [item for item in details if item.get("format") not in TRANSLATED_REASONING_FORMATS]
        if kept and dialect.is_verbatim and dialect.reasoning_fields:
            message["reasoning_details"] = kept
        else:
            del message["reasoning_details"]
    if not text:
        return
    message |= dict.fromkeys(dialect.reasoning_fields, text)
    if dialect.thinking_part_models is not None and dialect.thinking_part_models.search(model):
        thought = {"type": "thinking", "thinking": [{"type": "text", "text": text}]}
        message["content"] = [thought, *to_parts(message.get("content"))]


def _drop_unknown(message: dict[str, Any], known: frozenset[str]) -> None:
    """Remove the fields of a message that a strict server rejects; a refusal becomes text."""
    if message.get("refusal") and not message.get("content"):
        message["content"] = message["refusal"]
    for name in message.keys() - known:
        del message[name]
    if not message.get("tool_calls"):
        message.pop("tool_calls", None)
    else:
        calls = message["tool_calls"]
        message["tool_calls"] = [{name: call[name] for name in call if name in TOOL_CALL_FIELDS} for call in calls]


def _without(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
