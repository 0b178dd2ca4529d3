"""Guards on a running server: API, client, commands, responses, spans, metrics and moderations."""

import json
import time
from typing import Any

import httpx
import openai
import pytest
from click.testing import CliRunner

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import RAW, FakeUpstream
from vong.api import metrics
from vong.app.host.doctor import run_checks
from vong.cli.gateway import group
from vong.client import Client
from vong.config import Settings
from vong.errors import Forbidden, InvalidInput, NotFound
from vong.gateway.self_test import CARD_NUMBER, contains_card_number
from vong.records import CircuitBreakerPolicy, RoutePolicy

from .scripted_calls import guard_config

MASK = guard_config("pii")


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def ask(client: openai.OpenAI, text: str, model: str = "echo/echo") -> str | None:
    asked: Any = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=asked).choices[0].message.content


def wait_for_answer(expected: str, client: openai.OpenAI, text: str, model: str = "echo/echo") -> None:
    """Wait until the server answers as expected. A change applies within a second."""
    ends = time.monotonic() + 30
    while ask(client, text, model) != expected:
        assert time.monotonic() < ends, "the guards were never seen"
        time.sleep(0.05)


def test_project_guards_apply_to_every_call_and_have_a_history(
    server: Server,
    client: openai.OpenAI,
) -> None:
    guards = server.client.gateway.guards
    assert guards.get().guards == () and guards.history() == []
    made = guards.set([MASK])
    assert guards.set([MASK]) == made == guards.get() and made.changed_at
    wait_for_answer("pay with [CARD]", client, f"pay with {CARD_NUMBER}")
    span = server.spans()[-1]
    assert not contains_card_number(span.model_dump_json().encode())
    assert span.attributes["vong.guards_version"] == made.version
    assert span.attributes["vong.guards"][0]["found"] == {"card": 1}
    counted = 'vong_gateway_guards_total{action="mask",guard="pii",on="input"}'
    assert counted in metrics.render_metrics([metrics.take_snapshot(server.platform)]).decode()
    assert [len(version.guards) for version in (guards.set([]), *guards.history())] == [0, 0, 1]
    wait_for_answer(f"pay with {CARD_NUMBER}", client, f"pay with {CARD_NUMBER}")


def test_a_blocked_request_is_an_error_in_openai_and_anthropic_format(
    server: Server,
    client: openai.OpenAI,
) -> None:
    server.client.gateway.set_route(
        "shop", {"echo/echo": 1.0}, policy=RoutePolicy(guards=(guard_config("pii", "block"),))
    )
    ends = time.monotonic() + 30
    while "shop" not in server.client.gateway.models():
        assert time.monotonic() < ends
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, f"pay with {CARD_NUMBER}", "shop")
    assert raised.value.code == "content_filter" and "'pii'" in raised.value.message and CARD_NUMBER not in str(raised)
    body = {"model": "shop", "max_tokens": 9, "messages": [{"role": "user", "content": CARD_NUMBER}]}
    answer = httpx.post(f"{server.url}/v1/messages", json=body, headers={"x-api-key": server.key})
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"
    assert not any(contains_card_number(span.model_dump_json().encode()) for span in server.spans())
    assert (
        ask(client, f"pay with {CARD_NUMBER}") == f"pay with {CARD_NUMBER}"
    )  # calls of other models do not use the route


def test_guards_of_a_route_stay_until_they_are_removed(server: Server) -> None:
    api = server.client.gateway
    first = api.set_route("shop", {"echo/echo": 1.0}, policy=RoutePolicy(guards=(MASK,)))
    second = api.set_route("shop", {"echo/echo": 1.0}, policy=RoutePolicy(retries=3))
    assert second.policy and second.policy.guards == (MASK,) and second.version != first.version
    third = api.set_route("shop", {"echo/echo": 1.0}, policy=RoutePolicy(guards=()))
    assert third.policy and third.policy.guards == ()
    with pytest.raises(InvalidInput, match="cannot mask"):
        api.set_route("shop", {"echo/echo": 1.0}, policy=RoutePolicy(guards=(guard_config("length", max_words=3),)))
    with pytest.raises(NotFound, match="did you mean 'pii'"):
        api.guards.set([guard_config("pi")])


def test_moderations_are_answered_for_the_openai_client(server: Server, client: openai.OpenAI) -> None:
    found = client.moderations.create(input=["nothing here", f"pay {CARD_NUMBER}"])
    clean, dirty = found.results
    assert not clean.flagged and dirty.flagged and found.id.startswith("modr-")
    assert dirty.categories.model_extra and dirty.categories.model_extra["pii/card"] is True
    assert dirty.categories.violence is False and dirty.category_applied_input_types.violence == []
    assert dirty.category_scores.model_extra and dirty.category_scores.model_extra["pii"] == 1.0
    parts: Any = [{"type": "text", "text": "write to linh@example.com"}]
    assert client.moderations.create(input=parts, model="omni-moderation-latest").results[0].flagged
    only = client.moderations.create(input="ghp_" + "a1B2" * 9, model="pii").results[0]
    assert not only.flagged
    violent = guard_config("patterns", "block", patterns={"violence": "kill"})
    server.client.gateway.set_route("strict", {"echo/echo": 1.0}, policy=RoutePolicy(guards=(violent,)))
    ends = time.monotonic() + 30
    while "strict" not in server.client.gateway.models():
        assert time.monotonic() < ends
    hit = client.moderations.create(input="kill it", model="strict").results[0]
    assert hit.flagged and hit.categories.violence and hit.category_applied_input_types.violence == ["text"]
    with pytest.raises(openai.NotFoundError, match="did you mean 'pii'"):
        client.moderations.create(input="x", model="pi")
    key = {"authorization": f"Bearer {server.key}"}
    for wrong in ({"input": []}, {"input": [{"type": "image_url", "image_url": {"url": "data:"}}]}, {}):
        answer = httpx.post(f"{server.url}/v1/moderations", json=wrong, headers=key)
        assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert httpx.get(f"{server.url}/v1/moderations").status_code == 405


