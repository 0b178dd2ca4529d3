"""Management of the gateway over HTTP, client and commands, health, metrics, and invalid requests."""

import json
import socket
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from vong import access, config
from vong.cli.gateway import group
from vong.errors import InvalidInput, NotFound, Unauthenticated, UpstreamFailed
from vong.gateway.providers.replicas import ReplicaEndpoint
from vong.gateway.routing.catalog import DeploymentEndpoint, ModelCatalog
from vong.gateway.upstream.client import UpstreamClient

from .conftest import Server
from .fake_upstream import WORDS, FakeUpstream

SAID = "".join(WORDS)


@pytest.fixture
def http(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, trust_env=False)


def test_routes_are_set_listed_shown_and_deleted(server: Server) -> None:
    client = server.client.gateway
    made = client.set_route("triage", {"echo/echo": 0.9, "fake/plain": 0.1})
    assert client.routes() == [made] and client.route("triage") == made
    assert [target.weight for target in made.targets] == [0.9, 0.1]
    assert client.delete_route("triage") == made
    assert client.routes() == []
    assert [len(version["targets"]) for version in client.route_history("triage")] == [0, 2]


def test_an_unknown_target_is_rejected_with_the_nearest_name(server: Server) -> None:
    with pytest.raises(NotFound, match="no provider named 'ech'; did you mean 'echo'"):
        server.client.gateway.set_route("triage", {"ech/echo": 1})
    with pytest.raises(NotFound, match="no model named 'deployment/nothing'"):
        server.client.gateway.set_route("triage", {"deployment/nothing": 1})
    with pytest.raises(InvalidInput, match="weight"):
        server.client.gateway.set_route("triage", {"echo/echo": 0})


def test_providers_are_shown_without_keys_and_with_their_problems(server: Server) -> None:
    states = {state["name"]: state for state in server.client.gateway.providers(probe=True)}
    assert "upstream-secret" not in json.dumps(states)
    assert (states["fake"]["key"], states["fake"]["reachable"], states["fake"]["models"]) == ("…cret", True, 2)
    assert not states["dead"]["reachable"] and "no connection" in states["dead"]["error"]
    assert "VONG_TEST_NO_SUCH_KEY" in states["keyless"]["error"]


def test_the_client_supports_chat_streams_and_embeddings(server: Server) -> None:
    client = server.client.gateway
    answer = client.chat("echo/echo", [{"role": "user", "content": SAID}], max_tokens=2)
    assert (answer.text, answer.finish_reason, answer.usage.output_tokens) == ("Xin chào", "length", 2)
    streamed = client.stream("fake/plain", SAID)
    assert list(streamed) == WORDS and streamed.answer.usage.output_tokens == 3
    assert [span.id for span in server.spans()] == [answer.span_id, streamed.answer.span_id]
    assert len(client.embed(["a", "b"], model="echo/echo")[1]) == 64
    assert "echo/echo" in client.models()
    with pytest.raises(NotFound, match="no provider named 'ecko'; did you mean 'echo'"):
        client.chat("ecko/echo", "hi")
    with pytest.raises(UpstreamFailed, match="during its response"):
        list(client.stream("fake/drop", SAID))


