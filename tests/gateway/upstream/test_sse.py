"""Server-sent events as specified in WHATWG HTML, section 9.2.6, cut at any byte, read directly and by endpoints."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.fake_native_apis import USAGE, WORDS
from tests.gateway.fake_upstream import RAW, STREAM_HEAD, chunked, stream_events
from vong.client.transport import iter_events
from vong.errors import UpstreamFailed
from vong.gateway.upstream import sse
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import batch_data, event_data, read_sse_events, split_events

BOM = b"\xef\xbb\xbf"
SNOWMAN = "☃".encode()


class FakeResponse:
    """Response whose body arrives in the given parts."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self.closed = False

    async def read_chunk(self) -> bytes:
        return next(self._parts, b"")

    def ignore_chunk(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    release = close


def read(parts: Iterable[bytes]) -> list[bytes]:
    """Return the batches that the reader yields."""
    response = FakeResponse(part for part in parts if part)

    async def collect() -> list[bytes]:
        return [batch async for batch in read_sse_events(cast(UpstreamResponse, response))]

    batches = asyncio.run(collect())
    assert response.closed
    return batches


def data_of(*parts: bytes) -> list[bytes]:
    """Return the data of every event that says something."""
    return [data for batch in read(parts) for data in batch_data(batch)]


def every_cut(stream: bytes) -> Iterator[list[bytes]]:
    """Yield the stream whole, in single bytes, and in two parts, cut at every byte."""
    yield [stream]
    yield [stream[index : index + 1] for index in range(len(stream))]
    for index in range(1, len(stream)):
        yield [stream[:index], stream[index:]]


SPECIFICATION: dict[str, tuple[bytes, list[bytes]]] = {
    # examples of the specification
    "three lines of data": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [b"YHOO\n+2\n10"]),
    "comment, id, no space": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [b"first event", b"second event", b" third event"],
    ),
    "data without colon": (b"data\n\ndata\ndata\n\ndata:\n\ndata: 1\ndata\n\n", [b"1\n"]),
    "one optional space": (b"data:test\n\ndata: test\n\n", [b"test", b"test"]),
    # line ends
    "LF": (b"data: 1\n\ndata: 2\n\n", [b"1", b"2"]),
    "CR LF": (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [b"1", b"2"]),
    "CR": (b"data: 1\r\rdata: 2\r\r", [b"1", b"2"]),
    "mixed": (b"data: 1\r\ndata: 2\rdata: 3\n\r\ndata: 4\r\n\rdata: 5\n\r", [b"1\n2\n3", b"4", b"5"]),
    "more empty lines": (b"\n\n\ndata: 1\n\n\ndata: 2\n\n\n\n\r\n\rdata: 3\n\n\n", [b"1", b"2", b"3"]),
    "no other line end": ("data: a\u2028b\u0085c\x0bd\x0ce\n\n".encode(), ["a\u2028b\u0085c\x0bd\x0ce".encode()]),
    # fields
    "fields before the data": (b"event: a\nid: 7\nretry: 10\ndata: 1\n\n", [b"1"]),
    "fields after the data": (b"data: 1\nevent: a\nid: 7\nretry: 10\n\n", [b"1"]),
    "a name and one line": (
        b"event: a\ndata: 1\n\nevent:b\ndata:2\n\nevent: c\ndata: 3\ndata: 4\n\n",
        [b"1", b"2", b"3\n4"],
    ),
    "fields between": (b"data: 1\nevent: a\ndata: 2\nid: 7\ndata: 3\n\n", [b"1\n2\n3"]),
    "no data": (b"event: a\nid: 7\n\nid: 8\n\nevent\n\n", []),
    "comments": (b": one\ndata: 1\n:two\n:\ndata: 2\n: data: 3\n\n: keep-alive\n\n", [b"1\n2"]),
    "unknown fields": (b"other: 1\ndatabase: 2\nDATA: 3\n data: 4\ndata : 5\ndat\ndata: 6\n\n", [b"6"]),
    "colons in the data": (b"data: a: b:: c\n\n", [b"a: b:: c"]),
    "not UTF-8": (b"data: \xff\xfe\x00\n\n", [b"\xff\xfe\x00"]),
    "characters of more bytes": (b"data: %b\n\n" % SNOWMAN, [SNOWMAN]),
    # byte order mark
    "mark at the start": (BOM + b"data: 1\n\ndata: 2\n\n", [b"1", b"2"]),
    "mark before a comment": (BOM + b": comment\r\n\r\ndata: 1\r\n\r\n", [b"1"]),
    "mark elsewhere": (BOM + BOM + b"data: 1\n\n" + BOM + b"data: 2\n\ndata: %b\n\n" % BOM, [BOM]),
    "half a mark": (b"\xef\xbbdata: 1\n\ndata: 2\n\n", [b"2"]),
    "only a mark": (BOM, []),
    "less than a mark": (BOM[:2], []),
    # end of the stream
    "empty": (b"", []),
    "no empty line at the end": (b"data: 1\n\ndata: 2\n", [b"1", b"2"]),
    "no line end at the end": (b"data: 1\n\ndata: 2", [b"1", b"2"]),
    "no empty line after CR LF": (b"data: 1\r\n\r\ndata: [DONE]\r\n", [b"1", b"[DONE]"]),
    "a field at the end": (b"data: 1\n\nevent: a", [b"1"]),
}


