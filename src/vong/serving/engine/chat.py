"""OpenAI chat completions of an engine: parsing of requests and formatting of responses."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pydantic import Field

from vong.errors import InvalidInput, Unsupported
from vong.serving.engine import GenerationChunk, GenerationRequest, TokenLogprob
from vong.serving.engine.request_fields import HINT, SamplingRequest, check_unknown_fields, parse_request

TOOL_FIELDS = ("tools", "functions")
TEXT_PART_TYPES = frozenset({"text", "input_text", "output_text", "refusal"})


class ChatRequest(SamplingRequest):
    """Supported fields of a chat completion request."""

    messages: list[dict[str, Any]] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool = False
    top_logprobs: int = Field(default=0, ge=0, le=20)

    def to_generation_request(self, adapter: str | None) -> GenerationRequest:
        """Return the request to the engine."""
        return GenerationRequest(
            messages=self.messages,
            adapter=adapter,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            top_logprobs=self.top_logprobs if self.logprobs else None,
            **self.sampling_fields(),
        )


def parse_chat(body: bytes) -> ChatRequest:
    """Parse a request body.

    Raises:
        InvalidInput: if a field has an invalid value.
        Unsupported: if a field changes the completion in a way that no engine supports.
    """
    request = parse_request(ChatRequest, body)
    extra = request.model_extra or {}
    for name in TOOL_FIELDS:  # a model that may not call its tools answers as a model without tools
        choice = extra.get("tool_choice" if name == "tools" else "function_call")
        if extra.pop(name, None) and choice != "none":
            raise Unsupported(f"local models do not support {name}", HINT)
    check_unknown_fields(request)
    for message in request.messages:
        if not isinstance(message.get("role"), str):
            raise InvalidInput("messages: every message needs a role", "set system, user or assistant")
        check_content(message.get("content"))
    return request


def flatten_content(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with their text parts joined to one string.

    Raises: InvalidInput if a message contains anything but text.
    """
    result: list[dict[str, Any]] = []
    for message in messages:
        check_content(content := message.get("content"))
        if isinstance(content, list):
            content = "".join(map(part_text, content))
        result.append({**message, "content": "" if content is None else content})
    return result


def part_text(part: dict[str, Any]) -> str:
    """Return the text of a part."""
    return str(part.get("text") or part.get("refusal") or "")


def check_content(content: Any) -> None:
    """Check the content of a message.

    Raises: InvalidInput if it is anything but text, or parts of text.
    """
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        raise InvalidInput(f"messages: content is {type(content).__name__}", "send a text or a list of parts")
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in TEXT_PART_TYPES:
            raise InvalidInput(f"this model supports text only, not a part of type {kind!r}", "send text parts only")
        if not isinstance(part.get("text", ""), str):
            raise InvalidInput("messages: the text of a part is not a string", "send a string")


class ChatCompletion:
    """Response to one request, as one object or as the chunks of a stream."""

    def __init__(self, model: str) -> None:
        self._id = f"chatcmpl-{uuid4().hex}"
        self._created = int(time.time())
        self._model = model

    def to_completion(self, choices: Sequence[Sequence[GenerationChunk]]) -> dict[str, Any]:
        """Return the `chat.completion` object of the chunks of all choices."""
        built = [_build_choice(index, chunks) for index, chunks in enumerate(choices)]
        usage = usage_object([chunks[-1] for chunks in choices])
        return {**self._envelope("chat.completion"), "choices": built, "usage": usage}

    def first_chunks(self, count: int) -> list[dict[str, Any]]:
        """Return the first chunk of each choice, which contains the role."""
        return [self._build_chunk(index, {"role": "assistant", "content": ""}) for index in range(count)]

    def text_chunk(self, index: int, part: GenerationChunk) -> dict[str, Any]:
        """Return the chunk with one part of a choice."""
        entries = [_logprob_entry(entry) for entry in part.logprobs]
        logprobs = {"content": entries, "refusal": None} if entries else None
        return self._build_chunk(index, {"content": part.text} if part.text else {}, part.finish, logprobs)

    def usage_chunk(self, last: Sequence[GenerationChunk]) -> dict[str, Any]:
        """Return the last chunk, which contains the usage, from the last part of each choice."""
        return {**self._envelope("chat.completion.chunk"), "choices": [], "usage": usage_object(last)}

    def _build_chunk(
        self, index: int, delta: dict[str, Any], finish: str | None = None, logprobs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return {**self._envelope("chat.completion.chunk"), "choices": [choice]}

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


def usage_object(last: Sequence[GenerationChunk], prompts: Sequence[GenerationChunk] | None = None) -> dict[str, Any]:
    """Return OpenAI's usage object from the last chunk of each choice. A prompt counts once for all of its choices.

    `prompts` has one chunk of each prompt if the choices complete several.
    """
    counted = last[:1] if prompts is None else prompts
    prompt_tokens = sum(chunk.prompt_tokens for chunk in counted)
    completion_tokens = sum(chunk.completion_tokens for chunk in last)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": sum(chunk.cached_tokens for chunk in counted)},
    }


def _build_choice(index: int, chunks: Sequence[GenerationChunk]) -> dict[str, Any]:
    entries = [entry for chunk in chunks for entry in chunk.logprobs]
    return {
        "index": index,
        "message": {"role": "assistant", "content": "".join(chunk.text for chunk in chunks), "refusal": None},
        "logprobs": {"content": [_logprob_entry(entry) for entry in entries], "refusal": None} if entries else None,
        "finish_reason": chunks[-1].finish,
    }


def _logprob_entry(entry: TokenLogprob) -> dict[str, Any]:
    def to_dict(token: str, logprob: float | None) -> dict[str, Any]:
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    return {
        **to_dict(entry.token, entry.logprob),
        "top_logprobs": [to_dict(*alternative) for alternative in entry.alternatives],
    }
