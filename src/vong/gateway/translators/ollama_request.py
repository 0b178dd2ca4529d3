"""Requests of Ollama's API as chats and embedding requests.

`keep_alive` and options about how Ollama loads a model are ignored: Vong keeps its models loaded. Every other field or
option without an equivalent is rejected, unless its value has no effect.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.ollama_tool_calls import ToolCallNumbers

SAMPLING_OPTIONS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "repeat_penalty": "repetition_penalty",
}
"""Options by the name of the field of a chat."""
NO_OP_OPTIONS: Mapping[str, tuple[Any, ...]] = {
    "top_k": (0,),
    "min_p": (0,),
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repeat_penalty": (1,),
    "repeat_last_n": (64,),
    "typical_p": (1,),
    "tfs_z": (1,),
    "mirostat": (0,),
    "penalize_newline": (False, True),
}
"""Values of options that do not change an answer."""
IGNORED_OPTIONS = frozenset(
    {
        *("numa", "num_ctx", "num_batch", "num_gpu", "main_gpu", "low_vram", "f16_kv", "logits_all", "vocab_only"),
        *("use_mmap", "use_mlock", "embedding_only", "num_thread", "num_keep", "draft_num_predict"),
        *("mirostat_tau", "mirostat_eta"),
    }
)
"""Options about loading a model, and options that have no effect alone."""
KNOWN_OPTIONS = [*SAMPLING_OPTIONS, *NO_OP_OPTIONS, *IGNORED_OPTIONS, "num_predict", "stop"]
UNSUPPORTED_GENERATE_FIELDS: Mapping[str, str] = {
    "suffix": "send the text before the gap as prompt",
    "template": "omit template: every model uses its own",
    "raw": "omit raw: the prompt is sent to the model as a user message",
    "context": "send the conversation as messages to /api/chat",
    "width": "use a model API for images",
    "height": "use a model API for images",
    "steps": "use a model API for images",
}
"""Fields of `/api/generate` without an equivalent, and what to do instead."""
IMAGE_TYPES: Mapping[bytes, str] = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}
"""Media types by the first bytes of an image."""
ROLES = ("system", "user", "assistant", "tool")


def to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a request to `/api/chat`.

    Raises: Unsupported if a chat cannot express the request, InvalidInput if the request is malformed.
    """
    numbers = ToolCallNumbers()
    messages = [_to_message(message, numbers) for message in _list(request, "messages")]
    chat = {**_common_fields(request), "messages": messages}
    if tools := _list(request, "tools"):
        chat["tools"] = [{**_object(tool, "tools"), "type": "function"} for tool in tools]
    return chat


def generate_to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a request to `/api/generate`.

    Raises: Unsupported if a chat cannot express the request, InvalidInput if the request is malformed.
    """
    for name, hint in UNSUPPORTED_GENERATE_FIELDS.items():
        if request.get(name):
            raise Unsupported(f"{name} is not supported", hint)
    system, prompt = _text(request, "system"), _text(request, "prompt")
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": _with_images(prompt, _list(request, "images"))})
    return {**_common_fields(request), "messages": messages}


def to_embedding_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a request to `/api/embed`, or to `/api/embeddings` (`prompt` instead of `input`)."""
    fields = {"model": request.get("model"), "input": request.get("input", request.get("prompt"))}
    if request.get("dimensions"):
        fields["dimensions"] = request["dimensions"]
    return fields


