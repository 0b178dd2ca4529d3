"""Helpers of all translations of a chat: selecting fields, reading parts and tools, and separating reasoning.

Reasoning that a model must receive back is in `reasoning_details`. Its `format` names the model family: the signature
of another family is invalid, and most models reject it.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import msgspec

from vong.errors import InvalidInput, Unsupported

MALFORMED_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""Exceptions raised when JSON does not have the expected format."""
ACCOUNTING_FIELDS = frozenset(
    {
        *("stream_options", "user", "store", "metadata", "service_tier", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention"),
    }
)
"""Fields that control storage and billing at OpenAI and do not change the answer."""
NO_OP_VALUES: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "modalities": (["text"],),
    "parallel_tool_calls": (True,),
    "tool_choice": ("auto",),
    "reasoning_effort": ("none",),
    "verbosity": ("medium",),
    "functions": ([],),
    "function_call": ("auto", "none"),
}
"""Values without effect: an API without the field already does what was requested. Null is one for every field."""
CLAUDE_REASONING_FORMAT = "anthropic-claude-v1"
"""Format of the reasoning of Claude models, whose signatures are the same at Anthropic and Bedrock."""
OPENAI_ONLY_FIELDS = (
    "audio",
    "prediction",
    "functions",
    "function_call",
    "web_search_options",
    "logit_bias",
    "verbosity",
)
"""Fields that only OpenAI supports."""
DATA_URL_PATTERN = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*;base64,", re.ASCII | re.IGNORECASE)
MEDIA_TYPE_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/jfif": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
    "application/x-pdf": "application/pdf",
    "text/x-markdown": "text/markdown",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
}
"""Common names of media types, with the registered name that APIs know."""
MEDIA_TYPE_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"RIFF....WEBP", "image/webp"),
    (b"%PDF-", "application/pdf"),
)
"""First bytes of files, for data URLs that name no media type. A dot stands for any byte."""
UNNAMED_MEDIA_TYPES = {"", "application/octet-stream", "binary/octet-stream", "image/*"}
IMAGE_MEDIA_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
"""Images that every API with image input reads."""
EMPTY_RESULT_TEXT = "(no output)"
"""Text of an empty tool result, for APIs that reject a result without content."""
START_TEXT = "."
"""Text of the user message before a conversation that begins with the assistant, which some APIs reject."""


class DataUrl(NamedTuple):
    """Content of a data URL; `data` is base64."""

    media_type: str
    data: str

    @property
    def format(self) -> str:
        """Return the last part of the media type, which some APIs call the format."""
        return self.media_type.rpartition("/")[2]


def select_fields(request: Mapping[str, Any], provider: str, unsupported: Iterable[str]) -> dict[str, Any]:
    """Return the set fields of a chat, without accounting fields.

    Raises: Unsupported if a field in `unsupported` has a value with an effect.
    """
    fields = {name: value for name, value in request.items() if value is not None and name not in ACCOUNTING_FIELDS}
    for name in unsupported:
        check_no_op(provider, name, fields.pop(name, None))
    return fields


def check_no_op(provider: str, name: str, value: Any) -> None:
    """Check the value of a field that a provider does not support.

    Raises: Unsupported if the value has an effect.
    """
    if value is not None and value not in NO_OP_VALUES.get(name, ()):
        raise Unsupported(f"{provider} does not support {name}", f"remove {name}, or use a model of another provider")


def parse_data_url(url: str) -> DataUrl | None:
    """Parse a data URL; returns None for any other URL."""
    if not url.startswith("data:"):
        return None
    head = DATA_URL_PATTERN.match(url)
    if head is None:
        raise InvalidInput("a data URL is not base64", "write it as data:MEDIA-TYPE;base64,DATA")
    data = url[head.end() :]
    return DataUrl(_normalize_media_type(head[1] or "", data), data)


