"""Limits of HTTP requests: sizes, JSON depth, timeouts and invalid messages. Other clients are unaffected."""

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from vong.api.openai.protocol import limits as protocol_limits
from vong.api.openai.protocol import model_calls
from vong.gateway.endpoints.json_depth import MAX_DEPTH, exceeds_max_depth
from vong.records.guard import GuardConfig

from .conftest import Server
from .fake_upstream import FakeUpstream
from .test_listener import answer, body_of, connected, request

CLOSE_TIMEOUT_SECONDS = 60.0
"""Maximum time until the server closes a connection that it must close at once."""
JSON = some.recursive(
    some.none() | some.integers() | some.text(), lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner)
)


def read_until_closed(wire: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    wire.settimeout(CLOSE_TIMEOUT_SECONDS)
    held = b""
    try:
        while piece := wire.recv(65536):
            held += piece
    except ConnectionResetError:
        pass
    return held


def assert_rejected(wire: socket.socket, status: int, code: str) -> None:
    """Assert that the connection returns an error and is closed."""
    head, headers, body = answer(wire)
    assert head.startswith(b"HTTP/1.1 %d " % status) and headers[b"connection"] == b"close"
    assert json.loads(body)["error"]["code"] == code
    assert read_until_closed(wire) == b""


def assert_healthy(server: Server) -> None:
    """Assert that the server answers other clients."""
    with connected(server) as wire:
        wire.sendall(request(server, body_of("still here")))
        assert b"still here" in answer(wire)[2]


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Shorten the timeouts of clients."""
    monkeypatch.setattr(protocol_limits, "HEAD_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(protocol_limits, "BODY_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(model_calls, "BODY_TIMEOUT_SECONDS", 0.3)
    yield


@pytest.mark.parametrize(
    "headers",
    [
        [b"x-long: " + b"x" * protocol_limits.MAX_HEAD_BYTES],
        [b"x-%d: %b" % (number, b"x" * 3000) for number in range(50)],
        [b"x-%d: 1" % number for number in range(protocol_limits.MAX_HEADERS)],
    ],
    ids=["one long", "long together", "too many"],
)
@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/health"])
def test_too_large_headers_are_rejected(module_server: Server, headers: list[bytes], path: bytes) -> None:
    with connected(module_server) as wire:
        wire.sendall(request(module_server, body_of("hello"), *headers).replace(b"/v1/chat/completions", path, 1))
        assert_rejected(wire, 431, "headers_too_large")
    assert_healthy(module_server)


def test_endless_headers_and_long_paths_are_rejected(module_server: Server) -> None:
    with connected(module_server) as wire:
        wire.sendall(b"GET /health HTTP/1.1\r\nx-endless: ")
        for _ in range(9):
            time.sleep(0.01)
            wire.sendall(b"x" * 8192)
        assert_rejected(wire, 431, "headers_too_large")
    with connected(module_server) as wire:
        wire.sendall(b"GET /%b HTTP/1.1\r\nhost: test\r\n\r\n" % (b"x" * 100_000))
        assert_rejected(wire, 431, "headers_too_large")


def test_a_large_body_after_headers_in_pieces_does_not_count_as_headers(module_server: Server) -> None:
    whole = request(module_server, body_of("x" * 150_000))
    with connected(module_server) as wire:
        wire.sendall(whole[:50])
        time.sleep(0.05)
        wire.sendall(whole[50:])
        assert answer(wire)[0] == b"HTTP/1.1 200 OK"


def test_idle_connections_and_slow_headers_are_closed(module_server: Server, short_timeouts: None) -> None:
    with connected(module_server) as silent, connected(module_server) as dripping, connected(module_server) as second:
        second.sendall(request(module_server, body_of("first")) + b"POST /v1/chat")
        assert b"first" in answer(second)[2]
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < CLOSE_TIMEOUT_SECONDS:
                dripping.sendall(b"G")
                time.sleep(0.02)
        assert read_until_closed(silent) == b"" and read_until_closed(second) == b""
    assert_healthy(module_server)


@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/v1/moderations", b"/api/v1/access/keys"])
def test_a_body_that_never_arrives_is_a_timeout(module_server: Server, short_timeouts: None, path: bytes) -> None:
    with connected(module_server) as wire:
        wire.sendall(request(module_server, body_of("hello")).replace(b"/v1/chat/completions", path, 1)[:-10])
        assert read_until_closed(wire) == b""
    assert_healthy(module_server)


def test_a_client_that_waits_for_a_slow_response_is_not_closed(module_server: Server, short_timeouts: None) -> None:
    with connected(module_server) as wire:
        wire.sendall(request(module_server, body_of("patience", model="echo/echo?first=1")))
        assert b"patience" in answer(wire)[2]


def test_trailers_and_chunk_extensions_are_bounded(module_server: Server) -> None:
    endless = [b"0\r\n" + b"x-trailer: 1\r\n" * 20_000, b"0\r\nx: " + b"x" * 300_000, b"1;" + b"x" * 300_000]
    for stray in endless:
        with connected(module_server) as wire:
            wire.sendall(request(module_server, b"", b"transfer-encoding: chunked", length=False))
            time.sleep(0.02)
            try:
                wire.sendall(stray)
            except ConnectionError:
                continue
            assert b"200 OK" not in read_until_closed(wire)
    assert_healthy(module_server)


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 2\r\ntransfer-encoding: chunked",
        b"content-length: 2\r\ncontent-length: 50",
        b"content-length: -1",
        b"content-length: 99999999999999999999999",
        b"content-length: 0x10",
        b"transfer-encoding: gzip",
        b"transfer-encoding: chunked\r\ntransfer-encoding: identity",
        b"x-nul: a\0b",
        b"x-return: a\rx-hidden: b",
        b"x bad: 1",
        b"x-bare: a\nx-hidden: b\n",
    ],
)
def test_ambiguous_requests_are_rejected(module_server: Server, head: bytes) -> None:
    with connected(module_server) as wire:
        wire.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: test\r\n%b\r\n\r\n{}" % head)
        assert_rejected(wire, 400, "malformed_http")


@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/v1/moderations"])
@pytest.mark.parametrize("chunk", [b"f" * 20 + b"\r\n", b"-1\r\n", b"1\r\n{}\r\n0\r\n\r\n"])
def test_invalid_chunks_are_rejected(module_server: Server, path: bytes, chunk: bytes) -> None:
    with connected(module_server) as wire:
        head = request(module_server, b"", b"transfer-encoding: chunked", length=False)
        wire.sendall(head.replace(b"/v1/chat/completions", path, 1) + chunk)
        assert_rejected(wire, 400, "malformed_http")


def test_many_pipelined_requests_are_answered_in_order(module_server: Server) -> None:
    texts = [f"number {number}." for number in range(60)]
    with connected(module_server) as wire:
        wire.settimeout(CLOSE_TIMEOUT_SECONDS)
        wire.sendall(b"".join(request(module_server, body_of(text)) for text in texts))
        held = b""
        while texts[-1].encode() not in held:
            piece = wire.recv(65536)
            assert piece
            held += piece
    assert re.findall(rb"number \d+\.", held) == [text.encode() for text in texts]


def test_an_invalid_request_does_not_corrupt_the_response_to_another(module_server: Server) -> None:
    with connected(module_server) as wire:
        wire.sendall(
            request(module_server, body_of("one two", model="echo/echo?first=0.2")) + b"\0\1\2 nonsense\r\n\r\n"
        )
        assert b"malformed" not in read_until_closed(wire)
    with connected(module_server) as wire:
        wire.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # a TLS client
        assert_rejected(wire, 400, "malformed_http")


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


DEEP = nested(100_000)
CHAT = b'{"model": "echo/echo", "messages": [{"role": "user", "content": "hello"}], %b}'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", DEEP),
        ("chat/completions", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        ("chat/completions", b"[" * 100_000),
        ("chat/completions", b'{"model": "echo/echo", "messages": %b}' % DEEP),
        ("chat/completions", CHAT % (b'"metadata": {"a": %b}' % DEEP)),
        ("chat/completions", CHAT % (b'"tools": %b' % nested(900))),
        ("chat/completions", CHAT % (b'"unknown": %b' % nested(MAX_DEPTH))),
        ("completions", b'{"model": "echo/echo", "prompt": %b}' % DEEP),
        ("embeddings", b'{"model": "echo/echo", "input": %b}' % DEEP),
        ("messages", b'{"model": "echo/echo", "max_tokens": 5, "messages": %b}' % DEEP),
        ("responses", b'{"model": "echo/echo", "input": %b}' % DEEP),
        ("moderations", b'{"input": %b}' % DEEP),
        ("messages/count_tokens", b'{"model": "echo/echo", "messages": %b}' % DEEP),
    ],
    ids=[str(number) for number in range(13)],
)
def test_deeply_nested_json_is_rejected(module_server: Server, path: str, body: bytes) -> None:
    response = post(module_server, path, body)
    assert response.status_code == 400, response.text
    said = response.json()["error"]
    assert said.get("code", "invalid_input") == "invalid_input" and "nested" in said["message"]


def post(server: Server, path: str, body: bytes, **headers: str) -> httpx.Response:
    sent = {"authorization": f"Bearer {server.key}", **headers}
    return httpx.post(
        f"{server.url}/v1/{path}", content=body, headers=sent, timeout=CLOSE_TIMEOUT_SECONDS, trust_env=False
    )


def test_deeply_nested_tool_arguments_are_rejected_if_a_guard_reads_them(
    module_server: Server,
) -> None:
    module_server.client.gateway.guards.set([GuardConfig(guard="pii", action="mask")])
    try:
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": DEEP.decode()}}
        messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "tool_calls": [call]}]
        response = post(module_server, "chat/completions", body_of("", messages=messages))
        assert response.status_code == 400 and "nested" in response.json()["error"]["message"]
    finally:
        module_server.client.gateway.guards.set([])


def test_json_at_the_maximum_depth_is_answered_recorded_and_read(module_server: Server) -> None:
    within = (MAX_DEPTH - 1) // 2
    for more in (nested(MAX_DEPTH - 1), b'{"a":[' * within + b'"]]]"' + b"]}" * within):
        response = post(module_server, "chat/completions", CHAT % (b'"unknown": %b' % more))
        assert response.status_code == 200, response.text
        id = response.headers["x-vong-span-id"]
        module_server.spans()
        got = module_server.client.transport.http.get(f"/api/v1/traces/spans/{id}")
        assert got.status_code == 200 and json.dumps(json.loads(more)) in json.dumps(got.json()), got.text[:300]


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@settings(max_examples=40, deadline=None)
@given(JSON, some.integers(0, MAX_DEPTH + 2), some.booleans())
def test_brackets_in_strings_do_not_count_as_depth(value: Any, around: int, ascii: bool) -> None:
    text = json.dumps(["[{" * MAX_DEPTH + '"\\', value], ensure_ascii=ascii)
    body = ("[" * around + text + "]" * around).encode()
    assert exceeds_max_depth(body) == (1 + depth(value) + around > MAX_DEPTH)


def test_an_unterminated_string_is_scanned_once() -> None:
    began = time.process_time()
    exceeds_max_depth(b"[" * 200 + b'"' + b'\\"' * 2_000_000)
    assert time.process_time() - began < 5


def test_a_name_with_a_line_break_adds_no_header(server: Server, fake: FakeUpstream) -> None:
    for model in ("claude/x\r\nx-evil: 1", "fake/x\r\nx-evil: 1", "route\r\nx-evil: 1", "faults/x\r\nx-evil: 1"):
        response = post(server, "chat/completions", body_of("hello", model=model))
        assert "x-evil" not in response.headers
    body = b'{"model": "claude/x", "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}'
    sent = {"traceparent": "00-evil", "anthropic-beta": "a\tb", "x-vong-session": "a\tb"}
    response = post(server, "messages", body, **sent)
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-vong-trace-id"])
    assert not any("evil" in name for request in fake.requests for name in request.headers)
