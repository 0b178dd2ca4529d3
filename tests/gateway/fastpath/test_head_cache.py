"""Cache of request heads: a known head is recognized by its bytes and never mistaken for another."""

import json
import socket
import time
from collections.abc import Callable

import pytest

from tests.gateway.conftest import Server
from tests.gateway.test_listener import answer, body_of, connected, request
from tests.running_vong import eventually
from vong.api.openai.protocol.head_cache import MAX_CACHED_HEADS, HeadCache
from vong.gateway.fastpath.call import FastCall, FastPath, FastStreamCall

LINES = [b"POST /v1/chat/completions HTTP/1.1", b"host: test", b"authorization: Bearer one"]


def request_bytes(body: bytes, *more: bytes, name: bytes = b"content-length") -> bytes:
    return b"\r\n".join([*LINES, *more, b"%b: %d" % (name, len(body)), b"accept: */*"]) + b"\r\n\r\n" + body


def headers_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request as the parser returns them."""
    lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [(name.lower(), value) for name, value in (line.split(b": ", 1) for line in lines)]


def cache_of(*requests: bytes) -> HeadCache:
    heads = HeadCache()
    for data in requests:
        heads.add(data, headers_of(data), "one")
    return heads


@pytest.mark.parametrize("name", [b"content-length", b"Content-Length"])
def test_known_head_is_found_for_any_length_of_the_body(name: bytes) -> None:
    heads = cache_of(request_bytes(b"{}", name=name))
    for body in (b"{}", b"[1, 2, 3]" * 100, b""):
        assert heads.find(request_bytes(body, name=name)) == ("one", body, 0)


@pytest.mark.parametrize(
    "other",
    [
        request_bytes(b"{}", b"x-vong-session: s"),
        request_bytes(b"{}").replace(b"Bearer one", b"Bearer two"),
        request_bytes(b"{}").replace(b"/v1/chat/completions", b"/v1/chat/completions?x"),
        request_bytes(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"),
        request_bytes(b"{}").replace(b"content-length: 2", b"content-length: 2, 2"),
        request_bytes(b"{}").replace(b"content-length: 2", b"content-length: +2"),
        request_bytes(b"{}").replace(b"content-length: 2", b"content-length: 2\r\ncontent-length: 2"),
        request_bytes(b"{}").replace(b"content-length: 2", b"transfer-encoding: chunked"),
        request_bytes(b"{}")[:60],
        b"{}",
        b"",
    ],
)
def test_other_head_is_not_found(other: bytes) -> None:
    assert cache_of(request_bytes(b"{}")).find(other) is None


def test_missing_bytes_of_the_body_are_returned() -> None:
    heads, data = cache_of(request_bytes(b"{}")), request_bytes(b"[1, 2]")
    assert heads.find(data[:-4]) == ("one", b"[1", 4)
    assert heads.find(data[:-6]) == ("one", b"", 6)
    assert heads.find(data + b"POST") == ("one", b"[1, 2]POST", -4)


@pytest.mark.parametrize(
    "more",
    [
        b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        b"x-vong-tags: a",
        b"x-vong-cache: bypass",
        b"Connection: close",
        b"expect: 100-continue",
        b"transfer-encoding: chunked",
        b"content-length: 2",
        b"x-long: " + b"x" * 3000,
    ],
)
def test_head_with_headers_of_the_call_is_not_cached(more: bytes) -> None:
    assert cache_of(request_bytes(b"{}", more)).find(request_bytes(b"{}", more)) is None


def test_number_of_cached_heads_is_bounded() -> None:
    heads = cache_of(*(request_bytes(b"{}", b"x-own: %d" % number) for number in range(MAX_CACHED_HEADS + 1)))
    assert heads.find(request_bytes(b"{}", b"x-own: 0")) is None
    assert heads.find(request_bytes(b"{}", b"x-own: %d" % MAX_CACHED_HEADS)) is not None


def test_requests_in_pieces_and_pipelines_get_their_own_responses(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mix known and new heads, requests in pieces and pipelined requests on one connection."""
    taken: list[bool] = []
    send = FastPath.try_send

    def try_send(
        self: FastPath, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        sent = send(self, secret, body, random_draw, on_response)
        taken.append(sent is not None)
        return sent

    monkeypatch.setattr(FastPath, "try_send", try_send)
    with connected(server) as wire:

        def model_of(data: bytes, *, cut: int = 0) -> str:
            wire.sendall(data[:cut] if cut else data)
            if cut:
                time.sleep(0.05)
                wire.sendall(data[cut:])
            status, _, body = answer(wire)
            assert status == b"HTTP/1.1 200 OK", body
            return json.loads(body)["model"]

        def plain(text: str = "hi") -> bytes:
            return request(server, body_of(text, model="fake/plain"))

        eventually(lambda: model_of(plain()) == "plain" and taken[-1:] == [True])
        taken.clear()
        assert model_of(plain("another length")) == "plain"
        assert model_of(plain("cut"), cut=30) == "plain"
        assert model_of(plain("cut"), cut=len(plain("cut")) - 4) == "plain"
        assert model_of(plain("cut"), cut=plain("cut").index(b"{")) == "plain"
        assert model_of(request(server, body_of("x", model="fake/thinks"), b"x-more: 1")) == "thinks"
        assert model_of(plain("again")) == "plain"
        assert taken == [True] * 6
        wire.sendall(plain("1") + request(server, body_of("2", model="fake/thinks")) + plain("3"))
        responses = [json.loads(body) for body in read_bodies(wire, 3)]
        assert [response["model"] for response in responses] == ["plain", "thinks", "plain"]
    inputs = [span.input["messages"][0]["content"] for span in server.spans()]
    assert inputs[-9:] == ["another length", "cut", "cut", "cut", "x", "again", "1", "2", "3"]


def read_bodies(wire: socket.socket, count: int) -> list[bytes]:
    """Read the bodies of responses that may arrive together."""
    received = b""
    found: list[bytes] = []
    while len(found) < count:
        head, end, rest = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0) if end else 0
        if end and len(rest) >= length:
            found.append(rest[:length])
            received = rest[length:]
            continue
        piece = wire.recv(65536)
        assert piece, received
        received += piece
    return found
