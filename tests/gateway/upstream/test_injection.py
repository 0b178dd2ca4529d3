"""Injection: no client, key or upstream can add a line to a request or redirect it."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.gateway.fake_upstream import FakeUpstream
from tests.gateway.provider_kinds import create_provider, list_kinds
from vong import network_addresses
from vong.config import ProviderSettings
from vong.errors import InvalidInput, Misconfigured, UpstreamFailed
from vong.gateway.providers import ProviderRequest, ProviderResponse
from vong.gateway.upstream.client import MAX_CACHED_PATHS, UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits

REMOTE = sorted(list_kinds() - {"echo", "faults"})
LINES = ["a\r\nx-injected: 1", "a\nx-injected: 1", "a\rb", "a\x00b", "khóa", "a\u2028b"]


@pytest.fixture
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


def call(kind: str, url: str, model: str, key: str = "secret") -> ProviderResponse:
    async def run() -> ProviderResponse:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind=kind, base_url=url, api_key=SecretStr(key))
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "?"}]}).encode()
        try:
            return await create_provider(kind, settings, upstream).call(ProviderRequest("chat", model, body))
        finally:
            upstream.close()

    return asyncio.run(run())


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("key", LINES)
def test_a_key_with_a_line_break_is_rejected(fake: FakeUpstream, kind: str, key: str) -> None:
    with pytest.raises(Misconfigured, match="a header cannot hold"):
        call(kind, fake.url, "plain", key)
    assert not fake.requests


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("model", ["a\r\nx-injected: 1\r\n\r\nGET /admin HTTP/1.1", "../../admin", "a b", "a?b#c"])
def test_a_model_name_adds_no_line_or_path(fake: FakeUpstream, kind: str, model: str) -> None:
    call(kind, fake.url, model)
    (request,) = fake.requests
    assert "x-injected" not in request.headers
    path = request.path.replace("..%2F..%2Fadmin", "").replace("%20", "")
    assert "admin" not in path.partition("%")[0] and "?" not in path and " " not in path


@pytest.mark.parametrize("path", ["/a b", "/a\r\nhost: evil", "/ế", "/a\tb"])
def test_a_path_with_a_line_break_is_rejected(path: str) -> None:
    with pytest.raises(InvalidInput, match="not a valid request path"):
        UpstreamEndpoint("http://127.0.0.1/v1", {}).build_request(path, b"{}")


@pytest.mark.parametrize("value", LINES)
def test_a_request_header_with_a_line_break_is_rejected(value: str) -> None:
    with pytest.raises(InvalidInput, match="x-of-the-caller"):
        UpstreamEndpoint("http://127.0.0.1/v1", {}).build_request("/chat", b"{}", {"x-of-the-caller": value})


def test_the_cache_of_client_defined_paths_is_bounded() -> None:
    endpoint = UpstreamEndpoint("http://127.0.0.1/v1", {})
    heads = [endpoint.build_request(f"/models/{number}", b"{}") for number in range(3 * MAX_CACHED_PATHS)]
    assert len(set(heads)) == 3 * MAX_CACHED_PATHS
    assert len(endpoint._cached_heads) <= MAX_CACHED_PATHS


@pytest.mark.parametrize("kind", REMOTE)
def test_a_redirect_is_not_followed(fake: FakeUpstream, kind: str) -> None:
    with pytest.raises(UpstreamFailed, match="302") if kind != "deployment" else pytest.raises(Exception, match="302"):
        call(kind, fake.url, "redirect")
    assert len(fake.requests) == 1


def test_an_address_is_checked_again_after_name_resolution(fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        network_addresses,
        "BLOCKED_NETWORKS",
        (network_addresses.ip_network("127.0.0.0/8"), network_addresses.ip_network("::1/128")),
    )

    async def send() -> None:
        upstream = UpstreamClient()
        try:
            endpoint = UpstreamEndpoint(f"http://localhost:{fake.port}/v1", {"authorization": "Bearer secret"})
            await upstream.send(endpoint, "/models", None, ResponseLimits())
        finally:
            upstream.close()

    with pytest.raises(Misconfigured, match="resolves to"):
        asyncio.run(send())
    assert not fake.requests
