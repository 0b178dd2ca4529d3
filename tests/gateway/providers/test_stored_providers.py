"""Providers set at runtime: used at once, with encrypted secrets and checked addresses."""

import json
import socket
import stat
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import WORDS, FakeUpstream
from vong import access
from vong.cli.gateway import group
from vong.client import Client
from vong.errors import Conflict, Forbidden, InvalidInput, Misconfigured, NotFound, VongError
from vong.gateway.upstream.url_policy import check_peer, check_url
from vong.store.encryption import SecretBox

SECRET = "sk-stored-0123456789-wxyz"
PROMPT = "".join(WORDS)


@pytest.fixture
def owner(server: Server) -> Client:
    with server.platform.scope(server.project_id) as connection:
        return Client(server.url, access.create_key(connection, "owner", role="owner").secret)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def answers(server: Server, model: str) -> bool:
    try:
        return server.client.gateway.chat(model, "hi").text == PROMPT
    except VongError:
        return False


def test_a_provider_is_available_and_removed_within_a_second(server: Server, owner: Client, fake: FakeUpstream) -> None:
    assert not answers(server, "lab/plain")
    made = owner.gateway.set_provider("lab", base_url=fake.url, api_key=SECRET)
    assert (made["source"], made["key_set"], made["key"]) == ("stored", True, "…wxyz")
    wait_until(lambda: answers(server, "lab/plain"), 1)
    assert fake.requests[-1].headers["authorization"] == f"bearer {SECRET}"
    assert {"lab/one", "lab/two", "echo/echo"} <= set(server.client.gateway.models())
    owner.gateway.set_route("triage", {"lab/plain": 1})
    assert answers(server, "triage")
    owner.gateway.set_provider("lab", base_url=fake.url, models=["mine"])  # without a key the stored one is used
    wait_until(lambda: "lab/mine" in server.client.gateway.models(), 1)
    assert "lab/one" not in server.client.gateway.models() and answers(server, "lab/plain")
    owner.gateway.delete_provider("lab")
    wait_until(lambda: not answers(server, "lab/plain"), 1)
    with pytest.raises(NotFound, match="lab"):
        owner.gateway.provider("lab")


def test_a_secret_is_stored_only_encrypted(server: Server, owner: Client, fake: FakeUpstream) -> None:
    owner.gateway.set_provider("lab", base_url=fake.url, api_key=SECRET)
    with server.platform.database.owner() as connection:
        here = {"project": server.project_id}
        row = connection.execute(text("SELECT * FROM gateway_providers WHERE project_id = :project"), here).one()
        stored = connection.execute(text("SELECT * FROM access_requests")).all() if _has_requests(connection) else []
    assert SECRET not in str(row) and SECRET.encode() not in bytes(row.secret) and SECRET not in str(stored)
    for shown in (owner.gateway.providers(), owner.gateway.provider("lab"), owner.gateway.providers(probe=True)):
        assert SECRET not in json.dumps(shown)
    file = server.platform.settings.home_folder / "secrets.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(file.read_bytes().split()) == 1
    assert SecretBox(file.parent).decrypt(bytes(row.secret), f"{server.project_id}/lab") == SECRET
    with pytest.raises(Misconfigured, match="another"):
        SecretBox(file.parent).decrypt(bytes(row.secret), f"{server.project_id}/other")


def _has_requests(connection: Any) -> bool:
    return connection.scalar(text("SELECT to_regclass('access_requests')")) is not None


def test_a_lost_key_breaks_only_its_provider_with_an_error(server: Server, owner: Client, fake: FakeUpstream) -> None:
    owner.gateway.set_provider("lab", base_url=fake.url, api_key=SECRET)
    file = server.platform.settings.home_folder / "secrets.key"
    stored = file.read_bytes()
    file.write_bytes(b"x" * 32)
    try:
        expected = owner.gateway.test_provider("lab")
    finally:
        file.write_bytes(stored)  # other tests share the server
    assert not expected["reachable"] and "encrypted with another" in expected["error"]
    assert answers(server, "fake/plain")


