"""Requests whose head is known by its bytes: taken without being parsed, and never for another request."""

import json
import socket
import time
from collections.abc import Callable

import pytest

from tests.gateway.test_listener import answer, body_of, connected, request
from tests.live import eventually
from vong.api.openai.protocol.head_cache import MAX_CACHED_HEADS, HeadCache
from vong.gateway.fastpath.call import FastCall, FastPath, FastStreamCall

from .conftest import Server

LINES = [b"POST /v1/chat/completions HTTP/1.1", b"host: test", b"authorization: Bearer one"]


def whole(body: bytes, *more: bytes, name: bytes = b"content-length") -> bytes:
    return b"\r\n".join([*LINES, *more, b"%b: %d" % (name, len(body)), b"accept: */*"]) + b"\r\n\r\n" + body


def headers_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """As the parser tells them."""
    lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [(name.lower(), value) for name, value in (line.split(b": ", 1) for line in lines)]


def learned(*requests: bytes) -> HeadCache:
    heads = HeadCache()
    for data in requests:
        heads.add(data, headers_of(data), "one")
    return heads


@pytest.mark.parametrize("name", [b"content-length", b"Content-Length"])
def test_a_head_is_known_again_whatever_the_length_of_the_body(name: bytes) -> None:
    heads = learned(whole(b"{}", name=name))
    for body in (b"{}", b"[1, 2, 3]" * 100, b""):
        assert heads.find(whole(body, name=name)) == ("one", body, 0)


@pytest.mark.parametrize(
    "other",
    [
        whole(b"{}", b"x-vong-session: s"),
        whole(b"{}").replace(b"Bearer one", b"Bearer two"),
        whole(b"{}").replace(b"/v1/chat/completions", b"/v1/chat/completions?x"),
        whole(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"),
        whole(b"{}").replace(b"content-length: 2", b"content-length: 2, 2"),
        whole(b"{}").replace(b"content-length: 2", b"content-length: +2"),
        whole(b"{}").replace(b"content-length: 2", b"content-length: 2\r\ncontent-length: 2"),
        whole(b"{}").replace(b"content-length: 2", b"transfer-encoding: chunked"),
        whole(b"{}")[:60],
        b"{}",
        b"",
    ],
)
def test_another_head_is_left_to_the_parser(other: bytes) -> None:
    assert learned(whole(b"{}")).find(other) is None


def test_how_much_of_the_body_is_missing_is_told() -> None:
    heads, data = learned(whole(b"{}")), whole(b"[1, 2]")
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
def test_what_says_more_than_who_calls_is_not_learned(more: bytes) -> None:
    assert learned(whole(b"{}", more)).find(whole(b"{}", more)) is None


def test_they_do_not_grow_without_bound() -> None:
    heads = learned(*(whole(b"{}", b"x-own: %d" % number) for number in range(MAX_CACHED_HEADS + 1)))
    assert heads.find(whole(b"{}", b"x-own: 0")) is None
    assert heads.find(whole(b"{}", b"x-own: %d" % MAX_CACHED_HEADS)) is not None


def test_calls_on_a_connection_are_answered_however_their_bytes_come(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known heads, parsed ones, pieces and pipelines by turns: each answer is that of its own request."""
    taken: list[bool] = []
    send = FastPath.try_send

    def told(
        self: FastPath, secret: str, body: bytes, lot: float, arrived: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        sent = send(self, secret, body, lot, arrived)
        taken.append(sent is not None)
        return sent

    monkeypatch.setattr(FastPath, "try_send", told)
    with connected(server) as wire:

        def said(data: bytes, *, cut: int = 0) -> str:
            wire.sendall(data[:cut] if cut else data)
            if cut:
                time.sleep(0.05)
                wire.sendall(data[cut:])
            status, _, body = answer(wire)
            assert status == b"HTTP/1.1 200 OK", body
            return json.loads(body)["model"]

        def plain(text: str = "hi") -> bytes:
            return request(server, body_of(text, model="fake/plain"))

        eventually(lambda: said(plain()) == "plain" and taken[-1:] == [True])
        taken.clear()
        assert said(plain("another length")) == "plain"
        assert said(plain("cut"), cut=30) == "plain"
        assert said(plain("cut"), cut=len(plain("cut")) - 4) == "plain"
        assert said(plain("cut"), cut=plain("cut").index(b"{")) == "plain"
        assert said(request(server, body_of("x", model="fake/thinks"), b"x-more: 1")) == "thinks"
        assert said(plain("again")) == "plain"
        assert taken == [True] * 6
        wire.sendall(plain("1") + request(server, body_of("2", model="fake/thinks")) + plain("3"))
        held = [json.loads(body) for body in bodies(wire, 3)]
        assert [found["model"] for found in held] == ["plain", "thinks", "plain"]
    inputs = [span.input["messages"][0]["content"] for span in server.spans()]
    assert inputs[-9:] == ["another length", "cut", "cut", "cut", "x", "again", "1", "2", "3"]


def bodies(wire: socket.socket, count: int) -> list[bytes]:
    """The bodies of answers that may come together."""
    held = b""
    found: list[bytes] = []
    while len(found) < count:
        head, end, rest = held.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0) if end else 0
        if end and len(rest) >= length:
            found.append(rest[:length])
            held = rest[length:]
            continue
        piece = wire.recv(65536)
        assert piece, held
        held += piece
    return found
