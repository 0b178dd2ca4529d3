"""Secrets in guard settings: never returned by the API and never sent to another address."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.gateway.conftest import Server
from tests.running_vong import eventually
from vong.cli.gateway import group
from vong.errors import InvalidInput, Misconfigured
from vong.gateway.guards import GuardDependencies
from vong.gateway.guards.builtin.webhook import WebhookGuard
from vong.gateway.guards.registry import NULL_DEPENDENCIES, GuardFactory, UnavailableGuard
from vong.gateway.guards.secret_settings import ENCRYPTED_PREFIX, create_decryptor, decrypt_settings, encrypt_settings
from vong.gateway.upstream.client import UpstreamClient
from vong.records import RoutePolicy
from vong.records.guard import GuardConfig
from vong.store.encryption import KEY_FILE, SecretBox

from .judge_server import run_judge_server
from .scripted_calls import guard_config

SECRET = "Bearer s3cret-of-the-judge"


def hook(url: str, secret: str = SECRET, **more: Any) -> GuardConfig:
    return guard_config("webhook", "block", "input", url=f"{url}/judge", headers={"x-judge": secret}, **more)


def test_a_secret_is_stored_encrypted_sent_decrypted_and_preserved_by_an_update(server: Server) -> None:
    guards, client = server.client.gateway.guards, openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key)
    messages: Any = [{"role": "user", "content": "hello"}]
    with run_judge_server() as (url, asked):
        made = guards.set([hook(url)])
        (read,) = guards.get().guards
        assert read.settings["headers"]["x-judge"].startswith(ENCRYPTED_PREFIX)
        assert guards.set([hook(url)]) == made == guards.set([read]), "the same again changes nothing"

        def told() -> bool:
            client.chat.completions.create(model="echo/echo", messages=messages)
            return bool(asked)

        eventually(told)
        assert asked[0][1]["x-judge"] == SECRET
        assert guards.test("hello", [read], on="input").blocked_by is None and asked[-1][1]["x-judge"] == SECRET
        with server.platform.database.owner() as connection:
            rows = "".join(connection.scalars(text("SELECT guards::text FROM gateway_guards")))
        assert "s3cret" not in rows and ENCRYPTED_PREFIX in rows
        guards.set([read.model_copy(update={"settings": {**read.settings, "timeout": 9.0}})])


def test_the_table_names_the_secret_and_its_json_can_be_stored_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)

    def ran(*arguments: str, given: str = "") -> str:
        result = CliRunner().invoke(group, list(arguments), input=given, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    headers = json.dumps({"x-judge": SECRET})
    added = ran("guards", "create", "webhook", "--set", "url=https://judge.example.com", "--set", f"headers={headers}")
    assert "sealed:…" in added and "s3cret" not in added
    whole = json.loads(ran("guards", "list", "--json"))
    assert json.loads(ran("guards", "set", "-", "--json", given=json.dumps(whole["guards"]))) == whole


def test_a_secret_is_not_used_for_another_address(server: Server) -> None:
    guards = server.client.gateway.guards
    guards.set([hook("https://judge.example.com")])
    (read,) = guards.get().guards
    elsewhere = read.model_copy(update={"settings": {**read.settings, "url": "https://thief.example.com/judge"}})
    with pytest.raises(InvalidInput, match="another guard or address"):
        guards.set([elsewhere])
    assert guards.get().guards == (read,)


def test_secrets_of_route_guards_are_protected(server: Server) -> None:
    policy = RoutePolicy(guards=(hook("https://judge.example.com"),))
    route = server.client.gateway.set_route("judged", {"echo/echo": 1.0}, policy=policy)
    assert route.policy is not None
    assert route.policy.guards[0].settings["headers"]["x-judge"].startswith(ENCRYPTED_PREFIX)
    again = server.client.gateway.set_route("judged", {"echo/echo": 1.0}, policy=route.policy)
    assert again.version == route.version


@pytest.mark.parametrize(
    ("url", "headers", "message"),
    [
        ("https://a.example", {"x-judge": "two\nlines"}, "characters"),
        ("https://a.example", {"Host": "thief.example"}, "'host'"),
        ("https://a.example", {"x-judge": f"{ENCRYPTED_PREFIX}zz"}, "another guard or address"),
        ("https://a.example", {"x-judge": ENCRYPTED_PREFIX}, "another guard or address"),
        ("http://[x", {"x-judge": SECRET}, "url"),
    ],
)
def test_invalid_headers_and_urls_are_rejected_before_encryption(
    server: Server, url: str, headers: dict[str, str], message: str
) -> None:
    """A `host` header would send the secret to another virtual host of the same address."""
    with pytest.raises(InvalidInput, match=message):
        server.client.gateway.guards.set([guard_config("webhook", "block", "input", url=url, headers=headers)])
    assert server.client.gateway.guards.get().guards == ()


def test_a_restored_key_repairs_the_guards(tmp_path: Path) -> None:
    own, others = SecretBox(tmp_path / "own"), SecretBox(tmp_path / "others")
    (kept,) = encrypt_settings([hook("https://a.example")], own)
    assert decrypt_settings(kept, create_decryptor(own)) == hook("https://a.example")
    others.encrypt("any", "thing")
    with pytest.raises(Misconfigured, match="encrypted with another"):
        decrypt_settings(kept, create_decryptor(others))
    makers = GuardFactory(
        GuardDependencies(NULL_DEPENDENCIES.embed, UpstreamClient(), decrypt=create_decryptor(others))
    )
    assert isinstance(makers.create(kept).guard, UnavailableGuard)
    (tmp_path / "others" / KEY_FILE).write_bytes((tmp_path / "own" / KEY_FILE).read_bytes())
    assert isinstance(makers.create(kept).guard, WebhookGuard)
    assert encrypt_settings([guard_config("length", max_words=3)], own) == (guard_config("length", max_words=3),)
