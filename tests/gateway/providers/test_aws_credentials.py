"""Credentials of Bedrock providers: configured key, or the AWS credential chain for providers of the settings."""

import asyncio
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from pydantic import SecretStr

from tests.gateway.fake_native_apis import event_stream_message
from tests.gateway.fake_upstream import FakeUpstream
from vong import plugins
from vong.config import ProviderSettings
from vong.errors import Misconfigured, UpstreamFailed
from vong.gateway.providers import ProviderRequest, aws
from vong.gateway.upstream.client import UpstreamClient


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Remove credentials of this machine and disable the metadata service."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def call(url: str, **more: Any) -> None:
    async def run() -> None:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind="bedrock", base_url=url, **more)
        try:
            provider = plugins.load_extension("provider", "bedrock")("mine", settings, upstream)
            body = b'{"model": "plain", "messages": [{"role": "user", "content": "hi"}]}'
            await provider.call(ProviderRequest("chat", "plain", body, False))
        finally:
            upstream.close()

    asyncio.run(run())


def key_id(fake: FakeUpstream) -> str:
    return fake.requests[-1].headers["authorization"].partition("credential=")[2].partition("/")[0]


def test_a_static_key_pair_wins_over_the_environment(fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT12")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    call(fake.url, api_key=SecretStr("AKIDSTATIC1234567:secret"))
    assert key_id(fake) == "akidstatic1234567"
    call(fake.url)
    assert key_id(fake) == "akidenvironment12"


def test_a_profile_of_the_credentials_file_is_used(
    fake: FakeUpstream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "credentials").write_text(
        "[work]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = s\naws_session_token = t0ken\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "work")
    call(fake.url)
    assert key_id(fake) == "akidprofile" and fake.requests[-1].headers["x-amz-security-token"] == "t0ken"
    monkeypatch.setenv("AWS_PROFILE", "missing")
    with pytest.raises(Misconfigured, match="missing"):
        call(fake.url)


def test_a_container_has_the_credentials_of_its_role(fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    class Role(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expiry = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            role = {"AccessKeyId": "AKIDROLE", "SecretAccessKey": "s", "Token": "t", "Expiration": expiry}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(role).encode())

    server = HTTPServer(("127.0.0.1", 0), Role)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/role")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    call(fake.url)
    server.shutdown()
    assert key_id(fake) == "akidrole"


def test_the_error_lists_all_tried_sources(fake: FakeUpstream) -> None:
    with pytest.raises(Misconfigured, match=r"'mine' found; tried: env, .*sso.*container-role, iam-role; set api_key"):
        call(fake.url)
    assert not fake.requests


def test_a_project_does_not_use_the_credentials_of_the_server(
    fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored providers are created with `server_credentials` off; a named but empty variable uses no other key."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT12")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    for settings in ({"server_credentials": False}, {"api_key_env": "VONG_TEST_NO_SUCH_KEY"}):
        with pytest.raises(Misconfigured, match="has no API key"):
            call(fake.url, **settings)
    assert not fake.requests


def test_a_changed_stream_is_an_upstream_failure(fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.gateway import fake_native_apis

    def broken(*arguments: Any) -> bytes:
        whole = bytearray(event_stream_message(*arguments))
        whole[-1] ^= 1
        return bytes(whole)

    monkeypatch.setattr(fake_native_apis, "event_stream_message", broken)

    async def run() -> None:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind="bedrock", base_url=fake.url, api_key=SecretStr("k"))
        provider = plugins.load_extension("provider", "bedrock")("mine", settings, upstream)
        body = b'{"model": "plain", "stream": true, "messages": [{"role": "user", "content": "hi"}]}'
        try:
            reply = await provider.call(ProviderRequest("chat", "plain", body, True))
            async for _ in reply.events:
                pass
        finally:
            upstream.close()

    with pytest.raises(UpstreamFailed, match="Checksum mismatch"):
        asyncio.run(run())


class Source:
    """Credentials that expire: `refresh` counts, fails on demand, and records its threads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, expires_in: float) -> None:
        self.refreshes, self.failing, self.expires_in = 0, False, expires_in
        self.threads: set[str] = set()
        self.credentials = RefreshableCredentials.create_from_metadata(self.metadata(), self.refresh, "test")
        monkeypatch.setattr(aws.CredentialChain, "_find", lambda _: self.credentials)
        self.chain = aws.CredentialChain("mine")

    def metadata(self) -> dict[str, str]:
        expiry = datetime.now(UTC) + timedelta(seconds=self.expires_in)
        return {
            "access_key": f"AKID{self.refreshes}",
            "secret_key": "s",
            "token": "t",
            "expiry_time": expiry.isoformat(),
        }

    def refresh(self) -> dict[str, str]:
        self.threads.add(threading.current_thread().name)
        self.refreshes += 1
        if self.failing:
            raise CredentialRetrievalError(provider="test", error_msg="the role is gone")
        return self.metadata()

    async def get(self) -> str:
        return (await self.chain.get()).access_key


def test_expired_credentials_are_refreshed_once_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, expires_in=-1)
    source.expires_in = 3600

    async def run() -> None:
        assert set(await asyncio.gather(*(source.get() for _ in range(20)))) == {"AKID1"}
        assert await source.get() == "AKID1" and source.refreshes == 1
        source.credentials._expiry_time = datetime.now(UTC)
        assert await source.get() == "AKID2"

    asyncio.run(run())
    assert threading.main_thread().name not in source.threads


def test_a_failed_refresh_is_delayed_and_valid_credentials_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, expires_in=300)  # within the window in which botocore must refresh
    source.failing = True

    async def run() -> None:
        assert await source.get() == "AKID0"

    with pytest.raises(UpstreamFailed, match="the role is gone"):
        asyncio.run(run())  # no earlier credentials exist that could be valid
    source.chain = aws.CredentialChain("mine")
    source.failing, source.refreshes = False, 0

    async def later() -> None:
        assert await source.get() == "AKID1"
        source.failing = True
        source.chain._retry_at = 0
        for _ in range(5):
            assert await source.get() == "AKID1"
        assert source.refreshes == 2
        source.credentials._expiry_time = datetime.now(UTC) - timedelta(1)
        source.chain._retry_at = 0
        for _ in range(5):
            with pytest.raises(UpstreamFailed, match="the role is gone"):
                await source.get()
        assert source.refreshes == 3

    asyncio.run(later())


def test_a_missing_botocore_names_the_extra() -> None:
    program = """
import sys
sys.modules["botocore"] = None
from vong import plugins
try:
    plugins.load_extension("provider", "bedrock")
except Exception as error:
    print(type(error).__name__, error)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.startswith("MissingExtra") and "vong[bedrock]" in result.stdout
