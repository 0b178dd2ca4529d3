"""Provider `echo/echo`, which answers with the last user message: tests applications and Vong without a model.

The same request always returns the same text, streamed word by word, and each word counts as a token. Further features
of a model:

- It calls a tool if the caller requires one, or if the message shares a word with the tool's name (*the weather in Huế*
  with `get_weather`); after a tool's result, `echo` answers with that result.
- In arguments, and in answers with a JSON schema, texts are the quoted parts of the message, or the whole message, and
  numbers are the numbers of the message.
- It ends at stop sequences and at `max_completion_tokens`, and accepts images, files and audio beside the text.

Options follow the name: `echo/echo?first=0.2&delay=0.05&status=429`

| option   | meaning                                                       |
|----------|---------------------------------------------------------------|
| `first`  | seconds before the first word (or the complete answer)        |
| `delay`  | seconds before each further word                              |
| `status` | respond with this HTTP status and an error in OpenAI's format |

Speech is silence (`mp3`, `wav` or `pcm`), images are one white pixel, and a transcript is the prompt of the request.

Embeddings are bags of hashed words of unit length, so that texts which share words are close together. The score of a
document for a query is their cosine.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncGenerator
from itertools import pairwise
from math import hypot
from operator import mul
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl

import msgspec

from vong.config import ProviderSettings
from vong.errors import InvalidInput
from vong.gateway.providers.base import (
    COMMON_ENDPOINTS,
    Endpoint,
    MediaOperation,
    MediaProviderRequest,
    ProviderRequest,
    ProviderResponse,
)
from vong.gateway.providers.echo_completion import EchoCompletion, complete_chat
from vong.gateway.providers.echo_media import answer_media
from vong.gateway.providers.embeddings import build_embedding_response, count_words, parse_embedding_request
from vong.gateway.providers.rerank import parse_rerank_request
from vong.gateway.upstream.client import UpstreamClient
from vong.gateway.upstream.sse import DONE, encode_sse_event

DEFAULT_DIMENSIONS = 64


class EchoProvider:
    """Test provider without a model: returns the last user message."""

    address = "echo"
    endpoints: frozenset[Endpoint] = frozenset({*COMMON_ENDPOINTS, "rerank"})

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self.name = name
        del settings, upstream  # unused: every provider has the same constructor

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Answer from the request itself."""
        options = _parse_options(request.model)
        if options.status != 200:
            await asyncio.sleep(options.first)
            return ProviderResponse(options.status, _error_body(options.status))
        if request.endpoint == "embeddings":
            return await self._embed(request, options)
        if request.endpoint == "rerank":
            return await self._rerank(request, options)
        completion = complete_chat(request.body)
        if request.stream:
            return ProviderResponse(200, events=_stream(request, completion, options))
        await asyncio.sleep(options.first + options.delay * max(0, len(completion.pieces) - 1))
        return ProviderResponse(200, msgspec.json.encode(_build_completion(request, completion)))

    media_operations: frozenset[MediaOperation] = frozenset(get_args(MediaOperation))

    async def send_media(self, request: MediaProviderRequest) -> ProviderResponse:
        """Answer with the smallest valid audio or image, or with a transcript: the prompt."""
        options = _parse_options(request.model)
        await asyncio.sleep(options.first)
        if options.status != 200:
            return ProviderResponse(options.status, _error_body(options.status))
        return answer_media(request)

    async def list_models(self) -> list[str]:
        """Return the only model name."""
        return ["echo"]

    async def _embed(self, call: ProviderRequest, options: "_Options") -> ProviderResponse:
        await asyncio.sleep(options.first)
        request = parse_embedding_request(call.body)
        size = request.dimensions or DEFAULT_DIMENSIONS
        if not 1 <= size <= 4096:
            raise InvalidInput("dimensions must be between 1 and 4096", "omit it for 64")
        vectors = [_embed_text(text, size) for text in request.texts]
        response = build_embedding_response(call.model, vectors, request.encoding_format, count_words(request.texts))
        return ProviderResponse(200, msgspec.json.encode(response))

    async def _rerank(self, call: ProviderRequest, options: "_Options") -> ProviderResponse:
        await asyncio.sleep(options.first)
        fields = parse_rerank_request(call.body)
        texts = fields.texts
        query = _embed_text(fields.query, DEFAULT_DIMENSIONS)
        scores = [sum(map(mul, query, _embed_text(text, DEFAULT_DIMENSIONS))) for text in texts]
        results: list[dict[str, Any]] = []
        for index in sorted(range(len(texts)), key=lambda index: -scores[index])[: fields.top_n]:
            document = {"document": {"text": texts[index]}} if fields.return_documents else {}
            results.append({"index": index, "relevance_score": scores[index], **document})
        tokens = count_words([fields.query, *texts])
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        response = {"object": "list", "model": call.model, "results": results, "usage": usage}
        return ProviderResponse(200, msgspec.json.encode(response))