def _common_fields(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a chat and a generated text have in common."""
    stream = request.get("stream")
    chat: dict[str, Any] = {"model": request.get("model"), "stream": stream is None or stream is True}
    if stream is not None and not isinstance(stream, bool):
        raise InvalidInput(f"stream is {stream!r}", "use true or false")
    if chat["stream"]:
        chat["stream_options"] = {"include_usage": True}
    options = request.get("options")
    chat |= _sampling_fields({} if options is None else _object(options, "options"))
    chat |= _format_field(request.get("format"))
    chat |= _thinking_field(request.get("think"))
    if request.get("logprobs"):
        chat["logprobs"] = True
        if request.get("top_logprobs"):
            chat["top_logprobs"] = request["top_logprobs"]
    return chat


def _sampling_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict[str, Any]()
    for name, value in options.items():
        if value is None or name in IGNORED_OPTIONS or value in NO_OP_OPTIONS.get(name, ()):
            continue
        if name in SAMPLING_OPTIONS:
            fields[SAMPLING_OPTIONS[name]] = value
        elif name == "num_predict":  # a negative value sets no maximum
            fields |= {"max_completion_tokens": value} if isinstance(value, int) and value > 0 else {}
        elif name == "stop":
            fields |= {"stop": value} if value else {}
        elif name in NO_OP_OPTIONS:
            raise Unsupported(f"option {name!r} is not supported", f"omit {name}")
        else:
            close = get_close_matches(name, KNOWN_OPTIONS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/guides/ollama.md for the options"
            raise InvalidInput(f"option {name!r} does not exist", hint)
    return fields


def _format_field(value: Any) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    if value == "json":
        return {"response_format": {"type": "json_object"}}
    if not isinstance(value, dict):
        raise InvalidInput(f"format {value!r} is not supported", "use json or a JSON schema")
    schema = {"name": "answer", "schema": value, **({"strict": True} if _is_strict(value) else {})}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _is_strict(schema: Any) -> bool:
    """Return True if a schema satisfies OpenAI's strict mode: objects require all properties and allow no others."""
    if isinstance(schema, list):
        return all(_is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        names = set(schema.get("properties") or ())
        if schema.get("additionalProperties") is not False or names != set(schema.get("required") or ()):
            return False
    return all(_is_strict(value) for value in schema.values())


def _thinking_field(think: Any) -> dict[str, Any]:
    """Return the reasoning effort. False only removes the reasoning from the answer, as not every model can do less."""
    if think in (None, False, ""):
        return {}
    if think is True:
        return {"reasoning_effort": "medium"}
    if think in ("low", "medium", "high", "max"):
        return {"reasoning_effort": "high" if think == "max" else think}
    raise InvalidInput(f"think is {think!r}", "use true, false, low, medium or high")


def _to_message(message: Any, numbers: ToolCallNumbers) -> dict[str, Any]:
    fields = _object(message, "messages")
    role = fields.get("role")
    if role not in ROLES:
        raise InvalidInput(f"the role of a message is {role!r}", f"use one of: {', '.join(ROLES)}")
    content = _text(fields, "content")
    if role == "tool":
        id = numbers.match(fields.get("tool_call_id"), fields.get("tool_name") or fields.get("name"))
        return {"role": "tool", "tool_call_id": id, "content": content}
    if role != "assistant":
        return {"role": role, "content": _with_images(content, _list(fields, "images"))}
    calls = [numbers.number(_object(call, "tool_calls")) for call in _list(fields, "tool_calls")]
    if calls:
        return {"role": "assistant", "content": content or None, "tool_calls": calls}
    return {"role": "assistant", "content": content}


def _with_images(text: str, images: Iterable[Any]) -> Any:
    """Return the content of a message: its text, or parts if it has images."""
    parts = [{"type": "image_url", "image_url": {"url": _image_url(image)}} for image in images]
    if not parts:
        return text
    return [*([{"type": "text", "text": text}] if text else []), *parts]


def _image_url(image: Any) -> str:
    if isinstance(image, str) and image.startswith("data:"):
        return image
    try:
        head = base64.b64decode(str(image), validate=True)[:12]
    except (ValueError, binascii.Error):
        raise InvalidInput("an image is not base64", "send the bytes of each image in base64") from None
    media_type = next((kind for start, kind in IMAGE_TYPES.items() if head.startswith(start)), None)
    if media_type is None:
        raise InvalidInput("the format of an image is unknown", "send PNG, JPEG, GIF, WebP or BMP")
    return f"data:{media_type};base64,{image}"


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a text, not {type(value).__name__}", "send a text")
    return value


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInput(f"{name} must be a list, not {type(value).__name__}", "send a list")
    return value


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(f"{name} has a value of type {type(value).__name__}, not an object", "send an object")
    return value
