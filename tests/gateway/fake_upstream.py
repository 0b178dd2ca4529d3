"""Fake model API on loopback: OpenAI, Anthropic under `/messages`, and Gemini, Bedrock and Cohere at their paths.

The model name selects the behavior. HTTP is written directly to asyncio streams, so that invalid responses are
possible too.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

from tests.gateway import fake_native_apis
from tests.gateway.fake_native_apis import THOUGHT, TOOL_CALL, USAGE, WORDS, NativeRequest
from vong.gateway.providers.embeddings import count_inputs
from vong.gateway.translators.anthropic_response import AnthropicEventEncoder, to_anthropic_message
from vong.gateway.translators.text_completions import to_text_chunk, to_text_completion


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes = b""


class FakeUpstream:
    """Fake upstream that runs in a thread from `start` to `stop`, on the given port or any free one."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.broken_off = 0
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> "FakeUpstream":
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def wait_broken_off(self, seconds: float = 1.0) -> float:
        """Wait until a client disconnects during a call and return the seconds that this took."""
        start = time.perf_counter()
        while not self.broken_off and time.perf_counter() - start < seconds:
            time.sleep(0.002)
        assert self.broken_off, "no client disconnected"
        return time.perf_counter() - start

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()  # the next upstream may need the port
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                raw = await reader.readexactly(int(headers.get("content-length", 0)))
                body = _parse_body(raw)
                self.requests.append(Request(head[0].split()[1], headers, body, raw))
                await self._do(body.get("model", ""), body, reader, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _do(
        self, model: str, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        path = self.requests[-1].path
        native = fake_native_apis.parse_native_path(path)
        model = (native.model if native else None) or model
        special: dict[str, Callable[..., Awaitable[None]]] = {
            "hang": self._hang,
            "stall": self._stall,
            "endless": self._endless,
            "held": self._hold_open,
            "pings": self._send_pings,
        }
        if found := _beside(path, native, body):
            writer.write(_plain(found))
        elif model in special:
            await special[model](reader, writer)
        elif model.startswith("status-"):
            more = "retry-after: 7\r\nx-ratelimit-remaining-requests: 0\r\nserver: fake\r\n"
            writer.write(_plain(_error(path, native), int(model.removeprefix("status-")), more))
        elif model in RAW:
            writer.write(RAW[model])
            writer.close()
        elif body.get("stream") or (native and native.stream):
            await self._stream(self._events(model), writer, STREAM_HEADS[native.kind if native else "openai"])
        elif native:
            writer.write(_plain(fake_native_apis.response_body(native.kind, model)))
        else:
            more = "x-vong-queue-ms: 12.5\r\n" if "@" in model else ""  # the name of a version of a deployment
            writer.write(_plain(_in_format_of(path, completion(model)), more=more))

    def _events(self, model: str) -> list[bytes]:
        if native := fake_native_apis.parse_native_path(self.requests[-1].path):
            return fake_native_apis.stream_events(native.kind, model)
        if _completes_texts(self.requests[-1].path):
            return text_events(model)
        return (message_events if self.requests[-1].path.endswith("/messages") else stream_events)(model)

    async def _stream(self, events: list[bytes], writer: asyncio.StreamWriter, head: bytes) -> None:
        """Send events in pieces of odd sizes, as networks deliver them."""
        data = b"".join(events)
        writer.write(head)
        sizes = [5, 60, 1, 2, 300, 7]
        position = 0
        while position < len(data):
            size = sizes[position % len(sizes)]
            writer.write(chunked(data[position : position + size]))
            position += size
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")

    async def _hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._left(reader)
        writer.close()

    async def _stall(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM_HEAD + chunked(b"".join(stream_events("stall")[:2])))
        await self._left(reader)
        writer.close()

    async def _endless(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        native = fake_native_apis.parse_native_path(self.requests[-1].path)
        writer.write(STREAM_HEADS[native.kind if native else "openai"])
        left = asyncio.ensure_future(self._left(reader))
        while not left.done():
            writer.write(chunked(self._events("endless")[2]))
            await asyncio.sleep(0.01)
        writer.close()

    async def _hold_open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a complete stream and leave the response open."""
        native = fake_native_apis.parse_native_path(self.requests[-1].path)
        events = b"".join(self._events("held"))
        writer.write(STREAM_HEADS[native.kind if native else "openai"] + chunked(events))
        await self._left(reader)
        writer.close()

    async def _send_pings(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a stream without its end mark, and then comments for ever."""
        writer.write(STREAM_HEAD + chunked(b"".join(stream_events("pings")[:-1])))
        left = asyncio.ensure_future(self._left(reader))
        while not left.done():
            writer.write(chunked(b": ping\n\n"))
            await asyncio.sleep(0.05)
        writer.close()

    async def _left(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            await reader.read(1)
        self.broken_off += 1


def _parse_body(raw: bytes) -> dict[str, Any]:
    """Return the fields of a body; of a form, the model."""
    if raw.startswith(b"--"):
        found = re.search(rb'name="model"\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)', raw)
        return {"model": found[1].decode() if found else ""}
    return json.loads(raw) if raw else {}


def _beside(path: str, native: NativeRequest | None, body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the response to a request other than chat."""
    if path == "/tokenize":
        return {"ids": [1, 2, 3, 4]}
    if native and native.embeds:
        return fake_native_apis.embedding_response(native.kind, body)
    if path.endswith("/models"):
        return {"object": "list", "data": [{"id": "one"}, {"id": "two"}]}
    if path.endswith("/count_tokens") and not str(body.get("model")).startswith("status-"):
        return {"input_tokens": 11}
    if path.endswith(":countTokens"):
        return {"totalTokens": 12}
    if path.endswith("/embeddings"):
        count = count_inputs(body["input"]) or 1
        data = [{"object": "embedding", "index": index, "embedding": [0.5, 0.25]} for index in range(count)]
        return {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 4}}
    return fake_native_apis.model_list(path)


def _error(path: str, native: NativeRequest | None) -> dict[str, Any]:
    if native:
        return fake_native_apis.error_body(native.kind, "told to")
    if path.endswith("/messages"):
        return {"type": "error", "error": {"type": "rate_limit_error", "message": "told to"}}
    return {"error": {"message": "told to", "type": "fake", "param": None, "code": "fake"}}


def _completes_texts(path: str) -> bool:
    return path.endswith("/completions") and not path.endswith("/chat/completions")


def _in_format_of(path: str, chat: dict[str, Any]) -> dict[str, Any]:
    """Return a chat completion in the format of a path."""
    if path.endswith("/messages"):
        return to_anthropic_message(chat)
    return to_text_completion(chat) if _completes_texts(path) else chat


def text_events(model: str) -> list[bytes]:
    """Return the stream of a text completion, with usage in its last event."""
    chunks = [json.loads(event.decode().removeprefix("data: ")) for event in stream_events(model)[1:-1]]
    texts = [text for text in (to_text_chunk(chunk, include_usage=True) for chunk in chunks) if text]
    return [f"data: {json.dumps(text, ensure_ascii=False)}\n\n".encode() for text in texts] + [b"data: [DONE]\n\n"]


def completion(model: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(WORDS)}
    finish = "stop"
    if model == "tools":
        message, finish = {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}, "tool_calls"
    if model == "thinks":
        message["reasoning_content"] = THOUGHT
    choices = [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}]
    return {
        "id": "cmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": choices,
        "usage": USAGE,
    }


def stream_events(model: str) -> list[bytes]:
    deltas: list[dict[str, Any]] = [{"content": word} for word in WORDS]
    if model == "tools":
        name = {**TOOL_CALL, "index": 0, "function": {"name": "weather", "arguments": ""}}
        parts = ['{"city": ', '"Huế"}']
        deltas = [{"tool_calls": [name]}]
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in parts]
    if model == "thinks":
        deltas.insert(0, {"reasoning_content": THOUGHT})
    if model == "unusual":
        deltas = [{"reasoning": THOUGHT}, {"content": [{"type": "text", "text": WORDS[0]}]}, *deltas[1:]]
    finish = "tool_calls" if model == "tools" else "stop"
    chunks = [_choice({"role": "assistant", "content": ""}), *map(_choice, deltas), _choice({}, finish)]
    last: dict[str, Any] = {"choices": [], "usage": USAGE}
    if model == "usage-in-last":
        chunks[-1]["usage"] = USAGE
        chunks.append({"choices": []})
    else:
        chunks.append(last)
    head = {"id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    if model == "unusual":
        head["service_tier"] = "flex"
        chunks[-2]["choices"][0]["logprobs"] = LOGPROBS
    end = "\r\n\r\n" if model == "crlf" else "\n\n"
    texts = [f"data: {json.dumps({**head, **chunk}, ensure_ascii=False)}{end}" for chunk in chunks]
    return [text.encode() for text in [": a comment" + end, *texts, f"data: [DONE]{end}"]]


def message_events(model: str) -> list[bytes]:
    """Return the stream in the format of Anthropic."""
    events = AnthropicEventEncoder(model)
    texts = [event.decode().removeprefix("data: ") for event in stream_events(model)[1:-1]]
    encoded = [event for text in texts for event in events.encode(json.loads(text))] + events.finish()
    return [f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in encoded]


LOGPROBS = {"content": [{"token": WORDS[0], "logprob": -0.5, "bytes": None, "top_logprobs": []}], "refusal": None}
"""Log-probabilities of the model "unusual", whose answers have fields that few servers send."""


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _plain(body: Any, status: int = 200, more: str = "") -> bytes:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{more}\r\n"
    return head.encode() + data


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
BINARY_HEAD = STREAM_HEAD.replace(b"text/event-stream", b"application/vnd.amazon.eventstream")
STREAM_HEADS = {
    "openai": STREAM_HEAD,
    "gemini": STREAM_HEAD,
    "cohere": STREAM_HEAD,
    "responses": STREAM_HEAD,
    "bedrock": BINARY_HEAD,
}
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
HUGE = b'{"id": "\\u0000", "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "odd": 1e999}'
RAW: dict[str, bytes] = {
    "allowance": _plain(completion("allowance"), more="x-ratelimit-remaining-requests: 5\r\nx-request-id: theirs\r\n"),
    "close": b"",
    "not-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "cut": JSON_HEAD + b"content-length: 500\r\n\r\n{",
    "not-json": JSON_HEAD + b"content-length: 6\r\n\r\n<html>",
    "until-close": JSON_HEAD + b"\r\n" + json.dumps(completion("until-close")).encode(),
    "interim": b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + _plain(completion("interim")),
    "surplus": _plain(completion("surplus")) + b"and something more",
    "huge-number": JSON_HEAD + b"content-length: %d\r\n\r\n" % len(HUGE) + HUGE,
    "redirect": b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
    "long-head": JSON_HEAD + b"x-long: " + b"a" * 200_000,
    "drop": STREAM_HEAD + chunked(b"".join(stream_events("drop")[:3])),
    "no-end": STREAM_HEAD + chunked(b"".join(stream_events("no-end")[:3])) + b"0\r\n\r\n",
    "error-event": STREAM_HEAD
    + chunked(b"".join(stream_events("x")[:3]) + b'data: {"error": {"message": "overloaded", "type": "fake"}}\n\n')
    + b"0\r\n\r\n",
}