def test_guards_are_tested_by_client_and_command(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    guards = server.client.gateway.guards
    tried = guards.test(f"pay {CARD_NUMBER}", [MASK])
    assert tried.text == "pay [CARD]" and tried.outcomes[0].found == {"card": 1}
    assert guards.test(CARD_NUMBER, [guard_config("pii", "block")]).blocked_by == "pii"
    assert {kind.name for kind in guards.types()} >= {"pii", "judge"} and guards.self_test().passed

    def run(*words: str, code: int = 0) -> str:
        found = CliRunner().invoke(group, words)
        assert found.exit_code == code, found.output
        return found.output

    assert "as they come" in run("guards", "types") and '"kinds"' in run("guards", "types", "pii")
    run("guards", "types", "pi", code=2)
    run("guards", "create", "pii", "--action", "mask", "--role", "user", "--set", 'kinds=["card"]')
    (standing,) = json.loads(run("guards", "list", "--json"))["guards"]
    assert standing["settings"] == {"kinds": ["card"]} and standing["roles"] == ["user"]
    assert "[CARD]" in run("guards", "test", f"pay {CARD_NUMBER}")
    assert "blocked by secrets" in run(
        "guards", "test", "ghp_" + "a1B2" * 9, "--guard", "secrets", "--action", "block", code=1
    )
    assert '"passed": true' in run("guards", "self-test", "--json")
    run("guards", "delete", "pii")
    run("guards", "delete", "pii", code=2)
    assert len(json.loads(run("guards", "history", "--json"))) == 2
    run("routes", "set", "shop", "echo/echo", "--guards", "/no/such/file", code=2)


def test_only_owners_set_project_guards(server: Server) -> None:
    member = server.client.access.create_key("m", role="member")["secret"]
    with Client(server.url, member) as other, pytest.raises(Forbidden):
        other.gateway.guards.set([MASK])


def test_the_doctor_tests_the_masking_of_card_numbers() -> None:
    (found,) = [finding for finding in run_checks(Settings()) if finding.check == "masking"]
    assert found.state == "ok" and "22 paths" in found.seen


TOKEN_CASES = {
    "no guard": ((), True),
    "a guard of another route": ((), True),
    "a guard of responses": (("output",), True),
    "a guard of requests": (("input",), False),
    "a guard of both": (("both",), False),
}


@pytest.mark.parametrize("case", TOKEN_CASES)
def test_token_ids_pass_where_no_guard_reads_the_request(server: Server, case: str) -> None:
    directions, passes = TOKEN_CASES[case]
    guards = [guard_config("pii", on=on) for on in directions]
    server.client.gateway.set_route("vectors", {"echo/echo": 1}, policy=RoutePolicy(guards=tuple(guards)))
    if case == "a guard of another route":
        server.client.gateway.set_route("other", {"echo/echo": 1}, policy=RoutePolicy(guards=(MASK,)))
    headers = {"authorization": f"Bearer {server.key}"}
    for ids in ([1, 2, 3], [[1, 2], [3]]):
        body = {"model": "vectors", "input": ids}
        answer = httpx.post(f"{server.url}/v1/embeddings", json=body, headers=headers, timeout=30)
        assert (answer.status_code == 200) is passes and ("guards cannot read token ids" in answer.text) is not passes
    unguarded = {"model": "echo/echo", "input": [1, 2]}
    assert httpx.post(f"{server.url}/v1/embeddings", json=unguarded, headers=headers, timeout=30).status_code == 200


def test_a_guard_that_does_not_read_the_user_lets_token_ids_pass(server: Server) -> None:
    guard = guard_config("pii").model_copy(update={"roles": ("system",), "on": "input"})
    server.client.gateway.set_route("vectors", {"echo/echo": 1}, policy=RoutePolicy(guards=(guard,)))
    headers = {"authorization": f"Bearer {server.key}"}
    body = {"model": "vectors", "input": [1, 2]}
    assert httpx.post(f"{server.url}/v1/embeddings", json=body, headers=headers, timeout=30).status_code == 200


def test_calls_without_a_guard_of_their_own_have_no_guards_in_their_spans(
    server: Server, client: openai.OpenAI
) -> None:
    server.client.gateway.set_route("shop", {"echo/echo": 1}, policy=RoutePolicy(guards=(MASK,)))
    assert ask(client, CARD_NUMBER) == CARD_NUMBER
    wait_for_answer("[CARD]", client, CARD_NUMBER, "shop")
    guarded, *_, plain = sorted(server.spans(), key=lambda span: span.versions.route is None)
    assert "vong.guards" in guarded.attributes and "vong.guards" not in plain.attributes


def test_the_words_of_an_invalid_response_are_masked(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    policy = RoutePolicy(guards=(MASK,), retries=0, breaker=CircuitBreakerPolicy(failures=100))
    server.client.gateway.set_route("shop", {"fake/bad": 1}, policy=policy)
    headers = {"authorization": f"Bearer {server.key}"}
    for text in (f"<p>{CARD_NUMBER}</p>", f'{{"error": {{"message": "{CARD_NUMBER}"}}}}', f'"{CARD_NUMBER}"'):
        monkeypatch.setitem(RAW, "bad", head % len(text) + text.encode())
        for stream in (False, True):
            body = {"model": "shop", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
            answer = httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=30)
            assert answer.status_code == 502 and "[CARD]" in answer.text and not contains_card_number(answer.content)
    assert not any(contains_card_number(span.model_dump_json().encode()) for span in server.spans())
