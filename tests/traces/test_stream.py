"""Live stream of spans from a real server: each stored span arrives once and in order, and broken streams resume."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Server, fake, server, standing, upstream_port
from vong.client.traces import TracesClient
from vong.records.trace import SpanBatch

__all__ = ["fake", "server", "standing", "upstream_port"]  # fixtures


def read_first(stream: Iterator[Any], count: int) -> list[Any]:
    """Read `count` spans of a stream in a thread, with a timeout of ten seconds."""
    found: list[Any] = []

    def read() -> None:
        for arrived in stream:
            found.extend(arrived.spans)
            if len(found) >= count:
                return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(10)
    assert len(found) >= count, found
    return found


def test_matching_spans_arrive_as_they_are_stored(server: Server) -> None:
    live = server.client.traces.tail(model="echo/echo")
    later = threading.Timer(0.5, lambda: [server.client.gateway.chat(m, "hi") for m in ("fake/plain", "echo/echo")])
    later.start()
    (seen,) = read_first(live, 1)
    assert seen.model == "echo/echo" and seen.output_preview == "hi"
    later.join()


def test_a_stream_resumes_after_its_last_event_or_reports_a_gap(server: Server) -> None:
    server.client.gateway.chat("echo/echo", "one")
    traces: TracesClient = server.client.traces
    with server.platform.scope(server.project_id) as connection:
        from vong.traces import stream as span_stream

        server.platform.span_writer.flush(10)
        place = span_stream.last_number(connection)
    for word in ("two", "three"):
        server.client.gateway.chat("echo/echo", word)
    server.platform.span_writer.flush(10)
    events = traces._stream_batches(str(place), {})  # the event ids
    got: list[tuple[str, SpanBatch]] = [next(events)]
    while sum(len(arrived.spans) for _, arrived in got) < 2:
        got.append(next(events))
    assert [span.output_preview for _, arrived in got for span in arrived.spans] == ["two", "three"]
    assert not any(arrived.gap for _, arrived in got) and int(got[-1][0]) > place
    lost = next(traces._stream_batches("999999", {}))
    assert lost[1].gap


def test_an_unread_stream_ends_and_an_invalid_event_id_is_rejected(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
        assert http.get("/api/v1/traces/spans/events", params={"after": "x"}).status_code == 422
        with http.stream("GET", "/api/v1/traces/spans/events") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
    until = time.monotonic() + 10
    while True:  # the listening connection is released when the last stream ends
        with server.platform.database.owner() as connection:
            listening = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vong events' "
                "AND datname = current_database()"
            ).scalar()
        if not listening:
            break
        assert time.monotonic() < until
        time.sleep(0.1)


def test_scored_spans_are_filtered_with_their_counts(server: Server) -> None:
    answers = [server.client.gateway.chat("echo/echo", word) for word in ("one", "two", "three")]
    server.client.feedback.create(answers[0].span_id, value=1.0)
    server.client.feedback.create(answers[0].span_id, correction="eins")
    server.client.feedback.create(answers[2].span_id, value=0.0)
    listed = server.client.traces.list(has="score")
    assert [(span.output_preview, span.scores, span.corrections) for span in listed] == [("three", 1, 0), ("one", 2, 1)]
    assert [span.id for span in server.client.traces.list(has="correction")] == [answers[0].span_id]
    assert [span.id for span in server.client.traces.list(has="score", limit=1, after=answers[2].span_id)] == [
        answers[0].span_id
    ]
    assert server.client.traces.list(has="score", model="nobody") == []
    assert [span.scores for span in server.client.traces.list()] == [1, 0, 2]


@pytest.mark.parametrize("maximum", [1, 2])
def test_counting_stops_at_its_maximum(server: Server, maximum: int) -> None:
    for _ in range(2):
        server.client.gateway.chat("echo/echo", "hi")
    server.platform.span_writer.flush(10)
    assert server.client.traces.count(at_most=maximum) == maximum
    assert server.client.traces.count() == 2
