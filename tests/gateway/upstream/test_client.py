"""HTTP client of upstreams and its connection pool."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.gateway.fake_upstream import FakeUpstream
from vong.errors import Misconfigured, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers.fault_server import get_fault_server
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import READ_PAUSE_BYTES, ResponseLimits

T = TypeVar("T")
Sender = Callable[..., Awaitable[bytes]]


def run(fake: FakeUpstream, do: Callable[[Sender], Awaitable[T]]) -> T:
    async def inside() -> T:
        upstream = UpstreamClient()
        endpoint = UpstreamEndpoint(fake.url, {"authorization": "Bearer secret"})

        async def ask(model: str, limits: ResponseLimits | None = None) -> bytes:
            body = json.dumps({"model": model}).encode()
            response = await upstream.send(endpoint, "/chat/completions", body, limits or ResponseLimits())
            return await response.read()

        try:
            return await do(ask)
        finally:
            upstream.close()

    return asyncio.run(inside())


def test_a_connection_is_reused(fake: FakeUpstream) -> None:
    async def thrice(ask: Sender) -> None:
        for _ in range(3):
            assert json.loads(await ask("plain"))["model"] == "plain"

    run(fake, thrice)
    assert fake.connections == 1
    assert fake.requests[0].headers["authorization"] == "bearer secret"


def test_concurrent_calls_use_separate_connections(fake: FakeUpstream) -> None:
    async def together(ask: Sender) -> list[bytes]:
        return await asyncio.gather(*(ask("plain") for _ in range(20)))

    assert len(run(fake, together)) == 20
    assert len(fake.requests) == 20


def test_a_closed_pooled_connection_is_replaced_without_an_error() -> None:
    async def scenario() -> list[bytes]:
        open_now: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_now.append(writer)
            while await reader.readline():
                while (await reader.readline()).strip():
                    pass
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        upstream = UpstreamClient()
        endpoint = UpstreamEndpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", {})
        answers: list[bytes] = []
        for _ in range(2):
            response = await upstream.send(endpoint, "/", None, ResponseLimits())
            answers.append(await response.read())
            open_now[-1].close()
            await asyncio.sleep(0.02)
        assert len(open_now) == 2
        upstream.close()
        server.close()
        return answers

    assert asyncio.run(scenario()) == [b"ok", b"ok"]


def test_a_sent_request_is_never_repeated(fake: FakeUpstream) -> None:
    async def lost(ask: Sender) -> None:
        await ask("plain")
        with pytest.raises(UpstreamFailed, match="without a response"):
            await ask("close")

    run(fake, lost)
    assert [request.body["model"] for request in fake.requests] == ["plain", "close"]


@pytest.mark.parametrize("model", ["interim", "until-close"])
def test_interim_responses_and_bodies_without_a_length_are_read(fake: FakeUpstream, model: str) -> None:
    assert json.loads(run(fake, lambda ask: ask(model)))["model"] == model


def test_an_enormous_response_is_rejected(fake: FakeUpstream) -> None:
    with pytest.raises(UpstreamFailed, match="exceeds 100 bytes"):
        run(fake, lambda ask: ask("plain", ResponseLimits(max_body_bytes=100)))


def test_a_refused_connection_is_an_error_with_the_address() -> None:
    async def dead() -> None:
        await UpstreamClient().send(UpstreamEndpoint("http://127.0.0.1:9", {}), "/", None, ResponseLimits())

    with pytest.raises(UpstreamFailed, match=r"no connection to 127\.0\.0\.1:9"):
        asyncio.run(dead())


def test_an_unanswered_connection_attempt_is_a_timeout() -> None:
    async def unanswered() -> None:
        await UpstreamClient().send(
            UpstreamEndpoint(get_fault_server().unanswering_url, {}), "/", None, ResponseLimits(connect=0.05)
        )

    with pytest.raises(UpstreamTimeout, match=r"no connection to .* within 0\.05 s"):
        asyncio.run(unanswered())


def test_a_slow_reader_pauses_the_upstream() -> None:
    sent = 0

    async def scenario() -> int:
        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while sent < 64 * 1024 * 1024:
                    writer.write(b"x" * 65536)
                    await writer.drain()
                    sent += 65536
            except ConnectionError:
                return
            writer.close()

        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        upstream = UpstreamClient()
        endpoint = UpstreamEndpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", {})
        response = await upstream.send(endpoint, "/", None, ResponseLimits())
        await response.read_chunk()
        await asyncio.sleep(0.3)
        paused_at = sent
        await asyncio.sleep(0.1)
        assert sent == paused_at < 64 * 1024 * 1024
        held = [len(await response.read_chunk()) for _ in range(40)]
        assert READ_PAUSE_BYTES < held[0] < 4 * READ_PAUSE_BYTES
        assert sent > paused_at
        response.close()
        server.close()
        return sent

    asyncio.run(scenario())


def test_tls_is_supported_and_untrusted_certificates_are_rejected(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = certificate

    async def scenario() -> bytes:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntls")

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
        endpoint = UpstreamEndpoint(f"https://localhost:{server.sockets[0].getsockname()[1]}", {})
        with pytest.raises(UpstreamFailed, match="certificate"):
            await UpstreamClient().send(endpoint, "/", None, ResponseLimits())
        upstream = UpstreamClient(trusting)
        response = await upstream.send(endpoint, "/", None, ResponseLimits())
        answer = await response.read()
        upstream.close()
        server.close()
        return answer

    assert asyncio.run(scenario()) == b"tls"


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "localhost:8000", "https://", "https://user:secret@host/v1", "http://host/v1?key=x"]
)
def test_invalid_base_urls_are_rejected(url: str) -> None:
    with pytest.raises(Misconfigured, match="base URL"):
        UpstreamEndpoint(url, {})


def test_a_key_cannot_inject_a_header() -> None:
    with pytest.raises(Misconfigured, match="authorization"):
        UpstreamEndpoint("http://127.0.0.1/v1", {"authorization": "Bearer x\r\nx-evil: 1"})
