"""Rendered prompts as parts of a request: the messages of the prompt precede those of the caller.

Fields that the caller sends override those of the prompt; a field that is null counts as not sent. Images and files
among the variables stand as markers in the rendered texts until `insert_parts` puts them in place.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.gateway.translators.anthropic_request import to_anthropic_request
from vong.gateway.translators.content import pop_max_tokens
from vong.gateway.translators.responses_items import message_items
from vong.gateway.translators.responses_request import to_chat_part, to_input_items
from vong.structured_outputs import build_response_format, name_schema

PART_TYPES = ("input_image", "input_file", "input_audio")
"""Types of variables that are no text."""
SYSTEM_ROLES = ("system", "developer")
MAX_TOKENS_NAMES = ("max_completion_tokens", "max_tokens", "max_output_tokens")
"""Names of the maximum of output tokens in the settings of a prompt."""


class PromptContent(NamedTuple):
    """Rendered prompt. `messages` and `tools` have the format of OpenAI's chat."""

    name: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    output_schema: dict[str, Any] | None
    settings: dict[str, Any]


def separate_parts(variables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[str, dict[str, Any]]]]:
    """Return the variables with markers in place of images and files, and the name and part of each marker."""
    values, parts = dict[str, Any](), dict[str, tuple[str, dict[str, Any]]]()
    for name, value in variables.items():
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "input_text" and isinstance(value.get("text"), str):
            values[name] = value["text"]
        elif kind in PART_TYPES:
            marker = f"[part-{secrets.token_hex(8)}]"
            values[name], parts[marker] = marker, (name, value)
        else:
            values[name] = value
    return values, parts


def insert_parts(
    messages: Sequence[dict[str, Any]], parts: Mapping[str, tuple[str, dict[str, Any]]], *, as_chat: bool
) -> list[dict[str, Any]]:
    """Return the messages with the parts in place of their markers.

    Raises:
        InvalidInput: a marker stands outside of the text of a message, or was changed by a filter.
        Unsupported: a chat cannot express a part.
    """
    if not parts:
        return list(messages)
    pattern = re.compile(f"({'|'.join(map(re.escape, parts))})")
    convert: Callable[[dict[str, Any]], dict[str, Any]] = to_chat_part if as_chat else _unchanged
    found = [_insert_into_message(message, pattern, parts, convert) for message in messages]
    rest = msgspec.json.encode(found).decode().lower()
    for marker, (name, part) in parts.items():
        if marker in rest:
            message = f"variable {name!r} is of type {part['type']!r} and stands outside of the text of a message"
            raise InvalidInput(message, f"write {{{{ {name} }}}} in the content of a message")
    return found


def merge_chat(request: Mapping[str, Any], content: PromptContent) -> dict[str, Any]:
    """Return a chat request with the prompt."""
    messages = [*content.messages, *_list_field(request, "messages")]
    fields = {**_chat_settings(_settings(request, content)), **_sent(request), "messages": messages}
    if content.tools and "tools" not in fields:
        fields["tools"] = [_chat_tool(tool) for tool in content.tools]
    if content.output_schema is not None and "response_format" not in fields:
        fields["response_format"] = build_response_format(content.output_schema, content.name)
    return fields


def merge_responses(request: Mapping[str, Any], content: PromptContent) -> dict[str, Any]:
    """Return a responses request with the prompt. Leading system messages become its instructions."""
    settings = _settings(request, content)
    sent = _sent(request)
    system, messages = _split_system(content.messages)
    fields: dict[str, Any] = {**_responses_settings(settings, sent), **sent}
    if system:
        fields.setdefault("instructions", system)
    own_input = request.get("input")
    if own_input is not None and not isinstance(own_input, str | list):
        raise InvalidInput("input is neither a text nor a list of items", "send a text or a list of items")
    fields["input"] = [*message_items(messages), *(to_input_items(own_input) if own_input else [])]
    if content.tools and "tools" not in fields:
        fields["tools"] = [_responses_tool(tool) for tool in content.tools]
    if content.output_schema is not None:
        text = fields.get("text") or {}
        if not text.get("format"):
            fields["text"] = {
                **text,
                "format": {"type": "json_schema", **name_schema(content.output_schema, content.name)},
            }
    return fields


