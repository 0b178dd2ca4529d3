"""What every translation of a chat needs: its fields sorted, its parts and tools read, its thoughts told apart.

Thoughts that a model must have back are in `reasoning_details`, and `format` says whose they are: another model's
signature is worth nothing, and most refuse it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput, Unsupported

ACCOUNTING = frozenset(
    {"stream_options", "user", "store", "metadata", "service_tier", "prompt_cache_key", "safety_identifier"}
)
"""Fields that say how a call is kept and billed: an answer is the same without them."""
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "modalities": (["text"],),
    "parallel_tool_calls": (True,),
    "reasoning_effort": ("none",),
}
"""Values that ask for nothing. Null is one for every field."""
NOWHERE = ("audio", "prediction", "functions", "function_call", "web_search_options", "logit_bias", "verbosity")
"""What OpenAI alone does."""
DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w-]+=[^;,]*)*;base64,", re.ASCII)


class DataUrl(NamedTuple):
    """What stands in a data URL; `data` is base64."""

    media_type: str
    data: str

    @property
    def format(self) -> str:
        """The last part of the media type, as some APIs call it."""
        return self.media_type.rpartition("/")[2]


def asked_fields(asked: Mapping[str, Any], whose: str, cannot: Iterable[str]) -> dict[str, Any]:
    """The fields of a chat that say something, less those of accounting. Unsupported for one that is in `cannot`."""
    fields = {name: value for name, value in asked.items() if value is not None and name not in ACCOUNTING}
    for name in cannot:
        value = fields.pop(name, None)
        if value is not None and value not in NEUTRAL.get(name, ()):
            raise Unsupported(f"{whose} cannot do {name}", f"leave {name} out, or name a model of another provider")
    return fields


def data_of(url: str) -> DataUrl | None:
    """What a data URL holds; None for any other URL."""
    if not url.startswith("data:"):
        return None
    head = DATA.match(url)
    if head is None:
        raise InvalidInput("a data URL is not in base64", "write it as data:MEDIA-TYPE;base64,DATA")
    return DataUrl(head[1], url[head.end() :])


def parts_of(content: Any) -> list[dict[str, Any]]:
    """The content of a message as parts."""
    if not content:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def text_of(content: Any) -> str:
    """The content of a message where only text can stand. Unsupported for anything else."""
    parts = parts_of(content)
    for part in parts:
        if part["type"] not in {"text", "refusal"}:
            raise Unsupported(f"a part of type {part['type']!r} cannot stand here", "send it in a message of the user")
    return "".join(part[part["type"]] for part in parts)


def functions_of(fields: dict[str, Any], whose: str) -> list[dict[str, Any]]:
    """The tools, taken out of the fields. Unsupported for one that is no function."""
    tools: list[dict[str, Any]] = fields.pop("tools", None) or []
    for tool in tools:
        if tool.get("type", "function") != "function":
            raise Unsupported(f"{whose} has no tool of type {tool.get('type')!r}", "use a function")
    return [tool["function"] for tool in tools]


def chosen(choice: Any, whose: str) -> tuple[str, str | None]:
    """A `tool_choice` as auto, required (or any) or none, with the only function that may be called."""
    if isinstance(choice, str):
        choice = "required" if choice == "any" else choice
        if choice not in {"auto", "required", "none"}:
            raise InvalidInput(f"no tool_choice {choice!r}", "choose auto, required, none or a function")
        return choice, None
    if choice["type"] != "function":
        raise Unsupported(f"{whose} has no tool_choice of type {choice['type']!r}", "choose a function, or all of them")
    return "required", choice["function"]["name"]


def arguments_of(call: Mapping[str, Any]) -> Any:
    """The arguments of an earlier tool call."""
    try:
        return msgspec.json.decode(call["function"].get("arguments") or "{}")
    except msgspec.DecodeError as error:
        raise InvalidInput(f"the arguments of the tool call {call.get('id')!r} are no JSON: {error}") from error


def stops_of(fields: dict[str, Any]) -> list[str]:
    """The texts that end an answer, taken out of the fields."""
    stop = fields.pop("stop", None) or []
    return [stop] if isinstance(stop, str) else list(stop)


def tokens_of(fields: dict[str, Any]) -> int | None:
    """The most tokens of an answer, taken out of the fields."""
    older = fields.pop("max_tokens", None)
    return fields.pop("max_completion_tokens", None) or older


def thoughts_of(message: Mapping[str, Any], format: str) -> list[dict[str, Any]]:
    """Details of thoughts that a model of that format had; those that say no format are taken for its own."""
    details: list[dict[str, Any]] = message.get("reasoning_details") or []
    return [detail for detail in details if detail.get("format") in {None, format}]


def joined(details: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The details of a stream, those of one thought put together."""
    found = list[dict[str, Any]]()
    for detail in details:
        last = found[-1] if found else {}
        same = all(last.get(name) == detail.get(name) for name in ("type", "index", "format"))
        if same and detail["type"] == "reasoning.text":
            last["text"] += detail.get("text") or ""
            last["signature"] = detail.get("signature") or last.get("signature")
        else:
            found.append({**detail})
    return found


def completion_head(id: str, model: str, created: int, *, streamed: bool = False) -> dict[str, Any]:
    """How a completion begins, or each chunk of it."""
    kind = "chat.completion.chunk" if streamed else "chat.completion"
    return {"id": id, "object": kind, "created": created, "model": model}


def call_of(id: str, name: str, arguments: str) -> dict[str, Any]:
    """A tool call of an answer."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
