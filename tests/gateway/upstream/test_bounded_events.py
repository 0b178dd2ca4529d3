"""End of a stream: where it says so, although its connection stays open, and where it is silent for too long."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream, chunked
from vong.errors import UpstreamTimeout
from vong.gateway.endpoints.messages import MessagesEndpoint
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.upstream import response as upstream_response
from vong.gateway.upstream.bounded_events import END_GRACE_SECONDS, FINISH_GRACE_SECONDS, bounded_events
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.sse import DONE, encode_sse_event, has_data, has_end_event, read_sse_events
from vong.records import RoutePolicy

HI = [{"role": "user", "content": "hi"}]
COMMENT, PING = b": ping\n\n", b'event: ping\ndata: {"type": "ping"}\n\n'
STEP = 0.05
"""Seconds between two batches."""


def word(index: int = 0, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": index, "delta": {"content": "a"}, "finish_reason": finish}
    return encode_sse_event({"id": "c", "choices": [choice], **more})


def test_comments_and_keep_alive_events_are_no_data() -> None:
    silent = [COMMENT, PING, COMMENT + PING, b"data: \n\n", b"data:\n\n", b"data: {}\n\n", b"event: ping\ndata: {}\n\n"]
    silent += [
        b"id: 7\n\n",
        b"retry: 10\n\n",
        b": a\n: b\n\n",
        b"event: keepalive\ndata: 1\n\n",
        b'data: {"type":"ping"}\n\n',
    ]
    assert not [batch for batch in silent if has_data(batch)]
    talking = [word(), COMMENT + word(), word() + COMMENT, DONE, b"data:x\n\n", b"id: 7\ndata: {}x\n\n"]
    assert all(has_data(batch) for batch in talking)


def test_the_last_event_of_each_format_is_recognized() -> None:
    ends = [DONE, word() + DONE, DONE + COMMENT, b"data:  [DONE] \n\n", MessagesEndpoint.last_event]
    ends += [b'data: {"type": "response.completed", "response": {}}\n\n', b'data: {"type":"message-end"}\n\n']
    assert all(map(has_end_event, ends))
    texts = [
        word(),
        b"",
        COMMENT,
        encode_sse_event({"choices": [{"delta": {"content": '"type":"message_stop" [DONE]'}}]}),
    ]
    assert not any(map(has_end_event, texts))


@pytest.mark.parametrize(
    ("events", "choices", "grace"),
    [
        ([word()], 1, None),
        ([word(), DONE], 1, 0.0),
        ([word(finish="stop")], 1, FINISH_GRACE_SECONDS),
        ([word(finish="stop", usage={"prompt_tokens": 1})], 1, END_GRACE_SECONDS),
        ([word(finish="stop"), encode_sse_event({"choices": [], "usage": {"prompt_tokens": 1}})], 1, END_GRACE_SECONDS),
        ([encode_sse_event({"choices": [], "usage": {"prompt_tokens": 1}})], 1, None),
        ([word(0, "stop")], 2, None),
        ([word(0, "stop"), word(1)], 1, None),
        ([word(0, "stop"), word(1, "stop")], 2, FINISH_GRACE_SECONDS),
        ([encode_sse_event({"error": {"message": "x"}})], 1, END_GRACE_SECONDS),
    ],
)
def test_a_chat_stream_is_over_when_it_says_so(events: list[bytes], choices: int, grace: float | None) -> None:
    accumulator = StreamAccumulator(with_usage=True)
    accumulator.feed(b"".join(events))
    assert accumulator.end_grace(choices) == grace


async def paced(batches: Sequence[bytes]) -> AsyncGenerator[bytes]:
    for batch in batches:
        await asyncio.sleep(STEP)
        yield batch


async def taken(batches: Sequence[bytes], grace: float | None = None, **limits: Any) -> list[bytes]:
    """Return the batches up to the end. The stream is over, with a grace, once a word has arrived."""
    found: list[bytes] = []

    def end_grace() -> float | None:
        return grace if found else None

    async with aclosing(paced(batches)) as events, aclosing(bounded_events(events, end_grace, **limits)) as bounded:
        async for batch in bounded:
            found.append(batch)
    return found


def test_after_its_end_a_stream_is_read_for_the_grace_only() -> None:
    assert asyncio.run(taken([word(), word(), word()], grace=0.0)) == [word()]
    assert asyncio.run(taken([word(), word(), word()], grace=2 * STEP)) == [word()] * 3
    pings = asyncio.run(taken([word(), *[COMMENT] * 100], grace=3 * STEP))
    assert pings[0] == word() and 1 <= len(pings) <= 6


def test_a_talking_stream_goes_on_and_a_silent_one_fails() -> None:
    many = [word()] * 10
    assert asyncio.run(taken(many, idle_seconds=4 * STEP)) == many
    for silent in ([COMMENT] * 100, [PING] * 100, [word(), *[COMMENT] * 100]):
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout, match="sent no data for"):
            asyncio.run(taken(silent, idle_seconds=4 * STEP))
        assert time.monotonic() - started < 60 * STEP


async def read_scripted(
    script: Sequence[bytes | float], limits: ResponseLimits, *, times: int = 1
) -> tuple[list[bytes], int]:
    """Read a stream that a server sends by a script, up to [DONE]. Return its batches and the count of connections."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for part in script:
                    if isinstance(part, bytes):
                        writer.write(part)
                    else:
                        await asyncio.sleep(part)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream, found = UpstreamClient(), list[bytes]()
    endpoint = UpstreamEndpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", {})
    try:
        for _ in range(times):
            response = await upstream.send(endpoint, "/", None, limits)
            async with aclosing(read_sse_events(response)) as events:
                async for batch in events:
                    found.append(batch)
                    if has_end_event(batch):
                        break
            await asyncio.sleep(2 * STEP)
    finally:
        upstream.close()
        server.close()
    return found, connections


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def test_the_timeout_of_a_provider_limits_the_silence_of_a_stream_and_not_its_length() -> None:
    limits = ResponseLimits(first_byte=4 * STEP, total=4 * STEP)
    steady = [HEAD, *[part for _ in range(12) for part in (chunked(word()), STEP)], chunked(DONE), END]
    assert len(asyncio.run(read_scripted(steady, limits))[0]) == 13
    for filler in (b"", chunked(COMMENT), chunked(PING)):
        silent = [HEAD, chunked(word()), *[part for _ in range(100) for part in (filler, STEP)]]
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout, match=r"sent no data for 0\.2 s"):
            asyncio.run(read_scripted(silent, limits))
        assert time.monotonic() - started < 60 * STEP


