"""OpenAI's legacy text completions and the chat: a prompt is a user message."""

from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput, Unsupported

UNSUPPORTED_FIELDS: Mapping[str, tuple[Any, ...]] = {
    "suffix": ("",),
    "echo": (False,),
    "logprobs": (0,),
    "best_of": (1,),
}
"""Fields that a chat does not support, with the values that have no effect."""


def to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a text completion request into a chat.

    Raises: Unsupported if a chat cannot express the request.
    """
    fields = {name: value for name, value in request.items() if value is not None}
    for name, neutral in UNSUPPORTED_FIELDS.items():
        if (value := fields.pop(name, None)) is not None and value not in neutral:
            raise Unsupported(f"a chat does not support {name}", f"remove {name}")
    prompt = fields.pop("prompt", None)
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str):
        prompt = prompt[0]
    if isinstance(prompt, list):
        raise Unsupported("several prompts or token ids are not supported", "send one request per prompt, as text")
    if not isinstance(prompt, str) or not prompt:
        raise InvalidInput("prompt is missing or empty", "send a text")
    return {**fields, "messages": [{"role": "user", "content": prompt}]}


def to_text_completion(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat completion into a text completion."""
    choices = [
        {
            "index": choice.get("index", 0),
            "text": choice["message"].get("content") or "",
            "finish_reason": choice.get("finish_reason") or "stop",
            "logprobs": None,
        }
        for choice in chat["choices"]
    ]
    return {**_head(chat), "choices": choices, "usage": chat.get("usage")}


def to_text_chunk(chunk: Mapping[str, Any], include_usage: bool) -> dict[str, Any] | None:
    """Translate a chat chunk into a text completion chunk; returns None if it is empty.

    `include_usage` is set if the caller requested usage.
    """
    choices = [
        {
            "index": choice.get("index", 0),
            "text": (choice.get("delta") or {}).get("content") or "",
            "finish_reason": choice.get("finish_reason"),
            "logprobs": None,
        }
        for choice in chunk.get("choices") or ()
        if (choice.get("delta") or {}).get("content") or choice.get("finish_reason")
    ]
    reported_usage = chunk.get("usage") if include_usage else None
    if not choices and not reported_usage:
        return None
    return {**_head(chunk), "choices": choices, **({"usage": reported_usage} if reported_usage else {})}


def _head(completion: Mapping[str, Any]) -> dict[str, Any]:
    id = str(completion.get("id") or "").removeprefix("chatcmpl-")
    created = completion.get("created") or 0
    return {"id": f"cmpl-{id}", "object": "text_completion", "created": created, "model": completion.get("model") or ""}
