"""One answer in every spelling of servers is the same answer at every endpoint, whole, streamed and from the cache."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.gateway.endpoints import stream_variants
from tests.gateway.endpoints.stream_variants import ANSWERS, STYLES, STYLES_WITHOUT_IDS, Answer, Call, Style
from vong.errors import UpstreamFailed
from vong.gateway.endpoints import ENDPOINTS
from vong.gateway.endpoints.replay import replay_as_stream
from vong.gateway.endpoints.stream import StreamAccumulator, parse_usage
from vong.gateway.endpoints.stream_adapters import TranslatedStream
from vong.gateway.guards.stream import GuardedStream, guard_stream
from vong.gateway.translators.anthropic_response import to_anthropic_message
from vong.gateway.translators.chat_variants import normalize_completion
from vong.gateway.translators.responses_response import to_response_object
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import DONE_DATA, batch_data, read_sse_events

ID = "0" * 32
CALLS = [Call("call_a", "look", {"q": "ă"}), Call("call_b", "look", {}), Call("call_c", "seek", {"q": 2, "n}": None})]
FULL = Answer("Hmm.", "Hello", "", CALLS, False)
PLAIN = Style("reasoning", False, "OpenAI's", False, "", "OpenAI's", False, int, 3)


class Seen(NamedTuple):
    """What a caller learns of an answer. `text` ends with the refusal."""

    reasoning: str
    text: str
    calls: list[Any]
    finish: str | None
    usage: tuple[int, int]


class FakeResponse:
    """Response whose body arrives in the given parts."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(part for part in parts if part)

    async def read_chunk(self) -> bytes:
        return next(self._parts, b"")

    def ignore_chunk(self) -> None: ...

    def release(self) -> None: ...

    def close(self) -> None: ...


def events_of(parts: Iterable[bytes]) -> AsyncGenerator[bytes]:
    return read_sse_events(cast(UpstreamResponse, FakeResponse(parts)))


def pass_through(stream: StreamAccumulator, batches: AsyncGenerator[bytes]) -> list[Any]:
    """Return the events that a caller receives."""

    async def collect() -> bytes:
        sent = [stream.feed(batch) async for batch in batches]
        if not stream.ended:
            raise UpstreamFailed("the stream ended early")
        return b"".join([*sent, stream.finish()])

    return [json.loads(data) for data in batch_data(asyncio.run(collect())) if data != DONE_DATA]


def open_stream(endpoint: str) -> StreamAccumulator:
    adapter = ENDPOINTS.get(cast(Any, endpoint))
    if adapter is None:
        return StreamAccumulator(with_usage=True)
    return TranslatedStream(adapter, adapter.stream_encoder({"model": "m"}, ID))


def expected(answer: Answer, style: Style) -> Seen:
    ids = [None if style.calls in STYLES_WITHOUT_IDS else call.id for call in answer.calls]
    calls = [(id, call.name, call.arguments) for id, call in zip(ids, answer.calls, strict=True)]
    finish = "length" if answer.is_cut_off else "tool_calls" if calls else "stop"
    if style.finish == "missing" and not calls and not answer.is_cut_off:
        finish = None
    return Seen(answer.reasoning, answer.text + answer.refusal, calls, finish, (12, 3))


def in_chat(completion: dict[str, Any], style: Style) -> Seen:
    choice = normalize_completion(completion)["choices"][0]
    message, usage = choice["message"], parse_usage(completion["usage"])
    calls = [
        (one["id"], one["function"]["name"], one["function"]["arguments"]) for one in message.get("tool_calls", ())
    ]
    text = (message["content"] or "") + message.get("refusal", "")
    counts = (usage.input_tokens or 0, usage.output_tokens or 0)
    return Seen(message.get("reasoning_content", ""), text, _calls(calls, style), choice["finish_reason"], counts)


