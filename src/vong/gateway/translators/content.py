"""Helpers of all translations of a chat: selecting fields, reading parts and tools, and separating reasoning.

Reasoning that a model must receive back is in `reasoning_details`. Its `format` names the model family: the signature
of another family is invalid, and most models reject it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput, Unsupported

MALFORMED_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""Exceptions raised when JSON does not have the expected format."""
ACCOUNTING_FIELDS = frozenset(
    {"stream_options", "user", "store", "metadata", "service_tier", "prompt_cache_key", "safety_identifier"}
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
DATA_URL_PATTERN = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w-]+=[^;,]*)*;base64,", re.ASCII)


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
    return DataUrl(head[1], url[head.end() :])


def to_parts(content: Any) -> list[dict[str, Any]]:
    """Return the content of a message as parts."""
    if not content:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def extract_text(content: Any) -> str:
    """Return the text of a message.

    Raises: Unsupported if the content contains anything but text.
    """
    parts = to_parts(content)
    for part in parts:
        if part["type"] not in {"text", "refusal"}:
            raise Unsupported(f"a part of type {part['type']!r} is not allowed here", "send it in a user message")
    return "".join(part[part["type"]] for part in parts)


def pop_functions(fields: dict[str, Any], provider: str) -> list[dict[str, Any]]:
    """Remove the tools from the fields and return their functions.

    Raises: Unsupported if a tool is no function.
    """
    tools: list[dict[str, Any]] = fields.pop("tools", None) or []
    for tool in tools:
        if tool.get("type", "function") != "function":
            raise Unsupported(f"{provider} does not support tools of type {tool.get('type')!r}", "use a function")
    return [tool["function"] for tool in tools]


def parse_tool_choice(choice: Any, provider: str) -> tuple[str, str | None]:
    """Parse a `tool_choice` into auto, required (or any) or none, and the only function that may be called."""
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


def parse_arguments(call: Mapping[str, Any]) -> Any:
    """Return the decoded arguments of an earlier tool call."""
    try:
        return msgspec.json.decode(call["function"].get("arguments") or "{}")
    except msgspec.DecodeError as error:
        raise InvalidInput(f"the arguments of the tool call {call.get('id')!r} are not valid JSON: {error}") from error


def pop_stop_sequences(fields: dict[str, Any]) -> list[str]:
    """Remove the stop sequences from the fields and return them."""
    stop = fields.pop("stop", None) or []
    return [stop] if isinstance(stop, str) else list(stop)


def pop_max_tokens(fields: dict[str, Any]) -> int | None:
    """Remove the maximum number of output tokens from the fields and return it."""
    legacy = fields.pop("max_tokens", None)
    return fields.pop("max_completion_tokens", None) or legacy


def select_reasoning(message: Mapping[str, Any], format: str) -> list[dict[str, Any]]:
    """Return the reasoning details of a format; details without a format are included."""
    details: list[dict[str, Any]] = message.get("reasoning_details") or []
    return [detail for detail in details if detail.get("format") in {None, format}]


def merge_reasoning(details: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Merge the streamed details of each block of reasoning."""
    merged = list[dict[str, Any]]()
    for detail in details:
        last = merged[-1] if merged else {}
        continues = all(last.get(name) == detail.get(name) for name in ("type", "index", "format"))
        if continues and detail["type"] == "reasoning.text":
            last["text"] += detail.get("text") or ""
            last["signature"] = detail.get("signature") or last.get("signature")
        else:
            merged.append({**detail})
    return merged


def build_completion_head(id: str, model: str, created: int, *, streamed: bool = False) -> dict[str, Any]:
    """Return the first fields of a completion, or of each of its chunks."""
    kind = "chat.completion.chunk" if streamed else "chat.completion"
    return {"id": id, "object": kind, "created": created, "model": model}


def build_tool_call(id: str, name: str, arguments: str) -> dict[str, Any]:
    """Build a tool call of a completion."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
