"""Streams of the native APIs, cut in two at every byte: the caller receives the same events at every endpoint."""

import asyncio
import random
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.gateway.endpoints.native_streams import COUNTS, encode, generated_events, recorded_streams
from tests.gateway.endpoints.stream_variants import ANSWERS, STYLES_WITHOUT_IDS, Answer, Call
from tests.gateway.endpoints.test_native_stream_variants import DECODERS, read_events
from tests.gateway.endpoints.test_stream_variants import (
    PLAIN,
    FakeResponse,
    Seen,
    in_chat,
    in_message_events,
    in_response,
    open_stream,
)
from vong.gateway.providers.bedrock import _translate_stream as translate_binary_stream
from vong.gateway.providers.translation import translate_stream
from vong.gateway.upstream.sse import DONE_DATA, batch_data

KINDS = list(DECODERS)
ENDPOINTS = ("chat", "messages", "responses")
SEED = 20261201
SAMPLED_CUTS = 12
CALLS = [Call("call_a", "look", {"q": "ă"}), Call("call_b", "seek", {}), Call("call_c", "look", {"q": 2, "n}": None})]
ANSWERS_TO_CUT = {
    "everything": (Answer("Hừm 🤔.", "Xin chào", "", CALLS, False), 3),
    "cut off in a text": (Answer("", "Một câu dài\n\ndata: [DONE]\n\n", "", [], True), 4),
    "a call without arguments": (Answer("", "", "", CALLS[1:2], False), 2),
    "nothing": (Answer("", "", "", [], False), 1),
}
GENERATED = {
    f"generated {kind}, {name}": (kind, encode(kind, generated_events(kind, answer, piece)))
    for kind in KINDS
    for name, (answer, piece) in ANSWERS_TO_CUT.items()
}
FAKED = [f"fake {kind} {model}" for kind in KINDS for model in ("plain", "thinks", "tools")]
STREAMS = [*recorded_streams(), *GENERATED, *FAKED]


def stream_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bytes]:
    """Return the kind and the bytes of a stream by its name."""
    if name.startswith("fake "):
        _, kind, model = name.split()
        return kind, encode(kind, read_events(kind, model, monkeypatch))
    return {**recorded_streams(), **GENERATED}[name]


async def receive(kind: str, parts: list[bytes], endpoint: str) -> tuple[bytes, Any]:
    """Return what the caller of an endpoint receives of a stream, and its accumulator."""
    stream: Any = open_stream(endpoint)
    translate: Any = translate_binary_stream if kind == "bedrock" else translate_stream
    sent = [stream.feed(batch) async for batch in translate("x", FakeResponse(parts), DECODERS[kind]())]
    assert stream.ended and stream.failure is None and stream.error is None
    return b"".join([*sent, stream.finish()]), stream


async def check_cuts(kind: str, body: bytes, cuts: list[int]) -> None:
    """Check that a stream in two parts is the whole stream."""
    for endpoint in ENDPOINTS:
        sent, stream = await receive(kind, [body], endpoint)
        for cut in cuts:
            again, recorded = await receive(kind, [body[:cut], body[cut:]], endpoint)
            assert again == sent, (endpoint, cut)
            assert recorded.completion() == stream.completion(), (endpoint, cut)


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give all responses one time and one id."""
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)


@pytest.mark.parametrize("name", STREAMS)
def test_a_native_stream_is_the_same_for_sampled_cuts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, body = stream_bytes(name, monkeypatch)
    draw = random.Random(f"{SEED} {name}")
    asyncio.run(check_cuts(kind, body, sorted(draw.sample(range(1, len(body)), SAMPLED_CUTS))))


@pytest.mark.full
@pytest.mark.parametrize("name", STREAMS)
def test_a_native_stream_is_the_same_for_every_cut(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, body = stream_bytes(name, monkeypatch)
    asyncio.run(check_cuts(kind, body, list(range(1, len(body)))))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(KINDS), ANSWERS, st.integers(1, 5), st.integers(0, 1 << 16))
@example("gemini", ANSWERS_TO_CUT["everything"][0], 3, 100)
@example("bedrock", ANSWERS_TO_CUT["everything"][0], 3, 100)
@example("cohere", ANSWERS_TO_CUT["everything"][0], 3, 100)
@example("anthropic", ANSWERS_TO_CUT["everything"][0], 3, 100)
def test_a_generated_native_stream_is_read_completely(kind: str, drawn: Answer, piece: int, place: int) -> None:
    answer = drawn._replace(refusal="")
    body = encode(kind, generated_events(kind, answer, piece))
    cut = place % len(body)
    calls = [(call.id, call.name, call.arguments) for call in answer.calls]
    finish = "length" if answer.is_cut_off else "tool_calls" if calls else "stop"
    right = Seen(answer.reasoning, answer.text, calls, finish, COUNTS)
    assert PLAIN.calls not in STYLES_WITHOUT_IDS
    for endpoint in ENDPOINTS:
        sent, stream = asyncio.run(receive(kind, [body[:cut], body[cut:]], endpoint))
        events = [msgspec.json.decode(data) for data in batch_data(sent) if data != DONE_DATA]
        assert in_chat(stream.completion(), PLAIN) == right
        if endpoint == "messages":
            assert in_message_events(events, PLAIN) == right
        if endpoint == "responses":
            assert in_response(events[-1]["response"], PLAIN) == right
