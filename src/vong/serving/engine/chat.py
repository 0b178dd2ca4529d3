"""OpenAI's chat completions as an engine speaks them: what is asked, and the shapes of the answers."""

import time
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vong.errors import InvalidInput
from vong.serving.engine import GenerationChunk, GenerationRequest, TokenLogprob

UNSUPPORTED = ("tools", "functions", "logit_bias", "audio", "modalities")


class ChatStreamOptions(BaseModel):
    """What a stream carries besides its text."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """The fields of a chat completion that an engine obeys. Others are ignored unless they change the answer."""

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
    def usage_in_stream(self) -> bool:
        """Whether the last chunk of the stream carries the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def generation(self, adapter: str | None) -> GenerationRequest:
        """What the engine is asked for."""
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
    """The request in a body. InvalidInput names the field at fault."""
    try:
        request = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InvalidInput(f"{where}: {fault['msg']}" if where else fault["msg"], "see the OpenAI reference") from error
    extra = request.model_extra or {}
    unknown = [name for name in UNSUPPORTED if extra.get(name)]
    if request.presence_penalty or request.frequency_penalty:
        unknown.append("presence_penalty and frequency_penalty")
    if unknown:
        raise InvalidInput(f"local models do not support {', '.join(unknown)}", "leave it out")
    if any(not isinstance(message.get("role"), str) for message in request.messages):
        raise InvalidInput("messages: every message needs a role", "use system, user or assistant")
    return request


class ChatCompletion:
    """The answer to one request, as one object or as the chunks of a stream."""

    def __init__(self, model: str) -> None:
        self._id = f"chatcmpl-{uuid4().hex}"
        self._made = int(time.time())
        self._model = model

    def whole(self, pieces: list[GenerationChunk]) -> dict[str, Any]:
        """A `chat.completion`."""
        entries = [entry for piece in pieces for entry in piece.logprobs]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "".join(piece.text for piece in pieces), "refusal": None},
            "logprobs": {"content": [_entry(entry) for entry in entries], "refusal": None} if entries else None,
            "finish_reason": pieces[-1].finish,
        }
        return {**self._frame("chat.completion"), "choices": [choice], "usage": usage(pieces[-1])}

    def opening(self) -> dict[str, Any]:
        """The first chunk: who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def chunk(self, piece: GenerationChunk) -> dict[str, Any]:
        """One piece of the answer."""
        entries = [_entry(entry) for entry in piece.logprobs]
        logprobs = {"content": entries, "refusal": None} if entries else None
        return self._chunk({"content": piece.text} if piece.text else {}, piece.finish, logprobs)

    def closing(self, piece: GenerationChunk) -> dict[str, Any]:
        """The chunk with the usage."""
        return {**self._frame("chat.completion.chunk"), "choices": [], "usage": usage(piece)}

    def _chunk(
        self, delta: dict[str, Any], finish: str | None = None, logprobs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return {**self._frame("chat.completion.chunk"), "choices": [choice]}

    def _frame(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._made, "model": self._model}


def usage(piece: GenerationChunk) -> dict[str, Any]:
    """OpenAI's usage object, from the last piece."""
    return {
        "prompt_tokens": piece.prompt_tokens,
        "completion_tokens": piece.completion_tokens,
        "total_tokens": piece.prompt_tokens + piece.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": piece.cached_tokens},
    }


def _entry(entry: TokenLogprob) -> dict[str, Any]:
    def one(token: str, logprob: float) -> dict[str, Any]:
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    return {**one(entry.token, entry.logprob), "top_logprobs": [one(*rival) for rival in entry.top]}