def test_a_provider_test_lists_models_or_the_error(server: Server, owner: Client, fake: FakeUpstream) -> None:
    owner.gateway.set_provider("lab", base_url=fake.url)
    expected = owner.gateway.test_provider("lab")
    assert expected["reachable"] and expected["models"] == ["one", "two"] and expected["latency_ms"] > 0
    assert "no connection" in owner.gateway.test_provider("dead")["error"]
    with pytest.raises(NotFound, match="did you mean 'lab'"):
        owner.gateway.test_provider("lap")
    states = {state["name"]: state for state in server.client.gateway.providers(probe=True)}
    assert (states["lab"]["reachable"], states["lab"]["models"], states["fake"]["source"]) == (True, 2, "settings")


def test_only_owners_can_write_and_settings_are_protected(server: Server, owner: Client, fake: FakeUpstream) -> None:
    with server.platform.scope(server.project_id) as connection:
        member = Client(server.url, access.create_key(connection, "member", role="member").secret)
    with pytest.raises(Forbidden):
        member.gateway.set_provider("lab", base_url=fake.url)
    with pytest.raises(Forbidden):
        member.gateway.delete_provider("fake")
    for name in ("fake", "local", "deployment"):
        with pytest.raises(Conflict, match="choose another name"):
            owner.gateway.set_provider(name, base_url=fake.url)
    for name in ("fake", "echo", "local", "deployment"):
        with pytest.raises(Conflict, match="cannot be deleted"):
            owner.gateway.delete_provider(name)


def test_a_secret_is_not_sent_to_another_address(server: Server, owner: Client, fake: FakeUpstream) -> None:
    owner.gateway.set_provider("lab", base_url=fake.url, api_key=SECRET)
    with pytest.raises(InvalidInput, match="never sent to another address"):
        owner.gateway.set_provider("lab", base_url="http://127.0.0.1:9/v1")
    assert owner.gateway.set_provider("lab", base_url="http://127.0.0.1:9/v1", api_key=None)["key_set"] is False
    owner.gateway.set_provider("fast", kind="groq", api_key=SECRET)
    with pytest.raises(InvalidInput, match="never sent to another address"):
        owner.gateway.set_provider("fast", kind="mistral")
    assert owner.gateway.set_provider("fast", kind="groq", timeout=9)["key_set"]
    del server


def test_a_known_provider_type_needs_no_address(server: Server, owner: Client) -> None:
    secret = owner.transport.http.headers["authorization"].removeprefix("Bearer ")
    environment = {"VONG_PUBLIC_URL": server.url, "VONG_API_KEY": secret}
    given = ["providers", "set", "fast", "--kind", "groq", "--api-key-file", "-", "--json"]
    expected = CliRunner().invoke(group, given, input=SECRET, env=environment, catch_exceptions=False)
    assert expected.exit_code == 0, expected.output
    assert json.loads(expected.output)["kind"] == "groq" and json.loads(expected.output)["key"] == "…wxyz"
    with pytest.raises(VongError, match="groq does not support n"):
        owner.gateway.chat("fast/any", "Huế", n=2)