def test_the_commands_manage_the_gateway(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    monkeypatch.setenv("VONG_HOME", str(server.platform.settings.home))

    def vong(*words: str) -> str:
        result = CliRunner().invoke(group, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert config.load_settings().public_url == server.url
    assert "echo/echo" in vong("routes", "set", "triage", "echo/echo=0.5", "fake/plain")
    assert json.loads(vong("routes", "show", "triage", "--json"))["targets"][0]["weight"] == 0.5
    assert "triage" in vong("routes", "list")
    assert json.loads(vong("routes", "history", "triage", "--json"))
    assert "fake" in vong("providers", "list")
    assert "triage" in vong("models")
    assert vong("chat", SAID, "--model", "echo/echo").strip() == SAID
    assert vong("chat", SAID, "--model", "echo/echo", "--stream").strip() == SAID
    assert json.loads(vong("chat", SAID, "--model", "echo/echo", "--json"))["span_id"]
    vong("routes", "delete", "triage")
    assert CliRunner().invoke(group, ["routes", "set", "triage"]).exit_code == 2


def test_usage_reports_calls_and_costs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = server.client.gateway
    client.set_route("triage", {"priced/plain": 1})
    for model in ("triage", "triage", "fake/plain"):
        client.chat(model, "hi")
    server.platform.span_writer.flush(10)
    routed, direct = client.usage(by="route").totals
    assert (routed.group, routed.calls, routed.priced, routed.cost) == ("triage", 2, 2, 24_000_000)
    assert (direct.group, direct.calls, direct.cost) == (None, 1, None)
    assert [point.calls for point in client.usage(bucket="minute").points][-1] >= 1
    with pytest.raises(InvalidInput, match="bucket=hour"):
        client.usage(bucket="minute", since="2026-01-01T00:00:00Z")
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    for words in (["usage"], ["usage", "--bucket", "hour", "--by", "model"], ["usage", "--since", "2h", "--json"]):
        shown = CliRunner().invoke(group, words, catch_exceptions=False)
        assert shown.exit_code == 0 and "priced/plain" in shown.stdout
    assert "$24.000000" in CliRunner().invoke(group, ["usage"]).stdout


def test_a_viewer_can_read_but_not_call_models(server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        viewer = access.create_key(connection, "viewer", role="viewer").secret
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {viewer}"}, trust_env=False) as http:
        assert http.get("/v1/models").status_code == 200
        refused = http.post("/v1/chat/completions", json={"model": "echo/echo", "messages": [{"role": "user"}]})
    assert refused.status_code == 403 and refused.json()["error"]["type"] == "permission_error"
    assert server.spans() == []


def test_a_revoked_key_is_rejected_within_two_seconds(server: Server) -> None:
    server.client.gateway.chat("echo/echo", "hi")
    with server.platform.scope(server.project_id) as connection:
        access.revoke_key(connection, "tester")
    with pytest.raises(Unauthenticated, match="revoked"):
        for _ in range(260):
            server.client.gateway.chat("echo/echo?first=0.01", "hi")
    assert len(server.spans()) <= 210


@pytest.fixture
def deaf(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server ignore the notifications of PostgreSQL, which arrive a little after a change."""
    monkeypatch.setattr(server.platform.gateway, "invalidate", lambda *_: None)
    monkeypatch.setattr("vong.gateway.invalidation.PRINCIPALS_CHANNEL", "another")


@pytest.mark.usefixtures("deaf")
def test_what_this_server_has_changed_holds_for_its_next_call(
    server: Server, http: httpx.Client, fake: FakeUpstream
) -> None:
    body = {"model": "lab/plain", "messages": [{"role": "user", "content": "hi"}]}

    def call(model: str, key: str = server.key) -> int:
        headers = {"authorization": f"Bearer {key}"}
        return http.post("/v1/chat/completions", json={**body, "model": model}, headers=headers).status_code

    for number in range(5):
        assert call("lab/plain") == 404
        server.client.gateway.set_provider("lab", base_url=fake.url, api_key="sk-0123456789")
        assert call("lab/plain") == 200
        server.client.gateway.set_provider("lab", base_url="http://127.0.0.1:9/v1", api_key="sk-0123456789")
        assert call("lab/plain") == 502
        server.client.gateway.delete_provider("lab")
        for change in ("revoke", "rotate"):
            name = f"{change}-{number}"
            secret = server.client.access.create_key(name)["secret"]
            assert [call("fake/plain", secret), call("fake/plain", secret)] == [200, 200]
            if change == "revoke":
                server.client.access.revoke_key(name)
            else:
                server.client.access.rotate_key(name)
            assert call("fake/plain", secret) == 401


UNUSABLE = [
    (b"", "invalid request"),
    (b"{", "invalid request"),
    (b"[]", "Expected `object`, got `array`"),
    (b'{"model": 1, "messages": []}', "Expected `str`, got `int` - at `$.model`"),
    (b'{"messages": [{}]}', "missing required field `model`"),
    (b'{"model": "echo/echo"}', "messages is missing or empty"),
    (b'{"model": "", "messages": [{}]}', "model is empty"),
    (b'{"model": "echo/echo", "messages": [{"role": "user", "content": "\xff"}]}', "not UTF-8"),
    (b'{"model": "echo/echo", "messages": [{"role": "clown"}]}', "invalid messages"),
    (b'{"model": "echo/echo", "messages": [{}], "stream_options": 5}', "stream_options"),
]


def test_the_error_of_an_unusable_request_names_the_reason(http: httpx.Client) -> None:
    for body, says in UNUSABLE:
        answer = http.post("/v1/chat/completions", content=body)
        assert answer.status_code == 400, body
        assert says in answer.json()["error"]["message"]
    for body in (
        b'{"model": "echo/echo"}',
        b'{"model": "echo/echo", "input": [1, "a"]}',
        b'{"model": "e", "input": ""}',
    ):
        assert http.post("/v1/embeddings", content=body).status_code in (400, 404)


def test_unknown_paths_and_methods_return_errors_in_openai_format(http: httpx.Client) -> None:
    missing, wrong = http.get("/v1/assistants"), http.get("/v1/chat/completions")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "unknown_url")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert http.post("/v1/models").status_code == 405
    assert httpx.get(http.base_url.join("/v1/models"), trust_env=False).status_code == 401


def test_a_body_without_a_length_is_rejected_at_the_limit(server: Server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as raw:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.key}\r\n"
        raw.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        for _ in range(3):
            raw.sendall(b"c350\r\n" + b" " * 50_000 + b"\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


def test_health_and_metrics_need_no_key(server: Server) -> None:
    server.client.gateway.set_route("counted", {"echo/echo": 1})
    server.client.gateway.chat("counted", SAID)
    list(server.client.gateway.stream("counted", SAID))
    server.spans()
    health = httpx.get(f"{server.url}/health", trust_env=False)
    assert health.status_code == 200
    assert health.json() | {"version": ""} == {
        "status": "ok",
        "version": "",
        "database": True,
        "waiting_spans": 0,
        "disk_spans": 0,
        "dropped_spans": 0,
        "servers": 1,
    }
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    assert 'vong_gateway_requests_total{endpoint="chat",provider="echo",route="counted",status="200"} 2.0' in text
    assert 'vong_gateway_tokens_total{direction="output",provider="echo",route="counted"} 6.0' in text
    assert 'vong_gateway_first_token_seconds_count{provider="echo",route="counted"} 1.0' in text
    assert "vong_span_writer_waiting_spans 0.0" in text


def test_other_paths_are_passed_to_the_rest_application(http: httpx.Client) -> None:
    paths = http.get("/api/openapi.json").json()["paths"]
    assert "/api/v1/gateway/routes/{name}" in paths and "/health" in paths
    assert http.get("/api/v1/nothing").json()["code"] == "not_found"


def test_the_error_of_an_unready_deployment_has_its_status() -> None:
    starting = DeploymentEndpoint("triage", "starting", (), "triage")
    directory = ModelCatalog({}, {"triage": starting}, {}, {}, UpstreamClient())
    directory.check_target("deployment/triage")
    with pytest.raises(Exception, match="the deployment 'triage' is starting; show its state and log"):
        directory.choose_target("deployment/triage", lambda: 0.0)


def test_the_span_of_a_deployment_has_its_model_versions(server: Server) -> None:
    deployed = DeploymentEndpoint(
        "triage", "ready", (ReplicaEndpoint("http://127.0.0.1:1/v1", "token"),), "triage", "triage@1f0c", "tickets@2b"
    )
    choice = ModelCatalog({}, {"triage": deployed}, {}, {}, UpstreamClient()).choose_target(
        "deployment/triage", lambda: 0.0
    )
    found: dict[str, Any] = choice.versions.model_dump(exclude_none=True)
    assert found.pop("config_hash")
    assert found == {"deployment": "triage", "model_version": "triage@1f0c", "dataset_version": "tickets@2b"}