class _Options(NamedTuple):
    first: float = 0.0
    delay: float = 0.0
    status: int = 200


def _parse_options(model: str) -> _Options:
    name, _, query = model.partition("?")
    values = dict(parse_qsl(query))
    hint = "call echo, or echo?first=SECONDS&delay=SECONDS&status=CODE"
    if name != "echo" or values.keys() - set(_Options._fields):
        raise InvalidInput(f"echo has no model {model!r}", hint)
    try:
        options = _Options(float(values.get("first", 0)), float(values.get("delay", 0)), int(values.get("status", 200)))
    except ValueError as error:
        raise InvalidInput(f"invalid echo options {query!r}: {error}", hint) from error
    if not (0 <= options.first <= 600 and 0 <= options.delay <= 600 and options.status in range(200, 600)):
        raise InvalidInput(f"echo options out of range: {query!r}", hint)
    return options


def _head(request: ProviderRequest, kind: str) -> dict[str, Any]:
    id = f"chatcmpl-{hashlib.sha256(request.body).hexdigest()[:24]}"
    return {"id": id, "object": kind, "created": int(time.time()), "model": request.model}


def _build_completion(request: ProviderRequest, completion: EchoCompletion) -> dict[str, Any]:
    choices = [
        {"index": index, "message": completion.message, "logprobs": None, "finish_reason": completion.finish_reason}
        for index in range(completion.choices)
    ]
    return {**_head(request, "chat.completion"), "choices": choices, "usage": completion.usage}


async def _stream(request: ProviderRequest, completion: EchoCompletion, options: _Options) -> AsyncGenerator[bytes]:
    head = _head(request, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choices = [
            {"index": index, "delta": delta, "finish_reason": finish_reason} for index in range(completion.choices)
        ]
        return encode_sse_event({**head, "choices": choices})

    for index, delta in enumerate(completion.deltas()):
        if index:
            await asyncio.sleep(options.first if index == 1 else options.delay)
        yield chunk(delta)
    if not completion.pieces:
        await asyncio.sleep(options.first)
    yield chunk({}, completion.finish_reason)
    yield encode_sse_event({**head, "choices": [], "usage": completion.usage})
    yield DONE


def _error_body(status: int) -> bytes:
    message = f"echo was called with status={status}"
    return msgspec.json.encode({"error": {"message": message, "type": "echo", "param": None, "code": "echo"}})


def _embed_text(text: str, size: int) -> list[float]:
    """Embed a text as a unit vector of its words and word pairs, with position and sign by hash."""
    vector = [0.0] * size
    tokens = re.findall(r"\w+", text.lower()) or [text]
    for token in [*tokens, *(" ".join(pair) for pair in pairwise(tokens))]:
        digest = hashlib.sha256(token.encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0 if digest[4] & 1 else -1.0
    length = hypot(*vector)
    return [value / length for value in vector] if length else [size**-0.5] * size