def _normalize_media_type(media_type: str, data: str) -> str:
    """Return the registered name of a media type, or the type of the data if none is named."""
    name = MEDIA_TYPE_ALIASES.get(media_type.lower(), media_type.lower())
    if name not in UNNAMED_MEDIA_TYPES:
        return name
    try:
        first_bytes = base64.b64decode(data[:24])
    except ValueError:
        first_bytes = b""
    for signature, found in MEDIA_TYPE_SIGNATURES:
        if re.match(re.escape(signature).replace(rb"\.", b"."), first_bytes, re.DOTALL):
            return found
    raise InvalidInput("a data URL names no media type", "write it as data:MEDIA-TYPE;base64,DATA")


def to_parts(content: Any) -> list[dict[str, Any]]:
    """Return the content of a message as parts, in OpenAI's form. Some clients write it in other forms."""
    if not content:
        return []
    if isinstance(content, dict):
        is_part = isinstance(content.get("type"), str)
        content = [content] if is_part else msgspec.json.encode(content).decode()
    return [{"type": "text", "text": content}] if isinstance(content, str) else [_to_part(part) for part in content]


def _to_part(part: Any) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if part["type"] in {"input_text", "output_text"}:
        return {**part, "type": "text"}
    if part["type"] in {"image_url", "input_image"} and isinstance(part.get("image_url"), str):
        return {**part, "type": "image_url", "image_url": {"url": part["image_url"]}}
    return part


def is_blank(part: Mapping[str, Any]) -> bool:
    """Return True if a part is a text without any visible character, which some APIs reject."""
    return part["type"] in {"text", "refusal"} and not (part[part["type"]] or "").strip()


def visible_parts(content: Any) -> list[dict[str, Any]]:
    """Return the parts of a message without blank texts.

    The cache control of a blank text moves to the part before it.
    """
    parts = list[dict[str, Any]]()
    for part in to_parts(content):
        if not is_blank(part):
            parts.append(part)
        elif part.get("cache_control") and parts:
            parts[-1] = {"cache_control": part["cache_control"], **parts[-1]}
    return parts


def message_parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the visible parts of a message. The cache control of the message is that of its last part."""
    parts = visible_parts(message.get("content"))
    if message.get("cache_control") and parts:
        parts[-1] = {"cache_control": message["cache_control"], **parts[-1]}
    return parts


def extract_text(content: Any) -> str:
    """Return the text of a message.

    Raises: Unsupported if the content contains anything but text.
    """
    parts = to_parts(content)
    for part in parts:
        if part["type"] not in {"text", "refusal"}:
            raise Unsupported(f"a part of type {part['type']!r} is not allowed here", "send it in a user message")
    return "".join(part[part["type"]] or "" for part in parts)


def pop_functions(fields: dict[str, Any], provider: str) -> list[dict[str, Any]]:
    """Remove the tools from the fields and return their functions, each with the cache control of its tool.

    Raises: Unsupported if a tool is no function.
    """
    tools: list[dict[str, Any]] = fields.pop("tools", None) or []
    for tool in tools:
        if tool.get("type", "function") != "function":
            raise Unsupported(f"{provider} does not support tools of type {tool.get('type')!r}", "use a function")
    hints = [{"cache_control": tool["cache_control"]} if tool.get("cache_control") else {} for tool in tools]
    return [{**hint, **tool["function"]} for hint, tool in zip(hints, tools, strict=True)]


def check_function_names(functions: Iterable[Mapping[str, Any]], pattern: re.Pattern[str], provider: str) -> None:
    """Check the names of functions.

    Raises: Unsupported if an API does not accept a name.
    """
    for function in functions:
        if not pattern.fullmatch(function["name"]):
            raise Unsupported(
                f"{provider} does not accept the tool name {function['name']!r}",
                f"use a name that matches {pattern.pattern}",
            )


def used_functions(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the functions that the assistant called, in the order of their first call."""
    calls = [call for message in messages for call in message.get("tool_calls") or []]
    return list(dict.fromkeys(str(call["function"]["name"]) for call in calls))