def in_message(message: dict[str, Any], style: Style) -> Seen:
    blocks = message["content"]
    calls = [(one["id"], one["name"], json.dumps(one["input"])) for one in blocks if one["type"] == "tool_use"]
    assert len({id for id, *_ in calls}) == len(calls)
    finish = {"end_turn": "stop", "tool_use": "tool_calls", "max_tokens": "length"}.get(message["stop_reason"])
    counts = (message["usage"]["input_tokens"], message["usage"]["output_tokens"])
    texts = {kind: "".join(one[kind] for one in blocks if one["type"] == kind) for kind in ("thinking", "text")}
    return Seen(texts["thinking"], texts["text"], _calls(calls, style), finish, counts)


def in_message_events(events: list[Any], style: Style) -> Seen:
    """Assemble a message from its events, as Anthropic's clients do."""
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for event in events:
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "content_block_start":
            assert event["index"] == len(message["content"])
            message["content"].append(event["content_block"])
        elif event["type"] == "content_block_delta":
            block, delta = message["content"][event["index"]], event["delta"]
            assert event["index"] == len(message["content"]) - 1
            if delta["type"] == "input_json_delta":
                inputs[event["index"]] = inputs.get(event["index"], "") + delta["partial_json"]
            else:
                name = delta["type"].removesuffix("_delta")
                block[name] += delta[name]
        elif event["type"] == "message_delta":
            message |= {**event["delta"], "usage": event["usage"]}
    for index, text in inputs.items():
        message["content"][index]["input"] = json.loads(text)
    assert events[-1]["type"] == "message_stop"
    return in_message(message, style)


def in_response(response: dict[str, Any], style: Style) -> Seen:
    items = response["output"]
    calls = [(one["call_id"], one["name"], one["arguments"]) for one in items if one["type"] == "function_call"]
    parts = [part for item in items for part in item.get("content") or ()]
    texts = {
        kind: "".join(part["text"] for part in parts if part["type"] == kind)
        for kind in ("reasoning_text", "output_text")
    }
    refusal = "".join(part["refusal"] for part in parts if part["type"] == "refusal")
    finish = "length" if response["status"] == "incomplete" else "tool_calls" if calls else "stop"
    counts = (response["usage"]["input_tokens"], response["usage"]["output_tokens"])
    return Seen(texts["reasoning_text"], texts["output_text"] + refusal, _calls(calls, style), finish, counts)


def _calls(calls: list[tuple[Any, str, str]], style: Style) -> list[Any]:
    without_ids = style.calls in STYLES_WITHOUT_IDS
    return [(None if without_ids else id, name, json.loads(arguments)) for id, name, arguments in calls]


@settings(deadline=None, max_examples=40)
@given(ANSWERS, STYLES, st.integers(1, 400))
@example(FULL, PLAIN, 1)
@example(FULL, PLAIN._replace(calls="every index is 0"), 400)
@example(FULL, PLAIN._replace(calls="no ids", interleaved=True, reasoning="parts", text_parts=True), 400)
@example(FULL, PLAIN._replace(calls="whole calls, no index, no ids", finish="stop", number=float), 400)
@example(FULL, PLAIN._replace(calls="another id in every part", empty_arguments=None, nulls=True, number=str), 7)
def test_an_answer_is_the_same_at_every_endpoint(answer: Answer, style: Style, cut: int) -> None:
    right = expected(answer, style)
    # Other APIs name every end, and a message that was refused ends with the refusal.
    named = right._replace(finish=right.finish or "stop")
    in_messages = named._replace(finish=None) if answer.refusal else named
    completion = stream_variants.whole(answer, style)
    assert in_chat(completion, style) == right
    assert in_message(to_anthropic_message(completion), style) == in_messages
    assert in_response(to_response_object(completion, {"model": "m"}, ID), style) == named

    body = stream_variants.encode_stream(stream_variants.chunks(answer, style))
    parts = [body[start : start + cut] for start in range(0, len(body), cut)]
    streams = {endpoint: open_stream(endpoint) for endpoint in ("chat", "messages", "responses")}
    events = {endpoint: pass_through(stream, events_of(parts)) for endpoint, stream in streams.items()}
    for stream in streams.values():
        assert in_chat(stream.completion(), style) == right
        assert (stream.first_token is not None) == bool(right.reasoning or right.text or right.calls)
    assert in_message_events(events["messages"], style) == in_messages
    assert in_response(events["responses"][-1]["response"], style) == named

    guarded = StreamAccumulator(with_usage=True)
    pass_through(guarded, guard_stream(events_of(parts), GuardedStream([], 1), None))
    assert in_chat(guarded.completion(), style) == right

    replayed = StreamAccumulator(with_usage=True)
    pass_through(replayed, replay_as_stream(streams["chat"].completion()))
    assert replayed.completion() == streams["chat"].completion()


