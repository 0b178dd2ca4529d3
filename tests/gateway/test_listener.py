"""HTTP connections of model calls: keep-alive, pipelining, chunks, limits and old protocol versions."""

import gc
import json
import socket
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.running_vong import eventually
from vong.gateway.pipeline.call import ModelCall

from .conftest import Server

PATH = b"/v1/chat/completions"


@contextmanager
def connected(server: Server) -> Generator[socket.socket]:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as wire:
        yield wire


def body_of(text: str, **more: object) -> bytes:
    asked = {"model": "echo/echo", "messages": [{"role": "user", "content": text}], **more}
    return json.dumps(asked).encode()


def request(server: Server, body: bytes, *headers: bytes, version: bytes = b"HTTP/1.1", length: bool = True) -> bytes:
    lines = [b"POST %b %b" % (PATH, version), b"host: test", b"authorization: Bearer " + server.key.encode(), *headers]
    if length:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answer(wire: socket.socket) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Read the next response with a content length: status line, headers and body."""
    held = b""
    while b"\r\n\r\n" not in held:
        piece = wire.recv(65536)
        assert piece, held
        held += piece
    head, _, rest = held.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    length = int(headers[b"content-length"])
    while len(rest) < length:
        rest += wire.recv(length - len(rest))
    assert len(rest) == length
    return status, headers, rest


def test_a_connection_is_reused(server: Server) -> None:
    with connected(server) as wire:
        for text in ("one", "two"):
            wire.sendall(request(server, body_of(text)))
            status, headers, body = answer(wire)
            assert status == b"HTTP/1.1 200 OK"
            assert text in json.loads(body)["choices"][0]["message"]["content"]
            assert headers[b"x-vong-span-id"] and headers[b"date"]


def calls() -> list[ModelCall]:
    """Return all call objects of this process."""
    return [found for found in gc.get_objects() if type(found) is ModelCall]


def test_a_call_leaves_no_reference_cycles(server: Server) -> None:
    """A reference cycle would hold each call with its bodies until the next garbage collection, which is rare."""
    gc.disable()
    before = calls()  # of other tests
    try:
        with connected(server) as wire:
            for model in ("echo/echo", "echo/echo", "echo/none", "nobody/none"):
                wire.sendall(request(server, body_of("once", model=model)))
                assert answer(wire)[0]
        eventually(lambda: all(any(found is one for one in before) for found in calls()), 10)
    finally:
        gc.enable()


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    """Send every request before the previous response, with a path of the REST API between them."""
    health = b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n"
    with connected(server) as wire:
        wire.sendall(request(server, body_of("first")) + health + request(server, body_of("third")))
        held = b""
        while b"third" not in held:
            piece = wire.recv(65536)
            assert piece, held
            held += piece
        assert held.index(b"first") < held.index(b'"database"') < held.index(b"third")


def test_bodies_in_small_pieces_and_chunks_are_read(server: Server) -> None:
    body = body_of("in pieces")
    with connected(server) as wire:
        whole = request(server, body)
        for at in range(0, len(whole), 40):
            wire.sendall(whole[at : at + 40])
        assert answer(wire)[0] == b"HTTP/1.1 200 OK"
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
        wire.sendall(request(server, b"", b"transfer-encoding: chunked", length=False) + chunks)
        status, _, answered = answer(wire)
        assert status == b"HTTP/1.1 200 OK" and b"in pieces" in answered


def test_expect_continue_is_answered_with_100(server: Server) -> None:
    body = body_of("after you")
    whole = request(server, body, b"expect: 100-continue")
    with connected(server) as wire:
        wire.sendall(whole[: -len(body)])
        assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(body)
        assert b"after you" in answer(wire)[2]


@pytest.mark.parametrize("declared", [True, False])
def test_a_too_large_body_is_rejected_and_the_connection_closed(server: Server, declared: bool) -> None:
    body = body_of("x" * 150_000)
    with connected(server) as wire:
        if declared:
            wire.sendall(request(server, body))
        else:
            wire.sendall(request(server, b"", b"transfer-encoding: chunked", length=False))
            wire.sendall(b"%x\r\n%b\r\n" % (len(body), body))
        status, headers, answered = answer(wire)
        assert status.startswith(b"HTTP/1.1 413") and headers[b"connection"] == b"close"
        assert json.loads(answered)["error"]["code"] == "request_too_large"
        assert wire.recv(10) == b""


def test_http_1_0_gets_its_response_and_the_connection_is_closed(server: Server) -> None:
    with connected(server) as wire:
        wire.sendall(request(server, body_of("old"), version=b"HTTP/1.0"))
        status, headers, body = answer(wire)
        assert status == b"HTTP/1.1 200 OK" and headers[b"connection"] == b"close" and b"old" in body
        assert wire.recv(10) == b""


def test_queries_and_other_methods_use_the_asgi_application(server: Server) -> None:
    with connected(server) as wire:
        asked = request(server, body_of("queried")).replace(PATH, PATH + b"?a=1", 1)
        wire.sendall(asked)
        assert b"queried" in answer(wire)[2]
        wire.sendall(b"GET %b HTTP/1.1\r\nhost: test\r\nauthorization: Bearer %b\r\n\r\n" % (PATH, server.key.encode()))
        status, _, body = answer(wire)
        assert status.startswith(b"HTTP/1.1 405") and b"method_not_allowed" in body
