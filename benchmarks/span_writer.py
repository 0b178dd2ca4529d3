"""Speed of the span writer: throughput, acknowledgement and search of spans with bodies."""

import statistics
import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import timedelta

from benchmarks.scratch_database import database
from vong import traces
from vong.records import Span, Usage, new_id, now
from vong.store.spans.writer import SpanWriter

SPANS = 10_000
WORDS = ["printer", "terminal", "refund", "parcel", "invoice", "shift", "label", "stock", "price", "van"]


def make_span(number: int) -> Span:
    """Return a chat span with a body of about 2 kB."""
    at = now() - timedelta(seconds=number % 3600)
    text = " ".join(WORDS[(number + index * index) % len(WORDS)] for index in range(140))
    id = new_id(at)
    return Span(
        id=id,
        trace_id=id.hex,
        span_id=id.hex[16:],
        name="chat echo",
        kind="chat",
        started_at=at,
        duration_ms=12.5,
        model="echo/echo",
        usage=Usage(input_tokens=120, output_tokens=40),
        input={"messages": [{"role": "user", "content": text}]},
        output={"choices": [{"message": {"role": "assistant", "content": text[:900]}}]},
    )


def run(_: Namespace) -> Iterator[tuple[str, str]]:
    """Report spans per second and per CPU second of the writer, the time of an acknowledgement and that of a search."""
    spans = [make_span(number) for number in range(SPANS)]
    with database() as (db, project):
        writer = SpanWriter(db)
        writer.append_durable(project, make_span(0)).result()
        cpu, start = time.process_time(), time.perf_counter()
        for span in spans:
            writer.append_durable(project, span)
        writer.flush()
        wall, cpu_used = time.perf_counter() - start, time.process_time() - cpu
        yield "spans per second", f"{SPANS / wall:,.0f}"
        yield "spans per CPU second of the writer", f"{SPANS / cpu_used:,.0f}"
        milliseconds: list[float] = []
        for number in range(50):
            start = time.perf_counter()
            writer.append_durable(project, make_span(number)).result()
            milliseconds.append((time.perf_counter() - start) * 1000)
        yield "acknowledgement of one span, median ms", f"{statistics.median(milliseconds):.1f}"
        with db.scope(project) as connection:
            start = time.perf_counter()
            traces.search_spans(connection, None, after=None, limit=50)
            yield "first page of 50, ms", f"{(time.perf_counter() - start) * 1000:.1f}"
        writer.close()