CUT_STYLES = [
    PLAIN._replace(piece=20),
    PLAIN._replace(reasoning="parts", text_parts=True, calls="every index is 0", piece=20),
]


@pytest.mark.parametrize("endpoint", ["chat", "messages", "responses", "completions"])
@pytest.mark.parametrize("style", CUT_STYLES)
def test_a_stream_that_breaks_anywhere_is_an_upstream_failure(endpoint: str, style: Style) -> None:
    body = stream_variants.encode_stream(stream_variants.chunks(FULL, style))
    finish = body.index(b'"finish_reason": "tool_calls"')
    for length in range(0, finish, 3):
        with pytest.raises(UpstreamFailed):
            pass_through(open_stream(endpoint), events_of([body[:length]]))


FIELDS: dict[str, Any] = {
    "logprobs": {
        "content": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}],
        "refusal": None,
    },
    "stop_reason": "END",
    "token_ids": [7],
}


@pytest.mark.parametrize(
    ("delta", "whole"),
    [
        ([{"audio": {"id": "a", "data": "QU"}}, {"audio": {"id": "a", "data": "JD", "expires_at": 9}}], None),
        ([{"images": [{"type": "image_url", "image_url": {"url": "u"}}]}], None),
        ([{"annotations": [{"type": "file", "url": "a"}]}, {"annotations": [{"type": "file", "url": "b"}]}], None),
        ([{"thinking_blocks": [{"type": "thinking", "thinking": "x"}]}], None),
        ([{"content": [{"type": "reference", "reference_ids": [1]}]}], None),
        ([{"refusal": "No"}, {"refusal": "."}], {"refusal": "No."}),
        ([{"unheard_of": "a"}, {"unheard_of": "b"}], {"unheard_of": "ab"}),
    ],
)
def test_unknown_content_counts_as_a_token_and_is_kept(
    delta: list[dict[str, Any]], whole: dict[str, Any] | None
) -> None:
    stream = StreamAccumulator(with_usage=True)
    stream.record_chunk({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
    assert stream.first_token is None
    for one in delta:
        stream.record_chunk({"choices": [{"delta": one}]})
    message = stream.completion()["choices"][0]["message"]
    assert stream.first_token is not None and stream.chunks == len(delta)
    name = next(iter(delta[0]))
    merged = {"audio": {"id": "a", "data": "QUJD", "expires_at": 9}}.get(name)
    items = [item for one in delta for item in one[name]] if isinstance(delta[0][name], list) else None
    assert message[name] == (whole or {}).get(name, merged or items)


def test_a_stream_keeps_every_field_for_the_cache() -> None:
    stream = StreamAccumulator(with_usage=True)
    head = {"id": "x", "object": "chat.completion.chunk", "created": 5, "model": "m", "service_tier": "flex"}
    stream.record_chunk({**head, "choices": [{"index": 0, "delta": {"content": "Hi"}, **FIELDS}], "citations": ["a"]})
    stream.record_chunk({**head, "choices": [{"index": 0, "delta": {"content": " you"}, **FIELDS}], "citations": ["a"]})
    stream.record_chunk({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"a": 1}})
    twice = {"content": FIELDS["logprobs"]["content"] * 2}
    choice = {**FIELDS, "logprobs": twice, "token_ids": [7, 7], "index": 0, "finish_reason": "stop"}
    message = {"role": "assistant", "content": "Hi you"}
    completion = {**head, "object": "chat.completion", "choices": [{**choice, "message": message}], "usage": {"a": 1}}
    assert stream.completion() == {**completion, "citations": ["a"]}

    async def replay() -> list[bytes]:
        return [event async for event in replay_as_stream(completion)]

    again = StreamAccumulator(with_usage=True)
    for event in asyncio.run(replay()):
        again.feed(event)
    assert again.completion() == completion


CALL_START = {"index": 0, "id": "a", "type": "function", "function": {"name": "look", "arguments": ""}}
COMMON_DELTAS: list[dict[str, Any]] = [
    {"role": "assistant", "content": "", "refusal": None},
    {"content": "x"},
    {"content": None, "reasoning": "x"},
    {"reasoning_content": "x", "tool_calls": None},
    {"tool_calls": [CALL_START]},
    {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
    {"tool_calls": [{"index": 1, "function": {"arguments": "}"}}]},
    {"tool_calls": []},
    {"unknown": "x"},
    {"content": [{"type": "text", "text": "x"}]},
    {},
]
COMMON_FIELDS: dict[str, Any] = {
    "id": "c",
    "model": "m",
    "created": 3,
    "service_tier": "a",
    "system_fingerprint": "f",
    "provider": "p",
    "obfuscation": "y",
    "usage": None,
}
COMMON_CHUNKS = st.builds(
    lambda delta, choice, names: {
        **{name: COMMON_FIELDS[name] for name in names},
        "choices": [{"index": 0, "delta": delta, **choice}],
    },
    st.sampled_from(COMMON_DELTAS),
    st.sampled_from([{}, {"logprobs": None, "finish_reason": None}, {"finish_reason": "stop"}, FIELDS]),
    st.sets(st.sampled_from(list(COMMON_FIELDS))),
)


@given(st.lists(COMMON_CHUNKS, max_size=12))
def test_common_chunks_are_recorded_as_all_others(chunks: list[dict[str, Any]]) -> None:
    known, other = StreamAccumulator(with_usage=True), StreamAccumulator(with_usage=True)
    for chunk in chunks:
        known.feed(b"data: %b\n\n" % json.dumps(chunk).encode())
        other.record_chunk(chunk)
    assert known.completion() == other.completion()
    assert (known.chunks, known.ended, known.end_grace(1)) == (other.chunks, other.ended, other.end_grace(1))


@pytest.mark.parametrize("endpoint", ["chat", "messages", "responses"])
def test_the_only_choice_may_have_any_number(endpoint: str) -> None:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "He"}, {"content": "llo"}, {}]
    made: list[dict[str, Any]] = [
        {**stream_variants.HEAD, "choices": [{"index": 197 + position, "delta": delta, "finish_reason": None}]}
        for position, delta in enumerate(deltas)
    ]
    made[-1]["choices"][0]["finish_reason"] = "stop"
    stream = open_stream(endpoint)
    if endpoint == "chat":
        stream = StreamAccumulator(with_usage=True, single_choice=True)
    events = pass_through(stream, events_of([stream_variants.encode_stream(made)]))
    (choice,) = stream.completion()["choices"]
    assert (choice["index"], choice["message"]["content"], choice["finish_reason"]) == (0, "Hello", "stop")
    if endpoint == "messages":
        assert in_message_events(events, PLAIN).text == "Hello"
    if endpoint == "responses":
        assert events[-1]["response"]["output"][0]["content"][0]["text"] == "Hello"
