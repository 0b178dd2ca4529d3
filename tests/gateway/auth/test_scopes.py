"""Scopes of keys at every endpoint, and labels of their calls."""

from typing import Any

import anthropic
import httpx
import openai
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream
from vong import access, gateway
from vong.client import Client
from vong.errors import InvalidInput, NotFound, OutOfScope
from vong.gateway.auth.scopes import may_call
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.records import RouteTarget
from vong.records.key_scope import KeyLabels, KeyScope

ASK: list[Any] = [{"role": "user", "content": "hi"}]
BODIES: dict[str, dict[str, Any]] = {
    "chat": {"messages": ASK},
    "completions": {"prompt": "hi"},
    "embeddings": {"input": "hi"},
    "messages": {"messages": ASK, "max_tokens": 5},
    "responses": {"input": "hi"},
}
SERVED = [(path, shape) for path, shape in ENDPOINT_PATHS.items() if shape in BODIES]


def key(server: Server, name: str = "shop", **more: Any) -> str:
    with server.platform.scope(server.project_id) as connection:
        return access.create_key(connection, name, **more).secret


def post(server: Server, path: str, secret: str, model: str) -> httpx.Response:
    body = {"model": model, **BODIES[ENDPOINT_PATHS.get(path, "messages")]}
    return httpx.post(f"{server.url}{path}", json=body, headers={"authorization": f"Bearer {secret}"})


@pytest.mark.parametrize(
    ("models", "model", "within"),
    [
        ((), "anything", True),
        (("triage",), "triage", True),
        (("triage",), "triage2", False),
        (("triage",), "a triage", False),
        (("openai/*",), "openai/gpt-4o", True),
        (("openai/*",), "openrouter/openai/gpt-4o", False),
        (("*/gpt-4o",), "openrouter/openai/gpt-4o", True),
        (("a", "deployment/*"), "deployment/triage", True),
        (("gpt-4.",), "gpt-4o", False),
        (("*",), "a\nb", True),
    ],
)
def test_a_pattern_matches_the_complete_name_and_a_star_any_text(
    models: tuple[str, ...], model: str, within: bool
) -> None:
    assert may_call(KeyScope(models=models), model) is within


def test_a_model_out_of_scope_is_rejected_in_the_format_of_the_endpoint(server: Server) -> None:
    secret = key(server, scope=KeyScope(models=("echo/*", "triage")))
    for path, shape in SERVED:
        assert post(server, path, secret, "echo/echo").status_code == 200
        refused = post(server, path, secret, "fake/plain")
        said = refused.json()["error"]
        assert refused.status_code == 403
        assert said["message"] == "the key 'shop' may not call 'fake/plain'; models in its scope: echo/*, triage"
        assert said["type"] == "permission_error"
        assert shape == "messages" or said["code"] == "out_of_scope"
    spans = server.spans()
    assert {span.key for span in spans} == {"shop"}
    errors = [span.attributes.get("error.type") for span in spans]
    assert errors.count("out_of_scope") == len(SERVED) == errors.count(None)


def test_an_endpoint_out_of_scope_is_rejected(server: Server) -> None:
    for path, shape in SERVED:
        other = "embeddings" if shape != "embeddings" else "chat"
        refused = post(server, path, key(server, shape, scope=KeyScope(endpoints=(other,))), "echo/echo")
        assert refused.status_code == 403
        assert refused.json()["error"]["message"].endswith(f"the endpoint {shape!r}; endpoints in its scope: {other}")
        good = key(server, "good", scope=KeyScope(endpoints=(shape,)))
        assert post(server, path, good, "echo/echo").status_code == 200


def test_tokens_are_counted_only_within_the_scope(server: Server) -> None:
    client = anthropic.Anthropic(base_url=server.url, api_key=key(server, scope=KeyScope(models=("claude/*",))))
    assert client.messages.count_tokens(model="claude/x", messages=ASK).input_tokens == 11
    with pytest.raises(anthropic.PermissionDeniedError, match="may not call 'echo/echo'"):
        client.messages.count_tokens(model="echo/echo", messages=ASK)


