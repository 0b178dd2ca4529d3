"""OpenAI's old completions and the chat: a prompt is what the person says."""

from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput, Unsupported

CANNOT: Mapping[str, tuple[Any, ...]] = {"suffix": ("",), "echo": (False,), "logprobs": (0,), "best_of": (1,)}
"""What a chat cannot do, with the values that ask for nothing."""


def chat_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A request for a completion as a chat. Unsupported for what a chat cannot hold."""
    fields = {name: value for name, value in asked.items() if value is not None}
    for name, neutral in CANNOT.items():
        if (value := fields.pop(name, None)) is not None and value not in neutral:
            raise Unsupported(f"a chat cannot do {name}", f"leave {name} out")
    prompt = fields.pop("prompt", None)
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str):
        prompt = prompt[0]
    if isinstance(prompt, list):
        raise Unsupported("a chat has one prompt, and it is a text", "send the prompts one by one, as texts")
    if not isinstance(prompt, str) or not prompt:
        raise InvalidInput("prompt is missing or empty", "send a text")
    return {**fields, "messages": [{"role": "user", "content": prompt}]}


def completion_of(chat: Mapping[str, Any]) -> dict[str, Any]:
    """A chat completion as a text completion."""
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


def chunk_of(chunk: Mapping[str, Any], usage: bool) -> dict[str, Any] | None:
    """A chunk of a chat as one of a text completion; None where it says nothing. `usage`: the caller wants it."""
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
    told = chunk.get("usage") if usage else None
    if not choices and not told:
        return None
    return {**_head(chunk), "choices": choices, **({"usage": told} if told else {})}


def _head(said: Mapping[str, Any]) -> dict[str, Any]:
    id = str(said.get("id") or "").removeprefix("chatcmpl-")
    created = said.get("created") or 0
    return {"id": f"cmpl-{id}", "object": "text_completion", "created": created, "model": said.get("model") or ""}
