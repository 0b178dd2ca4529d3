"""OpenAI chat completions of an engine: parsing of requests and formatting of responses."""

import time
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vong.errors import InvalidInput
from vong.serving.engine import GenerationChunk, GenerationRequest, TokenLogprob

UNSUPPORTED_FIELDS = ("tools", "functions", "logit_bias", "audio", "modalities")


class ChatStreamOptions(BaseModel):
    """Options of a streamed response."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """Supported fields of a chat completion request. Others are ignored unless they change the completion."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[dict[str, Any]] = Field(min_length=1)
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: str | list[str] | None = None
    seed: int | None = None
    n: Literal[1] | None = 1
    stream: bool | None = False
    stream_options: ChatStreamOptions | None = None
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = False
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    presence_penalty: float | None = 0.0
    frequency_penalty: float | None = 0.0

    @property
    def include_usage(self) -> bool:
        """Return whether the last chunk of the stream contains the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def to_generation_request(self, adapter: str | None) -> GenerationRequest:
        """Return the request to the engine."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return GenerationRequest(
            messages=self.messages,
            adapter=adapter,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            stop=tuple(text for text in stop if text),
            seed=self.seed,
            top_logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            response_format=self.response_format,
        )


def parse_chat(body: bytes) -> ChatRequest:
    """Parse a request body.

    Raises: InvalidInput, which names the invalid field.
    """
    try:
        request = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        detail = error.errors()[0]
        location = ".".join(str(part) for part in detail["loc"])
        raise InvalidInput(
            f"{location}: {detail['msg']}" if location else detail["msg"], "see the OpenAI reference"
        ) from error
    extra = request.model_extra or {}
    unsupported = [name for name in UNSUPPORTED_FIELDS if extra.get(name)]
    if request.presence_penalty or request.frequency_penalty:
        unsupported.append("presence_penalty and frequency_penalty")
    if unsupported:
        raise InvalidInput(f"local models do not support {', '.join(unsupported)}", "omit these fields")
    if any(not isinstance(message.get("role"), str) for message in request.messages):
        raise InvalidInput("messages: every message needs a role", "set system, user or assistant")
    return request


class ChatCompletion:
    """Response to one request, as one object or as the chunks of a stream."""

    def __init__(self, model: str) -> None:
        self._id = f"chatcmpl-{uuid4().hex}"
        self._created = int(time.time())
        self._model = model

    def to_completion(self, chunks: list[GenerationChunk]) -> dict[str, Any]:
        """Return the `chat.completion` object of all chunks."""
        entries = [entry for chunk in chunks for entry in chunk.logprobs]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "".join(chunk.text for chunk in chunks), "refusal": None},
            "logprobs": {"content": [_logprob_entry(entry) for entry in entries], "refusal": None} if entries else None,
            "finish_reason": chunks[-1].finish,
        }
        return {**self._envelope("chat.completion"), "choices": [choice], "usage": usage_object(chunks[-1])}

    def first_chunk(self) -> dict[str, Any]:
        """Return the first chunk, which contains the role."""
        return self._build_chunk({"role": "assistant", "content": ""})

    def text_chunk(self, part: GenerationChunk) -> dict[str, Any]:
        """Return the chunk with one part of the completion."""
        entries = [_logprob_entry(entry) for entry in part.logprobs]
        logprobs = {"content": entries, "refusal": None} if entries else None
        return self._build_chunk({"content": part.text} if part.text else {}, part.finish, logprobs)

    def usage_chunk(self, last: GenerationChunk) -> dict[str, Any]:
        """Return the last chunk, which contains the usage."""
        return {**self._envelope("chat.completion.chunk"), "choices": [], "usage": usage_object(last)}

    def _build_chunk(
        self, delta: dict[str, Any], finish: str | None = None, logprobs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return {**self._envelope("chat.completion.chunk"), "choices": [choice]}

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


def usage_object(last: GenerationChunk) -> dict[str, Any]:
    """Return OpenAI's usage object from the last chunk."""
    return {
        "prompt_tokens": last.prompt_tokens,
        "completion_tokens": last.completion_tokens,
        "total_tokens": last.prompt_tokens + last.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": last.cached_tokens},
    }


def _logprob_entry(entry: TokenLogprob) -> dict[str, Any]:
    def to_dict(token: str, logprob: float) -> dict[str, Any]:
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    return {
        **to_dict(entry.token, entry.logprob),
        "top_logprobs": [to_dict(*alternative) for alternative in entry.alternatives],
    }