def test_a_key_for_a_route_calls_it_and_not_its_targets(server: Server, fake: FakeUpstream) -> None:
    with server.platform.scope(server.project_id) as connection:
        gateway.set_route(connection, "triage", [RouteTarget(model="fake/plain")], lambda _: None)
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=key(server, scope=KeyScope(models=("triage",))))
    assert client.chat.completions.create(model="triage", messages=ASK).choices[0].message.content
    with pytest.raises(openai.PermissionDeniedError, match="models in its scope: triage"):
        client.chat.completions.create(model="fake/plain", messages=ASK)
    assert [model.id for model in client.models.list()] == ["triage"]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("fake/one")
    assert len([one for one in fake.requests if one.path.endswith("completions")]) == 1


def test_a_scoped_key_cannot_extend_its_scope(server: Server) -> None:
    client = Client(server.url, key(server, scope=KeyScope(models=("triage", "echo/*"))), retry_seconds=0)
    assert set(client.gateway.models()) == {"echo/echo"}
    for call in (
        lambda: client.gateway.set_route("triage", {"fake/plain": 1}),
        client.gateway.routes,
        client.access.keys,
        lambda: client.traces.list(),
    ):
        with pytest.raises(OutOfScope, match="use a key without a scope"):
            call()
    span = client.gateway.chat("echo/echo", "hi").span_id
    server.platform.span_writer.flush(10)
    client.feedback.create(span_id=span, name="thumbs", value=1.0)


def test_labels_are_added_if_a_call_does_not_set_them(server: Server) -> None:
    secret = key(server, labels=KeyLabels(tags=("web", "a"), user="shop"))
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=secret)
    client.chat.completions.create(model="echo/echo", messages=ASK)
    client.chat.completions.create(
        model="echo/echo", messages=ASK, user="linh", extra_headers={"x-vong-tags": "a, night"}
    )
    bare, said = server.spans()
    assert (bare.user, bare.attributes["vong.tags"]) == ("shop", ["web", "a"])
    assert (said.user, said.attributes["vong.tags"]) == ("linh", ["web", "a", "night"])
    by_tag = {line.group: line.calls for line in server.client.gateway.ledger(by="tag")}
    assert by_tag == {"web": 2, "a": 2, "night": 1}


def test_limits_and_ledger_continue_after_a_rotation(server: Server) -> None:
    made = server.client.access.create_key("shop")
    server.client.gateway.set_limit("key", "requests", "day", 3, subject="shop")
    rotated = server.client.access.rotate_key("shop", overlap=3600)
    for secret in (made["secret"], rotated["secret"], made["secret"]):
        assert post(server, "/v1/chat/completions", secret, "echo/echo").status_code == 200
    assert post(server, "/v1/chat/completions", rotated["secret"], "echo/echo").status_code == 429
    server.platform.span_writer.flush(10)
    assert [(line.group, line.calls) for line in server.client.gateway.ledger(by="key")] == [("shop", 4)]


def test_secrets_of_created_and_rotated_keys_are_not_stored(server: Server) -> None:
    made = server.client.access.create_key("shop", models=["echo/*"], endpoints=["chat"], tags=["web"])
    rotated = server.client.access.rotate_key("shop", overlap=60)
    assert rotated["key"]["scope"] == {"models": ["echo/*"], "endpoints": ["chat"], "bases": []} == made["key"]["scope"]
    with server.platform.scope(server.project_id) as connection:
        query = text("SELECT convert_from(body, 'UTF8') FROM access_idempotency_keys")
        kept = connection.execute(query).scalars().all()
    assert not [answer for answer in kept if "vong-" in answer]
    with pytest.raises(InvalidInput, match="unknown endpoint 'chats' in the scope; use one of: chat, "):
        server.client.access.create_key("x", endpoints=["chats"])
    with pytest.raises(NotFound, match="did you mean 'shop'"):
        server.client.access.rotate_key("shap", overlap=60)


def test_commands_manage_scopes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from vong.cli.access import group

    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(group, ["keys", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    old = run("create", "shop", "--model", "echo/*", "--endpoint", "chat", "--tag", "web", "--expires", "30d")
    assert old.splitlines()[-1].startswith("vong-")
    shown = run("show", "shop")
    assert "echo/*" in shown and "chat" in shown and "web" in shown
    rotated = run("rotate", "shop", "--overlap", "24h")
    assert "is valid until" in rotated and rotated.splitlines()[-1].startswith("vong-") and rotated != old
    assert "echo/*" in run("list")
    assert "write 24h or 30d" in run("rotate", "shop", "--overlap", "soon", code=2)