def test_a_project_has_its_own_providers(server: Server, owner: Client, fake: FakeUpstream) -> None:
    owner.gateway.set_provider("lab", base_url=fake.url, api_key=SECRET)
    with server.platform.database.owner() as connection:
        other = access.create_project(connection, f"beside {server.project_id}").id
    with server.platform.scope(other) as connection:
        stranger = Client(server.url, access.create_key(connection, "k", role="owner").secret)
    assert "lab" not in {state["name"] for state in stranger.gateway.providers()}
    with pytest.raises(NotFound):
        stranger.gateway.chat("lab/plain", "hi")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Lab", {}),
        ("lab", {"kind": "nothing"}),
        ("lab", {"kind": "deployment"}),
        ("lab", {"timeout": 0}),
        ("lab", {"api_key": "two\nlines"}),
        ("lab", {"models": [""]}),
        ("lab", {"surprise": 1}),
    ],
)
def test_invalid_providers_are_rejected_without_the_secret_in_the_error(
    server: Server, owner: Client, name: str, fields: dict[str, Any]
) -> None:
    body = {"base_url": "http://127.0.0.1:9/v1", "api_key": SECRET, **fields}
    headers = {"authorization": owner.transport.http.headers["authorization"]}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
        answer = http.put(f"/api/v1/gateway/providers/{name}", json=body)
    assert answer.status_code == 422 and SECRET not in answer.text


ALLOWED = [
    "http://127.0.0.1:8000/v1",
    "http://[::1]:8000/v1",
    "http://10.0.0.7/v1",
    "http://[fd12::1]:80",
    "https://api.openai.com/v1",
]
REFUSED = [
    "http://169.254.169.254/latest",
    "http://2852039166/",
    "http://0xa9.254.169.254/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://[::169.254.169.254]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[::ffff:0:169.254.169.254]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2001:0:a9fe:a9fe::1]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "http://2852039166./",
    "http://169.16689662/",
    "http://%31%36%39.254.169.254/",
    "http://169\u3002254\u3002169\u3002254/",
    "http://example.org:80@169.254.169.254/",
    "http://169.254.169.254#@example.org/",
    "http://0/",
    "http://0.0.0.1/",
    "http://255.255.255.255/",
    "http://0.0.0.0/",
    "http://metadata.google.internal./v1",
    "http://METADATA/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "http://user:secret@example.org/",
    "http://@example.org/",
    "http://example.org/?a=1",
    "http://example.org/#a",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://exa mple.org/",
    "http://example.org\\@169.254.169.254/",
    "http://example.org/\r\nx: y",
    "//example.org",
    "",
]


@pytest.mark.parametrize("url", ALLOWED)
def test_addresses_of_this_machine_and_network_are_allowed(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("url", REFUSED)
def test_metadata_and_obfuscated_addresses_are_rejected(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url)


def test_a_link_local_address_is_allowed_if_configured() -> None:
    check_url("http://169.254.10.1:8000/v1", allow_link_local=True)
    check_peer("169.254.10.1", allow_link_local=True)
    with pytest.raises(Misconfigured):
        check_peer("169.254.10.1", allow_link_local=False)


def test_a_name_that_resolves_to_a_rejected_address_receives_no_data(
    server: Server, owner: Client, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vong import network_addresses

    monkeypatch.setattr(network_addresses, "BLOCKED_NETWORKS", (network_addresses.ip_network("127.0.0.0/8"),))
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    url = fake.url.replace("127.0.0.1", "localhost")
    owner.gateway.set_provider("lab", base_url=url, api_key=SECRET)
    seen = len(fake.requests)
    assert "resolves to" in owner.gateway.test_provider("lab")["error"]
    assert len(fake.requests) == seen


def test_the_commands_set_list_test_and_remove(
    server: Server, owner: Client, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", owner.transport.http.headers["authorization"].removeprefix("Bearer "))

    def vong(*words: str, stdin: str = "", code: int = 0) -> str:
        result = CliRunner().invoke(group, ["providers", *words], input=stdin, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.stdout

    assert "…wxyz" in vong("set", "lab", "--base-url", fake.url, "--api-key-file", "-", stdin=SECRET + "\n")
    assert "stored" in vong("list") and "settings" in vong("list")
    assert "one" in vong("test", "lab")
    assert "no connection" in vong("test", "dead", code=1)
    assert json.loads(vong("set", "lab", "--base-url", fake.url, "--no-key", "--json"))["key_set"] is False
    vong("delete", "lab")
    assert "lab" not in vong("list")
    vong("set", "lab", "--no-key", "--ask-key", code=2)
