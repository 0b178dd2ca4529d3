"""Repair of lone surrogates: in whole bodies, and in streams that cut a text at any position."""

import json
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import RAW, STREAM_HEAD, FakeUpstream, chunked
from vong.gateway.upstream.sse import DONE, EventAssembler, batch_data
from vong.gateway.upstream.surrogates import has_lone_surrogate, repair_surrogates

UNITS = st.sampled_from(["a", "é", "한", "\ud83d", "\ude00", "\\", '"', "\\ud83d", "\n"])
TEXTS = st.lists(UNITS, max_size=12).map("".join)
HALF, OTHER_HALF = rb"\ud83d", rb"\ude00"
HI = [{"role": "user", "content": "hi"}]


def joined(text: str) -> str:
    """Return a text as a decoder of UTF-16 reads it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def spellings(value: Any) -> list[bytes]:
    """Return JSON with escaped surrogates, and with surrogates of three bytes each."""
    return [json.dumps(value).encode(), json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")]


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
@example("\ud83d", "\ude00")
@example("\\ud83d", "\ud83d\\ude00")
def test_a_repaired_body_is_json_with_the_same_text(name: str, text: str) -> None:
    for body in spellings({"k" + name: [text, 1.50, None]}):
        repaired = repair_surrogates(body)
        assert msgspec.json.decode(repaired) == {"k" + joined(name): [joined(text), 1.5, None]}
        assert has_lone_surrogate(body) == (repaired != body)
        assert not has_lone_surrogate(repaired) and repair_surrogates(repaired) == repaired


def test_a_body_that_is_no_json_is_not_changed() -> None:
    for body in (b"\x1f\x8b\xff", b"\xed\xa0\xbd\xff", b"<html>\xc3\xa9</html>", b""):
        assert repair_surrogates(body) == body


def chat_event(index: int, text: str, escaped: bool, finish: str | None = None) -> bytes:
    choice = {"index": index, "delta": {"content": text}, "finish_reason": finish}
    return b"data: %b\n\n" % spellings({"id": "c", "choices": [choice], "created": 1})[0 if escaped else 1]


def message_event(index: int, text: str, escaped: bool, finish: str | None = None) -> bytes:
    kind = "content_block_stop" if finish else "content_block_delta"
    event = {"type": kind, "index": index} | ({} if finish else {"delta": {"type": "text_delta", "text": text}})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), spellings(event)[0 if escaped else 1])


def texts_of(events: list[bytes]) -> dict[int, str]:
    """Return the text of each choice or block."""
    texts: dict[int, str] = {}
    for data in events:
        event = msgspec.json.decode(data)
        parts = [event] if "type" in event else event["choices"]
        for part in parts:
            delta = part.get("delta") or {}
            texts[part["index"]] = texts.get(part["index"], "") + (delta.get("content") or delta.get("text") or "")
    return texts


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), TEXTS, st.booleans()), max_size=8),
    st.sampled_from([chat_event, message_event]),
    st.booleans(),
)
@example([(0, "a\ud83d", True), (1, "b", True), (0, "\ude00", False)], chat_event, True)
@example([(0, "a\ud83d", True), (0, "", True), (0, "\ude00", False)], message_event, False)
def test_halves_are_joined_in_each_text_of_a_stream(
    pieces: list[tuple[int, str, bool]], write: Any, ends: bool
) -> None:
    events = [write(*piece) for piece in pieces]
    if ends:
        events += [write(index, "", True, "stop") for index in {index for index, _, _ in pieces}]
    assembler = EventAssembler()
    passed = [data for event in events for data in batch_data(assembler.feed(event))] + batch_data(assembler.finish())
    expected: dict[int, str] = {}
    for index, text, _ in pieces:
        expected[index] = expected.get(index, "") + text
    assert texts_of(passed) == {index: joined(text) for index, text in expected.items()}


def test_events_without_surrogates_pass_unchanged_between_the_halves() -> None:
    assembler = EventAssembler()
    event = b'data: {"choices": [], "usage": {"n": 1.50}}\n\n'
    assert assembler.feed(event) is event
    assert b"\\ud83d" not in assembler.feed(chat_event(0, "a\ud83d", True))
    assert assembler.feed(b": comment\n\n") == b": comment\n\n"
    assert "😀".encode() in assembler.feed(chat_event(0, "\ude00", True))
    assembler.feed(chat_event(0, "\ud83d", True))
    assert assembler.feed(DONE).endswith(DONE)


def chunk(content: bytes, finish: bytes = b"null") -> bytes:
    return (
        b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
        b'{"content":"%b"},"finish_reason":%b}]}\n\n' % (content, finish)
    )


WHOLE = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"ok \\ud83d"},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'
)


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add models to the fake upstream that send halves: in a stream, and in a whole response."""
    events = [chunk(b"ok "), chunk(HALF), chunk(OTHER_HALF), chunk(b" end"), chunk(b"", b'"stop"'), DONE]
    closing = b"connection: close\r\n\r\n"  # as the fake does after these responses
    stream = STREAM_HEAD.removesuffix(b"\r\n") + closing + b"".join(map(chunked, events)) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n" + closing
    monkeypatch.setitem(RAW, "half-stream", stream)
    monkeypatch.setitem(RAW, "half-whole", head % len(WHOLE) + WHOLE)


@pytest.mark.usefixtures("halves")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": HI}),
        ("messages", {"messages": HI, "max_tokens": 9}),
        ("responses", {"input": "hi"}),
        ("completions", {"prompt": "hi"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_halves_break_no_call(server: Server, fake: FakeUpstream, path: str, body: dict[str, Any]) -> None:
    http = httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=30)
    whole = http.post(f"/v1/{path}", json={"model": "fake/half-whole", **body})
    assert whole.status_code == 200 and "ok \ufffd" in json.dumps(whole.json(), ensure_ascii=False), whole.text
    stream = http.post(f"/v1/{path}", json={"model": "fake/half-stream", "stream": True, **body})
    assert stream.status_code == 200 and '"error":{' not in stream.text and "😀" in stream.text, stream.text
    raw = json.dumps({"model": "fake/plain", **body}).replace('"hi"', '"hi \\ud83d"').encode()
    asked = http.post(f"/v1/{path}", content=raw, headers={"content-type": "application/json"})
    assert asked.status_code == 200, asked.text
    assert "hi \ufffd" in json.dumps(fake.requests[-1].body, ensure_ascii=False)
    assert [span.status for span in server.spans()] == ["ok", "ok", "ok"]