def parse_tool_choice(choice: Any, provider: str) -> tuple[str, str | None]:
    """Parse a `tool_choice` into auto, required (or any) or none, and the only function that may be called."""
    if isinstance(choice, dict) and choice.get("type") in {"auto", "any", "required", "none"}:
        choice = choice["type"]
    if isinstance(choice, str):
        choice = "required" if choice == "any" else choice
        if choice not in {"auto", "required", "none"}:
            raise InvalidInput(f"unknown tool_choice {choice!r}", "use auto, required, none or a function")
        return choice, None
    if choice["type"] != "function":
        raise Unsupported(
            f"{provider} does not support tool_choice of type {choice['type']!r}", "choose a function, or use required"
        )
    return "required", choice["function"]["name"]


def parse_arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the decoded arguments of an earlier tool call; null stands for no arguments.

    Raises: Unsupported if the arguments are not a JSON object. APIs that receive them as text accept them.
    """
    arguments = call["function"].get("arguments")
    if isinstance(arguments, dict):
        return cast(dict[str, Any], arguments)
    try:
        decoded = (msgspec.json.decode(arguments) if (arguments or "").strip() else None) or {}
    except msgspec.DecodeError as error:
        message = f"the arguments of the tool call {call.get('id')!r} are not valid JSON: {error}"
        raise Unsupported(message, "send the arguments as a JSON object") from error
    if not isinstance(decoded, dict):
        message = f"the arguments of the tool call {call.get('id')!r} are no JSON object"
        raise Unsupported(message, "send the arguments as a JSON object")
    return cast(dict[str, Any], decoded)


def pop_stop_sequences(fields: dict[str, Any]) -> list[str]:
    """Remove the stop sequences from the fields and return them."""
    stop = fields.pop("stop", None) or []
    return [stop] if isinstance(stop, str) else list(stop)


def pop_max_tokens(fields: dict[str, Any]) -> int | None:
    """Remove the maximum number of output tokens from the fields and return it; less than 1 is no maximum."""
    legacy, current = fields.pop("max_tokens", None), fields.pop("max_completion_tokens", None)
    return next((int(tokens) for tokens in (current, legacy) if tokens is not None and tokens >= 1), None)


def select_reasoning(message: Mapping[str, Any], format: str) -> list[dict[str, Any]]:
    """Return the reasoning details of a format; details without a format are included."""
    details: list[dict[str, Any]] = message.get("reasoning_details") or []
    return [detail for detail in details if detail.get("format") in {None, format}]


def merge_reasoning(details: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge the streamed details of each block of reasoning."""
    merged, texts = list[dict[str, Any]](), list[dict[str, list[str]]]()
    for detail in details:
        place = _continued_block(merged, detail)
        if place is None:
            merged.append({**detail})
            texts.append({})
            place = len(merged) - 1
        for name in ("text", "summary"):
            if isinstance(detail.get(name), str):
                texts[place].setdefault(name, []).append(detail[name])
        if detail.get("signature"):
            merged[place]["signature"] = detail["signature"]
    for block, pieces in zip(merged, texts, strict=True):
        block.update({name: "".join(parts) for name, parts in pieces.items()})
    return merged


def _continued_block(merged: list[dict[str, Any]], detail: Mapping[str, Any]) -> int | None:
    """Return the position of the block that a detail continues: the latest one with its index."""
    for place in range(len(merged) - 1, -1, -1):
        block = merged[place]
        if block.get("index") == detail.get("index"):
            is_same = all(block.get(name) == detail.get(name) for name in ("type", "format"))
            return place if is_same and detail.get("type") in {"reasoning.text", "reasoning.summary"} else None
    return None


def build_completion_head(id: str, model: str, created: int, *, streamed: bool = False) -> dict[str, Any]:
    """Return the first fields of a completion, or of each of its chunks."""
    kind = "chat.completion.chunk" if streamed else "chat.completion"
    return {"id": id, "object": kind, "created": created, "model": model}


def build_tool_call(id: str, name: str, arguments: str) -> dict[str, Any]:
    """Build a tool call of a completion."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
