"""Continuation of broken streams at the next target, and shadow traffic to a second target."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import anthropic
import httpx
import msgspec
import openai
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream
from vong.cli.gateway import group
from vong.errors import NotFound
from vong.gateway.endpoints.continuation import CONTINUE_PROMPT, PartialAnswer, continuation_request, merge_streams
from vong.gateway.guards.registry import NULL_DEPENDENCIES, GuardFactory
from vong.gateway.guards.response import check_buffered_stream, open_transcript
from vong.gateway.guards.run import GuardRun, RetryRequested
from vong.gateway.guards.stream import GuardedStream
from vong.gateway.guards.stream import guard_stream as guards
from vong.gateway.upstream.sse import DONE, encode_sse_event
from vong.records import RoutePolicy
from vong.records.cache import ShadowPolicy
from vong.records.guard import GuardConfig

CHAT: list[Any] = [{"role": "user", "content": "one two three four five six"}]
BROKEN = "faults/drop?after=3"
"""Target that sends three words and closes the connection."""
WORDS = len(CONTINUE_PROMPT.split())
"""Number of words that `echo` returns for the continuation."""


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def settled(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def routed(server: Server, *fallbacks: str, first: str = BROKEN, **policy: Any) -> None:
    made = RoutePolicy(fallbacks=fallbacks, retries=0, continue_streams=True, **policy)
    server.client.gateway.set_route("steady", {first: 1.0}, policy=made)


def stream_text(stream: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


# continued streams


def test_a_broken_stream_is_continued_by_the_next_target(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    routed(server, "fake/plain")
    with client.chat.completions.create(model="steady", messages=CHAT, stream=True, max_tokens=50) as stream:
        chunks = list(stream)
    whole = stream_text(chunks)
    (asked,) = fake.requests
    partly, request = asked.body["messages"][-2:]
    assert partly["role"] == "assistant" and partly["content"] and whole.startswith(partly["content"])
    assert request == {"role": "user", "content": CONTINUE_PROMPT}
    assert asked.body["messages"][:-2] == CHAT and asked.body["max_tokens"] == 47
    assert len(whole) > len(partly["content"])
    assert len({chunk.id for chunk in chunks}) == 1 and chunks[-1].choices[0].finish_reason == "stop"
    span = server.spans()[-1]
    assert (span.status, span.model, span.attributes["vong.continued"]) == ("ok", "fake/plain", 1)
    assert span.attributes["vong.usage_estimated"] is True
    assert span.output["choices"][0]["message"]["content"] == whole
    assert [attempt.get("error") for attempt in span.attributes["vong.attempts"]] == ["upstream_failed", None]
    assert span.usage.output_tokens is not None and span.usage.output_tokens >= 3 + 3


def test_several_broken_targets_end_with_the_error_event_of_the_last_one(client: openai.OpenAI, server: Server) -> None:
    routed(server, "faults/stall?after=2", "echo/echo", timeout={"between_tokens": 0.3})
    with client.chat.completions.create(model="steady", messages=CHAT, stream=True) as stream:
        assert stream_text(stream)
    span = server.spans()[-1]
    assert (span.status, span.attributes["vong.continued"], span.model) == ("ok", 2, "echo/echo")
    server.client.gateway.set_route(
        "doomed", {BROKEN: 1.0}, policy=RoutePolicy(fallbacks=("faults/refused",), retries=0, continue_streams=True)
    )
    time.sleep(1.1)
    with (
        pytest.raises(openai.APIError, match="closed the connection"),
        client.chat.completions.create(model="doomed", messages=CHAT, stream=True) as stream,
    ):
        stream_text(stream)
    span = server.spans()[-1]
    assert span.status == "error" and "vong.continued" not in span.attributes


def test_streams_of_other_endpoints_are_continued_as_one_response(client: openai.OpenAI, server: Server) -> None:
    routed(server, "echo/echo")
    with anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0).messages.stream(
        model="steady", max_tokens=50, messages=CHAT
    ) as stream:
        message = stream.get_final_message()
    (block,) = message.content
    assert block.type == "text" and len(block.text.split()) > 3 and message.stop_reason == "end_turn"
    with client.responses.stream(model="steady", input=CHAT) as events:
        response = events.get_final_response()
    assert response.status == "completed" and len(response.output_text.split()) > 3
    assert all(span.attributes["vong.continued"] == 1 for span in server.spans())


def test_without_a_continuation_policy_a_broken_stream_ends(client: openai.OpenAI, server: Server) -> None:
    server.client.gateway.set_route("plain", {BROKEN: 1.0}, policy=RoutePolicy(fallbacks=("echo/echo",), retries=0))
    with (
        pytest.raises(openai.APIError),
        client.chat.completions.create(model="plain", messages=CHAT, stream=True) as stream,
    ):
        stream_text(stream)


async def continue_text(text: str, piece: str, size: int, *, finished: bool = True) -> str:
    """Return what is sent of a continuation that arrives in pieces of `size`."""

    async def upstream() -> AsyncGenerator[bytes]:
        yield encode_sse_event({"id": "b", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
        for start in range(0, len(piece), size):
            yield encode_sse_event(
                {"id": "b", "choices": [{"index": 0, "delta": {"content": piece[start : start + size]}}]}
            )
        end = encode_sse_event({"id": "b", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield (end if finished else b"") + DONE

    events = [one async for one in merge_streams(upstream(), PartialAnswer(text, 0, "a", "m"))]
    chunks = [msgspec.json.decode(one[6:]) for one in events if one != DONE]
    assert events[-1] == DONE and all(chunk["id"] == "a" for chunk in chunks)
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


@given(st.text(max_size=300), st.text(max_size=200), st.integers(1, 7), st.integers(0, 130))
def test_only_the_repeated_end_of_the_text_is_removed_from_a_continuation(
    text: str, rest: str, size: int, repeated: int
) -> None:
    piece = text[len(text) - min(repeated, len(text)) :] * bool(repeated) + rest
    got = asyncio.run(continue_text(text, piece, size))
    assert piece.endswith(got) and text.endswith(piece[: len(piece) - len(got)])


def test_a_possible_repetition_is_sent_if_the_continuation_ends() -> None:
    assert asyncio.run(continue_text("Yes. It is done", ".", 1)) == "."
    assert asyncio.run(continue_text("Yes. It is done", ".", 1, finished=False)) == "."
    assert asyncio.run(continue_text("Yes. It is done", " done", 1, finished=False)) == ""


def test_repetitions_of_the_text_are_removed() -> None:
    for size in (1, 4, 50):
        assert asyncio.run(continue_text("The parcel is on", "parcel is on its way.", size)) == " its way."
        assert asyncio.run(continue_text("The parcel is on", " its way.", size)) == " its way."
        assert (
            asyncio.run(continue_text("The parcel is on", "on its way.", size)) == "on its way."
        )  # may be a coincidence


@pytest.mark.parametrize(("words", "passes"), [(WORDS + 1, True), (WORDS, False)])
def test_guards_of_complete_responses_read_the_text_with_its_continuation(
    client: openai.OpenAI, server: Server, words: int, passes: bool
) -> None:
    """The continuation has `words` words, and the complete response has one more."""
    guard = GuardConfig(guard="length", on="output", settings={"max_words": words})
    routed(server, "echo/echo", guards=(guard,))
    asked = [{"role": "user", "content": "go on"}]
    with client.chat.completions.create(model="steady", messages=asked, stream=True) as stream:  # type: ignore[arg-type]
        chunks = list(stream)
    assert stream_text(chunks).startswith("go on")
    assert chunks[-1].choices[0].finish_reason == ("stop" if passes else "content_filter")
    span = server.spans()[-1]
    assert span.attributes["vong.continued"] == 1 and bool(span.attributes["vong.guards"][0]["found"]) is not passes


def test_a_failed_guard_ends_the_stream(client: openai.OpenAI, server: Server) -> None:
    """Another target would add no text, and its end would hide the failure of the guard."""
    closed = GuardConfig(guard="webhook", on="output", settings={"url": "http://127.0.0.1:9/judge"})
    routed(server, "echo/echo", first="fake/plain", guards=(closed,))
    with (
        pytest.raises(openai.APIError, match=r"guard .* failed"),
        client.chat.completions.create(model="steady", messages=CHAT, stream=True) as stream,
    ):
        stream_text(stream)
    span = server.spans()[-1]
    assert span.status == "error" and "vong.continued" not in span.attributes


def test_guards_check_the_received_text_if_no_continuation_follows() -> None:
    async def passed(guard: str, **settings: Any) -> list[Any]:
        async def rest() -> AsyncGenerator[bytes]:
            yield encode_sse_event({"id": "a", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + DONE

        post = GuardFactory(NULL_DEPENDENCIES).create(GuardConfig(guard=guard, on="output", settings=settings))
        under = GuardedStream([GuardRun(post, "output", unused_judge)], 1, "one two three")
        piece = b"".join([batch async for batch in guards(rest(), under, None)])
        chunks = [msgspec.json.decode(one[6:]) for one in piece.split(b"\n\n") if one and one != DONE.strip()]
        return [chunk["choices"][0]["finish_reason"] for chunk in chunks]

    assert asyncio.run(passed("length", max_words=3))[-1] == "stop"
    assert asyncio.run(passed("length", max_words=2))[-1] == "content_filter"


def test_a_guard_with_a_retry_checks_the_continuation_with_the_received_text() -> None:
    events = [
        encode_sse_event({"id": "a", "choices": [{"index": 0, "delta": {"content": " four"}, "finish_reason": "stop"}]})
        + DONE
    ]
    use = GuardConfig(guard="length", on="output", action="retry", settings={"max_words": 3})
    duty = GuardRun(GuardFactory(NULL_DEPENDENCIES).create(use), "output", unused_judge)

    def check(received: list[bytes], before: str) -> None:
        transcript = open_transcript(None)
        for batch in received:
            transcript.feed(batch)
        asyncio.run(check_buffered_stream([duty], transcript, before))

    check(events, "one two")
    with pytest.raises(RetryRequested):
        check(events, "one two three")
    check([DONE], "one two three")
    with pytest.raises(RetryRequested):
        check([DONE], "one two three four")


async def unused_judge(model: str, messages: list[dict[str, Any]]) -> str:
    raise AssertionError("no model is asked")


def test_the_continuation_request_contains_the_received_text() -> None:
    asked = continuation_request(
        {"messages": CHAT, "max_tokens": 10, "temperature": 0.2}, PartialAnswer("one two", 4, None, None)
    )
    assert asked["max_tokens"] == 6 and asked["temperature"] == 0.2
    assert [message["role"] for message in asked["messages"]] == ["user", "assistant", "user"]
    assert (
        continuation_request({"messages": CHAT, "max_completion_tokens": 3}, PartialAnswer("one", 9, None, None))[
            "max_completion_tokens"
        ]
        == 1
    )


# shadow traffic


def test_shadow_calls_are_free_and_do_not_delay_the_response(client: openai.OpenAI, server: Server) -> None:
    policy = RoutePolicy(shadow=ShadowPolicy(model="priced/plain"))
    server.client.gateway.set_route("mirrored", {"echo/echo": 1.0}, policy=policy)
    server.client.gateway.set_limit("key", "cost", "lifetime", 10**12, subject="tester")
    answer = client.chat.completions.with_raw_response.create(model="mirrored", messages=CHAT, user="linh")
    with client.chat.completions.create(model="mirrored", messages=CHAT, stream=True) as stream:
        stream_text(stream)
    settled(lambda: sum(one.pairs for one in server.client.gateway.shadow_summary()) == 2)
    (summed,) = server.client.gateway.shadow_summary(route="mirrored", kind="shadow")
    assert (summed.target, summed.failed) == ("priced/plain", 0)
    assert summed.agreement is not None and 0 <= summed.agreement < 1 and summed.same == 0
    assert server.client.gateway.shadow_summary(kind="cache") == []
    spans = server.spans()
    shadows = [span for span in spans if span.key == "shadow"]
    first = next(span for span in spans if str(span.id) == answer.headers["x-vong-span-id"])
    mirrored = next(span for span in shadows if span.parent_span_id == first.span_id)
    assert mirrored.trace_id == first.trace_id and mirrored.model == "priced/plain"
    assert mirrored.usage.cost and mirrored.attributes["vong.tags"] == ["shadow"]
    settled(lambda: sum(line.calls for line in server.client.gateway.ledger()) == 4)
    costs = {line.group: line.cost for line in server.client.gateway.ledger(by="key")}
    assert costs["tester"] == 0 < costs["shadow"]
    (state,) = server.client.gateway.limits()
    assert state.used == 0
    pairs = server.client.gateway.shadow_results(route="mirrored", limit=1)
    assert len(pairs) == 1 and pairs[0]["original"] and pairs[0]["shadow"]["model"] == "priced/plain"
    older = server.client.gateway.shadow_results(route="mirrored", after=pairs[0]["result"]["span_id"])
    assert len(older) == 1 and older != pairs
    environment = {"VONG_PUBLIC_URL": server.url, "VONG_API_KEY": server.key}
    for words, shown in (([], "0.000"), (["--pairs", "2"], str(first.id))):
        report = CliRunner().invoke(group, ["shadow", "report", *words], env=environment, catch_exceptions=False)
        assert report.exit_code == 0 and "priced/plain" in report.stdout and shown in report.stdout


def test_a_failed_shadow_call_does_not_affect_the_response(client: openai.OpenAI, server: Server) -> None:
    policy = RoutePolicy(shadow=ShadowPolicy(model="faults/status-500"))
    server.client.gateway.set_route("mirrored", {"echo/echo": 1.0}, policy=policy)
    assert client.chat.completions.create(model="mirrored", messages=CHAT).choices[0].message.content
    settled(lambda: bool(server.client.gateway.shadow_summary()))
    (summed,) = server.client.gateway.shadow_summary()
    assert (summed.pairs, summed.failed, summed.agreement) == (1, 1, None)


def test_an_unknown_shadow_target_is_rejected(server: Server) -> None:
    with pytest.raises(NotFound, match="nobody"):
        policy = RoutePolicy(shadow=ShadowPolicy(model="nobody/x"))
        server.client.gateway.set_route("mirrored", {"echo/echo": 1.0}, policy=policy)
    body = {"targets": [{"model": "echo/echo"}], "policy": {"shadow": {"model": "echo/echo", "share": 2}}}
    headers = {"authorization": f"Bearer {server.key}"}
    answer = httpx.put(f"{server.url}/api/v1/gateway/routes/mirrored", json=body, headers=headers)
    assert answer.status_code == 422 and "share" in answer.text
