"""Response cache: hits, misses, expiry, isolation and semantic matches."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import openai
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion
from sqlalchemy import func, select, update

from tests.gateway.conftest import Server
from tests.gateway.fake_native_apis import THOUGHT, WORDS
from tests.gateway.fake_upstream import LOGPROBS, FakeUpstream
from vong.app.gateway import cleanup
from vong.cli.gateway import group
from vong.gateway import tables
from vong.gateway.gateway import CATALOG_MAX_AGE_SECONDS
from vong.gateway.pipeline.cache_lookup import NUMBER_PATTERN, question_text
from vong.records import RoutePolicy, now
from vong.records.cache import CachePolicy

OTHER: list[Any] = [{"role": "user", "content": "Where are you?"}]
ASK: list[Any] = [{"role": "user", "content": "Where is my parcel?"}]


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def routed(server: Server, target: str = "fake/plain", **cache: Any) -> None:
    known = server.client.gateway.routes()
    server.client.gateway.set_route("cached", {target: 1.0}, policy=RoutePolicy(cache=CachePolicy(**cache)))
    # Routes of a server are no older, and the notification of the change clears its memory cache.
    time.sleep(CATALOG_MAX_AGE_SECONDS + 0.1 if known else 0.3)


def chat(client: openai.OpenAI, messages: Any = ASK, **more: Any) -> Any:
    return client.chat.completions.with_raw_response.create(model="cached", messages=messages, **more)


def outcome(raw: Any) -> str:
    return raw.headers["x-vong-cache"]


def settled(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def entries(server: Server) -> int:
    return sum(state.entries for state in server.client.gateway.cache())


def test_a_repeated_request_is_answered_from_the_cache(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    routed(server)
    first = chat(client)
    again = chat(client, user="somebody else", metadata={"run": "2"})
    assert (outcome(first), outcome(again)) == ("miss", "hit")
    assert again.headers["x-vong-cache-source"] == first.headers["x-vong-span-id"]
    assert again.parse().choices[0].message.content == first.parse().choices[0].message.content
    assert len(fake.requests) == 1
    requested, hit = server.spans()
    assert hit.attributes["vong.cache"] == "hit" and hit.attributes["vong.cache.source"] == str(requested.id)
    assert (hit.usage.cost, hit.usage.input_tokens, hit.model) == (0, 0, "fake/plain")
    assert hit.versions == requested.versions
    settled(lambda: server.client.gateway.cache()[0].hits == 1)
    (state,) = server.client.gateway.cache()
    assert state.route == "cached" and state.entries == 1 and state.bytes > 0 and state.saved_tokens > 0


def test_requests_with_different_parameters_are_misses(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    routed(server)
    chat(client)
    assert outcome(chat(client, temperature=0.3)) == "miss"
    assert outcome(chat(client, [*ASK, {"role": "assistant", "content": "x"}, *ASK])) == "miss"
    routed(server, "fake/json")
    assert outcome(chat(client)) == "miss"
    assert fake.requests[-1].body["model"] == "json"


def test_streams_and_other_endpoints_share_entries(client: openai.OpenAI, server: Server, fake: FakeUpstream) -> None:
    routed(server)
    text = chat(client).parse().choices[0].message.content
    with client.chat.completions.create(
        model="cached", messages=ASK, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text
    assert chunks[-1].usage is not None and chunks[-2].choices[0].finish_reason == "stop"
    response = client.responses.create(model="cached", input=ASK)
    assert response.output_text == text
    old = client.completions.create(model="cached", prompt="Where is my parcel?")
    assert old.choices[0].text == text
    headers = {"x-api-key": server.key}
    body = {"model": "cached", "messages": ASK, "stream": True}
    said = httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=body)
    assert said.headers["x-vong-cache"] == "hit" and '"usage"' not in said.text
    assert len(fake.requests) == 1


def test_a_cached_stream_is_returned_with_every_field(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    routed(server, "fake/unusual")
    url = f"{server.url}/v1/chat/completions"
    body: dict[str, Any] = {"model": "cached", "messages": ASK}
    headers = {"x-api-key": server.key}
    httpx.post(url, headers=headers, json={**body, "stream": True})
    settled(lambda: entries(server) == 1)
    whole = httpx.post(url, headers=headers, json=body)
    assert whole.headers["x-vong-cache"] == "hit" and len(fake.requests) == 1
    completion = ChatCompletion.model_validate(whole.json())
    choice = completion.choices[0].model_dump()
    assert (completion.object, completion.created, completion.service_tier) == ("chat.completion", 1, "flex")
    assert (choice["message"]["reasoning"], choice["message"]["content"]) == (THOUGHT, "".join(WORDS))
    assert choice["logprobs"] == LOGPROBS and completion.usage is not None
    with client.chat.completions.create(**body, stream=True) as stream:
        first = next(iter(stream))
    assert first.model_extra is not None and (first.created, first.service_tier) == (1, "flex")
    assert first.choices[0].model_dump()["logprobs"] == LOGPROBS
    response = client.responses.create(model="cached", input=ASK)
    assert [item.type for item in response.output] == ["reasoning", "message"] and len(fake.requests) == 1


def test_a_stream_is_cached_only_when_complete(client: openai.OpenAI, server: Server, fake: FakeUpstream) -> None:
    routed(server)
    with client.chat.completions.create(model="cached", messages=ASK, stream=True) as stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    settled(lambda: entries(server) == 1)
    assert chat(client).parse().choices[0].message.content == text
    routed(server, "fake/drop")
    for _ in range(2):
        with (
            pytest.raises(openai.APIError),
            client.chat.completions.create(model="cached", messages=OTHER, stream=True) as stream,
        ):
            list(stream)
    assert sum(request.body["model"] == "drop" for request in fake.requests) == 2


def test_callers_can_bypass_and_refresh_the_cache(client: openai.OpenAI, server: Server, fake: FakeUpstream) -> None:
    routed(server)
    chat(client)
    assert outcome(chat(client, extra_headers={"x-vong-cache": "bypass"})) == "bypass"
    assert outcome(chat(client, extra_headers={"x-vong-cache": "refresh"})) == "refresh"
    assert outcome(chat(client)) == "hit" and len(fake.requests) == 3
    with pytest.raises(openai.BadRequestError, match="send bypass, refresh or exact"):
        chat(client, extra_headers={"x-vong-cache": "never"})


def test_entries_are_isolated_by_key_user_and_project(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    other = openai.OpenAI(
        base_url=f"{server.url}/v1", api_key=server.client.access.create_key("other")["secret"], max_retries=0
    )
    routed(server, scope="key")
    assert [outcome(chat(one)) for one in (client, client, other, other)] == ["miss", "hit", "miss", "hit"]
    routed(server, scope="user")
    users = [outcome(chat(client, user=user)) for user in ("an", "an", "binh")]
    assert users == ["miss", "hit", "miss"]
    assert len(fake.requests) == 4


def test_entries_expire_and_are_cleared_on_request(client: openai.OpenAI, server: Server) -> None:
    routed(server, ttl=3)
    assert outcome(chat(client)) == "miss"
    settled(lambda: outcome(chat(client)) == "hit")
    time.sleep(3.1)
    assert outcome(chat(client)) == "miss"
    routed(server, ttl=3600)
    assert outcome(chat(client)) == "miss"
    settled(lambda: entries(server) >= 1)
    assert server.client.gateway.clear_cache("other") == 0
    assert server.client.gateway.clear_cache("cached") >= 1
    assert entries(server) == 0
    time.sleep(CATALOG_MAX_AGE_SECONDS + 0.1)
    assert outcome(chat(client)) == "miss"
    settled(lambda: entries(server) == 1)
    server.client.gateway.set_limit("key", "requests", "minute", 100)
    with server.platform.scope(server.project_id) as connection:
        connection.execute(update(tables.cache_entries).values(expires_at=now()))
        connection.execute(update(tables.counters).values(window_start=now() - timedelta(days=3)))
    cleanup(server.platform)
    with server.platform.scope(server.project_id) as connection:
        for table in (tables.cache_entries, tables.counters):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_servers_share_entries(client: openai.OpenAI, server: Server, fake: FakeUpstream) -> None:
    routed(server)
    chat(client)
    settled(lambda: entries(server) == 1)
    server.client.gateway.set_limit("project", "requests", "day", 100)  # a change clears the memory cache
    time.sleep(CATALOG_MAX_AGE_SECONDS + 0.1)
    assert outcome(chat(client)) == "hit" and len(fake.requests) == 1


def test_embeddings_are_cached(client: openai.OpenAI, server: Server, fake: FakeUpstream) -> None:
    routed(server, "fake/embedding")
    first = client.embeddings.create(model="cached", input=["one", "two"])
    again = client.embeddings.with_raw_response.create(model="cached", input=["one", "two"])
    assert outcome(again) == "hit" and again.parse().data == first.data
    assert len(fake.requests) == 1


def test_a_hit_is_free(client: openai.OpenAI, server: Server) -> None:
    routed(server, "priced/plain")
    server.client.gateway.set_limit("project", "cost", "lifetime", 10**11)
    assert [outcome(chat(client)) for _ in range(3)] == ["miss", "hit", "hit"]
    settled(lambda: sum(line.calls for line in server.client.gateway.ledger()) == 3)
    (line,) = server.client.gateway.ledger()
    assert line.cost == 12_000_000


# by meaning


def test_similar_questions_are_answered_by_meaning_and_verified(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    routed(server, "echo/echo", mode="semantic", threshold=0.8, verify_rate=1.0)
    system = {"role": "system", "content": "You work for a parcel service."}

    def ask(text: str) -> Any:
        return chat(client, [system, {"role": "user", "content": text}])

    first = ask("Where is my parcel?")
    settled(lambda: entries(server) == 1)
    # answers from documents ask for equal requests only: similar passages may come from another index
    similar = [system, {"role": "user", "content": "Where can I find my parcel now?"}]
    assert outcome(chat(client, similar, extra_headers={"x-vong-cache": "exact"})) == "miss"
    settled(lambda: entries(server) == 2)
    assert outcome(chat(client, similar, extra_headers={"x-vong-cache": "exact"})) == "hit"
    near = ask("Where can I find my parcel?")
    assert outcome(near) == "semantic"
    assert near.headers["x-vong-cache-source"] == first.headers["x-vong-span-id"]
    assert near.parse().choices[0].message.content == first.parse().choices[0].message.content
    assert outcome(ask("How do I cancel my contract?")) == "miss"
    assert (
        outcome(chat(client, [{"role": "user", "content": "Where can I find my parcel?"}])) == "miss"
    )  # another system
    hit = next(span for span in server.spans() if span.attributes.get("vong.cache") == "semantic")
    assert 0.8 <= hit.attributes["vong.cache.similarity"] < 1
    settled(lambda: server.client.gateway.cache()[0].verified == 1)
    (state,) = server.client.gateway.cache()
    assert (
        state.false_rate_low is not None
        and state.false_rate_high is not None
        and state.false_rate_high > state.false_rate_low
    )
    (pair,) = server.client.gateway.shadow_results(kind="cache")
    assert pair["result"]["original_span_id"] == str(hit.id) and 0 < pair["result"]["agreement"] < 1


def test_questions_with_different_numbers_do_not_match(client: openai.OpenAI, server: Server) -> None:
    routed(server, "echo/echo", mode="semantic", threshold=0.5)
    chat(client, [{"role": "user", "content": "Cancel order 1041 please"}])
    settled(lambda: entries(server) == 1)
    assert outcome(chat(client, [{"role": "user", "content": "Cancel order 1042 please"}])) == "miss"
    assert outcome(chat(client, [{"role": "user", "content": "Please cancel order 1041"}])) == "semantic"


@given(st.text(), st.text())
def test_numbers_are_words_with_digits(before: str, after: str) -> None:
    found = NUMBER_PATTERN.findall(f"{before} A-17 {after}")
    assert "A-17" in found and all(any(sign.isdigit() for sign in word) for word in found)


def test_questions_are_detected() -> None:
    assert question_text({"messages": ASK}) == "Where is my parcel?"
    parts = [{"type": "text", "text": "hi"}]
    assert question_text({"messages": [{"role": "user", "content": parts}]}) == "hi"
    image = {"type": "image_url", "image_url": {"url": "data:"}}
    for last in (
        {"role": "user", "content": [*parts, image]},
        {"role": "tool", "content": "hi"},
        {"role": "user", "content": " "},
    ):
        assert question_text({"messages": [last]}) is None
    assert question_text({"input": "hi"}) is None


def test_commands_manage_the_cache(client: openai.OpenAI, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(group, list(arguments))
        assert result.exit_code == code, result.output
        return result.output

    run(
        "routes", "set", "cached", "fake/plain", "--cache", "semantic,ttl=60,threshold=0.9", "--shadow", "echo/echo=0.5"
    )
    policy = server.client.gateway.route("cached").policy
    assert policy is not None and policy.cache == CachePolicy(mode="semantic", ttl=60, threshold=0.9)
    assert policy.shadow is not None and (policy.shadow.model, policy.shadow.share) == ("echo/echo", 0.5)
    assert "cache mode: " in run("routes", "set", "cached", "fake/plain", "--cache", "vague", code=2)
    run("routes", "set", "cached", "fake/plain", "--cache", "exact")
    chat(client)
    settled(lambda: entries(server) == 1)
    assert "cached" in run("cache", "show") and "deleted 1 cached responses" in run("cache", "clear")