def merge_messages(request: Mapping[str, Any], content: PromptContent) -> dict[str, Any]:
    """Return a messages request with the prompt. The caller's `system` replaces the system messages of the prompt."""
    system, messages = _split_system(content.messages)
    chat: dict[str, Any] = {"model": str(request.get("model")), **_chat_settings(_settings(request, content))}
    has_max_tokens = any(chat.get(name) is not None for name in MAX_TOKENS_NAMES)
    # The conversation ends with a message of the user, because a check of the whole request follows after the merge.
    end = {"role": "user", "content": "-"}
    chat["messages"] = [*([{"role": "system", "content": system}] if system else []), *messages, end]
    if content.tools:
        chat["tools"] = [_chat_tool(tool) for tool in content.tools]
    if content.output_schema is not None:
        chat["response_format"] = build_response_format(content.output_schema, content.name)
    rendered = to_anthropic_request(chat)
    before = _without_end(rendered.pop("messages"))
    if not has_max_tokens:
        rendered.pop("max_tokens", None)
    return {**rendered, **_sent(request), "messages": [*before, *_list_field(request, "messages")]}


def _without_end(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return Anthropic's messages without the last text, which may be merged with an earlier message of the user."""
    *before, last = messages
    content = last["content"]
    return before if isinstance(content, str) or len(content) < 2 else [*before, {**last, "content": content[:-1]}]


def _unchanged(part: dict[str, Any]) -> dict[str, Any]:
    return part


def _insert_into_message(
    message: dict[str, Any],
    pattern: re.Pattern[str],
    parts: Mapping[str, tuple[str, dict[str, Any]]],
    convert: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    content = message.get("content")
    pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(pieces, list):
        return message
    found = list[Any]()
    for piece in pieces:
        text = piece.get("text") if isinstance(piece, dict) else None
        if not isinstance(text, str) or not pattern.search(text):
            found.append(piece)
            continue
        for section in pattern.split(text):
            if section in parts:
                found.append(convert(parts[section][1]))
            elif section.strip():
                found.append({**piece, "text": section})
    is_plain = len(found) == 1 and isinstance(content, str) and found[0].get("type") == "text"
    return message if is_plain else {**message, "content": found}


def _sent(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if value is not None and name != "prompt"}


def _list_field(request: Mapping[str, Any], name: str) -> list[Any]:
    value = request.get(name)
    if value is not None and not isinstance(value, list):
        raise InvalidInput(f"{name} is no list", "send a list of messages")
    return list(value or ())


def _settings(request: Mapping[str, Any], content: PromptContent) -> dict[str, Any]:
    """Return the settings of the prompt that the request does not override under another name."""
    settings = dict(content.settings)
    if any(request.get(name) is not None for name in MAX_TOKENS_NAMES):
        for name in MAX_TOKENS_NAMES:
            settings.pop(name, None)
    return settings


def _chat_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with those of responses under the names of a chat."""
    fields = dict(settings)
    if (tokens := fields.pop("max_output_tokens", None)) is not None:
        fields.setdefault("max_completion_tokens", tokens)
    if isinstance(reasoning := fields.get("reasoning"), dict) and set(reasoning) == {"effort"}:
        fields.setdefault("reasoning_effort", fields.pop("reasoning")["effort"])
    return fields


def _chat_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool in the format of a chat. A function may be written in that of responses."""
    if tool.get("type") != "function" or isinstance(tool.get("function"), dict):
        return tool
    return {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}}


def _responses_settings(settings: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """Return settings of a chat under the names of responses. `sent` gets those that are parts of a field."""
    fields = dict(settings)
    if (tokens := pop_max_tokens(fields)) is not None:
        fields["max_output_tokens"] = fields.get("max_output_tokens", tokens)
    nested = {"reasoning_effort": ("reasoning", "effort"), "verbosity": ("text", "verbosity")}
    for name, (field, key) in nested.items():
        if (value := fields.pop(name, None)) is not None:
            sent[field] = {key: value, **(sent.get(field) or {})}
    if isinstance(format := fields.pop("response_format", None), dict):
        text = sent.get("text") or {}
        sent["text"] = {"format": _responses_format(format), **text}
    if isinstance(choice := fields.get("tool_choice"), dict) and isinstance(choice.get("function"), dict):
        fields["tool_choice"] = {"type": "function", **choice["function"]}
    return fields


def _responses_format(format: dict[str, Any]) -> dict[str, Any]:
    schema = format.get("json_schema")
    return {"type": "json_schema", **schema} if isinstance(schema, dict) else format


def _responses_tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    return {"type": "function", **function} if isinstance(function, dict) else tool


def _split_system(messages: Sequence[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Return the texts of the leading system messages, and the other messages."""
    texts, count = list[str](), 0
    for message in messages:
        if message.get("role") not in SYSTEM_ROLES or not isinstance(message.get("content"), str):
            break
        texts.append(message["content"])
        count += 1
    return "\n\n".join(texts), list(messages[count:])
