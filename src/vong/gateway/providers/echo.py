"""`echo/echo` answers with the last user message: a model without a model, to test applications with, and Vong.

The same request always gets the same text, streamed word by word, and each word counts as a token. Options follow the
name: `echo/echo?first=0.2&delay=0.05&status=429`

| option   | meaning                                                    |
|----------|------------------------------------------------------------|
| `first`  | seconds before the first word (or the whole answer)        |
| `delay`  | seconds before each further word                           |
| `status` | answer with this HTTP status and an error in OpenAI's shape |

Embeddings are bags of hashed words of unit length, so that texts which share words lie close together.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
import numpy as np

from vong.config import ProviderSettings
from vong.errors import InvalidInput
from vong.gateway.providers.events import DONE, event
from vong.gateway.providers.provider import OPENAI, Ask, Reply
from vong.gateway.providers.vectors import answer, wanted, words
from vong.gateway.upstream import Upstream
from vong.records import Message

DIMENSIONS = 64


class Echo:
    """The shipped fake."""

    address = "echo"
    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: Upstream) -> None:
        self.name = name
        del settings, upstream  # it needs neither: it is made as every provider is

    async def call(self, ask: Ask) -> Reply:
        """Answer from the request itself."""
        options = _options(ask.model)
        if options.status != 200:
            await asyncio.sleep(options.first)
            return Reply(options.status, _error(options.status))
        if ask.shape == "embeddings":
            return await self._embed(ask, options)
        chat = _Chat.of(ask)
        if ask.stream:
            return Reply(200, events=_stream(chat, options))
        await asyncio.sleep(options.first + options.delay * max(0, len(chat.words) - 1))
        return Reply(200, msgspec.json.encode(chat.whole()))

    async def models(self) -> list[str]:
        """Its one name."""
        return ["echo"]

    async def _embed(self, ask: Ask, options: "_Options") -> Reply:
        await asyncio.sleep(options.first)
        asked = wanted(ask.body)
        size = asked.dimensions or DIMENSIONS
        if not 1 <= size <= 4096:
            raise InvalidInput("dimensions lies between 1 and 4096", "leave it out for 64")
        vectors = np.stack([_bag(text, size) for text in asked.texts])
        found = answer(ask.model, vectors, asked.encoding_format, words(asked.texts))
        return Reply(200, msgspec.json.encode(found))


class _Options(NamedTuple):
    first: float = 0.0
    delay: float = 0.0
    status: int = 200


def _options(model: str) -> _Options:
    name, _, query = model.partition("?")
    given = dict(parse_qsl(query))
    hint = "call echo, or echo?first=SECONDS&delay=SECONDS&status=CODE"
    if name != "echo" or given.keys() - set(_Options._fields):
        raise InvalidInput(f"echo has no model {model!r}", hint)
    try:
        options = _Options(float(given.get("first", 0)), float(given.get("delay", 0)), int(given.get("status", 200)))
    except ValueError as error:
        raise InvalidInput(f"echo cannot read {query!r}: {error}", hint) from error
    if not (0 <= options.first <= 600 and 0 <= options.delay <= 600 and options.status in range(200, 600)):
        raise InvalidInput(f"echo cannot do {query!r}", hint)
    return options


class _Asked(msgspec.Struct):
    messages: list[dict[str, Any]]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None


class _Chat(NamedTuple):
    id: str
    model: str
    words: list[str]
    finish: str
    choices: int
    usage: dict[str, int]

    @classmethod
    def of(cls, ask: Ask) -> "_Chat":
        """The answer to a request."""
        try:
            asked = msgspec.json.decode(ask.body, type=_Asked)
            messages = [Message.model_validate(message) for message in asked.messages]
        except ValueError as error:
            raise InvalidInput(f"echo cannot read the messages: {error}", "send messages in OpenAI's shape") from error
        said = next((message.text for message in reversed(messages) if message.role == "user"), "")
        spoken = re.findall(r"\s*\S+|\s+$", said)
        limit = asked.max_completion_tokens or asked.max_tokens or len(spoken)
        taken, choices = spoken[:limit], min(max(asked.n or 1, 1), 16)
        read, made = words([message.text for message in messages]), len(taken) * choices
        usage = {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}
        finish = "length" if len(taken) < len(spoken) else "stop"
        return cls(f"chatcmpl-{hashlib.sha256(ask.body).hexdigest()[:24]}", ask.model, taken, finish, choices, usage)

    def whole(self) -> dict[str, Any]:
        """As one completion."""
        message = {"role": "assistant", "content": "".join(self.words)}
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self.finish}
            for index in range(self.choices)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": self.usage}

    def chunk(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        """As one event of a stream."""
        choices = [{"index": index, "delta": delta, "finish_reason": finish} for index in range(self.choices)]
        return event({**self._head("chat.completion.chunk"), "choices": choices})

    def last(self) -> bytes:
        """The event that holds the usage."""
        return event({**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": int(time.time()), "model": self.model}


async def _stream(chat: _Chat, options: _Options) -> AsyncGenerator[bytes]:
    yield chat.chunk({"role": "assistant", "content": ""})
    await asyncio.sleep(options.first)
    for index, word in enumerate(chat.words):
        if index:
            await asyncio.sleep(options.delay)
        yield chat.chunk({"content": word})
    yield chat.chunk({}, chat.finish)
    yield chat.last()
    yield DONE


def _error(status: int) -> bytes:
    message = f"echo was asked to answer {status}"
    return msgspec.json.encode({"error": {"message": message, "type": "echo", "param": None, "code": "echo"}})


def _bag(text: str, size: int) -> Any:
    vector = np.zeros(size, dtype=np.float32)
    tokens = re.findall(r"\w+", text.lower()) or [text]
    for token in [*tokens, *(" ".join(pair) for pair in pairwise(tokens))]:
        digest = hashlib.sha256(token.encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0 if digest[4] & 1 else -1.0
    length = float(np.linalg.norm(vector))
    return vector / length if length else np.full(size, size**-0.5, dtype=np.float32)