@pytest.mark.parametrize("case", SPECIFICATION)
def test_the_cases_of_the_specification_are_read_for_every_cut(case: str) -> None:
    stream, expected = SPECIFICATION[case]
    for parts in every_cut(stream):
        assert data_of(*parts) == expected, parts


def test_complete_events_pass_unchanged_and_without_delay() -> None:
    first, second = b'data: {"a": 1}\n\n', b': comment\nevent: x\ndata: {"b": 2}\nid: 1\n\n'
    assert read([first, second]) == [first, second]
    batches = read([first, second[:9], second[9:], first + second[:3], second[3:]])
    assert batches == [first, second, first, second]
    passed = read([first, first])[1]
    assert passed is first  # not even copied
    assert read([b"data: 1\r\rda", b"ta: 2\r\r"]) == [b"data: 1\n\n", b"data: 2\n\n"]


def test_an_event_ends_with_a_cr_before_the_next_byte_is_known() -> None:
    assert read([b"data: 1\r\n\r", b"\ndata: 2\r\n\r", b"\n"]) == [b"data: 1\n\n", b"data: 2\n\n"]


def test_a_batch_is_split_without_loss() -> None:
    batch = b"data: 1\n\n\n: c\n\nevent: x\ndata: 2\n\n"
    events = split_events(batch)
    assert b"".join(events) == batch
    assert [event_data(event) for event in events] == [b"1", None, b"2"]


def test_an_endless_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    assert read([b"data: " + b"a" * 90, b"\n\n"]) == [b"data: " + b"a" * 90 + b"\n\n"]
    with pytest.raises(UpstreamFailed, match="exceeds 100 bytes"):
        read([b"data: 1\n\ndata: ", b"a" * 60, b"a" * 60])


LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=6).map(str.encode)
OTHER_LINES = st.one_of(
    TEXTS.map(lambda text: b":" + text),
    st.sampled_from([b"event: delta", b"event:delta", b"id: 7", b"id", b"retry: 1000", b"x-other: data: 1", b"datum"]),
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Draw events and one of the ways to write them: the stream, and the data of each event."""
    stream, expected = draw(st.sampled_from([b"", BOM])), list[bytes]()
    for _ in range(draw(st.integers(0, 3))):
        values = draw(st.lists(TEXTS, max_size=3))
        lines = [draw(_data_line(value)) for value in values]
        for line in draw(st.lists(OTHER_LINES, max_size=2)):
            lines.insert(draw(st.integers(0, len(lines))), line)
        if not lines:
            continue
        expected += [b"\n".join(values)] if values else []
        empty_lines = draw(st.integers(1, 3))
        for line in [*lines, *[b""] * empty_lines]:
            stream += line + _line_end(draw, stream, line)
    if draw(st.booleans()) and expected:
        stream = stream.rstrip(b"\r\n")
    return stream, expected


def _data_line(value: bytes) -> st.SearchStrategy[bytes]:
    spellings = [b"data: " + value]
    if not value.startswith(b" "):
        spellings.append(b"data:" + value)
    if not value:
        spellings.append(b"data")
    return st.sampled_from(spellings)


def _line_end(draw: st.DrawFn, stream: bytes, line: bytes) -> bytes:
    """Draw a line end. LF alone after CR would belong to the line end before."""
    end = draw(LINE_ENDS)
    return b"\r\n" if end == b"\n" and not line and stream.endswith(b"\r") else end


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams())
@example((BOM + b"data\r\rdata: 1\n\r\n", [b"", b"1"]))
def test_any_valid_stream_has_the_same_events_for_every_cut(case: tuple[bytes, list[bytes]]) -> None:
    stream, expected = case
    expected = [data for data in expected if data.strip() not in sse.EMPTY_DATA]
    for parts in every_cut(stream):
        assert data_of(*parts) == expected, parts


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([b"data", b":", b" ", b"\n", b"\r", b"a", BOM[:1], BOM, b"\n\n"]), max_size=12))
def test_any_bytes_have_the_same_events_for_every_cut(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    expected = data_of(stream)
    assert all(data_of(*cut) == expected for cut in every_cut(stream))


def test_the_client_reads_all_parts_of_a_response() -> None:
    text = "data: a\u2028b\u0085c\r\n: comment\r\n\r\n: keep-alive\r\rid: 3\ndata: 1\nevent: x\ndata: 2\n\nid: 4\n\n"
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())
    events = [(event.id, event.event, event.data) for event in iter_events(response)]
    assert events == [("", "message", "a\u2028b\u0085c"), ("3", "x", "1\n2")]


def odd_stream() -> bytes:
    """Return the chat stream of the fake upstream, written as oddly as the specification allows."""
    stream = BOM + b": \xf0\x9f\x91\x8b\r\n\r\n"
    for number, event in enumerate(stream_events("odd")[1:]):
        data = event.removeprefix(b"data: ").strip()
        head, comma, tail = data.partition(b", ")  # a line may end between the tokens of the JSON
        lines = [b"data:" + head + b",", b": between", b"data: " + tail] if comma else [b"data: " + data]
        end = [b"\r\n", b"\r", b"\n"][number % 3]
        stream += end.join([b"id: %d" % number, *lines, b"event: message", b"retry: 1000"]) + end * 2
    return stream.removesuffix(b"\n").removesuffix(b"\r")  # without the last empty line


Parts = Callable[[bytes], Iterable[bytes]]


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[Parts], None]:
    """Add the model `odd` to the fake upstream, and let each test choose how the server receives a stream."""
    monkeypatch.setitem(RAW, "odd", STREAM_HEAD + chunked(odd_stream()) + b"0\r\n\r\n")
    read_chunk = UpstreamResponse.read_chunk

    def choose(parts: Parts) -> None:
        arrived: dict[UpstreamResponse, Iterator[bytes]] = {}

        async def read_part(response: UpstreamResponse) -> bytes:
            if response not in arrived:
                body = b""
                while chunk := await read_chunk(response):
                    body += chunk
                arrived[response] = iter(parts(body))
            return next(arrived[response], b"")

        monkeypatch.setattr(UpstreamResponse, "read_chunk", read_part)

    return choose


def cuts() -> Iterator[Parts]:
    """Yield ways to cut the stream: after every byte, and in two at many places."""
    yield lambda stream: (stream[index : index + 1] for index in range(len(stream)))
    for index in range(1, len(odd_stream()), 71):
        yield lambda stream, index=index: (stream[:index], stream[index:])


def test_every_endpoint_returns_an_odd_stream_completely(server: Server, cut: Callable[[Parts], None]) -> None:
    whole, target = "".join(WORDS), "fake/odd"
    for parts in cuts():
        cut(parts)
        chat = {"messages": [{"role": "user", "content": "hi"}], "stream_options": {"include_usage": True}}
        chunks = ask(server, "/v1/chat/completions", {"model": target, **chat})
        deltas = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
        assert "".join(deltas) == whole
        assert [chunk["usage"] for chunk in chunks if chunk.get("usage")] == [USAGE]

        body = {"model": target, "max_tokens": 9, "messages": chat["messages"]}
        events = ask(server, "/v1/messages", body)
        assert "".join(event["delta"].get("text", "") for event in events if "delta" in event) == whole
        assert events[-1]["type"] == "message_stop"
        assert events[-2]["usage"]["output_tokens"] == USAGE["completion_tokens"]

        events = ask(server, "/v1/responses", {"model": target, "input": "hi"})
        assert "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta") == whole
        assert events[-1]["type"] == "response.completed"
        assert events[-1]["response"]["usage"]["output_tokens"] == USAGE["completion_tokens"]
    spans = server.spans()
    assert len(spans) == 3 * len(list(cuts()))
    assert {span.status for span in spans} == {"ok"}
    assert all(span.usage.output_tokens == USAGE["completion_tokens"] for span in spans)


def ask(server: Server, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the data of the events of an answer."""
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx.stream("POST", server.url + path, json={**body, "stream": True}, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200, answer.read()
        return [json.loads(event.data) for event in iter_events(answer) if event.data != "[DONE]"]
