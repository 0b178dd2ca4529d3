"""OpenAI's legacy text completions and the chat: a prompt is a user message."""

from collections.abc import Mapping
from typing import Any, cast

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.chat_variants import content_text

UNSUPPORTED_FIELDS: Mapping[str, tuple[Any, ...]] = {
    "suffix": ("",),
    "echo": (False,),
    "logprobs": (0,),
    "best_of": (1,),
}
"""Fields that a chat does not support, with the values that have no effect."""
CHAT_ONLY_HINT = "use a deployment, or a provider that completes texts: see docs/guides/gateway.md"
Prompt = str | list[int]


def split_prompts(prompt: Any) -> list[Prompt]:
    """Return the prompts of a request: one text, several texts, the token ids of one or those of several.

    Raises: InvalidInput if the prompt is empty or something else.
    """
    prompts = [prompt] if isinstance(prompt, str) or _is_token_ids(prompt) else prompt
    if not isinstance(prompts, list) or not all(isinstance(one, str) or _is_token_ids(one) for one in prompts):
        raise InvalidInput("prompt is neither text nor token ids", "send a text, token ids, or a list of one of them")
    if not prompts or not all(prompts):
        raise InvalidInput("prompt is missing or empty", "send a text")
    return cast(list[Prompt], prompts)


def needs_text_completion(request: Mapping[str, Any]) -> bool:
    """Return True if no chat can answer a request: the prompt is token ids, or a field concerns its tokens.

    Raises: InvalidInput if the prompt is invalid.
    """
    if any(not isinstance(prompt, str) for prompt in split_prompts(request.get("prompt"))):
        return True
    return request.get("max_tokens") == 0 or any(
        request.get(name) is not None and request[name] not in neutral for name, neutral in UNSUPPORTED_FIELDS.items()
    )


def to_chat_requests(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Translate a text completion request into a chat for each of its prompts.

    Raises: Unsupported if a chat cannot express the request.
    """
    fields = {name: value for name, value in request.items() if value is not None}
    for name, neutral in UNSUPPORTED_FIELDS.items():
        if (value := fields.pop(name, None)) is not None and value not in neutral:
            raise Unsupported(f"a chat does not support {name}", f"remove {name}, or {CHAT_ONLY_HINT}")
    if fields.get("max_tokens") == 0:
        raise Unsupported("a chat does not support max_tokens 0", f"raise max_tokens, or {CHAT_ONLY_HINT}")
    prompts = split_prompts(fields.pop("prompt", None))
    if any(not isinstance(prompt, str) for prompt in prompts):
        raise Unsupported("a chat does not support token ids", f"send texts, or {CHAT_ONLY_HINT}")
    return [{**fields, "messages": [{"role": "user", "content": prompt}]} for prompt in prompts]


def to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a text completion request with one prompt into a chat.

    Raises: Unsupported if a chat cannot express the request.
    """
    chats = to_chat_requests(request)
    if len(chats) > 1:
        raise Unsupported("one chat cannot have several prompts", "send one request per prompt")
    return chats[0]


def to_text_completion(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat completion into a text completion."""
    choices = [
        {
            "index": choice.get("index") or 0,
            "text": content_text(choice["message"].get("content") or ""),
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
    texts = [
        (choice, content_text((choice.get("delta") or {}).get("content") or ""))
        for choice in chunk.get("choices") or ()
        if choice  # some servers send null for a choice that says nothing
    ]
    choices = [
        {
            "index": choice.get("index") or 0,
            "text": text,
            "finish_reason": choice.get("finish_reason"),
            "logprobs": None,
        }
        for choice, text in texts
        if text or choice.get("finish_reason")
    ]
    reported_usage = chunk.get("usage") if include_usage else None
    if not choices and not reported_usage:
        return None
    return {**_head(chunk), "choices": choices, **({"usage": reported_usage} if reported_usage else {})}


def to_chat_completion(completion: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a text completion into a chat completion, without the log-probabilities."""
    choices = [
        {
            "index": choice.get("index", position),
            "message": {"role": "assistant", "content": choice.get("text") or ""},
            "finish_reason": choice.get("finish_reason") or "stop",
        }
        for position, choice in enumerate(completion["choices"])
    ]
    head = {name: completion.get(name) for name in ("id", "created", "model")}
    return {**head, "object": "chat.completion", "choices": choices, "usage": completion.get("usage")}


class TextChunkDecoder:
    """Decoder of a stream of text completions into chat chunks."""

    def __init__(self) -> None:
        self._finished: dict[int, bool] = {}

    @property
    def ended(self) -> bool:
        """Return True if every choice that has begun is complete."""
        return bool(self._finished) and all(self._finished.values())

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunk of one event."""
        if event.get("error") is not None:
            return [{"error": event["error"]}]
        choices = list[dict[str, Any]]()
        for choice in filter(None, event.get("choices") or ()):
            index, finish = choice.get("index") or 0, choice.get("finish_reason")
            self._finished[index] = finish is not None or self._finished.get(index, False)
            delta = {"content": choice["text"]} if choice.get("text") else {}
            choices.append({"index": index, "delta": delta, "finish_reason": finish})
        head = {name: event.get(name) for name in ("id", "created", "model")}
        return [{**head, "object": "chat.completion.chunk", "choices": choices, "usage": event.get("usage")}]


def _head(completion: Mapping[str, Any]) -> dict[str, Any]:
    id = str(completion.get("id") or "").removeprefix("chatcmpl-")
    created = completion.get("created") or 0
    return {"id": f"cmpl-{id}", "object": "text_completion", "created": created, "model": completion.get("model") or ""}


def _is_token_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in cast(list[Any], value))