def test_a_connection_is_used_again_if_the_response_ends_soon_after_its_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    late_end = [HEAD, chunked(word() + DONE), STEP, END]
    batches, connections = asyncio.run(read_scripted(late_end, ResponseLimits(), times=3))
    assert (len(batches), connections) == (3, 1)
    monkeypatch.setattr(upstream_response, "RELEASE_SECONDS", STEP)
    held = [HEAD, chunked(word() + DONE), 60.0]
    batches, connections = asyncio.run(read_scripted(held, ResponseLimits(), times=2))
    assert (len(batches), connections) == (2, 2)


REQUESTS: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": HI},
    "messages": {"messages": HI, "max_tokens": 9},
    "responses": {"input": "hi"},
    "completions": {"prompt": "hi"},
}
ENDS = {
    "chat/completions": "[DONE]",
    "completions": "[DONE]",
    "messages": "message_stop",
    "responses": "response.completed",
}


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize("target", ["fake/held", "claude/held", "held-under-a-guard", "held-under-a-retry"])
def test_a_stream_ends_although_its_connection_stays_open(
    server: Server, fake: FakeUpstream, path: str, target: str
) -> None:
    if target.startswith("held-under"):
        guard = {"guard": "length", "on": "output", "action": "retry", "settings": {"max_words": 100}}
        if target.endswith("guard"):
            guard = {"guard": "pii", "on": "output", "action": "mask"}
        policy = RoutePolicy.model_validate({"guards": [guard]})
        server.client.gateway.set_route(target, {"claude/held": 1}, policy=policy)
    started = time.monotonic()
    answer = stream(server, path, target)
    assert time.monotonic() - started < 5 and ENDS[path] in answer.text and '"error":{' not in answer.text, answer.text
    assert server.span().status == "ok" and server.span().usage.output_tokens
    fake.wait_broken_off(5)


@pytest.mark.parametrize("path", REQUESTS)
def test_comments_after_finish_reason_and_usage_do_not_go_on_for_ever(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("vong.gateway.endpoints.stream.END_GRACE_SECONDS", 0.2)
    answer = stream(server, path, "fake/pings")
    assert answer.status_code == 200 and '"error":{' not in answer.text
    assert server.span().status == "ok" and server.span().usage.output_tokens
    fake.wait_broken_off(5)


def stream(server: Server, path: str, model: str) -> httpx.Response:
    body = {"model": model, "stream": True, **REQUESTS[path]}
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/{path}", json=body, headers=headers, timeout=30)
