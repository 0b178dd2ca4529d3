"""Content encodings: every encoding, cut anywhere, within limits, in responses and in requests."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import RAW, STREAM_HEAD, FakeUpstream, chunked, completion, stream_events
from vong.errors import UpstreamFailed
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.content_encoding import MalformedEncoding, UnknownEncoding, create_decoder, decode_body
from vong.gateway.upstream.response import ResponseLimits


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def two_members(data: bytes) -> bytes:
    return gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :])


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "two members": ("gzip", two_members),
    "deflate": ("deflate", zlib.compress),
    "deflate without header": ("deflate", raw_deflate),
    "zstd": ("zstd", zstandard.compress),
    "br": ("br", brotli.compress),
    "two encodings": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    "identity": ("identity", lambda data: data),
}
GIGABYTE = 1 << 30


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 500), st.sampled_from(sorted(ENCODINGS)), st.integers(1, 64))
def test_every_encoding_is_decoded_for_every_cut(data: bytes, repeats: int, name: str, size: int) -> None:
    header, encode = ENCODINGS[name]
    whole, body = data * repeats, encode(data * repeats)
    assert decode_body(header, body, len(whole)) == whole
    decoder = create_decoder(header)
    if decoder is not None:
        parts = [part for start in range(0, len(body), size) for part in decoder.decode(body[start : start + size])]
        decoder.finish()
        assert b"".join(parts) == whole


@pytest.mark.parametrize("name", [name for name in ENCODINGS if name != "identity"])
def test_a_body_that_is_cut_or_has_another_encoding_is_an_error(name: str) -> None:
    header, encode = ENCODINGS[name]
    body = encode(bytes(range(256)) * 40)
    for bad in (body[:-6], body[: len(body) // 3], b'{"model": "x"}' * 20):
        with pytest.raises(MalformedEncoding, match=r"is not valid|ends early"):
            decode_body(header, bad, 10**6)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br", "two encodings"])
def test_a_small_body_that_expands_without_end_stops_at_the_limit(name: str) -> None:
    header, encode = ENCODINGS[name]
    bomb = encode(bytes(GIGABYTE // 16))
    assert len(bomb) < 300_000 and decode_body(header, bomb, 1_000_000) is None


@pytest.mark.parametrize("header", ["compress", "gzip, aes128gcm", "gzip, gzip, gzip, gzip"])
def test_an_unknown_encoding_is_named(header: str) -> None:
    with pytest.raises(UnknownEncoding, match=r"compress|aes128gcm|4 encodings"):
        decode_body(header, b"x", 100)


def response(body: bytes, encoding: str, status: int = 200, head: str = "application/json") -> bytes:
    lines = f"content-type: {head}\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(body)}"
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n\r\n".encode() + body


def encoded_stream(encode: Callable[[bytes], bytes], encoding: str) -> bytes:
    body = encode(b"".join(stream_events("x")))
    head = STREAM_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: %b\r\n\r\n" % encoding.encode())
    pieces = [body[start : start + 50] for start in range(0, len(body), 50)]
    return head + b"".join(map(chunked, pieces)) + b"0\r\n\r\n"


@pytest.mark.parametrize("name", ENCODINGS)
def test_encoded_responses_are_read(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    header, encode = ENCODINGS[name]
    error = json.dumps({"error": {"message": "bad key", "type": "x", "param": None, "code": None}}).encode()
    monkeypatch.setitem(RAW, "whole", response(encode(json.dumps(completion("whole")).encode()), header))
    monkeypatch.setitem(RAW, "stream", encoded_stream(encode, header))
    monkeypatch.setitem(RAW, "error", response(encode(error), header, 401))
    assert call(server, "fake/whole").json()["choices"][0]["message"]["content"]
    assert call(server, "fake/stream", stream=True).text.endswith("data: [DONE]\n\n")
    failed = call(server, "fake/error")
    assert failed.status_code == 401 and failed.json()["error"]["message"] == "bad key"


def test_an_encoding_that_cannot_be_decoded_is_an_error_that_names_it(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RAW, "unknown", response(b"\x00\x01", "snappy"))
    monkeypatch.setitem(RAW, "wrong", response(b"{}", "gzip"))
    monkeypatch.setitem(RAW, "refused", response(b"\x00\x01", "snappy", 401))
    for model, status in (("unknown", 502), ("wrong", 502), ("refused", 401)):
        answer = call(server, f"fake/{model}")
        message = answer.json()["error"]["message"]
        assert answer.status_code == status and ("snappy" in message or "gzip" in message), answer.text


def test_an_endless_compressed_response_stops_at_the_limit(fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RAW, "bomb", response(gzip.compress(bytes(GIGABYTE // 16)), "gzip"))

    async def scenario() -> None:
        upstream = UpstreamClient()
        try:
            limits = ResponseLimits(max_body_bytes=1_000_000)
            body = b'{"model": "bomb"}'
            response = await upstream.send(UpstreamEndpoint(fake.url, {}), "/chat/completions", body, limits)
            await response.read()
        finally:
            upstream.close()

    with pytest.raises(UpstreamFailed, match="exceeds 1000000 bytes"):
        asyncio.run(scenario())


@pytest.mark.parametrize("query", ["", "?api-version=1"], ids=["protocol", "application"])
def test_encoded_requests_are_decoded_within_the_limit(server: Server, fake: FakeUpstream, query: str) -> None:
    body = json.dumps({"model": "fake/plain", "messages": [{"role": "user", "content": "hi"}]}).encode()

    def post(content: bytes, encoding: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {server.key}", "content-encoding": encoding}
        return httpx.post(f"{server.url}/v1/chat/completions{query}", content=content, headers=headers, timeout=30)

    for header, encode in ENCODINGS.values():
        assert post(encode(body), header).status_code == 200, header
        assert fake.requests[-1].body["messages"][0]["content"] == "hi"
    assert post(gzip.compress(bytes(10**8)), "gzip").status_code == 413
    unknown = post(body, "snappy")
    assert unknown.status_code == 415 and "snappy" in unknown.json()["error"]["message"]
    assert post(body, "gzip").status_code == 400


def call(server: Server, model: str, **more: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=30)
